import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { createApp } from './app.ts'
import { CALLBACK_PATH, type Config, ConfigError, readConfig } from './config.ts'

try {
  await start(readConfig(process.env, () => randomBytes(32).toString('base64url')))
} catch (error) {
  // Wrong settings, here or in passport-ilert, which throws a TypeError: what to do is in the message.
  if (!(error instanceof ConfigError || error instanceof TypeError)) throw error
  console.error(error.message)
  process.exit(1)
}

async function start(config: Config): Promise<void> {
  const { port } = config
  const address = `http://localhost:${port}`
  const sandbox = config.sandbox ? await startSandbox(address) : undefined
  const { app, ilert } = createApp(config)
  const server = createServer(app)

  server.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error
    console.error(`Port ${port} is taken by another program. Choose another one: PORT=${port + 1} npm start`)
    process.exit(1)
  })
  server.listen(port, () => {
    if (sandbox) console.log('Sandbox: no ilert account is used. Set ILERT_CLIENT_ID to sign in at ilert instead.')
    console.log(`The example app is up at ${address}`)
  })

  async function stop(): Promise<void> {
    // Requests may end; connections that are still there after a while are cut.
    setTimeout(() => server.closeAllConnections(), 5000).unref()
    await new Promise((resolve) => server.close(resolve))
    await ilert.tokens.close() // waits for refreshes under way, so that no token is lost
    await ilert.client.close()
    await sandbox?.close()
  }
  process.once('SIGINT', () => void stop())
  process.once('SIGTERM', () => void stop())
}

/** An ilert of our own inside this process. */
async function startSandbox(address: string) {
  const { createSandbox } = await import('passport-ilert/sandbox') // not loaded where it is not used
  const sandbox = await createSandbox({ redirectURI: `${address}${CALLBACK_PATH}` })
  Object.assign(process.env, sandbox.env) // the very variables with which you would point the app to ilert
  return sandbox
}
