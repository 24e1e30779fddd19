/*
 * What two processes know of one grant: claims, answers that may have been lost, and tokens that land.
 */
import { MemoryTokenStore } from '../../src/index.ts'
import type { Grant } from '../../src/tokens/grant.ts'
import { GrantRecord } from '../../src/tokens/record.ts'
import { Vault } from '../../src/tokens/vault.ts'
import { FragileStore } from './desk.ts'

const START = 1_800_000_000_000
const DAY = 86_400_000
const KEY = 'a'
const GRANT: Grant = {
  id: 'one',
  version: 7,
  tokens: { accessToken: 'old', refreshToken: 'r', scope: [], expiresAt: START + 1000 },
  issuedAt: START - 3_600_000,
  endsAt: START + 100 * DAY,
}
/** What a refresh brings: with the same refresh token, as where ilert hands it out again. */
const NEXT: Grant = {
  ...GRANT,
  version: 8,
  tokens: { ...GRANT.tokens, accessToken: 'new' },
  issuedAt: START,
  refreshes: 1,
}
/** What was sealed under a key that this process does not have. */
const FOREIGN = { version: 9, data: `${START}.foreign` }
const sealer = {
  seal: async (text: string) => text,
  open: async (sealed: string) => (sealed === 'foreign' ? undefined : sealed),
}

/** Two processes with the grant at hand, over one store. Their clocks may differ. */
async function startTwo() {
  const time = { now: START }
  const store = new FragileStore(new MemoryTokenStore({ clock: { now: () => time.now } }))
  const vault = new Vault(store, sealer, () => () => {}, { now: () => time.now })
  await vault.write(KEY, GRANT, START)
  const discarded: string[] = []
  const replaced: string[] = []
  const process = () => {
    const skew = { ms: 0 }
    const record = new GrantRecord(KEY, GRANT, {
      vault,
      clock: { now: () => time.now + skew.ms },
      discard: ({ accessToken }) => discarded.push(accessToken),
      onTokens: ({ accessToken }) => replaced.push(accessToken),
      onEnd: async () => {},
    })
    return { record, skew }
  }
  const [one, two] = [process(), process()]
  const stored = async () => (await vault.read(KEY)) as Grant
  return { time, store, vault, discarded, replaced, stored, one: one.record, two: two.record, skew: two.skew }
}

/** Has the next call of a store's method wait. Returns what lets it go on. */
function holdUp(store: FragileStore, method: 'get' | 'set'): () => void {
  const original = store[method].bind(store) as (...args: unknown[]) => Promise<never>
  let goOn = () => {}
  const held = new Promise<void>((resolve) => {
    goOn = resolve
  })
  store[method] = async (...args: unknown[]) => {
    store[method] = original
    const answer = await original(...args)
    await held
    return answer
  }
  return goOn
}

describe('what is read', () => {
  it('is taken over where its tokens are newer, and whoever uses them is told which they replace', async () => {
    const { one, vault, replaced } = await startTwo()
    await vault.write(KEY, NEXT, START)
    await one.read()
    expect(one.grant).toEqual(NEXT)
    expect(replaced).toEqual(['old'])
  })

  it('with the same tokens in a newer version replaces none', async () => {
    const { one, vault, replaced } = await startTwo()
    await vault.write(KEY, { ...GRANT, version: 9 }, START)
    await one.read()
    expect(one.grant.version).toBe(9)
    expect(replaced).toEqual([])
  })

  it('and is what is known already changes nothing', async () => {
    const { one } = await startTwo()
    await one.read()
    expect(one.grant).toBe(GRANT)
  })

  it('and is of another grant is taken over, whatever its age: somebody has signed in anew', async () => {
    const { one, vault, stored } = await startTwo()
    const other = { ...GRANT, id: 'two', version: 9, issuedAt: GRANT.issuedAt - DAY }
    await vault.write(KEY, other, START)
    await one.read()
    expect(one.grant).toEqual(other)
    expect(await stored()).toEqual(other)
  })

  it.each<[string, (two: Awaited<ReturnType<typeof startTwo>>) => Promise<unknown>]>([
    ['ended', ({ vault }) => vault.write(KEY, { ...GRANT, version: 8, ended: true }, START)],
    ['sealed under a key that nobody here has', ({ store }) => store.set(KEY, FOREIGN, DAY)],
    ['gone, with a tombstone', ({ vault }) => vault.remove(KEY, DAY)],
  ])('and is %s ends the grant here', async (_, end) => {
    const two = await startTwo()
    await end(two)
    await two.one.read()
    expect(two.one.removed).toBe(true)
    expect(two.one.grant).toBe(GRANT)
  })

  it('and has fallen back is written again, with a note that a refresh may be lost', async () => {
    const { one, vault, stored } = await startTwo()
    await vault.remove(KEY)
    await vault.write(KEY, { ...GRANT, version: 5 }, START)
    await one.read()
    expect(await stored()).toEqual({ ...GRANT, lostAt: START })
    expect(one.grant).toEqual(await stored())
  })

  it('and has gone on from older tokens is written over, one version on', async () => {
    const { one, vault, stored } = await startTwo()
    one.hold(GRANT, NEXT)
    await one.land()
    await vault.remove(KEY)
    await vault.write(KEY, { ...GRANT, version: 20 }, START)
    await one.read()
    expect(await stored()).toEqual({ ...NEXT, version: 21, lostAt: START })
  })

  it('and is older is left alone by a process that has not seen the newer for long, and that goes on with its own', async () => {
    const { one, time, vault, stored } = await startTwo()
    await vault.remove(KEY)
    await vault.write(KEY, { ...GRANT, version: 5 }, START)
    time.now += DAY
    await one.read()
    expect(one.removed).toBe(false)
    expect(one.grant).toBe(GRANT)
    expect((await stored()).version).toBe(5)
  })

  it('and was lost, and is written again by somebody else just then, is theirs', async () => {
    const { one, store, vault } = await startTwo()
    await vault.remove(KEY)
    const set = store.set.bind(store)
    store.set = async (...args) => {
      store.set = set
      await vault.write(KEY, { ...NEXT, version: 9 }, START)
      return await set(...args)
    }
    await one.read()
    expect(one.removed).toBe(false)
    expect(one.grant).toEqual({ ...NEXT, version: 9 })
  })

  it('and arrives after another grant has taken the place here is of no interest', async () => {
    const { one, store, vault } = await startTwo()
    const goOn = holdUp(store, 'get')
    const reading = one.read()
    const other = { ...GRANT, id: 'two', version: 9 }
    await vault.write(KEY, other, START)
    one.hold(GRANT, NEXT)
    await one.land()
    goOn()
    await reading
    expect(one.grant).toEqual(other)
  })
})

describe('looking again', () => {
  it('is done after a while, by one for all', async () => {
    const { one, two, time } = await startTwo()
    await two.claim()
    time.now += 999
    expect(one.lookAgain(1000)).toBeUndefined()
    time.now += 1
    const look = one.lookAgain(1000)
    expect(look).toBeInstanceOf(Promise)
    expect(one.lookAgain(1000)).toBe(look)
    await look
    expect(one.grant.version).toBe(8)
    expect(one.lookAgain(1000)).toBeUndefined()
  })
})

describe('a claim', () => {
  it('is the turn of whoever made it, for 15 seconds', async () => {
    const { time, one, two } = await startTwo()
    expect(one.othersTurnMs()).toBe(0)
    expect(await two.claim()).toMatchObject({ version: 8, asking: { at: START } })
    await one.read()
    expect(one.othersTurnMs()).toBe(15_000)
    expect(two.othersTurnMs()).toBe(0)
    time.now += 5000
    expect(one.othersTurnMs()).toBe(10_000)
    time.now += 10_001
    expect(one.othersTurnMs()).toBe(0)
  })

  it('comes second where anything was written since the last look', async () => {
    const { one, two, stored } = await startTwo()
    await two.claim()
    expect(await one.claim()).toBeUndefined()
    expect(one.grant).toBe(GRANT)
    expect((await stored()).version).toBe(8)
  })

  it('in the place of one that was never taken back notes that an answer may have been lost until now', async () => {
    const { time, one, two } = await startTwo()
    await two.claim()
    time.now += 20_000
    await one.read()
    expect(await one.claim()).toMatchObject({ asking: { at: START + 20_000 }, lostAt: START + 20_000 })
  })

  it('that is taken back leaves no trace, or when an answer was lost', async () => {
    const { one, stored } = await startTwo()
    await one.unclaim((await one.claim()) as Grant)
    expect(await stored()).toEqual({ ...GRANT, version: 9 })
    await one.unclaim((await one.claim()) as Grant, START + 7)
    expect(await stored()).toEqual({ ...GRANT, version: 11, lostAt: START + 7 })
    // Nor does a later one forget that.
    await one.unclaim((await one.claim()) as Grant)
    expect(await stored()).toMatchObject({ version: 13, lostAt: START + 7 })
    expect(one.grant).toEqual(await stored())
  })

  it('that is taken back too late changes nothing', async () => {
    const { one, two, stored } = await startTwo()
    const claimed = (await one.claim()) as Grant
    await two.read()
    two.hold(two.grant, { ...NEXT, version: 9 })
    await two.land()
    await one.unclaim(claimed, START)
    expect(await stored()).toMatchObject({ version: 9, tokens: { accessToken: 'new' } })
    expect(one.grant).toBe(claimed)
  })

  it('that is taken back while newer tokens arrive does not bring the older ones back', async () => {
    const { one, store, vault } = await startTwo()
    const claimed = (await one.claim()) as Grant
    const goOn = holdUp(store, 'set')
    const takingBack = one.unclaim(claimed)
    await vault.write(KEY, { ...NEXT, version: 10 }, START)
    await one.read()
    goOn()
    await takingBack
    expect(one.grant).toEqual({ ...NEXT, version: 10 })
  })
})

describe('lostAt', () => {
  it('is never where nobody else has asked', async () => {
    const { one } = await startTwo()
    expect(one.lostAt(START)).toBeUndefined()
    await one.claim()
    expect(one.lostAt(START)).toBeUndefined()
  })

  it('is as late as now while somebody else is asking, or died while doing so', async () => {
    const { one, two } = await startTwo()
    await two.claim()
    await one.read()
    expect(one.lostAt(START)).toBe(START)
    expect(one.lostAt(START + 50_000)).toBe(START + 50_000)
  })

  it.each([
    ['a little ahead', 5000, 5000],
    ['a little behind', -5000, 0],
    ['set to another day', 2 * DAY, 0],
    ['exactly a day ahead', DAY, 0],
  ])('goes by the clock of whoever asks, unless that is wrong: %s', async (_, skewMs, laterMs) => {
    const { one, two, skew } = await startTwo()
    skew.ms = skewMs
    await two.claim()
    await one.read()
    expect(one.lostAt(START)).toBe(START + laterMs)
  })

  it.each([
    ['before', -9000, -9000],
    ['now', 0, 0],
    ['a little ahead', 5000, 5000],
    ['on another day', 2 * DAY, 0],
  ])('is what was written down of an answer that was lost: %s', async (_, lostMs, expectedMs) => {
    const { one, two } = await startTwo()
    await two.unclaim((await two.claim()) as Grant, START + lostMs)
    await one.read()
    expect(one.lostAt(START)).toBe(START + expectedMs)
  })
})

describe('tokens that land', () => {
  it('are known once they are stored, and nothing is held any more', async () => {
    const { one, two, stored } = await startTwo()
    one.hold(GRANT, NEXT)
    expect(one.holds).toBe(true)
    expect(one.grant).toBe(GRANT)
    await one.land()
    expect(one.holds).toBe(false)
    expect(one.grant).toBe(NEXT)
    expect(await stored()).toEqual(NEXT)
    await two.read()
    expect(two.grant).toEqual(NEXT)
  })

  it('behind another claim keep it where their refresh token goes on: that may get an answer too', async () => {
    const { one, two, stored } = await startTwo()
    await two.unclaim((await two.claim()) as Grant, START - 5)
    const claimed = (await two.claim()) as Grant
    one.hold(GRANT, NEXT)
    await one.land()
    expect(await stored()).toEqual({ ...NEXT, version: 11, asking: claimed.asking, lostAt: START - 5 })
  })

  it('with a refresh token of their own do not: who asks with the old one has no part in them', async () => {
    const { one, two, stored } = await startTwo()
    await two.unclaim((await two.claim()) as Grant, START - 5)
    await two.claim()
    const next = { ...NEXT, tokens: { ...NEXT.tokens, refreshToken: 's' } }
    one.hold(GRANT, next)
    await one.land()
    expect(await stored()).toEqual({ ...next, version: 11 })
  })

  it('do not keep the claim that brought them', async () => {
    const { one, stored } = await startTwo()
    const claimed = (await one.claim()) as Grant
    one.hold(claimed, NEXT) // as if somebody had counted on without changing anything
    await one.land()
    expect(await stored()).toEqual({ ...NEXT, version: 9 })
  })

  it('give way to newer ones, which are taken over, and are not revoked: that might end the others', async () => {
    const { vault, discarded, one } = await startTwo()
    const newer = { ...NEXT, version: 9, refreshes: 2, tokens: { ...NEXT.tokens, accessToken: 'newer' } }
    await vault.write(KEY, newer, START)
    one.hold(GRANT, NEXT)
    await one.land()
    expect(one.grant).toEqual(newer)
    expect(one.holds).toBe(false)
    expect(discarded).toEqual([])
  })

  it.each<[string, (vault: Vault) => Promise<unknown>]>([
    ['the record is gone', (vault) => vault.remove(KEY, DAY)],
    ['the grant is ended', (vault) => vault.write(KEY, { ...GRANT, version: 8, ended: true }, START)],
  ])('are revoked where %s', async (_, end) => {
    const { vault, discarded, one } = await startTwo()
    await end(vault)
    one.hold(GRANT, NEXT)
    await one.land()
    expect(discarded).toEqual(['new'])
    expect(one.removed).toBe(true)
    expect(one.holds).toBe(false)
  })

  it('are revoked where another grant has taken the place', async () => {
    const { vault, discarded, one } = await startTwo()
    const other = { ...GRANT, id: 'two', version: 9 }
    await vault.write(KEY, other, START)
    one.hold(GRANT, NEXT)
    await one.land()
    expect(discarded).toEqual(['new'])
    expect(one.removed).toBe(false)
    expect(one.grant).toEqual(other)
  })

  it('are the same that are stored where only the answer to their write was lost', async () => {
    const { one, store, stored } = await startTwo()
    store.fate = () => 'lose'
    one.hold(GRANT, NEXT)
    await expect(one.land()).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(one.holds).toBe(true)
    store.fate = () => 'work'
    await one.land()
    expect(one.holds).toBe(false)
    expect(await stored()).toEqual(NEXT)
    expect(one.grant).toEqual(NEXT)
  })

  it('find a record that no key opens, and end here: whose it is nobody knows', async () => {
    const { discarded, one, store } = await startTwo()
    await store.set(KEY, FOREIGN, DAY)
    one.hold(GRANT, NEXT)
    await one.land()
    expect(one.removed).toBe(true)
    expect(one.holds).toBe(false)
    expect(one.grant).toBe(GRANT)
    expect(discarded).toEqual([])
  })

  it('are kept where the store keeps refusing them', async () => {
    const { one, store } = await startTwo()
    let writes = 0
    store.set = async () => {
      writes += 1
      return false
    }
    one.hold(GRANT, NEXT)
    await expect(one.land()).rejects.toMatchObject({
      name: 'NetworkError',
      code: 'store_unavailable',
      message: 'The token store keeps refusing a write.',
    })
    expect(writes).toBe(11)
    expect(one.holds).toBe(true)
    expect(one.grant).toBe(GRANT)
  })

  it('are revoked where the grant was ended here meanwhile', async () => {
    const { discarded, one, stored } = await startTwo()
    one.hold(GRANT, NEXT)
    one.remove()
    await one.land()
    expect(discarded).toEqual(['new'])
    expect(await stored()).toEqual(GRANT)
    const { discarded: late, one: other } = await startTwo()
    other.hold(GRANT, NEXT)
    const landing = other.land()
    other.remove()
    await landing
    expect(late).toEqual(['new'])
  })
})

describe('a record that lives as long as its session', () => {
  const SESSION_MS = 8 * 3_600_000
  const OF_SESSION = { ...GRANT, version: 8, ttlMs: SESSION_MS, endsAt: START + SESSION_MS }

  /** A process that has it at hand. */
  const start = async () => {
    const two = await startTwo()
    await two.vault.write(KEY, OF_SESSION, START)
    await two.one.read()
    return two
  }

  it('is extended once half of that is over', async () => {
    const { one, time, vault } = await start()
    time.now += SESSION_MS / 2 - 1
    expect(one.extend(SESSION_MS)).toBeUndefined()
    time.now += 1
    const extending = one.extend(SESSION_MS)
    expect(extending).toBeInstanceOf(Promise)
    expect(one.extend(SESSION_MS)).toBeUndefined() // it is being done
    await extending
    expect(one.grant.endsAt).toBe(time.now + SESSION_MS)
    expect(one.grant.version).toBe(8)
    expect(one.extend(SESSION_MS)).toBeUndefined()
    time.now += SESSION_MS - 1
    expect(await vault.read(KEY)).toBeDefined()
    time.now += 1
    expect(await vault.read(KEY)).toBeUndefined()
  })

  it('is never extended where it lives as long as its tokens', async () => {
    const { one, time } = await startTwo()
    time.now = GRANT.endsAt - 1
    expect(one.extend(SESSION_MS)).toBeUndefined()
  })

  it('is written once more where the store cannot touch it', async () => {
    const { one, store, time, stored } = await start()
    Object.defineProperty(store, 'touch', { value: undefined })
    time.now += SESSION_MS - 1
    await one.extend(SESSION_MS)
    expect(await stored()).toEqual({ ...OF_SESSION, version: 9, endsAt: time.now + SESSION_MS })
    expect(one.grant).toEqual(await stored())
  })

  it('is not where somebody else has written meanwhile', async () => {
    const { one, store, time, vault } = await start()
    Object.defineProperty(store, 'touch', { value: undefined })
    time.now += SESSION_MS - 1
    await vault.write(KEY, { ...NEXT, version: 9 }, time.now)
    await one.extend(SESSION_MS)
    expect(one.grant).toEqual(OF_SESSION)
  })
})

describe('a read that requests wait for', () => {
  it('is waited for no more once another read has been answered', async () => {
    const { time, store, one } = await startTwo()
    time.now += 60_000
    const release = holdUp(store, 'get')
    const waiting = one.confirm()
    expect(one.confirm()).toBe(waiting)
    await one.read()
    expect(one.confirm()).toBeUndefined()
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
      discard: () => {},
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
