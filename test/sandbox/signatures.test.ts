import { createSecretKey, generateKeyPairSync } from 'node:crypto'
import { jwtVerify } from 'jose'
import type { Grant } from '../../src/sandbox/state.ts'
import { signAccessToken, signRefreshToken } from '../../src/sandbox/tokens.ts'

const NOW = 1_700_000_000_000
const GRANT = {
  app: { appID: 250 },
  user: { username: 'mara.lindqvist', tenant: 'nordwind' },
  scope: ['profile', 'alert:w'],
} as unknown as Grant
const options = { currentDate: new Date(NOW), issuer: 'ilert', typ: 'JWT' }

test("a JOSE library verifies the sandbox's access tokens, and refuses changed ones", async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const token = await signAccessToken(GRANT, NOW, NOW + 3_600_000, Promise.resolve(privateKey))
  const { payload } = await jwtVerify(token, publicKey, { ...options, algorithms: ['RS256'] })
  expect(payload).toMatchObject({ il_t: 'ACCESS', il_a: 250, il_s: 'profile alert:w', exp: 1_700_003_600 })
  const [header, , signature] = token.split('.')
  const claims = Buffer.from(JSON.stringify({ ...payload, il_s: 'alert:d' })).toString('base64url')
  await expect(jwtVerify(`${header}.${claims}.${signature}`, publicKey, options)).rejects.toThrow('signature')
})

test("a JOSE library verifies the sandbox's refresh tokens, and refuses those of another key", async () => {
  const key = Buffer.alloc(32, 'k')
  const token = signRefreshToken(NOW + 60_000, key)
  const verify = (secret: Buffer) => jwtVerify(token, createSecretKey(secret), { ...options, algorithms: ['HS256'] })
  expect((await verify(key)).payload).toMatchObject({ il_t: 'OAUTH', exp: 1_700_000_060 })
  await expect(verify(Buffer.alloc(32, 'x'))).rejects.toThrow('signature')
})
