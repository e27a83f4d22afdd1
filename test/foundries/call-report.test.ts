import { describe, expect, test } from '@jest/globals';
import { CountersignError } from '../../src/errors.js';
import { operationOf, outcomeOf } from '../../src/foundries/call-report.js';

describe('a call to the Factory is counted', () => {
  test.each([
    ['GET', '/ota/repo/acme/api/v1/user_repo/17.root.json', 'root'],
    ['GET', '/ota/repo/acme/api/v1/user_repo/targets.json', 'ci-targets'],
    ['GET', '/ota/repo/acme/api/v1/user_repo/root/updates', 'root-updates'],
    ['GET', '/ota/factories/acme/waves/', 'waves'],
    ['POST', '/ota/factories/acme/waves/', 'create-wave'],
    ['GET', '/ota/factories/acme/waves/w1/', 'wave'],
    ['GET', '/ota/factories/acme/waves/sign/', 'wave'],
    ['POST', '/ota/factories/acme/waves/w1/rollout/', 'rollout-wave'],
    ['GET', '/ota/factories/waves/prod-targets/', 'production-targets'],
    ['GET', '/somewhere/else', 'other'],
  ] as const)('%s %s as %s', (method, path, operation) => {
    expect(operationOf({ method, path })).toBe(operation);
  });

  test('by the class of its status, or by why there was none', () => {
    const unavailable = (timedOut: boolean) =>
      new CountersignError('FACTORY_UNAVAILABLE', 'no answer', { details: { timedOut } });
    expect(outcomeOf(201)).toBe('2xx');
    expect(outcomeOf(503)).toBe('5xx');
    expect(outcomeOf({ error: unavailable(true) })).toBe('timeout');
    expect(outcomeOf({ error: unavailable(false) })).toBe('cut');
    expect(outcomeOf({ error: new CountersignError('FACTORY_ANSWER_INVALID', 'a redirect') })).toBe('invalid');
    expect(outcomeOf({ error: new CountersignError('CONFIG_INVALID', 'no token') })).toBe('unsent');
  });
});
