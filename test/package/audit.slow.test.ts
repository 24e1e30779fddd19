/*
 * The audit, by npm itself, against a registry of the test's own.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { closeServers, json, serve } from '../support/server.ts'

let cache: string
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'audit-')) // npm remembers what it was told of an advisory
})
afterEach(async () => {
  await closeServers()
  await rm(cache, { recursive: true, force: true })
})

/** A registry that knows of one vulnerability. Resolves to its origin. */
async function registry(name: string, severity: string): Promise<string> {
  const advisory = { id: 1, url: 'https://advisories.example/1', title: 'A hole', severity, vulnerable_versions: '*' }
  const { origin } = await serve((response, { method }) => {
    if (method === 'POST') json(response, 200, { [name]: [advisory] })
    else json(response, 404, {})
  })
  return origin
}

function audit(origin: string): Promise<{ code: number; output: string }> {
  const env = { ...process.env, npm_config_registry: origin, npm_config_cache: cache }
  return new Promise((resolve) => {
    execFile(process.execPath, ['tools/audit.js'], { env }, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr })
    })
  })
}

it.each([
  ['is red for whatever apps get', 'undici', 'low', 1],
  ['is red for a grave one in a tool', 'jest', 'high', 1],
  ['is green for a lesser one in a tool', 'jest', 'moderate', 0],
])('%s: %s, %s', async (_, name, severity, expected) => {
  const { code, output } = await audit(await registry(name, severity))
  expect({ code, output }).toEqual({ code: expected, output: expect.stringContaining('nothing found') })
  expect(output.includes('A hole')).toBe(expected === 1)
})

test.each<[string, number, unknown]>([
  ['knows no audit', 405, ''],
  ['knows no such path', 404, {}],
  ['fails', 500, { error: 'no' }],
  ['answers with a page', 200, '<html>"auditReportVersion"</html>'],
])('is red, and says so, when the registry %s: there is no report', async (_, status, body) => {
  const { origin } = await serve((response) => json(response, status, body))
  const { code, output } = await audit(origin)
  expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining('the registry gave no report') })
  expect(output).not.toContain('nothing found')
})
