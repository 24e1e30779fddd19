/*
 * What two processes write for one refresh: claims, answers that may have been lost, and the next tokens.
 */
import type { Grant } from '../../src/tokens/grant.ts'
import type { Vault } from '../../src/tokens/vault.ts'
import { DAY, FOREIGN, GRANT, holdUp, KEY, NEXT, START, startTwo, TIMEOUT_MS } from './records.ts'

describe('a claim', () => {
  it('is the turn of the process that made it, for 15 seconds', async () => {
    const { time, one, two } = await startTwo()
    expect(one.writes.othersTurnMs()).toBe(0)
    expect(await two.writes.claim()).toMatchObject({ version: 8, asking: { at: START } })
    await one.record.read()
    expect(one.writes.othersTurnMs()).toBe(15_000)
    expect(two.writes.othersTurnMs()).toBe(0)
    time.now += 5000
    expect(one.writes.othersTurnMs()).toBe(10_000)
    time.now += 10_001
    expect(one.writes.othersTurnMs()).toBe(0)
  })

  it('comes second where anything was written since the last look', async () => {
    const { one, two, stored } = await startTwo()
    await two.writes.claim()
    expect(await one.writes.claim()).toBeUndefined()
    expect(one.record.grant).toBe(GRANT)
    expect((await stored()).version).toBe(8)
  })

  it('in the place of one that was never taken back notes that an answer may have been lost until now', async () => {
    const { time, one, two } = await startTwo()
    await two.writes.claim()
    time.now += 20_000
    await one.record.read()
    expect(await one.writes.claim()).toMatchObject({ asking: { at: START + 20_000 }, lostAt: START + 20_000 })
  })

  it('that is taken back leaves no trace, or when an answer was lost', async () => {
    const { one, stored } = await startTwo()
    await one.writes.releaseClaim((await one.writes.claim()) as Grant)
    expect(await stored()).toEqual({ ...GRANT, version: 9 })
    await one.writes.releaseClaim((await one.writes.claim()) as Grant, START + 7)
    expect(await stored()).toEqual({ ...GRANT, version: 11, lostAt: START + 7 })
    // Nor does a later one forget that.
    await one.writes.releaseClaim((await one.writes.claim()) as Grant)
    expect(await stored()).toMatchObject({ version: 13, lostAt: START + 7 })
    expect(one.record.grant).toEqual(await stored())
  })

  it('that is taken back too late changes nothing', async () => {
    const { one, two, stored } = await startTwo()
    const claimed = (await one.writes.claim()) as Grant
    await two.record.read()
    two.writes.hold({ ...NEXT, version: 9 })
    await two.writes.store()
    await one.writes.releaseClaim(claimed, START)
    expect(await stored()).toMatchObject({ version: 9, tokens: { accessToken: 'new' } })
    expect(one.record.grant).toBe(claimed)
  })

  it('that is taken back while newer tokens arrive does not bring the older ones back', async () => {
    const { one, store, vault } = await startTwo()
    const claimed = (await one.writes.claim()) as Grant
    const goOn = holdUp(store, 'set')
    const takingBack = one.writes.releaseClaim(claimed)
    await vault.write(KEY, { ...NEXT, version: 10 }, START)
    await one.record.read()
    goOn()
    await takingBack
    expect(one.record.grant).toEqual({ ...NEXT, version: 10 })
  })
})

describe('lostAt', () => {
  it('is never where nobody else has asked', async () => {
    const { one } = await startTwo()
    expect(one.writes.lostAt(START)).toBeUndefined()
    await one.writes.claim()
    expect(one.writes.lostAt(START)).toBeUndefined()
  })

  it('is as late as now while another process is asking, or died while doing so', async () => {
    const { one, two } = await startTwo()
    await two.writes.claim()
    await one.record.read()
    expect(one.writes.lostAt(START)).toBe(START)
    expect(one.writes.lostAt(START + 50_000)).toBe(START + 50_000)
  })

  it.each([
    ['a little ahead', 5000, 5000],
    ['a little behind', -5000, 0],
    ['set to another day', 2 * DAY, 0],
    ['exactly a day ahead', DAY, 0],
  ])('goes by the clock of the process that asks, unless that is wrong: %s', async (_, skewMs, laterMs) => {
    const { one, two, skew } = await startTwo()
    skew.ms = skewMs
    await two.writes.claim()
    await one.record.read()
    expect(one.writes.lostAt(START)).toBe(START + laterMs)
  })

  it.each([
    ['before', -9000, -9000],
    ['now', 0, 0],
    ['a little ahead', 5000, 5000],
    ['on another day', 2 * DAY, 0],
  ])('is what was written down of an answer that was lost: %s', async (_, lostMs, expectedMs) => {
    const { one, two } = await startTwo()
    await two.writes.releaseClaim((await two.writes.claim()) as Grant, START + lostMs)
    await one.record.read()
    expect(one.writes.lostAt(START)).toBe(START + expectedMs)
  })
})

describe('tokens that land', () => {
  it('are known once they are stored, and nothing is held any more', async () => {
    const { one, two, stored } = await startTwo()
    one.writes.hold(NEXT)
    expect(one.writes.holds).toBe(true)
    expect(one.record.grant).toBe(GRANT)
    await one.writes.store()
    expect(one.writes.holds).toBe(false)
    expect(one.record.grant).toBe(NEXT)
    expect(await stored()).toEqual(NEXT)
    await two.record.read()
    expect(two.record.grant).toEqual(NEXT)
  })

  it('written after another claim keep it if their refresh token goes on: that may get an answer too', async () => {
    const { one, two, stored } = await startTwo()
    await two.writes.releaseClaim((await two.writes.claim()) as Grant, START - 5)
    const claimed = (await two.writes.claim()) as Grant
    one.writes.hold(NEXT)
    await one.writes.store()
    expect(await stored()).toEqual({ ...NEXT, version: 11, asking: claimed.asking, lostAt: START - 5 })
  })

  it('with a refresh token of their own do not: who asks with the old one has no part in them', async () => {
    const { one, two, stored } = await startTwo()
    await two.writes.releaseClaim((await two.writes.claim()) as Grant, START - 5)
    await two.writes.claim()
    const next = { ...NEXT, tokens: { ...NEXT.tokens, refreshToken: 's' } }
    one.writes.hold(next)
    await one.writes.store()
    // But ilert may answer it, and refuse these tokens for a while then.
    expect(await stored()).toEqual({ ...next, version: 11, lostAt: START + TIMEOUT_MS })
  })

  it('do not keep the claim that brought them', async () => {
    const { one, stored } = await startTwo()
    await one.writes.claim()
    one.writes.hold(NEXT) // as if somebody had counted on without changing anything
    await one.writes.store()
    expect(await stored()).toEqual({ ...NEXT, version: 9 })
  })

  it('give way to newer ones, which are used from then on, and are not revoked: that might end the others', async () => {
    const { vault, discarded, one } = await startTwo()
    const newer = { ...NEXT, version: 9, refreshes: 2, tokens: { ...NEXT.tokens, accessToken: 'newer' } }
    await vault.write(KEY, newer, START)
    one.writes.hold(NEXT)
    await one.writes.store()
    expect(one.record.grant).toEqual(newer)
    expect(one.writes.holds).toBe(false)
    expect(discarded).toEqual([])
  })

  it.each<[string, (vault: Vault) => Promise<unknown>]>([
    ['the record is gone', (vault) => vault.remove(KEY, DAY)],
    ['the grant is ended', (vault) => vault.write(KEY, { ...GRANT, version: 8, ended: true }, START)],
  ])('are revoked where %s', async (_, end) => {
    const { vault, discarded, one } = await startTwo()
    await end(vault)
    one.writes.hold(NEXT)
    await one.writes.store()
    expect(discarded).toEqual(['new'])
    expect(one.record.removed).toBe(true)
    expect(one.writes.holds).toBe(false)
  })

  it('are revoked where another grant has taken the place', async () => {
    const { vault, discarded, one } = await startTwo()
    const other = { ...GRANT, id: 'two', version: 9 }
    await vault.write(KEY, other, START)
    one.writes.hold(NEXT)
    await one.writes.store()
    expect(discarded).toEqual(['new'])
    expect(one.record.removed).toBe(false)
    expect(one.record.grant).toEqual(other)
  })

  it('are the same that are stored where only the answer to their write was lost', async () => {
    const { one, store, stored } = await startTwo()
    store.fate = () => 'lose'
    one.writes.hold(NEXT)
    await expect(one.writes.store()).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(one.writes.holds).toBe(true)
    store.fate = () => 'work'
    await one.writes.store()
    expect(one.writes.holds).toBe(false)
    expect(await stored()).toEqual(NEXT)
    expect(one.record.grant).toEqual(NEXT)
  })

  it('find a record that no key opens, and end here: whose it is nobody knows', async () => {
    const { discarded, one, store } = await startTwo()
    await store.set(KEY, FOREIGN, DAY)
    one.writes.hold(NEXT)
    await one.writes.store()
    expect(one.record.removed).toBe(true)
    expect(one.writes.holds).toBe(false)
    expect(one.record.grant).toBe(GRANT)
    expect(discarded).toEqual([])
  })

  it('are kept where the store keeps refusing them', async () => {
    const { one, store } = await startTwo()
    let writes = 0
    store.set = async () => {
      writes += 1
      return false
    }
    one.writes.hold(NEXT)
    await expect(one.writes.store()).rejects.toMatchObject({
      name: 'NetworkError',
      code: 'store_unavailable',
      message: 'The token store keeps refusing a write.',
    })
    expect(writes).toBe(11)
    expect(one.writes.holds).toBe(true)
    expect(one.record.grant).toBe(GRANT)
  })

  it('are revoked where the grant was ended here meanwhile', async () => {
    const { discarded, one, stored } = await startTwo()
    one.writes.hold(NEXT)
    one.record.remove()
    await one.writes.store()
    expect(discarded).toEqual(['new'])
    expect(await stored()).toEqual(GRANT)
    const { discarded: late, one: other } = await startTwo()
    other.writes.hold(NEXT)
    const landing = other.writes.store()
    other.record.remove()
    await landing
    expect(late).toEqual(['new'])
  })
})
