import { createServer } from 'node:http'
import { createApp } from './app.ts'
import { CALLBACK_PATH, type Config, ConfigError, readConfig } from './config.ts'
import { devSandbox, isDevelopment } from './dev.ts'
import { createLogger, logRefreshes } from './logger.ts'
import { createStores } from './stores.ts'

/** Requests that take longer are cut when the app ends. */
const GRACE_MS = 10_000

/** Longer than a proxy keeps an unused connection (60 s as a rule): it never sends a request on one that is being closed. */
const KEEP_ALIVE_MS = 75_000

try {
  loadEnvFile()
  await start(readConfig(process.env))
} catch (error) {
  // Wrong settings, here or in passport-ilert, which throws a TypeError: what to do is in the message.
  if (!(error instanceof ConfigError || error instanceof TypeError)) throw error
  console.error(error.message)
  process.exit(1)
}

async function start(config: Config): Promise<void> {
  const { port, production, sandbox: withSandbox } = config
  if (production) process.env.NODE_ENV = 'production' // trimmed: Express and passport-ilert compare it exactly
  const address = `http://localhost:${port}`
  const logger = createLogger(config.logLevel)
  const say = (text: string) => (production ? logger.info(text) : console.log(text))
  logRefreshes(logger)

  const closeSandbox = withSandbox ? await startSandbox(address) : undefined
  const stores = createStores(config, logger)
  const stopping = new AbortController()
  const { app, ilert } = createApp({ config, stores, logger, stopping: stopping.signal })
  const server = createServer(app)
  server.keepAliveTimeout = KEEP_ALIVE_MS

  server.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error
    console.error(`Port ${port} is taken by another program. Choose another one: PORT=${port + 1} npm start`)
    process.exit(1)
  })
  server.listen(port, () => {
    if (withSandbox) say('Sandbox: no ilert account is used. Set ILERT_CLIENT_ID to sign in at ilert instead.')
    say(`The on-call desk is up at ${address}`)
  })

  async function stop(): Promise<void> {
    stopping.abort() // /readyz says so
    setTimeout(() => server.closeAllConnections(), GRACE_MS).unref()
    await new Promise((resolve) => server.close(resolve)) // lets requests end
    await ilert.tokens.close() // lets refreshes end, so that no token is lost
    await ilert.client.close()
    await stores.close()
    await closeSandbox?.()
  }
  process.once('SIGINT', () => void stop())
  process.once('SIGTERM', () => void stop())
}

/** Takes ilert's place: inside this process, or, during development, in the one that restarts it. Resolves to its end. */
async function startSandbox(address: string): Promise<() => Promise<void>> {
  const redirectURI = `${address}${CALLBACK_PATH}`
  const { env, close } = isDevelopment ? await devSandbox(redirectURI) : await createOwn(redirectURI)
  Object.assign(process.env, env) // the very variables with which you would point the app to ilert
  return close
}

async function createOwn(redirectURI: string) {
  const { createSandbox } = await import('passport-ilert/sandbox') // not loaded where it is not used
  return await createSandbox({ redirectURI })
}

/** Reads `.env`, if it is there. What the environment says already wins. */
function loadEnvFile(): void {
  try {
    process.loadEnvFile()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
