import { expect } from '@jest/globals';
import { z } from 'zod';
import { signOffline, type OfflineKey } from '../../src/offline-keys/index.js';
import { encodeCanonical, parseTargets, type Signature } from '../../src/tuf/index.js';
import { firstRootKey } from '../support/root-update.js';
import { buildWave, type TestSandbox } from '../support/sandbox.js';
import type { TufKey } from '../support/tuf-key.js';
import type { Exchange, RecordedCommand } from './recorded-story.js';
import { orderOf } from './order-of.js';
import { shapeOf } from './shape-of.js';
import { rootOf, Translation } from './translation.js';

const rootsSchema = z.object({ 'ci-root': z.string(), 'prod-root': z.string() });
const updatesSchema = z.object({ current: rootsSchema, updated: rootsSchema.nullable() });
const saidSchema = z.object({
  status: z.string(),
  'first-time': z.boolean(),
  amendments: z.array(z.unknown()),
  issues: z.unknown(),
});
const signatureSchema = z.object({ keyid: z.string(), method: z.string(), sig: z.string() });
const signedSchema = z.object({ signatures: z.array(signatureSchema), signed: z.unknown() });
const putSchema = z.object({
  'ci-root': signedSchema,
  'prod-root': signedSchema,
  'targets-signatures': z.record(z.string(), z.array(signatureSchema)).optional(),
  'waves-signatures': z.record(z.string(), z.array(signatureSchema)).optional(),
});
const waveSchema = z.object({ version: z.string(), tag: z.string(), targets: signedSchema });
const membersSchema = z.record(z.string(), z.unknown());
const begunSchema = z.object({ txid: z.string() });

/**
 * Makes the recorded calls again: in their order, with their bodies, whose members are in their order too; the server's names in
 * them as they are here and every signature made anew with the key that made the recorded one. Each answer has to have the
 * recorded status and shape; what is said about roots, their changes and refusals has to be the same word by word.
 */
export class Replay {
  readonly #sandbox: TestSandbox;
  readonly #offline: ReadonlyMap<string, OfflineKey>;
  readonly #names = new Translation();
  #firstRoot: TufKey | null = null;

  constructor(sandbox: TestSandbox, offline: ReadonlyMap<string, OfflineKey>) {
    this.#sandbox = sandbox;
    this.#offline = offline;
  }

  async play({ person, exchanges, step }: RecordedCommand): Promise<void> {
    for (const exchange of exchanges) {
      const { method, path, query, status } = exchange;
      this.#sandbox.clock.time = new Date(exchange.time);
      const body = await this.#bodyOf(exchange);
      const where = `${step}: ${method} ${path}?${query}`;
      expect([where, orderOf(body)]).toEqual([where, orderOf(exchange['request-body'])]);
      const answer = await this.#sandbox.call(person, method, `${path}${query === '' ? '' : `?${query}`}`, body);
      expect([where, answer.status, answer.status < 400 ? '' : answer.json]).toEqual([
        where,
        status,
        status < 400 ? '' : this.#names.translate(exchange['response-body']),
      ]);
      this.#learn(exchange, answer.json);
      expect([where, shapeOf(answer.json)]).toEqual([where, shapeOf(exchange['response-body'])]);
      this.#compare(exchange, answer.json);
    }
  }

  /** What this answer tells about names. */
  #learn({ method, path, 'response-body': recorded, status }: Exchange, here: unknown): void {
    if (status >= 400) return;
    if (path.endsWith('root.json')) this.#names.learnRoot(rootOf(recorded).signed, rootOf(here).signed);
    if (!path.endsWith('/root/updates')) return;
    if (method === 'POST') {
      this.#names.learn(begunSchema.parse(recorded).txid, begunSchema.parse(here).txid);
      if (typeof here === 'object' && here !== null && 'first_root.sec' in here) this.#firstRoot = firstRootKey(here);
    }
    if (method !== 'GET') return;
    const ours = rootsOf(here);
    rootsOf(recorded).forEach((root, at) => this.#names.learnRoot(rootOf(root).signed, rootOf(ours[at]).signed));
  }

  /** The same said about the same. */
  #compare({ method, path, 'response-body': recorded, status }: Exchange, here: unknown): void {
    if (method !== 'GET' || status >= 400) return;
    const compareRoots = (theirs: unknown, ours: unknown): void => {
      expect(rootOf(ours).signed).toEqual(this.#names.translate(rootOf(theirs).signed));
      expect(rootOf(ours).signatures.map(({ keyid }) => keyid)).toEqual(
        this.#names.translate(rootOf(theirs).signatures.map(({ keyid }) => keyid)),
      );
    };
    if (path.endsWith('root.json')) compareRoots(recorded, here);
    if (path.endsWith('/prod-targets/') || path.endsWith('/wave-targets/')) {
      expect(signersOf(here)).toEqual(this.#names.translate(signersOf(recorded)));
    }
    if (!path.endsWith('/root/updates')) return;
    expect(saidSchema.parse(here)).toEqual(this.#names.translate(saidSchema.parse(recorded)));
    rootsOf(recorded).forEach((root, at) => compareRoots(root, rootsOf(here)[at]));
  }

  async #bodyOf({ method, path, 'request-body': recorded }: Exchange): Promise<unknown> {
    const body = this.#names.translate(recorded) ?? undefined;
    if (method === 'PUT') return this.#signedRoots(body);
    return path.endsWith('/waves/') && method === 'POST' ? this.#signedWave(body) : body;
  }

  async #signedRoots(body: unknown): Promise<unknown> {
    const put = putSchema.parse(body);
    const signed = (root: z.output<typeof signedSchema>) => ({
      ...root,
      signatures: root.signatures.map((signature) => this.#sign(signature, encodeCanonical(root.signed))),
    });
    const targets = put['targets-signatures'];
    const waves = put['waves-signatures'];
    return {
      ...membersSchema.parse(body),
      'ci-root': signed(put['ci-root']),
      'prod-root': signed(put['prod-root']),
      ...(targets === undefined ? {} : { 'targets-signatures': await this.#signAll('prod-targets/?tag=', targets) }),
      ...(waves === undefined ? {} : { 'waves-signatures': await this.#signAll('wave-targets/?name=', waves) }),
    };
  }

  async #signAll(
    listing: string,
    recorded: Readonly<Record<string, readonly Signature[]>>,
  ): Promise<Record<string, Signature[]>> {
    const { json } = await this.#sandbox.call('alice', 'GET', `/ota/factories/acme/${listing}`);
    const documents = z.record(z.string(), z.unknown()).parse(json);
    return Object.fromEntries(
      Object.entries(recorded).map(([name, signatures]) => {
        const { signedBytes } = parseTargets(encodeCanonical(documents[name]));
        return [name, signatures.map((signature) => this.#sign(signature, signedBytes))];
      }),
    );
  }

  /** The Targets of this Factory's CI, which have other digests; expiry as recorded. */
  async #signedWave(body: unknown): Promise<unknown> {
    const wave = waveSchema.parse(body);
    const { expires } = z.object({ expires: z.string() }).parse(wave.targets.signed);
    const client = this.#sandbox.client('alice');
    const bytes = await buildWave(client, Number(wave.version), wave.tag, (signed) => ({ ...signed, expires }));
    const signatures = wave.targets.signatures.map((signature) => this.#sign(signature, bytes));
    return { ...membersSchema.parse(body), targets: { signed: JSON.parse(bytes.toString()) as unknown, signatures } };
  }

  /** By the same key over other bytes. A key that was thrown away cannot: its uploads were refused. */
  #sign(signature: Signature, bytes: Buffer): Signature {
    if (signature.keyid === this.#firstRoot?.keyid) return this.#firstRoot.sign(bytes);
    const key = this.#offline.get(signature.keyid);
    return key === undefined ? signature : signOffline(key, signature.keyid, bytes);
  }
}

/** Of `GET root/updates`: those in force, then those staged. */
function rootsOf(updates: unknown): string[] {
  const { current, updated } = updatesSchema.parse(updates);
  return [current, updated]
    .flatMap((roots) => (roots === null ? [] : [roots['ci-root'], roots['prod-root']]))
    .filter((text) => text !== '');
}

/** Who signed each document of a listing. */
function signersOf(documents: unknown): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(z.record(z.string(), signedSchema).parse(documents)).map(([name, { signatures }]) => [
      name,
      signatures.map(({ keyid }) => keyid),
    ]),
  );
}
