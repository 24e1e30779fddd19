/*
 * passport.authorize attaches tokens to a session that the browser keeps. A request of another process that began before,
 * and writes the same session afterwards as it knows it, leaves them there.
 */
import { request } from 'undici'
import { CookieJar } from '../../src/sandbox/cookie-jar.ts'
import { needs } from '../support/needs.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { type Fleet, startFleet } from './fleet.ts'

needs('redis-server')('two processes over one session store', () => {
  let redis: RedisServer
  let fleet: Fleet
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterEach(() => fleet.close())
  afterAll(() => redis.stop())

  it.each([0, 1])(
    'a slow request that writes its session leaves the tokens that are linked meanwhile: %p before',
    async (before) => {
      fleet = await startFleet({ processes: 2, sessions: redis.url, links: true })
      const [first, second] = fleet.apps
      const jar = new CookieJar()
      const visit = async (target: string): Promise<string> => {
        const url = new URL(target, first?.origin)
        const { headers, statusCode, body } = await request(url, { headers: { cookie: jar.header(url) } })
        await body.dump()
        expect(statusCode).toBeLessThan(400)
        jar.keep(url, [headers['set-cookie'] ?? []].flat())
        return String(headers.location ?? '')
      }
      const link = async () => void (await visit(await visit(await visit('/link'))))
      await visit('/local')
      for (let i = 0; i < before; i++) await link()
      const cookie = jar.header(new URL(first?.origin as string))
      const slow = second?.get('/slow', cookie)
      await second?.inside(1)
      await link()
      const linked = await first?.get('/token', cookie)
      expect(linked).toMatchObject({ status: 200 })
      await second?.call('release')
      expect(await slow).toMatchObject({ status: 200, seen: ['slow'] })
      for (const app of fleet.apps) {
        expect(await app.get('/', cookie)).toMatchObject({ user: 'local', connected: true })
        expect(await app.get('/token', cookie)).toEqual(linked)
        expect(await app.get('/seen', cookie)).toMatchObject({ seen: ['slow'] })
      }
    },
  )
})
