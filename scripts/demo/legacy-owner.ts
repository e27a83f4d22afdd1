import { generateKeyPairSync } from 'node:crypto';
import {
  applyRootChanges,
  applyWave,
  readBegunUpdate,
  writeRootChanges,
  type RootBase,
} from '../../src/factory/index.js';
import { createFoundriesClient } from '../../src/foundries/index.js';
import { parsePrivateKey, signOffline, type OfflineKey } from '../../src/offline-keys/index.js';
import {
  formatTime,
  keyidOf,
  parseRoot,
  parseTargets,
  publicKeyDer,
  serializeMetadata,
  type Signature,
} from '../../src/tuf/index.js';
import { firstLine, type Installation } from './installation.js';
import { writeTgz, type TarEntry } from './write-tgz.js';

const TAG = 'production';
const VERSION = 41;
const DAY_MS = 86_400_000;

interface MadeKey {
  readonly offline: OfflineKey;
  readonly keyid: string;
  readonly entries: readonly TarEntry[];
}

/**
 * What somebody did with fioctl before there were tokens: took ownership of root and targets with keys in a file, and
 * completed a Wave.
 *
 * @returns the file, as fioctl lays it out
 */
export async function playLegacyOwner({ ports, factory, path }: Installation): Promise<Buffer> {
  const port = createFoundriesClient({
    factory,
    url: `http://127.0.0.1:${ports.factory}`,
    token: () => firstLine(path('people', 'operator', 'factory.token')),
    userAgent: 'demo',
    timeoutMs: 30_000,
  });
  const message = 'Rotate TUF root offline signing key';
  const { txid, firstRoot } = await port.beginRootUpdate({ message, firstTime: true });
  if (firstRoot === null) throw new Error('the Factory did not hand out its first root key');
  const first = madeKey('first-root', { keytype: firstRoot.keytype, keyval: { private: firstRoot.private } });
  const root = madeEd25519('root');
  const targets = madeEd25519('targets');

  const { current, updated } = await port.rootUpdate();
  if (updated === null) throw new Error('there is no root update');
  const ci = parseRoot(current.ci).signed;
  const base: RootBase = {
    ci,
    production: current.production === null ? ci : parseRoot(current.production).signed,
    onlineTargetsKeyid: current.onlineKeys.targets ?? '',
  };
  const changelog = readBegunUpdate(
    base,
    {
      ci: parseRoot(updated.ci).signed,
      production: updated.production === null ? null : parseRoot(updated.production).signed,
      onlineKeys: updated.onlineKeys,
    },
    message,
  );
  const { polisId } = await port.self();
  const owner = { polisId, createdAt: formatTime(new Date()) };
  const newKey = ({ keyid, offline }: MadeKey): { keyid: string; spkiBase64: string } => ({
    keyid,
    spkiBase64: publicKeyDer(offline.key).toString('base64'),
  });
  const roots = applyRootChanges(
    writeRootChanges({
      onlineKeys: [],
      keys: [
        { op: 'replace-key', role: 'root', old: ci.roles['root']?.keyids[0] ?? '', new: newKey(root), owner },
        { op: 'add-key', role: 'targets', new: newKey(targets), owner },
      ],
      rootThreshold: null,
      productionThreshold: null,
      expires: null,
      changelog,
      reSign: [],
      adopt: [],
    }),
    base,
  );
  const signed = (signedBytes: Buffer): Buffer =>
    serializeMetadata({ signedBytes, signatures: [root, first].map((key) => signatureOf(key, signedBytes)) });
  await port.putRootUpdate({
    txid,
    ci: signed(roots.ci),
    production: signed(roots.production),
    targetsSignatures: {},
    wavesSignatures: {},
  });
  await port.applyRootUpdate(txid);
  const ciTargets = parseTargets(await port.ciTargets()).signed;
  const expires = formatTime(new Date(Date.now() + 365 * DAY_MS));
  const changes = [
    { op: 'add-version' as const, version: VERSION, sourceTag: null },
    { op: 'set-expires' as const, expires },
  ];
  const signedBytes = applyWave(changes, TAG, { ciTargets, productionTargets: null });
  const metadata = serializeMetadata({ signedBytes, signatures: [signatureOf(targets, signedBytes)] });
  await port.createWave({ name: `release-${VERSION}`, version: VERSION, tag: TAG, metadata });
  await port.completeWave(`release-${VERSION}`);
  return writeTgz([...first.entries, ...root.entries, ...targets.entries]);
}

function madeEd25519(role: string): MadeKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  const seed = privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32).toString('hex');
  return madeKey(role, { keytype: 'ED25519', keyval: { private: seed } });
}

function madeKey(role: string, secret: object): MadeKey {
  const offline = parsePrivateKey(secret, role);
  const keyid = keyidOf(offline.key);
  const name = `tufrepo/keys/${role === 'first-root' ? role : `fioctl-${role}-${keyid}`}`;
  return {
    offline,
    keyid,
    entries: [
      { name: `${name}.pub`, content: JSON.stringify(offline.key) },
      { name: `${name}.sec`, content: JSON.stringify(secret) },
    ],
  };
}

function signatureOf({ offline, keyid }: MadeKey, bytes: Buffer): Signature {
  return signOffline(offline, keyid, bytes);
}
