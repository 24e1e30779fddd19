/*
 * How long people stay signed in, and what the app does without its store.
 */
import { needs } from '../support/needs.ts'
import { startRedis } from '../support/redis.ts'
import { removeBuiltApp } from './app-copy.ts'
import { atEnd, cleanUp } from './clean-up.ts'
import { startDesk, startReadyApp } from './desk.ts'
import { cookieOf, deskOwner, get, post } from './http.ts'
import { eventually, sleep } from './wait.ts'

afterEach(cleanUp)
afterAll(removeBuiltApp)

const SOME_SECONDS = { hours: '0.001', ms: 3600 }

describe('a session', () => {
  it('ends when it is not used, and lasts while it is', async () => {
    const desk = await startDesk({ env: { SESSION_IDLE_HOURS: SOME_SECONDS.hours } })
    const [used, unused] = [await cookieOf(desk), await cookieOf(desk, 'tunde.okafor')]
    const end = performance.now() + SOME_SECONDS.ms * 1.5
    while (performance.now() < end) {
      await sleep(SOME_SECONDS.ms / 4)
      expect(deskOwner(await get(desk.url, { cookie: used }))).toBe('Mara Lindqvist')
    }
    const { status, text } = await get(desk.url, { cookie: unused })
    expect([status, text]).toEqual([200, expect.stringContaining('Sign in with ilert')])
  })

  it('tells the browser anew with each answer how long it lasts', async () => {
    const desk = await startDesk({ env: { SESSION_IDLE_HOURS: '1' } })
    const cookie = await cookieOf(desk)
    const [header = ''] = (await get(desk.url, { cookie })).headers.getSetCookie()
    const expires = Date.parse(/Expires=([^;]+)/.exec(header)?.[1] ?? '')
    expect(Math.abs(expires - Date.now() - 3_600_000)).toBeLessThan(10_000)
  })

  it('ends some time after the sign-in however much it is used, and its tokens with it', async () => {
    const desk = await startDesk({ env: { SESSION_MAX_HOURS: SOME_SECONDS.hours } })
    const cookie = await cookieOf(desk)
    const began = performance.now()
    await eventually(async () => expect(deskOwner(await get(desk.url, { cookie }))).toBeUndefined())
    expect(performance.now() - began).toBeGreaterThan(SOME_SECONDS.ms - 1500)
    const { status, text } = await get(desk.url, { cookie })
    expect([status, text]).toEqual([200, expect.stringContaining('Sign in with ilert')])
    expect(desk.sandbox.requests.filter(({ path }) => path.endsWith('/revoke'))).toMatchObject([{ status: 200 }])
  })

  it('is another one after the sign-in, so that one which was known before is worth nothing', async () => {
    const desk = await startDesk()
    const before = await cookieOf(desk)
    const after = await cookieOf(desk)
    expect(after).not.toBe(before)
    await post(`${desk.url}/logout`, { cookie: after })
    expect(deskOwner(await get(desk.url, { cookie: after }))).toBeUndefined()
    expect(deskOwner(await get(desk.url, { cookie: before }))).toBe('Mara Lindqvist')
  })

  it('is taken with any of the secrets that are named, and made with the first', async () => {
    const [first, second] = ['the-first-secret-of-the-two-0123456789', 'the-second-secret-of-the-two-0123456789']
    const redis = await startRedis()
    atEnd(() => redis.stop())
    const env = { REDIS_URL: redis.url }
    const desk = await startDesk({ env: { ...env, SESSION_SECRET: first } })
    const cookie = await cookieOf(desk)
    const restart = async (SESSION_SECRET: string) => {
      await desk.apps[0].stop()
      const { port: PORT, stop } = await startReadyApp({ ...desk.sandbox.env, ...env, SESSION_SECRET })
      const owner = deskOwner(await get(`http://localhost:${PORT}`, { cookie }))
      await stop()
      return owner
    }
    expect(await restart(`${second},${first}`)).toBe('Mara Lindqvist')
    expect(await restart(second)).toBeUndefined()
  })
})

needs('redis-server')('with Redis', () => {
  it('nobody is signed out by a restart', async () => {
    const redis = await startRedis()
    atEnd(() => redis.stop())
    const env = { REDIS_URL: redis.url, SESSION_SECRET: 'a-secret-for-the-cookies-of-this-test' }
    const desk = await startDesk({ env })
    const cookie = await cookieOf(desk)
    await desk.apps[0].stop()
    await startReadyApp({ ...desk.sandbox.env, ...env, PORT: String(desk.apps[0].port) })
    const page = await get(desk.url, { cookie })
    expect(deskOwner(page)).toBe('Mara Lindqvist')
    expect(page.text).toContain('portal.nordwind.example')
  })

  it('unavailable or silent, everybody is told so within seconds, and goes on afterwards', async () => {
    const redis = await startRedis()
    atEnd(() => redis.stop())
    const desk = await startDesk({ env: { REDIS_URL: redis.url } })
    const cookie = await cookieOf(desk)
    redis.pause()
    const began = performance.now()
    const { status, text } = await get(desk.url, { cookie })
    expect([status, text]).toEqual([503, expect.stringContaining('The desk is unavailable')])
    expect(performance.now() - began).toBeLessThan(8000)
    expect((await get(`${desk.url}/style.css`)).status).toBe(200)

    redis.resume()
    await eventually(async () => expect(deskOwner(await get(desk.url, { cookie }))).toBe('Mara Lindqvist'))

    await redis.stop()
    await eventually(async () => expect((await get(desk.url, { cookie })).status).toBe(503))
    expect(desk.apps[0].stdout).toContain('"msg":"Redis: ')
  })
})
