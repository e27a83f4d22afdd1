#!/usr/bin/env node
/**
 * Builds dist/ from src/: one file for each program, and chunks of what they share. Dependencies are in there too, all but native ones:
 * Node needs about a millisecond to find and load a module, and there are hundreds, for a command that may take less than that by itself.
 *
 * Says nothing of types, which `npm run typecheck` checks.
 */
import { build } from 'esbuild';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const OUT = resolve(import.meta.dirname, '../dist');

const PROGRAMS = [
  'src/main.ts',
  'src/signer/worker-main.ts',
  'src/signer/worker/watch-parent.ts',
  // for softhsm/make-token.mjs
  'src/signer/keys/index.ts',
  // for tests that start `countersign` with hooks of their own
  'src/cli/index.ts',
];

const { outputFiles } = await build({
  absWorkingDir: resolve(OUT, '..'),
  entryPoints: PROGRAMS,
  outbase: 'src',
  outdir: OUT,
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // Native modules look for their binaries beside themselves. pg-native is not installed; pg asks for it and does without.
  external: ['better-sqlite3', 'pkcs11js', 'pg-native'],
  // CommonJS among the dependencies asks for Node's own modules by it.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  sourcemap: true,
  sourcesContent: false,
  write: false,
});

const built = new Map(outputFiles.map(({ path, contents }) => [path, contents]));
// What is the same stays untouched, and goes on serving programs that run.
for (const [path, contents] of built) {
  if (isSame(path, contents)) continue;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
}
for (const path of filesBelow(OUT)) if (!built.has(path)) rmSync(path);

function isSame(path, contents) {
  try {
    return readFileSync(path).equals(contents);
  } catch {
    return false;
  }
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
