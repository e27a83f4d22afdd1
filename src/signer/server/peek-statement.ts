import { z } from 'zod';
import { statementSha256 } from '../../dossier/index.js';

const typed = z.object({ type: z.string(), text: z.string().optional() });

/** What stands before the statement in a dossier. */
const BEFORE_STATEMENT = ['dossier', 'policy', 'root'];

export interface PeekedDossier {
  /** Digest of the statement, null if none was found where it should be. Nothing about it is verified. */
  readonly statementSha256: string | null;
  /** All lines of the dossier, those that were looked at included. */
  readonly lines: AsyncIterable<string>;
}

/**
 * Reads a dossier up to its statement, to find out whether it was decided before. The lines can then be read from the start.
 */
export async function peekStatement(lines: AsyncIterable<string> | Iterable<string>): Promise<PeekedDossier> {
  const rest = Symbol.asyncIterator in lines ? lines[Symbol.asyncIterator]() : lines[Symbol.iterator]();
  const seen: string[] = [];
  let found: string | null = null;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
    seen.push(next.value);
    const line = parse(next.value);
    if (line?.type === 'statement' && line.text !== undefined) found = statementSha256(line.text);
    if (line === null || !BEFORE_STATEMENT.includes(line.type)) break;
  }
  return { statementSha256: found, lines: replay(seen, rest) };
}

async function* replay(seen: string[], rest: AsyncIterator<string> | Iterator<string>): AsyncGenerator<string> {
  try {
    for (let line = seen.shift(); line !== undefined; line = seen.shift()) yield line;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** Null for what verifyDossier is going to refuse. */
function parse(line: string): z.output<typeof typed> | null {
  try {
    return typed.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}
