import { type JournalBody, type JournalBodyOf, MAX_PER_LINE } from '../journal/index.js';

/**
 * An intent as it is written: one line, and of many documents those beyond the first ones in lines before it. Before, so that the decision
 * is there when all of it is: a crash in between leaves parts that decide nothing.
 */
export function intentLines(intent: JournalBodyOf<'intent'>): JournalBody[] {
  const { statement, documents } = intent;
  const parts: JournalBodyOf<'intent-part'>[] = [];
  for (let start = MAX_PER_LINE; start < documents.length; start += MAX_PER_LINE) {
    const some = documents.slice(start, start + MAX_PER_LINE);
    parts.push({ type: 'intent-part', statement, part: parts.length, documents: some });
  }
  if (parts.length === 0) return [intent];
  return [...parts, { ...intent, documents: documents.slice(0, MAX_PER_LINE), parts: parts.length }];
}
