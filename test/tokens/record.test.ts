/*
 * What a process takes over from the record of a grant, and what it writes again.
 */
import { GrantRecord } from '../../src/tokens/record.ts'
import { DAY, FOREIGN, GRANT, holdUp, KEY, NEXT, START, startTwo } from './records.ts'

describe('what is read', () => {
  it('is used from then on if its tokens are newer, and the listener is told which they replace', async () => {
    const { one, vault, replaced } = await startTwo()
    await vault.write(KEY, NEXT, START)
    await one.record.read()
    expect(one.record.grant).toEqual(NEXT)
    expect(replaced).toEqual(['old'])
  })

  it('with the same tokens in a newer version replaces none', async () => {
    const { one, vault, replaced } = await startTwo()
    await vault.write(KEY, { ...GRANT, version: 9 }, START)
    await one.record.read()
    expect(one.record.grant.version).toBe(9)
    expect(replaced).toEqual([])
  })

  it('and is what is known already changes nothing', async () => {
    const { one } = await startTwo()
    await one.record.read()
    expect(one.record.grant).toBe(GRANT)
  })

  it('and is of another grant is used from then on, whatever its age: a user has signed in anew', async () => {
    const { one, vault, stored } = await startTwo()
    const other = { ...GRANT, id: 'two', version: 9, issuedAt: GRANT.issuedAt - DAY }
    await vault.write(KEY, other, START)
    await one.record.read()
    expect(one.record.grant).toEqual(other)
    expect(await stored()).toEqual(other)
  })

  it.each<[string, (two: Awaited<ReturnType<typeof startTwo>>) => Promise<unknown>]>([
    ['ended', ({ vault }) => vault.write(KEY, { ...GRANT, version: 8, ended: true }, START)],
    ['sealed under a key that nobody here has', ({ store }) => store.set(KEY, FOREIGN, DAY)],
    ['gone, with a tombstone', ({ vault }) => vault.remove(KEY, DAY)],
  ])('and is %s ends the grant here', async (_, end) => {
    const two = await startTwo()
    await end(two)
    await two.one.record.read()
    expect(two.one.record.removed).toBe(true)
    expect(two.one.record.grant).toBe(GRANT)
  })

  it('and has fallen back is written again, with a note that a refresh may be lost', async () => {
    const { one, vault, stored } = await startTwo()
    await vault.remove(KEY)
    await vault.write(KEY, { ...GRANT, version: 5 }, START)
    await one.record.read()
    expect(await stored()).toEqual({ ...GRANT, lostAt: START })
    expect(one.record.grant).toEqual(await stored())
  })

  it('and has gone on from older tokens is overwritten, one version on', async () => {
    const { one, vault, stored } = await startTwo()
    one.writes.hold(NEXT)
    await one.writes.store()
    await vault.remove(KEY)
    await vault.write(KEY, { ...GRANT, version: 20 }, START)
    await one.record.read()
    expect(await stored()).toEqual({ ...NEXT, version: 21, lostAt: START })
  })

  it('and is older is left alone by a process that has not seen the newer for long, and that goes on with its own', async () => {
    const { one, time, vault, stored } = await startTwo()
    await vault.remove(KEY)
    await vault.write(KEY, { ...GRANT, version: 5 }, START)
    time.now += DAY
    await one.record.read()
    expect(one.record.removed).toBe(false)
    expect(one.record.grant).toBe(GRANT)
    expect((await stored()).version).toBe(5)
  })

  it('and was lost, and is written again by another process just then, is theirs', async () => {
    const { one, store, vault } = await startTwo()
    await vault.remove(KEY)
    const set = store.set.bind(store)
    store.set = async (...args) => {
      store.set = set
      await vault.write(KEY, { ...NEXT, version: 9 }, START)
      return await set(...args)
    }
    await one.record.read()
    expect(one.record.removed).toBe(false)
    expect(one.record.grant).toEqual({ ...NEXT, version: 9 })
  })

  it('and arrives after another grant has taken the place here is of no interest', async () => {
    const { one, store, vault } = await startTwo()
    const goOn = holdUp(store, 'get')
    const reading = one.record.read()
    const other = { ...GRANT, id: 'two', version: 9 }
    await vault.write(KEY, other, START)
    one.writes.hold(NEXT)
    await one.writes.store()
    goOn()
    await reading
    expect(one.record.grant).toEqual(other)
  })
})

describe('looking again', () => {
  it('is done after a while, by one for all', async () => {
    const { one, two, time } = await startTwo()
    await two.writes.claim()
    time.now += 999
    expect(one.record.lookAgain(1000)).toBeUndefined()
    time.now += 1
    const look = one.record.lookAgain(1000)
    expect(look).toBeInstanceOf(Promise)
    expect(one.record.lookAgain(1000)).toBe(look)
    await look
    expect(one.record.grant.version).toBe(8)
    expect(one.record.lookAgain(1000)).toBeUndefined()
  })
})

describe('a record that lives as long as its session', () => {
  const SESSION_MS = 8 * 3_600_000
  const OF_SESSION = { ...GRANT, version: 8, ttlMs: SESSION_MS, endsAt: START + SESSION_MS }

  /** A process that has it at hand. */
  const start = async () => {
    const two = await startTwo()
    await two.vault.write(KEY, OF_SESSION, START)
    await two.one.record.read()
    return two
  }

  it('is extended once half of that has passed', async () => {
    const { one, time, vault } = await start()
    time.now += SESSION_MS / 2 - 1
    expect(one.record.extend(SESSION_MS)).toBeUndefined()
    time.now += 1
    const extending = one.record.extend(SESSION_MS)
    expect(extending).toBeInstanceOf(Promise)
    expect(one.record.extend(SESSION_MS)).toBeUndefined() // it is being done
    await extending
    expect(one.record.grant.endsAt).toBe(time.now + SESSION_MS)
    expect(one.record.grant.version).toBe(8)
    expect(one.record.extend(SESSION_MS)).toBeUndefined()
    time.now += SESSION_MS - 1
    expect(await vault.read(KEY)).toBeDefined()
    time.now += 1
    expect(await vault.read(KEY)).toBeUndefined()
  })

  it('is never extended where it lives as long as its tokens', async () => {
    const { one, time } = await startTwo()
    time.now = GRANT.endsAt - 1
    expect(one.record.extend(SESSION_MS)).toBeUndefined()
  })

  it('is written once more where the store cannot touch it', async () => {
    const { one, store, time, stored } = await start()
    Object.defineProperty(store, 'touch', { value: undefined })
    time.now += SESSION_MS - 1
    await one.record.extend(SESSION_MS)
    expect(await stored()).toEqual({ ...OF_SESSION, version: 9, endsAt: time.now + SESSION_MS })
    expect(one.record.grant).toEqual(await stored())
  })

  it('is not when another process has written meanwhile', async () => {
    const { one, store, time, vault } = await start()
    Object.defineProperty(store, 'touch', { value: undefined })
    time.now += SESSION_MS - 1
    await vault.write(KEY, { ...NEXT, version: 9 }, time.now)
    await one.record.extend(SESSION_MS)
    expect(one.record.grant).toEqual(OF_SESSION)
  })
})

describe('a read that requests wait for', () => {
  it('is waited for no more once another read has been answered', async () => {
    const { time, store, one } = await startTwo()
    time.now += 60_000
    const release = holdUp(store, 'get')
    const waiting = one.record.confirm()
    expect(one.record.confirm()).toBe(waiting)
    await one.record.read()
    expect(one.record.confirm()).toBeUndefined()
    release()
    await waiting
  })

  it('is waited for until the end that it brings is carried out', async () => {
    const { time, vault } = await startTwo()
    await vault.write(KEY, { ...GRANT, version: 9, ended: true }, START)
    let carryOut = () => {}
    const end = new Promise<void>((resolve) => {
      carryOut = resolve
    })
    let ended = false
    const record = new GrantRecord(KEY, GRANT, {
      vault,
      clock: { now: () => time.now },
      onTokens: () => {},
      onEnd: () => {
        ended = true
        return end
      },
    })
    time.now += 60_000
    const waiting = record.confirm()
    while (!ended) await Promise.resolve()
    expect(record.confirm()).toBe(waiting)
    carryOut()
    await waiting
    expect(record.removed).toBe(true)
  })
})
