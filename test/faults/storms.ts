/* Storms of requests over every process of an app. */
import { until } from '../support/until.ts'
import { agreed, type Fleet, HOUR, INTO_THE_WINDOW, TOKEN } from './fleet.ts'

/** So many requests over all processes at once. ilert answers when all of them are waiting, so that none comes late. */
async function stormAtExpiry(fleet: Fleet, count: number, cookie: string): Promise<string> {
  const { apps, sandbox, refreshes } = fleet
  const each = count / apps.length
  const before = refreshes().length
  const hang = sandbox.fault({ path: TOKEN, kind: 'hang' })
  const answers = Promise.all(apps.map((app) => app.storm(each, '/token', cookie)))
  await Promise.all(apps.map((app) => app.inside(each)))
  await until(() => refreshes().length > before)
  hang.clear()
  return agreed((await answers).flat())
}

/** So many requests over all processes at once, as fast as they come. */
async function stormAtOnce(fleet: Fleet, count: number, cookie: string): Promise<string> {
  const { apps } = fleet
  return agreed((await Promise.all(apps.map((app) => app.storm(count / apps.length, '/token', cookie)))).flat())
}

/** However many requests find the token expired, it is refreshed once. */
export async function expectOneRefresh(fleet: Fleet, count: number): Promise<void> {
  const cookie = await fleet.signIn()
  const [app] = fleet.apps
  const { hash: first } = (await app?.get('/token', cookie)) ?? {}
  const rounds = [() => stormAtExpiry(fleet, count, cookie), () => stormAtOnce(fleet, 200, cookie)]
  for (const [round, storm] of rounds.entries()) {
    await fleet.advance(HOUR)
    const newest = await storm()
    expect(newest).toMatch(/^200 [\w-]{43}$/)
    expect(newest).not.toBe(`200 ${first}`)
    expect(fleet.refreshes()).toHaveLength(round + 1)
    for (const each of fleet.apps) {
      expect(await each.get('/', cookie)).toMatchObject({ user: 'mara.lindqvist', connected: true })
      expect(await each.get('/me', cookie)).toMatchObject({ status: 200, firstName: 'Mara' })
    }
  }
}

/** However many requests come while the token is due and still good, none of them waits for its refresh. */
export async function expectNobodyWaits(fleet: Fleet, count: number): Promise<void> {
  const { apps, sandbox, refreshes } = fleet
  const cookie = await fleet.signIn()
  const before = await stormAtOnce(fleet, apps.length, cookie)
  await fleet.advance(INTO_THE_WINDOW)
  const hang = sandbox.fault({ path: TOKEN, kind: 'hang' })
  expect(await stormAtOnce(fleet, count, cookie)).toBe(before)
  await until(() => refreshes().length > 0)
  expect(refreshes()).toMatchObject([{ status: 0 }])
  hang.clear()
  await until(async () => (await stormAtOnce(fleet, apps.length, cookie)) !== before)
  expect(refreshes()).toMatchObject([{ status: 200 }])
}
