import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { TokenConfig } from '../../src/signer/token-types.js';
import { type RecordingLogger, recordingLogger } from './recording-logger.js';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/** Workers run as built code: `npm test` builds before it runs jest; by hand, `npm run build` does. */
const WORKER_PATH = join(REPOSITORY, 'dist/signer/worker-main.js');

const madeSchema = z.object({
  label: z.string(),
  serial: z.string(),
  module: z.string(),
  moduleEnvironment: z.object({ SOFTHSM2_CONF: z.string() }),
  pinFile: z.string(),
});

export interface SoftHsm {
  /** Holds everything below; removed by `remove`. */
  readonly dir: string;
  /** SoftHSM's directory of tokens, one folder each. */
  readonly tokensDir: string;
  /** For the `stateDir` of pools and key commands. */
  readonly stateDir: string;
  readonly logger: RecordingLogger;
  /** What `openTokenPool`, `generateKey`, … want beside the token. */
  readonly options: { logger: RecordingLogger; stateDir: string; workerPath: string };
  /** Makes one more initialised token, as `softhsm/make-token.mjs` does for people. */
  makeToken(label: string): TokenConfig & { readonly label: string; readonly serial: string };
  remove(): void;
}

/** A SoftHSM of its own: no two tests share tokens. */
export function makeSoftHsm(): SoftHsm {
  if (!existsSync(WORKER_PATH)) throw new Error(`${WORKER_PATH} is missing: run \`npm run build\` first`);
  const dir = mkdtempSync(join(tmpdir(), 'countersign-softhsm-'));
  const stateDir = join(dir, 'state');
  mkdirSync(stateDir, { mode: 0o700 });
  const logger = recordingLogger();
  return {
    dir,
    tokensDir: join(dir, 'tokens'),
    stateDir,
    logger,
    options: { logger, stateDir, workerPath: WORKER_PATH },
    makeToken(label) {
      const script = join(REPOSITORY, 'softhsm/make-token.mjs');
      const made = execFileSync(process.execPath, [script, '--dir', dir, '--label', label], { encoding: 'utf8' });
      return { ...madeSchema.parse(JSON.parse(made)), workers: 2, signTimeoutMs: 30_000 };
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
