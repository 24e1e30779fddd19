import { createSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/index.ts'
import {
  currentUser,
  defaultApp,
  exchange,
  getCode,
  post,
  REVOKE,
  refresh,
  type TokenAnswer,
  tokensFor,
} from './support.ts'

const YEAR = 31_536_000_000

let sandbox: Sandbox
async function start(options?: SandboxOptions): Promise<void> {
  sandbox = await createSandbox({ clock: { now: () => 1.7e12 }, refreshLimitSeconds: 0, ...options })
}
afterEach(() => sandbox.close())

async function signIns(count: number, user?: string): Promise<TokenAnswer[]> {
  const list: TokenAnswer[] = []
  for (let i = 0; i < count; i++) list.push(await tokensFor(sandbox, user))
  return list
}

async function statusOf({ refresh_token }: TokenAnswer | undefined = {} as TokenAnswer): Promise<number> {
  return (await refresh(sandbox, refresh_token)).status
}

test('the 11th refresh token revokes the first, and no other', async () => {
  await start({ refreshTokens: 'reuse' })
  const ten = await signIns(10)
  expect(await statusOf(ten[0])).toBe(200)
  const [eleventh] = await signIns(1)
  expect(await refresh(sandbox, ten[0]?.refresh_token ?? '')).toMatchObject({
    status: 401,
    body: { code: 'invalid_grant' },
  })
  // An access token that was issued stays good until it expires.
  expect((await currentUser(sandbox, ten[0]?.access_token ?? '')).status).toBe(200)
  for (const tokens of [...ten.slice(1), eleventh]) expect(await statusOf(tokens)).toBe(200)
  await signIns(1)
  expect([await statusOf(ten[1]), await statusOf(ten[2])]).toEqual([401, 200])
})

test('rotate: a successor takes the place of the token that it ends', async () => {
  await start({ refreshTokens: 'rotate' })
  const others = await signIns(10)
  const last = others.pop()
  const { body: successor } = await refresh(sandbox, last?.refresh_token ?? '')
  for (const tokens of others) expect(await statusOf(tokens)).toBe(200)
  expect(await statusOf(successor)).toBe(200)
})

test('rotate: the oldest is the one that was refreshed longest ago', async () => {
  await start({ refreshTokens: 'rotate' })
  const [first, second] = await signIns(10)
  const { body: successor } = await refresh(sandbox, first?.refresh_token ?? '')
  await signIns(1)
  expect([await statusOf(second), await statusOf(successor)]).toEqual([401, 200])
})

test('add: each successor counts', async () => {
  await start({ refreshTokens: 'add' })
  const [first] = await signIns(1)
  for (let i = 0; i < 10; i++) expect(await statusOf(first)).toBe(i < 10 ? 200 : 401)
  expect(await statusOf(first)).toBe(401)
})

test('other users, other apps, and tokens that have expired or ended do not count', async () => {
  await start({ refreshTokens: 'reuse' })
  const [first] = await signIns(1)
  await signIns(10, 'tunde.okafor')
  const { redirectURI } = defaultApp(sandbox)
  const other = { ...sandbox.register({ redirectURI }), redirectURI }
  for (let i = 0; i < 10; i++) await exchange(sandbox, await getCode(sandbox, other), {}, other)
  const revoked = await signIns(9)
  for (const { refresh_token } of revoked) await post(sandbox, REVOKE, new URLSearchParams({ token: refresh_token }))
  await signIns(9)
  expect(await statusOf(first)).toBe(200)
  sandbox.revoke('mara.lindqvist')
  const [again] = await signIns(10)
  expect(await statusOf(again)).toBe(200)
  sandbox.clock.advance(YEAR)
  const [late] = await signIns(10)
  expect(await statusOf(late)).toBe(200)
})
