import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkClock } from '../../src/cli/doctor/check-clock.js';
import { checkFactory } from '../../src/cli/doctor/check-factory.js';
import { checkGateway } from '../../src/cli/doctor/check-gateway.js';
import { checkPolicy } from '../../src/cli/doctor/check-policy.js';
import { checkPublished } from '../../src/cli/doctor/check-published.js';
import { checkKnownRootKeys, checkRootKeys, judgeRootKeys } from '../../src/cli/doctor/check-root-keys.js';
import { checkRequestKeys } from '../../src/cli/doctor/check-request-keys.js';
import { checkSigner } from '../../src/cli/doctor/check-signer.js';
import { checkStore } from '../../src/cli/doctor/check-store.js';
import type { Finding } from '../../src/cli/doctor/finding.js';
import { EXIT } from '../../src/cli/exit-codes.js';
import { serializePins } from '../../src/dossier/index.js';
import { requirePinFile } from '../../src/signer/index.js';
import type { FactoryPort, RequestKey } from '../../src/signing/index.js';
import { openStore } from '../../src/store/index.js';
import { keyidOf, type Key } from '../../src/tuf/index.js';
import { cli } from '../support/cli.js';
import { codeOf } from '../support/error-code.js';
import { createFixture } from '../support/factory-fixture.js';
import { signerBench } from '../support/signer-bench.js';
import { tufKey } from '../support/tuf-key.js';
import { createMemoryFactory } from '../signing/memory-factory.js';

const DAY_MS = 86_400_000;
const fixture = createFixture({ rootKeys: [tufKey()] });
const trusted = { pins: fixture.pins, policy: fixture.policy };
const servers: Server[] = [];
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-'));
});
afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  rmSync(folder, { recursive: true });
});

const levels = (findings: readonly Finding[]): string[] => [...new Set(findings.map(({ level }) => level))].sort();

/** Every finding that is not good says what to do. */
function expectHelp(findings: readonly Finding[]): void {
  for (const { level, todo } of findings) if (level !== 'ok') expect(todo).toMatch(/\w/);
}

async function serve(at: string | number, body: unknown, headers: Record<string, string> = {}): Promise<Server> {
  const server = createServer((_, response) => response.writeHead(200, headers).end(JSON.stringify(body)));
  servers.push(server);
  await new Promise((resolve) => server.listen(at, () => resolve(null)));
  return server;
}

describe('the doctor looks at the clock', () => {
  it.each([
    [0, 'ok'],
    [60_000, 'warn'],
    [-600_000, 'fail'],
  ])('and %s ms beside the Factory’s is %s', async (offset, level) => {
    const server = await serve(0, {}, { date: fixture.now.toUTCString() });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const findings = await checkClock(url, () => new Date(fixture.now.getTime() + offset));
    expect(levels(findings)).toEqual([level]);
    expectHelp(findings);
  });

  it('and warns when nobody tells the time', async () => {
    expect(levels(await checkClock('http://127.0.0.1:1', () => fixture.now))).toEqual(['warn']);
  });
});

describe('the doctor looks at the Factory', () => {
  const withScopes = (scopes: string[]): FactoryPort => ({
    ...createMemoryFactory(fixture),
    self: () => Promise.resolve({ polisId: 'p', name: 'n', role: 'member', scopes }),
  });

  it('and wants a token that may deliver, or read, as it is for', async () => {
    expect(levels(await checkFactory(withScopes(['targets:read-update']), 'deliver'))).toEqual(['ok']);
    expect(levels(await checkFactory(withScopes(['targets:read']), 'read'))).toEqual(['ok']);
    const short = await checkFactory(withScopes(['targets:read']), 'deliver');
    expect(levels(short)).toEqual(['fail']);
    expectHelp(short);
  });

  it('and counts the days until root and targets expire', async () => {
    const port = createMemoryFactory(fixture);
    expect(levels(await checkPublished(port, trusted, fixture.now))).toEqual(['ok']);
    const expires = Date.parse(fixture.roots.production.at(-1)?.signed.expires ?? '');
    const soon = await checkPublished(port, trusted, new Date(expires - 10 * DAY_MS));
    expect(soon.find(({ check }) => check === 'production root of acme')).toMatchObject({ level: 'warn' });
    const late = await checkPublished(port, trusted, new Date(expires + DAY_MS));
    expect(late.find(({ check }) => check === 'production root of acme')).toMatchObject({ level: 'fail' });
    expectHelp([...soon, ...late]);
  });

  it('and is not content when the loss of one root key would be the loss of the Factory', () => {
    const root = fixture.roots.production.at(-1)?.signed;
    if (root === undefined) throw new Error('the fixture has a root');
    const judged = (keyids: string[], threshold: number): string[] => {
      const findings = judgeRootKeys('root keys', { ...root, roles: { ...root.roles, root: { keyids, threshold } } });
      expectHelp(findings);
      return levels(findings);
    };
    expect([judged(['a'], 1), judged(['a', 'b'], 2), judged(['a', 'b'], 1)]).toEqual([['fail'], ['fail'], ['ok']]);
  });

  it('and judges its root keys where there is a client configuration alone, or the journal of a signer', async () => {
    const alone = createFixture();
    const pin = alone.pins.firstRootSha256['acme'] ?? '';
    expect(levels(await checkRootKeys(createMemoryFactory(alone), pin))).toEqual(['fail']);
    expect(levels(await checkRootKeys(createMemoryFactory(fixture), '0'.repeat(64)))).toEqual(['fail']);
    const bench = await signerBench();
    try {
      expect(await checkKnownRootKeys(bench.stateDir)).toEqual([]);
      await bench.signer.sign(bench.fixture.dossier());
      expect(await checkKnownRootKeys(bench.stateDir)).toMatchObject([
        { level: 'fail', check: expect.stringContaining('acme in root 3') as unknown },
      ]);
    } finally {
      await bench.remove();
    }
  });

  it('and names a document outside the safe subset, and a root that is not the pinned one', async () => {
    const unsafe = { ...createMemoryFactory(fixture), ciTargets: () => Promise.resolve(Buffer.from('{"signed":1.5}')) };
    const findings = await checkPublished(unsafe, trusted, fixture.now);
    expect(findings.filter(({ level }) => level === 'fail')).toMatchObject([
      { check: 'CI targets of acme', code: 'CANONICAL_UNSAFE' },
    ]);
    const pins = { ...fixture.pins, firstRootSha256: { acme: '0'.repeat(64) } };
    const other = await checkPublished(createMemoryFactory(fixture), { ...trusted, pins }, fixture.now);
    expect(other[0]).toMatchObject({ level: 'fail', code: 'ROOT_NOT_TRUSTED' });
  });
});

describe('the doctor looks at the signer', () => {
  const status = {
    ...{ initialised: true, service: fixture.pins.policySha256, policy: { version: 1, sha256: 'x' }, factories: [] },
    ...{ roots: [], keys: [], watermarks: [], frozen: [], recoveries: [], clockOk: true, stopping: false },
    tokens: [{ label: 't', serial: '1', state: 'ready', roles: ['targets'], workers: [] }],
    journal: { seq: 1, hash: 'x', at: '2026-11-22T16:00:00Z', failed: false, incomplete: false },
  };
  const frozen = [{ factory: 'acme', role: 'targets', keyid: 'k', version: 1, sha256: 'x', at: 'x' }];
  const away = (roles: string[]) => ({ label: 't', serial: '1', state: 'unavailable', roles, workers: [] });
  let number = 0;
  const check = async (change: object): Promise<Finding[]> => {
    const socket = join(folder, `s${++number}`);
    await serve(socket, { ...status, ...change });
    return (await checkSigner(socket, fixture.pins.policySha256)).findings;
  };

  it.each<[string, object, string[]]>([
    ['is well', {}, ['ok']],
    ['follows another policy', { service: '0'.repeat(64) }, ['fail', 'ok']],
    ['has its clock behind', { clockOk: false }, ['fail', 'ok']],
    ['could not write', { journal: { ...status.journal, failed: true } }, ['fail', 'ok']],
    ['has a role frozen', { frozen }, ['fail', 'ok']],
    ['waits for the token of the root keys', { tokens: [away(['root'])] }, ['ok']],
    ['lacks a token that Waves need', { tokens: [away(['root', 'targets'])] }, ['fail', 'ok']],
    ['lacks its token', { tokens: [{ ...status.tokens[0], state: 'pin-refused' }] }, ['fail', 'ok']],
    [
      'had its workers restarted',
      { tokens: [{ ...status.tokens[0], workers: [{ pid: 1, state: 'ready', restarts: 2 }] }] },
      ['ok', 'warn'],
    ],
  ])('and sees when it %s', async (_what, change, expected) => {
    const findings = await check(change);
    expect(levels(findings)).toEqual(expected);
    expectHelp(findings);
  });

  it('and tells of recoveries, with the officers who approved them', async () => {
    const findings = await check({
      recoveries: [{ seq: 2, at: '2026-11-22T16:00:00Z', reason: 'disk', persons: ['alice', 'bob'] }],
    });
    expect(findings).toContainEqual(
      expect.objectContaining({ level: 'ok', message: expect.stringMatching(/recovered at .*disk.* alice, bob/) }),
    );
  });

  it('and says when nobody is there', async () => {
    const { status: none, findings } = await checkSigner(join(folder, 'nobody'), null);
    expect(none).toBeNull();
    expect(findings).toMatchObject([{ level: 'fail', code: 'SIGNER_UNAVAILABLE' }]);
  });
});

describe('the doctor looks at the gateway', () => {
  const factory = { name: 'acme', url: 'https://api.example' };
  const portOf = (server: Server): number => (server.address() as AddressInfo).port;

  it('and is content with one that answers on loopback', async () => {
    const port = portOf(await serve(0, { status: 'ok' }));
    expect(levels(await checkGateway({ host: '127.0.0.1', port }, [factory]))).toEqual(['ok']);
  });

  it('and sees when it does not answer, and when something else does', async () => {
    const gone = await serve(0, {});
    const port = portOf(gone);
    const other = await checkGateway({ host: '127.0.0.1', port }, [factory]);
    expect(other[0]).toMatchObject({
      level: 'fail',
      code: 'GATEWAY_UNAVAILABLE',
      message: expect.stringMatching(/no gateway/),
    });
    gone.closeAllConnections();
    await new Promise((resolve) => gone.close(resolve));
    const none = await checkGateway({ host: '127.0.0.1', port }, [factory]);
    expect(none[0]).toMatchObject({ level: 'fail', code: 'GATEWAY_UNAVAILABLE' });
    expectHelp([...other, ...none]);
  });

  it('and warns of one that others can reach without TLS, or that fioctl cannot be told where to find', async () => {
    const port = portOf(await serve(0, { status: 'ok' }));
    const open = await checkGateway({ host: '0.0.0.0', port }, [factory]);
    expect(open).toMatchObject([{ level: 'ok' }, { level: 'warn', message: expect.stringMatching(/without TLS/) }]);
    const anywhere = await checkGateway({ host: '::1', port: 0 }, [factory]);
    expect(anywhere).toMatchObject([{ level: 'warn' }, { level: 'ok' }]);
    expectHelp([...open, ...anywhere]);
  });

  it('and sees when it passes on to itself', async () => {
    const port = portOf(await serve(0, { status: 'ok' }));
    const looped = { name: 'acme', url: `http://127.0.0.1:${port}` };
    const findings = await checkGateway({ host: 'localhost', port }, [
      looped,
      { name: 'other', url: `https://x.example:${port}` },
    ]);
    expect(findings.filter(({ level }) => level === 'fail')).toMatchObject([
      { message: expect.stringMatching(/acme on to itself/) },
    ]);
    expectHelp(findings);
  });

  it('and at the request keys: whether there are any, and that no root has named one', async () => {
    const port = createMemoryFactory(fixture);
    const given = { pin: fixture.pins.firstRootSha256['acme'], isAskedFor: true };
    const requestKey = (key: Key): RequestKey => ({
      ...{ id: 'rk_1', set: 'rks_1', name: 'erin', kind: 'person', polisId: 'p', factory: 'acme', role: 'targets' },
      ...{ key, keyid: keyidOf(key), created: '2026-11-22T16:00:00Z', revoked: null },
    });
    const mine = requestKey(tufKey().key);
    expect(levels(await checkRequestKeys(port, [mine], given))).toEqual(['ok']);
    const none = await checkRequestKeys(port, [{ ...mine, revoked: '2026-11-22T17:00:00Z' }], given);
    expect(levels(none)).toEqual(['warn']);
    expect(await checkRequestKeys(port, [], { ...given, isAskedFor: false })).toEqual([]);
    const [named] = Object.values(fixture.roots.production.at(-1)?.signed.keys ?? {});
    if (named === undefined) throw new Error('the root has no keys');
    const stolen = await checkRequestKeys(port, [requestKey(named)], given);
    expect(stolen.filter(({ level }) => level === 'fail')).toMatchObject([
      { message: expect.stringMatching(/of erin stands in a published root/) },
    ]);
    expectHelp([...none, ...stolen]);
  });
});

describe('the doctor looks at files', () => {
  it('and makes no database where there is none', async () => {
    const path = join(folder, 'none.db');
    expect(levels((await checkStore({ database: `sqlite:${path}` })).findings)).toEqual(['warn']);
    expect(existsSync(path)).toBe(false);
    await (await openStore(`sqlite:${path}`)).close();
    expect(levels((await checkStore({ database: `sqlite:${path}` })).findings)).toEqual(['ok']);
    writeFileSync(path, 'no database');
    expect(levels((await checkStore({ database: `sqlite:${path}` })).findings)).toEqual(['fail']);
  });

  it('and refuses a PIN file that others can read', () => {
    const path = join(folder, 'pin');
    writeFileSync(path, '1234\n', { mode: 0o600 });
    requirePinFile(path);
    chmodSync(path, 0o644);
    expect(codeOf(() => requirePinFile(path))).toMatch(/^PIN_FILE_INVALID/);
  });

  it('and verifies the policy by the pins', async () => {
    const [trust, policy] = [join(folder, 'trust.json'), join(folder, 'policy.json')];
    writeFileSync(trust, serializePins(fixture.pins));
    writeFileSync(policy, fixture.policyText);
    const factories = { acme: { tokenFile: 't', timeoutSeconds: 1 } };
    const good = await checkPolicy({ trust, policy: [policy], factories });
    expect([levels(good.findings), good.trusted?.policy.sha256]).toEqual([['ok'], fixture.policy.sha256]);
    const misspelt = await checkPolicy({ trust, policy: [policy], factories: { amce: factories.acme } });
    expect(levels(misspelt.findings)).toEqual(['fail', 'ok']);
    const missing = await checkPolicy({ trust: join(folder, 'no'), policy: [policy], factories });
    expect(missing).toMatchObject({ trusted: null, findings: [{ level: 'fail', code: 'PINS_MISSING' }] });
  });
});

describe('countersign doctor', () => {
  it('ends with 1 when something is wrong, goes on after the first fault, and says what to do', async () => {
    const config = join(folder, 'service.yaml');
    writeFileSync(config, 'databse: x\n');
    const args = ['doctor', '--service-config', config, '--signer-config', join(folder, 'none.yaml')];
    const { status, stdout } = await cli([...args, '--json'], { home: folder });
    expect(status).toBe(EXIT.refused);
    const report = JSON.parse(stdout) as { ok: boolean; findings: Finding[] };
    expect(report).toMatchObject({ ok: false, findings: [{ code: 'CONFIG_INVALID' }, { code: 'CONFIG_INVALID' }] });
    expectHelp(report.findings);
    const text = (await cli(args, { home: folder })).stdout;
    expect(text).toMatch(/^fail {2}service configuration: CONFIG_INVALID: .*\n {6}what to do: /m);
  });

  it('looks at the client’s configuration when none is named', async () => {
    const { stdout } = await cli(['doctor', '--json'], { home: folder });
    const { findings } = JSON.parse(stdout) as { findings: Finding[] };
    expect(findings.map(({ check }) => check)).toEqual(['client configuration', 'trust', 'service']);
  });
});
