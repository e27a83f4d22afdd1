import type { Recovery } from './recovery.js';

type Document = Recovery['adopted'][number];

/**
 * What a recovery says, in words for a terminal. Holds text of others only as the schemas of statements and policies let it be:
 * without control characters.
 */
export function describeRecovery(recovery: Recovery): string {
  const { journal, policy, requests, adopted, published, vetoes, lifts, policies, roots, keys } = recovery;
  const unprovable = requests.filter(({ from }) => from === 'dossier');
  return [
    'Recovery of the signer’s journal',
    `Service    ${recovery.service}`,
    `Reason     ${recovery.reason}`,
    `Made       ${recovery.created}, to be applied until ${recovery.expires}`,
    `Policy     version ${policy.version}, sha256 ${policy.sha256}`,
    `Continues  from entry ${journal.seq} of the journal that is there, ${journal.hash}`,
    ...(journal.damagedLine === null
      ? []
      : [`DAMAGED    from line ${journal.damagedLine} on: what stands there is not read, the file is kept`]),
    '',
    'After it the signer knows again:',
    ...policies.map((one) => `  policy    version ${one.version}, sha256 ${one.sha256}`),
    ...roots.map((root) => `  root      ${root.factory} ${root.repository} version ${root.version}, ${root.sha256}`),
    ...keys.map((key) => `  key       ${key.keyid}, ${key.role} of ${key.factory}, in token ${key.token}`),
    ...requests.flatMap(({ id, kind, factory, statement, from, documents }) => [
      `  request   ${id}, statement ${statement}${from === 'journal' ? '' : ', from its dossier alone'}`,
      ...documents.map(
        (document) =>
          `            signed: ${kind === undefined ? '' : 'offline bundle of '}${wordsOf({ factory, ...document })}`,
      ),
    ]),
    ...adopted.map(
      (document) => `  ADOPTED   ${wordsOf(document)}, signed by ${document.keyid}; nobody has its request`,
    ),
    ...published.map((document) => `  published ${wordsOf(document)}`),
    ...vetoes.map(({ id, person }) => `  veto      of ${id} by ${person}`),
    '',
    ...lifts.map(
      (freeze) => `LIFTED     the freeze of ${freeze.role} of ${freeze.factory}, for what ${freeze.keyid} signed`,
    ),
    'Not known again: documents that were signed and never published, and vetoes, if no file given here tells of them.',
    ...(unprovable.length === 0
      ? []
      : [`There will be no new evidence of ${unprovable.length} request(s): the journal’s lines about them are lost.`]),
    ...(adopted.length === 0
      ? []
      : ['Approve only if you know why each ADOPTED document was signed: else the key may have been misused.']),
    '',
  ].join('\n');
}

function wordsOf({ factory, repository, role, tag, version, sha256 }: Omit<Document, 'keyid'>): string {
  return `${factory} ${repository} ${role}${tag === null ? '' : ` ${tag}`} version ${version}, sha256 ${sha256}`;
}
