import { expect } from '@jest/globals';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { firstLine } from '../../scripts/demo/installation.js';
import { fetchPublished } from '../../src/sandbox/index.js';
import { verifyJournal } from '../../src/signer/journal/verify-journal.js';
import { parseTargets } from '../../src/tuf/index.js';
import { askDevice } from '../support/device.js';
import { eventually } from './eventually.js';
import type { KillSite } from './kill-site.js';
import { type Asked, handToSigner, journalEntries, type Wave } from './waves.js';

/** The end of a Wave that nothing went wrong with, seen from everywhere. */
export async function expectDeliveredOnce(site: KillSite, wave: Wave): Promise<void> {
  const { path, ports, factory, store } = site;
  const request = await store.requests.find(wave.id);
  expect(request).toMatchObject({ state: 'delivered', lastError: null });
  const [sha256] = request?.material.documents ?? [];

  // one decision and one signature, in the journal
  const statement = request?.statementSha256;
  const intents = journalEntries(site, 'intent').filter((entry) => entry['statement'] === statement);
  expect(intents).toMatchObject([{ id: wave.id, documents: [{ sha256, tag: wave.tag }] }]);
  const made = journalEntries(site, 'signature');
  const signatures = made.filter((entry) => entry['statement'] === statement);
  expect(signatures).toMatchObject([{ document: 0 }]);
  const names = made.map((entry) => [entry['statement'], entry['document'], entry['keyid']].join());
  expect(new Set(names).size).toBe(names.length);

  // the very same in the database and at the Factory, which has one Wave
  const [signature] = signatures;
  const { keyid, sig } = signature ?? {};
  expect(await store.requests.signatures(wave.id)).toMatchObject([{ document: 0, keyid, sig }]);
  const listed = JSON.parse(await site.call(['waves', 'list', '--tag', wave.tag, '--json'], 'alice')) as unknown[];
  expect(listed).toMatchObject([{ name: wave.name, status: 'active' }]);
  const token = firstLine(path('people', 'auditor', 'factory.token'));
  const source = { url: `http://127.0.0.1:${ports.factory}`, factory, token, wave: wave.name, tag: wave.tag };
  const published = parseTargets(Buffer.from((await fetchPublished(source)).targets));
  expect(published.sha256).toBe(sha256);
  expect(published.signatures.filter((one) => one.keyid === keyid)).toMatchObject([{ sig }]);
  const device = { hardwareId: 'intel-corei7-64', tag: wave.tag, installedVersion: 41 };
  expect(await askDevice(source, device, new Date())).toMatchObject({ accepted: true, update: { version: 42 } });

  // and each step told once
  const told = await eventsOf(site, wave);
  for (const type of ['asked', 'opened', 'signed', 'delivered', 'published']) {
    expect([type, told.filter((one) => one === type).length]).toEqual([type, 1]);
  }
  expect(told.filter((one) => one === 'approved')).toHaveLength(2);
  expect(journalEntries(site, 'published').filter((entry) => entry['tag'] === wave.tag)).toHaveLength(1);

  const evidence = path('evidence', `${wave.name}.evidence`);
  writeFileSync(evidence, await site.call(['evidence', wave.id], 'alice'));
  expect(await site.call(['verify', evidence], 'auditor')).toMatch(/decided to sign this very statement/);
  await expectSound(site);
}

/** The end of a Wave that an officer rejected: the signer knows, and would not sign it either. */
export async function expectRejectedOnce(site: KillSite, wave: Wave): Promise<void> {
  const request = await site.store.requests.find(wave.id);
  expect(request).toMatchObject({ state: 'closed', closedBecause: 'rejected' });
  const statement = request?.statementSha256;
  const about = (type: string) => journalEntries(site, type).filter((entry) => entry['statement'] === statement);
  expect(about('veto')).toMatchObject([{ id: wave.id, person: 'bob', signed: false }]);
  expect(about('intent')).toEqual([]);
  expect(await handToSigner(site, wave)).toMatch(/^(VETOED|REJECTED) /);
  expect(JSON.parse(await site.call(['waves', 'list', '--tag', wave.tag, '--json'], 'alice'))).toEqual([]);
  const told = await eventsOf(site, wave);
  for (const type of ['asked', 'opened', 'approved', 'rejected', 'closed', 'vetoed']) {
    expect([type, told.filter((one) => one === type).length]).toEqual([type, 1]);
  }
  await expectSound(site);
}

/** Event log and journal hold, and nothing lies about that a dead process left. */
export async function expectSound({ path, store }: KillSite): Promise<void> {
  await store.events.verify();
  expect(await verifyJournal(path('signer', 'state', 'journal.jsonl'))).toMatchObject({ tornBytes: 0 });
  expect(readdirSync(path('signer', 'state')).filter((name) => name !== 'pins')).toEqual(['journal.jsonl']);
  // a worker whose signer was killed still writes down how its login went
  const pins = path('signer', 'state', 'pins');
  await eventually('no login under way', () => (!existsSync(pins) || readdirSync(pins).length === 0 ? true : null));
}

export async function eventsOf({ store }: KillSite, { id }: Asked): Promise<string[]> {
  const events = await store.events.list({ after: 0, limit: 100_000 });
  return events.filter(({ request }) => request === id).map(({ type }) => type);
}
