/*
 * The README's first screen, word for word, on Express 4, which looks at the promise of no handler.
 */
import { readFile } from 'node:fs/promises'
import { transform } from '@swc/core'
import { packedTarball } from '../support/pack.ts'
import { Project } from './project.ts'

/** Starts the sandbox and the app. Prints how the alerts were answered while ilert was well, and then was not. */
const DEV = `
import { createServer } from 'node:http'
import { once } from 'node:events'
import { createSandbox } from 'passport-ilert/sandbox'

const free = createServer().listen(0)
await once(free, 'listening')
const { port } = free.address()
free.close()
const app = 'http://localhost:' + port
const sandbox = await createSandbox({ redirectURI: app + '/auth/ilert/callback' })
Object.assign(process.env, sandbox.env, { PORT: port, SESSION_SECRET: 'of a test', ILERT_SCOPE: 'alert' })
await import('./server.mjs')

const headers = { cookie: await sandbox.signIn(app + '/auth/ilert') }
const statuses = []
for (const kind of [undefined, 500, 'reset', 'html', undefined]) {
  const fault = kind && sandbox.fault({ path: '/api/alerts', kind })
  statuses.push((await fetch(app + '/alerts', { headers })).status)
  fault?.clear()
}
console.log(JSON.stringify(statuses))
process.exit()
`

test('the process survives what ilert answers', async () => {
  const [, screen = ''] = /^```ts\n(.*?)^```$/ms.exec(await readFile('README.md', 'utf8')) ?? []
  const { code } = await transform(screen, { jsc: { target: 'es2023', parser: { syntax: 'typescript' } } })
  const app = await Project.make()
  try {
    await app.npm('express@4', 'express-session', 'passport', await packedTarball())
    await app.write('server.mjs', code)
    await app.write('dev.mjs', DEV)
    const output = await app.run(process.execPath, ['dev.mjs'])
    // Express prints the errors as well.
    expect(output.split('\n')).toContain('[200,500,503,502,200]')
    expect(JSON.parse(await app.read('node_modules/express/package.json')).version).toMatch(/^4\./)
  } finally {
    await app.remove()
  }
}, 300_000)
