import { join } from 'node:path'
import shared from '../../../jest.config.js'

// Nothing here runs what is built.
const { globalSetup: _build, ...settings } = shared

// What breaks a rule does so soon.
process.env.SIM_RUNS ??= '300'

/** @type {import('jest').Config} */
export default {
  ...settings,
  rootDir: '../../..',
  // A mutant that makes a test wait for ever is noticed then, which is cheaper than Stryker's ending the process.
  testTimeout: 20_000,
  runner: join(import.meta.dirname, 'runner.js'),
  testEnvironment: join(import.meta.dirname, 'environment.js'),
  setupFilesAfterEnv: [join(import.meta.dirname, 'seed.js')],
}
