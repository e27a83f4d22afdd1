import { z } from 'zod';
import { CountersignError } from '../../errors.js';

const healthSchema = z.object({ status: z.literal('ok') });
const TIMEOUT_MS = 5_000;

/**
 * Asks a gateway whether it is there, over its own address.
 *
 * @param url null if it does not listen
 * @throws GATEWAY_UNAVAILABLE, also when something else listens there
 */
export async function proveGateway(url: string | null): Promise<void> {
  if (url === null) throw new CountersignError('GATEWAY_UNAVAILABLE', 'the gateway does not listen');
  const answer = await ask(`${url}/healthz`);
  if (!healthSchema.safeParse(answer).success) {
    throw new CountersignError('GATEWAY_UNAVAILABLE', `what answers at ${url} is no gateway`, {
      hint: 'Another program holds its address: stop it, or give the gateway another one.',
    });
  }
}

async function ask(url: string): Promise<unknown> {
  try {
    const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = await answer.text();
    return answer.ok ? parse(text) : null;
  } catch (cause) {
    throw new CountersignError('GATEWAY_UNAVAILABLE', `the gateway does not answer at ${url}`, { cause });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
