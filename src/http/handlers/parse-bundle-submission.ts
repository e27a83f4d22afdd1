import { submitBundleBodySchema } from '../../api/index.js';
import { inPart } from '../../errors.js';
import type { BundleSubmission } from '../../signing/index.js';
import { parseCanonical } from '../../tuf/index.js';
import { parseBody } from '../body/parse-body.js';
import { parseInput } from '../parse-input.js';
import { withoutUndefined } from './without-undefined.js';

/**
 * A bundle to be signed. `folder` is read by the strict parser: its texts are documents, so nothing but what these may hold can
 * stand in them, and they come out as the bytes that they were.
 *
 * @throws INPUT_INVALID and JSON_…; for `folder` also CANONICAL_UNSAFE, all with pointers from the body's root
 */
export function parseBundleSubmission(factory: string, bytes: Buffer): BundleSubmission {
  const { value, raw } = parseBody(bytes, 'folder');
  const { folder, ...common } = parseInput(
    submitBundleBodySchema,
    { ...value, ...(raw === null ? {} : { folder: inPart('/folder', () => parseCanonical(raw), 'folder').value }) },
    'body',
  );
  const file = (text: string): Buffer => Buffer.from(text, 'utf8');
  return withoutUndefined({
    factory,
    ...common,
    bundle: file(folder.bundle),
    targets: file(folder.targets),
    roots: folder.roots.map(file),
  });
}
