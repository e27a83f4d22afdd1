#!/usr/bin/env node
/**
 * The composition root: the only reader of the environment and of signals, and the only place that ends the process.
 */
import { homedir } from 'node:os';
import { runCommandLine } from './cli/index.js';

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interruption.abort();
    // Whoever asks twice means it.
    process.once(signal, () => process.exit(130));
  });
}
// `countersign … | head` ends the reader early; that is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
// Words for people and the log: when nobody can be told, the work still goes on.
process.stderr.on('error', () => undefined);

process.exitCode = await runCommandLine(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  now: () => new Date(),
  settings: {
    home: process.env['HOME'] ?? homedir(),
    configPath: process.env['COUNTERSIGN_CONFIG'],
    url: process.env['COUNTERSIGN_URL'],
    bearer: process.env['COUNTERSIGN_TOKEN'],
    credentialsDirectory: process.env['CREDENTIALS_DIRECTORY'],
    environment: process.env,
  },
  interrupted: interruption.signal,
});

// What is left for stderr when all is done may wait for a reader for ever; data on stdout is waited for.
const LAST_WORDS_MS = 5_000;
setTimeout(() => {
  if (process.stdout.writableLength === 0) process.exit();
}, LAST_WORDS_MS).unref();
