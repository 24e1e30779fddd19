import type { ServerResponse } from 'node:http'
import { inspect } from 'node:util'
import { IlertStrategy } from '../../src/index.ts'
import {
  type AppOptions,
  type Browser,
  CURRENT_USER,
  closeApps,
  type Page,
  REVOKE,
  startApp,
  TOKEN,
} from '../support/app.ts'
import { closeServers, json, type Received, serve } from '../support/server.ts'
import { until } from '../support/until.ts'
import { leaks, listen, record, type Said, secretsIn, seek, show } from './leaks.ts'

const KEY = 'CANARY-encryption-key-0123456789-abcdefgh'
const SECRET = 'CANARY/client+secret=$0123456789!'

let ears: ReturnType<typeof listen>
const recorders: { close(): void }[] = []
beforeEach(() => {
  ears = listen()
})
afterEach(async () => {
  await closeApps()
  await closeServers()
  for (const recorder of recorders.splice(0)) recorder.close()
  ears.stop()
})

/** An app whose talk with ilert is written down, and which leaves its errors to Express, stack and all. */
async function recorded(options: AppOptions = {}) {
  let recorder: Awaited<ReturnType<typeof record>> | undefined
  const app = await startApp({
    errorHandler: false,
    ...options,
    strategy: { encryptionKey: KEY, ...options.strategy },
    before: (web, app) => {
      web.set('env', 'development')
      options.before?.(web, app)
    },
    routes: (web, app) => {
      web.get('/use', (req, res, next) => {
        const use = () => {
          for (const value of [req.ilert, req.session, req.user]) ears.say('the request', show(value))
          res.end('used')
        }
        req.ilert.accessToken().then(use).catch(next)
      })
      options.routes?.(web, app)
    },
    ...(!options.strategy?.apiURL && {
      around: async (sandbox) => {
        recorder = await record(Number(new URL(sandbox.apiURL).port))
        recorders.push(recorder)
        return { apiURL: recorder.origin }
      },
    }),
  })
  const secrets = new Set([app.sandbox.env.ILERT_CLIENT_SECRET as string, KEY])
  return {
    app,
    browser: app.browser(),
    /** Visits a page of the app, and hears all that is on it. */
    visit: async (browser: Browser, url: string | URL, init?: RequestInit): Promise<Page> => {
      for (const code of new URL(url, app.origin).searchParams.getAll('code')) if (code.length > 15) secrets.add(code)
      const page = await browser.visit(url, init)
      ears.say(`the page ${page.url.pathname}`, page.text, [...page.headers].join('\n'))
      return page
    },
    /** Everything that ilert was told, or has told. */
    secrets: (): Set<string> => {
      for (const secret of secretsIn(recorder?.traffic() ?? '')) secrets.add(secret)
      return secrets
    },
    /** Hears what has become of it all. */
    said: async (): Promise<Said[]> => {
      await app.ilert.tokens.close()
      for (const error of app.errors) ears.say('an error', error)
      ears.say('the strategy', inspect(app.ilert, { depth: 12, showHidden: true, maxStringLength: null }))
      ears.say("the sandbox's log", app.sandbox.requests)
      ears.say('the session store', app.store.entries())
      return ears.said
    },
  }
}

type Flow = (o: Awaited<ReturnType<typeof recorded>>) => Promise<unknown>

/** A sign-in, to the end, whatever that is. */
const signIn: Flow = async ({ browser, visit }) => {
  await visit(browser, await browser.consent((await visit(browser, '/auth/ilert')).location))
  await visit(browser, '/')
}

type Case = [string, AppOptions, Flow, string[]]
const FLOWS: Case[] = [
  [
    'a sign-in, and the use of its tokens',
    {},
    async (o) => {
      await signIn(o)
      await o.visit(o.browser, '/use')
    },
    [],
  ],
  [
    'a refresh, and the end of the grant',
    {},
    async (o) => {
      await signIn(o)
      o.app.sandbox.clock.advance(3_599_000)
      await o.visit(o.browser, '/use')
      o.app.sandbox.revoke(o.app.sandbox.users[0]?.username ?? '')
      o.app.sandbox.clock.advance(3_600_000)
      await o.visit(o.browser, '/use')
    },
    ['ReauthenticationRequired'],
  ],
  [
    'a refresh that fails',
    { sandbox: { refreshTokens: 'reuse' } },
    async (o) => {
      await signIn(o)
      o.app.sandbox.clock.advance(3_600_000)
      o.app.sandbox.fault({ path: TOKEN, kind: 'html' })
      await o.visit(o.browser, '/use')
    },
    ['NetworkError'],
  ],
  [
    'a sign-in again',
    {},
    async (o) => {
      await signIn(o)
      await signIn(o)
      await until(() => o.app.count(REVOKE) === 1)
    },
    [],
  ],
  [
    'the same callback twice, and again',
    {},
    async ({ browser, visit }) => {
      const callback = await browser.callback()
      await Promise.all([visit(browser, callback), visit(browser, callback)])
      await visit(browser, callback)
    },
    [],
  ],
  [
    'forged callbacks',
    {},
    async ({ app, browser, visit }) => {
      const callback = new URL(await browser.callback())
      const code = callback.searchParams.get('code') as string
      await visit(app.browser(), callback)
      await visit(browser, callback, { method: 'POST' })
      await visit(browser, `${callback.href}&code=${code}`)
      await visit(browser, callback.href.replace('state=', 'state=x'))
      await visit(browser, `${callback.href}&error=invalid_scope&error_description=no+${code}`)
      const again = await browser.callback()
      await visit(browser, again.replace('code=', 'code=wrong'))
    },
    ['OAuthError', 'OAuthError'],
  ],
  [
    'a user who declines',
    {},
    async ({ app, browser, visit }) => {
      const state = new URL(await browser.begin()).searchParams.get('state')
      await visit(browser, `/auth/ilert/callback?error=access_denied&error_description=no&state=${state}`)
      await app.sandbox.signIn(`${app.origin}/auth/ilert`, { deny: true })
    },
    [],
  ],
  ['a wrong client secret', { strategy: { clientSecret: SECRET } }, signIn, ['OAuthError']],
  ['an account that is not allowed', { strategy: { allowedTenants: ['nobody'] } }, signIn, []],
  ['a verify that says no', { strategy: { verify: () => false } }, signIn, []],
  [
    'a verify that throws',
    {
      strategy: {
        verify: () => {
          throw new Error('no database')
        },
      },
    },
    signIn,
    ['Error'],
  ],
  [
    'a classic verify that throws',
    {
      verify: () => {
        throw new Error('no database')
      },
    },
    signIn,
    ['Error'],
  ],
  [
    'a session store that is unavailable',
    {},
    async ({ app, browser, visit }) => {
      const callback = await browser.callback()
      app.store.fails = () => true
      await visit(browser, callback)
    },
    ['NetworkError'],
  ],
  [
    'a session that cannot be saved',
    {},
    async ({ app, browser, visit }) => {
      const callback = await browser.callback()
      app.store.fails = (_, data) => 'passport-ilert' in data
      await visit(browser, callback)
    },
    ['Error'],
  ],
  ['an app without a session', { session: false }, signIn, ['IlertError']],
  [
    'a misspelt scope',
    { strategy: { scope: 'incidents' } },
    async ({ browser, visit }) => {
      await visit(browser, '/auth/ilert')
    },
    [],
  ],
  ...([TOKEN, CURRENT_USER] as const).flatMap((path) =>
    (['html', 'reset', 'hang', 'trickle', 429, 500, 503] as const).map(
      (kind): Case => [
        `${kind} at ${path}`,
        { strategy: { timeoutMs: 1500 } },
        async (o) => {
          o.app.sandbox.fault({ path, kind })
          await signIn(o)
        },
        ['(Network|API)Error'],
      ],
    ),
  ),
  [
    'a revocation that fails',
    { strategy: { verify: () => false } },
    async (o) => {
      o.app.sandbox.fault({ path: REVOKE, kind: 500 })
      await signIn(o)
      await until(() => o.app.count(REVOKE) > 0)
    },
    [],
  ],
]

describe('no token, code, verifier or secret is said by', () => {
  it.each(FLOWS)('%s', async (name, options, flow, errors) => {
    const o = await recorded(options)
    await flow(o)
    const said = await o.said()
    const names = o.app.errors.map((error) => (error as Error).name)
    expect(names).toEqual(errors.map((error) => expect.stringMatching(new RegExp(`^${error}$`))))
    const secrets = o.secrets()
    // The secret and the key; most flows also have a code, a verifier and tokens.
    expect(secrets.size).toBeGreaterThanOrEqual(2)
    if (name === 'a sign-in, and the use of its tokens') expect(secrets.size).toBeGreaterThanOrEqual(8)
    expect(said.length).toBeGreaterThan(4)
    expect(leaks(said, secrets)).toEqual([])
  })
})

describe('no token, code, verifier or secret is said where ilert repeats it:', () => {
  const texts = ({ headers, body, path }: Received): string[] => {
    const values = [...new URLSearchParams(body).values(), headers.authorization ?? '']
    return [
      body,
      path,
      JSON.stringify(headers),
      values.join(' '),
      values.map((value) => `(${value}),`).join(''),
      values.map(encodeURIComponent).join(' '),
      values.map((value) => Buffer.from(value).toString('base64url')).join(' '),
      Buffer.from(JSON.stringify(values)).toString('base64'),
    ]
  }
  type Echo = (response: ServerResponse, text: string) => void
  const ECHOES: [string, Echo][] = [
    ["ilert's form", (response, text) => json(response, 400, { code: 'invalid_request', error: text })],
    ["ilert's form, in the code", (response, text) => json(response, 401, { code: text, error: text })],
    ["RFC 6749's form", (response, text) => json(response, 400, { error: 'invalid_grant', error_description: text })],
    [
      "RFC 6749's form, in the error",
      (response, text) => json(response, 400, { error: text, error_description: text }),
    ],
    ["the API's form", (response, text) => json(response, 403, { status: 403, code: text, message: text })],
    ['HTML', (response, text) => json(response, 502, `<html><pre>${text}</pre></html>`)],
    ['HTML, and all is well', (response, text) => json(response, 200, `<html><pre>${text}</pre></html>`)],
    ['truncated JSON', (response, text) => json(response, 200, `{"access_token": ${JSON.stringify(text)}`)],
    [
      'useless tokens',
      (response, text) => json(response, 200, { access_token: `${text}\n`, id: text, expires_in: text }),
    ],
    ['a 500', (response, text) => json(response, 500, { code: 'server_error', error: text })],
    [
      'headers',
      (response, text) => {
        const value = text.replaceAll(/[^ -~]/g, '').slice(0, 1000)
        json(response, 429, {}, { 'retry-after': value, location: value, 'x-echo': value })
      },
    ],
    ['a redirect', (response, text) => json(response, 302, {}, { location: `/${encodeURIComponent(text)}` })],
    ['a broken header', (response, text) => response.socket?.end(`HTTP/1.1 200 OK\r\n${text}\r\n\r\n`)],
  ]

  it.each(ECHOES)('%s', async (_, echo) => {
    const tokens = {
      access_token: 'CANARY-access-0123456789',
      refresh_token: 'CANARY-refresh-0123456789',
      scope: 'profile',
    }
    let at = TOKEN
    let which = 0
    const secrets = new Set([SECRET, KEY, tokens.access_token, tokens.refresh_token])
    const server = await serve((response, received) => {
      for (const secret of secretsIn(`\n${received.body}\nauthorization: ${received.headers.authorization ?? ''}`)) {
        secrets.add(secret)
      }
      if (received.path === at) echo(response, texts(received)[which] ?? '')
      else json(response, 200, received.path === TOKEN ? tokens : { id: 7 })
    })
    const o = await recorded({ strategy: { apiURL: server.origin, clientSecret: SECRET, timeoutMs: 3000 } })
    for (at of [TOKEN, CURRENT_USER]) {
      for (which = 0; which < 8; which++) await signIn(o)
    }
    expect(o.app.errors).toHaveLength(16)
    const said = await o.said()
    expect([...o.secrets(), ...secrets].length).toBeGreaterThan(16 * 2)
    expect(leaks(said, new Set([...o.secrets(), ...secrets]))).toEqual([])
  })
})

it('a strategy that cannot be made says no secret, and neither does one that warns', () => {
  for (const options of [
    { clientSecret: `${SECRET} `, clientID: 'c' },
    { clientSecret: SECRET },
    { clientSecret: SECRET, clientID: 'c', encryptionKey: [KEY, SECRET.slice(0, 20)] },
    { clientSecret: SECRET, clientID: 'c', scope: 'teams' },
  ]) {
    try {
      new IlertStrategy(options as never)
    } catch (error) {
      ears.say('an error', error)
    }
  }
  expect(ears.said.length).toBeGreaterThan(3)
  expect(leaks(ears.said, new Set([SECRET, KEY, SECRET.slice(0, 20)]))).toEqual([])
})

describe('a planted leak is found', () => {
  const secret = `${Buffer.from('{"alg":"HS256"}').toString('base64url')}.${'p'.repeat(40)}x.${'s'.repeat(40)}y`
  const WAYS: [string, (say: typeof ears.say) => void][] = [
    ['stdout', () => process.stdout.write(`token ${secret}\n`)],
    ['stdout, in bytes', () => process.stdout.write(Buffer.from(secret))],
    ['stderr', () => process.stderr.write(secret)],
    ['the console', () => console.log('%s', secret)],
    ['the console, in an object', () => console.error({ deep: { deeper: { tokens: [secret] } } })],
    ['a warning', () => process.emitWarning(`see ${secret}`)],
    ['a message', (say) => say('error', new Error(`no ${secret}`))],
    ['a property', (say) => say('error', Object.assign(new Error('no'), { request: { body: secret } }))],
    ['a hidden property', (say) => say('error', Object.defineProperty(new Error('no'), 'x', { value: secret }))],
    ['a cause', (say) => say('error', new Error('no', { cause: new Error('no', { cause: new Error(secret) }) }))],
    ['a stack', (say) => say('error', Object.assign(new Error('no'), { stack: `at ${secret}` }))],
    ['what toJSON gives away', (say) => say('value', { toJSON: () => secret })],
    ['URL-encoding', (say) => say('page', `?x=${[...secret].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('')}`)],
    ['URL-encoding twice', (say) => say('page', encodeURIComponent(encodeURIComponent(`a b ${secret}`)))],
    ...['', 'a', 'ab', 'abc'].map((before): [string, (say: typeof ears.say) => void] => [
      `base64url, behind ${before.length} others`,
      (say) => say('page', `x${before}${Buffer.from(JSON.stringify([before, secret])).toString('base64url')}`),
    ]),
    ['base64', (say) => say('page', Buffer.from(`??>>${secret}`).toString('base64'))],
    ['base64 in base64', (say) => say('page', btoa(`{"x":"${btoa(`{"y":"${secret}"}`)}"}`))],
    ['part', (say) => say('page', `signature ${'s'.repeat(40)}y`)],
  ]

  it.each(WAYS)('in %s', (_, plant) => {
    const secrets = new Set(secretsIn(`{"access_token": "${secret}"}`))
    expect(secrets).toEqual(new Set([secret, `${'p'.repeat(40)}x`, `${'s'.repeat(40)}y`]))
    plant(ears.say)
    expect(leaks(ears.said, secrets)).not.toEqual([])
  })

  it('on a page, in a header, in an error and in the log of a whole flow', async () => {
    for (const plant of [
      (o: Planted) => o.res.end(`<pre>${o.tokens.accessToken}</pre>`),
      (o: Planted) => o.res.setHeader('x-debug', encodeURIComponent(o.tokens.refreshToken ?? '')).end(),
      (o: Planted) => {
        throw new Error(`cannot use ${o.tokens.accessToken}`)
      },
      (o: Planted) => {
        console.log('signed in', o.tokens)
        o.res.end()
      },
      (o: Planted) => {
        Object.assign(o.session, { tokens: Buffer.from(JSON.stringify(o.tokens)).toString('base64url') })
        o.res.end()
      },
      (o: Planted) => o.res.end(o.url),
    ]) {
      ears.said.length = 0
      let tokens: Planted['tokens'] = { accessToken: '' }
      const o = await recorded({
        strategy: {
          verify: ({ tokens: given, profile }) => {
            tokens = given
            return profile as never
          },
        },
        end: {},
        routes: (web, app) => {
          web.get('/auth/ilert/callback', app.passport.authenticate('ilert'), (req, res) => {
            plant({ res, tokens, session: req.session, url: req.url })
          })
        },
      })
      await signIn(o)
      const said = await o.said()
      expect(leaks(said, o.secrets())).not.toEqual([])
      await o.app.close()
    }
  })

  it('but nothing is found where there is nothing, and it is no pass to seek nothing', () => {
    expect(seek('a page about eyJhbGciOiJIUzI1NiJ9 and base64url', [secret])).toEqual([])
    expect(() => leaks([{ where: 'page', text: secret }], new Set())).toThrow()
  })
})

interface Planted {
  res: ServerResponse
  tokens: { accessToken: string; refreshToken?: string }
  session: object
  url: string
}
