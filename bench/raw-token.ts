/**
 * What the token alone takes: C_SignInit and C_Sign in a session that is logged in, in a process of its own, with nothing
 * around it. `rawToken` starts such a process; this file is also what runs in it.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { TokenConfig } from '../src/signer/index.js';

const openSchema = z.object({
  modulePath: z.string(),
  label: z.string(),
  pinFile: z.string(),
  stateDir: z.string(),
  keyid: z.string(),
});
const jobSchema = z.object({ payload: z.instanceof(Uint8Array), count: z.int().min(1) });
const answerSchema = z.object({ timesMs: z.array(z.number()), method: z.string(), sig: z.string() });

export interface RawToken {
  readonly pid: number;
  /** Signs `count` times; how long each took, and the last signature with its TUF method, in base64. */
  sign(payload: Buffer, count: number): Promise<z.output<typeof answerSchema>>;
  close(): Promise<void>;
}

export async function openRawToken(
  token: TokenConfig & { readonly label: string },
  keyid: string,
  stateDir: string,
): Promise<RawToken> {
  const open = { modulePath: token.module, label: token.label, pinFile: token.pinFile, stateDir, keyid };
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(open)], {
    env: { ...process.env, ...token.moduleEnvironment },
    serialization: 'advanced',
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await answerOf(child);
  return {
    pid: child.pid ?? 0,
    sign: async (payload, count) => {
      child.send({ payload, count });
      return answerSchema.parse(await answerOf(child));
    },
    close: async () => {
      child.disconnect();
      await ended;
    },
  };
}

function answerOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const gone = (code: number | null): void => reject(new Error(`the process with the token ended: ${String(code)}`));
    child.once('exit', gone);
    child.once('message', (answer) => {
      child.off('exit', gone);
      resolve(answer);
    });
  });
}

async function serve(options: string): Promise<void> {
  const { OpenToken } = await import('../src/signer/worker/open-token.js');
  const { algorithmOf } = await import('../src/tuf/index.js');
  const { signWith } = await import('../src/signer/pkcs11/index.js');
  const { modulePath, label, pinFile, stateDir, keyid } = openSchema.parse(JSON.parse(options));
  const token = OpenToken.open({ module: { path: modulePath }, selector: { label }, pinFile, stateDir });
  const pair = token.found.pairs.find((candidate) => candidate.keyid === keyid);
  if (pair === undefined) throw new Error('the key is not in the token');
  process.on('message', (job) => {
    const { payload, count } = jobSchema.parse(job);
    const message = Buffer.from(payload);
    const timesMs: number[] = [];
    let signature: Buffer = Buffer.alloc(0);
    for (let made = 0; made < count; made += 1) {
      const start = performance.now();
      signature = signWith(token.session, pair.privateKey, pair.key.keytype, message);
      timesMs.push(performance.now() - start);
    }
    process.send?.({ timesMs, method: algorithmOf(pair.key).method, sig: signature.toString('base64') });
  });
  process.once('disconnect', () => token.close());
  process.send?.('open');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await serve(process.argv[2] ?? '');
