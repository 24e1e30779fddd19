/* Tokens in the app's own session store, which is known from the first request on. */
import express from 'express'
import session from 'express-session'
import { closeApps, startApp } from '../support/app.ts'
import { until } from '../support/until.ts'

afterEach(closeApps)

it('work outside a request before there was any says what to do, and that the store is not unavailable', async () => {
  const { ilert } = await startApp()
  await expect(ilert.tokens.accessToken('job')).rejects.toMatchObject({
    name: 'IlertError',
    code: 'session_missing',
    status: 500,
    message: 'tokenStore: the app has had no request yet, so its session store is not known. Pass tokenStore.',
  })
})

it('work outside a request finds what sessions of the app have stored', async () => {
  const app = await startApp()
  const browser = app.browser()
  await browser.signIn()
  const grant = JSON.parse(Object.values(app.store.entries()).find((text) => text.includes('passport-ilert')) ?? '')
  const key = grant['passport-ilert'].key
  expect(await app.ilert.tokens.accessToken(key)).toBe((await browser.visit('/token')).text)
})

it('a sign-in writes its tokens in one call: under a key that it has just made there is nothing to be read', async () => {
  const app = await startApp()
  const { store } = app
  const calls: string[] = []
  const [get, set] = [store.get.bind(store), store.set.bind(store)]
  const isTokens = (id: string) => /^[\da-f]{32}$/.test(id)
  store.get = (id, done) => {
    if (isTokens(id)) calls.push('get')
    get(id, done)
  }
  store.set = (id, data, done) => {
    if (isTokens(id)) calls.push('set')
    set(id, data, done)
  }
  await app.browser().signIn()
  expect(calls).toEqual(['set'])
})

it('a second session store is refused: the tokens of some sessions would be where others do not look', async () => {
  const app = await startApp({
    routes: (web, { ilert }) => {
      const other = express()
      other.use(session({ secret: 'other', resave: false, saveUninitialized: false, store: new session.MemoryStore() }))
      other.use(ilert.session())
      other.get('/', (_req, res) => res.json('never'))
      web.use('/other', (req, _res, next) => {
        Reflect.deleteProperty(req, 'session') // else express-session leaves alone what is there
        next()
      })
      web.use('/other', other)
    },
  })
  const { status, json } = await app.browser().visit('/other')
  expect(status).toBe(500)
  expect(json).toMatchObject({
    name: 'TypeError',
    message: 'tokenStore: one IlertStrategy serves one session store. Make a strategy for each app.',
  })
})

it('a store that can touch is touched, so that the tokens end no sooner than the session', async () => {
  const app = await startApp({
    sandbox: { accessTokenSeconds: 86_400 }, // no refresh, which would write the record, too
    session: { cookie: { maxAge: 8 * 3_600_000 } } as never,
  })
  const browser = app.browser()
  await browser.signIn()
  const ends = () => app.store.grants().map((text) => JSON.parse(text).ilert.endsAt - app.sandbox.clock.now())
  expect(ends()).toEqual([expect.closeTo(8 * 3_600_000, -4)])
  app.sandbox.clock.advance(5 * 3_600_000)
  await browser.visit('/')
  await until(() => (ends()[0] ?? 0) > 7 * 3_600_000, 'touched')
})
