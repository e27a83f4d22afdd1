import type { Interception } from '../call.js';
import type { GatewaySigning } from '../ports.js';
import { fetchRootView } from './fetch-root-view.js';

/** `GET …/root.json`, from which fioctl learns under which keyids it is to sign. */
export function createShowRoot(signing: GatewaySigning): Interception {
  return async (call) => {
    const { view } = await fetchRootView(call, signing);
    return { status: 200, body: Buffer.from(view.text) };
  };
}
