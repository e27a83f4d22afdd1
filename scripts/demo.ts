/**
 * The main job from an empty token to an accepted Wave, by the command line and configuration files only, as three
 * separate programs. `--keep` leaves everything running; `--folder DIR` says where (default: .demo).
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInstallation, writeConfiguration, type Installation } from './demo/installation.js';
import { createNarrator } from './demo/narrate.js';
import { establish } from './demo/establish.js';
import { runWave } from './demo/run-wave.js';
import { stopAll, type Daemon } from './demo/process.js';

const keep = process.argv.includes('--keep');
const folderAt = process.argv.indexOf('--folder');
const folder = resolve(folderAt < 0 ? join(import.meta.dirname, '..', '.demo') : (process.argv[folderAt + 1] ?? ''));
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
  const installation = await createInstallation(folder, [
    { name: 'alice', keyType: 'ed25519' },
    { name: 'bob', keyType: 'ecdsa' },
  ]);
  const narrator = createNarrator(installation);
  await writeConfiguration(installation);
  await establish(installation, narrator, daemons);
  const result = await runWave(installation, narrator);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  const line = `demo: ok · version ${result.version} for tag ${result.tag} signed by ${result.keyid} · approved by ${result.officers.join(' and ')} · ${seconds} s · evidence in ${join(folder, 'evidence')}`;
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

async function stay(line: string, installation: Installation): Promise<void> {
  writeFileSync(join(folder, 'pids'), daemons.map((daemon) => daemon.pid).join('\n'));
  console.log(`
Everything is running. In ${folder}, type for instance:

  ./countersign --as alice waves complete release-42
  ./countersign --as ci waves init release-44 44 production --reason "Kernel fixes"
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
