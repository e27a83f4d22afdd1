import { describe, expect, test } from '@jest/globals';
import { Recall } from '../../src/dossier/recall.js';

/** A memory of so many characters, and how often it had to compute. */
function memory(maxLength: number): { get: (...texts: (string | null)[]) => number; computed: () => number } {
  const recall = new Recall<number>(maxLength);
  let computed = 0;
  return { get: (...texts) => recall.get(texts, () => (computed += 1)), computed: () => computed };
}

describe('Recall', () => {
  test('computes once for the same texts', () => {
    const { get, computed } = memory(100);
    expect([get('a', null, 'b'), get('a', null, 'b')]).toEqual([1, 1]);
    expect(computed()).toBe(1);
  });

  test('computes anew for any other texts, also those that run together to the same', () => {
    const { get } = memory(1000);
    const lists = [['ab', 'c'], ['a', 'bc'], ['abc'], ['abc', ''], ['abc', null], [null, 'abc'], ['', 'abc'], ['1;a']];
    expect(lists.map((texts) => get(...texts))).toEqual(lists.map((_, index) => index + 1));
  });

  test('keeps no errors', () => {
    const recall = new Recall<number>(100);
    const refuse = (): number => {
      throw new Error('refused');
    };
    expect(() => recall.get(['a'], refuse)).toThrow('refused');
    expect(recall.get(['a'], () => 7)).toBe(7);
  });

  test('forgets what was not used for longest when there is too much', () => {
    const { get, computed } = memory(10);
    get('aaaa');
    get('bbbb');
    get('aaaa');
    get('cccc');
    expect(computed()).toBe(3);
    get('aaaa');
    get('cccc');
    expect(computed()).toBe(3);
    get('bbbb');
    expect(computed()).toBe(4);
  });

  test('does not keep what is too long alone, and nothing has to go for it', () => {
    const { get, computed } = memory(4);
    get('aaaa');
    get('bbbbb');
    get('bbbbb');
    get('aaaa');
    expect(computed()).toBe(3);
  });

  test('counts results by another size than the length of the texts, where one is given', () => {
    const recall = new Recall<string>(2, () => 1);
    let computed = 0;
    const get = (text: string): string => recall.get([text], () => String((computed += 1)));
    for (const text of ['a'.repeat(1_000), 'b', 'a'.repeat(1_000), 'b']) get(text);
    expect(computed).toBe(2);
    get('c');
    get('a'.repeat(1_000));
    expect(computed).toBe(4);
  });
});
