import { describe, expect, test } from '@jest/globals';
import { classifyCall } from '../../src/gateway/classify-call.js';
import { codeOf } from '../support/error-code.js';

const P = '/ota/repo/acme/api/v1/user_repo';
const Q = '/ota/factories/acme';

const classify = (method: string, target: string) => classifyCall(method, target, (name) => name === 'acme');
const refusal = (method: string, target: string) => codeOf(() => classify(method, target));

describe('classifyCall', () => {
  test.each([
    ['GET', `${P}/root.json`, { kind: 'root' }],
    ['HEAD', `${P}/root.json`, { kind: 'root' }],
    ['GET', `${P}/root.json?production=0`, { kind: 'root' }],
    ['GET', `${P}/root/updates`, { kind: 'root-update', operation: 'show' }],
    ['HEAD', `${P}/root/updates`, { kind: 'root-update', operation: 'show' }],
    ['GET', `${P}/root.json?production=1&production=0`, { kind: 'root' }],
    ['POST', `${P}/root/updates`, { kind: 'root-update', operation: 'begin' }],
    ['PUT', `${P}/root/updates`, { kind: 'root-update', operation: 'put' }],
    ['POST', `${P}/root/updates/gen-online-keys`, { kind: 'root-update', operation: 'generate-online-keys' }],
    ['POST', `${P}/root/updates/apply`, { kind: 'root-update', operation: 'apply' }],
    ['POST', `${P}/root/updates/cancel`, { kind: 'root-update', operation: 'cancel' }],
    ['POST', `${Q}/waves/`, { kind: 'create-wave' }],
    ['POST', `${Q}/waves/?x=y`, { kind: 'create-wave' }],
    ['POST', `${Q}/waves/w1/sign/`, { kind: 'sign-wave', wave: 'w1' }],
  ])('steps in at %s %s', (method, target, expected) => {
    expect(classify(method, target)).toEqual({ factory: 'acme', ...expected });
  });

  test.each([
    ['GET', `${P}/root.json?production=1`],
    ['GET', `${P}/3.root.json`],
    ['GET', `${P}/targets.json`],
    ['GET', `${Q}/waves/?limit=20&page=1`],
    ['GET', `${Q}/waves/$active$/status/?offline-threshold=4`],
    ['GET', `${Q}/wave-targets/?name=`],
    ['GET', `${Q}/targets/?version=42`],
    ['GET', `${Q}/devices/a%20name%2Fof%20two%25/`],
    ['POST', `${Q}/waves/w1/rollout/`],
    ['POST', `${Q}/waves/my%20wave/complete/`],
    ['POST', `${Q}/waves/w1/cancel/`],
    ['PATCH', `${Q}/device-groups/east/`],
    ['DELETE', `${Q}/devices/d1/`],
  ])('passes on %s %s', (method, target) => {
    expect(classify(method, target)).toEqual({ kind: 'proxied', factory: 'acme' });
  });

  test.each([
    ['PUT', `${P}/root.json`],
    ['POST', `${P}/targets.json`],
    ['DELETE', `${P}/root/updates`],
    ['POST', `${P}/root/updates/`],
    ['PUT', `${Q}/waves/w1/`],
    ['DELETE', `${Q}/waves/w1/`],
    ['POST', `${Q}/waves`],
    ['POST', `${Q}/waves/w1/sign`],
    ['POST', `${Q}/waves/w1/sign/more/`],
  ])('lets no other write through where documents are signed: %s %s', (method, target) => {
    expect(refusal(method, target)).toBe('FORBIDDEN');
  });

  test.each([
    ['POST', `${Q}//waves/`],
    ['POST', `${Q}/./waves/`],
    ['POST', `${Q}/devices/../waves/`],
    ['POST', `${Q}/%2e%2e/acme/waves/`],
    ['POST', `${Q}/%252e%252e/acme/waves/`],
    ['POST', `${Q}/..;x/acme/waves/`],
    ['POST', `${Q}/w%61ves/`],
    ['POST', `${Q}/%57aves/`],
    ['POST', `${Q}/WAVES/`],
    ['POST', `${Q}/waves;x=y/`],
    ['POST', `${Q}/waves%2f`],
    ['POST', `${Q}/x%2f..%2fwaves/`],
    ['POST', `${Q}/x\\..\\waves/`],
    ['POST', `${Q}/waves/w1/%73ign/`],
    ['POST', `${Q}/waves/w1//sign/`],
    ['POST', `${Q}/waves/%zz/complete/`],
    ['GET', `${Q}/../../repo/acme/api/v1/user_repo/root.json`],
    ['GET', `${Q}/%2e%2e/%2e%2e/repo/acme/api/v1/user_repo/root.json`],
    ['GET', `${Q}/x%5c..%5cy`],
    ['GET', `${P}/root%2ejson`],
    ['GET', `${P}//root.json`],
    ['GET', `${P}/x/../root.json`],
    ['PUT', `${P}/root%2fupdates`],
    ['GET', `${P}/root.json#x`],
    ['POST', '/ota/repo/acme/../factories/acme/waves/'],
  ])('refuses what may be read as another path: %s %s', (method, target) => {
    expect(refusal(method, target)).toBe('INPUT_INVALID');
  });

  test.each([
    ['GET', '/'],
    ['GET', '*'],
    ['GET', 'http://factory.example/ota/factories/acme/waves/'],
    ['GET', '/ota/factories/other/waves/'],
    ['GET', '/ota/factories/acm%65/waves/'],
    ['GET', '/ota/repo/acme/api/v2/user_repo/root.json'],
    ['GET', '//ota/factories/acme/waves/'],
  ])('serves nothing else: %s %s', (method, target) => {
    expect(refusal(method, target)).toBe('NOT_FOUND');
  });

  test.each(['TRACE', 'OPTIONS', 'PROPFIND', ''])('passes on no %j', (method) => {
    expect(refusal(method, `${Q}/waves/`)).toBe('METHOD_NOT_ALLOWED');
  });
});
