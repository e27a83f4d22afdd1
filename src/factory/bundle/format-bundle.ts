import { alignColumns } from '../align-columns.js';
import { terminalText } from '../terminal-text.js';
import type { BundledTarget, BundleSummary } from './describe-bundle.js';
import type { BundlePlaces } from './find-places.js';

/**
 * A bundle as an officer reads it: plain ASCII lines, each ended by a line feed, without control characters whatever the
 * documents hold.
 *
 * @param places where its Targets are published now; null if the Factory was not asked
 */
export function formatBundle(summary: BundleSummary, places: BundlePlaces | null): string {
  const { tag, version, expires, targetsVersion, targetsExpires, targets } = summary;
  const lines = [
    `Offline bundle for production devices of tag ${terminalText(tag)}: version ${version}`,
    '',
    ...alignColumns([
      ['expires', terminalText(expires)],
      ['goes with', `targets version ${targetsVersion}, which expire ${terminalText(targetsExpires)}`],
    ]).map((line) => `  ${line}`),
    '',
    '  A bearer artefact: whoever holds the stick can install what is listed until it expires, on every',
    '  device of the tag that has not moved past it. It cannot be called back.',
    ...targets.flatMap((target) => ['', ...formatTarget(target, places)]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function formatTarget(target: BundledTarget, places: BundlePlaces | null): string[] {
  const { version, hardwareIds, sha256, apps } = target;
  const facts = alignColumns([
    ['version', version === '' ? 'none' : terminalText(version)],
    ['hardware', hardwareIds.length === 0 ? 'none' : hardwareIds.map(terminalText).join(', ')],
    ['sha256', sha256 === '' ? 'none' : terminalText(sha256)],
    ...apps.map(({ name, uri }) => [`app ${terminalText(name)}`, terminalText(uri)]),
    ['now', describePlaces(target.target, places)],
  ]);
  return [`  ${terminalText(target.target)}`, ...facts.map((line) => `    ${line}`)];
}

function describePlaces(target: string, places: BundlePlaces | null): string {
  if (places === null) return 'the Factory was not asked whether it is in production';
  const place = Object.hasOwn(places, target) ? places[target] : undefined;
  const found = [
    ...(place?.production === true ? ['the production targets of the tag'] : []),
    ...(place?.waves ?? []).map((wave) => `the active Wave ${terminalText(wave)}`),
  ];
  if (found.length > 0) return `in ${found.join(' and in ')}`;
  return 'NEITHER IN PRODUCTION NOR IN AN ACTIVE WAVE of the tag';
}
