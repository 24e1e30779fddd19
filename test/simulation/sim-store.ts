/* A store that all simulated processes share: compare-and-set, tombstones, leases, and everything that goes wrong. */
import { NetworkError } from '../../src/ilert/errors.ts'
import type { Lease, StoredTokens, TokenStore } from '../../src/tokens/stores/store.ts'
import { never, type Process, type World } from './world.ts'

export type StoreTrouble = 'refuses' | 'silent' | 'answers lost' | 'slow'

interface Entry {
  tokens: StoredTokens | undefined
  endsAt: number
}

const LEASE_MS = 10_000
const RENEWAL_MS = LEASE_MS / 3

export class SimStore {
  readonly world: World
  trouble: StoreTrouble | undefined
  #troubledAt = Number.NEGATIVE_INFINITY
  /** When each process last asked for what it has been answered since, by its own clock and by the world's. */
  readonly confirmed: Map<Process, { own: number; world: number }> = new Map()
  /** Told of every write that took effect. */
  onWrite: (process: Process, data: string) => void = () => {}
  readonly #entries = new Map<string, Entry>()
  readonly #leases = new Map<string, { holder: object; endsAt: number }>()

  readonly #blindWrites: boolean
  readonly #noRenewals: boolean

  constructor(world: World, { blindWrites = false, noRenewals = false } = {}) {
    this.world = world
    this.#blindWrites = blindWrites
    this.#noRenewals = noRenewals
  }

  /** As in a failover to a replica that has not heard of them. */
  loseLeases(): void {
    this.#leases.clear()
    this.#troubledAt = this.world.now
  }

  /** Lets it be in trouble for a while. */
  begin(kind: StoreTrouble, ms: number): void {
    const { world } = this
    this.trouble = kind
    const over = () => {
      if (this.trouble === kind) this.end()
    }
    world.after(ms, over, true)
  }

  end(): void {
    if (this.trouble !== undefined) this.#troubledAt = this.world.now
    this.trouble = undefined
  }

  /** When it was last in trouble: leases may have been lost until then. */
  get troubledAt(): number {
    return this.trouble === undefined ? this.#troubledAt : this.world.now
  }

  /** What is there, seen from above. */
  peek(key: string): StoredTokens | undefined {
    return this.#live(key)?.tokens
  }

  /** The store as one process sees it. */
  view(process: Process, leases: boolean): TokenStore {
    return {
      get: (key) => this.#confirming(process, () => this.#call(process, () => this.peek(key))),
      set: (key, tokens, ttlMs) =>
        this.#confirming(process, () => this.#call(process, () => this.set(process, key, tokens, ttlMs))),
      touch: (key, ttlMs) =>
        this.#call(process, () => {
          const entry = this.#live(key)
          if (entry?.tokens) entry.endsAt = this.world.now + ttlMs
        }),
      delete: (key, { tombstoneMs = 0 } = {}) => this.#call(process, () => this.delete(key, tombstoneMs)),
      ...(leases && { withLease: (key, work, o) => this.#withLease(process, key, work, o?.signal) }),
    }
  }

  set(process: Process, key: string, tokens: StoredTokens, ttlMs: number): boolean {
    const entry = this.#live(key)
    if (!this.#blindWrites && entry && (entry.tokens === undefined || entry.tokens.version >= tokens.version)) {
      this.world.count('write refused')
      return false
    }
    this.#entries.set(key, { tokens: { ...tokens }, endsAt: this.world.now + ttlMs })
    this.onWrite(process, tokens.data)
    return true
  }

  delete(key: string, tombstoneMs: number): void {
    if (tombstoneMs > 0) this.#entries.set(key, { tokens: undefined, endsAt: this.world.now + tombstoneMs })
    else this.#entries.delete(key)
  }

  #live(key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    return entry && entry.endsAt > this.world.now ? entry : undefined
  }

  #call<T>(process: Process, effect: () => T): Promise<T> {
    const { world, trouble } = this
    const slow = trouble === 'slow' ? world.between(500, 6000) : 0
    if (trouble !== undefined) world.count(`store ${trouble}`)
    const away = () => new NetworkError('simulated: the store is away', { code: 'store_unavailable' })
    const there = world.latency() + slow
    const back = world.latency()
    if (trouble === 'silent') return world.random() < 0.5 ? never<T>() : process.call(there, 1e9, effect)
    return process.call(there, back, () => {
      if (trouble === 'refuses' || (this.trouble === 'refuses' && trouble !== 'answers lost')) throw away()
      const value = effect()
      if (trouble === 'answers lost' && world.random() < 0.7) throw away()
      return value
    })
  }

  /** Remembers when a process asked for what it knows of the record, once it has been answered. */
  #confirming<T>(process: Process, call: () => Promise<T>): Promise<T> {
    const asked = { own: process.clock.now(), world: this.world.now }
    const answer = call()
    const confirm = (value: T) => value !== false && value !== undefined && this.confirmed.set(process, asked)
    answer.then(confirm, () => {})
    return answer
  }

  async #withLease<T>(
    process: Process,
    key: string,
    work: (lease: Lease) => Promise<T>,
    waiting?: AbortSignal,
  ): Promise<T> {
    const { world } = this
    const holder = {}
    for (let pollMs = 20; ; pollMs = Math.min(250, pollMs * 2)) {
      if (waiting?.aborted) throw waiting.reason
      const acquired = this.#call(process, () => {
        const present = this.#leases.get(key)
        if (present && present.holder !== holder && present.endsAt > world.now) return false
        this.#leases.set(key, { holder, endsAt: world.now + LEASE_MS })
        return true
      })
      if (await orAborted(acquired, waiting)) break
      await orAborted(process.sleep(pollMs), waiting)
    }
    const controller = new AbortController()
    const lost = () => {
      const present = this.#leases.get(key)
      if (!controller.signal.aborted && (present?.holder !== holder || world.now >= present.endsAt)) {
        world.count('lease lost')
        controller.abort()
      }
      return controller.signal.aborted
    }
    let stop = () => {}
    const renewLater = (ms: number) => {
      stop = process.timer(ms, () => {
        const present = this.#leases.get(key)
        if (lost() || !present) return
        const away = this.trouble === 'refuses' || this.trouble === 'silent'
        if (!away) present.endsAt = world.now + LEASE_MS
        renewLater(away ? 500 : RENEWAL_MS)
      })
    }
    if (!this.#noRenewals) renewLater(RENEWAL_MS)
    try {
      return await work({
        get signal() {
          lost()
          return controller.signal
        },
      })
    } finally {
      stop()
      const release = this.#call(process, () => {
        if (this.#leases.get(key)?.holder === holder) this.#leases.delete(key)
      })
      await Promise.race([release.catch(() => {}), process.sleep(250)])
    }
  }
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal?.reason)
    if (signal?.aborted) abort()
    signal?.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal?.removeEventListener('abort', abort))
  })
}
