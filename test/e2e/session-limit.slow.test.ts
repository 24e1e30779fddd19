/*
 * The template's memory: its limit counts sessions, and nothing else takes a session's place.
 */
import type { SessionData } from 'express-session'
import { readConfig } from '../../example-app/src/config.ts'
import { createLogger } from '../../example-app/src/logger.ts'
import { createStores, MAX_SESSIONS, type Stores } from '../../example-app/src/stores.ts'
import type { TokenStore } from '../../src/index.ts'

let stores: Stores
let tokens: TokenStore
beforeEach(() => {
  stores = createStores(readConfig({}), createLogger('silent'))
  tokens = stores.tokens as TokenStore
})
afterEach(() => stores.close())

const HOUR_MS = 3_600_000
const session = { cookie: { originalMaxAge: HOUR_MS } } as SessionData
const setSession = (id: string) => new Promise((resolve) => stores.sessions.set(id, session, resolve))
const hasSession = (id: string) =>
  new Promise<boolean>((resolve) => stores.sessions.get(id, (_error, found) => resolve(found != null)))

it.each<[string, (key: string) => Promise<unknown>]>([
  ['tokens', (key) => tokens.set(key, { version: 1, data: 'sealed' }, HOUR_MS)],
  ['what sign-outs leave', (key) => tokens.delete(key, { tombstoneMs: HOUR_MS })],
])('%s push no session out, and no tokens of a session', async (_, leave) => {
  await setSession('a-user')
  await tokens.set('of-a-user', { version: 1, data: 'sealed' }, HOUR_MS)
  for (let i = 0; i <= MAX_SESSIONS; i++) await leave(`another-${i}`)
  expect(await hasSession('a-user')).toBe(true)
  expect(await tokens.get('of-a-user')).toBeDefined()
})

it('sessions beyond the limit push out those that were longest unused', async () => {
  await setSession('unused')
  await setSession('used')
  for (let i = 0; i < MAX_SESSIONS - 1; i++) await setSession(`another-${i}`)
  expect([await hasSession('unused'), await hasSession('used')]).toEqual([false, true])
})
