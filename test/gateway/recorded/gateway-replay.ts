import { z } from 'zod';
import { printed, send } from '../../../scripts/demo/fioctl-connection.js';
import { findSigners, withTargetsThreshold } from '../../../scripts/demo/fioctl-roots.js';
import { findInRole, signOffline, type OfflineKey } from '../../../src/offline-keys/index.js';
import { encodeCanonical, keyidOf, parseTargets, type Root, type Signature } from '../../../src/tuf/index.js';
import type { Exchange, RecordedCommand } from '../../sandbox/recorded-story.js';
import { rootOf } from '../../sandbox/translation.js';
import { buildWave } from '../../support/sandbox.js';
import type { Engineer, GatewayWorld } from '../gateway-world.js';
import { readByFioctl } from './read-by-fioctl.js';
import { withRecordedChange } from './recorded-change.js';

/** A call that was made. */
export interface Played {
  readonly exchange: Exchange;
  /** The body that was sent. */
  readonly body: unknown;
  readonly status: number;
  readonly json: unknown;
  /** What fioctl shows its user of a refusal. */
  readonly printed: string;
}

/** Whose accounts the recorded people had. */
const ENGINEERS: Readonly<Record<string, Engineer>> = { alice: 'erin', bob: 'frank' };

const rootsSchema = z.object({ 'ci-root': z.string(), 'prod-root': z.string().nullish() });
const updatesSchema = z.object({ current: rootsSchema, updated: rootsSchema.nullish() });
const signatureSchema = z.object({ keyid: z.string(), method: z.string(), sig: z.string() });
const signedSchema = z.object({ signatures: z.array(signatureSchema), signed: z.unknown() });
const signaturesSchema = z.record(z.string(), z.array(signatureSchema)).optional();
const putSchema = z.object({
  'ci-root': signedSchema,
  'prod-root': signedSchema,
  'targets-signatures': signaturesSchema,
  'waves-signatures': signaturesSchema,
});
const waveSchema = z.object({
  name: z.string(),
  version: z.string(),
  tag: z.string(),
  targets: z.object({ signed: z.looseObject({ expires: z.string() }) }),
});
const txidSchema = z.object({ txid: z.string() });
const documentsSchema = z.record(z.string(), z.unknown());

/** Roots as a command was served them. */
interface Served {
  readonly ci: Root;
  readonly production: Root;
  readonly current: Root;
}

/** What a command has been answered so far, in the recording and here. */
interface Session {
  readonly keys: readonly OfflineKey[];
  roots: { readonly recorded: Served; readonly here: Served } | null;
  /** The CI root in force. */
  root: Root | null;
  readonly documents: Record<string, Record<string, unknown>>;
}

/**
 * Sends the recorded calls to a gateway: in their order, with their headers, bodies of the same members in the same order. What
 * fioctl makes of answers (roots, signatures) is made of the answers here, with the keys that are in the caller's file: request keys, and those that
 * fioctl has made itself.
 */
export class GatewayReplay {
  readonly #world: GatewayWorld;
  /** Keys that fioctl made in the story, as far as it has not thrown them away. */
  readonly #made: readonly OfflineKey[];
  readonly #txids = new Map<string, string>();

  constructor(world: GatewayWorld, made: Iterable<OfflineKey>) {
    this.#world = world;
    this.#made = [...made];
  }

  /** All calls of a command, up to the one that ends it otherwise than in the recording. */
  async play({ person, exchanges }: RecordedCommand): Promise<Played[]> {
    const own = await this.#world.keysOf(ENGINEERS[person] ?? 'erin');
    const session: Session = { keys: [...own, ...this.#made], roots: null, root: null, documents: {} };
    const played: Played[] = [];
    for (const exchange of exchanges) {
      const answer = await this.#send(person, exchange, session);
      played.push(answer);
      if (answer.status >= 400 && exchange.status < 400) break;
    }
    return played;
  }

  async #send(person: string, exchange: Exchange, session: Session): Promise<Played> {
    const { method, path, query, time } = exchange;
    const { sandbox, url } = this.#world;
    sandbox.clock.time = new Date(Math.max(sandbox.clock.time.getTime(), Date.parse(time)));
    const target = `${path}${query === '' ? '' : `?${query}`}`;
    const body = await this.#bodyOf(exchange, session);
    const headers = { ...exchange['request-headers'], 'Osf-Token': sandbox.token(person) };
    const { status, text } = await send(`${url}${target}`, method, body === null ? '' : JSON.stringify(body), headers);
    const json: unknown = text === '' ? null : JSON.parse(text);
    if (status < 400) {
      readByFioctl(exchange, json);
      if (exchange.status < 400) this.#remember(exchange, json, session);
    }
    const lines = status < 400 ? [] : printed(`${method} '${url}${target}'`, text);
    return { exchange, body, status, json, printed: lines.join('\n') };
  }

  #remember({ method, path, 'response-body': recorded }: Exchange, here: unknown, session: Session): void {
    if (path.endsWith('/root/updates') && method === 'POST') {
      this.#txids.set(txidSchema.parse(recorded).txid, txidSchema.parse(here).txid);
    }
    if (method !== 'GET') return;
    if (path.endsWith('/root.json')) session.root = rootOf(here).signed;
    if (/-targets\/$/.test(path)) session.documents[path] = documentsSchema.parse(here);
    if (!path.endsWith('/root/updates')) return;
    const [before, now] = [servedOf(recorded), servedOf(here)];
    session.roots = before === null || now === null ? null : { recorded: before, here: now };
  }

  async #bodyOf({ method, path, 'request-body': recorded }: Exchange, session: Session): Promise<unknown> {
    if (recorded == null) return null;
    if (method === 'POST' && path.endsWith('/waves/')) return this.#waveOf(recorded, session);
    if (!path.includes('/root/updates') || (method === 'POST' && path.endsWith('/root/updates'))) return recorded;
    const { txid } = txidSchema.parse(recorded);
    const body = { ...recorded, txid: this.#txids.get(txid) ?? txid };
    return method === 'PUT' ? { ...body, ...rootsOf(putSchema.parse(body), session) } : body;
  }

  /** With the Targets of this Factory, which have other digests. */
  async #waveOf(recorded: unknown, { root, keys }: Session): Promise<unknown> {
    const wave = waveSchema.parse(recorded);
    const { expires } = wave.targets.signed;
    const client = this.#world.sandbox.client('alice');
    const bytes = await buildWave(client, Number(wave.version), wave.tag, (signed) => ({ ...signed, expires }));
    const signatures = root === null ? [] : signTargets(keys, root, bytes);
    return { ...wave, targets: { signed: JSON.parse(bytes.toString()) as unknown, signatures } };
  }
}

/** What is staged, and what is in force; null where nothing is staged. */
function servedOf(answer: unknown): Served | null {
  const { current, updated } = updatesSchema.parse(answer);
  if (updated == null) return null;
  const ci = rootOf(updated['ci-root']).signed;
  const text = updated['prod-root'] ?? '';
  const production = withTargetsThreshold(
    ci,
    text === '' ? undefined : rootOf(text).signed.roles['targets']?.threshold,
  );
  return { ci, production, current: rootOf(current['ci-root']).signed };
}

/** The recorded change to what was served here. Where nothing was, fioctl ends; what the recording has is sent all the same. */
function rootsOf(put: z.output<typeof putSchema>, { roots, keys, documents }: Session): object {
  if (roots === null) return {};
  const { recorded, here } = roots;
  const ci = withRecordedChange(here.ci, { served: recorded.ci, put: rootOf(put['ci-root']).signed });
  const production = withRecordedChange(here.production, {
    served: recorded.production,
    put: rootOf(put['prod-root']).signed,
  });
  const signers = findSigners(keys, { ci, production, current: here.current });
  const signed = (root: Root, { signatures }: z.output<typeof signedSchema>) => ({
    signatures:
      signatures.length === 0
        ? []
        : [
            // made with a key that was thrown away after that
            ...signatures.filter(({ keyid }) => isNew(keyid, roots) && !isIn(keys, keyid)),
            ...signers.map(({ keyid, offline }) => signOffline(offline, keyid, encodeCanonical(root))),
          ],
    signed: root,
  });
  const listing = (name: 'targets-signatures' | 'waves-signatures', path: string) => {
    const signatures = put[name];
    if (signatures === undefined) return {};
    const served = Object.entries(documents).find(([at]) => at.endsWith(path))?.[1] ?? {};
    return { [name]: Object.fromEntries(Object.entries(signatures).map(([of, all]) => [of, sign(all, served[of])])) };
  };
  const sign = (signatures: readonly Signature[], document: unknown): Signature[] => {
    const { signedBytes } = parseTargets(encodeCanonical(document));
    const made = signatures.filter(({ keyid }) => isNew(keyid, roots));
    if (made.length === 0) return signTargets(keys, here.ci, signedBytes);
    return made.map((signature) => {
      const key = keys.find((one) => keyidOf(one.key) === signature.keyid);
      return key === undefined ? signature : signOffline(key, signature.keyid, signedBytes);
    });
  };
  return {
    'ci-root': signed(ci, put['ci-root']),
    'prod-root': signed(production, put['prod-root']),
    ...listing('targets-signatures', '/prod-targets/'),
    ...listing('waves-signatures', '/wave-targets/'),
  };
}

/** By the key of the file that the root names, under the keyid that it gives it. */
function signTargets(keys: readonly OfflineKey[], root: Root, bytes: Buffer): Signature[] {
  return findInRole(keys, root, 'targets').map(({ keyid, offline }) => signOffline(offline, keyid, bytes));
}

function isNew(keyid: string, { recorded }: NonNullable<Session['roots']>): boolean {
  return !(keyid in recorded.ci.keys) && !(keyid in recorded.current.keys);
}

function isIn(keys: readonly OfflineKey[], keyid: string): boolean {
  return keys.some(({ key }) => keyidOf(key) === keyid);
}
