/*
 * What is done to many grants at once: they are listed, ended, and sealed with another key.
 */
import { NetworkError, SessionTokenStore, type TokenManager } from '../../src/index.ts'
import type { SandboxOptions } from '../../src/sandbox/index.ts'
import { appTokensOf } from '../../src/tokens/manager.ts'
import { encryptionSecrets } from '../../src/tokens/sealing/keys.ts'
import { tokenSealer } from '../../src/tokens/sealing/token-sealer.ts'
import { REVOKE, TOKEN } from '../support/app.ts'
import { until } from '../support/until.ts'
import { closeDesks, type Desk, FragileStore, HOUR, startDesk } from './desk.ts'

afterEach(closeDesks)

const DAY = 24 * HOUR
const ANN = '1001'
const BEN = '1002'
const [OLD, NEW] = ['the older of two keys, 32 characters long', 'the newer of two keys, 32 characters long'] as const

interface Save {
  ttlMs?: number
  account?: string
}

/** A desk with three grants of Ann, one of them of a session, one of Ben, and one that the app has saved. */
async function people(o: Parameters<Desk['manager']>[0] = {}, sandbox: SandboxOptions = {}) {
  const desk = await startDesk({ refreshTokens: 'add', ...sandbox })
  const manager = desk.manager(o)
  const save = async (key: string, options: Save = {}) => {
    const tokens = await desk.signIn()
    await appTokensOf(manager).save(key, tokens, options)
    return tokens
  }
  const saved = {
    job: await save('job', { account: ANN }),
    page: await save('page', { account: ANN, ttlMs: DAY }),
    other: await save('other', { account: ANN, ttlMs: DAY }),
    ben: await save('ben', { account: BEN }),
    app: await save('app'),
  }
  return { desk, manager, saved }
}

/** The desk's store, which lists in another way. */
function listing(desk: Desk, list: FragileStore['list']): FragileStore {
  return Object.assign(new FragileStore(desk.store), { list })
}

async function keys(manager: TokenManager, ...args: Parameters<TokenManager['list']>): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of manager.list(...args)) found.push(key)
  return found.sort()
}

const DONE = { sessions: 0, pending: 0, unreadable: 0, complete: true }

describe('list()', () => {
  it('lists what is stored, or what an ilert user has granted, as status() tells it', async () => {
    const { desk, manager } = await people()
    await appTokensOf(manager).sessions.begin(DAY, true, {}, () => {}, ANN)
    for (const each of [manager, desk.manager()]) {
      expect(await keys(each)).toEqual(['app', 'ben', 'job', 'other', 'page'])
      expect(await keys(each, { userID: ANN })).toEqual(['job', 'other', 'page'])
      expect(await keys(each, { userID: BEN })).toEqual(['ben'])
      expect(await keys(each, { userID: '7' })).toEqual([])
    }
    for await (const { key, ...status } of desk.manager().list()) expect(status).toEqual(await manager.status(key))
  })

  it('leaves out what has ended, and another app', async () => {
    const { desk, manager } = await people()
    const another = desk.manager({ clientID: 'another' })
    await appTokensOf(another).save('theirs', await desk.signIn(), { account: ANN })
    await manager.revoke('job')
    await appTokensOf(manager).signOut({ key: 'page' }, DAY)
    expect(await keys(manager, { userID: ANN })).toEqual(['other'])
    expect(await keys(manager)).toEqual(['app', 'ben', 'other'])
    expect(await keys(another)).toEqual(['theirs'])
  })

  it('tells of failures that this process has seen', async () => {
    const { desk, manager } = await people()
    desk.advance(HOUR)
    desk.sandbox.fault({ path: TOKEN, kind: 503, times: 1 })
    await expect(manager.accessToken('ben')).rejects.toThrow()
    const found = []
    for await (const { failure } of manager.list({ userID: BEN })) found.push(failure?.code)
    expect(found).toEqual(['server_error'])
  })

  it("tells of the user's alone, though a store may list more", async () => {
    const { desk } = await people()
    const store = listing(desk, () => desk.store.list())
    expect(await keys(desk.manager({ tokenStore: store }), { userID: BEN })).toEqual(['ben'])
  })

  it('lets a store know that it has read enough', async () => {
    const { desk } = await people()
    let hasEnded = false
    async function* list() {
      try {
        yield* desk.store.list()
      } finally {
        hasEnded = true
      }
    }
    const manager = desk.manager({ tokenStore: listing(desk, list) })
    for await (const _ of manager.list()) break
    expect(hasEnded).toBe(true)
  })

  it('asks for a store that can list, and for an id that is one', async () => {
    const desk = await startDesk()
    const store = new SessionTokenStore({ get() {}, set() {}, destroy() {} } as never)
    const manager = desk.manager({ tokenStore: store })
    const message = /^tokenStore: this store cannot list its records\. Use RedisTokenStore, PostgresTokenStore/
    await expect(manager.list().next()).rejects.toThrow(message)
    await expect(manager.list({ userID: ANN }).next()).rejects.toThrow(message)
    await expect(manager.revokeAll()).rejects.toThrow(message)
    await expect(manager.reseal()).rejects.toThrow(message)
    for (const userID of [undefined, '', null, 7, {}]) {
      expect(() => manager.list({ userID } as never)).toThrow(/^list: userID: expected the id of an ilert user/)
    }
  })
})

describe('revokeAll()', () => {
  it('ends every grant of an ilert user, here and at ilert, and the sessions that have them', async () => {
    const { desk, manager, saved } = await people()
    const { mark = '' } = await appTokensOf(manager).sessions.begin(DAY, true, {}, () => {}, ANN)
    const bens = await appTokensOf(manager).sessions.begin(DAY, true, {}, () => {}, BEN)
    expect(await appTokensOf(manager).sessions.wasSignedOut({ mark }, DAY)).toBe(false) // known here for a while
    expect(await manager.revokeAll(ANN)).toEqual({ ...DONE, ended: 3, sessions: 1 })
    const other = desk.manager()
    for (const each of [manager, other]) {
      for (const key of ['job', 'page', 'other']) {
        await expect(each.accessToken(key)).rejects.toMatchObject({ code: 'reauthentication_required' })
      }
      expect(await appTokensOf(each).find('page')).toMatchObject({ end: { signedOut: true } })
      expect(await appTokensOf(each).sessions.wasSignedOut({ mark }, DAY)).toBe(true)
      expect(await appTokensOf(each).sessions.wasSignedOut(bens, DAY)).toBe(false)
      expect(await each.accessToken('ben')).toBe(saved.ben.accessToken)
      expect(await each.accessToken('app')).toBe(saved.app.accessToken)
    }
    for (const key of ['job', 'page', 'other'] as const) expect(await desk.isAlive(saved[key].refreshToken)).toBe(false)
    expect(await desk.isAlive(saved.ben.refreshToken)).toBe(true)
    expect(await manager.revokeAll(ANN)).toEqual({ ...DONE, ended: 0 })
    expect(desk.revocations()).toHaveLength(3)
  })

  it('leaves nothing of the tokens in the store, and a session that is saved late stays ended', async () => {
    const { desk, manager, saved } = await people()
    await manager.revokeAll(ANN)
    expect(await desk.store.get('job')).toBeUndefined()
    const left = await desk.store.get('page')
    expect(left?.data.length).toBeLessThan(300)
    desk.advance(2 * DAY - 1)
    expect(await appTokensOf(desk.manager()).find('page')).toMatchObject({ end: { signedOut: true } })
    expect(saved.page).toBeTruthy()
  })

  it('of everyone ends everything of this app, and nothing of another one', async () => {
    const { desk, manager } = await people()
    const another = desk.manager({ clientID: 'another' })
    await another.save('theirs', await desk.signIn())
    expect(await manager.revokeAll()).toEqual({ ...DONE, ended: 5, unreadable: 1 })
    expect(await keys(manager)).toEqual([])
    expect(await another.accessToken('theirs')).toEqual(expect.any(String))
  })

  it('is told by events, once for each grant', async () => {
    const { manager } = await people()
    const told: unknown[] = []
    manager.on('ended', ({ key, by }) => told.push(`${key} ${by}`))
    await manager.revokeAll()
    expect(told.sort()).toEqual(['app app', 'ben app', 'job app', 'other app', 'page app'])
  })

  it('ends everything here while ilert is unavailable, and goes on at ilert when it is called again', async () => {
    const { desk, manager, saved } = await people()
    const fault = desk.sandbox.fault({ path: REVOKE, kind: 503 })
    expect(await manager.revokeAll(ANN)).toEqual({ ...DONE, ended: 3, pending: 3 })
    await expect(desk.manager().accessToken('job')).rejects.toMatchObject({ code: 'reauthentication_required' })
    expect(await appTokensOf(desk.manager()).find('page')).toMatchObject({ end: { signedOut: true } })
    fault.clear()
    // By another process, too.
    expect(await desk.manager().revokeAll(ANN)).toEqual({ ...DONE, ended: 0 })
    for (const key of ['job', 'page', 'other'] as const) expect(await desk.isAlive(saved[key].refreshToken)).toBe(false)
  })

  it('does not ask an unavailable ilert for each of many', async () => {
    const { desk, manager } = await people()
    const tokens = await desk.signIn()
    for (let i = 0; i < 40; i++) await manager.save(`${i}`, { ...tokens, refreshToken: `refresh ${i}` })
    desk.sandbox.fault({ path: REVOKE, kind: 503 })
    expect(await manager.revokeAll()).toEqual({ ...DONE, ended: 45, pending: 45 })
    expect(desk.revocations().length).toBeLessThanOrEqual(20)
  })

  it('ends what turns up while others are ended', async () => {
    const { desk } = await people()
    let turnsUp = true
    async function* list(o?: { owner?: string }) {
      yield* desk.store.list(o)
      if (turnsUp) await appTokensOf(desk.manager()).save('late', await desk.signIn(), { account: ANN })
      turnsUp = false
    }
    const manager = desk.manager({ tokenStore: listing(desk, list) })
    expect(await manager.revokeAll(ANN)).toEqual({ ...DONE, ended: 4 })
    expect(await keys(manager, { userID: ANN })).toEqual([])
  })

  it('leaves a key alone that another user has by then', async () => {
    const { desk, manager: before } = await people()
    async function* list(o?: { owner?: string }) {
      for await (const listed of desk.store.list(o)) {
        if (listed.key === 'job') await appTokensOf(before).save('job', await desk.signIn(), { account: BEN })
        yield listed
      }
    }
    const manager = desk.manager({ tokenStore: listing(desk, list) })
    expect(await manager.revokeAll(ANN)).toEqual({ ...DONE, ended: 2 })
    expect(await keys(before, { userID: BEN })).toEqual(['ben', 'job'])
  })

  it('keeps the refresh tokens whose revocation ilert refuses, and says how many', async () => {
    const { desk, manager, saved } = await people({}, { requireCredentials: true })
    const mistaken = desk.manager({ clientSecret: 'a-secret-that-was-replaced' })
    expect(await mistaken.revokeAll(ANN)).toEqual({ ...DONE, ended: 3, pending: 3 })
    expect(await manager.revokeAll(ANN)).toEqual({ ...DONE, ended: 0 })
    for (const key of ['job', 'page', 'other'] as const) expect(await desk.isAlive(saved[key].refreshToken)).toBe(false)
  })

  it('waits for what ilert allows', async () => {
    const { desk, manager } = await people()
    desk.sandbox.fault({ path: REVOKE, kind: 429, times: 3 })
    expect(await desk.passing(manager.revokeAll())).toEqual({ ...DONE, ended: 5 })
  })

  it('is stopped by a signal, with what it has done by then', async () => {
    const { manager } = await people()
    expect(await manager.revokeAll({ signal: AbortSignal.abort() })).toEqual({ ...DONE, ended: 0, complete: false })
    expect(await keys(manager)).toHaveLength(5)
    const stop = new AbortController()
    manager.once('ended', () => stop.abort())
    expect(await manager.revokeAll(ANN, { signal: stop.signal })).toEqual({ ...DONE, ended: 3, complete: false })
    expect(await manager.revokeAll(ANN)).toEqual({ ...DONE, ended: 0 })
  })

  it('of nobody is refused: an id that is missing does not mean everyone', async () => {
    const { manager } = await people()
    for (const userID of [undefined, null, '', 7]) {
      await expect(manager.revokeAll(userID as never)).rejects.toThrow(/^revokeAll: userID: expected the id/)
    }
    await expect(
      (manager.revokeAll as (...args: unknown[]) => Promise<unknown>).call(manager, ANN, {}, {}),
    ).rejects.toThrow('revokeAll: too many arguments.')
    await expect(manager.revokeAll({ userID: ANN } as never)).rejects.toThrow("unknown option 'userID'")
    expect(await keys(manager)).toHaveLength(5)
  })

  it('rejects while the store is unavailable, and nothing is lost', async () => {
    const { desk } = await people()
    const manager = desk.manager({
      tokenStore: listing(desk, () => {
        throw new Error('no')
      }),
    })
    await expect(manager.revokeAll()).rejects.toThrow(NetworkError)
    expect(await keys(desk.manager())).toHaveLength(5)
  })

  it.each(['reuse', 'add', 'rotate'] as const)(
    'during a refresh in another process leaves nothing alive (%s)',
    async (refreshTokens) => {
      const desk = await startDesk({ refreshTokens })
      const [manager, other] = [desk.manager(), desk.manager()]
      const tokens = await desk.signIn()
      await appTokensOf(manager).save('page', tokens, { account: ANN, ttlMs: DAY })
      desk.advance(HOUR)
      const hang = desk.sandbox.fault({ path: TOKEN, kind: 'hang', times: 1, processed: true })
      const refreshing = other.get('page')
      refreshing.catch(() => {})
      await until(() => desk.refreshes().length === 1)
      expect(await manager.revokeAll(ANN)).toEqual({ ...DONE, ended: 1 })
      hang.clear()
      await expect(refreshing).rejects.toMatchObject({ code: 'reauthentication_required' })
      await until(
        () => desk.revocations().length === (refreshTokens === 'reuse' ? 1 : 2) || desk.revocations().length === 2,
      )
      expect(await desk.isAlive(tokens.refreshToken)).toBe(false)
      expect(desk.sandbox.requests.filter(({ path }) => path === REVOKE).map(({ status }) => status)).toEqual(
        expect.arrayContaining([200]),
      )
      expect(await keys(manager)).toEqual([])
    },
  )
})

describe('reseal()', () => {
  const both = { encryptionKey: [NEW, OLD] }

  it('seals what an older key has sealed with the first one, and then nothing needs the older key', async () => {
    const { desk, manager, saved } = await people({ encryptionKey: OLD })
    const { mark = '' } = await appTokensOf(manager).sessions.begin(DAY, true, {}, () => {}, ANN)
    await manager.save('gone', await desk.signIn(), { ttlMs: DAY })
    await appTokensOf(manager).signOut({ key: 'gone' }, DAY)
    const rotating = desk.manager(both)
    await appTokensOf(rotating).save('new', await desk.signIn(), { account: BEN })
    const counts = { older: 0, unreadable: 0, complete: true }
    expect(await rotating.reseal()).toEqual({ ...counts, resealed: 7, current: 1 })
    expect(await rotating.reseal()).toEqual({ ...counts, resealed: 0, current: 8 })
    const after = desk.manager({ encryptionKey: NEW })
    for (const key of ['job', 'page', 'other', 'ben', 'app'] as const) expect(await after.get(key)).toEqual(saved[key])
    expect(await appTokensOf(after).find('gone')).toEqual({ end: { signedOut: true } })
    expect(await keys(after, { userID: ANN })).toEqual(['job', 'other', 'page'])
    await after.revokeAll(ANN)
    expect(await appTokensOf(after).sessions.wasSignedOut({ mark }, DAY)).toBe(true)
  })

  it('finds the grants of a user before and after', async () => {
    const { desk } = await people({ encryptionKey: OLD })
    const rotating = desk.manager(both)
    await appTokensOf(rotating).save('new', await desk.signIn(), { account: ANN })
    expect(await keys(rotating, { userID: ANN })).toEqual(['job', 'new', 'other', 'page'])
    await rotating.reseal()
    expect(await keys(rotating, { userID: ANN })).toEqual(['job', 'new', 'other', 'page'])
  })

  it('beside a search for the grants of a user hides none of them', async () => {
    const { desk } = await people({ encryptionKey: OLD })
    let searches = 0
    async function* list(o?: { owner?: string }) {
      if (++searches === 2) await desk.manager(both).reseal()
      yield* desk.store.list(o)
    }
    const searching = desk.manager({ ...both, tokenStore: listing(desk, list) })
    expect([...new Set(await keys(searching, { userID: ANN }))]).toEqual(['job', 'other', 'page'])
  })

  it('tries again where something else is written meanwhile', async () => {
    const { desk, manager: before } = await people({ encryptionKey: OLD })
    let others = 0
    class Busy extends FragileStore {
      override async set(...args: Parameters<FragileStore['set']>): Promise<boolean> {
        if (args[0] === 'job' && ++others === 1) await before.save('job', await desk.signIn())
        return await super.set(...args)
      }
    }
    const store = new Busy(desk.store)
    expect(await desk.manager({ ...both, tokenStore: store }).reseal()).toMatchObject({ resealed: 5, older: 0 })
  })

  it('counts what no key opens, and leaves it alone', async () => {
    const { desk } = await people({ encryptionKey: OLD })
    const stored = await desk.store.get('job')
    const manager = desk.manager({ encryptionKey: NEW })
    expect(await manager.reseal()).toEqual({ resealed: 0, current: 0, older: 0, unreadable: 5, complete: true })
    expect(await desk.store.get('job')).toEqual(stored)
  })

  it('is stopped by a signal, and called again goes through what is left', async () => {
    const desk = await startDesk()
    const before = desk.manager({ encryptionKey: OLD })
    const tokens = await desk.signIn()
    for (let i = 0; i < 50; i++) await before.save(`${i}`, { ...tokens, refreshToken: `refresh ${i}` })
    const stop = new AbortController()
    const store = new FragileStore(desk.store)
    store.fate = (method) => {
      if (method === 'set') stop.abort()
      return 'work'
    }
    const manager = desk.manager({ ...both, tokenStore: store })
    const first = await manager.reseal({ signal: stop.signal })
    expect(first).toEqual({ resealed: 20, current: 0, older: 0, unreadable: 0, complete: false })
    expect(await manager.reseal()).toEqual({ resealed: 30, current: 20, older: 0, unreadable: 0, complete: true })
  })

  it('leaves a grant alone that is being refreshed, whose tokens are then sealed with the first key', async () => {
    const { desk } = await people({ encryptionKey: OLD })
    const manager = desk.manager(both)
    desk.advance(HOUR)
    const hang = desk.sandbox.fault({ path: TOKEN, kind: 'hang', times: 1 })
    const refreshing = manager.get('ben')
    refreshing.catch(() => {})
    await until(() => desk.refreshes().length === 1)
    const run = await desk.manager({ encryptionKey: [OLD, NEW] }).reseal()
    expect(run).toMatchObject({ older: 1 })
    hang.clear()
    await refreshing.catch(() => {})
    expect(await manager.reseal()).toMatchObject({ older: 0, complete: true })
  })

  it('is taken for no other grant by a process that has it at hand: its refresh is stored', async () => {
    const { desk, manager } = await people({ encryptionKey: [OLD, NEW] })
    await desk.manager(both).reseal()
    desk.advance(HOUR)
    const tokens = await manager.get('ben')
    expect(await desk.manager(both).get('ben')).toEqual(tokens)
    expect(desk.refreshes()).toHaveLength(1)
  })
})

describe('what a store knows of a user', () => {
  const sealer = (...secrets: string[]) => tokenSealer(secrets, 'app')

  it('is a label: the same for a key and an app, and another one for others', () => {
    const [label] = sealer(NEW, OLD).labels(ANN)
    expect(label).toMatch(/^[\w-]{22}$/)
    expect(sealer(NEW).labels(ANN)).toEqual([label])
    expect(sealer(OLD, NEW).labels(ANN)).toEqual([...sealer(OLD).labels(ANN), label])
    expect(sealer(NEW).labels(BEN)).not.toEqual([label])
    expect(tokenSealer([NEW], 'another').labels(ANN)).not.toEqual([label])
    expect(encryptionSecrets({ encryptionKey: NEW })).toEqual([NEW])
  })

  it('is kept with each write', async () => {
    const { desk, manager } = await people()
    desk.advance(HOUR)
    await manager.get('job')
    const found = []
    for await (const { key, tokens } of desk.store.list()) found.push([key, tokens.owner])
    const { job, page, other, ben, app } = Object.fromEntries(found) as Record<string, string | undefined>
    expect(new Set([job, page, other]).size).toBe(1)
    expect([job, ben, app]).toEqual([expect.any(String), expect.any(String), undefined])
    expect(job).not.toBe(ben)
  })
})
