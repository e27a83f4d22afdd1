import { expect } from '@jest/globals';
import { parseStatement, verifyDossier } from '../../src/dossier/index.js';
import { createFoundriesClient } from '../../src/foundries/index.js';
import { verifyJournal } from '../../src/signer/index.js';
import type { Store, StoredEvent, StoredRequest, WaveInfo } from '../../src/signing/index.js';
import { parseTargets } from '../../src/tuf/index.js';
import { askDevice } from '../support/device.js';
import type { Oracle } from '../support/oracle.js';
import type { Caller } from './callers.js';
import type { Fleet } from './fleet.js';
import { readJournalEntries } from './journal-entries.js';
import type { Life } from './lives.js';

type Journal = ReturnType<typeof readJournalEntries>;

/** What has to hold when all is over, looked at past the services: database, journal, Factory, devices. */
export async function audit(
  fleet: Fleet,
  store: Store,
  { lives, oracle, reader }: { lives: readonly Life[]; oracle: Oracle; reader: Caller },
): Promise<void> {
  const requests = await allRequests(store);
  expect([...requests.keys()].sort()).toEqual(lives.map(({ id }) => id).sort());
  const events = await allEvents(store);
  expect(await store.events.verify()).toMatchObject({ count: events.length });

  expect(await verifyJournal(fleet.journal)).toMatchObject({ tornBytes: 0 });
  const journal = readJournalEntries(fleet.journal);
  const made = journal.signatures.map(({ statement, document, keyid }) => `${statement} ${document} ${keyid}`);
  expect(made).toEqual([...new Set(made)]);
  oracle.judge({ signed: await payloadsOf(store, journal) });
  expect(unexplained(journal, [...requests.values()])).toEqual([]);

  const { token } = fleet.factory;
  const factory = createFoundriesClient({ ...fleet.factory, token: () => token, userAgent: 'test', timeoutMs: 60_000 });
  const waves = await factory.waves();
  const delivered = lives.filter(({ end }) => end === 'delivered');
  expect(waves.map(({ name }) => name).sort()).toEqual(delivered.map(({ name }) => name).sort());
  for (const life of lives) {
    const request = requests.get(life.id);
    const told = events.filter((event) => event.request === life.id).map(({ type, actor }) => `${type} by ${actor}`);
    expect([life.name, told.sort()]).toEqual([life.name, eventsOf(life).sort()]);
    const stored = await store.requests.signatures(life.id);
    if (life.end !== 'delivered') {
      expect(request).toMatchObject({ state: 'closed', closedBecause: life.end });
      expect(stored).toEqual([]);
      continue;
    }
    const statement = request?.statementSha256;
    expect(request).toMatchObject({ state: 'delivered' });
    const signatures = journal.signatures.filter((entry) => entry.statement === statement);
    const sigs = signatures.map(({ keyid, method, sig }) => ({ keyid, method, sig }));
    expect(sigs).not.toEqual([]);
    expect(stored.map(({ keyid, method, sig }) => ({ keyid, method, sig }))).toEqual(sigs);

    const published = await factory.waveWithTargets(life.name);
    expect(published?.wave).toMatchObject({ tag: life.tag, version: life.version });
    const targets = parseTargets(published?.targets ?? Buffer.alloc(0));
    expect(targets.sha256).toBe(request?.material.documents[0]);
    expect(targets.signatures).toEqual(expect.arrayContaining(sigs));

    const evidence = await verifyDossier(await evidenceOf(reader, life.id), fleet.pins, new Date());
    expect(evidence).toMatchObject({ statementSha256: statement, published: {}, journal: {} });
  }
  for (const wave of newestOf(waves)) expect([wave.name, await isAccepted(fleet, wave)]).toEqual([wave.name, true]);
}

function eventsOf({ end, decisions }: Life): string[] {
  const begun = ['asked by ci', 'opened by service', ...decisions];
  if (end === 'cancelled') return [...begun, 'cancelled by ci'];
  const ending = end === 'rejected' ? ['closed', 'vetoed'] : ['signed', 'delivered', 'published'];
  return [...begun, ...ending.map((type) => `${type} by service`)];
}

/** The bytes that each signature of the journal is over. */
async function payloadsOf(store: Store, { intents, signatures }: Journal) {
  const documents = new Map(intents.map((intent) => [intent.statement, intent.documents]));
  return Promise.all(
    signatures.map(async ({ statement, document, keyid }) => {
      const sha256 = documents.get(statement)?.find(({ index }) => index === document)?.sha256 ?? '';
      return { keyid, payload: await store.blobs.get(sha256) };
    }),
  );
}

/** Pairs of documents of one version that were both decided to be signed, where the later one does not name the earlier. */
function unexplained({ intents }: Journal, requests: readonly StoredRequest[]): string[] {
  const supersedes = new Map(
    requests.map((request) => [request.statementSha256, parseStatement(request.statement).supersedes?.documents ?? []]),
  );
  const decided = intents.flatMap(({ statement, documents }) => documents.map((one) => ({ statement, ...one })));
  return decided.flatMap((later, index) =>
    decided
      .slice(0, index)
      .filter(({ tag, version, sha256 }) => tag === later.tag && version === later.version && sha256 !== later.sha256)
      .filter(({ sha256 }) => supersedes.get(later.statement)?.includes(sha256) !== true)
      .map(({ sha256 }) => `${String(later.tag)} ${later.version}: ${sha256}, then ${later.sha256}`),
  );
}

async function allRequests(store: Store): Promise<Map<string, StoredRequest>> {
  const all = new Map<string, StoredRequest>();
  for (let cursor: string | undefined; ;) {
    const { items, next } = await store.requests.list({ limit: 100, ...(cursor === undefined ? {} : { cursor }) });
    for (const request of items) all.set(request.id, request);
    if (next === null) return all;
    cursor = next;
  }
}

async function allEvents(store: Store): Promise<StoredEvent[]> {
  const all: StoredEvent[] = [];
  for (;;) {
    const page = await store.events.list({ after: all.at(-1)?.seq ?? 0, limit: 500 });
    if (page.length === 0) return all;
    all.push(...page);
  }
}

async function evidenceOf(reader: Caller, id: string): Promise<string[]> {
  return reader(async (api) => {
    const lines: string[] = [];
    for await (const line of api.evidence(id)) lines.push(line);
    return lines;
  });
}

function newestOf(waves: readonly WaveInfo[]): WaveInfo[] {
  const newest = new Map<string, WaveInfo>();
  for (const wave of waves) {
    if (wave.version > (newest.get(wave.tag)?.version ?? 0)) newest.set(wave.tag, wave);
  }
  return [...newest.values()];
}

async function isAccepted({ factory }: Fleet, { name, tag, version, status }: WaveInfo): Promise<boolean> {
  const source = { ...factory, ...(status === 'active' ? { wave: name } : {}) };
  const device = { hardwareId: 'intel-corei7-64', tag, installedVersion: version - 1 };
  const { accepted, update } = await askDevice({ ...source }, device, new Date());
  return accepted && update?.version === version;
}
