/**
 * A PostgreSQL of the tests' own: no TCP, everybody who reaches its socket may do anything, nothing is flushed to the disk.
 *
 *   node postgres-server.mjs start FOLDER     starts it, unless it runs already; prints nothing when all is well
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv, exit, getuid } from 'node:process';

const DEBIAN = '/usr/lib/postgresql';

/** Where the newest installed server's programs are; null where there is none. */
export function postgresPrograms() {
  if (!existsSync(DEBIAN)) return null;
  const versions = readdirSync(DEBIAN)
    .map(Number)
    .sort((a, b) => b - a);
  const found = versions.find((version) => existsSync(join(DEBIAN, String(version), 'bin', 'initdb')));
  return found === undefined ? null : { version: found, bin: join(DEBIAN, String(found), 'bin') };
}

export function stopPostgres(folder) {
  const programs = postgresPrograms();
  if (programs === null || !existsSync(join(folder, 'data', 'postmaster.pid'))) return;
  run([join(programs.bin, 'pg_ctl'), 'stop', '-D', join(folder, 'data'), '-m', 'immediate', '-s']);
}

function startPostgres(folder) {
  if (existsSync(join(folder, 'ready'))) return;
  const { bin, version } = postgresPrograms();
  const data = join(folder, 'data');
  chmodSync(folder, 0o755);
  mkdirSync(data, { mode: 0o700 });
  if (getuid() === 0) must(['chown', OTHER_USER, data]);
  // Sorted as in English by default, where it can be: so a test sees what the tables do not sort by themselves.
  const locale = version >= 15 ? ['--locale-provider=icu', '--icu-locale=en-US'] : [];
  must([join(bin, 'initdb'), '-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '-N', ...locale]);
  const settings = [
    "listen_addresses = ''",
    `unix_socket_directories = '${data}'`,
    'unix_socket_permissions = 0777',
    'fsync = off',
    'full_page_writes = off',
    'max_connections = 200',
    'shared_buffers = 32MB',
  ];
  writeFileSync(join(data, 'postgresql.conf'), `${settings.join('\n')}\n`, { flag: 'a' });
  must([join(bin, 'pg_ctl'), 'start', '-D', data, '-w', '-s', '-l', join(data, 'log')]);
  writeFileSync(join(folder, 'ready'), '');
}

/** The server refuses to run as root. Debian's package brings this user. */
const OTHER_USER = /^postgres:/m.test(readFileSync('/etc/passwd', 'utf8')) ? 'postgres' : 'nobody';
const OTHER_GROUP = OTHER_USER === 'postgres' ? 'postgres' : 'nogroup';

function run(command) {
  const drop = ['setpriv', `--reuid=${OTHER_USER}`, `--regid=${OTHER_GROUP}`, '--clear-groups', '--'];
  const [program, ...args] = getuid() === 0 && !command[0].startsWith('ch') ? [...drop, ...command] : command;
  return spawnSync(program, args, { encoding: 'utf8', cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
}

function must(command) {
  const { status, stderr, error } = run(command);
  if (status === 0) return;
  throw new Error(`${command.join(' ')}: ${error?.message ?? stderr}`);
}

if (argv[1] === import.meta.filename && argv[2] === 'start') {
  startPostgres(argv[3]);
  exit(0);
}
