import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { createApp } from './app.js'

if (existsSync('.env')) process.loadEnvFile()
const { PORT = '3000', SESSION_SECRET, NODE_ENV } = process.env
const url = `http://localhost:${PORT}`
if (NODE_ENV === 'production' && !SESSION_SECRET)
  throw new Error('SESSION_SECRET: missing. Take one from: openssl rand -base64 32')

if (!process.env.ILERT_CLIENT_ID) {
  const { createSandbox } = await import('passport-ilert/sandbox')
  const sandbox = await createSandbox({ redirectURI: `${url}/auth/ilert/callback` })
  Object.assign(process.env, sandbox.env)
  console.log('Sandbox: no ilert account is used. Set ILERT_CLIENT_ID to sign in at ilert instead.')
}

const app = createApp(SESSION_SECRET ?? randomBytes(32).toString('base64'))
app.listen(Number(PORT), () => console.log(`The app is up at ${url}`))
