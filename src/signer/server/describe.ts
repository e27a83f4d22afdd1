import { formatTime, parseCanonical } from '../../tuf/index.js';
import { keyUses, useOf } from '../decide/index.js';
import { factoryOfLabel } from '../key-rules/index.js';
import type { IssuedDocument, Journal, SignerState, VersionDigest } from '../journal/index.js';
import { keysSchema, type SignerKey, type SignerStatus } from '../protocol.js';
import { KEY_ROLES, type KeyRole, type TokenKey } from '../token-types.js';
import type { Tokens } from './tokens.js';

/** Every key that the signer answers for: those that a token has now, and those that only the journal remembers. */
export function describeKeys(state: SignerState, inTokens: readonly TokenKey[]): SignerKey[] {
  const uses = keyUses(state);
  const named = (factory: string): string => factoryOfLabel(factory, state.firstRoots.keys()) ?? factory;
  const present = inTokens.map(({ keyid, keytype, role, factory, token, key, ckaId, attributes }) => ({
    keyid,
    keytype,
    role,
    factory: named(factory),
    token,
    public: key,
    ckaId,
    attributes,
    state: 'active',
    use: useOf(uses, keyid),
  }));
  const absent = [...state.keys.values()]
    .filter(({ keyid }) => !inTokens.some((key) => key.keyid === keyid))
    .map(({ keyid, keytype, role, factory, token, public: text }) => ({
      keyid,
      keytype,
      role,
      factory: named(factory),
      token,
      public: parseCanonical(Buffer.from(text)).value,
      ckaId: '',
      attributes: {},
      state: 'absent',
      use: useOf(uses, keyid),
    }));
  return keysSchema.parse({ keys: [...present, ...absent] }).keys;
}

export interface StatusParts {
  readonly journal: Journal;
  readonly tokens: Tokens;
  readonly now: Date;
  readonly stopping: boolean;
  readonly incomplete: boolean;
}

/** The whole state as operators want to see it. Holds no secrets: whoever may use the socket may read it. */
export function describeStatus({ journal, tokens, now, stopping, incomplete }: StatusParts): SignerStatus {
  const { state } = journal;
  const policy = state.policies.at(-1);
  const factories = [...state.firstRoots.keys()];
  return {
    initialised: true,
    service: state.service,
    policy: { version: policy?.policy.version ?? 0, sha256: policy?.sha256 ?? '' },
    factories,
    roots: factories.flatMap((factory) => describeRoots(state, factory)),
    tokens: tokens.status().map(({ label, serial, state: tokenState, roles, workers }) => ({
      label: label ?? serial ?? '',
      serial,
      state: tokenState,
      roles: [...(roles ?? rolesIn(state, label, serial))],
      workers: workers.map(({ pid, state: workerState, restarts }) => ({ pid, state: workerState, restarts })),
    })),
    keys: describeKeys(state, tokens.keys),
    watermarks: Array.from(state.watermarks, ({ line, issued, published }) => ({
      ...line,
      issued: highest(issued),
      published,
      unpublished: unpublished(issued, published),
    })),
    frozen: Array.from(state.frozen, ({ factory, role, keyid, version, sha256, at }) => ({
      factory,
      role,
      keyid,
      version,
      sha256,
      at,
    })),
    journal: { ...state.head, ...describeFailure(journal), incomplete },
    recoveries: state.recoveries.map(({ persons, ...recovery }) => ({ ...recovery, persons: [...persons] })),
    clockOk: formatTime(now) >= state.head.at,
    clock: formatTime(now),
    stopping,
  };
}

/** Of the keys that were ever seen in a token. */
function rolesIn({ keys }: SignerState, label: string | null, serial: string | null): readonly KeyRole[] {
  const seen = [...keys.values()].filter(({ token }) => token.label === label || token.serial === serial);
  return KEY_ROLES.filter((role) => seen.some((key) => key.role === role));
}

function describeFailure({ failure }: Journal): Pick<SignerStatus['journal'], 'failed' | 'failure'> {
  if (failure === null) return { failed: false };
  const { message, hint = '' } = failure;
  return { failed: true, failure: `${message}; ${hint}` };
}

function describeRoots(state: SignerState, factory: string): SignerStatus['roots'] {
  return (['ci', 'production'] as const).flatMap((repository) => {
    const root = state.rootsOf(factory, repository).at(-1);
    return root === undefined ? [] : [{ factory, repository, version: root.signed.version, sha256: root.sha256 }];
  });
}

/** Of equal versions the last one: it superseded the others. */
function highest(issued: readonly IssuedDocument[]): VersionDigest | null {
  const top = issued.reduce<IssuedDocument | null>(
    (before, one) => (before === null || one.version >= before.version ? one : before),
    null,
  );
  return top === null ? null : { version: top.version, sha256: top.sha256 };
}

/** What was signed and may yet be in somebody's way: whatever is published at a higher version has overtaken the rest. */
function unpublished(issued: readonly IssuedDocument[], published: VersionDigest | null): IssuedDocument[] {
  if (published === null) return [...issued];
  return issued.filter(({ version, sha256 }) => version >= published.version && sha256 !== published.sha256);
}
