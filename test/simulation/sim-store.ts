/* A store that all simulated processes share: compare-and-set, tombstones, leases, and everything that goes wrong. */
import { NetworkError } from '../../src/ilert/errors.ts'
import type { KnowsMore, Lease, StoredTokens, TokenStore } from '../../src/tokens/stores/store.ts'
import { never, type Process, type World } from './world.ts'

export type StoreTrouble = 'refuses' | 'silent' | 'answers lost' | 'slow'

/**
 * What a store can do over processes: leases (Redis), compare and set alone, or neither, as the stores of express-session:
 * another process's write may fall between the look and the write of one.
 */
export type StoreKind = 'leases' | 'compare and set' | 'neither'

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
  /** What each process writes without compare and set: one write after the other. */
  readonly #lines = new Map<Process, Promise<unknown>>()

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
  view(process: Process, kind: StoreKind): TokenStore & Partial<KnowsMore> {
    if (kind === 'neither') return this.#racyView(process)
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
      ...(kind === 'leases' && { withLease: (key, work, o) => this.#withLease(process, key, work, o?.signal) }),
    }
  }

  /** Looks, and then writes. */
  #racyView(process: Process): TokenStore & Partial<KnowsMore> {
    const look = (key: string) =>
      this.#call(process, () => {
        const entry = this.#live(key)
        return entry && { ...entry }
      })
    const write = (key: string, entry: Entry) => this.#call(process, () => this.#overwrite(process, key, entry))
    const { world } = this
    return {
      comparesAndSets: false,
      get: (key) => this.#confirming(process, () => this.#call(process, () => this.peek(key))),
      set: (key, tokens, ttlMs) =>
        this.#confirming(process, () =>
          this.#inLine(process, async () => {
            const found = await look(key)
            if (found && (found.tokens === undefined || found.tokens.version >= tokens.version)) return false
            await write(key, { tokens: { ...tokens }, endsAt: world.now + ttlMs })
            return true
          }),
        ),
      touch: (key, ttlMs) =>
        this.#inLine(process, async () => {
          const found = await look(key)
          if (found?.tokens) await write(key, { tokens: found.tokens, endsAt: world.now + ttlMs })
        }),
      delete: (key, { tombstoneMs = 0 } = {}) =>
        this.#inLine(process, async () => {
          await look(key)
          await this.#call(process, () => this.delete(key, tombstoneMs))
        }),
    }
  }

  #inLine<T>(process: Process, work: () => Promise<T>): Promise<T> {
    const done = (this.#lines.get(process) ?? Promise.resolve()).then(work)
    this.#lines.set(
      process,
      Promise.race([done, process.sleep(5000)]).catch(() => {}),
    )
    return done
  }

  /** Replaces whatever is there by now. */
  #overwrite(process: Process, key: string, entry: Entry): void {
    const present = this.#live(key)
    const buried = present && (!present.tokens || present.tokens.version >= (entry.tokens?.version ?? 0))
    if (buried && present.tokens?.data !== entry.tokens?.data) this.world.count('written over by another process')
    this.#entries.set(key, entry)
    if (entry.tokens) this.onWrite(process, entry.tokens.data)
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
