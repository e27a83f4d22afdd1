import type { JsonValue } from '../src/tuf/index.js';
import { canonicalize } from '../src/tuf/index.js';
import { ciTarget } from './ci-builds.js';

/** One document, written in three ways. */
export interface TargetsDocuments {
  /** Members in random order. */
  readonly shuffled: Buffer;
  /** The canonical bytes. */
  readonly canonical: Buffer;
  /** Members in random order, indented by two blanks. */
  readonly indented: Buffer;
}

/** CI targets metadata of about so many bytes. Always the same, so that runs can be compared. */
export function targetsDocuments(bytes: number): TargetsDocuments {
  const value = shuffled(targetsMetadata(bytes), createRandom());
  const text = Buffer.from(JSON.stringify(value));
  return {
    shuffled: text,
    canonical: canonicalize(text),
    indented: Buffer.from(JSON.stringify(value, null, 2)),
  };
}

function targetsMetadata(bytes: number): JsonValue {
  const targets: [string, JsonValue][] = [];
  const entryBytes = JSON.stringify(ciTarget('raspberrypi4-64', 1, ['master', 'devel'])).length;
  for (let version = 1; version * entryBytes < bytes; version += 1) {
    const board = version % 2 === 0 ? 'intel-corei7-64' : 'raspberrypi4-64';
    const [name, entry] = ciTarget(board, version, ['master', 'devel']);
    targets.push([name, { ...entry, hashes: { ...entry.hashes }, custom: { ...entry.custom } }]);
  }
  const signatures = [{ keyid: 'a'.repeat(64), method: 'ed25519', sig: 'AAAA' }];
  const signed = {
    _type: 'Targets',
    expires: '2030-01-01T00:00:00Z',
    targets: Object.fromEntries(targets),
    version: 1,
  };
  return { signatures, signed };
}

function shuffled(value: JsonValue, random: () => number): JsonValue {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, random));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, member]) => ({ at: random(), name, member }));
  entries.sort((a, b) => a.at - b.at);
  return Object.fromEntries(entries.map(({ name, member }) => [name, shuffled(member, random)]));
}

/** A linear congruential generator (Numerical Recipes), always from the same seed. */
function createRandom(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
