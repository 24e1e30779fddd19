/*
 * A new encryption key while processes with different lists of keys serve the same users, as in a rolling deployment. What
 * docs/operations.md promises of each step.
 */
import { jest } from '@jest/globals'
import session from 'express-session'
import { type IlertStrategyOptions, MemoryTokenStore } from '../../src/index.ts'
import { CALLBACK, closeApps, optionsOf, startApp, type TestApp, TOKEN } from '../support/app.ts'

const OLD = 'old-key-0123456789-0123456789-0123456789'
const NEW = 'new-key-0123456789-0123456789-0123456789'

let warn: jest.SpiedFunction<typeof process.emitWarning>
beforeEach(() => {
  warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {})
})
afterEach(async () => {
  warn.mockRestore()
  await closeApps()
})

/** The keys of a process, given the app's client secret; none: the key is derived from that. */
type Keys = (secret: string) => IlertStrategyOptions['encryptionKey']

const derived: Keys = () => undefined

/** Processes of one app behind one address: sessions, stored tokens and ilert are shared, keys are not. */
async function startFleet(...keys: Keys[]): Promise<TestApp[]> {
  const shared = { session: new session.MemoryStore(), tokenStore: new MemoryTokenStore() }
  const apps: TestApp[] = []
  for (const own of keys) {
    const [first] = apps
    apps.push(
      await startApp({
        sandbox: { refreshLimitSeconds: 0 },
        session: { secret: 'keyboard cat', resave: false, saveUninitialized: false, store: shared.session },
        callbackURL: (origin) => `${first?.origin ?? origin}${CALLBACK}`,
        around: async (sandbox) => {
          const { clock, env } = first?.sandbox ?? sandbox
          const encryptionKey = own(env.ILERT_CLIENT_SECRET ?? '')
          const options = { ...optionsOf(first?.sandbox ?? sandbox), clock, tokenStore: shared.tokenStore }
          return encryptionKey === undefined ? options : { ...options, encryptionKey }
        },
      }),
    )
  }
  return apps
}

/** What becomes of users whose requests alternate between two processes. */
async function meet(a: Keys, b: Keys) {
  const [one, other] = (await startFleet(a, b)) as [TestApp, TestApp]
  const connectedAt = async (app: TestApp, cookie: string) => {
    const { connected } = (await app.browser().visit('/', { headers: { cookie } })).json
    return connected
  }
  const seen: Record<string, unknown> = {}
  for (const [from, to, name] of [
    [one, other, 'first to second'],
    [other, one, 'second to first'],
  ] as const) {
    // Cookies are those of one address, whatever process it leads to.
    const browser = from.browser()
    const callback = new URL(await browser.callback())
    const cookie = browser.cookies
    const back = await to.browser().visit(callback.pathname + callback.search, { headers: { cookie } })
    seen[`a sign-in that goes from ${name}`] = back.status === 302
    const user = from.browser()
    const end = new URL(await user.callback())
    await user.visit(end.pathname + end.search)
    seen[`a session that goes from ${name}`] = await connectedAt(to, user.cookies)
  }
  return seen
}

const EVERYTHING = {
  'a sign-in that goes from first to second': true,
  'a sign-in that goes from second to first': true,
  'a session that goes from first to second': true,
  'a session that goes from second to first': true,
}

describe.each<[string, Keys, Keys, Keys]>([
  ['a key', () => OLD, () => [OLD, NEW], () => [NEW, OLD]],
  ['the client secret', derived, (secret) => [secret, NEW], (secret) => [NEW, secret]],
])('from %s to a new key', (_, before, first, second) => {
  it.each<[string, Keys, Keys]>([
    ['OLD beside OLD,NEW', before, first],
    ['OLD,NEW beside NEW,OLD', first, second],
    ['NEW,OLD beside NEW', second, () => NEW],
  ])('%s: nobody is signed out', async (_, a, b) => {
    expect(await meet(a, b)).toEqual(EVERYTHING)
    expect(warn).not.toHaveBeenCalled()
  })

  it('OLD beside NEW,OLD: what is sealed with the new key cannot be opened with the old one', async () => {
    expect(await meet(before, second)).toEqual({
      ...EVERYTHING,
      'a sign-in that goes from second to first': false,
      'a session that goes from second to first': false,
    })
  })

  it('a user who stays through all steps stays connected, since a refresh seals with the new key', async () => {
    const [old, both, turned, last] = (await startFleet(before, first, second, () => NEW)) as TestApp[]
    const user = (old as TestApp).browser()
    await user.signIn()
    const at = async (app: TestApp | undefined, path: string) =>
      (await (app as TestApp).browser().visit(path, { headers: { cookie: user.cookies } })).status
    expect(await at(both, '/token')).toBe(200)
    // Behind the refresh that makes it a record of the new key.
    old?.sandbox.clock.advance(3_595_000)
    expect(await at(turned, '/token')).toBe(200)
    expect(await at(last, '/token')).toBe(200)
    expect(old?.count(TOKEN)).toBe(2)
  })
})
