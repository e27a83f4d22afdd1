#!/usr/bin/env node
/**
 * Makes a SoftHSM token for demos, tests and rehearsals:
 *
 *   node softhsm/make-token.mjs --dir DIR --label LABEL [--module PATH]
 *
 * DIR (made if missing, 0700) gets `softhsm2.conf`, `tokens/` and, for each label, `LABEL.pin` and `LABEL.so-pin` with
 * random PINs (0600; kept if they are there). Run again with another label it puts a second token beside the first.
 * The token is initialised through PKCS#11 and not by softhsm2-util, which takes PINs as arguments for all to see.
 * Needs `npm run build`. Prints one JSON object: what the signer's configuration says of a token.
 */
import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, URL } from 'node:url';
import { parseArgs } from 'node:util';

const MODULES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib64/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
];

const built = new URL('../dist/signer/keys/index.js', import.meta.url);
const silent = { error() {}, warn() {}, info() {}, debug() {}, child: () => silent };

async function main() {
  const { values } = parseArgs({
    options: { dir: { type: 'string' }, label: { type: 'string' }, module: { type: 'string' } },
  });
  if (values.dir === undefined || values.label === undefined) {
    throw new Error('usage: make-token.mjs --dir DIR --label LABEL [--module PATH]');
  }
  if (!/^[A-Za-z0-9._-]{1,32}$/.test(values.label)) throw new Error('a label has 1 to 32 of A-Z a-z 0-9 . _ -');
  if (!existsSync(built)) throw new Error('dist/ is missing: run `npm run build` first');
  const module = values.module ?? MODULES.find((path) => existsSync(path));
  if (module === undefined) throw new Error('SoftHSM is not installed (Debian: softhsm2)');

  const dir = resolve(values.dir);
  const conf = writeConf(dir);
  const pinFile = writePin(join(dir, `${values.label}.pin`));
  const soPinFile = writePin(join(dir, `${values.label}.so-pin`));
  const moduleEnvironment = { SOFTHSM2_CONF: conf };
  const { initToken } = await import(built.href);
  const { label, serial } = await initToken(
    { module, moduleEnvironment, label: values.label, soPinFile, userPinFile: pinFile },
    { logger: silent },
  );
  process.stdout.write(`${JSON.stringify({ label, serial, module, moduleEnvironment, pinFile })}\n`);
}

function writeConf(dir) {
  const tokens = join(dir, 'tokens');
  mkdirSync(tokens, { recursive: true, mode: 0o700 });
  const template = readFileSync(fileURLToPath(new URL('./softhsm2.conf', import.meta.url)), 'utf8');
  const conf = join(dir, 'softhsm2.conf');
  writeFileSync(conf, template.replace('directories.tokendir = @TOKENDIR@', `directories.tokendir = ${tokens}`));
  return conf;
}

function writePin(path) {
  if (existsSync(path)) return path;
  const pin = Array.from({ length: 12 }, () => randomInt(10)).join('');
  writeFileSync(path, `${pin}\n`, { mode: 0o600, flag: 'wx' });
  return path;
}

main().catch((error) => {
  process.stderr.write(`make-token: ${error.message}${error.hint === undefined ? '' : ` (${error.hint})`}\n`);
  process.exitCode = 1;
});
