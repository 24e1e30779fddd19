// An app as people write it, in a process of its own. `fleet.ts` starts it, and tells it by messages what no browser can.

import { createHash } from 'node:crypto'
import connectPgSimple from 'connect-pg-simple'
import { RedisStore } from 'connect-redis'
import express from 'express'
import session from 'express-session'
import { Redis } from 'ioredis'
import passport from 'passport'
import { IlertStrategy, TokenManager } from 'passport-ilert'
import { PostgresTokenStore } from 'passport-ilert/postgres'
import { RedisTokenStore } from 'passport-ilert/redis'
import { Pool } from 'pg'
import { createClient } from 'redis'
import { answerCalls, say } from '../support/calls.js'

const settings = JSON.parse(process.env.FAULTS_APP)
const {
  port,
  prefix,
  tokens,
  sessions,
  postgres,
  client,
  leaseMs,
  storeTimeoutMs,
  timeoutMs,
  sharedKey,
  links,
  frozenAt,
  offsetMs,
} = settings

// Whatever goes wrong beside the requests fails the test.
const troubles = []
process.on('unhandledRejection', (error) => troubles.push(`unhandled rejection: ${error?.stack ?? error}`))
process.on('uncaughtException', (error) => troubles.push(`uncaught exception: ${error.stack}`))
process.on('warning', (warning) => troubles.push(`warning: ${warning.stack}`))

let offset = offsetMs
const clock = { now: () => (frozenAt ?? Date.now()) + offset }
const hashOf = (token) => createHash('sha256').update(token).digest('base64url')

const connections = []

async function nodeRedis(url) {
  const redis = createClient({ url })
  redis.on('error', () => {}) // the app goes on without Redis: that is what is tested
  await redis.connect()
  connections.push(() => redis.destroy())
  return redis
}

function ioRedis(url) {
  const redis = new Redis(url, { maxRetriesPerRequest: null })
  redis.on('error', () => {})
  connections.push(() => redis.disconnect())
  return redis
}

function postgresPool(connectionString) {
  const pool = new Pool({ connectionString })
  pool.on('error', () => {})
  connections.push(() => pool.end())
  return pool
}

function postgresSessions(url) {
  const PgStore = connectPgSimple(session)
  return new PgStore({ pool: postgresPool(url), createTableIfMissing: true, pruneSessionInterval: false })
}

const storeOptions = { ...(leaseMs && { leaseMs }), ...(storeTimeoutMs && { timeoutMs: storeTimeoutMs }) }

async function redisTokens(url) {
  const redis = client === 'ioredis' ? ioRedis(url) : await nodeRedis(url)
  return new RedisTokenStore({ client: redis, prefix, ...storeOptions })
}

async function postgresTokens(url) {
  const table = prefix.replaceAll(/\W/g, '_')
  const store = new PostgresTokenStore({ pool: postgresPool(url), table, ...storeOptions })
  await store.createTable()
  return store
}

const tokenStore = tokens && (await (tokens.startsWith('postgres:') ? postgresTokens : redisTokens)(tokens))
const sessionStore = postgres
  ? postgresSessions(postgres)
  : sessions && new RedisStore({ client: await nodeRedis(sessions), prefix: `${prefix}session:` })

const ilert = new IlertStrategy({
  clock,
  ...(timeoutMs && { timeoutMs }),
  ...(tokenStore && { tokenStore }),
  ...(sharedKey && { tokenKey: ({ profile }) => `user:${profile.id}` }),
})

// Keeps what ilert answered, so that a test can ask what has become of it.
const refresh = ilert.client.refresh.bind(ilert.client)
let newest
/** Refreshes that ilert has not answered yet, and writes that may be followed by one. */
const underWay = new Set()
async function counted(work) {
  underWay.add(work)
  try {
    return await work
  } finally {
    underWay.delete(work)
  }
}

ilert.client.refresh = async (...args) => {
  newest = await counted(refresh(...args))
  return newest
}
if (tokenStore) {
  const set = tokenStore.set.bind(tokenStore)
  // Between the write that says that ilert is about to be asked and the question no time passes.
  tokenStore.set = (...args) => counted(set(...args))
}

passport.use(ilert)
passport.serializeUser((user, done) => done(null, user))
passport.deserializeUser((user, done) => done(null, user))

const app = express()
app.use(
  session({
    secret: 'only for tests',
    resave: false,
    saveUninitialized: false,
    cookie: { maxAge: 14 * 86_400_000 },
    ...(sessionStore && { store: sessionStore }),
  }),
)
app.use(passport.session())
app.use(ilert.session())

/** Requests that are inside a handler. */
let inside = 0
let release
const released = new Promise((resolve) => {
  release = resolve
})

app.get('/auth/ilert', passport.authenticate('ilert'))
if (links) {
  app.get('/local', (req, res, next) => {
    req.logIn({ id: 7, username: 'local' }, (error) => (error ? next(error) : res.json({})))
  })
  app.get('/link', passport.authorize('ilert'))
  app.get('/auth/ilert/callback', passport.authorize('ilert'), (_req, res) => res.json({}))
}
app.get('/auth/ilert/callback', passport.authenticate('ilert', { successRedirect: '/' }))
app.get('/', (req, res) => res.json({ user: req.user?.username, connected: req.ilert.connected }))
app.get('/token', async (req, res) => {
  inside += 1
  try {
    res.json({ hash: hashOf(await req.ilert.accessToken()) })
  } finally {
    inside -= 1
  }
})
app.get('/me', async (req, res) => {
  res.json({ firstName: (await ilert.client.currentUser(await req.ilert.accessToken())).firstName })
})
/** Has read its session long before it saves it, changed. */
app.get('/slow', async (req, res) => {
  req.session.seen = [...(req.session.seen ?? []), 'slow']
  inside += 1
  await released
  inside -= 1
  res.json({ seen: req.session.seen })
})
app.get('/seen', (req, res) => res.json({ seen: req.session.seen }))
app.post('/revoke', async (req, res) => {
  await ilert.tokens.revoke(req.session['passport-ilert'].key)
  res.json({})
})
app.use((error, _req, res, _next) => {
  const { name, code, status = 500 } = error
  if (status === 500) troubles.push(error.stack)
  res.status(status).json({ name, code })
})

let manager
const control = {
  troubles: () => troubles,
  /** Requests that are inside a handler now. */
  inside: () => inside,
  moveClock(ms) {
    offset += ms
  },
  /** Resolves once ilert has answered what it was asked, or was about to be. */
  async answered() {
    while (underWay.size > 0) {
      await Promise.allSettled(underWay)
      await new Promise(setImmediate) // what follows has begun
    }
  },
  release: () => release(),
  /** Resolves once the token store answers again. */
  async hasStore() {
    while (
      !(await tokenStore.get('any').then(
        () => true,
        () => false,
      ))
    );
  },
  revoke: (key) => ilert.tokens.revoke(key),
  revokeAll: (...args) => ilert.tokens.revokeAll(...args),
  /** What a job without Express does. */
  async job(key) {
    manager ??= new TokenManager({ tokenStore, clock })
    return hashOf(await manager.accessToken(key))
  },
  /** What ilert says to the refresh token that its last answer to this process brought. */
  tryNewest: () =>
    refresh(newest.refreshToken).then(
      () => 'refreshed',
      (error) => error.code,
    ),
}

const server = app.listen(port, '127.0.0.1', (error) => {
  if (error) throw error
  answerCalls(control, { origin: `http://127.0.0.1:${server.address().port}` })
})

/** No new requests; those that are there are answered. */
async function stop() {
  const closed = new Promise((resolve) => server.close(resolve))
  say('stopping')
  await Promise.all([ilert.tokens.close(), manager?.close()])
  const idle = setInterval(() => server.closeIdleConnections(), 10)
  await closed
  clearInterval(idle)
  for (const close of connections) close()
  process.exit(0)
}

process.on('SIGTERM', () => void stop())
