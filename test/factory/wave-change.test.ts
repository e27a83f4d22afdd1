import { describe, expect, test } from '@jest/globals';
import { readWaveChanges, waveChangeSchema, writeWaveChanges, type WaveChange } from '../../src/factory/index.js';
import { placeOf } from '../support/error-code.js';

const ADD: WaveChange = { op: 'add-version', version: 42, sourceTag: null };
const EXPIRES: WaveChange = { op: 'set-expires', expires: '2027-11-22T16:26:20Z' };
const prune = (version: number): WaveChange => ({ op: 'prune', version });

describe('the changes of a Wave', () => {
  test('are one add-version, prunes ascending, one set-expires', () => {
    const changes = [ADD, prune(3), prune(40), EXPIRES];
    const intent = readWaveChanges(changes);
    expect(intent).toEqual({ version: 42, sourceTag: null, pruned: [3, 40], expires: EXPIRES.expires });
    expect(writeWaveChanges(intent)).toEqual(changes);
  });

  test.each<[string, WaveChange[], string]>([
    ['nothing', [], 'INPUT_INVALID /changes/0'],
    ['no add-version', [EXPIRES], 'INPUT_INVALID /changes/0'],
    ['a prune first', [prune(3), ADD, EXPIRES], 'INPUT_INVALID /changes/0'],
    ['no set-expires', [ADD], 'INPUT_INVALID /changes/0'],
    ['a prune last', [ADD, EXPIRES, prune(3)], 'INPUT_INVALID /changes/2'],
    ['two add-versions', [ADD, ADD, EXPIRES], 'INPUT_INVALID /changes/1'],
    ['two set-expires', [ADD, EXPIRES, EXPIRES], 'INPUT_INVALID /changes/1'],
    ['prunes out of order', [ADD, prune(40), prune(3), EXPIRES], 'INPUT_INVALID /changes/2'],
    ['a version pruned twice', [ADD, prune(3), prune(3), EXPIRES], 'INPUT_INVALID /changes/2'],
    ['version zero', [{ ...ADD, version: 0 }, EXPIRES], 'INPUT_INVALID /changes/0/version'],
    ['a fraction of a version', [ADD, prune(1.5), EXPIRES], 'INPUT_INVALID /changes/1/version'],
    ['a version beyond 2^53-1', [{ ...ADD, version: 2 ** 53 }, EXPIRES], 'INPUT_INVALID /changes/0/version'],
    ['an empty source tag', [{ ...ADD, sourceTag: '' }, EXPIRES], 'INPUT_INVALID /changes/0/sourceTag'],
    ...[
      '2027-02-30T00:00:00Z',
      '2027-11-22T16:26:20.5Z',
      '2027-11-22T16:26:20+00:00',
      '2027-11-22',
      '2027-11-22T24:00:00Z',
    ].map((expires): [string, WaveChange[], string] => [
      `the time ${expires}`,
      [ADD, { op: 'set-expires', expires }],
      'WAVE_EXPIRES_INVALID /changes/1/expires',
    ]),
  ])('are refused with %s', (_, changes, place) => {
    expect(placeOf(() => readWaveChanges(changes))).toBe(place);
  });

  test('have no members that are not known', () => {
    expect(waveChangeSchema.safeParse({ ...ADD, force: true }).success).toBe(false);
    expect(waveChangeSchema.safeParse({ op: 'remove-everything' }).success).toBe(false);
  });
});
