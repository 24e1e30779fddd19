/* What objects of this package show at run time is what their types show: nothing internal can be reached from them. */
import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { Strategy as PassportStrategy } from 'passport-strategy'
import { IlertBearerStrategy, IlertClient, IlertStrategy, MemoryTokenStore, TokenManager } from '../../src/index.ts'
import { closeApps, rememberTokens, startApp } from '../support/app.ts'

afterEach(closeApps)

/** The names of an object's own properties and of those it inherits, up to those that are here without us. */
function shown(object: object, ...without: object[]): string[] {
  const names = new Set<string>()
  for (
    let one = object;
    one !== Object.prototype && !without.includes(one);
    one = Object.getPrototypeOf(one) as object
  ) {
    for (const name of Reflect.ownKeys(one)) names.add(String(name))
  }
  names.delete('constructor')
  return [...names].sort()
}

/** The members that the report of the public types has of a class or an interface. */
function declared(name: string): string[] {
  const [, members = ''] =
    REPORT.match(new RegExp(`^export (?:class|interface) ${name}\\b[^{]*\\{\\n(.*?)^\\}`, 'ms')) ?? []
  const names = [...members.matchAll(/^ {4}(?:readonly |get )?(\w+)[(<?:]/gm)].map(([, member = '']) => member)
  return [...new Set(names)].filter((member) => member !== 'constructor').sort()
}

const REPORT = readFileSync(new URL('../../tools/api/index.api.md', import.meta.url), 'utf8')
const CONNECTION = { clientID: 'client-1', clientSecret: 'secret-of-client-1-0123456789abcdef' }
const API = ['delete', 'get', 'paginate', 'post', 'put', 'request']

it('IlertStrategy', () => {
  const names = ['authenticate', 'client', 'logout', 'me', 'name', 'proxy', 'requireScope', 'session', 'tokens']
  expect(shown(new IlertStrategy(CONNECTION), PassportStrategy.prototype)).toEqual(names)
})

it('IlertBearerStrategy', () => {
  const strategy = new IlertBearerStrategy({ ...CONNECTION, appID: 250 })
  expect(shown(strategy, PassportStrategy.prototype)).toEqual(['authenticate', 'client', 'name'])
})

it('IlertClient', () => {
  const methods = ['authorizationURL', 'close', 'currentUser', 'exchangeCode', 'refresh', 'revoke', 'tokenInfo']
  expect(shown(new IlertClient(CONNECTION))).toEqual(methods)
  expect(declared('IlertClient')).toEqual(methods)
})

it('TokenManager, made by an app or by a strategy', () => {
  const methods = declared('TokenManager')
  expect(methods).toEqual(expect.arrayContaining(['accessToken', 'close', 'get', 'save']))
  expect(shown(new TokenManager({ ...CONNECTION, tokenStore: new MemoryTokenStore() }))).toEqual(methods)
  expect(shown(new IlertStrategy(CONNECTION).tokens)).toEqual(methods)
})

it('req.ilert and tokens.api()', async () => {
  const { seen, verify } = rememberTokens()
  let names: string[] = []
  let text = ''
  const app = await startApp({
    strategy: { verify },
    routes: (web, { ilert }) => {
      web.get('/shown', (req, res) => {
        names = shown(req.ilert)
        text = inspect([req.ilert, ilert], { depth: 20, showHidden: true, getters: true })
        res.end()
      })
    },
  })
  const browser = app.browser()
  await browser.signIn()
  expect((await browser.visit('/shown')).status).toBe(200)
  const view = ['accessToken', 'connected', 'disconnect', 'expiresAt', 'issuedAt', 'refreshes', 'scope']
  expect(names).toEqual([...API, ...view].sort())
  expect([...declared('IlertApi'), ...declared('RequestIlert')].sort()).toEqual(names)
  for (const token of Object.values(seen[0] ?? {}).filter((value) => typeof value === 'string')) {
    expect(text).not.toContain(token)
  }
  expect(text).not.toContain(app.sandbox.env.ILERT_CLIENT_SECRET)
  expect(shown(app.ilert.tokens.api('key'))).toEqual(API)
})

it('a subclass may override authenticate, and Passport calls it through an object of its own', async () => {
  let called = 0
  class Mine extends IlertStrategy {
    override authenticate(...args: Parameters<IlertStrategy['authenticate']>): void {
      called++
      super.authenticate(...args)
    }
  }
  const app = await startApp({ make: (options) => new Mine(options) })
  const browser = app.browser()
  await browser.signIn()
  expect(await browser.home()).toMatchObject({ connected: true })
  expect(called).toBe(2)
})
