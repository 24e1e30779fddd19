/*
 * docs/sandbox.md: its code runs, and its tables name every option and member.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createSandbox } from '../../src/sandbox/index.ts'
import { output, pageUnderTest } from '../support/pages.ts'

const FIRST = "kind: 'hang'"

const CONNECTED = 'await fault.clear()'

const code = pageUnderTest('docs/sandbox.md', [FIRST, CONNECTED])

test('the first code runs', async () => {
  const { stdout, stderr, code: exit } = await output(code().start(FIRST, {}))
  expect({ stdout, stderr, exit }).toEqual({ stdout: '0\n', stderr: '', exit: 0 })
})

test('the code for another process runs', async () => {
  const sandbox = await createSandbox()
  const { stdout, stderr, code: exit } = await output(code().start(CONNECTED, { SANDBOX_URL: sandbox.appURL }))
  expect({ stdout, stderr, exit }).toEqual({ stdout: '0\n', stderr: '', exit: 0 })
  expect(sandbox.clock.now() - Date.now()).toBeGreaterThan(3_500_000)
  await sandbox.close()
})

test('the tables name every option, and every member of a sandbox', async () => {
  const page = await readFile('docs/sandbox.md', 'utf8')
  const named = [...page.matchAll(/^\| (`[a-z].*?) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(\w+)/g)].map(([, name = '']) => name),
  )
  const sandbox = await createSandbox()
  await sandbox.close()
  const refused = await createSandbox({ none: 1 } as object).catch((error: Error) => error.message)
  expect(refused).toContain('none')
  const { sandboxOptions } = await optionsOfSource()
  expect(named.sort()).toEqual([...sandboxOptions, ...Object.keys(sandbox)].sort())
})

async function optionsOfSource(): Promise<{ sandboxOptions: string[] }> {
  const source = await readFile('src/sandbox/options.ts', 'utf8')
  const [, list = ''] = /const OPTIONS: Known<SandboxOptions> = \{(.*?)\}/s.exec(source) ?? []
  return { sandboxOptions: [...list.matchAll(/(\w+): true/g)].map(([, name = '']) => name) }
}

test('the command prints the variables, and ends when told to', async () => {
  const page = await readFile('docs/sandbox.md', 'utf8')
  const [, flags = ''] = /^npx ilert-sandbox(.*)$/m.exec(page) ?? []
  const args = flags.trim().replace('--port 4598', '--port 0').split(' ')
  const sandbox = spawn(process.execPath, ['dist/sandbox/cli.js', ...args])
  let printed = ''
  for await (const chunk of sandbox.stdout) {
    printed += chunk
    if (printed.includes('Ctrl+C')) break
  }
  const exit = once(sandbox, 'exit')
  sandbox.kill('SIGINT')
  expect(printed).toMatch(/^export ILERT_CLIENT_ID='/m)
  expect(await exit).toEqual([0, null])
}, 30_000)
