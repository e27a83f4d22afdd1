import type { JsonValue } from '../../src/tuf/index.js';
import type { Random } from '../support/random.js';
import { oneOf } from './inputs.js';
import { mutateBytes } from './mutate-bytes.js';
import { mutateJson } from './mutate-json.js';

type Lines = readonly string[];

/** One of the files with one to three of its lines changed, moved, doubled, dropped, or put in from another. */
export function mutateDossier(random: Random, files: readonly Lines[]): Lines {
  let lines = oneOf(random, files);
  for (let edits = 1 + random(3); edits > 0; edits--) lines = edited(random, lines, files);
  return lines;
}

function edited(random: Random, lines: Lines, files: readonly Lines[]): Lines {
  const at = random(lines.length);
  const line = lines[at] ?? '';
  const instead = (...by: string[]): string[] => [...lines.slice(0, at), ...by, ...lines.slice(at + 1)];
  switch (random(9)) {
    case 0:
      return instead();
    case 1:
      return instead(line, line);
    case 2: {
      const to = random(lines.length);
      return lines.map((same, index) => (index === at ? (lines[to] ?? '') : index === to ? line : same));
    }
    case 3: // the line of the same place is the one that could pass for this one
      return instead(oneOf(random, files)[at] ?? '');
    case 4: {
      const foreign = oneOf(random, oneOf(random, files));
      return random(2) === 0 ? instead(foreign) : instead(line, foreign);
    }
    case 5:
      return instead(mutateBytes(random, Buffer.from(line), []).toString('utf8'));
    default:
      return instead(mutatedLine(random, line));
  }
}

/** The line changed as a value, and so mostly in the document that stands in it. */
function mutatedLine(random: Random, line: string): string {
  try {
    return `${JSON.stringify(mutateJson(random, JSON.parse(line) as JsonValue))}\n`;
  } catch {
    return line; // an edit before this one broke it
  }
}
