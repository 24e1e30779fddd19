/*
 * What TokenManager has in memory: rules 8 and 9, and how it ends.
 */

import { IlertClient, NetworkError, ReauthenticationRequired } from '../../src/index.ts'
import { appTokensOf } from '../../src/tokens/manager.ts'
import type { Sealing } from '../../src/tokens/sealing/seal.ts'
import { optionsOf, TOKEN } from '../support/app.ts'
import { until } from '../support/until.ts'
import { beyond, closeDesks, FragileStore, HOUR, INTO_THE_WINDOW, MINUTE, startDesk } from './desk.ts'

afterEach(closeDesks)

describe('close', () => {
  it.each(['of its own', 'that it was given'])(
    'waits for a refresh under way over a client %s, and stores what it brings',
    async (whose) => {
      const desk = await startDesk()
      const client = new IlertClient({ ...optionsOf(desk.sandbox), clock: desk.sandbox.clock })
      const manager = desk.manager({}, whose === 'of its own' ? {} : { client })
      const tokens = await desk.signIn()
      await manager.save('a', tokens)
      desk.advance(INTO_THE_WINDOW)
      const hang = desk.sandbox.fault({ path: TOKEN, kind: 'hang' })
      await manager.accessToken('a')
      await until(() => desk.refreshes().length > 0)
      const order: string[] = []
      const closed = manager.close().then(() => order.push('closed'))
      await new Promise((resolve) => setTimeout(resolve, 20))
      order.push('cleared')
      hang.clear()
      await closed
      expect(order).toEqual(['cleared', 'closed'])
      expect(await desk.manager().accessToken('a')).not.toBe(tokens.accessToken)
      expect(desk.refreshes()).toHaveLength(1)
      await client.close()
    },
  )

  it('also waits for a refresh whose grant was replaced meanwhile, and for what it brings to be revoked', async () => {
    const desk = await startDesk({ refreshTokens: 'add' })
    const manager = desk.manager()
    await manager.save('a', await desk.signIn())
    desk.advance(INTO_THE_WINDOW)
    const hang = desk.sandbox.fault({ path: TOKEN, kind: 'hang', processed: true, times: 1 })
    await manager.accessToken('a')
    await until(() => desk.refreshes().length > 0)
    await manager.save('a', await desk.signIn())
    const closed = manager.close()
    await until(() => desk.revocations().length === 1)
    hang.clear()
    await closed
    expect(desk.revocations()).toMatchObject([{ status: 200 }, { status: 200 }])
  })

  it('ends though ilert and the store never answer', async () => {
    const desk = await startDesk()
    const store = new FragileStore(desk.store)
    const manager = desk.manager({ tokenStore: store, timeoutMs: 200 })
    await manager.save('a', await desk.signIn())
    await manager.save('b', await desk.signIn())
    desk.advance(INTO_THE_WINDOW)
    desk.sandbox.fault({ path: TOKEN, kind: 'hang' })
    await manager.accessToken('a')
    await until(() => desk.refreshes().length > 0)
    store.fate = () => 'hang'
    await desk.passing(manager.accessToken('b'))
    const before = desk.sandbox.clock.now()
    await desk.passing(manager.close())
    expect(desk.sandbox.clock.now() - before).toBeLessThan(MINUTE)
  })
})

describe('the client of a manager that is closed', () => {
  it('is closed with it where it is its own', async () => {
    const desk = await startDesk()
    const manager = desk.manager()
    await manager.save('a', await desk.signIn())
    expect(await manager.api('a').get('/api/users/current')).toBeTruthy()
    await manager.close()
    await expect(manager.api('a').get('/api/users/current')).rejects.toThrow(NetworkError)
  })

  it('goes on where it was given', async () => {
    const desk = await startDesk()
    const client = new IlertClient(optionsOf(desk.sandbox))
    const manager = desk.manager({}, { client })
    const { accessToken } = await desk.signIn()
    await manager.close()
    expect(await client.currentUser(accessToken)).toBeTruthy()
    await client.close()
  })
})

describe('the cache', () => {
  function counting() {
    const calls = { seal: 0, open: 0 }
    const sealer: Sealing = {
      seal: async (text, context) => {
        calls.seal += 1
        return Buffer.from(JSON.stringify([text, context])).toString('base64url')
      },
      open: async (sealed, context) => {
        calls.open += 1
        const [text, sealedFor] = JSON.parse(Buffer.from(sealed, 'base64url').toString())
        return sealedFor === context ? text : undefined
      },
    }
    return { calls, sealer }
  }

  it('makes a grant that is not due cost no call of the store and no crypto, and is read again in the background', async () => {
    const desk = await startDesk()
    const store = new FragileStore(desk.store)
    const { calls, sealer } = counting()
    const [manager, tokens] = [desk.manager({ tokenStore: store }, { sealer }), await desk.signIn()]
    await manager.save('a', tokens)
    const thousand = async () => {
      store.calls.length = 0
      Object.assign(calls, { seal: 0, open: 0 })
      for (let i = 0; i < 1000; i++) expect(await manager.accessToken('a')).toBe(tokens.accessToken)
      return { store: [...store.calls], ...calls }
    }
    expect(await thousand()).toEqual({ store: [], seal: 0, open: 0 })
    desk.advance(MINUTE / 2 - 1)
    expect(await thousand()).toEqual({ store: [], seal: 0, open: 0 })
    for (let minutes = 0; minutes < 10; minutes++) {
      desk.advance(minutes === 0 ? 1 : MINUTE / 2)
      expect(await thousand()).toEqual({ store: ['get'], seal: 0, open: 1 })
    }
    for (const fate of ['hang', 'fail'] as const) {
      store.fate = () => fate
      desk.advance(MINUTE / 2)
      expect(await thousand()).toEqual({ store: ['get'], seal: 0, open: 0 })
      store.fate = () => 'work'
      desk.advance(10_000) // whoever waits for the store gives up
      await manager.accessToken('a')
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    expect(desk.sandbox.requests.filter(({ path }) => path === TOKEN)).toHaveLength(1)
  })

  it('knows after a minute that another process has refreshed, or ended, a grant', async () => {
    const desk = await startDesk()
    const [manager, other] = [desk.manager(), desk.manager()]
    await manager.save('a', await desk.signIn())
    const { accessToken } = await desk.signIn().then(async (tokens) => {
      await other.save('a', tokens)
      return tokens
    })
    desk.advance(MINUTE)
    expect(await manager.accessToken('a')).toBe(accessToken)
    await other.revoke('a')
    desk.advance(MINUTE)
    await expect(manager.accessToken('a')).rejects.toThrow(ReauthenticationRequired)
  })

  it('never forgets a grant that is being refreshed, or whose tokens are held', async () => {
    const desk = await startDesk()
    const store = new FragileStore(desk.store)
    const manager = desk.manager({ tokenStore: store }, { cachedGrants: 2 })
    const keys = ['a', 'b', 'c', 'd']
    for (const key of keys) await manager.save(key, await desk.signIn())
    expect(appTokensOf(manager).peek('a')).toBeUndefined()
    desk.advance(HOUR - MINUTE)
    const hang = desk.sandbox.fault({ path: TOKEN, kind: 'hang' })
    await Promise.all(keys.map((key) => manager.accessToken(key)))
    await until(() => desk.refreshes().length === 4)
    desk.advance(MINUTE)
    const waiting = keys.flatMap((key) => [manager.get(key), manager.get(key)])
    for (const call of waiting) call.catch(() => {})
    store.fate = beyond(2, 'set', 'fail')
    hang.clear()
    const answers = await Promise.allSettled(waiting)
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(4)
    store.fate = () => 'work'
    for (const key of keys) await desk.passing(desk.quiet(manager, key))
    const refreshed = await Promise.all(keys.map((key) => manager.get(key)))
    expect(refreshed.every(({ expiresAt }) => expiresAt > desk.sandbox.clock.now())).toBe(true)
    expect(desk.refreshes()).toHaveLength(4)
    for (const tokens of refreshed.slice(-2)) await expect(manager.save('e', tokens)).rejects.toThrow(TypeError)
  })
})

describe('whose a refresh token is', () => {
  it('is known of the present one alone', async () => {
    const desk = await startDesk({ refreshTokens: 'rotate' })
    const manager = desk.manager()
    const tokens = await desk.signIn()
    await manager.save('a', tokens)
    expect(appTokensOf(manager).keyOf(tokens)).toBe('a')
    desk.advance(HOUR)
    const next = await manager.get('a')
    expect(appTokensOf(manager).keyOf(tokens)).toBeUndefined()
    expect(appTokensOf(manager).keyOf(next)).toBe('a')
    await manager.revoke('a')
    expect(appTokensOf(manager).keyOf(next)).toBeUndefined()
  })

  it('is known of a grant that the cache has pushed out while it is refreshed, and not longer', async () => {
    const desk = await startDesk()
    const manager = desk.manager({}, { cachedGrants: 1 })
    const tokens = await desk.signIn()
    await manager.save('a', tokens)
    desk.advance(INTO_THE_WINDOW)
    const hang = desk.sandbox.fault({ path: TOKEN, kind: 'hang', times: 1 })
    await manager.accessToken('a')
    await until(() => desk.refreshes().length === 1, 'asked')
    await manager.save('b', await desk.signIn())
    expect(appTokensOf(manager).keyOf(tokens)).toBe('a')
    hang.clear()
    await until(() => appTokensOf(manager).peek('a') === undefined, 'forgotten')
    expect(appTokensOf(manager).keyOf(tokens)).toBeUndefined()
    const next = await desk.manager().get('a')
    expect(next.accessToken).not.toBe(tokens.accessToken)
    expect(appTokensOf(manager).keyOf(next)).toBeUndefined()
    expect(await manager.accessToken('a')).toBe(next.accessToken)
    expect(appTokensOf(manager).keyOf(next)).toBe('a')
    expect(desk.refreshes()).toHaveLength(1)
  })

  it('is still known where the grant is saved once more', async () => {
    const desk = await startDesk()
    const manager = desk.manager()
    const tokens = await desk.signIn()
    await manager.save('a', tokens)
    await manager.save('a', tokens)
    expect(appTokensOf(manager).keyOf(tokens)).toBe('a')
  })
})

it('a grant that is revoked while it is read is not there, whatever was read', async () => {
  const desk = await startDesk()
  await desk.manager().save('a', await desk.signIn())
  const store = new FragileStore(desk.store)
  const manager = desk.manager({ tokenStore: store })
  const { get } = store
  let go = () => {}
  const gate = new Promise<void>((resolve) => {
    go = resolve
  })
  store.get = async (key) => {
    store.get = get
    const record = await get.call(store, key)
    await gate
    return record
  }
  const token = manager.accessToken('a')
  await manager.revoke('a')
  go()
  await expect(token).rejects.toMatchObject({
    name: 'ReauthenticationRequired',
    message: 'No ilert tokens are kept under this key. Sign in, or save() some.',
  })
  expect(appTokensOf(manager).peek('a')).toBeUndefined()
})
