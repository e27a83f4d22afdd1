import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Made, makeBatch, type SignatureJob } from '../../../src/signer/server/make-signatures.js';
import { Tokens } from '../../../src/signer/server/tokens.js';
import type { TokenPool } from '../../../src/signer/token-types.js';
import type { Signature } from '../../../src/tuf/index.js';
import { recordingLogger } from '../../support/recording-logger.js';
import { softToken } from '../../support/soft-token-pool.js';
import { tufKey } from '../../support/tuf-key.js';

const pair = tufKey();
const { keyid, key: publicKey } = pair;
const jobs: SignatureJob[] = ['one', 'two', 'three'].map((text, index) => ({
  ...{ document: 10 + index, keyid, tokenKey: keyid, payload: Buffer.from(text), publicKey },
}));
const right = jobs.map(({ payload }) => pair.sign(payload));
const [first, second, third] = right as [Signature, Signature, Signature];

let made: Made[];
beforeEach(() => {
  made = [];
});

/** Has the batch made by a pool that tells of the signatures as `tell` does. */
async function make(tell: TokenPool['signAll']): Promise<Tokens> {
  const tokens = new Tokens([{ ...softToken({ keys: [{ pair }] }), signAll: tell }], recordingLogger());
  await tokens.readUntil(() => false);
  await makeBatch(jobs, tokens, (one) => made.push(one));
  return tokens;
}

const asMade = (signatures: readonly Signature[]): Made[] =>
  signatures.map(({ method, sig }, index) => ({ document: 10 + index, keyid, method, sig }));

describe('a batch', () => {
  it('hands each signature on as soon as it is verified', async () => {
    await make(async (_, __, requireRight) => {
      await requireRight([first], 0);
      expect(made).toEqual(asMade([first]));
      await requireRight([second, third], 1);
      return { signatures: right, tookMs: 1 };
    });
    expect(made).toEqual(asMade(right));
  });

  it('tells how many may go in the next one with that key', async () => {
    const tokens = await make(async (_, __, requireRight) => {
      await requireRight(right, 0);
      return { signatures: right, tookMs: 60 };
    });
    expect(tokens.batchSizeOf(keyid)).toBe(4);
    expect(tokens.batchSizeOf('another')).toBe(1);
  });

  it('hands on none twice when a second worker begins anew', async () => {
    await make(async (_, __, requireRight) => {
      await requireRight([first, second], 0);
      await requireRight([first], 0);
      await requireRight([second, third], 1);
      return { signatures: right, tookMs: 1 };
    });
    expect(made).toEqual(asMade(right));
  });

  it('keeps what was right when one is wrong, and what comes of it is refused', async () => {
    const making = make(async (_, __, requireRight) => {
      await requireRight([first, third, third], 0);
      return { signatures: right, tookMs: 1 };
    });
    await expect(making).rejects.toMatchObject({ code: 'SIGNATURE_WRONG', details: { keyid } });
    expect(made).toEqual(asMade([first]));
  });
});
