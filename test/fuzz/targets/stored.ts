/* Records as they lie in stores, which others can write to: they open unchanged, or count as absent. */
import session from 'express-session'
import fc from 'fast-check'
import { IlertError } from '../../../src/ilert/errors.ts'
import { type Grant, UNREADABLE } from '../../../src/tokens/grant.ts'
import { Sealer } from '../../../src/tokens/sealing/seal.ts'
import { openGrant, sealGrant } from '../../../src/tokens/sealing/sealed-grant.ts'
import { MemoryTokenStore } from '../../../src/tokens/stores/memory-store.ts'
import { RedisTokenStore } from '../../../src/tokens/stores/redis-store.ts'
import { SessionTokenStore } from '../../../src/tokens/stores/session-store.ts'
import type { StoredTokens } from '../../../src/tokens/stores/store.ts'
import { recordID } from '../../../src/tokens/stores/stored-session.ts'
import { after } from '../../../src/tokens/time.ts'
import { Vault } from '../../../src/tokens/vault.ts'
import { ALL_SECRETS, expectIlertError, SECRETS } from '../canary.ts'
import { mutatedJSON } from '../generators/json.ts'
import { mutated } from '../generators/text.ts'
import { expectThat, type Target, target } from '../target.ts'

const NOW = Date.now()
const KEY = 'session:a'
const sealer = new Sealer(['a key of thirty-two characters, or of a few more'], 'tokens')
const grant: Grant = {
  id: 'id',
  version: 7,
  tokens: { ...SECRETS, scope: ['profile'], expiresAt: NOW + 3_600_000 },
  issuedAt: NOW,
  endsAt: NOW + 86_400_000,
}
const sealed = await sealGrant(grant, KEY, sealer)
const otherSealed = await sealGrant(grant, 'session:b', sealer)
const text = await sealer.seal('text', 'context')
const empty = await sealer.seal('', 'context')

const seal = target(
  'a sealed text',
  fc.tuple(mutated(fc.constantFrom(text, empty)), mutated(fc.constant('context'))),
  async ([data, context]) => {
    const opened = await sealer.open(data, context)
    const untouched = (data === text || data === empty) && context === 'context'
    expectThat((opened !== undefined) === untouched, untouched ? 'does not open' : 'opens though it was changed')
    return untouched ? 'accepted' : 'rejected'
  },
  0.5,
)

const versions = fc.oneof(
  { weight: 4, arbitrary: fc.constant(7) },
  { weight: 1, arbitrary: fc.constantFrom(0, 8, -7, 7.5, 2 ** 53, Number.NaN) },
)
const records = fc.record({
  version: versions,
  data: mutated(
    fc.oneof(
      { weight: 9, arbitrary: fc.constant(sealed.data) },
      { weight: 1, arbitrary: fc.constantFrom(otherSealed.data, text) },
    ),
  ),
})

const isUntouched = ({ version, data }: StoredTokens) => version === sealed.version && data === sealed.data

const record = target(
  'a stored record',
  records,
  async (stored) => {
    const opened = await openGrant(stored, KEY, sealer)
    if (opened === UNREADABLE) {
      expectThat(!isUntouched(stored), 'a good record does not open')
      return 'rejected'
    }
    expectThat(isUntouched(stored), 'a changed record opens')
    expectThat(
      opened.tokens.refreshToken === SECRETS.refreshToken && opened.endsAt === grant.endsAt,
      'not what was sealed',
    )
    return 'accepted'
  },
  0.5,
)

const vault = target(
  'a record in a store',
  records,
  async (stored) => {
    const store = new MemoryTokenStore()
    const written = await store.set(KEY, stored, 60_000).catch((error: unknown) => {
      expectThat(error instanceof TypeError, 'refused with something else')
      return false
    })
    const found = await silently(() => new Vault(store, sealer, after, Date).read(KEY))
    if (found === undefined || found === UNREADABLE) return 'rejected'
    expectThat(written && isUntouched(stored), 'a changed record is read')
    return 'accepted'
  },
  0.3,
)

/** Without the warning that a vault gives once about what it cannot read. */
async function silently<T>(work: () => Promise<T>): Promise<T> {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return await work()
  } finally {
    process.emitWarning = emitWarning
  }
}

const replies = fc.oneof(
  { weight: 6, arbitrary: mutated(fc.constantFrom(`7:${sealed.data}`, '0:', '9007199254740991:x', 'ended')) },
  { weight: 2, arbitrary: mutated(fc.constant('7:data')).map((reply) => Buffer.from(reply)) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, undefined, 1, 1n, [], ['7:x'], {}, true) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...ALL_SECRETS).map((secret) => new Error(`WRONGTYPE ${secret.slice(0, 0)}of a key`)),
  },
)

const redis = target('what Redis answers', replies, async (reply) => {
  const answer = async () => {
    if (reply instanceof Error) throw reply
    return reply
  }
  const store = new RedisTokenStore({ client: { eval: answer, defineCommand() {} } })
  let found: StoredTokens | undefined
  try {
    found = await store.get(KEY)
    await store.set(KEY, sealed, 1000)
  } catch (error) {
    expectIlertError(error)
    return 'rejected'
  }
  if (found === undefined) return 'rejected'
  expectThat(Number.isInteger(found.version) && found.version >= 0 && typeof found.data === 'string', 'no record')
  return 'accepted'
})

const ID = recordID(KEY)
const sessionRecord = fc.record({
  cookie: fc.constantFrom<unknown>({ path: '/', originalMaxAge: 1000 }, { expires: new Date(NOW + 1e9) }, {}, null),
  ilert: fc.oneof(
    { weight: 4, arbitrary: fc.constant<unknown>({ id: ID, version: 7, data: sealed.data, endsAt: NOW + 1e9 }) },
    {
      weight: 2,
      arbitrary: fc.record(
        {
          id: mutated(fc.constant(ID)),
          version: versions,
          data: mutated(fc.constant('x')),
          endsAt: fc.constantFrom<unknown>(NOW + 1e9, 0, '9', null, Number.POSITIVE_INFINITY),
        },
        { requiredKeys: [] },
      ),
    },
  ),
})

const sessions = target(
  'a record in a session store',
  mutatedJSON(sessionRecord),
  async (json) => {
    const memory = new session.MemoryStore() as session.MemoryStore & { sessions: Record<string, string> }
    memory.sessions[ID] = json
    const store = new SessionTokenStore(memory)
    let found: StoredTokens | undefined
    try {
      found = await store.get(KEY)
      await store.touch(KEY, 1000)
    } catch (error) {
      // The store's own error comes along: nothing lies in such a store but what is sealed.
      expectThat(error instanceof IlertError, 'not an IlertError')
      return 'rejected'
    }
    if (found === undefined) return 'rejected'
    expectThat(Number.isSafeInteger(found.version) && found.version >= 0 && typeof found.data === 'string', 'no record')
    return 'accepted'
  },
  0.5,
)

export const storedTargets: readonly Target[] = [seal, record, vault, redis, sessions]
