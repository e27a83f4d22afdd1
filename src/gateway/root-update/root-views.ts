import type { Identity } from '../identify.js';
import type { GatewaySigning } from '../ports.js';
import { viewRoot, type RootView } from '../view/view-root.js';

/** How the caller is shown a root, `{signatures, signed}` as JSON text. */
export type RootViews = (text: string) => RootView;

/** @throws SIGNER_UNAVAILABLE */
export async function viewsOf(signing: Pick<GatewaySigning, 'keys'>, identity: Identity): Promise<RootViews> {
  const tokenKeys = identity.requestKeys.length === 0 ? [] : await signing.keys();
  return (text) => viewRoot(text, identity, tokenKeys);
}
