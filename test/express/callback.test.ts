import express, { Router } from 'express'
import { type CallbackQuery, MalformedCallback, readCallback } from '../../src/express/callback.ts'
import { OAuthError } from '../../src/index.ts'
import {
  type AppOptions,
  type Browser,
  CURRENT_USER,
  closeApps,
  startApp,
  type TestApp,
  TOKEN,
  tellAll,
} from '../support/app.ts'

afterEach(closeApps)

const CALLBACK = '/auth/ilert/callback'
/** As one is written; nobody has issued it. */
const STATE = '0'.repeat(23)
const ascii = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => String.fromCharCode(from + i))
/** RFC 6749, appendix A: all that a code may have, and all that an error may have. */
const VSCHAR = ascii(0x21, 0x7e).join('')
const NQSCHAR = ['x', ...ascii(0x20, 0x7e).filter((char) => char !== '"' && char !== '\\'), 'x'].join('')

/** An app, a browser with an attempt, and what ilert would answer to it. */
async function begun(options: AppOptions = {}) {
  const app = await startApp(options)
  const browser = app.browser()
  const callback = new URL(await browser.callback())
  const code = callback.searchParams.get('code') ?? ''
  const state = callback.searchParams.get('state') ?? ''
  return { app, browser, callback, code, state }
}

function expectUntouched(app: TestApp): void {
  expect(app.count(TOKEN)).toBe(0)
  expect(app.count(CURRENT_USER)).toBe(0)
}

describe('what a URL says', () => {
  const read = (url: string) => readCallback({ url } as express.Request)

  it.each(['/auth/ilert', '/auth/ilert?', '/auth/ilert?next=/alerts', '/auth/ilert?error_description=none', '/code=1'])(
    'is nothing of a callback, so that a sign-in begins: %s',
    (url) => expect(read(url)).toBeUndefined(),
  )

  it.each<[string, object]>([
    [`/callback?code=a&state=${STATE}`, { code: 'a', state: STATE }],
    ['/callback?error=access_denied', { error: 'access_denied' }],
    [`?state=${STATE}`, { state: STATE }],
    ['/callback?state=&code=a%2Fb&error_description=c%3Fd?e', { code: 'a/b', errorDescription: 'c?d?e' }],
  ])('is read to the letter: %s', (url, query) => {
    const nothing = { state: undefined, code: undefined, error: undefined, errorDescription: undefined }
    expect(read(url)).toStrictEqual({ ...nothing, ...query })
  })

  it.each(['state', 'code', 'error', 'error_description'])('has nothing twice: %s', (name) => {
    expect(() => read(`/callback?code=a&state=${STATE}&${name}=a&${name}=b`)).toThrow(
      new MalformedCallback(`The answer has ${name} more than once.`),
    )
  })

  it.each<[string, string, CallbackQuery[keyof CallbackQuery]]>([
    ['code', `${encodeURIComponent(VSCHAR)}`, VSCHAR],
    ['code', 'a'.repeat(2048), 'a'.repeat(2048)],
    ['error', encodeURIComponent(NQSCHAR), NQSCHAR],
    ['error', 'e'.repeat(100), 'e'.repeat(100)],
    ['error_description', 'd'.repeat(1024), 'd'.repeat(1024)],
    ['error_description', 'd'.repeat(1025), 'd'.repeat(1024)],
    ['error_description', 'd+'.repeat(7000), 'd '.repeat(512)],
  ])('has what RFC 6749 allows, at its longest: %s=%.20s', (name, written, value) => {
    const field = name === 'error_description' ? 'errorDescription' : name
    expect(read(`/callback?state=${STATE}&${name}=${written}`)).toMatchObject({ [field]: value })
  })

  it.each<[string, string[]]>([
    ['state', ['a', `${STATE}A`, STATE.slice(1), `${STATE}=`, `${STATE}.`, `%20${STATE}`, `${STATE}%0A`, '.*', '%00']],
    [
      'code',
      ['a'.repeat(2049), 'a%20b', 'a+b', '+a', 'a+', 'a%0A', '%00', '%7F', '%80', '%C3%A4', '%ff', '%F0%9F%92%A5'],
    ],
    ['error', ['e'.repeat(101), 'a%22b', 'a%5Cb', '%0A', 'a%0D%0Ab', '%00', '%7F', '%C3%A4', '%ff', '%E2%80%A8']],
  ])('is refused, and not repeated, if it is not what ilert sends: %s', (name, values) => {
    const others = { state: '', code: `state=${STATE}&`, error: `state=${STATE}&` }[name] ?? ''
    for (const value of values) {
      expect(() => read(`/callback?${others}${name}=${value}`)).toThrow(MalformedCallback)
      expect(() => read(`/callback?${others}${name}=${value}`)).toThrow(/^(?!.*(?:%|aaa|eee|VSCH)).{10,100}$/)
    }
  })

  it('ignores what it does not know, however often it is there', () => {
    const more = 'iss=a&iss=b&session_state=%ff&__proto__=x&error_uri=javascript:1&'.repeat(20)
    expect(read(`/callback?${more}code=a&state=${STATE}`)).toMatchObject({ code: 'a', state: STATE })
  })

  it.each(['/auth/ilert', CALLBACK])('is not taken apart if it is longer than 16 KB, at %s', (path) => {
    const url = (length: number) => `${path}?x=${'&'.repeat(length - 3)}`
    expect(read(url(16 * 1024))).toBeUndefined()
    expect(() => read(url(16 * 1024 + 1))).toThrow(new MalformedCallback('The query is longer than 16 KB.'))
  })
})

describe('a callback is refused without a call to ilert', () => {
  it('when it is replayed and the cookie of its attempt is gone', async () => {
    const { app, browser, callback } = await begun()
    expect((await browser.visit(callback)).location).toBe('/')
    const calls = app.sandbox.requests.length
    expect((await browser.visit(callback)).location).toBe('/')
    expect(app.sandbox.requests).toHaveLength(calls)
    expect(await browser.home()).toMatchObject({ connected: true })
    expect((await app.browser().visit(callback)).status).toBe(403)
  })

  it.each<[string, (code: string, state: string) => string]>([
    ['its state is foreign', (code) => `code=${code}&state=${'0'.repeat(23)}`],
    ['its state is empty', (code) => `code=${code}&state=`],
    ['it has no state', (code) => `code=${code}`],
    ['its state is cut', (code, state) => `code=${code}&state=${state.slice(0, -1)}`],
    ['its state is in other letters', (code, state) => `code=${code}&state=${state.toUpperCase()}.`],
    ['its state is a pattern', (code) => `code=${code}&state=.*`],
    ['its state is enormous', (code) => `code=${code}&state=${'a'.repeat(8000)}`],
    ['its state is there twice', (code, state) => `code=${code}&state=${state}&state=${state}`],
    ['its state is there twice, once empty', (code, state) => `code=${code}&state=${state}&state=`],
    ['its code is there twice', (code, state) => `code=${code}&code=${code}&state=${state}`],
    ['its code is there twice, once encoded', (code, state) => `code=${code}&%63ode=x&state=${state}`],
    ['its code is empty', (_, state) => `code=&state=${state}`],
    ['it has no code', (_, state) => `state=${state}`],
    ['its code is a list', (code, state) => `code[]=${code}&state=${state}`],
    ['its code is an object', (code, state) => `code[a]=${code}&state=${state}`],
    ['its state is a list', (code, state) => `code=${code}&state[]=${state}`],
    ['its error is there twice', (_, state) => `error=access_denied&error=access_denied&state=${state}`],
    ['its error is empty', (_, state) => `error=&state=${state}`],
    ['it has an error and no attempt', () => `error=access_denied&error_description=no&state=${'0'.repeat(23)}`],
    ['it has an error and no state', () => 'error=access_denied&error_description=no'],
    ['its code has a space', (code, state) => `code=${code}+&state=${state}`],
    ['its code is longer than 2 KB', (_, state) => `code=${'c'.repeat(2049)}&state=${state}`],
    ['its error has a quotation mark', (_, state) => `error=%22&state=${state}`],
    ['its query is broken', (code) => `code=${code}&state=%`],
    ['its query is hostile', (code) => `code=${code}&state=__proto__&__proto__[x]=1`],
  ])('when %s', async (_, query) => {
    const { app, browser, code, state } = await begun()
    for (const setting of ['simple', 'extended', false] as const) {
      const web = app.server.listeners('request')[0] as unknown as express.Express
      web.set('query parser', setting)
      const page = await browser.visit(`${CALLBACK}?${query(code, state)}`)
      expect(page.status).toBeGreaterThanOrEqual(400)
      expect(page.status).toBeLessThan(500)
      expect(page.text).toMatch(/<p>[\w ,.&#;-]{10,100} Start again from the sign-in page\.<\/p>/)
      // Nothing of the query is on the page.
      for (const text of [code, state, state.slice(0, -1), 'aaa', 'ccc', '__proto__', '&quot;'])
        expect(page.text).not.toContain(text)
    }
    expectUntouched(app)
    expect(app.errors).toEqual([])
  })

  it('when its state is from another browser', async () => {
    const { app, callback } = await begun()
    const victim = app.browser()
    expect((await victim.visit(callback)).status).toBe(403)
    await victim.begin()
    expect((await victim.visit(callback)).status).toBe(403)
    expectUntouched(app)
    expect((await victim.home()).user).toBeNull()
  })

  it('when any character of the cookie was altered', async () => {
    const { app, browser, callback } = await begun()
    const [name = '', value = ''] = browser.cookies.split('=')
    const answers = new Set<number>()
    const replay = async (cookie: string) => {
      const page = await app.browser().visit(callback, { headers: { cookie } })
      answers.add(page.status)
      if (page.status !== 403) throw new Error(`${page.status} for ${cookie} in place of ${name}=${value}`)
    }
    for (let i = 0; i < value.length; i++) {
      const flipped = String.fromCharCode(value.charCodeAt(i) ^ 1)
      // The next letter differs in the last bits, which are padding at the end of a part.
      const next =
        { Z: 'a', z: '0', '9': 'A', _: 'A', '-': 'A', '.': 'A' }[value[i] ?? ''] ??
        String.fromCharCode(value.charCodeAt(i) + 1)
      for (const letter of new Set([flipped, next]))
        await replay(`${name}=${value.slice(0, i)}${letter}${value.slice(i + 1)}`)
    }
    const parts = value.split('.')
    for (const other of [
      '',
      '.',
      '..',
      '...',
      value.slice(1),
      value.slice(0, -1),
      `${value}A`,
      `${value}=`,
      `${value}.`,
      `${value}%20`,
      `.${value}`,
      parts.toReversed().join('.'),
      'null',
      '%E0%A4%A',
      'j:{}',
    ]) {
      await replay(`${name}=${other}`)
    }
    expect([...answers]).toEqual([403])
    expectUntouched(app)
    expect(app.errors).toEqual([])
    expect((await app.browser().visit(callback, { headers: { cookie: `${name}=${value}` } })).location).toBe('/')
  })

  it.each(['POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])('when it is a %s, and the attempt goes on', async (method) => {
    const { app, browser, callback } = await begun()
    const page = await browser.visit(callback, { method })
    expect(page.status).toBe(405)
    expectUntouched(app)
    expect((await browser.visit(callback)).location).toBe('/')
  })

  it('when it is a POST elsewhere, where the app finishes sign-ins too', async () => {
    const { app, browser, callback } = await begun()
    expect((await browser.visit(`/auth/ilert${callback.search}`, { method: 'POST' })).status).toBe(405)
    expectUntouched(app)
  })

  it.each([true, false])('when it is a form that was posted, whether or not the app reads forms: %s', async (reads) => {
    const { app, browser, code, state } = await begun({
      before: (web) => reads && web.use(express.urlencoded({ extended: true })),
    })
    const page = await browser.visit(CALLBACK, { method: 'POST', body: new URLSearchParams({ code, state }) })
    expect(page.status).toBe(405)
    expectUntouched(app)
  })
})

it('another code with the state of a sign-in under way is refused', async () => {
  const { app, browser, callback, code } = await begun()
  const other = new URL(callback)
  other.searchParams.set('code', `${code}x`)
  const [page, forged] = await Promise.all([browser.visit(callback), browser.visit(other)])
  expect([page?.status, forged?.status].sort()).toEqual([302, 400])
  expect(app.count(TOKEN)).toBe(1)
})

it('a code that ilert does not know is an OAuthError, and nobody is signed in', async () => {
  const { app, browser, callback } = await begun()
  callback.searchParams.set('code', 'unknown')
  const page = await browser.visit(callback)
  expect(page.status).toBe(401)
  expect(app.errors).toEqual([expect.any(OAuthError)])
  expect(app.errors[0]).toMatchObject({ code: 'invalid_grant', status: 401 })
  expect((await browser.home()).user).toBeNull()
})

describe('an answer with an error', () => {
  const answered = async (query: string) => {
    const infos: unknown[] = []
    const { app, browser, state } = await begun({
      callback: (app) => (req, res, next) => {
        const done = (error: unknown, user: unknown, info: unknown, status: unknown) => {
          infos.push({ error, user, info, status })
          if (error) next(error)
          else res.status(Number(status) || 401).end()
        }
        app.passport.authenticate('ilert', done)(req, res, next)
      },
    })
    const page = await browser.visit(`${CALLBACK}?${query}&state=${state}`)
    expectUntouched(app)
    expect(browser.cookies).toBe('')
    const { error, info, user } = infos[0] as { error: unknown; info: unknown; user: unknown }
    return { status: page.status, error, info, user }
  }

  it("is a failure with ilert's description where the user declined", async () => {
    const { status, user, info, error } = await answered('error=access_denied&error_description=The+user+said+no.')
    expect({ status, user, info, error }).toEqual({
      status: 403,
      user: false,
      info: { code: 'access_denied', message: 'The user said no.' },
      error: null,
    })
  })

  it('is a failure with words of its own where ilert has none', async () => {
    expect((await answered('error=access_denied')).info).toMatchObject({ message: expect.stringMatching(/\w+/) })
  })

  it.each([
    ['invalid_scope', 400],
    ['invalid_request', 400],
    ['server_error', 400],
    ['temporarily_unavailable', 400],
    ['brand_new', 400],
    ['__proto__', 400],
    ['constructor', 400],
  ])('is an OAuthError with the code otherwise: %s', async (code, status) => {
    const answer = await answered(`error=${code}&error_description=Because%0Aof+it`)
    expect(answer.error).toBeInstanceOf(OAuthError)
    expect(answer.error).toMatchObject({ code, status, description: 'Because of it' })
    expect((answer.error as Error).message).toContain('Because of it')
    expect(answer.status).toBe(status)
  })

  it('wins over a code that stands beside it', async () => {
    expect((await answered('code=abc&error=access_denied')).status).toBe(403)
  })

  it('repeats no code that stands beside it', async () => {
    const { error } = await answered(
      'code=CANARY-0123456789&error=invalid_scope&error_description=of+CANARY-0123456789',
    )
    expect((error as Error).message).not.toContain('CANARY')
  })

  it('is short, and in one line', async () => {
    const { error } = await answered(
      `error=invalid_scope&error_description=${'%0D%0A%1B[31m'.repeat(200)}${'x'.repeat(900)}`,
    )
    const { description = '' } = error as OAuthError
    expect(description.length).toBeLessThanOrEqual(300)
    expect(description).not.toMatch(/\p{Cc}/u)
  })

  it('is what the user gets who declines at ilert', async () => {
    const app = await startApp({ end: { failureMessage: true, failureRedirect: '/' } })
    const cookie = await app.sandbox.signIn(`${app.origin}/auth/ilert`, { deny: true })
    const page = await app.browser().visit('/', { headers: { cookie } })
    expect(page.json).toMatchObject({ user: null, session: { messages: ['The user denied the request'] } })
    expectUntouched(app)
  })
})

it.each(['simple', 'extended', false])(
  "Express's setting of the query parser makes no difference: %s",
  async (setting) => {
    const { browser, callback } = await begun({ before: (web) => web.set('query parser', setting) })
    callback.searchParams.set('iss', 'https://app.ilert.com')
    expect((await browser.visit(callback)).location).toBe('/')
  },
)

it('a sign-in works on a router that is mounted elsewhere', async () => {
  const app = await startApp({
    callbackURL: (origin) => `${origin}/deep/er/back`,
    routes: (web, app) => {
      const router = Router()
      router.get('/in', app.passport.authenticate('ilert'))
      router.get('/er/back', app.passport.authenticate('ilert', { successReturnToOrRedirect: '/' }))
      web.use('/deep', router)
    },
  })
  const browser: Browser = app.browser()
  expect((await browser.signIn('/deep/in')).location).toBe('/')
  expect(await browser.home()).toMatchObject({ connected: true })
})

it('a sign-in may be begun with a POST', async () => {
  const app = await startApp()
  const browser = app.browser()
  const page = await browser.visit('/auth/ilert', { method: 'POST' })
  expect(page.status).toBe(302)
  expect((await browser.visit(await browser.consent(page.location))).location).toBe('/')
})

describe("what an app's own callback is told", () => {
  const again = 'Start again from the sign-in page.'

  it.each<[string, number, (code: string, state: string) => string, string]>([
    [
      `This sign-in was not begun in this browser, has ended, or took too long. ${again}`,
      403,
      (code) => `code=${code}&state=${'0'.repeat(23)}`,
      'GET',
    ],
    [
      `This sign-in was not begun in this browser, has ended, or took too long. ${again}`,
      403,
      (code) => `code=${code}`,
      'GET',
    ],
    [`The answer has no code. ${again}`, 400, (_, state) => `state=${state}`, 'GET'],
    [
      `The answer has code more than once. ${again}`,
      400,
      (code, state) => `code=${code}&code=${code}&state=${state}`,
      'GET',
    ],
    [
      `The answer's state was not issued here. ${again}`,
      400,
      (code, state) => `code=${code}&state=${state}${state}`,
      'GET',
    ],
    ['The sign-in can only be finished with a GET.', 405, (code, state) => `code=${code}&state=${state}`, 'POST'],
  ])('%s (%i)', async (message, status, query, method) => {
    const { browser, code, state } = await begun({ callback: tellAll })
    const page = await browser.visit(`${CALLBACK}?${query(code, state)}`, { method })
    expect(page.json).toEqual({ user: false, info: { message }, status })
  })

  it('an error that verify has not named is named', async () => {
    const { browser, callback: url } = await begun({ strategy: { verify: () => Promise.reject(undefined) } })
    expect((await browser.visit(url)).json).toMatchObject({
      name: 'IlertError',
      message: 'The sign-in failed, and verify did not say why.',
    })
  })
})
