import type { FaultInput } from '../../src/sandbox/index.js';

/** Puts faults into a sandbox that was started with `faults`. Each happens to the call it names, once unless it says more. */
export async function setFaults({ url }: { readonly url: string }, ...faults: readonly FaultInput[]): Promise<void> {
  const answer = await fetch(`${url}/_sandbox/faults`, { method: 'POST', body: JSON.stringify({ faults }) });
  if (answer.status !== 201) throw new Error(`no faults: ${answer.status} ${await answer.text()}`);
}

/** What did not happen yet, after which it will not. */
export async function clearFaults({ url }: { readonly url: string }): Promise<void> {
  const answer = await fetch(`${url}/_sandbox/faults`, { method: 'DELETE' });
  if (answer.status !== 200) throw new Error(`faults stay: ${answer.status}`);
}
