import { z } from 'zod';
import { CountersignError } from '../../errors.js';
import type { GatewayCall } from '../call.js';

const rootsSchema = z.looseObject({
  'ci-root': z.string(),
  'prod-root': z.string().nullish(),
  'online-keys': z.looseObject({ targets: z.string().optional() }).nullish(),
});
const updatesSchema = z.looseObject({
  status: z.string(),
  current: rootsSchema,
  updated: rootsSchema.nullish(),
});

/** `GET root/updates` of the Factory, as it is before anything in it is shown differently. */
export interface Updates {
  readonly status: string;
  /** Root metadata as JSON texts. */
  readonly current: {
    readonly ci: string;
    /** Null for a Factory that is not owned yet. */
    readonly production: string | null;
    readonly onlineTargetsKeyid: string;
  };
  /** All of it. */
  readonly answer: z.output<typeof updatesSchema>;
}

/** Asks the Factory as the caller. @throws PassedOn, FACTORY_UNAVAILABLE, FACTORY_ANSWER_INVALID */
export async function readUpdates({ ask, factory }: Pick<GatewayCall, 'ask' | 'factory'>): Promise<Updates> {
  const body = await ask(`/ota/repo/${factory.name}/api/v1/user_repo/root/updates`);
  const answer = updatesSchema.safeParse(parseJson(body));
  if (!answer.success) {
    throw new CountersignError('FACTORY_ANSWER_INVALID', `Factory ${factory.name} says nothing of its root updates`);
  }
  const { status, current } = answer.data;
  const production = current['prod-root'];
  return {
    status,
    current: {
      ci: current['ci-root'],
      production: production == null || production === '' ? null : production,
      onlineTargetsKeyid: current['online-keys']?.targets ?? '',
    },
    answer: answer.data,
  };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
