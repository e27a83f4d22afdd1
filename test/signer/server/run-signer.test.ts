import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createSignerClient } from '../../../src/signer/client/index.js';
import { initSigner } from '../../../src/signer/server/init-signer.js';
import { DEFAULT_SIGNER_LIMITS, type SignerLimits } from '../../../src/signer/server/limits.js';
import { type RunningSigner, runSigner, type SignerOptions } from '../../../src/signer/server/run-signer.js';
import { createFixture, type Fixture, metadataText } from '../../support/factory-fixture.js';
import { recordingLogger, type RecordingLogger } from '../../support/recording-logger.js';
import { rejectionOf } from '../../support/reject-code.js';
import { softToken, type SoftToken } from '../../support/soft-token-pool.js';
import { tufKey } from '../../support/tuf-key.js';

let parent: string;
let fixture: Fixture;
let token: SoftToken;
let logger: RecordingLogger;
let running: RunningSigner | null;
const socketPath = (): string => join(parent, 'run', 'signer.sock');
const stateDir = (): string => join(parent, 'state');

beforeEach(async () => {
  parent = mkdtempSync(join(tmpdir(), 'run-signer-'));
  const key = tufKey();
  fixture = createFixture({ productionVersion: null, offlineKeys: [key] });
  token = softToken({ keys: [{ pair: key }] });
  logger = recordingLogger();
  running = null;
  await initSigner({
    stateDir: stateDir(),
    policies: [fixture.policyText],
    pins: fixture.pins,
    keys: await token.keys(),
    now: fixture.now,
  });
});

afterEach(async () => {
  await running?.close();
  rmSync(parent, { recursive: true });
});

async function start(more: Partial<SignerOptions> = {}): Promise<RunningSigner> {
  running = await runSigner({
    stateDir: stateDir(),
    socketPath: socketPath(),
    openTokens: () => Promise.resolve([token]),
    logger,
    now: () => fixture.now,
    ...more,
  });
  return running;
}

const client = (timeoutMs = 20_000) => createSignerClient({ socketPath: socketPath(), timeoutMs });

interface Raw {
  readonly method?: string;
  readonly path?: string;
  readonly type?: string;
  readonly receipt?: string;
  readonly body?: string | Buffer;
}

/** What the signer answers to a request that no client of ours would send. */
async function raw({
  method = 'POST',
  path = '/v1/sign',
  type,
  receipt,
  body,
}: Raw): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...(type === undefined ? {} : { 'content-type': type }),
      ...(receipt === undefined ? {} : { 'countersign-receipt': receipt }),
    };
    const request = httpRequest({ socketPath: socketPath(), method, path, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => (text += piece));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

describe('runSigner', () => {
  it('signs, vetoes, raises watermarks and tells its state over the socket', async () => {
    await start();
    const wave = fixture.wave();
    const result = await client().sign(fixture.dossier({ wave }));
    expect(result.signatures).toHaveLength(1);
    await expect(client().sign(fixture.dossier({ wave }))).resolves.toEqual(result);

    const { text: rejection, sshsig } = fixture.reject('carol', wave.text, 'too late');
    await expect(client().veto({ statement: wave.text, rejection, sshsig })).resolves.toMatchObject({ signed: true });

    const published = fixture.ciTargets; // signed by the online key alone
    const shown = { factory: 'acme', tag: 'production', wave: 'w42', metadata: metadataText(published) };
    await expect(rejectionOf(client().published(shown))).resolves.toMatch(/^THRESHOLD_NOT_MET/);

    await expect(client().status()).resolves.toMatchObject({ initialised: true, stopping: false, clockOk: true });
    await expect(client().keys()).resolves.toMatchObject({ keys: [{ state: 'active', factory: 'acme' }] });
  });

  it('compares the receipt that a caller shows with its journal', async () => {
    await start();
    const wave = fixture.wave();
    const { journal } = await client().sign(fixture.dossier({ wave }));
    const receipt = { statement: wave.sha256, ...journal };
    await expect(client().status(receipt)).resolves.toMatchObject({ journal: { incomplete: false } });
    for (const wrong of [{ seq: 1 }, { hash: '0'.repeat(64) }, { statement: '0'.repeat(64) }]) {
      const shown = { ...receipt, ...wrong };
      await expect(client().status(shown)).resolves.toMatchObject({ journal: { incomplete: true } });
      const next = fixture.dossier({ wave: fixture.wave({ version: 43, id: 'req_01jd9v3q5w8x2y4z6a7b9c1d3f' }) });
      await expect(rejectionOf(client().sign(next, shown))).resolves.toMatch(/^JOURNAL_INCOMPLETE/);
    }
  });

  it('tells the journal of a statement over the socket', async () => {
    await start();
    const wave = fixture.wave();
    await client().sign(fixture.dossier({ wave }));
    const { lines } = await client().journal(wave.sha256);
    expect(lines.map(({ type }) => type)).toEqual(['journal', 'journal']);
    expect(await rejectionOf(client().journal('0'.repeat(64)))).toMatch(/^NOT_FOUND/);
  });

  it('takes lines with and without their line feeds, from a stream', async () => {
    await start();
    async function* lines() {
      for (const line of fixture.dossier()) {
        await Promise.resolve();
        yield line.trimEnd();
      }
    }
    await expect(client().sign(lines())).resolves.toMatchObject({ signatures: [{ document: 0 }] });
  });

  it('gives a refusal as it is: code, pointer and details', async () => {
    await start();
    const dossier = fixture.dossier({ approvals: ['alice'] });
    await expect(client().sign(dossier)).rejects.toMatchObject({ code: 'QUORUM_NOT_MET', details: { needed: 2 } });
  });

  it('opens its socket to owner and group only', async () => {
    await start();
    expect(lstatSync(socketPath()).mode & 0o777).toBe(0o660);
    expect(lstatSync(join(parent, 'run')).mode & 0o777).toBe(0o750);
  });

  it('replaces the socket of a signer that was killed', async () => {
    mkdirSync(join(parent, 'run'));
    // a process that dies without closing leaves its socket behind
    const dying = `require('net').createServer().listen(${JSON.stringify(socketPath())}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', dying]);
    expect(lstatSync(socketPath()).isSocket()).toBe(true);
    await start();
    await expect(client().status()).resolves.toMatchObject({ initialised: true });
  });

  it('refuses a socket on which somebody answers, and a path where something else stands', async () => {
    mkdirSync(join(parent, 'run'));
    const other = createServer().listen(socketPath());
    await new Promise((resolve) => other.once('listening', resolve));
    await expect(rejectionOf(start())).resolves.toMatch(/^SIGNER_BUSY/);
    await new Promise((resolve) => other.close(resolve));
    writeFileSync(socketPath(), 'a file');
    await expect(rejectionOf(start())).resolves.toBe('CONFIG_INVALID /socket');
    await expect(rejectionOf(start({ socketPath: join(parent, 'x'.repeat(120)) }))).resolves.toBe(
      'CONFIG_INVALID /socket',
    );
    expect(token.isClosed).toBe(true);
  });

  it('refuses a state directory on which a signer runs before it opens a token', async () => {
    await start();
    let opened = false;
    const second = runSigner({
      stateDir: stateDir(),
      socketPath: join(parent, 'second.sock'),
      openTokens: () => {
        opened = true;
        return Promise.resolve([]);
      },
      logger,
    });
    await expect(rejectionOf(second)).resolves.toMatch(/^SIGNER_BUSY/);
    expect(opened).toBe(false);
  });

  it('refuses a state directory that was never initialised', async () => {
    await expect(rejectionOf(start({ stateDir: join(parent, 'none') }))).resolves.toMatch(/^SIGNER_NOT_INITIALISED/);
  });

  it('finishes what is under way when it is closed, and takes nothing more', async () => {
    let release: () => void = () => undefined;
    let started: () => void = () => undefined;
    const isSigning = new Promise<void>((resolve) => (started = resolve));
    const mayFinish = new Promise<void>((resolve) => (release = resolve));
    token.signBy(async (_, right) => {
      started();
      await mayFinish;
      return right();
    });
    const signer = await start();
    const late = connect(socketPath());
    await new Promise((resolve) => late.once('connect', resolve));
    late.write('GET /v1/status HTTP/1.1\r\nHost: signer\r\n'); // not ended yet: a request under way
    const signing = client().sign(fixture.dossier());
    await isSigning;
    const closed = signer.close();
    const refused = new Promise<string>((resolve) => late.once('data', (bytes) => resolve(bytes.toString())));
    late.write('Connection: close\r\n\r\n');
    await expect(refused).resolves.toContain('SIGNER_STOPPING');
    release();
    await expect(signing).resolves.toMatchObject({ signatures: [{ document: 0 }] });
    await closed;
    await signer.close();
    expect(token.isClosed).toBe(true);
    expect(existsSync(socketPath())).toBe(false);
    await expect(rejectionOf(client().status())).resolves.toMatch(/^SIGNER_UNAVAILABLE/);
    await start(); // so the directory was let go
  });
});

describe('the signer’s HTTP', () => {
  const NDJSON = 'application/x-ndjson';
  const cases: [string, Raw, number, string][] = [
    ['an unknown path', { path: '/v2/sign' }, 404, 'NOT_FOUND'],
    ['a path with a query', { method: 'GET', path: '/v1/status?x=1' }, 404, 'NOT_FOUND'],
    ['a receipt that is none', { method: 'GET', path: '/v1/status', receipt: 'x' }, 400, 'INPUT_INVALID'],
    ['a journal of no statement', { method: 'GET', path: '/v1/journal' }, 400, 'INPUT_INVALID'],
    ['a journal of no digest', { method: 'GET', path: '/v1/journal?statement=x' }, 400, 'INPUT_INVALID'],
    ['another method', { method: 'GET' }, 405, 'METHOD_NOT_ALLOWED'],
    ['a dossier of another type', { type: 'text/plain', body: 'x' }, 415, 'MEDIA_TYPE'],
    ['a dossier without a type', { body: 'x' }, 415, 'MEDIA_TYPE'],
    ['no dossier', { type: NDJSON }, 400, 'DOSSIER_INVALID'],
    ['a dossier that is no JSON', { type: NDJSON, body: 'x\n' }, 400, 'DOSSIER_INVALID'],
    ['a dossier that is not UTF-8', { type: NDJSON, body: Buffer.from([0xff, 0x0a]) }, 400, 'DOSSIER_INVALID'],
    [
      'a dossier of another format',
      { type: NDJSON, body: '{"type":"dossier","format":9}\n' },
      400,
      'DOSSIER_FORMAT_UNKNOWN',
    ],
    ['a veto that is no JSON', { path: '/v1/veto', type: 'application/json', body: '{' }, 400, 'JSON_INVALID'],
    ['a veto without members', { path: '/v1/veto', type: 'application/json', body: '{}' }, 400, 'INPUT_INVALID'],
    [
      'a veto with a member too many',
      {
        path: '/v1/veto',
        type: 'application/json; charset=utf-8',
        body: '{"statement":"","rejection":"","sshsig":"","force":true}',
      },
      400,
      'INPUT_INVALID',
    ],
    ['published targets as text', { path: '/v1/published', type: 'text/plain', body: '{}' }, 415, 'MEDIA_TYPE'],
  ];
  for (const [what, request, status, code] of cases) {
    it(`answers ${status} ${code} to ${what}`, async () => {
      await start();
      const answer = await raw(request);
      expect(answer.status).toBe(status);
      expect(JSON.parse(answer.text)).toMatchObject({ code });
    });
  }

  it('answers a dossier that is refused at its beginning though megabytes follow', async () => {
    await start();
    function* lines() {
      yield '{"type":"statement","text":"too early"}\n';
      for (let count = 0; count < 200; count++) yield `${'x'.repeat(100_000)}\n`;
    }
    await expect(rejectionOf(client().sign(lines()))).resolves.toMatch(/^DOSSIER_INVALID/);
  });

  it('refuses bodies beyond its limits', async () => {
    const limits: SignerLimits = {
      ...DEFAULT_SIGNER_LIMITS,
      dossier: { maxLineLength: 50_000, maxTotalLength: 100_000, maxLines: 50 },
      maxVetoBytes: 1000,
      maxPublishedBytes: 1000,
    };
    await start({ limits });
    await expect(rejectionOf(client().sign([`${'x'.repeat(60_000)}\n`]))).resolves.toMatch(/^JSON_TOO_LARGE/);
    const long = 'x'.repeat(2000);
    const veto = { statement: long, rejection: '', sshsig: '' };
    await expect(rejectionOf(client().veto(veto))).resolves.toMatch(/^BODY_TOO_LARGE/);
    const published = { factory: 'acme', tag: 'production', metadata: long };
    await expect(rejectionOf(client().published(published))).resolves.toMatch(/^BODY_TOO_LARGE/);
    await expect(client().sign(fixture.dossier())).resolves.toMatchObject({ signatures: [{}] });
  });

  it('says nothing of what went wrong inside, and logs it', async () => {
    token.signBy(() => Promise.reject(new TypeError('secret-detail of the module')));
    await start();
    const { status, text } = await raw({ type: NDJSON, body: fixture.dossier().join('') });
    expect(status).toBe(500);
    expect(JSON.parse(text)).toMatchObject({ code: 'INTERNAL' });
    expect(text).not.toMatch(/secret-detail|\.ts|node_modules/);
    expect(logger.lines.some((line) => line.includes('a request failed without a code'))).toBe(true);
  });

  it('goes on with a request whose caller went away, so that asking again finds the result', async () => {
    let started: () => void = () => undefined;
    const isSigning = new Promise<void>((resolve) => (started = resolve));
    let release: () => void = () => undefined;
    const mayFinish = new Promise<void>((resolve) => (release = resolve));
    token.signBy(async (_, right) => {
      started();
      await mayFinish;
      return right();
    });
    await start();
    const dossier = fixture.dossier();
    const socket = connect(socketPath());
    const body = dossier.join('');
    socket.write(
      `POST /v1/sign HTTP/1.1\r\nHost: signer\r\nContent-Type: ${NDJSON}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    await isSigning;
    socket.destroy();
    const again = client().sign(dossier);
    release();
    await expect(again).resolves.toMatchObject({ signatures: [{ document: 0 }] });
    expect(token.signed).toHaveLength(1);
  });
});
