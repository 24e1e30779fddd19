/*
 * list(), reseal() and revokeAll() over a hundred thousand records: memory stays flat, and no step takes more than a bounded
 * number at a time.
 */
import { once } from 'node:events'
import { needs } from '../support/needs.ts'
import { startNode } from '../support/node.ts'
import { startPostgres } from '../support/postgres.ts'
import { startRedis } from '../support/redis.ts'

const RECORDS = Number(process.env.MANY_RECORDS ?? 100_000)
const PROGRAM = new URL('many-records.mjs', import.meta.url).href
const OF_ONE_USER = RECORDS / 100
const PATIENCE_MS = 900_000

async function expectFlat(url: string): Promise<void> {
  const program = startNode(`await import('${PROGRAM}')`, { STORE_URL: url, RECORDS: String(RECORDS) })
  const [message] = await Promise.race([once(program, 'message'), once(program, 'exit')])
  const { revoked, ...results } = message
  if (process.env.MANY_RECORDS_LOG) console.log(JSON.stringify(results, undefined, 1))
  const done = { sessions: 0, pending: 0, unreadable: 0, complete: true }
  const sealed = { older: 0, unreadable: 0, complete: true }
  // Redis may list a record twice, if it is written meanwhile.
  expect(revoked).toBeGreaterThanOrEqual(RECORDS)
  expect(revoked).toBeLessThan(RECORDS * 1.1)
  expect(results).toMatchObject({
    list: { counts: RECORDS },
    listOfOne: { counts: OF_ONE_USER },
    reseal: { counts: { ...sealed, resealed: RECORDS } },
    resealAgain: { counts: { ...sealed, resealed: 0 } },
    revokeAllOfOne: { counts: { ...done, ended: OF_ONE_USER } },
    revokeAll: { counts: { ...done, ended: RECORDS - OF_ONE_USER } },
    listAfterwards: { counts: 0 },
  })
  for (const { mostMiB, mostUnderWay, longestPage } of Object.values<Record<string, number>>(results)) {
    expect(mostMiB).toBeLessThan(16)
    expect(mostUnderWay).toBeLessThanOrEqual(20)
    expect(longestPage).toBeLessThanOrEqual(100)
  }
}

needs('redis-server')('in Redis', () => {
  test(
    'memory stays flat',
    async () => {
      const redis = await startRedis()
      await expectFlat(redis.url)
      await redis.stop()
    },
    PATIENCE_MS,
  )
})

needs('postgres')('in PostgreSQL', () => {
  test(
    'memory stays flat',
    async () => {
      const server = await startPostgres()
      await expectFlat(server.url)
      await server.stop()
    },
    PATIENCE_MS,
  )
})
