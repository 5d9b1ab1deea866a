/** Jest in plain Node, over the build: see docs/decisions/0015. */
export default {
  testMatch: ['<rootDir>/{libs,apps}/**/*.spec.ts'],
  globalSetup: '<rootDir>/scripts/jest/setup.mjs',
  testRunner: '<rootDir>/scripts/jest/runner.mjs',
  testEnvironment: '<rootDir>/scripts/jest/environment.mjs',
  testSequencer: '<rootDir>/scripts/jest/sequencer.mjs',
  transform: {},
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  testTimeout: 60_000,
};
