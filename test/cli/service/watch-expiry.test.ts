import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { watchExpiry } from '../../../src/cli/service/watch-expiry.js';
import { createFixture } from '../../support/factory-fixture.js';
import { recordingLogger } from '../../support/recording-logger.js';
import { createMemoryFactory, unavailable } from '../../signing/memory-factory.js';

const HOUR_MS = 3_600_000;
const RETRY_MS = 300_000;
const fixture = createFixture();
const trusted = { pins: fixture.pins, policy: fixture.policy };

function watch() {
  const port = createMemoryFactory(fixture);
  const told: string[] = [];
  const logger = recordingLogger();
  const observer = {
    onExpiry: (factory: string, document: string, expires: Date) =>
      void told.push(`${factory} ${document} ${expires.toISOString()}`),
    onChecked: (factory: string, at: Date) => void told.push(`${factory} checked ${at.toISOString()}`),
  };
  const start = () => watchExpiry([port], trusted, { observer, logger, now: () => fixture.now });
  return { port, told, logger, start };
}

/** As the test's own documents have it. */
const expected = () => {
  const root = (repository: 'ci' | 'production') =>
    new Date(fixture.roots[repository].at(-1)?.signed.expires ?? '').toISOString();
  return [`acme ci-root ${root('ci')}`, `acme production-root ${root('production')}`];
};

describe('the expiry watch', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('tells until when everything published is good, at once and every hour', async () => {
    const { told, start } = watch();
    const expiry = start();
    await jest.advanceTimersByTimeAsync(0);
    expect(told.slice(0, 2)).toEqual(expected());
    expect(told.at(-1)).toBe(`acme checked ${fixture.now.toISOString()}`);
    const once = told.length;
    await jest.advanceTimersByTimeAsync(HOUR_MS - 1);
    expect(told).toHaveLength(once);
    await jest.advanceTimersByTimeAsync(1);
    expect(told).toHaveLength(2 * once);
    await expiry.stop();
  });

  it('tells what it could read, says what it could not, and looks again sooner', async () => {
    const { port, told, logger, start } = watch();
    port.fail('ciTargets', { when: 'before', error: unavailable() });
    const expiry = start();
    await jest.advanceTimersByTimeAsync(0);
    expect(told).toEqual(expected());
    expect(logger.lines).toHaveLength(1);
    expect(logger.lines[0]).toMatch(/expiry dates could not be read.*acme.*FACTORY_UNAVAILABLE/);
    await jest.advanceTimersByTimeAsync(RETRY_MS);
    expect(told.at(-1)).toMatch(/^acme checked/);
    await expiry.stop();
  });

  it('looks no more once it is stopped', async () => {
    const { port, start } = watch();
    const expiry = start();
    await expiry.stop();
    const calls = port.calls.length;
    await jest.advanceTimersByTimeAsync(2 * HOUR_MS);
    expect(port.calls).toHaveLength(calls);
  });
});
