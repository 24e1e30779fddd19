/*
 * Two processes whose sessions and tokens are in PostgreSQL, through connect-pg-simple: a store that neither leases nor
 * compares and sets. The requests of one page reach both processes when the access token has ended.
 */
import { needs } from '../support/needs.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { type App, agreed, type Fleet, HOUR, startFleet, TOKEN } from './fleet.ts'

const VISITORS = 9
const EXPIRIES = 5

needs('postgres')('the two requests of a page over two processes, when its access token has ended', () => {
  let server: PostgresServer
  let fleet: Fleet

  beforeEach(async () => {
    server = await startPostgres()
  }, 60_000)
  afterEach(async () => {
    await fleet?.close()
    await server?.stop()
  })

  it.each(['reuse', 'add', 'rotate'] as const)(
    'are answered with the same new token, in 45 of 45 pages: %s',
    async (refreshTokens) => {
      fleet = await startFleet({ processes: 2, postgres: server.url, refreshTokens, refreshLimitSeconds: 300 })
      // Once the token has ended both ask before either of them has an answer.
      fleet.sandbox.fault({ path: TOKEN, kind: 'delay', ms: 100 })
      const [one, two] = fleet.apps as [App, App]
      const visitors: string[] = []
      const users = fleet.sandbox.users.map(({ username }) => username)
      // ilert keeps 10 refresh tokens for one user, and revokes the oldest.
      for (let i = 0; i < VISITORS; i++) visitors.push(await fleet.signIn(users[i % 3]))
      const page = async (cookie: string) =>
        agreed(await Promise.all([one.get('/token', cookie), two.get('/token', cookie)]))
      const pages = await Promise.all(visitors.map(page))
      for (let expiry = 0; expiry < EXPIRIES; expiry++) {
        await fleet.advance(HOUR + 100_000)
        pages.push(...(await Promise.all(visitors.map(page))))
      }
      expect(pages.filter((agreement) => !/^200 [\w-]+$/.test(agreement))).toEqual([])
      // A new one for each visitor, and after each expiry.
      expect(new Set(pages).size).toBe(VISITORS * (EXPIRIES + 1))
      expect(fleet.successful()).toHaveLength(VISITORS * EXPIRIES)
    },
    120_000,
  )
})
