/** A token in memory behind the interface of the real ones; keys are real, so what it signs verifies. */
import { CountersignError } from '../../src/errors.js';
import type {
  CanaryKey,
  KeyRole,
  SignJob,
  TokenKey,
  TokenPool,
  TokenState,
  TokenStatus,
} from '../../src/signer/token-types.js';
import type { Signature } from '../../src/tuf/index.js';
import type { TufKey } from './tuf-key.js';

export interface SoftTokenOptions {
  readonly label?: string;
  readonly serial?: string;
  readonly keys?: readonly SoftTokenKey[];
  readonly canary?: TufKey;
}

export interface SoftTokenKey {
  readonly pair: TufKey;
  readonly role?: KeyRole;
  /** As it stands in the label. */
  readonly factory?: string;
  readonly change?: Partial<TokenKey>;
}

export interface SoftToken extends TokenPool {
  /** Every job that was signed, in order. */
  readonly signed: readonly { readonly keyid: string; readonly payload: Buffer }[];
  readonly isClosed: boolean;
  /** What the token holds now; a test may change it. */
  hold(keys: readonly SoftTokenKey[]): void;
  /** Replaces how it signs; null for the right way. */
  signBy(sign: ((job: SignJob, right: () => Signature) => Promise<Signature> | Signature) | null): void;
  setState(state: TokenState): void;
}

export function softToken(options: SoftTokenOptions = {}): SoftToken {
  const { label = 'targets', serial = 'soft-0001' } = options;
  let held = options.keys ?? [];
  let signBy: Parameters<SoftToken['signBy']>[0] = null;
  let state: TokenState = 'ready';
  const signed: { keyid: string; payload: Buffer }[] = [];
  const describe = ({ pair, role = 'targets', factory = 'acme', change = {} }: SoftTokenKey): TokenKey => ({
    keyid: pair.keyid,
    key: pair.key,
    keytype: pair.key.keytype,
    role,
    factory,
    token: { label, serial },
    ckaId: '0001',
    ckaLabel: `countersign:${factory}:${role}:1`,
    attributes: { sensitive: true, extractable: false, alwaysSensitive: true, neverExtractable: true, local: true },
    maxMessageBytes: null,
    ...change,
  });
  return {
    signed,
    get isClosed() {
      return state === 'closed';
    },
    hold(keys) {
      held = keys;
    },
    signBy(sign) {
      signBy = sign;
    },
    setState(next) {
      state = next;
    },
    async sign(job) {
      const pair = held.find((key) => key.pair.keyid === job.keyid)?.pair;
      if (pair === undefined) throw new CountersignError('KEY_NOT_FOUND', 'the soft token has no such key');
      const right = (): Signature => pair.sign(job.payload);
      const signature = signBy === null ? right() : await signBy(job, right);
      signed.push({ keyid: job.keyid, payload: Buffer.from(job.payload) });
      return { signature };
    },
    async signAll(keyid, payloads, requireRight) {
      const made: Signature[] = [];
      for (const payload of payloads) made.push((await this.sign({ keyid, payload })).signature);
      await requireRight(made, 0);
      return { signatures: made, tookMs: 1 };
    },
    prove(job) {
      const pair = held.find((key) => key.pair.keyid === job.keyid)?.pair;
      if (pair === undefined) throw new CountersignError('KEY_NOT_FOUND', 'the soft token has no such key');
      return Promise.resolve({ signature: pair.sign(job.payload) });
    },
    lookAgain: () => Promise.resolve(),
    keys: () => Promise.resolve(held.map(describe)),
    signCanary: ({ payload }) => {
      if (options.canary === undefined) throw new CountersignError('KEY_NOT_FOUND', 'the soft token has no canary key');
      return Promise.resolve({ signature: options.canary.sign(Buffer.from(payload)) });
    },
    status: (): TokenStatus => ({
      label,
      serial,
      state,
      error: null,
      canary: canaryOf(options),
      roles: null,
      queued: 0,
      workers: [],
    }),
    close: () => {
      state = 'closed';
      return Promise.resolve();
    },
  };
}

function canaryOf({ canary }: SoftTokenOptions): CanaryKey | null {
  return canary === undefined ? null : { keyid: canary.keyid, key: canary.key };
}
