/*
 * Sessions whose tokens are under a key of the app's: each can be signed out of by itself, for every process.
 */
import { appTokensOf } from '../../src/tokens/manager.ts'
import { closeDesks, FragileStore, HOUR, MINUTE, startDesk } from './desk.ts'

afterEach(closeDesks)

const DAY = 24 * HOUR
const TTL = 8 * HOUR

/** A session that has begun, the process in which it did, and another one. */
async function startSession() {
  const desk = await startDesk()
  const store = new FragileStore(desk.store)
  const [one, other] = [desk.manager(), desk.manager({ tokenStore: store })]
  const marks = await appTokensOf(one).sessions.begin(TTL, true)
  const { mark: id = '' } = marks
  const isOut = (manager = other, marked: object = marks) => appTokensOf(manager).sessions.wasSignedOut(marked, TTL)
  const signOut = (manager = one) => appTokensOf(manager).signOut({ key: 'user:1', shared: true, ...marks }, TTL)
  return { desk, store, one, other, marks, id, isOut, signOut }
}

it('a session is signed out of in every process, at once here and within a minute elsewhere', async () => {
  const { desk, one, other, isOut, signOut } = await startSession()
  expect([await isOut(one), await isOut(other)]).toEqual([false, false])
  await signOut()
  expect(isOut(one)).toBe(true)
  expect(await isOut(desk.manager())).toBe(true)
  desk.advance(MINUTE)
  expect(await isOut(other)).toBe(true)
  expect(isOut(other)).toBe(true)
})

it('a session that is still there costs no call of the store, and one a minute in the background', async () => {
  const { desk, store, other, isOut } = await startSession()
  await isOut()
  store.calls.length = 0
  for (let i = 0; i < 1000; i++) expect(isOut(other)).toBe(false)
  expect(store.calls).toEqual([])
  desk.advance(MINUTE / 2)
  for (let i = 0; i < 1000; i++) expect(isOut(other)).toBe(false)
  expect(store.calls).toEqual(['get'])
})

it('its record is small, and lives as long as the session', async () => {
  const { desk, id, isOut } = await startSession()
  const record = await desk.store.get(id)
  expect(record?.data).toMatch(/^session\.\d+\./)
  expect(JSON.stringify(record).length).toBeLessThan(300)
  for (let hours = 0; hours < 40; hours += 5) {
    desk.advance(5 * HOUR)
    expect(await isOut()).toBe(false)
    expect(await desk.store.get(id)).toBeDefined()
  }
  desk.advance(TTL)
  expect(await desk.store.get(id)).toBeUndefined()
})

it('a sign-out is remembered for as long as the session may come back', async () => {
  const { desk, marks, isOut, signOut } = await startSession()
  await signOut()
  desk.advance((marks.until ?? 0) - desk.sandbox.clock.now() - 1)
  expect(await isOut(desk.manager())).toBe(true)
  // Later on the store knows nothing of it. Neither does it of a session that was not signed out of, and never shows up.
  desk.advance(100 * DAY)
  expect(await isOut(desk.manager())).toBe(true)
})

it('a young session whose record was lost goes on, and is written again', async () => {
  const { desk, id, isOut, signOut } = await startSession()
  await desk.store.delete(id)
  expect(await isOut(desk.manager())).toBe(false)
  expect(await desk.store.get(id)).toBeDefined()
  await signOut()
  expect(await isOut(desk.manager())).toBe(true)
})

it('an old session of which the store knows nothing has ended: it cannot be told from one that was signed out of', async () => {
  const { desk, id, isOut } = await startSession()
  desk.advance(TTL + DAY - 1)
  await desk.store.delete(id)
  expect(await isOut(desk.manager())).toBe(false)
  await desk.store.delete(id)
  desk.advance(1)
  expect(await isOut(desk.manager())).toBe(true)
})

it.each(['fail', 'hang'] as const)(
  'goes on while the store is unavailable, and waits for it once: %s',
  async (fate) => {
    const { desk, store, isOut } = await startSession()
    store.fate = () => fate
    expect(await desk.passing(Promise.resolve(isOut()))).toBe(false)
    expect(isOut()).toBe(false)
    store.fate = () => 'work'
    desk.advance(5000)
    expect(await isOut()).toBe(false)
  },
)

it('a session that gets new tokens keeps its record, unless it was signed out of', async () => {
  const { one, marks, signOut } = await startSession()
  expect(await appTokensOf(one).sessions.begin(TTL, true, marks)).toMatchObject({ mark: marks.mark })
  await signOut()
  expect((await appTokensOf(one).sessions.begin(TTL, true, marks)).mark).not.toBe(marks.mark)
})

it('a session whose tokens are its own has no record beside that of its tokens', async () => {
  const { desk, one, isOut } = await startSession()
  const marks = await appTokensOf(one).sessions.begin(TTL, false)
  expect(marks).toEqual({ until: desk.sandbox.clock.now() + TTL + DAY })
  expect(isOut(one, marks)).toBe(false)
})
