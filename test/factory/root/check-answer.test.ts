import { describe, expect, test } from '@jest/globals';
import {
  checkRootAnswer,
  planRootUpdate,
  readBegunUpdate,
  requireRootAnswer,
  type AnsweredRoots,
} from '../../../src/factory/index.js';
import type { Root } from '../../../src/tuf/index.js';
import { codeOf } from '../../support/error-code.js';
import { CHANGELOG, KEYS, replaceKey, rewriteRoot, rootBase } from '../../support/root-base.js';

const { online, root, targets, spare, snapshot } = KEYS;
const base = rootBase({ root: [root[0], root[1]], targets: [targets[0], targets[1]], productionThreshold: 3 });
const sent = planRootUpdate([replaceKey('root', root[0], spare[0]), CHANGELOG], base);
const onlineKeys = { targets: online.keyid, snapshot: snapshot.keyid };
const asSent: AnsweredRoots = { ci: sent.ci, production: sent.production, onlineKeys };
const keyText = ({ key }: (typeof spare)[number]): string => JSON.stringify(key);

/** Both roots with their canonical text rewritten. */
function answered(rewrite: (text: string) => string): AnsweredRoots {
  const change = (signed: Root): Root => rewriteRoot(signed, rewrite);
  return { ci: change(sent.ci), production: change(sent.production), onlineKeys };
}

describe('checkRootAnswer', () => {
  test('finds nothing in roots that are what was sent', () => {
    expect(checkRootAnswer(sent, asSent)).toEqual([]);
    requireRootAnswer(sent, asSent);
  });

  test.each<[string, AnsweredRoots, string]>([
    [
      'a swapped online key',
      answered((text) =>
        text.replaceAll(online.keyid, 'swapped').replace(JSON.stringify(online.key), keyText(spare[1])),
      ),
      'ROOT_ANSWER_ONLINE_KEY',
    ],
    [
      'a swapped snapshot key',
      answered((text) => text.replaceAll(snapshot.keyid, 'swapped')),
      'ROOT_ANSWER_ONLINE_KEY',
    ],
    [
      'another online targets key named beside the roots',
      { ...asSent, onlineKeys: { ...onlineKeys, targets: targets[0].keyid } },
      'ROOT_ANSWER_ONLINE_KEY',
    ],
    [
      'a foreign key in the root role',
      answered((text) =>
        text
          .replace('"keys":{', `"keys":{"foreign":${keyText(spare[1])},`)
          .replace(`"${root[1].keyid}","${spare[0].keyid}"`, `"${root[1].keyid}","${spare[0].keyid}","foreign"`),
      ),
      'ROOT_ANSWER_KEY',
    ],
    [
      'another key under a keyid of ours',
      answered((text) => text.replace(keyText(spare[0]), keyText(spare[1]))),
      'ROOT_ANSWER_KEY',
    ],
    ['a key of ours gone', answered((text) => text.replace(`,"${targets[1].keyid}"]`, ']')), 'ROOT_ANSWER_KEY'],
    [
      'a lowered production threshold',
      {
        ...asSent,
        production: rewriteRoot(sent.production, (text) => text.replace('"threshold":3', '"threshold":2')),
      },
      'ROOT_ANSWER_THRESHOLD',
    ],
    [
      'a longer expiry',
      answered((text) => text.replace('2027-06-01T00:00:00Z', '2037-06-01T00:00:00Z')),
      'ROOT_ANSWER_EXPIRES',
    ],
    ['a dropped changelog', answered((text) => text.replace(/,"x-changelog":\{[^}]*\}/, '')), 'ROOT_ANSWER_CHANGELOG'],
    ['another changelog', answered((text) => text.replace('Rotate keys', 'Rotate dogs')), 'ROOT_ANSWER_CHANGELOG'],
    ['another version', answered((text) => text.replace('"version":5', '"version":6')), 'ROOT_ANSWER_VERSION'],
    ['no production root', { ...asSent, production: null }, 'ROOT_ANSWER_DIFFERS'],
    [
      'another owner',
      answered((text) => text.replace('"x-key-owners":{', '"x-key-owners":{"stale":{},')),
      'ROOT_ANSWER_DIFFERS',
    ],
    ['a member more', answered((text) => text.replace('{"_type"', '{"a":1,"_type"')), 'ROOT_ANSWER_DIFFERS'],
    [
      'keys in another order',
      answered((text) =>
        text.replace(`"${root[1].keyid}","${spare[0].keyid}"`, `"${spare[0].keyid}","${root[1].keyid}"`),
      ),
      'ROOT_ANSWER_DIFFERS',
    ],
  ])('finds %s', (_, answer, code) => {
    expect(checkRootAnswer(sent, answer)[0]?.code).toBe(code);
    expect(
      codeOf(() => {
        requireRootAnswer(sent, answer);
      }),
    ).toBe(code);
  });

  test('reports everything that it found, the worst first', () => {
    const both = answered((text) =>
      text.replace('2027-06-01T00:00:00Z', '2037-06-01T00:00:00Z').replace('"threshold":3', '"threshold":2'),
    );
    expect(checkRootAnswer(sent, both).map(({ code, repository }) => `${repository} ${code}`)).toEqual([
      'production ROOT_ANSWER_THRESHOLD',
      'ci ROOT_ANSWER_EXPIRES',
      'production ROOT_ANSWER_EXPIRES',
    ]);
  });
});

describe('readBegunUpdate', () => {
  const begun = planRootUpdate([CHANGELOG], base);
  const answer: AnsweredRoots = { ci: begun.ci, production: begun.production, onlineKeys };

  test('reads the changelog of an update that does nothing else yet', () => {
    expect(readBegunUpdate(base, answer, 'Rotate keys')).toEqual(CHANGELOG);
  });

  test('takes a Factory without a production root only while it is not owned', () => {
    const unowned = rootBase({ version: 2 });
    const { ci } = planRootUpdate([CHANGELOG], unowned);
    expect(readBegunUpdate(unowned, { ci, production: null, onlineKeys }, 'Rotate keys')).toEqual(CHANGELOG);
    expect(codeOf(() => readBegunUpdate(base, { ...answer, production: null }, 'Rotate keys'))).toBe(
      'ROOT_ANSWER_DIFFERS',
    );
  });

  test('refuses what the Factory changed besides, and another message', () => {
    expect(codeOf(() => readBegunUpdate(base, { ...asSent }, 'Rotate keys'))).toBe('ROOT_ANSWER_KEY');
    expect(codeOf(() => readBegunUpdate(base, answer, 'Something else'))).toBe('ROOT_ANSWER_CHANGELOG');
  });
});
