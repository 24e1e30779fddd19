import { createHash, randomBytes } from 'node:crypto'
import type { TokenSet } from '../../src/client/answers.ts'
import { IlertClient, type Keeping, MemoryTokenStore, type StoredTokens, TokenManager } from '../../src/index.ts'
import { createSandbox, type LoggedRequest, type Sandbox, type SandboxOptions } from '../../src/sandbox/index.ts'
import { appTokensOf } from '../../src/tokens/manager.ts'
import type { TokenStore } from '../../src/tokens/stores/store.ts'
import type { After } from '../../src/tokens/time.ts'
import { optionsOf, REVOKE, TOKEN } from '../support/app.ts'
import { until } from '../support/until.ts'

export const HOUR = 3_600_000
export const MINUTE = 60_000
/** Into the window before expiry, which is 10 minutes. */
export const INTO_THE_WINDOW: number = HOUR - 500_000
export const MODES = ['reuse', 'add', 'rotate'] as const

/** Turns of the event loop in which nothing new was waited for: then everything waits. */
const IDLE_TURNS = 4

const START = 1_800_000_000_000
const ENCRYPTION_KEY = 'the same key for every manager of a test'

type Internals = ConstructorParameters<typeof TokenManager>[1]

/** An ilert on a socket whose time stands still unless it is moved, and managers that wait by the same clock. */
export interface Desk {
  readonly sandbox: Sandbox
  readonly store: MemoryTokenStore
  /** Keeps its tokens in `store` unless told otherwise. */
  manager(options?: Partial<Keeping>, internals?: Internals): TokenManager
  /** The tokens of a new sign-in. */
  signIn(): Promise<Required<TokenSet>>
  /** Moves the time, and ends the waits that are over by then. */
  advance(ms: number): void
  /** Resolves as the promise does. Whenever everything waits, the time moves on to the end of the first wait. */
  passing<T>(promise: Promise<T>): Promise<T>
  /** The refreshes that reached ilert. */
  refreshes(): LoggedRequest[]
  /** The revocations that reached ilert. */
  revocations(): LoggedRequest[]
  /** Resolves when no refresh of a grant is under way. */
  quiet(manager: TokenManager, key?: string): Promise<void>
  /** Whether ilert takes a refresh token. Uses it up where the sandbox rotates. */
  isAlive(refreshToken: string): Promise<boolean>
}

const closing: (() => Promise<unknown>)[] = []

/** Closes everything; for `afterEach`. */
export async function closeDesks(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close()
}

export async function startDesk(options: SandboxOptions = {}): Promise<Desk> {
  const redirectURI = 'http://localhost/callback'
  const base = { approve: true, redirectURI, clock: { now: () => START }, requestsPerMinute: 0 }
  const sandbox = await createSandbox({ ...base, ...options })
  const client = new IlertClient({ ...optionsOf(sandbox), clock: sandbox.clock })
  closing.push(
    () => sandbox.close(),
    () => client.close(),
  )
  const store = new MemoryTokenStore({ clock: sandbox.clock })
  const waits = new Set<{ at: number; end: () => void }>()

  const after: After = (ms, then) => {
    const wait = { at: sandbox.clock.now() + ms, end: then }
    waits.add(wait)
    return () => waits.delete(wait)
  }

  function advance(ms: number): void {
    sandbox.clock.advance(ms)
    for (const wait of waits) {
      if (wait.at > sandbox.clock.now()) continue
      waits.delete(wait)
      wait.end()
    }
  }

  const asked = (path: string) => sandbox.requests.filter((request) => request.path === path)
  return {
    sandbox,
    store,
    advance,
    manager(keeping = {}, internals = {}) {
      const connection = { ...optionsOf(sandbox), clock: sandbox.clock, encryptionKey: ENCRYPTION_KEY }
      const manager = new TokenManager({ ...connection, tokenStore: store, ...keeping }, { after, ...internals })
      closing.push(() => manager.close())
      return manager
    },
    async signIn() {
      const codeVerifier = randomBytes(32).toString('base64url')
      const codeChallenge = createHash('sha256').update(codeVerifier).digest('base64url')
      const url = client.authorizationURL({ redirectURI, scope: 'profile alert', state: 'state', codeChallenge })
      const { headers } = await fetch(url, { redirect: 'manual' })
      const code = new URL(headers.get('location') ?? '').searchParams.get('code') ?? ''
      return (await client.exchangeCode({ code, redirectURI, codeVerifier })) as Required<TokenSet>
    },
    async passing<T>(promise: Promise<T>) {
      let settled = false
      const done = () => {
        settled = true
      }
      promise.then(done, done)
      let before: unknown
      let turns = 0
      while (!settled) {
        await new Promise((resolve) => setTimeout(resolve, 2))
        const [first] = [...waits].sort((a, b) => a.at - b.at)
        turns = first === before ? turns + 1 : 0
        before = first
        if (first && turns >= IDLE_TURNS && !settled) advance(first.at - sandbox.clock.now())
      }
      return await promise
    },
    refreshes: () => asked(TOKEN).filter(({ grantType }) => grantType === 'refresh_token'),
    revocations: () => asked(REVOKE),
    quiet: (manager, key = 'a') => until(() => !appTokensOf(manager).peek(key)?.busy, 'quiet'),
    async isAlive(refreshToken) {
      try {
        await client.refresh(refreshToken)
        return true
      } catch (error) {
        if ((error as { code?: string }).code === 'invalid_grant') return false
        throw error
      }
    },
  }
}

type Method = 'get' | 'set' | 'delete' | 'touch'

/** What becomes of a call: `lose` does the work and loses the answer. */
type Fate = 'work' | 'fail' | 'hang' | 'lose'

/** A store that can be away. */
export class FragileStore implements TokenStore {
  readonly calls: Method[] = []
  fate: (method: Method) => Fate = () => 'work'
  /** Without a fate; for tests to replace. */
  list: MemoryTokenStore['list'] = (o) => this.#store.list(o)
  readonly #store: MemoryTokenStore

  constructor(store: MemoryTokenStore) {
    this.#store = store
  }

  get(key: string): Promise<StoredTokens | undefined> {
    return this.#call('get', () => this.#store.get(key))
  }

  set(key: string, tokens: StoredTokens, ttlMs: number): Promise<boolean> {
    return this.#call('set', () => this.#store.set(key, tokens, ttlMs))
  }

  delete(key: string, o?: { tombstoneMs?: number }): Promise<void> {
    return this.#call('delete', () => this.#store.delete(key, o))
  }

  touch(key: string, ttlMs: number): Promise<void> {
    return this.#call('touch', () => this.#store.touch(key, ttlMs))
  }

  async #call<T>(method: Method, work: () => Promise<T>): Promise<T> {
    this.calls.push(method)
    const fate = this.fate(method)
    if (fate === 'fail') throw new Error('the store is away')
    if (fate === 'hang') await new Promise<never>(() => {})
    const answer = await work()
    if (fate === 'lose') throw new Error('the connection is lost')
    return answer
  }
}

/** Lets `count` calls of a method through, and then has the others meet their fate. */
export function beyond(count: number, of: Method, fate: Fate): (method: Method) => Fate {
  let left = count
  return (method) => {
    if (method !== of) return 'work'
    left -= 1
    return left >= 0 ? 'work' : fate
  }
}
