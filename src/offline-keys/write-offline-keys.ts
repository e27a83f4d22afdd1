import type { KeyObject } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { keyidOf, type Key } from '../tuf/index.js';
import type { OfflineKey } from './private-key.js';

export interface RoleKey {
  readonly role: 'root' | 'targets';
  readonly offline: OfflineKey;
}

const OWNER_ONLY = 0o600;

/**
 * An archive of keys as fioctl keeps and reads offline keys: two flat entries a key, named after role and keyid.
 *
 * @returns the bytes of the file, which hold private keys: whoever asked overwrites them after use
 */
export async function writeOfflineKeys(keys: readonly RoleKey[]): Promise<Buffer> {
  const archive = pack();
  const mtime = new Date(0); // when a key was made is nobody's business
  const add = (name: string, value: unknown): void => {
    archive.entry({ name, mode: OWNER_ONLY, mtime }, Buffer.from(JSON.stringify(value)));
  };
  for (const { role, offline } of keys) {
    const { key, privateKey } = offline;
    const path = `tufrepo/keys/fioctl-${role}-${keyidOf(key)}`;
    add(`${path}.sec`, { keytype: key.keytype, keyval: { private: privateText(key.keytype, privateKey) } });
    add(`${path}.pub`, { keytype: key.keytype, keyval: { public: key.keyval.public } });
  }
  archive.finalize();
  const blocks: Buffer[] = [];
  for await (const block of archive) blocks.push(block as Buffer);
  const tar = Buffer.concat(blocks);
  try {
    return gzipSync(tar);
  } finally {
    for (const bytes of [tar, ...blocks]) bytes.fill(0);
  }
}

/** ED25519: the seed in hexadecimal digits; RSA: PKCS#1 in PEM. */
function privateText(keytype: Key['keytype'], privateKey: KeyObject): string {
  if (keytype === 'RSA') return privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  const { d = '' } = privateKey.export({ format: 'jwk' });
  return Buffer.from(d, 'base64url').toString('hex');
}
