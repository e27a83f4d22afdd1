import type { Installation } from './installation.js';
import type { Narrator } from './narrate.js';

/** An officer reads a request on an own machine, which asks the Factory itself whether it is current, and approves it. */
export async function approve({ seen, run }: Narrator, id: string, name: string): Promise<void> {
  const reviewed = await run(['review', id, '--json'], { as: name });
  const { shortCode, freshness } = JSON.parse(reviewed.stdout) as {
    shortCode: string;
    freshness: { checked: boolean };
  };
  if (!freshness.checked) throw new Error('freshness was not checked');
  await run(['approve', id, '--code', shortCode], { as: name });
  seen(`${name} approved with the SSH key in people/${name}/id`);
}

export interface DeliveredRequest {
  readonly state: string;
  readonly documents: readonly { readonly sha256: string }[];
  readonly signatures: readonly { readonly keyid: string; readonly method: string }[];
}

/** All officers approve; then it is signed and delivered, or the demo has failed. */
export async function approveAndWait(
  { officers }: Installation,
  narrator: Narrator,
  id: string,
): Promise<DeliveredRequest> {
  for (const { name } of officers) await approve(narrator, id, name);
  return await waitDelivered(narrator, id);
}

export async function waitDelivered({ run }: Narrator, id: string): Promise<DeliveredRequest> {
  const done = await run(['show', id, '--wait', '60', '--json'], { as: 'ci' });
  const request = JSON.parse(done.stdout) as DeliveredRequest & { lastError?: { code: string; message: string } };
  if (request.state === 'delivered') return request;
  const { code = '', message = '' } = request.lastError ?? {};
  throw new Error(`the request is ${request.state} ${code} ${message}`);
}
