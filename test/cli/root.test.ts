import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { EXIT } from '../../src/cli/exit-codes.js';
import { cli, type CliRun } from '../support/cli.js';

const REQUEST = {
  id: 'req_01jd9v3q5w8x2y4z6a7b9c1d3e',
  factory: 'acme',
  kind: 'root',
  state: 'open',
  progress: 'waiting-for-approvals',
  wave: null,
  root: { version: 4, summary: 'replace key of targets' },
  requester: { name: 'ci', kind: 'ci', via: 'token' },
  reason: 'why',
  created: '2026-11-22T16:00:00Z',
  expires: '2026-11-25T16:00:00Z',
  statementSha256: 'ab'.repeat(32),
  shortCode: 'abab-abab',
  quorum: { needed: 2, persons: [], missing: 2, singleOfficer: false },
  approvals: [],
  rejections: [],
  documents: [],
  signatures: [],
};
const ROOT = {
  version: 3,
  expires: '2027-11-22T16:00:00Z',
  sha256: 'cd'.repeat(32),
  changelog: { polisId: '2bd806', message: 'Take ownership\u001b[2J', timestamp: '2026-11-22T16:00:00Z' },
  roles: { root: { keyids: ['aaaaaaaaaa'], threshold: 1 }, targets: { keyids: ['bbbbbbbbbb', 'cc'], threshold: 1 } },
  keys: [
    { keyid: 'aaaaaaaaaa', keytype: 'ED25519', roles: ['root'], owner: { polisId: '2bd806', createdAt: '2026' } },
    { keyid: 'bbbbbbbbbb', keytype: 'RSA', roles: ['targets'], owner: null },
  ],
};
const PRODUCTION = { ...ROOT, roles: { ...ROOT.roles, targets: { ...ROOT.roles.targets, threshold: 2 } } };
const ANSWERS: Readonly<Record<string, unknown>> = {
  'POST /v1/factories/acme/root-updates': { request: REQUEST, created: true },
  'GET /v1/factories/acme/roots': { factory: 'acme', ci: [ROOT], production: [PRODUCTION] },
  'GET /v1/factories/acme/root-updates': {
    factory: 'acme',
    status: 'STARTED',
    transaction: 'foreign',
    request: null,
    changelog: { polisId: 'eve', message: 'Rotate', timestamp: '2026-11-22T16:00:00Z' },
    errors: ['not signed\u001b[2J'],
    warnings: [],
  },
};

/** The service as far as its answers go; what it is asked is kept. */
let service: Server;
let url: string;
let asked: unknown;

beforeAll(async () => {
  service = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      if (text !== '') asked = JSON.parse(text);
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify(ANSWERS[`${request.method ?? ''} ${request.url ?? ''}`]));
    });
  });
  await new Promise<void>((listening) => service.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
});
beforeEach(() => {
  asked = undefined;
});
afterAll(() => {
  service.closeAllConnections();
  service.close();
});

const run = (...args: string[]): Promise<CliRun> =>
  cli(['root', ...args, '--factory', 'acme'], { url, bearer: 'cst_a_b', now: new Date('2026-11-22T16:00:00Z') });

describe('countersign root', () => {
  test.each<[string, string[], unknown]>([
    ['take-ownership', ['--role', 'targets'], { op: 'take-ownership', role: 'targets' }],
    ['rotate-key', ['--role', 'root'], { op: 'rotate-key', role: 'root' }],
    [
      'rotate-key',
      ['--role', 'targets', '--old', 'aa', '--keytype', 'RSA'],
      { op: 'rotate-key', role: 'targets', old: 'aa', keytype: 'RSA' },
    ],
    ['add-key', ['--role', 'root', '--token', 'spare'], { op: 'add-key', role: 'root', token: 'spare' }],
    ['remove-key', ['--role', 'root', 'aa'], { op: 'remove-key', role: 'root', keyid: 'aa' }],
    ['set-threshold', ['--role', 'root', '2'], { op: 'set-threshold', role: 'root', threshold: 2 }],
    [
      'rotate-online-key',
      ['--role', 'targets', 'snapshot'],
      { op: 'rotate-online-key', roles: ['targets', 'snapshot'], keytype: 'ED25519' },
    ],
    ['resign', [], { op: 'resign' }],
    ['resign', ['-E', '2027-01-01T00:00:00Z'], { op: 'resign', expires: '2027-01-01T00:00:00Z' }],
  ])('%s %j asks for just that', async (command, args, intention) => {
    const { status, stdout } = await run(command, ...args, '--reason', 'why');
    expect([status, stdout.trim()]).toEqual([EXIT.done, REQUEST.id]);
    expect(asked).toEqual({ intentions: [intention], reason: 'why' });
  });

  test('names what is not to be waited for, and what another signer has signed', async () => {
    const [statement, one, other] = ['a'.repeat(64), 'b'.repeat(64), 'c'.repeat(64)];
    const named = ['--without', 'aa', '--without', 'bb', '--supersedes', `${statement}:${one},${other}`];
    expect((await run('resign', '--reason', 'why', ...named)).status).toBe(EXIT.done);
    expect(asked).toMatchObject({ without: ['aa', 'bb'], supersedes: [{ statement, documents: [one, other] }] });
    expect((await run('resign', '--reason', 'why', '--supersedes', statement)).status).toBe(EXIT.usage);
  });

  test('submit asks for the roots in two files, as they are', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-roots-'));
    const [ci, production] = ['ci', 'production'].map((name) => join(folder, `${name}.json`));
    writeFileSync(ci ?? '', '{"signed": {"version": 4}}');
    writeFileSync(production ?? '', '{"version": 4}');
    const files = ['--ci', ci ?? '', '--production', production ?? ''];
    const { status, stdout } = await run('submit', ...files, '--reason', 'why', '--dry-run');
    rmSync(folder, { recursive: true });
    expect([status, stdout.trim()]).toEqual([EXIT.done, REQUEST.id]);
    expect(asked).toEqual({ ci: { signed: { version: 4 } }, production: { version: 4 }, reason: 'why', dryRun: true });
  });

  test('names the documents to adopt, production targets and those of Waves', async () => {
    await run(
      'rotate-key',
      '--role',
      'targets',
      '-m',
      'why',
      '--adopt',
      'production',
      '--adopt',
      'production:w1',
      '-d',
    );
    expect(asked).toMatchObject({
      dryRun: true,
      adopt: [
        { tag: 'production', wave: null },
        { tag: 'production', wave: 'w1' },
      ],
    });
    expect((await run('resign', '-m', 'why', '--adopt', 'a:b:c')).status).toBe(EXIT.usage);
  });

  test('without a reason, and with nobody to ask, asks for nothing', async () => {
    expect((await run('rotate-key', '--role', 'root')).status).toBe(EXIT.usage);
    expect(asked).toBeUndefined();
  });

  test('without a role is a mistake, and so is another role', async () => {
    expect((await run('rotate-key', '-m', 'why')).status).toBe(EXIT.usage);
    expect((await run('rotate-key', '-m', 'why', '--role', 'snapshot')).status).toBe(EXIT.usage);
  });

  test('show and history say who verified what they show, and nothing of it can steer a terminal', async () => {
    const shown = await run('show');
    expect(shown.stdout).toContain('1, in production 2');
    expect(shown.stderr).toContain('verified by the service');
    const history = await run('history');
    expect(history.stdout).toContain('1 of bbbbbbbb cc');
    expect(history.stdout).not.toContain('\u001b');
    expect(JSON.parse((await run('history', '--json')).stdout)).toMatchObject({
      verifiedBy: 'the service',
      ci: [ROOT],
    });
  });

  test('status tells a root update of somebody else', async () => {
    const { stdout } = await run('status');
    expect(stdout).toContain('somebody else');
    expect(stdout).toContain('Rotate, by eve');
    expect(stdout).not.toContain('\u001b');
  });
});
