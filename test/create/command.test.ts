/*
 * What `create-ilert-app` says of what it is told, without an installation. The rest: create.slow.test.ts.
 */
import { readFile } from 'node:fs/promises'
import { command } from '../../create-ilert-app/create.js'

function run(...args: string[]) {
  const said = { out: '', err: '' }
  const exitCode = command(args, { out: (text) => (said.out += text), err: (text) => (said.err += text) })
  return { exitCode, ...said }
}

test('--help', () => {
  const { exitCode, out } = run('--help')
  expect(exitCode).toBe(0)
  for (const option of ['--template desk', '--template minimal', '--template spa', '--javascript', '--no-install']) {
    expect(out).toContain(option)
  }
})

test.each<[string[], RegExp]>([
  [[], /expected one folder: npm create ilert-app@latest my-desk/],
  [['a', 'b'], /expected one folder/],
  [['a', '--template', 'desks'], /--template: expected one of desk, minimal, spa\./],
  [['a', '--javascript'], /--javascript: the desk is written in TypeScript/],
  [['a', '--typescript'], /Unknown option '--typescript'/],
  [['.'], /\. is not empty\. Choose another folder\./],
])('%j: one line, exit code 2', (args, message) => {
  const { exitCode, out, err } = run(...args)
  expect([exitCode, out]).toEqual([2, ''])
  expect(err).toMatch(/^create-ilert-app: /)
  expect(err).toMatch(message)
})

test('its version is that of the package', async () => {
  const version = async (path: string) => JSON.parse(await readFile(path, 'utf8')).version
  expect(await version('create-ilert-app/package.json')).toBe(await version('package.json'))
})
