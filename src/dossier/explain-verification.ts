import { alignColumns } from '../factory/index.js';
import { formatTime } from '../tuf/index.js';
import { explainBundle, nameBundle } from './explain-bundle.js';
import { shortCode } from './short-code.js';
import {
  describeRoots,
  nameRootUpdate,
  explainPublishedRoots,
  explainRootUpdate,
  nameDocument,
} from './explain-root.js';
import type {
  CheckedApproval,
  CheckedJournal,
  NotCounted,
  VerifiedDossier,
  VerifiedWaveDossier,
} from './verified-dossier.js';

/**
 * What a verified dossier proves, in plain words: whether it is approved, what and by whom, what the signer
 * claims. Plain lines, each ended by a line feed, without control characters. What the Wave changes is
 * formatWave's to say.
 */
export function explainVerification(verified: VerifiedDossier): string {
  const { statement } = verified;
  const sections = [
    [verdict(verified)],
    alignColumns([
      ['what', describeWhat(verified)],
      ['asked for', `by ${statement.requester.name} (${statement.requester.via}) at ${statement.created}`],
      ['because', quote(statement.reason)],
      ['request', `${statement.id}, to be decided until ${statement.expires}`],
      ['statement', `sha256 ${verified.statementSha256} (short code ${shortCode(verified.statementSha256)})`],
      ...describeDocuments(verified).map((document) => ['document', document]),
      ['policy', `version ${verified.policy.policy.version}, ${describeQuorum(verified)}`],
      ...(statement.supersedes === null ? [] : [['SUPERSEDES', describeSuperseded(statement.supersedes)]]),
    ]),
    ...(verified.kind === 'root' ? explainRootUpdate(verified) : []),
    ...(verified.kind === 'bundle' ? explainBundle(verified) : []),
    list('Approvals', verified.approvals.map(describeApproval)),
    list(
      'Rejections',
      verified.rejections.map(({ person, fingerprint, reason }) => [person, fingerprint, quote(reason)]),
    ),
    list(
      'Rejections that have no effect',
      verified.ignoredRejections.map(({ fingerprint, why }) => [
        fingerprint === '' ? 'no key' : fingerprint,
        WHY_NOT[why],
      ]),
    ),
    list(
      `Signatures, each verified with the ${verified.kind === 'root' ? 'root that names its key' : 'production root'}`,
      verified.signatures.map(({ document, keyid, method, signedAt }) => [
        ...(verified.kind === 'root' ? [nameDocument(verified, document)] : []),
        ...[keyid, method, `at ${signedAt} (the signer's claim)`],
      ]),
    ),
    ...describeJournals(verified),
    closing(verified),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `${line}\n`).join(''))
    .join('\n');
}

const WHY_NOT: Record<NotCounted, string> = {
  malformed: 'not counted: it is no SSH signature',
  'other-namespace': 'not counted: it was made for another purpose',
  mismatch: 'not counted: it does not sign this statement',
  'no-touch': 'not counted: nobody touched the security key',
  'unknown-key': 'not counted: the key belongs to no officer',
  requester: 'not counted: nobody approves what they asked for',
  'duplicate-person': 'not counted: the same officer is counted already',
  'other-statement': 'not counted: it is about another statement',
};

function verdict({ rejections, quorum }: VerifiedDossier): string {
  const rejectedBy = unique(rejections.map(({ person }) => person));
  if (rejectedBy.length > 0) return `REJECTED by ${rejectedBy.join(', ')}: it must never be signed.`;
  const { needed, persons, missing, singleOfficer } = quorum;
  if (missing > 0) {
    return `NOT APPROVED: ${persons.length} of ${needed} needed officers approved it${persons.length > 0 ? ` (${persons.join(', ')})` : ''}.`;
  }
  return `APPROVED by ${persons.join(', ')}${singleOfficer ? ' alone: the policy asks for a single officer' : ''}.`;
}

function describeWhat(verified: VerifiedDossier): string {
  if (verified.kind === 'root') return nameRootUpdate(verified);
  if (verified.kind === 'bundle') return nameBundle(verified);
  const { wave, statement } = verified;
  return `Wave ${wave.name}: version ${wave.version} for tag ${wave.tag} of Factory ${statement.factory}`;
}

function describeSuperseded({
  statement,
  unknown = [],
}: NonNullable<VerifiedDossier['statement']['supersedes']>): string {
  const forgotten = unknown.length === 0 ? '' : `; the service had no request of ${unknown.length} such document(s)`;
  return `statement ${statement}, which was signed before${forgotten}`;
}

function describeDocuments(verified: VerifiedDossier): string[] {
  if (verified.kind === 'root') return describeRoots(verified);
  return verified.documents.map(
    ({ entry }) => `sha256 ${entry.sha256}, ${entry.length} bytes, expires ${entry.expires}`,
  );
}

function describeQuorum({ quorum: { needed, singleOfficer } }: VerifiedDossier): string {
  return singleOfficer ? 'which is content with a single officer' : `which wants ${needed} officers`;
}

function describeApproval({ person, fingerprint, algorithm, why }: CheckedApproval): string[] {
  const key = fingerprint === '' ? 'no key' : `${fingerprint} (${algorithm})`;
  return [person ?? 'nobody', key, why === undefined ? 'counted' : WHY_NOT[why]];
}

/** What the lines of each journal prove, and where proof ends and the signer's word begins. */
function describeJournals({ journals }: VerifiedDossier): string[][] {
  if (journals.length < 2) return journals.map(({ journal }) => describeJournal(journal, "The signer's journal"));
  return [
    ...journals.map(({ journal }, index) => describeJournal(journal, `Journal ${index + 1} of ${journals.length}`)),
    ['Several signers signed, each with keys of its own. Which of them was first, only their clocks tell.'],
  ];
}

function describeJournal({ intent, signatures, head, others }: CheckedJournal, name: string): string[] {
  return [
    `${name}, which is the signer's own account of it:`,
    ...alignColumns([
      [
        `entry ${intent.seq}`,
        `decided to sign this very statement, approved by ${intent.persons.join(', ')}`,
        intent.at,
      ],
      ...signatures.map(({ seq, keyid, at }) => [`entry ${seq}`, `signed with ${keyid}`, at]),
    ]).map((line) => `  ${line}`),
    ...(others === 0
      ? [
          'Each entry holds the hash of the one before it: it was decided first and signed after it, with nothing between.',
        ]
      : [
          `In between stand ${others} entries about something else, with their hashes alone: that they follow each other`,
          'is proved only together with the journal itself.',
        ]),
    `A journal in which entry ${head.seq} has the hash ${head.hash} holds these entries; any other contradicts them.`,
  ];
}

function closing(verified: VerifiedDossier): string[] {
  const { judgedAt, judgedBy, journal } = verified;
  const at = formatTime(judgedAt);
  return [
    judgedBy === 'clock'
      ? `Expiry was judged by this machine's clock: ${at}.`
      : `Expiry was judged at ${at}, the time that the signer claims to have ${journal === undefined ? 'signed' : 'decided'} at; nothing else proves it.`,
    ...(verified.kind === 'root' ? explainPublishedRoots(verified) : []),
    ...(verified.kind === 'wave' ? explainPublished(verified) : []),
  ];
}

function explainPublished({ published }: VerifiedWaveDossier): string[] {
  if (published === undefined) return [];
  const { signed, threshold } = published.threshold;
  return [
    `The Factory published this very document, signed by ${signed.join(' and ')}: ` +
      `${signed.length} of the ${threshold} signatures that devices want.`,
  ];
}

function list(title: string, items: readonly (readonly string[])[]): string[] {
  return items.length === 0 ? [] : [`${title}:`, ...alignColumns(items).map((line) => `  ${line}`)];
}

function unique(items: readonly string[]): string[] {
  return [...new Set(items)];
}

/** Statement and rejection texts hold no control or format characters; quotes keep them apart from our words. */
function quote(text: string): string {
  return JSON.stringify(text);
}
