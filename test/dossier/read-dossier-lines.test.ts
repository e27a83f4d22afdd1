import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_DOSSIER_LIMITS, readDossierLines, type DossierLimits } from '../../src/dossier/index.js';
import { rejectionOf } from '../support/reject-code.js';

async function readAll(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  limits?: DossierLimits,
): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of readDossierLines(chunks, limits)) lines.push(line);
  return lines;
}

describe('readDossierLines', () => {
  test('gives the same lines however the bytes arrive', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', '')),
          { minLength: 1 },
        ),
        fc.boolean(),
        fc.array(fc.nat({ max: 9 })),
        async (lines, ended, cuts) => {
          fc.pre(ended || lines.at(-1) !== '');
          const bytes = Buffer.from(lines.join('\n') + (ended ? '\n' : ''), 'utf8');
          const chunks: Buffer[] = [];
          let start = 0;
          for (const cut of cuts) {
            chunks.push(bytes.subarray(start, start + cut));
            start += cut;
          }
          chunks.push(bytes.subarray(start));
          expect(await readAll(chunks)).toEqual(lines);
        },
      ),
      { seed: 20261122, numRuns: 300 },
    );
  });

  test('gives nothing for nothing, and an empty line for a lone line feed', async () => {
    expect(await readAll([])).toEqual([]);
    expect(await readAll([Buffer.from('\n')])).toEqual(['']);
  });

  test('refuses bytes that are no UTF-8, and keeps a byte order mark for the parser to refuse', async () => {
    expect(await rejectionOf(readAll([Buffer.from([0x7b, 0xff, 0x0a])]))).toMatch(/^DOSSIER_INVALID /);
    expect(await rejectionOf(readAll([Buffer.from([0xed, 0xa0, 0x80])]))).toMatch(/^DOSSIER_INVALID /);
    expect(await readAll([Buffer.from([0xef, 0xbb, 0xbf, 0x7b])])).toEqual(['\ufeff{']);
  });

  test('stops reading at its limits, before a line is complete', async () => {
    let given = 0;
    function* endless() {
      for (;;) {
        given += 10;
        yield Buffer.alloc(10, 0x61);
      }
    }
    const limits = { ...DEFAULT_DOSSIER_LIMITS, maxLineLength: 100 };
    expect(await rejectionOf(readAll(endless(), limits))).toMatch(/^JSON_TOO_LARGE /);
    expect(given).toBe(110);
    const total = { ...DEFAULT_DOSSIER_LIMITS, maxTotalLength: 20 };
    expect(await rejectionOf(readAll([Buffer.from('a\n'.repeat(11))], total))).toMatch(/^JSON_TOO_LARGE /);
    expect(await readAll([Buffer.from('a\n'.repeat(10))], total)).toHaveLength(10);
    const line = { ...DEFAULT_DOSSIER_LIMITS, maxLineLength: 3 };
    expect(await readAll([Buffer.from('ab'), Buffer.from('c\n')], line)).toEqual(['abc']);
    expect(await rejectionOf(readAll([Buffer.from('ab'), Buffer.from('cd\n')], line))).toMatch(/^JSON_TOO_LARGE /);
  });
});
