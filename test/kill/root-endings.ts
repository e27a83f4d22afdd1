import { expect } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { firstLine } from '../../scripts/demo/installation.js';
import { askDevice } from '../support/device.js';
import { eventsOf, expectSound } from './endings.js';
import type { KillSite } from './kill-site.js';
import { type Asked, handToSigner, journalEntries } from './waves.js';

interface Chains {
  readonly ci: readonly ShownRoot[];
  readonly production: readonly ShownRoot[];
}

interface ShownRoot {
  readonly version: number;
  readonly changelog: { readonly message: string } | null;
  readonly roles: Readonly<Record<string, { readonly keyids: readonly string[] }>>;
}

interface SignedDocument {
  readonly document: number;
  readonly keyid: string;
  readonly sig: string;
}

/** The end of a root update that nothing went wrong with, seen from everywhere. @param expected the keys that it brought into a role */
export async function expectInForceOnce(
  site: KillSite,
  { id }: Asked,
  expected: { readonly role: string; readonly keyids: readonly string[] },
): Promise<void> {
  const { path, store } = site;
  const request = await store.requests.find(id);
  expect(request).toMatchObject({ state: 'delivered', lastError: null });

  // one decision, and each signature once: in the journal, and the very same in the database
  const about = (type: string) =>
    journalEntries(site, type).filter((entry) => entry['statement'] === request?.statementSha256);
  const intents = about('intent') as { documents: { index: number; sign: { keyid: string }[] }[] }[];
  expect(intents).toHaveLength(1);
  const wanted = intents[0]?.documents.flatMap(({ index, sign }) => sign.map(({ keyid }) => `${index} ${keyid}`));
  const made = about('signatures').flatMap((entry) => entry['signatures'] as SignedDocument[]);
  expect(made.map(({ document, keyid }) => `${document} ${keyid}`).sort()).toEqual(wanted?.sort());
  const sigs = (signatures: readonly SignedDocument[]) => signatures.map(({ sig }) => sig).sort();
  expect(sigs(await store.requests.signatures(id))).toEqual(sigs(made));

  // in force in both repositories, once; nothing is under way
  const chains = JSON.parse(await site.call(['root', 'history', '--json'], 'auditor')) as Chains;
  for (const chain of [chains.ci, chains.production]) {
    const ours = chain.filter(({ changelog }) => changelog?.message.includes(id));
    expect(ours).toEqual([chain.at(-1)]);
    expect(ours[0]?.roles[expected.role]?.keyids).toEqual(expect.arrayContaining([...expected.keyids]));
  }
  const version = chains.production.at(-1)?.version;
  expect(journalEntries(site, 'root').filter((entry) => entry['version'] === version)).toHaveLength(2);
  await expectFactoryFree(site);

  // devices go on taking what is in production
  const token = firstLine(path('people', 'auditor', 'factory.token'));
  const source = { url: `http://127.0.0.1:${site.ports.factory}`, factory: site.factory, token };
  const waves = JSON.parse(await site.call(['waves', 'list', '--json'], 'alice')) as { tag: string; status: string }[];
  for (const { tag } of waves.filter(({ status }) => status === 'complete')) {
    const device = { hardwareId: 'intel-corei7-64', tag, installedVersion: 41 };
    expect(await askDevice(source, device, new Date())).toMatchObject({ accepted: true, update: { version: 42 } });
  }

  const told = await eventsOf(site, { id });
  for (const type of ['asked', 'opened', 'signed', 'delivered', 'published']) {
    expect([type, told.filter((one) => one === type).length]).toEqual([type, 1]);
  }
  expect(told.filter((one) => one === 'approved')).toHaveLength(2);

  const evidence = path('evidence', `${id}.evidence`);
  writeFileSync(evidence, await site.call(['evidence', id], 'alice'));
  expect(await site.call(['verify', evidence], 'auditor')).toMatch(/decided to sign this very statement/);
  await expectSound(site);
}

/** The end of a root update that an officer rejected: the signer knows, and the Factory is free for the next one. */
export async function expectRejectedAndTakenBack(site: KillSite, { id }: Asked): Promise<void> {
  const request = await site.store.requests.find(id);
  expect(request).toMatchObject({ state: 'closed', closedBecause: 'rejected' });
  const about = (type: string) =>
    journalEntries(site, type).filter((entry) => entry['statement'] === request?.statementSha256);
  expect(about('veto')).toMatchObject([{ id, person: 'bob', signed: false }]);
  expect(about('intent')).toEqual([]);
  expect(await handToSigner(site, { id })).toMatch(/^(VETOED|REJECTED) /);
  await expectFactoryFree(site);
  const told = await eventsOf(site, { id });
  for (const type of ['asked', 'opened', 'approved', 'rejected', 'closed', 'vetoed', 'transaction-ended']) {
    expect([type, told.filter((one) => one === type).length]).toEqual([type, 1]);
  }
  await expectSound(site);
}

async function expectFactoryFree(site: KillSite): Promise<void> {
  const status = JSON.parse(await site.call(['root', 'status', '--json'], 'alice')) as object;
  expect(status).toMatchObject({ status: 'NONE', transaction: 'none', request: null });
}
