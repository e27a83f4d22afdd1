import {
  encodeCanonical,
  parseRoot,
  parseTargets,
  serializeMetadata,
  type Root,
  type TargetEntry,
} from '../tuf/index.js';
import { editRoot } from './edit-root.js';
import type { Lie } from './fault.js';
import { publicOnlineKey, signOnline, type OnlineKey } from './online-keys.js';
import { replaceRoleKey } from './replace-online-keys.js';
import { onlineKeysAfter, thresholdOf } from './staged-roots.js';
import type { SandboxState } from './state.js';

/** Nobody asked for an expiry as late as this. */
const LATE_EXPIRY = '2099-01-01T00:00:00Z';

/** The state as a server would have it that lies about it. Signatures stay as they are: it has no others. */
export function lieAbout(
  state: SandboxState,
  lie: Lie,
  about: 'staged' | 'published',
  foreignKey: OnlineKey,
): SandboxState {
  if (lie === 'forged-targets') return withForgedTargets(state);
  const { rootUpdate: update } = state;
  const online = about === 'staged' && update !== null ? onlineKeysAfter(state, update).targets : state.keys.targets;
  const edit = (text: string): string =>
    editRoot(
      text,
      (root) => lyingRoot(root, lie, publicOnlineKey(online).keyid, foreignKey),
      parseRoot(Buffer.from(text)).signatures,
    );
  if (about === 'published') {
    const edited = (chain: readonly string[]): string[] => [...chain.slice(0, -1), ...chain.slice(-1).map(edit)];
    return { ...state, roots: { ci: edited(state.roots.ci), production: edited(state.roots.production) } };
  }
  if (update === null) return state;
  return {
    ...state,
    rootUpdate: {
      ...update,
      ci: edit(update.ci),
      production: update.production === null ? null : edit(update.production),
      onlineKeys: lie === 'online-key' ? { ...update.onlineKeys, targets: foreignKey } : update.onlineKeys,
    },
  };
}

function lyingRoot(root: Root, lie: Exclude<Lie, 'forged-targets'>, onlineKeyid: string, foreignKey: OnlineKey): Root {
  switch (lie) {
    case 'online-key':
      return replaceRoleKey(root, 'targets', onlineKeyid, foreignKey);
    case 'lower-threshold':
      return lowered(lowered(root, 'root'), 'targets');
    case 'foreign-key': {
      const { keyid, key } = publicOnlineKey(foreignKey);
      const keyids = [...(root.roles['targets']?.keyids ?? []), keyid];
      const targets = { keyids, threshold: thresholdOf(root, 'targets') };
      return { ...root, keys: { ...root.keys, [keyid]: key }, roles: { ...root.roles, targets } };
    }
    case 'longer-expiry':
      return { ...root, expires: LATE_EXPIRY };
    case 'drop-changelog': {
      const { 'x-changelog': dropped, ...rest } = root;
      return dropped === undefined ? root : rest;
    }
  }
}

function lowered(root: Root, role: string): Root {
  const keyids = root.roles[role]?.keyids ?? [];
  return { ...root, roles: { ...root.roles, [role]: { keyids, threshold: Math.max(1, thresholdOf(root, role) - 1) } } };
}

/** Everything in production and in Waves points elsewhere; the online signature fits, the offline ones cannot. */
function withForgedTargets(state: SandboxState): SandboxState {
  const online = publicOnlineKey(state.keys.targets).keyid;
  const forge = (text: string): string => {
    const { signed, signatures } = parseTargets(Buffer.from(text));
    const entries = Object.entries(signed.targets).map(([name, entry]): [string, TargetEntry] => [
      name,
      { ...entry, hashes: { sha256: 'f0'.repeat(32) } },
    ]);
    const signedBytes = encodeCanonical({ ...signed, targets: Object.fromEntries(entries) });
    const kept = signatures.filter(({ keyid }) => keyid !== online);
    const forged = { signatures: [...kept, signOnline(state.keys.targets, signedBytes)], signedBytes };
    return serializeMetadata(forged).toString('utf8');
  };
  return {
    ...state,
    productionTargets: Object.fromEntries(
      Object.entries(state.productionTargets).map(([tag, text]) => [tag, forge(text)]),
    ),
    waves: state.waves.map((wave) => ({ ...wave, targets: forge(wave.targets) })),
  };
}
