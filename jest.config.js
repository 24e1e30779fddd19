/**
 * There are two speeds. `npm test` leaves out the files that are named `*.slow.test.ts`, unless they are asked for:
 * `npm test -- test/faults` runs all of that folder. `npm run test:slow` and `npm run test:all` ask by name, too.
 */
const asksForFiles = process.argv.slice(2).some((argument) => /^test[\\/]|\.test\.ts$/.test(argument))

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  globalSetup: '<rootDir>/test/support/build.js',
  // Real sockets, real processes: a slow machine is no failure.
  testTimeout: asksForFiles ? 120_000 : 60_000,
  maxWorkers: 2,
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', ...(asksForFiles ? [] : ['\\.slow\\.test\\.ts$'])],
  // Packages of one name, which Jest would warn of: what `npm run stage` makes, and templates.
  modulePathIgnorePatterns: ['<rootDir>/build/', '<rootDir>/create-ilert-app/templates/'],
  extensionsToTreatAsEsm: ['.ts'],
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
}
