import { CountersignError } from '../../errors.js';

const DIGEST = '[0-9a-f]{64}';
const FORM = new RegExp(`^(${DIGEST}):(${DIGEST}(?:,${DIGEST})*)$`);

/** `STATEMENT:DOCUMENT,DOCUMENT`, digests as a signer's WATERMARK_ISSUED gives them. @throws USAGE */
export function parseSuperseded(text: string): { statement: string; documents: string[] } {
  const [, statement, documents] = FORM.exec(text) ?? [];
  if (statement !== undefined && documents !== undefined) return { statement, documents: documents.split(',') };
  throw new CountersignError('USAGE', `--supersedes: ${text} is no STATEMENT:DOCUMENT,DOCUMENT`);
}
