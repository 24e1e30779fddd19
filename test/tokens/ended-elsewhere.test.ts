/*
 * What the user, or the app, has ended in one process stays ended in every other: two managers over one store.
 */

import { ReauthenticationRequired, type TokenManager } from '../../src/index.ts'
import { appTokensOf } from '../../src/tokens/manager.ts'
import { TOKEN } from '../support/app.ts'
import { until } from '../support/until.ts'
import { closeDesks, FragileStore, HOUR, MINUTE, startDesk } from './desk.ts'

afterEach(closeDesks)

const turn = () => new Promise((resolve) => setTimeout(resolve, 20))

/** A worker that has the grant under `a` at hand, over a store that can be away, and the process that will end it. */
async function startWorker(o: Parameters<typeof startDesk>[0] = {}) {
  const desk = await startDesk(o)
  const app = desk.manager()
  const tokens = await desk.signIn()
  await app.save('a', tokens)
  const store = new FragileStore(desk.store)
  const worker = desk.manager({ tokenStore: store })
  expect(await worker.accessToken('a')).toBe(tokens.accessToken)
  store.calls.length = 0
  return { desk, app, worker, store, tokens }
}

const USES: [string, (worker: TokenManager) => Promise<unknown>][] = [
  ['get', (worker) => worker.get('a')],
  ['accessToken', (worker) => worker.accessToken('a')],
  ['api', (worker) => worker.api('a').get('/api/users/current')],
  [
    'a keeper that was held on to',
    (worker) => appTokensOf(worker).peek('a')?.freshTokens() ?? Promise.reject(new Error('gone')),
  ],
]

const ENDS: [string, (app: TokenManager) => Promise<void>][] = [
  ['revoke', (app) => app.revoke('a')],
  ['signOut', (app) => appTokensOf(app).signOut({ key: 'a' }, HOUR)],
  ['abandon', (app) => appTokensOf(app).abandon('a')],
]

describe.each(ENDS)('a grant that %s() has ended in another process', (_, end) => {
  it.each(USES)('is not used after a pause, however long the access token is good: %s', async (_name, use) => {
    const { desk, app, worker } = await startWorker()
    await end(app)
    desk.advance(MINUTE)
    const asked = desk.sandbox.requests.length
    await expect(use(worker)).rejects.toThrow(ReauthenticationRequired)
    expect(desk.sandbox.requests).toHaveLength(asked)
    await expect(use(worker)).rejects.toThrow()
  })

  it('is not used for longer than a minute by a busy process, none of whose requests waits', async () => {
    const { desk, app, worker } = await startWorker()
    await end(app)
    for (let seconds = 0; seconds < 60; seconds += 10) {
      void appTokensOf(worker).peek('a')?.attend(HOUR)
      await turn()
      desk.advance(10_000)
    }
    expect(appTokensOf(worker).peek('a')).toBeUndefined()
  })

  it('is not used by requests that are under way while it is read', async () => {
    const { desk, app, worker } = await startWorker()
    await end(app)
    desk.advance(MINUTE)
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => worker.accessToken('a')))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 'rejected'))
  })

  it('does not come back with a refresh that was under way in that process', async () => {
    const { desk, app, worker } = await startWorker({ refreshTokens: 'add' })
    desk.advance(HOUR)
    const hang = desk.sandbox.fault({ path: TOKEN, kind: 'hang', times: 1, processed: true })
    const waiting = worker.accessToken('a').catch((error: unknown) => error)
    await until(() => desk.refreshes().length === 1, 'asked')
    await end(app)
    hang.clear()
    expect(await waiting).toBeInstanceOf(ReauthenticationRequired)
    await until(() => desk.revocations().length === 2, 'what it brought is revoked')
    for (const any of [app, worker, desk.manager()])
      await expect(any.get('a')).rejects.toThrow(ReauthenticationRequired)
  })

  it('is not written again by a process that finds the record gone meanwhile', async () => {
    const { desk, app, worker } = await startWorker()
    await desk.store.delete('a')
    await end(app)
    desk.advance(MINUTE)
    await expect(worker.accessToken('a')).rejects.toThrow(ReauthenticationRequired)
    await expect(desk.manager().accessToken('a')).rejects.toThrow(ReauthenticationRequired)
  })
})

describe('while the store is unavailable', () => {
  it('the present token is used at once where it fails', async () => {
    const { desk, worker, store, tokens } = await startWorker()
    store.fate = () => 'fail'
    desk.advance(MINUTE)
    for (let i = 0; i < 100; i++) expect(await worker.accessToken('a')).toBe(tokens.accessToken)
    expect(store.calls).toEqual(['get'])
  })

  it('one request waits for 1.5 s where it hangs, and the next do not, until it is tried again by one of them', async () => {
    const { desk, worker, store, tokens } = await startWorker()
    await worker.save('b', await desk.signIn())
    store.fate = () => 'hang'
    desk.advance(MINUTE)
    const { clock } = desk.sandbox
    const took = async (key: string) => {
      const begun = clock.now()
      await desk.passing(worker.accessToken(key))
      return clock.now() - begun
    }
    expect(await took('a')).toBe(1500)
    // What is known of the store counts for all grants.
    expect([await took('a'), await took('b'), await took('a')]).toEqual([0, 0, 0])
    desk.advance(5000)
    // One grant's requests try, and all of them wait for what comes of that; those of other grants do not.
    const one = worker.accessToken('a')
    expect(await took('b')).toBe(0)
    expect(await took('a')).toBe(1500)
    expect(await one).toBe(tokens.accessToken)
  })

  it('a grant that was ended meanwhile is known as such within seconds of its return', async () => {
    const { desk, app, worker, store, tokens } = await startWorker()
    store.fate = () => 'fail'
    desk.advance(MINUTE)
    expect(await worker.accessToken('a')).toBe(tokens.accessToken)
    await app.revoke('a')
    store.fate = () => 'work'
    expect(await worker.accessToken('a')).toBe(tokens.accessToken)
    desk.advance(5000)
    await expect(worker.accessToken('a')).rejects.toThrow(ReauthenticationRequired)
  })
})

it('after a clock has jumped back a grant is read before it is used', async () => {
  const { desk, app, worker } = await startWorker()
  await app.revoke('a')
  desk.sandbox.clock.advance(-1)
  await expect(worker.accessToken('a')).rejects.toThrow(ReauthenticationRequired)
})

it('what a long request reads of a grant changes within a minute, though nothing can wait for the store', async () => {
  const { desk, app, worker } = await startWorker()
  const keeper = appTokensOf(worker).peek('a')
  await app.revoke('a')
  desk.advance(MINUTE)
  expect(keeper?.connected).toBe(true)
  void keeper?.confirm()
  await turn()
  expect(keeper?.connected).toBe(false)
})

describe('how to end everything now', () => {
  it('a record that an operator has deleted is written again by a process that has it at hand', async () => {
    const { desk, worker, tokens } = await startWorker()
    await desk.store.delete('a')
    desk.advance(MINUTE)
    expect(await worker.accessToken('a')).toBe(tokens.accessToken)
    expect(await desk.store.get('a')).toBeDefined()
  })

  it('one that was revoked through tokens.revoke() stays ended, whether or not it was deleted before', async () => {
    const { desk, app, worker } = await startWorker()
    await desk.store.delete('a')
    await app.revoke('a')
    desk.advance(MINUTE)
    await expect(worker.accessToken('a')).rejects.toThrow(ReauthenticationRequired)
    expect(await desk.store.get('a')).toBeUndefined()
  })

  it('with another encryption key and without the old one no process reads what one with the old key still writes', async () => {
    const { desk, worker } = await startWorker()
    await desk.store.delete('a')
    const restarted = desk.manager({ encryptionKey: 'another key than before, of 32 characters or more' })
    await expect(restarted.accessToken('a')).rejects.toThrow(ReauthenticationRequired)
    desk.advance(MINUTE)
    await worker.accessToken('a') // writes it back
    expect(await desk.store.get('a')).toBeDefined()
    await expect(restarted.accessToken('a')).rejects.toThrow(ReauthenticationRequired)
    await expect(restarted.accessToken('a')).rejects.toThrow(ReauthenticationRequired)
  })
})
