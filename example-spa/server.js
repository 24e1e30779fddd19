import { randomBytes } from 'node:crypto'
import { createApp } from './app.js'

const { PORT = '3001', SESSION_SECRET = randomBytes(32).toString('base64') } = process.env
const url = `http://localhost:${PORT}`

if (!process.env.ILERT_CLIENT_ID) {
  const { createSandbox } = await import('passport-ilert/sandbox')
  const sandbox = await createSandbox({ redirectURI: `${url}/auth/ilert/callback` })
  Object.assign(process.env, sandbox.env)
  console.log('Sandbox: no ilert account is used. Set ILERT_CLIENT_ID to sign in at ilert instead.')
}

createApp({ secret: SESSION_SECRET }).app.listen(Number(PORT), () => console.log(`The page is up at ${url}`))
