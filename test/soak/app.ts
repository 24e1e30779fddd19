/* An app as people write it, in a process of its own. `worker.ts` starts it, and asks by messages what no browser can. */

import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { RedisStore } from 'connect-redis'
import express, { type ErrorRequestHandler } from 'express'
import session from 'express-session'
import passport from 'passport'
import { createClient } from 'redis'
import { IlertStrategy, MemoryTokenStore, type TokenSet } from '../../src/index.ts'
import { appTokensOf } from '../../src/tokens/manager.ts'
import { RedisTokenStore } from '../../src/tokens/stores/redis.ts'
import { answerCalls } from '../support/calls.js'
import { type Saboteur, saboteurs } from './saboteurs.ts'
import { lasting } from './wait.ts'

/** What `worker.ts` tells an app at its start, beside the `ILERT_*` variables. */
export interface AppConfig {
  /** The Redis of the sessions, and that of the tokens; without one tokens are in memory. */
  readonly sessions: string
  readonly tokens: string | undefined
  readonly offsetMs: number
  readonly timeoutMs: number
  readonly sabotage: string | undefined
}

const { sessions, tokens, offsetMs, timeoutMs, sabotage } = JSON.parse(process.env.SOAK_APP ?? '') as AppConfig
const saboteur: Saboteur = (sabotage && saboteurs[sabotage]) || {}

// Whatever goes wrong beside the requests breaks a promise.
const troubles: string[] = []
process.on('unhandledRejection', (error) => troubles.push(`unhandled rejection: ${(error as Error)?.stack}`))
process.on('uncaughtException', (error) => troubles.push(`uncaught exception: ${error.stack}`))
process.on('warning', (warning) => troubles.push(`warning: ${warning.stack}`))

let offset = offsetMs
const clock = { now: () => Date.now() + offset }

const connections: (() => void)[] = []
async function connect(url: string) {
  const redis = createClient({ url, socket: { reconnectStrategy: 50 } })
  redis.on('error', () => {}) // the app goes on without Redis: that is what is tested
  await redis.connect()
  connections.push(() => redis.destroy())
  return redis
}

const honest = tokens ? new RedisTokenStore({ client: await connect(tokens) }) : new MemoryTokenStore({ clock })
const { minRefreshIntervalSeconds = 300 } = saboteur
const ilert = new IlertStrategy({
  clock,
  timeoutMs,
  tokenStore: saboteur.store?.(honest) ?? honest,
  minRefreshIntervalSeconds,
  verify: ({ profile: { id, username } }) => ({ id, username }),
})
saboteur.strategy?.(ilert)

// While the clock is moved no refresh may be on its way: it would count as older than it is on one side only.
let underWay = 0
let gate: PromiseWithResolver | undefined
const { client } = ilert
const refresh = client.refresh.bind(client)
client.refresh = async (...args): Promise<TokenSet> => {
  await gate?.promise
  underWay += 1
  try {
    return await refresh(...args)
  } finally {
    underWay -= 1
  }
}

interface PromiseWithResolver {
  readonly promise: Promise<void>
  readonly resolve: () => void
}

function newGate(): PromiseWithResolver {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

passport.use(ilert)
passport.serializeUser((user, done) => done(null, user))
passport.deserializeUser((user: Express.User, done) => done(null, user))

const app = express()
app.use(
  session({
    secret: 'only for tests',
    resave: false,
    saveUninitialized: false,
    cookie: { maxAge: 14 * 86_400_000 },
    store: new RedisStore({ client: await connect(sessions), disableTouch: true }),
  }),
)
app.use(passport.session())
app.use(ilert.session())

const left: number[][] = []
app.get('/auth/ilert', passport.authenticate('ilert'))
app.get('/auth/ilert/callback', passport.authenticate('ilert', { successRedirect: '/work' }))
app.get('/work', async (req, res) => {
  const accessToken = await req.ilert.accessToken()
  if (saboteur.leftBehind) left.push(Array.from({ length: saboteur.leftBehind }, Math.random))
  if (saboteur.eager) await eager(req.session, accessToken)
  res.json({ id: Number((req.user as { id: string }).id), connected: req.ilert.connected })
})
/** Asks ilert itself whose the token is. */
app.get('/whoami', async (req, res) => {
  res.json({ id: (await client.currentUser(await req.ilert.accessToken())).id, connected: req.ilert.connected })
})
app.post('/logout', ilert.logout())
const showError: ErrorRequestHandler = (error, _req, res, _next) => {
  const { name, code, status = 500, stack } = error
  if (status === 500) troubles.push(stack)
  res.status(status).json({ name, code })
}
app.use(showError)

async function eager(entries: object, accessToken: string): Promise<void> {
  const { key } = (entries as { 'passport-ilert': { key: string } })['passport-ilert']
  await appTokensOf(ilert.tokens).refused(key, accessToken)
}

const control: Record<string, (ms: number) => unknown> = {
  troubles: () => troubles.splice(0),
  async heap() {
    globalThis.gc?.()
    await sleep(50)
    globalThis.gc?.()
    return process.memoryUsage().heapUsed
  },
  /** Resolves once no refresh is on its way; none is sent until the clock has been moved. */
  async hold() {
    gate ??= newGate()
    await lasting(() => underWay === 0, 'no refresh under way')
  },
  moveClock(ms) {
    offset += ms
    gate?.resolve()
    gate = undefined
  },
  /** Resolves once Redis answers again. */
  async hasRedis() {
    const answers = () =>
      honest.get('any').then(
        () => true,
        () => false,
      )
    await lasting(answers, 'an answer of Redis')
  },
}

const server = app.listen(0, '127.0.0.1', () => {
  answerCalls(control, { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
})

/** No new requests; those that are there are answered, and what they have begun ends. */
async function stop(): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  const idle = setInterval(() => server.closeIdleConnections(), 10)
  await closed
  clearInterval(idle)
  await ilert.tokens.close()
  for (const disconnect of connections) disconnect()
  process.exit(0)
}

process.on('SIGTERM', () => void stop())
