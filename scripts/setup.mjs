#!/usr/bin/env node
/**
 * Makes a fresh clone ready: system packages, node modules, build. Runs before `npm test` and `npm run demo`,
 * needs nothing but Node itself, and does nothing that was done before. With --tests, also what only tests want.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const started = Date.now();
let worked = false;

checkNode();
installSystemPackages();
if (process.argv.includes('--tests')) installPostgres();
installNodeModules();
build();
if (worked) say('ready');

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Node ${process.versions.node} is too old: Countersign needs 20.19 or newer.`);
  }
}

/** What has to be on the machine: how to see that it is there, and the Debian package that brings it. */
function missingSystemPackages() {
  const needs = [
    { packages: ['softhsm2'], there: softhsmModule() !== undefined },
    // tests build a PKCS#11 module of their own
    { packages: ['gcc', 'libc6-dev'], there: onPath('cc') },
    { packages: ['openssh-client'], there: onPath('ssh-keygen') && onPath('ssh-agent') && onPath('ssh-add') },
  ];
  // Compiler and Python are only needed while native modules still have to be built.
  if (!nodeModulesAreCurrent()) {
    needs.push({ packages: ['build-essential'], there: onPath('g++') && onPath('make') });
    needs.push({ packages: ['python3'], there: onPath('python3') });
  }
  return needs.filter((need) => !need.there).flatMap((need) => need.packages);
}

function installSystemPackages() {
  const packages = missingSystemPackages();
  if (packages.length === 0) return;
  const problem = aptInstall(packages);
  if (problem !== null) fail(problem);
  if (missingSystemPackages().length > 0)
    fail(`something is still missing. Try by hand:\n  apt-get install ${packages.join(' ')}`);
}

/** Tests that want a PostgreSQL start one of their own from Debian's package; without it they are skipped, and say so. */
function installPostgres() {
  if (hasPostgres()) return;
  const problem = aptInstall(['postgresql']);
  if (problem !== null) say(`the tests over PostgreSQL will be skipped: ${problem}`);
}

/** Null when they are installed, otherwise what to do. */
function aptInstall(packages) {
  const byHand = `apt-get install ${packages.join(' ')}`;
  if (!onPath('apt-get'))
    return `these programs are missing: ${packages.join(', ')} (Debian's names). Install them and run this again.`;
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  if (sudo.length > 0 && (!onPath('sudo') || !run([...sudo, 'true'], { quiet: true }))) {
    return `system packages are missing and this user may not install them. As root, run:\n  ${byHand}\nthen run this again.`;
  }
  say(`installing system packages: ${packages.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = [...sudo, 'apt-get', 'install', '-y', '--no-install-recommends', ...packages];
  // The package lists of a fresh machine are empty or old: refresh them first, once.
  const ok = run([...sudo, 'apt-get', 'update', '-q'], { env }) && run(install, { env });
  return ok ? null : `the system packages could not be installed. Try by hand:\n  ${byHand}`;
}

function installNodeModules() {
  if (nodeModulesAreCurrent()) return;
  // npm ci empties the folder behind the link, which others use too.
  if (lstatSync(join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink() === true) {
    fail('node_modules is a link to a folder of another clone and not up to date: install there, or remove the link.');
  }
  say('installing node modules; native ones are compiled, which takes about two minutes');
  if (!run(['npm', 'ci', '--no-audit', '--no-fund'])) fail('npm ci failed; its own output above says why.');
  writeFileSync(stampFile(), wantedStamp());
}

function nodeModulesAreCurrent() {
  return existsSync(stampFile()) && readFileSync(stampFile(), 'utf8') === wantedStamp();
}

function stampFile() {
  return join(root, 'node_modules', '.countersign-setup');
}

/** Changes with the lock file and with the ABI that native modules were built for. */
function wantedStamp() {
  return `${sha256(readFileSync(join(root, 'package-lock.json')))} abi ${process.versions.modules} ${process.arch}\n`;
}

function build() {
  if (!existsSync(join(root, 'dist', 'main.js'))) say('building');
  if (!run([process.execPath, join(root, 'scripts', 'build.mjs')])) {
    fail('the build failed; the errors above say where.');
  }
}

function softhsmModule() {
  return [
    '/usr/lib/softhsm/libsofthsm2.so',
    '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
    '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
    '/usr/local/lib/softhsm/libsofthsm2.so',
  ].find((path) => existsSync(path));
}

function hasPostgres() {
  const versions = '/usr/lib/postgresql';
  return existsSync(versions) && readdirSync(versions).some((one) => existsSync(join(versions, one, 'bin', 'initdb')));
}

function onPath(program) {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, program)));
}

function run([command, ...args], { quiet = false, env = process.env } = {}) {
  if (!quiet) worked ||= command !== process.execPath;
  const result = spawnSync(command, args, {
    cwd: root,
    env,
    stdio: quiet ? 'ignore' : ['ignore', 'inherit', 'inherit'],
  });
  return result.status === 0;
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

function say(text) {
  console.error(`setup: ${text} (${((Date.now() - started) / 1000).toFixed(0)} s)`);
}

function fail(text) {
  console.error(`setup: ${text}`);
  process.exit(1);
}
