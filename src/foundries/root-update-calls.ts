import type { RootUpdatePort } from '../signing/index.js';
import { encodeCanonical } from '../tuf/index.js';
import type { Calls } from './calls.js';
import * as answers from './root-update-answers.js';

/**
 * The calls of a root update; `txid` goes into bodies only, and is blanked out of whatever the Factory says.
 *
 * @param repo path of the user's repository, @param base path of the Factory
 */
export function createRootUpdateCalls(calls: Calls, repo: string, base: string): RootUpdatePort {
  const updates = `${repo}/root/updates`;
  return {
    rootUpdate: async () => {
      const { body, where } = await calls.get(updates);
      return answers.rootUpdateOf(body, where);
    },

    beginRootUpdate: async ({ message, firstTime = false }) => {
      const sent = encodeCanonical({ 'first-time': firstTime, message, shortcut: false });
      const { body, where } = await calls.post(updates, sent);
      return answers.begunOf(body, where);
    },

    putRootUpdate: async ({ txid, ci, production, targetsSignatures, wavesSignatures }) => {
      const tail = {
        ...(Object.keys(targetsSignatures).length === 0 ? {} : { 'targets-signatures': targetsSignatures }),
        txid,
        ...(Object.keys(wavesSignatures).length === 0 ? {} : { 'waves-signatures': wavesSignatures }),
      };
      // The roots' own bytes go in as they are: what was signed is what is sent.
      const body = [
        Buffer.from('{"ci-root":'),
        ci,
        Buffer.from(',"prod-root":'),
        production,
        Buffer.from(','),
        encodeCanonical(tail).subarray(1),
      ];
      await calls.put(updates, Buffer.concat(body), [txid]);
    },

    generateOnlineKeys: async ({ txid, keytype, roles }) => {
      const wanted = Object.fromEntries(roles.map((role) => [role, true]));
      await calls.post(`${updates}/gen-online-keys`, encodeCanonical({ 'key-type': keytype, txid, ...wanted }), [txid]);
    },

    applyRootUpdate: async (txid) => {
      await calls.post(`${updates}/apply`, encodeCanonical({ txid }), [txid]);
    },

    cancelRootUpdate: async () => {
      await calls.post(`${updates}/cancel`);
    },

    allProductionTargets: () => calls.list(`${base}/prod-targets/`, { tag: '' }),

    allWaveTargets: () => calls.list(`${base}/wave-targets/`, { name: '' }),
  };
}
