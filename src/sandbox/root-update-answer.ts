import { parseRoot, type Root } from '../tuf/index.js';
import { checkRootUpdate } from './check-root-update.js';
import { isOwned, newestRoot } from './roots.js';
import { keyidsOf, onlineKeyids, onlineKeysAfter, thresholdOf } from './staged-roots.js';
import type { RootUpdate, SandboxState } from './state.js';

const RECOMMENDED_ROOT_KEYS = 3;

interface Note {
  readonly kind: string;
  readonly message: string;
  readonly args: Readonly<Record<string, string>>;
}

/** `GET root/updates`: the roots in force, those staged, what the difference is, and what keeps it from being applied. */
export function rootUpdateAnswer(state: SandboxState, now: Date): Record<string, unknown> {
  const { rootUpdate: update } = state;
  return {
    amendments: update === null ? [] : amendments(state, update),
    'change-meta': update === null ? null : changeMeta(update),
    current: {
      'ci-root': state.roots.ci.at(-1) ?? '',
      'online-keys': onlineKeyids(state.keys),
      'prod-root': isOwned(state) ? (state.roots.production.at(-1) ?? '') : '',
    },
    'first-time': update?.firstTime ?? false,
    issues: {
      errors: update === null ? [] : checkRootUpdate(state, update, now).map((message) => note('error', message)),
      warnings: update === null ? warnings(state) : [],
    },
    status: update === null ? 'NONE' : update.readsUntilApplied === null ? 'STARTED' : 'APPLYING',
    updated:
      update === null
        ? null
        : {
            'ci-root': update.ci,
            'online-keys': onlineKeyids(onlineKeysAfter(state, update)),
            'prod-root': update.production ?? '',
          },
  };
}

function changeMeta({ created, updated }: RootUpdate): Record<string, string> {
  return {
    'created-at': created.at,
    'created-by': created.by,
    'updated-at': updated?.at ?? '',
    'updated-by': updated?.by ?? '',
  };
}

function warnings(state: SandboxState): Note[] {
  const rootKeys = keyidsOf(newestRoot(state.roots.ci).signed, 'root').length;
  if (rootKeys >= RECOMMENDED_ROOT_KEYS) return [];
  return [note('root-keys', 'Add root keys: three or more are recommended')];
}

/** The difference to the roots in force, line by line. */
function amendments(state: SandboxState, update: RootUpdate): Note[] {
  const before = newestRoot(state.roots.ci).signed;
  const after = parseRoot(Buffer.from(update.ci)).signed;
  const production = {
    before: newestRoot(state.roots.production).signed,
    after: update.production === null ? null : parseRoot(Buffer.from(update.production)).signed,
  };
  const roles = [...new Set([...Object.keys(before.roles), ...Object.keys(after.roles)])].sort();
  return [
    ...roles.flatMap((role) => keyAmendments(role, before, after)),
    ...thresholdAmendment('root', 'root', before, after),
    ...(production.after === null
      ? []
      : thresholdAmendment('targets', 'production targets', production.before, production.after)),
    ...(before.expires === after.expires ? [] : [note('expires', `Expires at ${after.expires}`)]),
    ...Object.keys(update.targetsSignatures).map((tag) =>
      note('targets-signed', `Production Targets of tag ${tag} signed`, { tag }),
    ),
    ...Object.keys(update.wavesSignatures).map((wave) => note('waves-signed', `Wave ${wave} signed`, { wave })),
  ];
}

function keyAmendments(role: string, before: Root, after: Root): Note[] {
  const had = keyidsOf(before, role);
  const has = keyidsOf(after, role);
  return [
    ...has
      .filter((keyid) => !had.includes(keyid))
      .map((keyid) => note('key-added', `Key ${keyid} added to ${role}`, { keyid, role })),
    ...had
      .filter((keyid) => !has.includes(keyid))
      .map((keyid) => note('key-removed', `Key ${keyid} removed from ${role}`, { keyid, role })),
  ];
}

function thresholdAmendment(role: string, name: string, before: Root, after: Root): Note[] {
  const threshold = thresholdOf(after, role);
  if (threshold === thresholdOf(before, role)) return [];
  return [note('threshold', `Threshold of ${name}: ${threshold}`, { role })];
}

function note(kind: string, message: string, args: Note['args'] = {}): Note {
  return { args, kind, message };
}
