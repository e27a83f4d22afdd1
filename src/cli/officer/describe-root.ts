import type { StatementKey, VerifiedRootDossier } from '../../dossier/index.js';
import { formatRootChanges } from '../../factory/index.js';
import { plain } from '../terminal/output.js';

/** What a root update changes, where its new keys are kept, and who has signed or has to from outside of all tokens. */
export function describeRootDossier(verified: VerifiedRootDossier): string[] {
  const { statement, summary, externals, missingSigners } = verified;
  const [ci, production, ...reSigned] = statement.documents;
  const outside = [...new Set(externals.map(({ keyid }) => keyid))];
  const lacking = [...new Set(missingSigners.flatMap(({ keyids }) => keyids))];
  return [
    formatRootChanges(summary).trimEnd(),
    '',
    ...statement.keys.map(describeKey),
    ...outside.map((keyid) => `Signed     with the outgoing key ${plain(keyid)}, which is in no token`),
    ...(missingSigners.length === 0
      ? []
      : [
          `LACKS      signatures of outgoing keys that are in no token: ${lacking.map(plain).join(', ')} (countersign contribute)`,
        ]),
    `Document   CI root ${ci.version}, ${ci.length} bytes, sha256 ${ci.sha256}`,
    `Document   production root ${production.version}, ${production.length} bytes, sha256 ${production.sha256}`,
    ...(reSigned.length === 0 ? [] : [`Documents  ${reSigned.length} more, signed again: each stands above`]),
  ];
}

function describeKey({ keyid, keytype, role, token, attributes }: StatementKey): string {
  const facts = [
    [attributes.extractable, 'EXTRACTABLE', 'not extractable'],
    [attributes.sensitive, 'sensitive', 'NOT SENSITIVE'],
    [attributes.local, 'made in the token', 'NOT MADE IN THE TOKEN'],
  ] as const;
  const said = facts.map(([value, yes, no]) =>
    value === null ? `${yes.toLowerCase()}: the token does not say` : value ? yes : no,
  );
  return `New key    ${plain(keyid)} (${keytype}) for ${role}, in token ${plain(token.label)} ${plain(token.serial)}: ${said.join(', ')}; it has shown that it signs`;
}
