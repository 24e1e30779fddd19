/*
 * IlertBearerStrategy with verify in Passport's form, `(token, done)`: as an argument, alone or behind options, and as
 * NestJS's PassportStrategy passes it.
 */
import type { Request } from 'express'
import { type BearerUser, IlertBearerStrategy, type Done as Told } from '../../src/index.ts'
import { failOnCrashes } from '../support/crashes.ts'
import { closeApis, startApi, type TestApi } from './bearer-app.ts'

type Done = (error?: unknown, user?: unknown, info?: unknown) => void
type Form = (...args: never[]) => unknown

failOnCrashes(closeApis)

const USER = { id: 'u1' }
const LATE = new Error('late')
const DATABASE = new Error('no database')

/** An API whose strategy is made of options and a verify in Passport's form. */
function startWith(verify: Form, strategy: object = {}): Promise<TestApi> {
  return startApi({ strategy, make: (options) => new IlertBearerStrategy(options, verify as never) })
}

async function reply(verify: Form, strategy: object = {}) {
  const api = await startWith(verify, strategy)
  const { status, challenges, text } = await api.get(await api.token('profile alert'))
  return { status, challenges, errors: api.errors, json: status === 200 ? JSON.parse(text) : {} }
}

const challenge = (text: string) => [`Bearer realm="ilert", error="invalid_token", error_description="${text}"`]

it('is called with whose the token is, and its user is the user', async () => {
  const seen: unknown[][] = []
  const verify = (token: BearerUser, done: Done) => {
    seen.push([token])
    done(null, { id: token.username })
  }
  const { status, json } = await reply(verify)
  expect([status, json.user]).toEqual([200, { id: 'mara.lindqvist' }])
  const appID = expect.any(Number)
  expect(seen).toEqual([[{ username: 'mara.lindqvist', tenant: 'nordwind', scope: ['profile', 'alert'], appID }]])
})

it('has the request in front with passReqToCallback', async () => {
  const verify = (req: Request, token: BearerUser, done: Done) => done(null, { id: `${token.username} ${req.path}` })
  expect((await reply(verify, { passReqToCallback: true })).json.user).toEqual({ id: 'mara.lindqvist /' })
})

it.each([false, undefined])('has no request in front where passReqToCallback is %p', async (passReqToCallback) => {
  const verify = (...args: unknown[]) => (args.at(-1) as Done)(null, { arguments: args.length })
  expect((await reply(verify, { passReqToCallback })).json.user).toEqual({ arguments: 2 })
})

it('is the only argument where the options come from the environment', async () => {
  const before = { ...process.env }
  const verify = (_token: BearerUser, done: Told) => done(null, false)
  const api = await startApi({
    make: ({ apiURL, appID }) => {
      Object.assign(process.env, { ILERT_API_URL: apiURL, ILERT_APP_ID: String(appID) })
      return new IlertBearerStrategy(verify)
    },
  })
  process.env = before
  expect((await api.get(await api.token())).status).toBe(401)
  expect(api.asked).toBe(1)
})

it('is called on each request, also if the answer of ilert is remembered, and never for a token that is refused', async () => {
  let calls = 0
  const verify = (_token: BearerUser, done: Done) => done(null, calls++ < 2 && USER)
  const api = await startWith(verify, { scope: 'alert' })
  const token = await api.token('alert')
  for (const status of [200, 200, 401]) expect((await api.get(token)).status).toBe(status)
  expect([calls, api.asked]).toEqual([3, 1])
  for (const bad of [undefined, 'garbage', await api.token('profile')]) await api.get(bad)
  expect(calls).toBe(3)
})

const throws = (error: unknown) => () => {
  throw error
}

describe('lets nobody in', () => {
  it.each<[string, (done: Done) => unknown]>([
    ['calls back with false', (done) => done(null, false)],
    ['calls back with null', (done) => done(null, null)],
    ['calls back with nothing', (done) => done(null)],
    ['calls back with nothing at all', (done) => done()],
    ['calls back with false later', (done) => setImmediate(done, null, false)],
    [
      'calls back with false, and then with a user',
      (done) => {
        done(null, false)
        done(null, USER)
      },
    ],
    [
      'calls back with false, and throws',
      (done) => {
        done(null, false)
        throw LATE
      },
    ],
    [
      'calls back with false, and rejects',
      async (done) => {
        done(null, false)
        throw LATE
      },
    ],
  ])('if it %s: 401 invalid_token', async (_, act) => {
    const { status, challenges, errors } = await reply((_token: unknown, done: Done) => act(done))
    expect([status, errors]).toEqual([401, []])
    expect(challenges).toEqual(challenge('This API does not take the token of this user.'))
  })

  it.each<[unknown, string]>([
    [{ message: 'The account is locked.' }, 'The account is locked.'],
    ['The account is locked.', 'The account is locked.'],
    [{ message: 'A "quote" and a\nline' }, 'A \\"quote\\" and a?line'],
    [{ message: '' }, 'This API does not take the token of this user.'],
    [{ message: 7 }, 'This API does not take the token of this user.'],
    [{}, 'This API does not take the token of this user.'],
    [null, 'This API does not take the token of this user.'],
  ])('with the info %j: the challenge says why', async (info, text) => {
    const { status, challenges } = await reply((_token: unknown, done: Done) => done(null, false, info))
    expect([status, challenges]).toEqual([401, challenge(text)])
  })

  it.each<[string, (done: Done) => unknown]>([
    ['calls back with an error', (done) => done(DATABASE)],
    ['calls back with an error and a user', (done) => done(DATABASE, USER)],
    ['calls back with an error later', (done) => setImmediate(done, DATABASE)],
    ['throws', throws(DATABASE)],
    ['rejects', () => Promise.reject(DATABASE)],
    ['rejects later', () => new Promise((_, reject) => setImmediate(reject, DATABASE))],
    [
      'calls back with an error, and then with a user',
      (done) => {
        done(DATABASE)
        done(null, USER)
      },
    ],
    [
      'calls back with an error, and throws',
      (done) => {
        done(DATABASE)
        throw LATE
      },
    ],
  ])('if it %s: the error handler is told once', async (_, act) => {
    const { status, errors, challenges } = await reply((_token: unknown, done: Done) => act(done))
    expect([status, errors, challenges]).toEqual([500, [DATABASE], []])
  })

  // To Express nothing means that the request goes on, 'route' that it goes on with the next route.
  const words = [undefined, null, 0, '', false, 'route', 'router']
  it.each(words)('if it throws %j', async (thrown) => {
    for (const strategy of [{}, { passReqToCallback: true }]) {
      const { status, errors } = await reply(throws(thrown), strategy)
      expect([status, errors]).toEqual([500, [expect.any(Error)]])
    }
  })

  it.each(words)('if verify as an option throws or rejects with %j', async (thrown) => {
    for (const verify of [throws(thrown), () => Promise.reject(thrown)]) {
      const api = await startApi({ strategy: { verify: verify as never } })
      expect((await api.get(await api.token())).status).toBe(500)
      expect(api.errors).toEqual([expect.any(Error)])
    }
  })

  it.each(words)("if the app's own callback throws %j", async (thrown) => {
    const api = await startApi({
      guard:
        ({ passport }) =>
        (req, res, next) =>
          passport.authenticate('ilert-bearer', { session: false }, throws(thrown))(req, res, next),
    })
    expect((await api.get(await api.token())).status).toBe(500)
    expect(api.errors).toEqual([expect.any(Error)])
  })
})

describe('lets a user in once, with what it said first', () => {
  it.each<[string, (done: Done) => unknown]>([
    ['calls back later', (done) => setImmediate(done, null, USER)],
    [
      'calls back twice',
      (done) => {
        done(null, USER)
        done(null, { id: 'u2' })
      },
    ],
    [
      'calls back, and then with an error',
      (done) => {
        done(null, USER)
        done(LATE)
      },
    ],
    [
      'calls back, and throws',
      (done) => {
        done(null, USER)
        throw LATE
      },
    ],
    [
      'calls back, and rejects',
      async (done) => {
        done(null, USER)
        throw LATE
      },
    ],
  ])('if it %s', async (_, act) => {
    const { status, json, errors } = await reply((_token: unknown, done: Done) => act(done))
    expect([status, json.user, errors]).toEqual([200, USER, []])
  })
})

it.each<[unknown, object]>([
  [undefined, { scope: ['profile', 'alert'] }],
  [{ plan: 'free' }, { scope: ['profile', 'alert'], plan: 'free' }],
  [{ scope: 'all' }, { scope: 'all' }],
])('req.authInfo has the scope and what verify says of the user: %j', async (info, authInfo) => {
  expect((await reply((_token: unknown, done: Done) => done(null, USER, info))).json.authInfo).toEqual(authInfo)
})

/** As @nestjs/passport does it: the callback, which calls `validate`, is behind whatever super() is given. */
function mixin(arity?: number) {
  return class extends (IlertBearerStrategy as unknown as new (...args: unknown[]) => IlertBearerStrategy) {
    readonly calls: unknown[][] = []

    constructor(...args: unknown[]) {
      const callback = async (...params: unknown[]) => {
        const done = params.at(-1) as Done
        try {
          done(null, await this.validate(...params))
        } catch (error) {
          done(error, null)
        }
      }
      if (arity !== undefined) Object.defineProperty(callback, 'length', { value: arity })
      super(...args, callback)
    }

    async validate(...args: unknown[]): Promise<unknown> {
      this.calls.push(args)
      const token = args.find((one) => typeof one === 'object' && one !== null && 'username' in one) as BearerUser
      return token.username === 'mara.lindqvist' ? { id: token.username } : null
    }
  }
}

describe("NestJS's PassportStrategy", () => {
  it.each<[string, number | undefined, object]>([
    ['a callback of length 0', undefined, {}],
    ['a callback of length 2', 2, {}],
    ['a callback of length 0 and the request', undefined, { passReqToCallback: true }],
    ['a callback of length 3 and the request', 3, { passReqToCallback: true }],
  ])('%s: validate decides', async (_, arity, strategy) => {
    const api = await startApi({ strategy, make: (options) => new (mixin(arity))(options) })
    const [mara, aoife] = [await api.token(), await api.token('profile', 'aoife.obrien')]
    const replies = [await api.get(mara), await api.get(aoife)]
    expect(replies.map(({ status }) => status)).toEqual([200, 401])
    expect(replies[0]?.json.user).toEqual({ id: 'mara.lindqvist' })
    const { calls } = api.strategy as unknown as { calls: unknown[][] }
    expect(calls.map((args) => args.length)).toEqual('passReqToCallback' in strategy ? [3, 3] : [2, 2])
  })

  it('a callback that is the only argument: validate decides', async () => {
    const before = { ...process.env }
    const api = await startApi({
      make: ({ apiURL, appID }) => {
        Object.assign(process.env, { ILERT_API_URL: apiURL, ILERT_APP_ID: String(appID) })
        return new (mixin())()
      },
    })
    process.env = before
    expect((await api.get(await api.token('profile', 'aoife.obrien'))).status).toBe(401)
    expect((await api.get(await api.token())).status).toBe(200)
  })
})
