import type { AddedTarget, AppChange, HardwareSummary, WaveSummary } from './describe-wave.js';
import { alignColumns } from './align-columns.js';
import { terminalText } from './terminal-text.js';

/**
 * A Wave as an officer reads it: plain ASCII lines, each ended by a line feed, without control
 * characters whatever the documents hold. Nothing is shortened: it is what will be signed.
 *
 * ```
 * Wave for tag production: version 40 -> 42
 *
 *   expires     2027-11-22T16:26:20Z (was 2027-11-22T16:26:19Z)
 *
 *   intel-corei7-64
 *     + intel-corei7-64-lmp-42  version 42
 *         sha256  a04ecc57…
 *         dash    apps.example/acme/dash@sha256:d041a8…
 *            was  apps.example/acme/dash@sha256:425ddb…
 *     = intel-corei7-64-lmp-40  version 40
 * ```
 */
export function formatWave(summary: WaveSummary): string {
  const { tag, version, previousVersion } = summary;
  const step = previousVersion === null ? `${version} (the first of this tag)` : `${previousVersion} -> ${version}`;
  const lines = [`Wave for tag ${terminalText(tag)}: version ${step}`, '', ...formatFacts(summary)];
  for (const hardware of summary.hardware) lines.push('', ...formatHardware(hardware));
  lines.push('', ...formatTotals(summary));
  return lines.map((line) => `${line}\n`).join('');
}

function formatFacts({ expires, previousExpires, sourceTag, pruned }: WaveSummary): string[] {
  return alignColumns([
    ['expires', terminalText(expires) + (previousExpires === null ? '' : ` (was ${terminalText(previousExpires)})`)],
    [
      'taken from',
      sourceTag === null ? 'every CI Target of the version' : `CI Targets with tag ${terminalText(sourceTag)}`,
    ],
    ['pruned', pruned.length === 0 ? 'nothing' : `version ${pruned.join(', ')}`],
  ]).map((line) => `  ${line}`);
}

function formatHardware({ hardwareId, added, dropped, kept }: HardwareSummary): string[] {
  const marked = [
    ...added.map((target) => ({ mark: '+', target, detail: formatAdded(target) })),
    ...dropped.map((target) => ({ mark: '-', target, detail: [] })),
    ...kept.map((target) => ({ mark: '=', target, detail: [] })),
  ];
  const names = alignColumns(marked.map(({ target }) => [terminalText(target.target), formatVersion(target.version)]));
  const heading = hardwareId === '' ? '(no hardware id)' : terminalText(hardwareId);
  return [
    `  ${heading}${formatWarning(added.length, kept.length)}`,
    ...marked.flatMap(({ mark, detail }, index) => [
      `    ${mark} ${names[index] ?? ''}`,
      ...detail.map((line) => `        ${line}`),
    ]),
  ];
}

/** What is easily overlooked: hardware that a Wave passes by. */
function formatWarning(added: number, kept: number): string {
  if (added > 0) return '';
  return kept > 0 ? '  gets no new Target' : '  IS LEFT WITHOUT TARGETS';
}

function formatVersion(version: string): string {
  return version === '' ? 'no version' : `version ${terminalText(version)}`;
}

function formatAdded({ sha256, apps, removedApps }: AddedTarget): string[] {
  return alignColumns([
    ['sha256', sha256 === '' ? 'none' : terminalText(sha256)],
    ...apps.flatMap(formatApp),
    ...removedApps.flatMap(({ name, was }): Row[] => [
      [`app ${terminalText(name)}`, 'removed'],
      ['  was', terminalText(was)],
    ]),
  ]);
}

function formatApp({ name, uri, was }: AppChange): Row[] {
  const label = `app ${terminalText(name)}`;
  if (was === null) return [[label, `${terminalText(uri)} (new)`]];
  if (was === uri) return [[label, `${terminalText(uri)} (unchanged)`]];
  return [
    [label, terminalText(uri)],
    ['  was', terminalText(was)],
  ];
}

function formatTotals({ hardware }: WaveSummary): string[] {
  const count = (side: 'added' | 'dropped' | 'kept'): number =>
    new Set(hardware.flatMap((item) => item[side].map(({ target }) => target))).size;
  return [`  ${count('added')} added (+), ${count('dropped')} dropped (-), ${count('kept')} kept (=)`];
}

type Row = readonly [label: string, text: string];
