import { encodeCanonical, parseCanonical, type JsonValue } from '../../tuf/index.js';
import { alignColumns } from '../align-columns.js';
import { terminalText } from '../terminal-text.js';
import type {
  DescribedDocument,
  DescribedKey,
  DescribedKeyChange,
  DescribedThreshold,
  RootSummary,
} from './root-summary.js';

/**
 * A root update as an officer reads it: plain ASCII lines, each ended by a line feed, without control characters whatever the
 * documents hold; one line a change. Nothing is shortened: it is what will be signed. Of an adopted document every
 * value stands there.
 *
 * ```
 * Root update: version 4 -> 5, CI and production
 *
 *   WARNING: root has a single key: who loses it loses the Factory
 *
 *   replace key    targets                980254… by 544efd… (ED25519, owner 2bd806… since 2026-11-22T16:26:20Z)
 *   set threshold  targets in production  2 -> 3, of 3 keys
 *   set expires    both roots             2027-11-22T16:26:18Z -> 2028-11-22T16:26:18Z
 *   changelog      both roots             "Rotate keys" by 2bd806… at 2026-11-22T16:26:20.758533899Z
 *   re-sign        production targets     production version 42, expires 2027-…, sha256 a04ecc57…, with 544efd…
 *
 *   root signatures by 3631ac…
 *   1 key change, 1 document signed again, 0 adopted
 * ```
 */
export function formatRootChanges(summary: RootSummary): string {
  const { previousVersion, version, warnings, documents } = summary;
  const rows: Row[] = [
    ...summary.keys.map(formatKeyChange),
    ...summary.thresholds.map(formatThreshold),
    ...formatExpires(summary),
    formatChangelog(summary),
    ...documents.map(formatDocument),
  ];
  const adopted = documents.filter((document) => document.adopted !== null);
  return [
    `Root update: version ${previousVersion} -> ${version}, CI and production`,
    '',
    ...(warnings.length === 0 ? [] : [...warnings.map(({ message }) => `  WARNING: ${message}`), '']),
    ...alignColumns(rows).map((line) => `  ${line}`),
    ...adopted.flatMap((document) => ['', ...formatContents(document)]),
    '',
    `  root signatures by ${summary.signers.keyids.map(terminalText).join(', ')}`,
    `  ${summary.keys.length} key change${summary.keys.length === 1 ? '' : 's'}, ${formatCount(documents.length - adopted.length)} signed again, ${adopted.length} adopted`,
  ]
    .map((line) => `${line}\n`)
    .join('');
}

type Row = readonly [what: string, where: string, text: string];

function formatKeyChange({ role, online, old, new: key }: DescribedKeyChange): Row {
  if (old === null) return ['add key', role, key === null ? '' : formatKey(key)];
  if (key === null) return ['remove key', role, formatKey(old)];
  const text = `${terminalText(old.keyid)} by ${formatKey(key)}`;
  return online ? ['replace online key', role, `${text}, made by the Factory`] : ['replace key', role, text];
}

function formatKey({ keyid, keytype, owner }: DescribedKey): string {
  const owned =
    owner === null ? 'no owner' : `owner ${terminalText(owner.polisId)} since ${terminalText(owner.createdAt)}`;
  return `${terminalText(keyid)} (${terminalText(keytype)}, ${owned})`;
}

function formatThreshold({ role, repository, was, threshold, keys }: DescribedThreshold): Row {
  const where = repository === 'both' ? role : `${role} in production`;
  return ['set threshold', where, `${was} -> ${threshold}, of ${keys} key${keys === 1 ? '' : 's'}`];
}

function formatExpires({ previousExpires, expires }: RootSummary): Row[] {
  if (expires === previousExpires) return [['expires', 'both roots', `${terminalText(expires)}, as before`]];
  return [['set expires', 'both roots', `${terminalText(previousExpires)} -> ${terminalText(expires)}`]];
}

function formatChangelog({ changelog: { message, polisId, timestamp } }: RootSummary): Row {
  const by = `by ${terminalText(polisId)} at ${terminalText(timestamp)}`;
  return ['changelog', 'both roots', `${terminalText(message)} ${by}`];
}

function formatDocument(document: DescribedDocument): Row {
  const { tag, wave, version, expires, sha256, sign, adopted } = document;
  const name = wave === null ? terminalText(tag) : `${terminalText(wave)} for tag ${terminalText(tag)},`;
  return [
    adopted === null ? 're-sign' : 'ADOPT',
    wave === null ? 'production targets' : 'Wave targets',
    `${name} version ${version}, expires ${terminalText(expires)}, sha256 ${sha256}, with ${sign.map(terminalText).join(', ')}`,
  ];
}

function formatContents({ tag, wave, adopted }: DescribedDocument): string[] {
  const heading = wave === null ? `production targets ${terminalText(tag)}` : `Wave ${terminalText(wave)}`;
  const values = listValues(parseCanonical(encodeCanonical(adopted)).value, '');
  return [`  adopted: all of ${heading}`, ...alignColumns(values).map((line) => `    ${line}`)];
}

/** Pointer and JSON of every value that has no members: nothing of the document is left out, nor shortened. */
function listValues(value: JsonValue, pointer: string): [string, string][] {
  const members = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  if (members.length === 0) return [[terminalText(pointer), JSON.stringify(value)]];
  return members.flatMap(([name, member]) =>
    listValues(member, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  );
}

function formatCount(documents: number): string {
  return `${documents} document${documents === 1 ? '' : 's'}`;
}
