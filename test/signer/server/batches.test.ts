import { describe, expect, it } from '@jest/globals';
import { batchesOf, BatchSizes } from '../../../src/signer/server/batches.js';
import type { SignatureJob } from '../../../src/signer/server/make-signatures.js';
import { tufKey } from '../../support/tuf-key.js';

const { key } = tufKey();
const job = (document: number, tokenKey: string): SignatureJob => {
  return { document, keyid: tokenKey, tokenKey, payload: Buffer.alloc(1), publicKey: key };
};

describe('batches', () => {
  it('hold each job once, those of one key together', () => {
    const jobs = Array.from({ length: 7 }, (_, index) => job(index, index % 2 === 0 ? 'a' : 'b'));
    const batches = Array.from(
      batchesOf(jobs, () => 2),
      (batch) => batch.map(({ document }) => document),
    );
    expect(batches).toEqual([[0, 2], [1, 3], [4, 6], [5]]);
  });

  it('are gathered no sooner than they are wanted', () => {
    let taken = 0;
    function* jobs(): Generator<SignatureJob> {
      for (; ; taken += 1) yield job(taken, 'a');
    }
    batchesOf(jobs(), () => 3).next();
    expect(taken).toBe(2);
  });

  it('begin with one job, and stay there with a slow token', () => {
    const sizes = new BatchSizes();
    expect(sizes.of('a')).toBe(1);
    sizes.took('a', 1, 1_500);
    expect(sizes.of('a')).toBe(1);
  });

  it('grow with a fast token in steps to a limit, and shrink at once', () => {
    const sizes = new BatchSizes();
    const grown = Array.from({ length: 5 }, () => {
      sizes.took('a', sizes.of('a'), 0);
      return sizes.of('a');
    });
    expect(grown).toEqual([4, 16, 64, 256, 256]);
    sizes.took('a', 32, 3_200);
    expect(sizes.of('a')).toBe(2);
    expect(sizes.of('b')).toBe(1);
  });
});
