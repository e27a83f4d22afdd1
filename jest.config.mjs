import { availableParallelism } from 'node:os';

/** Native ES modules; swc strips the types (`npm run typecheck` checks them). */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  globalSetup: '<rootDir>/test/support/postgres-scope.mjs',
  globalTeardown: '<rootDir>/test/support/postgres-scope-end.mjs',
  // Processes and tokens take their time on a busy machine; nothing here waits for a clock.
  testTimeout: 120_000,
  // Many wait for processes and disks.
  maxWorkers: Math.ceil(1.5 * availableParallelism()),
  // The longest takes four minutes on two idle cores, and three times as long on busy ones.
  reporters: ['default', ['<rootDir>/test/support/stall-reporter.mjs', { minutes: 20 }]],
};
