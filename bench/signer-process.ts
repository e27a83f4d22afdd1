import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { startDaemon } from '../scripts/demo/process.js';
import type { Pins } from '../src/dossier/index.js';
import { createSignerClient } from '../src/signer/client/index.js';
import { generateKey, initSigner, type KeyType, type SignerClient, type TokenKey } from '../src/signer/index.js';
import { makeSoftHsm } from '../test/support/softhsm.js';
import type { Closing } from './closing.js';
import { openRawToken, type RawToken } from './raw-token.js';

/** The programs as they are built. */
export const MAIN = resolve(import.meta.dirname, '../dist/main.js');
export const FACTORY = 'acme';
export const TOKEN_LABEL = 'targets';
/** Thousands of signatures in one call, on a machine that does other things too. */
const CALL_TIMEOUT_MS = 3_600_000;

/** A new SoftHSM token with one key, and a process that does nothing but sign with it. */
export interface BenchToken {
  readonly key: TokenKey;
  readonly raw: RawToken;
  /** One more key in it, for the root role. */
  makeRootKey(): Promise<TokenKey>;
  /** Another process that does the same. */
  openRaw(): Promise<RawToken>;
  /** What the signer's configuration says of it. */
  readonly config: object;
  /** For whatever else the benchmark keeps in files. */
  readonly folder: string;
}

/** @param workers of the signer */
export async function openBenchToken(keyType: KeyType, closing: Closing, workers = 1): Promise<BenchToken> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  closing.add(() => rmSync(folder, { recursive: true, force: true }));
  const hsm = makeSoftHsm();
  closing.add(() => hsm.remove());
  const token = hsm.makeToken(TOKEN_LABEL);
  const key = await generateKey(token, { factory: FACTORY, role: 'targets', type: keyType }, hsm.options);
  const makeRootKey = () => generateKey(token, { factory: FACTORY, role: 'root', type: keyType }, hsm.options);
  const openRaw = async (): Promise<RawToken> => {
    const raw = await openRawToken(token, key.keyid, mkdtempSync(join(folder, 'raw-')));
    closing.add(() => raw.close());
    return raw;
  };
  const { module, moduleEnvironment, pinFile, label } = token;
  return {
    key,
    makeRootKey,
    raw: await openRaw(),
    openRaw,
    folder,
    config: { label, module, moduleEnvironment, pinFile, workers },
  };
}

/** What the image gives Node to start with. */
function nodeFlags(): string[] {
  const dockerfile = readFileSync(resolve(import.meta.dirname, '../Dockerfile'), 'utf8');
  const entry = /^ENTRYPOINT (.*)$/m.exec(dockerfile)?.[1] ?? '';
  return z.array(z.string()).parse(JSON.parse(entry)).slice(1, -1);
}

/** `countersign signer run` as the image starts it, on a journal of its own. */
export async function startSigner(
  { folder, key, config }: BenchToken,
  trust: { readonly policy: string; readonly pins: Pins },
  closing: Closing,
  moreKeys: readonly TokenKey[] = [],
): Promise<{ client: SignerClient; socketPath: string; pid: number }> {
  const home = mkdtempSync(join(folder, 'signer-'));
  const stateDir = join(home, 'state');
  await initSigner({ stateDir, policies: [trust.policy], pins: trust.pins, keys: [key, ...moreKeys], now: new Date() });
  const socketPath = join(home, 'signer.sock');
  const configPath = join(home, 'signer.yaml');
  writeFileSync(
    configPath,
    stringify({ stateDir, socket: socketPath, tokens: [config], log: { level: 'info', style: 'json' } }),
  );
  const daemon = await startDaemon(
    'signer',
    process.execPath,
    [...nodeFlags(), MAIN, 'signer', 'run', '--config', configPath],
    {
      logFile: join(home, 'signer.log'),
      ready: () => Promise.resolve(existsSync(socketPath)),
    },
  );
  closing.add(() => daemon.stop());
  return { client: createSignerClient({ socketPath, timeoutMs: CALL_TIMEOUT_MS }), socketPath, pid: daemon.pid };
}
