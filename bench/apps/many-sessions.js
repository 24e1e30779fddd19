// Signed-in sessions by the thousand, without signing in: the tokens are saved as a sign-in saves them, and the session's
// record is a real one's, pointing to them.

import { createHmac, randomBytes } from 'node:crypto'
import { SECRET, SESSION_PREFIX } from './common.js'

const DAY_MS = 86_400_000

/**
 * @param {import('passport-ilert').TokenManager} manager
 * @param {any} redis
 * @param {{ sample: string, from: number, count: number }} o `sample`: the cookie of a session that was signed in
 * @returns {Promise<string[]>} the cookies
 */
export async function makeSessions(manager, redis, { sample, from, count }) {
  const [, id] = /\bconnect\.sid=s:([^.]+)/.exec(decodeURIComponent(sample)) ?? []
  const record = JSON.parse(await redis.get(`${SESSION_PREFIX}${id}`))
  const { accessToken } = await manager.get(record['passport-ilert'].key)
  const cookies = []
  for (let i = from; i < from + count; i++) {
    const grant = `session:bench-${i}`
    const tokens = {
      accessToken,
      refreshToken: randomBytes(150).toString('base64url'),
      scope: ['profile', 'alert'],
      expiresAt: Date.now() + DAY_MS,
      refreshTokenExpiresAt: Date.now() + 365 * DAY_MS,
    }
    await manager.save(grant, tokens, { ttlMs: 14 * DAY_MS })
    record['passport-ilert'].key = grant
    await redis.set(`${SESSION_PREFIX}bench-${i}`, JSON.stringify(record))
    cookies.push(`connect.sid=${encodeURIComponent(`s:${signed(`bench-${i}`)}`)}`)
  }
  return cookies
}

/** As express-session signs the id of a session. */
function signed(/** @type {string} */ id) {
  return `${id}.${createHmac('sha256', SECRET).update(id).digest('base64').replace(/=+$/, '')}`
}
