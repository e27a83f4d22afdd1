import { z } from 'zod';
import {
  encodeCanonical,
  parseOfflineBundle,
  parseTargets,
  serializeMetadata,
  sha256Hex,
  type OfflineBundle,
} from '../tuf/index.js';
import { timeAfter } from './clock.js';
import { signOnline, type OnlineKey } from './online-keys.js';
import { refuseUnless } from './parse-body.js';
import { Refusal } from './refusal.js';
import type { SandboxState } from './state.js';

const MAX_DAYS = 3650;
/** Of snapshot and timestamp. */
const LIFETIME_DAYS = 30;

export const offlineMetaSchema = z.strictObject({
  tag: z.string().min(1).max(100),
  'expires-in-days': z.int().min(1).max(MAX_DAYS).default(30),
  production: z.boolean().default(false),
  wave: z.string().max(100).default(''),
  /** The bundle that the folder has already. */
  'bundle-targets': z.unknown().optional(),
});

type OfflineMetaInput = z.output<typeof offlineMetaSchema>;

/**
 * What a device without network gets for a Target: the targets that it stands in, snapshot and timestamp over them, and a bundle
 * that lists it, each with the Factory's own signature. A bundle that is there already is extended, and so signed anew.
 *
 * @throws Refusal 400, 404
 */
export function offlineMeta(state: SandboxState, target: string, input: OfflineMetaInput, now: Date) {
  const { tag } = input;
  const targets = publishedTargets(state, input);
  const { signed } = parseTargets(Buffer.from(targets));
  const entry = Object.hasOwn(signed.targets, target) ? signed.targets[target] : undefined;
  const tags = entry?.custom?.['tags'];
  if (!Array.isArray(tags) || !tags.includes(tag)) throw new Refusal(404, `No Target ${target} of tag ${tag}`);
  const common = { expires: timeAfter(now, LIFETIME_DAYS), version: signed.version };
  const snapshot = sign(
    { _type: 'Snapshot', ...common, meta: { 'targets.json': metaOf(targets, signed.version) } },
    state.keys.snapshot,
  );
  const timestamp = sign(
    { _type: 'Timestamp', ...common, meta: { 'snapshot.json': metaOf(snapshot, signed.version) } },
    state.keys.timestamp,
  );
  const bundle = sign(extendedBundle(input, target, now), state.keys.targets);
  return { timestamp, snapshot, targets, 'bundle-targets': bundle };
}

function publishedTargets(state: SandboxState, { tag, wave, production }: OfflineMetaInput): string {
  if (wave !== '') {
    const active = state.waves.find(({ name, status }) => name === wave && status === 'active');
    if (active?.tag === tag) return active.targets;
    throw new Refusal(404, `No active Wave ${wave} of tag ${tag}`);
  }
  if (!production) return state.ciTargets;
  const text = Object.hasOwn(state.productionTargets, tag) ? state.productionTargets[tag] : undefined;
  if (text === undefined) throw new Refusal(404, `No production targets of tag ${tag}`);
  return text;
}

function extendedBundle(input: OfflineMetaInput, target: string, now: Date): OfflineBundle {
  const { tag, wave, production, 'bundle-targets': given } = input;
  const type = production || wave !== '' ? 'prod' : 'ci';
  const before =
    given === undefined || given === null
      ? null
      : refuseUnless('The bundle cannot be extended', '/bundle-targets', () =>
          parseOfflineBundle(encodeCanonical(given)),
        );
  const listed = before?.signed['x-fio-offline-bundle'];
  if (listed !== undefined && (listed.type !== type || listed.tag !== tag)) {
    throw new Refusal(400, `The bundle is of type ${listed.type} for tag ${listed.tag}`);
  }
  const names = listed?.targets ?? [];
  return {
    _type: 'Targets',
    expires: timeAfter(now, input['expires-in-days']),
    version: (before?.signed.version ?? 0) + 1,
    'x-fio-offline-bundle': { type, tag, targets: names.includes(target) ? names : [...names, target] },
  };
}

function metaOf(text: string, version: number) {
  return { hashes: { sha256: sha256Hex(text) }, length: Buffer.byteLength(text), version };
}

function sign(signed: object, key: OnlineKey): string {
  const signedBytes = encodeCanonical(signed);
  return serializeMetadata({ signatures: [signOnline(key, signedBytes)], signedBytes }).toString('utf8');
}
