import { HEADERS, MEDIA_TYPES, preferredWait } from '../../api/index.js';
import { CountersignError } from '../../errors.js';
import type { Clock, RequestFilter, RequestView, SigningService } from '../../signing/index.js';
import { sha256Hex } from '../../tuf/index.js';
import type { Handlers } from '../call.js';
import type { Reply } from '../reply.js';
import { parseWaveSubmission } from './parse-wave-submission.js';
import { requestLocation } from './request-path.js';
import { inBodyTerms } from './submission-pointers.js';

export interface RequestHandlerDependencies {
  readonly signing: SigningService;
  readonly clock: Clock;
  readonly maxWaitSeconds: number;
  readonly publicUrl?: string;
}

type RequestHandlers = Pick<
  Handlers,
  'submitWave' | 'listRequests' | 'getRequest' | 'getStatement' | 'getDossier' | 'getEvidence' | 'getDiff' | 'getSigned'
>;

const RETRY_AFTER_SECONDS = '5';

export function createRequestHandlers(dependencies: RequestHandlerDependencies): RequestHandlers {
  const { signing, clock, maxWaitSeconds, publicUrl } = dependencies;
  const inSeconds = (seconds: number): Date => new Date(clock.now().getTime() + seconds * 1000);
  const wait = async (id: string, seconds: number, ending: AbortSignal): Promise<RequestView> =>
    signing.waitFor(id, inSeconds(seconds), ending);

  return {
    async submitWave({ params, body, headers, identity, ending }) {
      const key = headers['idempotency-key'];
      const { submission, form } = parseWaveSubmission(params.factory, body);
      const result = await signing
        .submitWave({ ...submission, ...(key === undefined ? {} : { idempotencyKey: key }) }, identity.caller)
        .catch((error: unknown) => {
          throw inBodyTerms(error, form);
        });
      if (submission.dryRun === true) return { status: 200, json: result };
      const seconds = preferredWait(headers.prefer, maxWaitSeconds);
      const location = { Location: requestLocation(result.request.id, publicUrl), ...applied(seconds) };
      if (seconds === 0) return accepted(result, location);
      const request = await wait(result.request.id, seconds, ending);
      // what was given up after signing is not what the caller waited for
      const signed = request.state === 'abandoned' ? null : await signing.signed(request.id);
      if (signed === null) return accepted({ ...result, request }, location);
      return { status: 200, headers: location, bytes: signed, type: MEDIA_TYPES.json };
    },

    async listRequests({ query }) {
      return { status: 200, json: await signing.list(filterOf(query)) };
    },

    async getRequest({ params, headers, ending }) {
      const seconds = preferredWait(headers.prefer, maxWaitSeconds);
      const request = seconds === 0 ? await signing.get(params.id) : await wait(params.id, seconds, ending);
      return { status: 200, headers: applied(seconds), json: request };
    },

    async getStatement({ params, identity }) {
      const bytes = Buffer.from(await signing.statement(params.id, identity.caller), 'utf8');
      const sha256 = sha256Hex(bytes);
      const digest = Buffer.from(sha256, 'hex').toString('base64');
      return {
        status: 200,
        headers: { [HEADERS.statementSha256]: sha256, 'Content-Digest': `sha-256=:${digest}:` },
        bytes,
        type: MEDIA_TYPES.json,
      };
    },

    getDossier({ params, identity }) {
      return { status: 200, lines: signing.dossier(params.id, identity.caller), type: MEDIA_TYPES.dossier };
    },

    getEvidence({ params, identity }) {
      return { status: 200, lines: signing.evidence(params.id, identity.caller), type: MEDIA_TYPES.dossier };
    },

    async getDiff({ params, prefers }) {
      const diff = await signing.diff(params.id);
      if (prefers([MEDIA_TYPES.json, MEDIA_TYPES.text]) === MEDIA_TYPES.json) return { status: 200, json: diff };
      return { status: 200, bytes: Buffer.from(diff.text, 'utf8'), type: `${MEDIA_TYPES.text}; charset=utf-8` };
    },

    async getSigned({ params, headers, ending }) {
      const seconds = preferredWait(headers.prefer, maxWaitSeconds);
      const signed =
        seconds === 0
          ? await signing.signed(params.id)
          : await signing.waitForSigned(params.id, inSeconds(seconds), ending);
      if (signed === null) throw notSigned(await signing.get(params.id));
      return { status: 200, headers: applied(seconds), bytes: signed, type: MEDIA_TYPES.json };
    },
  };
}

function accepted(result: { request: RequestView; created: boolean }, location: Record<string, string>): Reply {
  const over = result.request.progress === 'done';
  return {
    status: 202,
    headers: { ...location, ...(over ? {} : { 'Retry-After': RETRY_AFTER_SECONDS }) },
    json: result,
  };
}

function applied(seconds: number): Record<string, string> {
  return seconds === 0 ? {} : { 'Preference-Applied': `wait=${seconds}` };
}

function notSigned(request: RequestView): CountersignError {
  const why = request.closedBecause === undefined ? request.progress : `closed: ${request.closedBecause}`;
  return new CountersignError('REQUEST_STATE', `the request is not signed (${why})`, {
    hint:
      request.closedBecause === undefined
        ? 'Ask again later, or with `Prefer: wait=N`.'
        : 'It will not be signed any more.',
    details: { state: request.state, progress: request.progress },
  });
}

/** Parameters that were not given are left out. */
function filterOf(
  query: { [K in keyof RequestFilter]: RequestFilter[K] | undefined } & { limit: number },
): RequestFilter {
  const { state, factory, tag, waitingFor, limit, cursor } = query;
  return {
    limit,
    ...(state === undefined ? {} : { state }),
    ...(factory === undefined ? {} : { factory }),
    ...(tag === undefined ? {} : { tag }),
    ...(waitingFor === undefined ? {} : { waitingFor }),
    ...(cursor === undefined ? {} : { cursor }),
  };
}
