import { alignColumns, formatRootChanges } from '../factory/index.js';
import type { StatementKey } from './root-statement.js';
import type { VerifiedRootDossier } from './verified-dossier.js';

/** What a root update is, in one line. */
export function nameRootUpdate({ statement, summary }: VerifiedRootDossier): string {
  const { previousVersion, version } = summary;
  return `Root update: version ${previousVersion} -> ${version} of CI and production of Factory ${statement.factory}`;
}

/** The documents that are signed, without those that are signed again: these stand among the changes. */
export function describeRoots({ documents }: VerifiedRootDossier): string[] {
  return documents.flatMap(({ entry }) =>
    entry.role === 'root'
      ? [`${entry.repository} root: sha256 ${entry.sha256}, ${entry.length} bytes, expires ${entry.expires}`]
      : [],
  );
}

/** Sections about what only root updates have, each a list of lines. */
export function explainRootUpdate(verified: VerifiedRootDossier): string[][] {
  const { statement, summary, externals, missingSigners } = verified;
  return [
    formatRootChanges(summary).trimEnd().split('\n'),
    list('New keys, each of which has proved that it is held for its role', statement.keys.map(describeKey)),
    list(
      'Signatures from outside, each verified with the root in force',
      externals.map(({ document, keyid, method }) => [nameDocument(verified, document), keyid, method]),
    ),
    list(
      'STILL LACKING, before anything is signed: signatures from outside',
      missingSigners.map(({ document, missing, keyids }) => [
        nameDocument(verified, document),
        `${missing} of the root in force`,
        `by ${keyids.join(' or ')}`,
      ]),
    ),
  ];
}

/** A document that a signature is over. */
export function nameDocument({ documents }: VerifiedRootDossier, index: number): string {
  const entry = documents[index]?.entry;
  if (entry === undefined) return '';
  if (entry.role === 'root') return entry.repository === 'ci' ? 'CI root' : 'production root';
  return entry.wave === null ? `production targets ${entry.tag}` : `Wave ${entry.wave}`;
}

/** What the Factory published. */
export function explainPublishedRoots({ published }: VerifiedRootDossier): string[] {
  if (published === undefined) return [];
  const { version } = published.roots.production.signed;
  return [
    `The Factory published these very roots as version ${version}, in both repositories, and devices that trusted the ones before follow.`,
  ];
}

function describeKey({ keyid, keytype, role, token, attributes }: StatementKey): string[] {
  const said = Object.entries(attributes).map(([name, value]) => {
    if (value === null) return `${name}: the token does not say`;
    return value ? name : `not ${name}`;
  });
  return [keyid, keytype, role, `token ${JSON.stringify(token.label)} (${token.serial})`, said.join(', ')];
}

function list(title: string, items: readonly (readonly string[])[]): string[] {
  return items.length === 0 ? [] : [`${title}:`, ...alignColumns(items).map((line) => `  ${line}`)];
}
