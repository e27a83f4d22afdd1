import { createOfflineKey, findInRole, signOffline, type OfflineKey } from '../../src/offline-keys/index.js';
import {
  encodeCanonical,
  formatTime,
  keyidOf,
  parseRoot,
  parseTargets,
  type Root,
  type Signature,
  type TargetEntry,
} from '../../src/tuf/index.js';
import {
  connectFioctl,
  FioctlError,
  type Exchange,
  type FioctlConnection,
  type FioctlSettings,
} from './fioctl-connection.js';
import {
  findSigners,
  inGoOrder,
  withKey,
  withoutKey,
  withTargetsThreshold,
  type OfflineRole,
  type StagedRoots,
} from './fioctl-roots.js';

type Keytype = 'ED25519' | 'RSA';

/** A transaction as `GET root/updates` shows it, as far as fioctl reads it. */
interface Updates {
  readonly status: string;
  readonly current: { readonly 'ci-root': string };
  readonly updated: {
    readonly 'ci-root': string;
    readonly 'prod-root'?: string;
    readonly 'online-keys': { readonly targets?: string };
  } | null;
  readonly amendments?: readonly { readonly message: string }[];
  readonly issues?: {
    readonly errors?: readonly { readonly message: string }[];
    readonly warnings?: readonly { readonly message: string }[];
  };
}

/**
 * fioctl's commands about Waves and roots: the calls it makes, in its order, with its bodies and with keys that it finds as it does,
 * by their public value. It knows nothing of Countersign.
 */
export class Fioctl {
  readonly #connection: FioctlConnection;
  readonly #repository: string;
  readonly #factory: string;
  readonly #now: () => Date;
  /** What is in its keys file; keys of old rotations stay there. */
  #keys: readonly OfflineKey[];

  constructor(settings: FioctlSettings, keys: readonly OfflineKey[], now: () => Date = () => new Date()) {
    this.#connection = connectFioctl(settings);
    this.#repository = `/ota/repo/${settings.factory}/api/v1/user_repo`;
    this.#factory = `/ota/factories/${settings.factory}`;
    this.#keys = keys;
    this.#now = now;
  }

  get exchanges(): readonly Exchange[] {
    return this.#connection.exchanges;
  }

  get keys(): readonly OfflineKey[] {
    return this.#keys;
  }

  /** `waves init NAME VERSION TAG`. */
  async initWave(name: string, version: number, tag: string, expires?: string): Promise<void> {
    const added = (await this.#get(`${this.#factory}/targets/?version=${version}`)) as Record<string, TargetEntry>;
    const served = await this.#connection.call('GET', `${this.#factory}/prod-targets/?tag=${tag}`, undefined, true);
    const production =
      served === null ? {} : parseTargets(encodeCanonical((served as Record<string, unknown>)[tag])).signed.targets;
    const { signed: root } = parseRoot(encodeCanonical(await this.#get(`${this.#repository}/root.json`)));
    const online = (await this.#get(`${this.#factory}/ci-targets.pub`)) as { keyval: { public: string } };
    const [signer] = findInRole(this.#keys, root, 'targets').filter(
      ({ keyid }) => root.keys[keyid]?.keyval.public !== online.keyval.public,
    );
    if (signer === undefined) throw new FioctlError(0, ['ERROR: No private key found for key IDs']);
    const tagged = Object.entries(added).map(([target, entry]): [string, TargetEntry] => [
      target,
      { ...entry, custom: { ...entry.custom, tags: [tag] } },
    ]);
    const signedBytes = encodeCanonical({
      _type: 'Targets',
      expires: expires ?? formatTime(new Date(this.#now().getTime() + 365 * 86_400_000)),
      targets: { ...production, ...Object.fromEntries(tagged) },
      version,
    });
    const signatures = [signOffline(signer.offline, signer.keyid, signedBytes)];
    const targets = { signed: JSON.parse(signedBytes.toString()) as unknown, signatures };
    await this.#connection.call('POST', `${this.#factory}/waves/`, { name, version: String(version), tag, targets });
  }

  /** `waves complete NAME`. */
  async completeWave(name: string): Promise<void> {
    await this.#connection.call('POST', `${this.#factory}/waves/${name}/complete/`);
  }

  /** `keys tuf rotate-offline-key --role ROLE`. */
  async rotateOfflineKey(role: OfflineRole, keytype: Keytype = 'ED25519'): Promise<void> {
    await this.init(`Rotate TUF ${role} offline signing key`, { shortcut: true });
    await this.stageRotation(role, keytype, true);
    await this.apply();
  }

  /** `keys resign-root`. */
  async resignRoot(): Promise<void> {
    await this.init('Resign TUF root', { shortcut: true });
    const staged = await this.#staged();
    await this.#put(staged, (root) => ({ ...root, expires: this.#yearOn() }), findSigners(this.#keys, staged));
    await this.apply();
  }

  /** `keys tuf updates init -m MESSAGE`. @returns the txid */
  async init(message: string, { firstTime = false, shortcut = false } = {}): Promise<string> {
    const body = { 'first-time': firstTime, message, shortcut };
    const { txid } = (await this.#connection.call('POST', `${this.#repository}/root/updates`, body)) as {
      txid: string;
    };
    return txid;
  }

  /** `keys tuf updates rotate-offline-key --role ROLE [--sign]`: the new key is in the file once the roots are taken. */
  async stageRotation(role: OfflineRole, keytype: Keytype, sign: boolean): Promise<void> {
    const staged = await this.#staged();
    const [old, ...others] = staged.offline(role).filter(({ keyid }) => keyid !== staged.onlineTargets);
    const isFirst = staged.ci.roles[role]?.keyids.every((keyid) => keyid === staged.onlineTargets);
    if (others.length > 0) throw new FioctlError(0, ['ERROR: more than one active private key per file']);
    if (old === undefined && isFirst !== true) {
      throw new FioctlError(0, [`ERROR: Error reading current TUF ${role} private key from specified file:`]);
    }
    const owner = await this.#owner();
    const made = await createOfflineKey(keytype);
    const targets = role === 'targets' ? await this.#signAgain(old?.keyid, made) : {};
    const change = (root: Root): Root => {
      const without = old === undefined ? root : withoutKey(root, role, old.keyid);
      const changed = withKey(without, role, made, owner);
      return role === 'root' ? { ...changed, expires: this.#yearOn() } : changed;
    };
    const signers = [
      ...(role === 'root' ? [{ keyid: keyidOf(made.key), offline: made }] : []),
      ...findSigners(this.#keys, staged),
    ];
    await this.#put(staged, change, sign ? signers : [], targets);
    this.#keys = [...this.#keys, made];
  }

  /** `keys tuf updates add-offline-key --role ROLE`. */
  async addOfflineKey(role: OfflineRole): Promise<void> {
    const staged = await this.#staged();
    const owner = await this.#owner();
    const made = await createOfflineKey('ED25519');
    await this.#put(staged, (root) => withKey(root, role, made, owner), []);
    this.#keys = [...this.#keys, made];
  }

  /** `keys tuf updates delete-offline-key --role ROLE --key-id KEYID`. */
  async deleteOfflineKey(role: OfflineRole, keyid: string): Promise<void> {
    await this.#put(await this.#staged(), (root) => withoutKey(root, role, keyid), []);
  }

  /** `keys tuf updates set-threshold THRESHOLD --role ROLE`. */
  async setThreshold(role: OfflineRole, threshold: number): Promise<void> {
    const staged = await this.#staged();
    const set = (root: Root): Root => ({
      ...root,
      roles: { ...root.roles, [role]: { keyids: root.roles[role]?.keyids ?? [], threshold } },
    });
    if (role === 'root') return this.#put(staged, set, []);
    await this.#putRoots(staged.ci, set(staged.production), []);
  }

  /** `keys tuf updates rotate-online-key --role ROLES`. */
  async rotateOnlineKey(roles: readonly ('targets' | 'snapshot' | 'timestamp')[], keytype: Keytype): Promise<void> {
    await this.#staged();
    const wanted = Object.fromEntries([...roles].sort().map((role) => [role, true]));
    const body = { 'key-type': keytype, ...wanted, txid: '' };
    await this.#connection.call('POST', `${this.#repository}/root/updates/gen-online-keys`, body);
    await this.#staged();
  }

  /** `keys tuf updates sign`. */
  async sign(): Promise<void> {
    const staged = await this.#staged();
    const signers = findSigners(this.#keys, staged);
    if (signers.length === 0) throw new FioctlError(0, ['ERROR: No private key found for key IDs']);
    await this.#put(staged, (root) => root, signers);
  }

  /** `keys tuf updates sign-prod-targets`: all there are. */
  async signProdTargets(): Promise<void> {
    const staged = await this.#staged();
    const [signer] = staged.offline('targets').filter(({ keyid }) => keyid !== staged.onlineTargets);
    if (signer === undefined) throw new FioctlError(0, ['ERROR: No private key found for key IDs']);
    const targets = await this.#signAgain(null, signer.offline, signer.keyid);
    await this.#put(staged, (root) => root, [], targets);
  }

  /** `keys tuf updates review`: what it prints. */
  async review(): Promise<string[]> {
    const { status, amendments = [], issues } = await this.#updates();
    const notes = status === 'NONE' ? (issues?.warnings ?? []) : [...amendments, ...(issues?.errors ?? [])];
    return notes.map(({ message }) => ` - ${message}`);
  }

  /** `keys tuf updates apply`. */
  async apply(): Promise<void> {
    try {
      await this.#connection.call('POST', `${this.#repository}/root/updates/apply`, { txid: '' });
    } catch (error) {
      if (!(error instanceof FioctlError) || error.status !== 404) throw error;
      const { status } = await this.#updates();
      if (status === 'NONE') throw new FioctlError(404, ['ERROR: There are no TUF root updates in progress.']);
      throw error;
    }
  }

  /** `keys tuf updates cancel`. */
  async cancel(): Promise<void> {
    await this.#connection.call('POST', `${this.#repository}/root/updates/cancel`);
  }

  async #get(path: string): Promise<unknown> {
    return this.#connection.call('GET', path);
  }

  async #updates(): Promise<Updates> {
    return (await this.#get(`${this.#repository}/root/updates`)) as Updates;
  }

  async #staged() {
    const { status, current, updated } = await this.#updates();
    if (status !== 'STARTED' || updated === null) {
      throw new FioctlError(0, ['ERROR: There are no TUF root updates in progress.']);
    }
    const { signed: ci } = parseRoot(Buffer.from(updated['ci-root']));
    const text = updated['prod-root'] ?? '';
    const production =
      text === ''
        ? withTargetsThreshold(ci)
        : withTargetsThreshold(ci, parseRoot(Buffer.from(text)).signed.roles['targets']?.threshold);
    return {
      ...{ ci, production, current: parseRoot(Buffer.from(current['ci-root'])).signed },
      onlineTargets: updated['online-keys'].targets,
      offline: (role: OfflineRole) => findInRole(this.#keys, ci, role),
    };
  }

  async #owner(): Promise<{ 'polis-id': string; 'created-at': string }> {
    const self = (await this.#get(`${this.#factory}/users/self/`)) as { 'polis-id': string };
    return { 'polis-id': self['polis-id'], 'created-at': formatTime(this.#now()) };
  }

  /** @param old only documents with a signature by this key; null: all */
  async #signAgain(old: string | null | undefined, key: OfflineKey, keyid = keyidOf(key.key)) {
    const listing = async (path: string): Promise<Record<string, Signature[]>> => {
      const documents = (await this.#connection.call('GET', `${this.#factory}${path}`, undefined, true)) ?? {};
      return Object.fromEntries(
        Object.entries(documents).flatMap(([name, document]) => {
          const { signatures, signedBytes } = parseTargets(encodeCanonical(document));
          const wanted = old === null || signatures.some((signature) => signature.keyid === old);
          return wanted ? [[name, [signOffline(key, keyid, signedBytes)]]] : [];
        }),
      );
    };
    const targets = await listing('/prod-targets/?tag=');
    const waves = await listing('/wave-targets/?name=');
    return {
      ...(Object.keys(targets).length === 0 ? {} : { 'targets-signatures': targets }),
      ...(Object.keys(waves).length === 0 ? {} : { 'waves-signatures': waves }),
    };
  }

  async #put(
    { ci, production }: StagedRoots,
    change: (root: Root) => Root,
    signers: readonly { keyid: string; offline: OfflineKey }[],
    targets: object = {},
  ): Promise<void> {
    const changed = change(ci);
    const threshold = production.roles['targets']?.threshold;
    await this.#putRoots(changed, withTargetsThreshold(changed, threshold), signers, targets);
  }

  async #putRoots(
    ci: Root,
    production: Root,
    signers: readonly { keyid: string; offline: OfflineKey }[],
    targets: object = {},
  ): Promise<void> {
    const signed = (root: Root) => ({
      signatures: signers.map(({ keyid, offline }) => signOffline(offline, keyid, encodeCanonical(inGoOrder(root)))),
      signed: inGoOrder(root),
    });
    const body = { txid: '', 'ci-root': signed(ci), 'prod-root': signed(production), ...targets };
    await this.#connection.call('PUT', `${this.#repository}/root/updates`, body);
  }

  #yearOn(): string {
    const year = this.#now();
    return formatTime(new Date(year.getTime() + 365 * 86_400_000));
  }
}
