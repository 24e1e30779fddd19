import { execFile } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Whose `fetch()` a process has after importing a module: undici's main module announces itself to all of Node's. */
async function announcedBy(module: string): Promise<string> {
  const code = `await import(${JSON.stringify(module)})
    console.log(Object.getOwnPropertySymbols(globalThis).filter((symbol) => /undici/.test(String(symbol))).length)`
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', code])
  return stdout.trim()
}

it.each([
  'index.mjs',
  'tokens/stores/redis.mjs',
  'tokens/stores/postgres.mjs',
  'testing/index.mjs',
  'sandbox/index.mjs',
])('importing %s leaves the global fetch alone', async (file) => {
  expect(await announcedBy(pathToFileURL(`dist/${file}`).href)).toBe('0')
})

it('what is looked for would be found', async () => {
  expect(await announcedBy('undici')).not.toBe('0')
})
