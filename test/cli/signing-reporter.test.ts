import { Readable, Writable } from 'node:stream';
import { expect, it } from '@jest/globals';
import type { RequestView } from '../../src/api/index.js';
import { signingReporter } from '../../src/cli/signing-reporter.js';

const ROOT = {
  version: 4,
  summary: '',
  reSigned: 0,
  missingSigners: [],
  missingSignatures: [],
  externals: [],
  rebuiltFrom: null,
  rebuiltAs: null,
};
const REQUEST: RequestView = {
  ...{ id: 'req_01jd9v3q5w8x2y4z6a7b9c1d3e', factory: 'acme', kind: 'root', state: 'open', progress: 'signing' },
  ...{ wave: null, bundle: null, root: ROOT, requester: { name: 'ci', kind: 'ci', via: 'token' }, reason: 'why' },
  ...{ created: '2026-11-22T16:00:00Z', expires: '2026-11-25T16:00:00Z', statementSha256: 'ab'.repeat(32) },
  ...{ shortCode: 'abab-abab', quorum: { needed: 2, persons: [], missing: 0, singleOfficer: false } },
  ...{ approvals: [], rejections: [], documents: [], signatures: [] },
};

it('tells of signatures by tenths, however often it is asked, and of nothing else', () => {
  let told = '';
  const stderr = new Writable({
    write(chunk: Buffer, _encoding, done) {
      told += chunk.toString('utf8');
      done();
    },
  });
  const settings = { home: '/', configPath: undefined, url: undefined, bearer: undefined };
  const report = signingReporter({
    ...{ stdin: Readable.from([]), stdout: stderr, stderr, now: () => new Date(0) },
    settings: { ...settings, credentialsDirectory: undefined, environment: {} },
    interrupted: new AbortController().signal,
  });
  report({ ...REQUEST, root: null });
  report(REQUEST);
  for (let made = 0; made <= 10_002; made += 667)
    report({ ...REQUEST, root: { ...ROOT, progress: { made, wanted: 10_002 } } });
  expect(told.split('\n').slice(0, 3)).toEqual([
    'signing: 0 of 10,002',
    'signing: 1,334 of 10,002',
    'signing: 2,001 of 10,002',
  ]);
  expect(told.trimEnd().split('\n')).toHaveLength(10);
});
