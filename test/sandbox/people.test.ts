import { describe, expect, test } from '@jest/globals';
import { isCountersignError } from '../../src/errors.js';
import { parsePeople } from '../../src/sandbox/index.js';

describe('a people file', () => {
  test('may be YAML or JSON, a list or an object with one', () => {
    const erin = {
      name: 'erin',
      role: 'member',
      token: 'secret-of-erin',
      scopes: ['targets:read-update', 'devices:read-update'],
      expires: null,
    };
    expect(parsePeople('people:\n  - name: erin\n    token: secret-of-erin\n')).toEqual([erin]);
    expect(parsePeople('[{"name":"erin","token":"secret-of-erin"}]')).toEqual([erin]);
    expect(parsePeople('[{name: erin, token: secret-of-erin, expires: "2026-01-01T00:00:00Z"}]')).toEqual([
      { ...erin, expires: '2026-01-01T00:00:00Z' },
    ]);
  });

  test.each([
    ['nobody', '[]'],
    ['no list', 'erin'],
    ['a broken file', 'people: [secret-of-erin'],
    ['a short token', '[{name: erin, token: secret}]'],
    ['a token with blanks', '[{name: erin, token: "secret of erin"}]'],
    ['an unknown member', '[{name: erin, token: secret-of-erin, admin: true}]'],
    ['an unknown scope', '[{name: erin, token: secret-of-erin, scopes: [all]}]'],
    ['a strange name', '[{name: "../erin", token: secret-of-erin}]'],
    ['a strange time', '[{name: erin, token: secret-of-erin, expires: tomorrow}]'],
    ['one name twice', '[{name: erin, token: secret-of-erin}, {name: erin, token: secret-of-erin2}]'],
    ['one token twice', '[{name: erin, token: secret-of-erin}, {name: frank, token: secret-of-erin}]'],
  ])('with %s is refused without quoting a token', (_what, text) => {
    let caught: unknown;
    try {
      parsePeople(text);
    } catch (error) {
      caught = error;
    }
    expect(isCountersignError(caught, 'CONFIG_INVALID')).toBe(true);
    expect(JSON.stringify([String(caught), caught])).not.toContain('secret');
  });
});
