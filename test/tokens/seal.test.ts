import { createHash, hkdfSync } from 'node:crypto'
import { jest } from '@jest/globals'
import fc from 'fast-check'
import { flattenedDecrypt } from 'jose'
import type { TokenSet } from '../../src/client/answers.ts'
import { NetworkError, ReauthenticationRequired } from '../../src/ilert/errors.ts'
import { type Grant, UNREADABLE } from '../../src/tokens/grant.ts'
import { TokenManager } from '../../src/tokens/manager.ts'
import { Sealer } from '../../src/tokens/sealing/seal.ts'
import { openGrant, sealGrant } from '../../src/tokens/sealing/sealed-grant.ts'
import { MemoryTokenStore } from '../../src/tokens/stores/memory-store.ts'
import type { StoredTokens } from '../../src/tokens/stores/store.ts'

const OLD = 'CANARY-old-key-0123456789-0123456789'
const NEW = 'CANARY-new-key-0123456789-0123456789'
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

const sealer = new Sealer([OLD], 'tokens')

describe('a sealed text', () => {
  test.each([
    ['empty', ''],
    ['short', 'a'],
    ['Unicode', 'grüße, 日本語, 👩‍👩‍👧, \u0000\u007f\ufffd'],
    ['JSON', JSON.stringify({ token: 'a.b.c', nested: ['"', '\\'] })],
    ['64 KiB', 'ä'.repeat(32_768)],
  ])('opens to what was sealed: %s', async (_, text) => {
    const sealed = await sealer.seal(text, 'here')
    expect(sealed).toMatch(/^[\w-]*\.[\w-]*\.[\w-]*$/)
    expect(await sealer.open(sealed, 'here')).toBe(text)
  })

  test('is a JWE (RFC 7516) that a JOSE library opens, under a key of HKDF (RFC 5869)', async () => {
    const [iv = '', ciphertext = '', tag = ''] = (await sealer.seal('grüße', 'a context')).split('.')
    const info = createHash('sha256').update('tokens').digest()
    const key = new Uint8Array(hkdfSync('sha256', OLD, 'passport-ilert', info, 32))
    const base64url = (text: string) => Buffer.from(text).toString('base64url')
    const { plaintext, protectedHeader } = await flattenedDecrypt(
      { protected: base64url('{"alg":"dir","enc":"A256GCM"}'), aad: base64url('a context'), iv, ciphertext, tag },
      key,
    )
    expect(Buffer.from(plaintext).toString()).toBe('grüße')
    expect(protectedHeader).toEqual({ alg: 'dir', enc: 'A256GCM' })
  })

  test('opens to what was sealed, for any well-formed text and context', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 200 })
    const someContext = fc.string({ unit: 'binary', minLength: 1, maxLength: 200 })
    await fc.assert(
      fc.asyncProperty(text, someContext, async (secret, context) => {
        expect(await sealer.open(await sealer.seal(secret, context), context)).toBe(secret)
      }),
      { numRuns: 300 },
    )
  })

  test('shows nothing of what it holds, nor of its context', async () => {
    const sealed = await sealer.seal('CANARY-text', 'CANARY-context')
    for (const form of [sealed, ...sealed.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'))])
      expect(form).not.toContain('CANARY')
  })

  test('is another one each time, though the text is the same', async () => {
    const sealed = await Promise.all(Array.from({ length: 100 }, () => sealer.seal('the same', 'here')))
    for (const part of [0, 1, 2]) expect(new Set(sealed.map((text) => text.split('.')[part])).size).toBe(100)
  })

  test('opens in its own context only', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), async (here, there) => {
        fc.pre(here !== there)
        expect(await sealer.open(await sealer.seal('secret', here), there)).toBeUndefined()
      }),
      { numRuns: 300 },
    )
    const sealed = await sealer.seal('secret', 'here')
    for (const there of ['', 'Here', 'here ', ' here', 'her', 'here\0']) {
      expect(await sealer.open(sealed, there)).toBeUndefined()
    }
  })

  test('opens for its own purpose only: tokens and attempts have different keys', async () => {
    const attempts = new Sealer([OLD], 'attempts')
    expect(await attempts.open(await sealer.seal('secret', 'here'), 'here')).toBeUndefined()
    expect(await sealer.open(await attempts.seal('secret', 'here'), 'here')).toBeUndefined()
    expect(await attempts.open(await attempts.seal('secret', 'here'), 'here')).toBe('secret')
  })

  test('opens in another process with the same secret, and with no other secret', async () => {
    const sealed = await sealer.seal('secret', 'here')
    expect(await new Sealer([OLD], 'tokens').open(sealed, 'here')).toBe('secret')
    for (const secret of [NEW, `${OLD} `, OLD.slice(0, -1), OLD.toLowerCase(), OLD.repeat(2)]) {
      expect(await new Sealer([secret], 'tokens').open(sealed, 'here')).toBeUndefined()
    }
  })
})

describe('a sealed text that is not what it was', () => {
  const texts = ['', 'a', 'ab', 'abc', 'secret']

  test.each(texts)('does not open with any one character exchanged for any other: %j', async (text) => {
    const sealed = await sealer.seal(text, 'here')
    const opened: string[] = []
    for (let at = 0; at < sealed.length; at++) {
      for (const other of `${ALPHABET}.+/= \n%`) {
        if (other === sealed[at]) continue
        const changed = sealed.slice(0, at) + other + sealed.slice(at + 1)
        if ((await sealer.open(changed, 'here')) !== undefined) opened.push(changed)
      }
    }
    expect(opened).toEqual([])
  })

  test('does not open with a character more, less, or two of them swapped', async () => {
    const sealed = await sealer.seal('secret', 'here')
    const opened: string[] = []
    for (let at = 0; at <= sealed.length; at++) {
      const [before, after] = [sealed.slice(0, at), sealed.slice(at)]
      const changes = [
        ...['A', '_', '.', '=', ' ', '\n', '\0'].map((more) => before + more + after),
        before + after.slice(1),
        before + after.slice(1, 2) + after.slice(0, 1) + after.slice(2),
        before,
        after,
      ]
      for (const changed of changes) {
        if (changed !== sealed && (await sealer.open(changed, 'here')) !== undefined) opened.push(changed)
      }
    }
    expect(opened).toEqual([])
  })

  test('does not open in another spelling of the same bytes: padding, plain base64, loose last bits', async () => {
    // Enough of them that every part has had a last character with loose bits, and both special characters.
    let loose = 0
    for (let length = 0; length < 24; length++) {
      const sealed = await sealer.seal('x'.repeat(length), 'here')
      const parts = sealed.split('.')
      const spelled = (at: number, part: string) => parts.with(at, part).join('.')
      const others = parts.flatMap((part, at) => {
        const bytes = Buffer.from(part, 'base64url')
        const lastOnes = [...ALPHABET].map((last) => part.slice(0, -1) + last)
        const sameBytes = lastOnes.filter((other) => part !== '' && Buffer.from(other, 'base64url').equals(bytes))
        loose += sameBytes.length - 1
        return [bytes.toString('base64'), `${part}=`, `${part}==`, ...sameBytes].map((other) => spelled(at, other))
      })
      others.push(`${sealed}.`, `.${sealed}`, ` ${sealed}`, `${sealed}\n`, sealed.replaceAll('.', '..'))
      for (const other of others) {
        if (other !== sealed) expect(await sealer.open(other, 'here')).toBeUndefined()
      }
    }
    expect(loose).toBeGreaterThan(24)
  })

  test('does not open with parts of another sealed text, in another order, or with a shorter tag', async () => {
    const [one = [], other = []] = await Promise.all(
      ['secret', 'SECRET'].map(async (text) => (await sealer.seal(text, 'here')).split('.')),
    )
    for (const at of [0, 1, 2]) {
      expect(await sealer.open(one.with(at, other[at] ?? '').join('.'), 'here')).toBeUndefined()
      expect(await sealer.open(one.with(at, '').join('.'), 'here')).toBeUndefined()
    }
    expect(await sealer.open([...one].reverse().join('.'), 'here')).toBeUndefined()
    const tag = Buffer.from(one[2] ?? '', 'base64url')
    for (let bytes = 0; bytes < 16; bytes++) {
      const shorter = one.with(2, tag.subarray(0, bytes).toString('base64url')).join('.')
      expect(await sealer.open(shorter, 'here')).toBeUndefined()
    }
  })

  test('garbage is not opened, and never throws', async () => {
    const part = fc.oneof(fc.string({ unit: 'binary' }), fc.base64String(), fc.constantFrom('', ...ALPHABET))
    const garbage = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(part, { maxLength: 6 }).map((parts) => parts.join('.')),
      fc
        .tuple(fc.uint8Array({ minLength: 12, maxLength: 12 }), fc.uint8Array(), fc.uint8Array({ minLength: 16 }))
        .map((parts) => parts.map((bytes) => Buffer.from(bytes).toString('base64url')).join('.')),
    )
    const both = new Sealer([NEW, OLD], 'tokens')
    await fc.assert(
      fc.asyncProperty(garbage, fc.string({ unit: 'binary' }), async (text, context) => {
        expect(await both.open(text, context)).toBeUndefined()
      }),
      { numRuns: 2000 },
    )
  })
})

describe('while keys are exchanged', () => {
  const oldProcess = new Sealer([OLD], 'tokens')
  const newProcess = new Sealer([NEW, OLD], 'tokens')
  const laterProcess = new Sealer([NEW], 'tokens')

  test('the new process opens what the old one sealed', async () => {
    const sealed = await oldProcess.seal('secret', 'here')
    expect(await newProcess.open(sealed, 'here')).toBe('secret')
    expect(await laterProcess.open(sealed, 'here')).toBeUndefined()
  })

  test('the first key seals: the old process cannot open what the new one sealed, those that know the key can', async () => {
    const sealed = await newProcess.seal('secret', 'here')
    expect(await newProcess.open(sealed, 'here')).toBe('secret')
    expect(await laterProcess.open(sealed, 'here')).toBe('secret')
    expect(await oldProcess.open(sealed, 'here')).toBeUndefined()
  })

  test('with the new key listed after the old one first, all processes read each other throughout', async () => {
    const prepared = new Sealer([OLD, NEW], 'tokens')
    for (const [from, to] of [
      [oldProcess, prepared],
      [prepared, oldProcess],
      [prepared, newProcess],
      [newProcess, prepared],
    ] as const) {
      expect(await to.open(await from.seal('secret', 'here'), 'here')).toBe('secret')
    }
  })

  test('every key of a longer list opens, and all of them are bound to the context', async () => {
    const keys = [0, 1, 2, 3].map((number) => `${number}${OLD}`)
    const all = new Sealer(keys, 'tokens')
    for (const key of keys) {
      const sealed = await new Sealer([key], 'tokens').seal('secret', 'here')
      expect(await all.open(sealed, 'here')).toBe('secret')
      expect(await all.open(sealed, 'there')).toBeUndefined()
    }
  })
})

describe("a grant's record", () => {
  const now = 1_700_000_000_000
  const grant: Grant = {
    id: 'grant-1',
    version: 7,
    tokens: { accessToken: 'CANARY-access', refreshToken: 'CANARY-refresh', scope: ['profile'], expiresAt: now },
    issuedAt: now - 3_600_000,
    refreshedAt: now - 3_600_000,
    endsAt: now + 86_400_000,
  }
  const sealedGrant = () => sealGrant(grant, 'user-1', sealer)

  test('opens to the grant that was sealed', async () => {
    expect(await openGrant(await sealedGrant(), 'user-1', sealer)).toEqual(grant)
  })

  test('has its version and its end in the clear, and nothing else', async () => {
    const { version, data, ...rest } = await sealedGrant()
    expect(version).toBe(7)
    expect(data.split('.')[0]).toBe(String(grant.endsAt))
    expect(rest).toEqual({})
    for (const part of [data, ...data.split('.').map((text) => Buffer.from(text, 'base64url').toString('latin1'))]) {
      expect(part).not.toMatch(/CANARY|grant-1|user-1|profile/)
    }
  })

  test('an end within a millisecond is rounded up, and opens', async () => {
    const sealed = await sealGrant({ ...grant, endsAt: now + 0.25 }, 'user-1', sealer)
    expect(await openGrant(sealed, 'user-1', sealer)).toEqual({ ...grant, endsAt: now + 1 })
  })

  test.each(['user-2', 'user-1 ', 'User-1', '', 'out:user-1'])(
    'does not open when moved to another key: %j',
    async (key) => {
      expect(await openGrant(await sealedGrant(), key, sealer)).toBe(UNREADABLE)
    },
  )

  test.each([0, 6, 8, 70, -7, 7.5, Number.NaN, Number.MAX_SAFE_INTEGER])(
    'does not open in another version: %d',
    async (version) => {
      const { data } = await sealedGrant()
      expect(await openGrant({ version, data }, 'user-1', sealer)).toBe(UNREADABLE)
    },
  )

  test('does not open with another end', async () => {
    const { version, data } = await sealedGrant()
    const end = String(grant.endsAt)
    const rest = data.slice(end.length)
    expect(await openGrant({ version, data: end + rest }, 'user-1', sealer)).toEqual(grant)
    const others = [grant.endsAt + 1, grant.endsAt * 10, 0, '', ` ${end}`, `${end} `, `0${end}`, `+${end}`, 'Infinity']
    for (const other of others) {
      expect(await openGrant({ version, data: `${other}${rest}` }, 'user-1', sealer)).toBe(UNREADABLE)
    }
  })

  test('does not open as any sealed text but a record: what cookies and marks hold is no grant', async () => {
    const end = String(grant.endsAt)
    for (const context of ['user-1', 'out:user-1', '', `grant,user-1,7,${end}`]) {
      const data = `${end}.${await sealer.seal(JSON.stringify(grant), context)}`
      expect(await openGrant({ version: 7, data }, 'user-1', sealer)).toBe(UNREADABLE)
    }
  })

  test('garbage is unreadable, and never throws', async () => {
    const { data } = await sealedGrant()
    const garbage = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.base64String(), { maxLength: 6 }).map((parts) => parts.join('.')),
      fc.nat(data.length - 1).map((length) => data.slice(0, length)),
    )
    await fc.assert(
      fc.asyncProperty(garbage, async (text) => {
        expect(await openGrant({ version: 7, data: text }, 'user-1', sealer)).toBe(UNREADABLE)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('a record that this process cannot open', () => {
  const open: TokenManager[] = []
  let warn: jest.SpiedFunction<typeof process.emitWarning>

  beforeEach(() => {
    warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {})
  })
  afterEach(async () => {
    warn.mockRestore()
    await Promise.all(open.splice(0).map((manager) => manager.close()))
  })

  /** A process of its own over a store that others share. Nobody listens where its ilert would be. */
  function makeManager(tokenStore: MemoryTokenStore, ...encryptionKey: string[]): TokenManager {
    const manager = new TokenManager({
      tokenStore,
      encryptionKey,
      clientID: 'client-1',
      clientSecret: 'CANARY-client-secret',
      apiURL: 'http://127.0.0.1:9',
    })
    open.push(manager)
    return manager
  }

  const makeTokens = (name: string): TokenSet => ({
    accessToken: `CANARY-access-${name}`,
    scope: ['profile'],
    expiresAt: Date.now() + 3_600_000,
  })

  async function setup(): Promise<{
    store: MemoryTokenStore
    before: StoredTokens | undefined
    stranger: TokenManager
  }> {
    const store = new MemoryTokenStore()
    await makeManager(store, OLD).save('user-1', makeTokens('old'))
    const before = await store.get('user-1')
    expect(before).toBeDefined()
    return { store, before, stranger: makeManager(store, NEW) }
  }

  const rejection = (promise: Promise<unknown>): Promise<Error & { code?: string }> =>
    promise.then(
      () => {
        throw new Error('did not reject')
      },
      (error: Error) => error,
    )

  test('counts as absent: its user has to sign in again', async () => {
    const { stranger } = await setup()
    expect(await rejection(stranger.get('user-1'))).toBeInstanceOf(ReauthenticationRequired)
    expect(await rejection(stranger.accessToken('user-1'))).toBeInstanceOf(ReauthenticationRequired)
    expect(await rejection(stranger.api('user-1').get('/api/users/current'))).toBeInstanceOf(ReauthenticationRequired)
  })

  test('is warned of once, however many there are, and without any key or token', async () => {
    const { store, stranger } = await setup()
    await makeManager(store, OLD).save('user-2', makeTokens('two'))
    expect(warn).not.toHaveBeenCalled()
    for (const key of ['user-1', 'user-1', 'user-2']) await rejection(stranger.get(key))
    await rejection(stranger.save('user-1', makeTokens('new')))
    await rejection(stranger.revoke('user-2'))
    expect(warn).toHaveBeenCalledTimes(1)
    const [message, details] = warn.mock.calls[0] as unknown as [string, { code: string }]
    expect(message).toContain('encryptionKey (ILERT_ENCRYPTION_KEY)')
    expect(message).not.toContain('CANARY')
    expect(details.code).toBe('ILERT_UNREADABLE_RECORD')
  })

  test('is not overwritten by a save, which says why it fails', async () => {
    const { store, before, stranger } = await setup()
    const error = await rejection(stranger.save('user-1', makeTokens('new')))
    expect(error).not.toBeInstanceOf(NetworkError)
    expect(error).toMatchObject({ code: 'unreadable_record' })
    expect(error.message).toContain('ILERT_ENCRYPTION_KEY')
    expect(error.message).not.toContain('CANARY')
    expect(await store.get('user-1')).toEqual(before)
    expect(await makeManager(store, OLD).accessToken('user-1')).toBe('CANARY-access-old')
  })

  test('is not deleted by a revocation, and keeps its life', async () => {
    const { store, before, stranger } = await setup()
    await rejection(stranger.revoke('user-1'))
    expect(await store.get('user-1')).toEqual(before)
    expect(await makeManager(store, OLD).accessToken('user-1')).toBe('CANARY-access-old')
  })

  test('is left alone by everything that only reads, also when the process ends', async () => {
    const { store, before, stranger } = await setup()
    await rejection(stranger.get('user-1'))
    await stranger.close()
    expect(await store.get('user-1')).toEqual(before)
  })

  test('does not keep its tokens from being saved under another key', async () => {
    const { store, stranger } = await setup()
    const tokens = { ...makeTokens('new'), refreshToken: 'CANARY-refresh' }
    await rejection(stranger.save('user-1', tokens))
    await stranger.save('user-3', tokens)
    expect(await stranger.get('user-3')).toEqual(tokens)
    expect(await makeManager(store, NEW).get('user-3')).toEqual(tokens)
  })

  test('is read, replaced and revoked by a process that lists its key after the new one', async () => {
    const { store } = await setup()
    const rotated = makeManager(store, NEW, OLD)
    expect(await rotated.accessToken('user-1')).toBe('CANARY-access-old')
    await rotated.save('user-1', makeTokens('new'))
    // Sealed with the first key from now on: the process that has only the old one reads it no more.
    expect(await makeManager(store, NEW).accessToken('user-1')).toBe('CANARY-access-new')
    expect(await rejection(makeManager(store, OLD).get('user-1'))).toBeInstanceOf(ReauthenticationRequired)
    await rotated.revoke('user-1')
    expect(await store.get('user-1')).toBeUndefined()
    expect(warn).toHaveBeenCalledTimes(1)
  })

  test.each([
    ['another key', (record: StoredTokens) => ['user-9', record] as const],
    ['a higher version', (record: StoredTokens) => ['user-1', { ...record, version: record.version + 1 }] as const],
    ['a later end', (record: StoredTokens) => ['user-1', { ...record, data: `9${record.data}` }] as const],
    ['damaged', (record: StoredTokens) => ['user-1', { ...record, data: record.data.slice(0, -2) }] as const],
  ])('is also one that was moved or changed in the store: %s', async (_, change) => {
    const { store, before } = await setup()
    const [key, record] = change(before as StoredTokens)
    await store.delete('user-1')
    await store.set(key, record, 60_000)
    const owner = makeManager(store, OLD)
    expect(await rejection(owner.get(key))).toBeInstanceOf(ReauthenticationRequired)
    await rejection(owner.save(key, makeTokens('new')))
    await rejection(owner.revoke(key))
    expect(await store.get(key)).toEqual(record)
    expect(warn).toHaveBeenCalledTimes(1)
  })
})
