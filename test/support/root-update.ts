/** A root update at the sandbox as fioctl makes it, with keys in memory: begun, changed, signed, staged and applied. */
import { constants, createPrivateKey, sign } from 'node:crypto';
import { z } from 'zod';
import {
  encodeCanonical,
  keyidOf,
  parseRoot,
  parseTargets,
  serializeMetadata,
  type Root,
} from '../../src/tuf/index.js';
import type { TestSandbox } from './sandbox.js';
import type { TufKey } from './tuf-key.js';

const UPDATES = '/ota/repo/acme/api/v1/user_repo/root/updates';
const FACTORY = '/ota/factories/acme';

const rootsSchema = z.object({
  'ci-root': z.string(),
  'prod-root': z.string(),
  'online-keys': z.record(z.string(), z.string()),
});
const updatesSchema = z.object({
  status: z.string(),
  current: rootsSchema,
  updated: rootsSchema.nullable(),
  issues: z.object({ errors: z.array(z.object({ message: z.string() })) }),
  amendments: z.array(z.object({ kind: z.string(), message: z.string() })),
});
const firstRootSchema = z.object({
  'first_root.pub': z.object({ keytype: z.literal('RSA'), keyval: z.object({ public: z.string() }) }),
  'first_root.sec': z.object({ keyval: z.object({ private: z.string() }) }),
});
const documentsSchema = z.record(z.string(), z.unknown());

export type Updates = z.output<typeof updatesSchema>;

const OWNER = { 'created-at': '2026-11-22T16:00:00Z', 'polis-id': '2bd806c97f0e00af1a1fc332' };

export interface RootUpdateInput {
  readonly person?: string;
  /** Of the CI root as the server begins it; the production root is made of the result. */
  readonly change?: (root: Root) => Root;
  /** Of the production root alone, after that. */
  readonly changeProduction?: (root: Root) => Root;
  /** Targets threshold of the production root; as it is, or 2, unless given. */
  readonly productionThreshold?: number;
  /** Root keys that sign both roots. */
  readonly signers: readonly Pick<TufKey, 'sign'>[];
  /** Targets keys that sign all that is in production and all active Waves. */
  readonly targetsSigners?: readonly Pick<TufKey, 'sign'>[];
}

export interface Answer {
  readonly status: number;
  readonly json: unknown;
}

export async function readUpdates(sandbox: TestSandbox, person = 'alice'): Promise<Updates> {
  return updatesSchema.parse((await sandbox.call(person, 'GET', UPDATES)).json);
}

export function begin(sandbox: TestSandbox, firstTime = false, person = 'alice'): Promise<Answer> {
  return sandbox.call(person, 'POST', UPDATES, { message: 'A test', 'first-time': firstTime, shortcut: false });
}

export function step(
  sandbox: TestSandbox,
  name: string,
  body: unknown = { txid: '' },
  person = 'alice',
): Promise<Answer> {
  return sandbox.call(person, 'POST', `${UPDATES}/${name}`, body);
}

/** Changes what is staged, signs it and stages it again. */
export async function stage(sandbox: TestSandbox, input: RootUpdateInput, txid = ''): Promise<Answer> {
  const { person = 'alice', signers, targetsSigners = [] } = input;
  const { updated } = await readUpdates(sandbox, person);
  if (updated === null) throw new Error('no root update is under way');
  const served = updated['prod-root'] === '' ? null : parseRoot(Buffer.from(updated['prod-root'])).signed;
  const threshold = input.productionThreshold ?? served?.roles['targets']?.threshold ?? 2;
  const begun = parseRoot(Buffer.from(updated['ci-root'])).signed;
  const ci = input.change?.(begun) ?? begun;
  const copied = withThreshold(ci, 'targets', threshold);
  const production = input.changeProduction?.(copied) ?? copied;
  const rootOf = (signed: Root): unknown => {
    const signedBytes = encodeCanonical(signed);
    const signatures = signers.map((signer) => signer.sign(signedBytes));
    return JSON.parse(serializeMetadata({ signatures, signedBytes }).toString());
  };
  const signaturesOf = async (path: string): Promise<Record<string, unknown>> => {
    const { json } = await sandbox.call(person, 'GET', `${FACTORY}${path}`);
    return Object.fromEntries(
      Object.entries(documentsSchema.parse(json)).map(([name, document]) => {
        const { signedBytes } = parseTargets(encodeCanonical(document));
        return [name, targetsSigners.map((signer) => signer.sign(signedBytes))];
      }),
    );
  };
  const signed =
    targetsSigners.length === 0
      ? {}
      : {
          'targets-signatures': await signaturesOf('/prod-targets/?tag='),
          'waves-signatures': await signaturesOf('/wave-targets/?name='),
        };
  const roots = { 'ci-root': rootOf(ci), 'prod-root': rootOf(production) };
  return sandbox.call(person, 'PUT', UPDATES, { txid, ...roots, ...signed });
}

/** All of it. @returns what apply answered, or the first step that was refused */
export async function updateRoots(sandbox: TestSandbox, input: RootUpdateInput): Promise<Answer> {
  const begun = await begin(sandbox, false, input.person);
  if (begun.status !== 201) return begun;
  const staged = await stage(sandbox, input);
  return staged.status === 200 ? step(sandbox, 'apply', { txid: '' }, input.person) : staged;
}

/** What a Factory as new has: its first root key, handed out as the update begins, and no other. */
export async function beginFirstTime(sandbox: TestSandbox, person = 'alice'): Promise<TufKey> {
  return firstRootKey((await begin(sandbox, true, person)).json);
}

/** @param answer of a begin with `first-time` */
export function firstRootKey(answer: unknown): TufKey {
  const firstRoot = firstRootSchema.parse(answer);
  const key = firstRoot['first_root.pub'];
  const keyid = keyidOf(key);
  const privateKey = createPrivateKey(firstRoot['first_root.sec'].keyval.private);
  const padding = { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  return {
    ...{ key, keyid },
    sign: (payload) => ({
      ...{ keyid, method: 'rsassa-pss-sha256' },
      sig: sign('sha256', payload, padding).toString('base64'),
    }),
  };
}

/** Takes ownership of a Factory as new: these root keys in place of the first one, these targets keys beside the online one. */
export async function takeOwnership(
  sandbox: TestSandbox,
  keys: { readonly root: readonly TufKey[]; readonly targets: readonly TufKey[]; readonly rootThreshold?: number },
): Promise<void> {
  const first = await beginFirstTime(sandbox);
  const change = (root: Root): Root => {
    const named = [
      ...keys.root.map((key) => ['root', key] as const),
      ...keys.targets.map((key) => ['targets', key] as const),
    ];
    const added = named.reduce((changed, [role, key]) => withKey(changed, role, key), withoutKey(root, 'root', first));
    return withThreshold(added, 'root', keys.rootThreshold ?? 1);
  };
  await stage(sandbox, { change, signers: [...keys.root, first] });
  const applied = await step(sandbox, 'apply');
  if (applied.status !== 200) throw new Error(`no ownership: ${JSON.stringify(applied)}`);
}

/** The root with one more key in a role, and its owner. */
export function withKey(root: Root, role: string, { keyid, key }: Pick<TufKey, 'keyid' | 'key'>): Root {
  const { keyids = [], threshold = 1 } = root.roles[role] ?? {};
  return {
    ...root,
    keys: { ...root.keys, [keyid]: key },
    roles: { ...root.roles, [role]: { keyids: [...keyids, keyid], threshold } },
    'x-key-owners': { ...root['x-key-owners'], [keyid]: OWNER },
  };
}

/** The root without a key, its owner gone with it. */
export function withoutKey(root: Root, role: string, { keyid }: Pick<TufKey, 'keyid'>): Root {
  const { keyids = [], threshold = 1 } = root.roles[role] ?? {};
  const without = <T>(members: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(members).filter(([member]) => member !== keyid));
  return {
    ...root,
    keys: without(root.keys),
    roles: { ...root.roles, [role]: { keyids: keyids.filter((other) => other !== keyid), threshold } },
    'x-key-owners': without(root['x-key-owners'] ?? {}),
  };
}

export function withThreshold(root: Root, role: string, threshold: number): Root {
  return { ...root, roles: { ...root.roles, [role]: { keyids: root.roles[role]?.keyids ?? [], threshold } } };
}
