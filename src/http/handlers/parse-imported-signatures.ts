import { importedSignaturesBodySchema, type ImportedSignaturesBody } from '../../api/index.js';
import { CountersignError } from '../../errors.js';
import { parseBody } from '../body/parse-body.js';
import { parseInput } from '../parse-input.js';

/**
 * Lines of a journal. They may be many, and so are read as the large documents of other bodies are: apart from the form.
 *
 * @throws INPUT_INVALID and JSON_…
 */
export function parseImportedSignatures(bytes: Buffer): ImportedSignaturesBody {
  const { value, raw } = parseBody(bytes, 'journal');
  const journal = raw === null ? {} : { journal: parseJournal(raw) };
  return parseInput(importedSignaturesBodySchema, { ...value, ...journal }, 'body');
}

function parseJournal(raw: Buffer): unknown {
  try {
    return JSON.parse(raw.toString('utf8'));
  } catch (cause) {
    throw new CountersignError('JSON_INVALID', 'journal is not JSON', { pointer: '/journal', cause });
  }
}
