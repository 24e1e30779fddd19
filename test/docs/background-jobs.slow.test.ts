/*
 * docs/background-jobs.md: a job works with the tokens that a sign-in in the app has stored.
 */
import { needs } from '../support/needs.ts'
import { pageUnderTest } from '../support/pages.ts'
import { startRedis } from '../support/redis.ts'

const JOB = 'tokens.api('
const APP = 'tokenKey:'

const code = pageUnderTest('docs/background-jobs.md', [JOB, APP])

needs('redis-server')('with Redis', () => {
  test('the job works with what the app has stored under the key, while the user is not there', async () => {
    const redis = await startRedis()
    try {
      const results = (await code().runProgram(
        `
        import { execFile } from 'node:child_process'
        import { promisify } from 'node:util'
        import { around, mount } from './app.js'
        await around(
          async (parts) => {
            const { client, ilert } = await import('BLOCK(${APP})')
            const close = mount(parts, ilert)
            return async () => {
              await close()
              client.destroy()
            }
          },
          async ({ origin, headers }) => {
            const { id } = await (await fetch(origin, { headers })).json()
            const env = { ...process.env, ILERT_USER_ID: id }
            return promisify(execFile)(process.execPath, [import.meta.resolve('BLOCK(${JOB})').slice(7)], { env })
          },
        )`,
        { REDIS_URL: redis.url },
      )) as { stdout: string; stderr: string }
      expect(results).toEqual({ stdout: expect.stringContaining('name:'), stderr: '' })
    } finally {
      await redis.stop()
    }
  }, 60_000)
})
