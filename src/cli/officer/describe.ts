import { shortCode, type VerifiedDossier } from '../../dossier/index.js';
import { formatWave } from '../../factory/index.js';
import { plain } from '../terminal/output.js';
import { describeBundleDossier } from './describe-bundle.js';
import { describeRootDossier } from './describe-root.js';
import type { Examination } from './examine.js';

type Superseded = NonNullable<VerifiedDossier['statement']['supersedes']>;

/** What an officer reads before signing. Every line of it was proved from the dossier, none is the service's word. */
export function describeExamination({ verified, freshness }: Examination): string {
  const { statement, quorum, policy } = verified;
  const lines = [
    `Request    ${statement.id}`,
    `Asks for   ${whatIsAsked(verified)} of Factory ${plain(statement.factory)}`,
    `Asked by   ${plain(statement.requester.name)} (via ${statement.requester.via}), ${statement.created}`,
    `Reason     ${plain(statement.reason)}`,
    `Lives      until ${statement.expires}`,
    `Policy     version ${policy.policy.version}, sha256 ${policy.sha256}`,
    `Approvals  ${quorum.persons.length} of ${quorum.needed}${quorum.persons.length > 0 ? `: ${quorum.persons.join(', ')}` : ''}`,
    ...(quorum.singleOfficer ? ['           the policy lets a SINGLE officer approve this'] : []),
    ...verified.rejections.map((rejection) => `REJECTED   by ${plain(rejection.person)}: ${plain(rejection.reason)}`),
    freshness.checked
      ? `Checked    against ${freshness.factoryUrl} just now: ${verified.kind === 'bundle' ? 'roots are current, and where its Targets are' : 'roots and production targets are current'}`
      : 'NOT CHECKED whether this builds on what the Factory publishes now: no Factory token in the client configuration',
  ];
  if (statement.supersedes !== null) lines.push(...describeSuperseded(statement.supersedes));
  return [
    ...lines,
    '',
    ...describeDossier({ verified, freshness }),
    `Statement  sha256 ${verified.statementSha256}`,
    `Code       ${shortCode(verified.statementSha256)}`,
    '',
  ].join('\n');
}

function describeSuperseded({ statement, documents, unknown = [] }: Superseded): string[] {
  return [
    `SUPERSEDES statement ${statement}: other bytes were signed for this version or a higher one.`,
    ...documents.map(
      (sha256) => `           document ${sha256}${unknown.includes(sha256) ? ', UNKNOWN to the service' : ''}`,
    ),
    ...(unknown.length === 0
      ? []
      : [
          '           A signer told of what is unknown to the service: its database was put back from an older copy, or somebody lies.',
          '           What that was, only evidence of its request tells that somebody saved.',
        ]),
    '           Approve only if that document was never published and never will be.',
  ];
}

function describeDossier({ verified, freshness }: Examination): string[] {
  switch (verified.kind) {
    case 'wave':
      return describeWaveDossier(verified);
    case 'root':
      return describeRootDossier(verified);
    case 'bundle':
      return describeBundleDossier(verified, freshness.checked ? (freshness.places ?? null) : null);
  }
}

function whatIsAsked(verified: VerifiedDossier): string {
  if (verified.kind === 'bundle') return `an offline bundle for tag ${plain(verified.summary.tag)}`;
  if (verified.kind === 'root') return `root version ${verified.summary.version}`;
  const { name, version, tag } = verified.wave;
  return `Wave ${plain(name)}: version ${version} for tag ${plain(tag)}`;
}

function describeWaveDossier({ summary, statement }: Extract<VerifiedDossier, { kind: 'wave' }>): string[] {
  return [
    formatWave(summary).trimEnd(),
    '',
    ...statement.documents.map((document) => `Document   ${document.length} bytes, sha256 ${document.sha256}`),
  ];
}
