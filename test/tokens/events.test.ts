/*
 * What TokenManager tells its listeners and the diagnostics channels: each event once, by the process that has caused it.
 */

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { TokenEvents, TokenManager } from '../../src/index.ts'
import { GrantEvents } from '../../src/tokens/events.ts'
import { appTokensOf } from '../../src/tokens/manager.ts'
import { TOKEN } from '../support/app.ts'
import { until } from '../support/until.ts'
import { closeDesks, type Desk, FragileStore, HOUR, INTO_THE_WINDOW, MODES, startDesk } from './desk.ts'

const NAMES = ['refreshed', 'failing', 'recovered', 'ended'] as const

const quiet: (() => void)[] = []
afterEach(async () => {
  for (const end of quiet.splice(0)) end()
  await closeDesks()
})

type Told = { name: keyof TokenEvents; [field: string]: unknown }

/** All events of a manager, in order. */
function listen(manager: TokenManager): Told[] {
  const told: Told[] = []
  for (const name of NAMES) manager.on(name, (event) => told.push({ name, ...event }))
  return told
}

/** The messages of the diagnostics channels, in order. */
function listenToChannels(): object[] {
  const told: object[] = []
  for (const name of NAMES) {
    const listener = (message: unknown) => told.push({ name, ...(message as object) })
    subscribe(`passport-ilert:${name}`, listener)
    quiet.push(() => unsubscribe(`passport-ilert:${name}`, listener))
  }
  return told
}

async function signedIn(o: Parameters<typeof startDesk>[0] = {}, keeping: Parameters<Desk['manager']>[0] = {}) {
  const desk = await startDesk({ refreshLimitSeconds: 0, ...o })
  const manager = desk.manager(keeping)
  await appTokensOf(manager).save('a', await desk.signIn(), { ttlMs: 1000 * 24 * HOUR, account: '1001' })
  return { desk, manager, told: listen(manager) }
}

const WHOSE = { key: 'a', userID: '1001' }

describe.each(MODES)('a refresh (%s)', (refreshTokens) => {
  it('is told once it is stored, with why it was made, and how many there have been', async () => {
    const { desk, manager, told } = await signedIn({ refreshTokens })
    desk.advance(HOUR)
    await Promise.all(Array.from({ length: 20 }, () => manager.accessToken('a')))
    const accessTokenExpiresAt = desk.sandbox.clock.now() + HOUR
    expect(told).toEqual([{ name: 'refreshed', ...WHOSE, reason: 'expired', count: 1, accessTokenExpiresAt }])
    desk.advance(INTO_THE_WINDOW)
    await manager.accessToken('a')
    await until(() => told.length === 2)
    expect(told[1]).toMatchObject({ name: 'refreshed', reason: 'due', count: 2 })
  })

  it('is told by the process that made it alone', async () => {
    const { desk, manager, told } = await signedIn({ refreshTokens })
    const other = desk.manager()
    const elsewhere = listen(other)
    desk.advance(HOUR)
    await manager.accessToken('a')
    await other.accessToken('a')
    expect([told.length, elsewhere.length]).toEqual([1, 0])
  })

  it('because the API refused the token is told as that', async () => {
    const { desk, manager, told } = await signedIn({ refreshTokens })
    desk.advance(HOUR / 2)
    await appTokensOf(manager).refused('a', (await manager.get('a')).accessToken)
    expect(told).toMatchObject([{ name: 'refreshed', reason: 'refused' }])
  })
})

it('tokens that the store could not take are told as refreshed when it has', async () => {
  const desk = await startDesk()
  const store = new FragileStore(desk.store)
  const manager = desk.manager({ tokenStore: store })
  await manager.save('a', await desk.signIn())
  const told = listen(manager)
  desk.advance(HOUR)
  let writes = 0
  store.fate = (method) => (method === 'set' && ++writes > 1 ? 'fail' : 'work')
  await expect(manager.accessToken('a')).rejects.toThrow()
  expect(told).toMatchObject([{ name: 'failing', key: 'a', reason: 'expired', code: 'store_unavailable', count: 1 }])
  store.fate = () => 'work'
  desk.advance(2000)
  await manager.accessToken('a')
  expect(told.slice(1)).toMatchObject([
    { name: 'recovered', code: 'store_unavailable', count: 1 },
    { name: 'refreshed', reason: 'unstored', count: 1 },
  ])
})

it('each failure is told with its count and its wait, and the end of them once', async () => {
  const { desk, manager, told } = await signedIn()
  desk.advance(HOUR)
  const fault = desk.sandbox.fault({ path: TOKEN, kind: 503 })
  for (const wait of [0, 2000, 4000]) {
    desk.advance(wait)
    await expect(manager.accessToken('a')).rejects.toThrow()
  }
  const failing = { name: 'failing', ...WHOSE, reason: 'expired', code: 'server_error' }
  expect(told).toEqual([1, 2, 3].map((count) => ({ ...failing, count, retryAfterMs: expect.any(Number) })))
  expect(told[2]?.retryAfterMs).toBeGreaterThan(3000)
  fault.clear()
  desk.advance(8000)
  await manager.accessToken('a')
  expect(told.slice(3)).toMatchObject([
    { name: 'recovered', ...WHOSE, code: 'server_error', count: 3 },
    { name: 'refreshed', count: 1 },
  ])
})

it('what failed here and another process has refreshed is told as recovered, and not as refreshed', async () => {
  const { desk, manager, told } = await signedIn()
  desk.advance(HOUR)
  desk.sandbox.fault({ path: TOKEN, kind: 503, times: 1 })
  await expect(manager.accessToken('a')).rejects.toThrow()
  desk.advance(2000)
  await desk.manager().accessToken('a')
  desk.advance(2000)
  await manager.accessToken('a')
  expect(told.map(({ name }) => name)).toEqual(['failing', 'recovered'])
})

describe('an end', () => {
  const session = { key: 'a' }

  it('by the app is told by the process that has ended it, once', async () => {
    const { desk, manager, told } = await signedIn()
    const other = desk.manager()
    const elsewhere = listen(other)
    await other.get('a')
    await manager.revoke('a')
    await manager.revoke('a')
    desk.advance(61_000)
    await expect(other.get('a')).rejects.toThrow()
    expect(told).toEqual([{ name: 'ended', ...WHOSE, by: 'app', count: 0 }])
    expect(elsewhere).toEqual([])
  })

  it('by the user', async () => {
    const { desk, manager, told } = await signedIn()
    desk.advance(HOUR)
    await manager.get('a')
    await appTokensOf(manager).signOut(session, HOUR)
    await appTokensOf(manager).signOut(session, HOUR)
    expect(told.slice(1)).toEqual([{ name: 'ended', ...WHOSE, by: 'user', count: 1 }])
  })

  it('by the user is told also while the store is unavailable', async () => {
    const { desk } = await signedIn()
    const store = new FragileStore(desk.store)
    const manager = desk.manager({ tokenStore: store })
    const told = listen(manager)
    await manager.get('a')
    store.fate = () => 'fail'
    await expect(appTokensOf(manager).signOut(session, HOUR)).rejects.toThrow()
    expect(told).toEqual([{ name: 'ended', ...WHOSE, by: 'user', count: 0 }])
  })

  it('by ilert, once, though the access token is still good', async () => {
    const { desk, manager, told } = await signedIn()
    desk.advance(INTO_THE_WINDOW)
    desk.sandbox.revoke('mara.lindqvist')
    await manager.accessToken('a')
    await desk.passing(until(() => told.length > 0))
    desk.advance(HOUR)
    for (let i = 0; i < 3; i++) await expect(manager.accessToken('a')).rejects.toThrow()
    expect(told).toEqual([{ name: 'ended', ...WHOSE, by: 'ilert', count: 0 }])
  })

  it('by expiry, once, when the tokens are asked for', async () => {
    const { desk, manager, told } = await signedIn()
    desk.advance(HOUR)
    desk.sandbox.fault({ path: TOKEN, kind: 503, times: 1 })
    await expect(manager.accessToken('a')).rejects.toThrow()
    desk.advance(400 * 24 * HOUR)
    for (let i = 0; i < 3; i++) await expect(manager.accessToken('a')).rejects.toThrow()
    expect(told.slice(1)).toEqual([{ name: 'ended', ...WHOSE, by: 'expiry', count: 0 }])
  })

  it('is told again if ilert has refused too early, and refuses later', () => {
    const events = new GrantEvents()
    const told: string[] = []
    events.on('ended', ({ by }) => told.push(by))
    events.ended('a', { id: '1' }, 'ilert')
    events.goesOn({ id: '1' })
    events.ended('a', { id: '1' }, 'ilert')
    expect(told).toEqual(['ilert', 'ilert'])
  })

  it('is none if the same ilert user has granted anew', async () => {
    const { desk, manager, told } = await signedIn()
    await appTokensOf(manager).save('b', await desk.signIn(), { account: '1001' })
    await appTokensOf(manager).supersede(session, { key: 'b', account: '1001' }, HOUR)
    expect(told).toEqual([])
  })
})

describe('listeners', () => {
  it('are taken back, called once, and called with an event that none of them can change', async () => {
    const { desk, manager } = await signedIn()
    const heard: string[] = []
    const a = () => heard.push('a')
    const b = () => heard.push('b')
    expect(manager.on('refreshed', a).once('refreshed', b).once('refreshed', a).off('refreshed', a)).toBe(manager)
    manager.once('ended', a).off('ended', a)
    let event: object | undefined
    manager.on('refreshed', function (this: unknown, told) {
      event = told
      expect(this).toBeUndefined()
    })
    manager.once('refreshed', function (this: unknown) {
      expect(this).toBeUndefined()
    })
    for (let i = 0; i < 2; i++) {
      desk.advance(HOUR)
      await manager.get('a')
    }
    await manager.revoke('a')
    expect(heard).toEqual(['a', 'b', 'a'])
    expect(Object.isFrozen(event)).toBe(true)
  })

  it('and their names are checked', async () => {
    const { manager } = await signedIn()
    for (const method of ['on', 'off', 'once'] as const) {
      expect(() => manager[method]('refresh' as never, () => {})).toThrow(
        new TypeError('event: expected one of refreshed, failing, recovered, ended.'),
      )
      expect(() => manager[method]('toString' as never, () => {})).toThrow(TypeError)
      expect(() => manager[method]('ended', null as never)).toThrow(new TypeError('listener: expected a function.'))
    }
    expect('emit' in manager || 'listeners' in manager || 'removeAllListeners' in manager).toBe(false)
  })
})

it('the channels tell the same, without the key and the user', async () => {
  const messages = listenToChannels()
  const { desk, manager, told } = await signedIn()
  const fault = desk.sandbox.fault({ path: TOKEN, kind: 503 })
  desk.advance(HOUR)
  await expect(manager.accessToken('a')).rejects.toThrow()
  fault.clear()
  desk.advance(2000)
  await manager.accessToken('a')
  await manager.revoke('a')
  expect(told.map(({ name }) => name)).toEqual(['failing', 'recovered', 'refreshed', 'ended'])
  expect(messages).toEqual(told.map(({ key, userID, ...rest }) => rest))
})

it('no event has a token in it', async () => {
  const { desk, manager, told } = await signedIn()
  const tokens = [await manager.get('a')]
  desk.advance(HOUR)
  tokens.push(await manager.get('a'))
  await manager.revoke('a')
  const said = JSON.stringify(told)
  for (const { accessToken, refreshToken } of tokens) {
    expect(said).not.toContain(accessToken)
    expect(said).not.toContain(refreshToken)
  }
})
