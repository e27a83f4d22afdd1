import { rootUpdateDocumentsSchema, rootUpdateIntentionSchema } from '../../api/index.js';
import { inPart } from '../../errors.js';
import type { RootSubmission } from '../../signing/index.js';
import { parseCanonical } from '../../tuf/index.js';
import { parseBody } from '../body/parse-body.js';
import { parseInput } from '../parse-input.js';
import { withoutUndefined } from './without-undefined.js';

const documents = rootUpdateDocumentsSchema.omit({ ci: true, production: true });

/**
 * A root update in either form. The bytes of `ci` and `production` are read by the strict parser of documents that get signed, and
 * go on in canonical form; what stands beside them is an ordinary JSON form.
 *
 * @throws INPUT_INVALID and JSON_…; for the roots also CANONICAL_UNSAFE, all with pointers from the body's root
 */
export function parseRootSubmission(factory: string, bytes: Buffer): RootSubmission {
  const { value, raw: ci } = parseBody(bytes, 'ci');
  const { raw: production } = parseBody(bytes, 'production');
  if (ci === null || production === null) {
    return withoutUndefined({ factory, ...parseInput(rootUpdateIntentionSchema, parseBody(bytes).value, 'body') });
  }
  const rest = Object.fromEntries(Object.entries(value).filter(([name]) => name !== 'production'));
  const parsed = parseInput(documents, rest, 'body');
  const roots = {
    ci: inPart('/ci', () => parseCanonical(ci), 'ci').bytes,
    production: inPart('/production', () => parseCanonical(production), 'production').bytes,
  };
  return withoutUndefined({ factory, ...parsed, ...roots });
}
