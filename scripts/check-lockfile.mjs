#!/usr/bin/env node
/** Holds what every install relies on: exact versions in package.json, and a lock file that names no registry host. */
import { readFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const wrong = [];

for (const group of ['dependencies', 'devDependencies']) {
  for (const [name, version] of Object.entries(manifest[group] ?? {})) {
    if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) wrong.push(`package.json: ${name} is not exact: ${version}`);
  }
}
for (const [path, entry] of Object.entries(lock.packages)) {
  if ('resolved' in entry) wrong.push(`package-lock.json: ${path} names where it came from`);
  if (path !== '' && !entry.link && !entry.integrity && !entry.inBundle)
    wrong.push(`package-lock.json: ${path} has no integrity`);
}

for (const line of wrong) console.error(line);
process.exit(wrong.length === 0 ? 0 : 1);
