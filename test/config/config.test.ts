import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadClientConfig, loadServiceConfig, loadSignerConfig } from '../../src/config/index.js';
import { codeOf } from '../support/error-code.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const SIGNER = `
stateDir: ./state
socket: ./s.sock
tokens:
  - label: acme
    module: /lib/module.so
    pinFile: ./pin
    moduleEnvironment: { SOFTHSM2_CONF: ./softhsm2.conf, OTHER: plain }
`;

describe('configuration', () => {
  it.each(['service', 'signer', 'client'])('the annotated example config/%s.yaml is valid', (name) => {
    const path = resolve('config', `${name}.yaml`);
    const load = {
      service: loadServiceConfig,
      signer: (p: string) => loadSignerConfig(p, undefined),
      client: loadClientConfig,
    }[name];
    expect(() => load?.(path)).not.toThrow();
  });

  it('takes relative paths from the file’s own folder', () => {
    const config = loadSignerConfig(file('signer.yaml', SIGNER), undefined);
    expect(config.stateDir).toBe(join(folder, 'state'));
    expect(config.tokens[0]).toMatchObject({
      pinFile: join(folder, 'pin'),
      moduleEnvironment: { SOFTHSM2_CONF: join(folder, 'softhsm2.conf'), OTHER: 'plain' },
    });
  });

  it('listens on loopback unless told otherwise', () => {
    const path = file(
      'service.yaml',
      'database: sqlite:x\nsigner: {socket: s}\npolicy: [p]\ntrust: t\nfactories: {}\n',
    );
    expect(loadServiceConfig(path).listen.host).toBe('127.0.0.1');
  });

  const SERVICE = 'signer: {socket: s}\npolicy: [p]\ntrust: t\nfactories: {}\n';

  it('tells no metrics unless told to, and then on loopback unless told otherwise', () => {
    const load = (more: string) => loadServiceConfig(file('metrics.yaml', `database: sqlite:x\n${SERVICE}${more}`));
    expect(load('').metrics).toBeUndefined();
    expect(load('metrics: {}\n').metrics).toEqual({ listen: { host: '127.0.0.1', port: 8441 } });
    expect(load('metrics: {listen: {port: 0}}\n').metrics).toEqual({ listen: { host: '127.0.0.1', port: 0 } });
    expect(codeOf(() => load('metrics: {port: 1}\n'))).toBe('CONFIG_INVALID');
  });

  it('takes a database on a server, and its password from a file', () => {
    const database = 'postgres://countersign@db.example/countersign?sslmode=verify-full';
    const path = file('postgres.yaml', `database: ${database}\ndatabasePasswordFile: ./db.password\n${SERVICE}`);
    expect(loadServiceConfig(path)).toMatchObject({ database, databasePasswordFile: join(folder, 'db.password') });
  });

  it.each([
    'postgres://countersign:s3cret@db/countersign',
    'postgresql://:s3cret@db/countersign',
    'postgres://countersign:s3cret@/countersign?host=/run/postgresql',
    'postgres:///countersign?host=/run/postgresql&user=x&password=s3cret',
    'POSTGRES://db/countersign?p%61ssword=s3cret',
  ])('refuses a password in the database URL, and does not repeat it: %s', (url) => {
    const path = file('secret.yaml', `database: ${url}\n${SERVICE}`);
    const load = () => loadServiceConfig(path);
    expect(codeOf(load)).toBe('CONFIG_INVALID');
    expect(load).not.toThrow(/s3cret/);
    expect(load).toThrow(/databasePasswordFile/);
  });

  it.each([
    ['an unknown member', `${SIGNER}\nstatedir: x\n`],
    ['a member that stands twice', `${SIGNER}\nsocket: other\n`],
    ['both label and serial', SIGNER.replace('- label: acme', '- label: acme\n    serial: "1"')],
    ['neither pinFile nor pinCredential', SIGNER.replace('    pinFile: ./pin\n', '')],
    ['a PIN in place of its file', SIGNER.replace('pinFile: ./pin', 'pin: "1234"')],
    ['broken YAML', 'stateDir: [\n'],
    ['nothing at all', ''],
  ])('refuses %s', (_, text) => {
    expect(codeOf(() => loadSignerConfig(file('bad.yaml', text), undefined))).toBe('CONFIG_INVALID');
  });

  it('finds a PIN credential where systemd put it, and says so when it did not', () => {
    const path = file('credential.yaml', SIGNER.replace('pinFile: ./pin', 'pinCredential: acme-pin'));
    expect(loadSignerConfig(path, '/run/credentials/x').tokens[0]?.pinFile).toBe('/run/credentials/x/acme-pin');
    expect(codeOf(() => loadSignerConfig(path, undefined))).toBe('CONFIG_INVALID');
  });
});
