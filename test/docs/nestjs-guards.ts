/*
 * A test for the app of docs/nestjs.md: what the page does not show. Each way to a strategy, and each answer of a guard, the
 * one that `@nestjs/passport` itself makes among them. It listens at `PORT`.
 */
export const GUARDS = `
import { Controller, Get, Module, UseGuards } from '@nestjs/common'
import { AuthGuard, PassportStrategy } from '@nestjs/passport'
import type { NestExpressApplication } from '@nestjs/platform-express'
import { Test } from '@nestjs/testing'
import { IlertBearerStrategy, IlertStrategy, type IlertProfile } from 'passport-ilert'
import { createSandbox, type Fault, type Sandbox } from 'passport-ilert/sandbox'
import { AuthController } from './auth.controller'
import { IlertSignIn } from './ilert.strategy'
import { IlertToken } from './ilert-token.strategy'
import { useSessions } from './use-sessions'

@Controller('plain')
class Plain {
  @Get()
  @UseGuards(AuthGuard('ilert-bearer'))
  get() {
    return {}
  }
}

@Module({ controllers: [AuthController, Plain], providers: [IlertSignIn, IlertToken] })
class App {}

let app: NestExpressApplication
let sandbox: Sandbox
let origin: string

beforeAll(async () => {
  sandbox = await createSandbox({ redirectURI: 'http://127.0.0.1:' + process.env.PORT + '/auth/ilert/callback' })
  Object.assign(process.env, sandbox.env, { SESSION_SECRET: 'of a test', ILERT_SCOPE: 'alert' })
  const module = await Test.createTestingModule({ imports: [App] }).compile()
  app = module.createNestApplication<NestExpressApplication>({ logger: false })
  useSessions(app)
  app.use('/token', (req: any, res: any, next: any) => req.ilert.accessToken().then((it: string) => res.send(it), next))
  origin = 'http://127.0.0.1:' + process.env.PORT
  await app.listen(Number(process.env.PORT))
})

afterAll(async () => {
  await app.close()
  await sandbox.close()
})

const INFO = '/api/developers/oauth2/token_info'

/** One that no answer is remembered for. */
async function newToken(): Promise<string> {
  const cookie = await sandbox.signIn(origin + '/auth/ilert')
  return (await fetch(origin + '/token', { headers: { cookie } })).text()
}

async function statusOf(path: string, authorization: string | undefined, kind?: Fault['kind']): Promise<number> {
  const fault = kind === undefined ? undefined : sandbox.fault({ path: INFO, kind })
  const { status } = await fetch(origin + path, { headers: authorization === undefined ? {} : { authorization } })
  fault?.clear()
  return status
}

describe.each(['/api/me', '/plain'])('a guard before %s answers', (path) => {
  let token: string
  beforeAll(async () => (token = await newToken()))

  it('503 while ilert is unavailable', async () => {
    for (const kind of [503, 500, 429, 'reset', 'html'] as const) {
      expect([kind, await statusOf(path, 'Bearer ' + token, kind)]).toEqual([kind, 503])
    }
  })
  it('200 to a token', async () => expect(await statusOf(path, 'Bearer ' + token)).toBe(200))
  it('401 without a token', async () => expect(await statusOf(path, undefined)).toBe(401))
  it('401 to what is no token', async () => expect(await statusOf(path, 'Bearer a.b.c')).toBe(401))
})

describe('a sign-in', () => {
  const finish = (query: string) => fetch(origin + '/auth/ilert/callback?' + query, { redirect: 'manual' })
  it('that nobody began gets 400', async () => expect((await finish('code=a&state=b')).status).toBe(400))
  it('that the user has declined gets 403', async () => {
    const begun = await fetch(origin + '/auth/ilert', { redirect: 'manual' })
    const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state')
    const cookie = begun.headers.getSetCookie().map((each) => each.split(';')[0]).join('; ')
    const denied = origin + '/auth/ilert/callback?error=access_denied&state=' + state
    expect((await fetch(denied, { headers: { cookie }, redirect: 'manual' })).status).toBe(403)
  })
  it.each([503, 'reset', 'html'] as const)('gets 503 while ilert is unavailable: %s', async (kind) => {
    const fault = sandbox.fault({ path: '/api/developers/oauth2/token', kind })
    await expect(sandbox.signIn(origin + '/auth/ilert')).rejects.toThrow('answered 503')
    fault.clear()
  })
})

const OPTIONS = { clientID: 'a', clientSecret: 'of-a-test-and-long-enough' }

class ByOptions extends PassportStrategy(IlertStrategy, 'by-options') {
  constructor() {
    super({ ...OPTIONS, scope: 'alert' })
  }
  validate(_access: string, _refresh: string | undefined, profile: IlertProfile) {
    return profile
  }
}
class WithRequest extends PassportStrategy(IlertStrategy, 'with-request', true) {
  constructor() {
    super({ ...OPTIONS, passReqToCallback: true })
  }
  validate(...args: unknown[]) {
    return args.at(-1)
  }
}
class Bearer extends PassportStrategy(IlertBearerStrategy, 'bearer') {
  constructor() {
    super({ appID: 'any' })
  }
  validate() {
    return {}
  }
}

it('takes options, a request, and a name of its own', () => {
  expect([new ByOptions(), new WithRequest(), new Bearer()].length).toBe(3)
})
`
