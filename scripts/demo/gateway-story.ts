import { readFileSync, writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { readOfflineKeys } from '../../src/offline-keys/index.js';
import { approve, approveAndWait } from './approve.js';
import { Fioctl } from './fioctl.js';
import { FioctlError } from './fioctl-connection.js';
import { firstLine } from './installation.js';
import { generateStandby, type Story } from './root-story.js';

const TAG = 'production';
/** Who types fioctl. */
const ENGINEER = 'operator';
const WAIT_SECONDS = 120;

/** A request key, and a fioctl that is pointed at the gateway. */
export async function pointFioctl({ installation, narrator }: Story): Promise<Fioctl> {
  const { path, factory, ports } = installation;
  const { step, seen, run } = narrator;
  step('A request key: it shows who asks with fioctl, and no device trusts it');
  const url = `http://127.0.0.1:${ports.gateway}`;
  const keysFile = path('people', ENGINEER, 'keys.tgz');
  await run(['request-key', 'create', '--for', ENGINEER, '--out', keysFile, '--gateway', url], { as: ENGINEER });
  const token = firstLine(path('people', ENGINEER, 'factory.token'));
  const configuration = { factory, token, server: { url }, extraheaders: { Prefer: `wait=${WAIT_SECONDS}` } };
  writeFileSync(path('people', ENGINEER, 'fioctl.yaml'), stringify(configuration), { mode: 0o600 });
  seen(`the gateway is at ${url}; fioctl's configuration is in people/${ENGINEER}/fioctl.yaml`);
  return new Fioctl({ url, factory, token }, await readOfflineKeys(readFileSync(keysFile)));
}

/** A Wave as fioctl asks for it: refused with what it waits for, approved, and the same command succeeds. */
export async function runWaveWithFioctl(story: Story, fioctl: Fioctl, version: number): Promise<string> {
  const { installation, narrator, fleet } = story;
  const name = `release-${version}`;
  narrator.step('fioctl asks for a Wave, and is told what it waits for');
  const command = `fioctl waves init ${name} ${version} ${TAG} -k keys.tgz`;
  const id = await waiting(story, command, () => fioctl.initWave(name, version, TAG));
  await approveAndWait(installation, narrator, id);
  console.log(`   $ ${command}`);
  await fioctl.initWave(name, version, TAG);
  narrator.seen('the same command succeeds: the Wave is at the Factory, signed by the token');
  narrator.seen(await fleet.look({ tag: TAG, wave: name }));
  return name;
}

export async function completeWithFioctl({ narrator, fleet }: Story, fioctl: Fioctl, name: string): Promise<void> {
  narrator.step('fioctl completes the Wave: what signs nothing is passed on to the Factory as it is');
  console.log(`   $ fioctl waves complete ${name}`);
  await fioctl.completeWave(name);
  narrator.seen(await fleet.look({ tag: TAG, wave: null }));
}

/** fioctl makes a key on the engineer's computer, as it always does; what comes into the root is the standby key of the token. */
export async function rotateWithFioctl(story: Story, fioctl: Fioctl, role: 'root' | 'targets'): Promise<void> {
  const { installation, narrator, fleet } = story;
  const { step, seen } = narrator;
  step(
    role === 'targets'
      ? 'fioctl rotates the targets key: the key that it makes stays on its computer, the token’s comes into the root'
      : 'fioctl rotates the root key in the same way',
  );
  const standby = await generateStandby(story, role, 'ed25519');
  const id = await waiting(story, `fioctl keys tuf rotate-offline-key --role ${role} -k keys.tgz`, () =>
    fioctl.rotateOfflineKey(role),
  );
  const reviewed = await narrator.run(['review', id], { as: 'alice' });
  console.log(reviewed.stdout.replace(/^/gmu, '   │ '));
  await approveAndWait(installation, narrator, id);
  console.log('   $ fioctl keys tuf updates apply');
  await fioctl.apply();
  const shown = await narrator.run(['root', 'show', '--json'], { as: 'auditor' });
  if (!shown.stdout.includes(standby)) throw new Error('the standby key is not in the root');
  seen('the new root names the standby key; no key of the engineer’s file has ever been in any');
  seen(await fleet.look({ tag: TAG, wave: null }));
}

/** With `Prefer: wait=N` among its extraheaders, fioctl waits for the officers itself. */
export async function waitWithFioctl(story: Story, waitingFioctl: Fioctl, version: number): Promise<void> {
  const { installation, narrator, fleet } = story;
  const name = `release-${version}`;
  narrator.step('The next Wave, under the new keys; this time fioctl waits for the officers itself');
  console.log(
    `   $ fioctl waves init ${name} ${version} ${TAG} -k keys.tgz   # extraheaders: {Prefer: wait=${WAIT_SECONDS}}`,
  );
  const ended = waitingFioctl.initWave(name, version, TAG);
  const id = await Promise.race([ended.then(() => Promise.reject(new Error('nobody was asked'))), openRequest(story)]);
  for (const officer of installation.officers) await approve(narrator, id, officer.name);
  await ended;
  narrator.seen('it ended with success as soon as the Wave was at the Factory');
  narrator.seen(await fleet.look({ tag: TAG, wave: name }));
}

/** The same keys, with `extraheaders`. */
export function withWait({ installation: { ports, factory, path } }: Story, fioctl: Fioctl): Fioctl {
  const token = firstLine(path('people', ENGINEER, 'factory.token'));
  const extraHeaders = { Prefer: `wait=${WAIT_SECONDS}` };
  return new Fioctl({ url: `http://127.0.0.1:${ports.gateway}`, factory, token, extraHeaders }, fioctl.keys);
}

/** For whoever has the real fioctl at hand. */
export function explainRealFioctl({ installation: { path } }: Story): string {
  const configuration = path('people', ENGINEER, 'fioctl.yaml');
  // the token stands in the file alone: what a demo prints ends up in logs
  const shown = readFileSync(configuration, 'utf8')
    .replace(/^token: .*$/mu, 'token: …')
    .replace(/^/gmu, '  ')
    .trimEnd();
  return `
To point a real fioctl at the gateway (while it runs: npm run demo -- --gateway --keep), use this configuration, which is in
${configuration}:

${shown}

  fioctl -c ${configuration} waves list
  fioctl -c ${configuration} waves init release-45 45 ${TAG} -k ${path('people', ENGINEER, 'keys.tgz')}
  fioctl -c ${configuration} keys tuf updates review
`;
}

/** @returns the request that fioctl was told about */
async function waiting({ narrator }: Story, command: string, run: () => Promise<void>): Promise<string> {
  console.log(`   $ ${command}`);
  try {
    await run();
  } catch (error) {
    if (!(error instanceof FioctlError) || error.status !== 423) throw error;
    console.log(error.message.replace(/^/gmu, '   │ '));
    const [id] = /req_\w+/u.exec(error.message) ?? [];
    if (id === undefined) throw new Error('no request is named', { cause: error });
    narrator.seen('fioctl prints it and ends with 1; nothing is lost, on neither side');
    return id;
  }
  throw new Error('it succeeded without any approval');
}

async function openRequest({ narrator }: Story): Promise<string> {
  for (let look = 0; look < 60; look += 1) {
    const { stdout } = await narrator.run(['requests', '--state', 'open', '--json'], { as: 'alice' });
    const [id] = /req_\w+/u.exec(stdout) ?? [];
    if (id !== undefined) return id;
  }
  throw new Error('no request was opened');
}
