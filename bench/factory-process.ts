/** The sandbox Factory in a process of its own, as large as `ciBuilds` makes it. `openFactory` starts it; this file also runs in it. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { createFoundriesClient, type FoundriesClient } from '../src/foundries/index.js';
import { parseOfflineKeys, startSandbox } from '../src/sandbox/index.js';
import { createLogger } from '../src/telemetry/index.js';
import type { Key } from '../src/tuf/index.js';
import { ciBuilds } from './ci-builds.js';
import type { Closing } from './closing.js';
import { FACTORY } from './signer-process.js';

const productionSchema = z.record(z.string(), z.string());
const startedSchema = z.object({ url: z.string(), token: z.string() });

export interface Factory {
  readonly url: string;
  /** The API token of a person who may do everything. */
  readonly token: string;
  readonly client: FoundriesClient;
}

/** Named by its roots from version 3 on. */
interface FactoryKeys {
  readonly root?: readonly Key[];
  readonly targets: readonly Key[];
}

/** @param production a file with what is in production already, by tag, signed by the offline keys */
export async function openFactory(keys: FactoryKeys, closing: Closing, production = ''): Promise<Factory> {
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(keys), production]);
  const ended = once(child, 'exit');
  closing.add(async () => {
    child.disconnect();
    await ended;
  });
  const [started] = (await Promise.race([once(child, 'message'), ended])) as [unknown];
  const { url, token } = startedSchema.parse(started);
  const client = createFoundriesClient({
    ...{ factory: FACTORY, url, token: () => token, userAgent: 'countersign-bench', timeoutMs: 300_000 },
  });
  return { url, token, client };
}

async function serve(offlineKeys: string, production: string): Promise<void> {
  const sandbox = await startSandbox({
    factory: FACTORY,
    host: '127.0.0.1',
    port: 0,
    offlineKeys: parseOfflineKeys(offlineKeys),
    ciTargets: ciBuilds(),
    productionTargets: production === '' ? {} : productionSchema.parse(JSON.parse(readFileSync(production, 'utf8'))),
    clock: { now: () => new Date() },
    logger: createLogger({ level: 'error', style: 'text', program: 'sandbox' }),
  });
  process.once('disconnect', () => void sandbox.close());
  process.send?.({ url: sandbox.url, token: sandbox.people[0]?.token });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await serve(process.argv[2] ?? '', process.argv[3] ?? '');
