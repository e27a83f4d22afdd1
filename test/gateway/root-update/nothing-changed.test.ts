import { expect, test } from '@jest/globals';
import { CountersignError, ERROR_CODES } from '../../../src/errors.js';
import { PassedOn } from '../../../src/gateway/answer.js';
import { toFactoryError } from '../../../src/gateway/factory-error.js';
import { withNothingChanged } from '../../../src/gateway/root-update/nothing-changed.js';

/** After these, and no others of 400 and more, fioctl says that no changes were made (fioctl-exchanges.md section 3). */
const NOTHING_CHANGED = [400, 401, 403, 422, 423];

/** As the gateway answers what `apply` ends with. */
async function answerAfter(error: Error) {
  return withNothingChanged(() => Promise.reject(error)).catch((thrown: unknown) =>
    thrown instanceof PassedOn ? thrown.answer : toFactoryError(thrown),
  );
}

test('whatever the code of an error, fioctl says that nothing was changed', async () => {
  const others: string[] = [];
  for (const code of ERROR_CODES) {
    const { status } = await answerAfter(new CountersignError(code, 'no'));
    if (!NOTHING_CHANGED.includes(status)) others.push(code);
  }
  // after 404 it looks whether there is a transaction, and says that there is none
  expect(others).toEqual(['NOT_FOUND']);
});

test('so it does after whatever the Factory answers, whose words are handed on', async () => {
  for (const status of [400, 401, 403, 404, 408, 409, 429, 500, 502, 503, 504]) {
    const said = { body: Buffer.from('said there'), mediaType: 'text/plain' };
    const answer = await answerAfter(new PassedOn({ status, ...said }));
    expect([status, NOTHING_CHANGED.includes(answer.status)]).toEqual([status, true]);
    expect(answer).toMatchObject(said);
  }
});
