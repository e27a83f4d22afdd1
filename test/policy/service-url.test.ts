import { describe, expect, it } from '@jest/globals';
import { isFactoryUrl } from '../../src/policy/service-url.js';

describe("a Factory's address", () => {
  it.each([
    'https://api.factory.example',
    'https://api.factory.example/',
    'https://api.factory.example:8443/path/below',
    'https://xn--bcher-kva.example',
    'http://localhost:8080',
    'http://127.0.0.1:8080',
    'http://127.8.9.10',
    'http://[::1]:8080',
  ])('may be %s', (url) => expect(isFactoryUrl(url)).toBe(true));

  it.each([
    ['plain http', 'http://api.factory.example'],
    ['plain http to a name that only looks like loopback', 'http://127.0.0.1.factory.example'],
    ['plain http to localhost of somebody', 'http://localhost.factory.example'],
    ['plain http to a private address', 'http://192.168.1.1'],
    ['a user', 'https://user@api.factory.example'],
    ['credentials', 'https://user:secret@api.factory.example'],
    ['an empty user', 'https://@api.factory.example'],
    ['a query', 'https://api.factory.example?x=1'],
    ['an empty query', 'https://api.factory.example/?'],
    ['a fragment', 'https://api.factory.example#x'],
    ['a file', 'file:///etc/passwd'],
    ['a script', 'javascript:alert(1)'],
    ['no protocol', 'api.factory.example'],
    ['nothing', ''],
    ['upper case', 'https://API.factory.example'],
    ['the port that is there anyway', 'https://api.factory.example:443'],
    ['a name that is not ASCII', 'https://bücher.example'],
    ['dots in the path', 'https://api.factory.example/a/../b'],
    ['backslashes', 'https:\\\\api.factory.example'],
    ['a blank', 'https://api.factory.example '],
    ['a tab', 'https://api.fac\ttory.example'],
    ['an odd loopback', 'http://0x7f.1'],
    ['loopback as a number', 'http://2130706433'],
  ])('may not have %s', (_what, url) => expect(isFactoryUrl(url)).toBe(false));
});
