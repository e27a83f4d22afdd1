/**
 * The whole story, by the command line and configuration files only, as three separate programs: ownership of root and targets
 * of a new Factory, a Wave, rotations of both keys, the next Wave. `--migrate` begins with a Factory whose keys are in a file, as
 * fioctl keeps them. `--gateway` tells it with fioctl's own calls through the gateway. `--keep` leaves everything running; `--folder DIR` says where. By
 * default each of these stories has a folder of its own below .demo, so that they may run beside each other.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInstallation, MAIN, writeConfiguration, type Installation } from './demo/installation.js';
import { createNarrator } from './demo/narrate.js';
import { createFleet } from './demo/fleet.js';
import {
  completeWithFioctl,
  explainRealFioctl,
  pointFioctl,
  rotateWithFioctl,
  runWaveWithFioctl,
  waitWithFioctl,
  withWait,
} from './demo/gateway-story.js';
import {
  beginLegacy,
  closeStory,
  completeWave,
  establishTwoTokens,
  migrate,
  rotate,
  runNextWave,
  takeOwnershipOfRoot,
  takeOwnershipOfTargets,
  type Story,
} from './demo/root-story.js';
import { runWave } from './demo/run-wave.js';
import { stopAll, type Daemon } from './demo/process.js';

const migrating = process.argv.includes('--migrate');
const throughGateway = process.argv.includes('--gateway');
const keep = process.argv.includes('--keep');
const folderAt = process.argv.indexOf('--folder');
const storyName = [...(migrating ? ['migrated'] : []), ...(throughGateway ? ['gateway'] : [])].join('-') || 'new';
const folder = resolve(
  folderAt < 0 ? join(import.meta.dirname, '..', '.demo', storyName) : (process.argv[folderAt + 1] ?? ''),
);
const FIRST_VERSION = 42;
/** Of the Wave after the rotations; the last one is left for whoever goes on by hand. */
const NEXT_VERSION = 44;
const started = Date.now();
const daemons: Daemon[] = [];
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interruption.abort();
    void stopAll(daemons).then(() => process.exit(130));
  });
}

try {
  await stopEarlier(folder);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const officers = [
    { name: 'alice', keyType: 'ed25519' },
    { name: 'bob', keyType: 'ecdsa' },
  ];
  const installation = await createInstallation(folder, officers, MAIN, 'new');
  const narrator = createNarrator(installation);
  const story = { installation, narrator, fleet: createFleet(installation) };
  await writeConfiguration(installation);
  const keysFile = join(folder, 'factory-keys.tgz');
  const { rootKeyid } = await establishTwoTokens(story, daemons, async () => {
    if (migrating) await beginLegacy(story, keysFile);
  });
  if (migrating) await migrate(story, keysFile);
  else {
    await takeOwnershipOfRoot(story, rootKeyid);
    await takeOwnershipOfTargets(story);
  }
  const told = throughGateway ? await tellThroughGateway(story) : await tellByCommandLine(story);
  await closeStory(story);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  const line = `demo: ok · ${migrating ? 'keys of an old file retired' : 'a new Factory owned'}, ${told} for tag production signed · approved by ${officers.map(({ name }) => name).join(' and ')} · ${seconds} s · evidence in ${join(folder, 'evidence')}`;
  if (throughGateway) console.log(explainRealFioctl(story));
  if (keep) await stay(line, installation);
  else {
    await stopAll(daemons);
    console.log(line);
  }
} catch (error) {
  await stopAll(daemons);
  if (!interruption.signal.aborted) {
    console.error(`demo: failed: ${error instanceof Error ? error.message : String(error)}`);
    console.error(`demo: logs are in ${join(folder, 'logs')}`);
    process.exit(1);
  }
}

async function tellByCommandLine(story: Story): Promise<string> {
  const result = await runWave(story.installation, story.narrator);
  await completeWave(story, result.name);
  await rotate(story, 'targets');
  await rotate(story, 'root');
  await runNextWave(story, NEXT_VERSION);
  return `both keys rotated, versions ${result.version} and ${NEXT_VERSION}`;
}

async function tellThroughGateway(story: Story): Promise<string> {
  const fioctl = await pointFioctl(story);
  const name = await runWaveWithFioctl(story, fioctl, FIRST_VERSION);
  await completeWithFioctl(story, fioctl, name);
  await rotateWithFioctl(story, fioctl, 'targets');
  await rotateWithFioctl(story, fioctl, 'root');
  await waitWithFioctl(story, withWait(story, fioctl), NEXT_VERSION);
  return `both keys rotated with fioctl, versions ${FIRST_VERSION} and ${NEXT_VERSION}`;
}

async function stay(line: string, installation: Installation): Promise<void> {
  writeFileSync(join(folder, 'pids'), daemons.map((daemon) => daemon.pid).join('\n'));
  console.log(`
Everything is running. In ${folder}, type for instance:

  ./countersign --as alice waves complete release-44
  ./countersign --as ci waves init release-45 45 production --reason "Kernel fixes"
  ./countersign --as alice requests
  ./countersign --as alice review ID
  ./countersign --as alice approve ID
  ./countersign --as bob approve ID
  ./countersign --as ci show ID

Metrics are at http://127.0.0.1:${installation.ports.metrics}/metrics, readiness at http://127.0.0.1:${installation.ports.service}/readyz.
Logs are in ${join(folder, 'logs')}. Ctrl-C stops it all.
`);
  console.log(line);
  await new Promise(() => setInterval(() => undefined, 60_000));
}

/** A demo that was left running in the same folder holds its ports and lock. */
async function stopEarlier(where: string): Promise<void> {
  const file = join(where, 'pids');
  if (!existsSync(file)) return;
  for (const pid of readFileSync(file, 'utf8').split('\n').map(Number)) {
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('dist/main.js')) process.kill(pid, 'SIGTERM');
    } catch {
      // it is gone already
    }
  }
  await new Promise((done) => setTimeout(done, 500));
}
