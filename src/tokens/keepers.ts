import type { TokenSet } from '../client/answers.ts'
import { type Ending, type Grant, UNREADABLE } from './grant.ts'
import { Keeper, type KeeperParts } from './keeper.ts'
import { LRUMap } from './lru-map.ts'

/** Grants in this process's memory. One that is pushed out is read from the store when it is needed again. */
const CACHED_GRANTS = 10_000

/** How many times a grant's successor may have a successor: a session sees that few sign-ins in its life. */
const MOST_SUCCESSORS = 16

/** What is known of the grant under a key. Without a keeper and an end there is nothing that can be read. */
export interface Found {
  readonly keeper?: Keeper
  readonly end?: Ending
}

/** Where the same ilert user's tokens are now. */
interface Successor {
  readonly key: string
  readonly account: string | undefined
}

interface KeepersParts extends Omit<KeeperParts, 'onBusy' | 'onTokens' | 'onEnd'> {
  /** Has `close()` wait for some work. */
  readonly beforeClosing: (work: Promise<void>) => Promise<void>
  readonly cachedGrants?: number | undefined
}

/** The grants that this process has at hand, and whose refresh tokens they are. */
export class Keepers {
  readonly #parts: KeeperParts
  readonly #beforeClosing: KeepersParts['beforeClosing']
  readonly #cache: LRUMap<Keeper>
  /** Keepers that must not be forgotten, whatever the cache pushes out. */
  readonly #busy = new Map<string, Keeper>()
  /** The keys under which this process knows refresh tokens to be kept. */
  readonly #owners = new Map<string, string>()
  readonly #loading = new Map<string, Promise<Found>>()
  readonly #successors = new LRUMap<Successor>({ max: CACHED_GRANTS })

  constructor({ beforeClosing, cachedGrants = CACHED_GRANTS, ...parts }: KeepersParts) {
    this.#beforeClosing = beforeClosing
    this.#cache = new LRUMap({ max: cachedGrants, dispose: (keeper) => this.#disown(keeper) })
    this.#parts = {
      ...parts,
      onBusy: (keeper) => this.#setBusy(keeper),
      onTokens: (keeper, before) => this.#setOwner(keeper, before),
      onEnd: (key, end) => this.#onEnd(key, end),
    }
  }

  /** The grant under a key, if this process has it at hand. No I/O. */
  at(key: string): Keeper | undefined {
    const keeper = this.#cache.get(key) ?? this.#busy.get(key)
    return keeper?.removed ? undefined : keeper
  }

  /** The same, or the grant that has taken its place. */
  peek(key: string): Keeper | undefined {
    let keeper = this.at(key)
    for (let hops = 0; !keeper && hops < MOST_SUCCESSORS; hops++) {
      const successor = this.#successors.get(key)
      if (!successor) return undefined
      key = successor.key
      keeper = this.at(key)
      if (keeper && !isOf(keeper, successor)) return undefined
    }
    return keeper
  }

  /** What the store has under a key, or what has taken its place. To be called if there is nothing to `peek` at. */
  async find(key: string): Promise<Found> {
    let found = await this.#load(key)
    for (let hops = 0; hops < MOST_SUCCESSORS; hops++) {
      const successor = this.#successors.get(key)
      if (found.keeper || found.end?.successor === undefined || !successor) return found
      key = successor.key
      const next = await this.#atOrLoaded(key)
      if (next.keeper && !isOf(next.keeper, successor)) return { end: found.end }
      found = next
    }
    return found
  }

  /** Keeps a grant that was just written, or read. @param readAt when that began */
  keep(key: string, grant: Grant, readAt: number): Keeper {
    const keeper = new Keeper(key, grant, this.#parts, readAt)
    const replaced = this.at(key)
    if (replaced?.busy) void this.#beforeClosing(replaced.settle())
    this.#loading.delete(key)
    this.#successors.delete(key)
    this.#busy.delete(key)
    this.#cache.set(key, keeper)
    this.#setOwner(keeper)
    return keeper
  }

  /** Ends what this process has at hand of a grant. */
  forget(key: string, successor?: Successor): Keeper | undefined {
    const keeper = this.at(key)
    if (successor) this.#successors.set(key, successor)
    keeper?.remove()
    this.#cache.delete(key)
    this.#loading.delete(key)
    return keeper
  }

  /** Makes last attempts to store what is held. */
  async settle(): Promise<void> {
    await Promise.all([...this.#busy.values()].map((keeper) => keeper.settle()))
  }

  // Whose a refresh token is ------------------------------------------------------------------------------------------

  /** The key under which this process knows these tokens to be kept. */
  keyOf({ refreshToken }: Readonly<TokenSet>): string | undefined {
    return refreshToken === undefined ? undefined : this.#owners.get(refreshToken)
  }

  /** Says whose a refresh token will be, before it is stored: another save of it must not come between. */
  claim(key: string, { refreshToken }: Readonly<TokenSet>): void {
    if (refreshToken !== undefined) this.#owners.set(refreshToken, key)
  }

  /** The tokens were not stored. Those that are kept under the key may have the same refresh token. */
  unclaim(key: string, { refreshToken }: Readonly<TokenSet>): void {
    if (refreshToken !== undefined && this.at(key)?.grant.tokens.refreshToken !== refreshToken) {
      this.#owners.delete(refreshToken)
    }
  }

  // Inside ------------------------------------------------------------------------------------------------------------

  async #atOrLoaded(key: string): Promise<Found> {
    const keeper = this.at(key)
    return keeper ? { keeper } : await this.#load(key)
  }

  #load(key: string): Promise<Found> {
    const underWay = this.#loading.get(key)
    if (underWay) return underWay
    const isCurrent = () => this.#loading.get(key) === loading
    const loading: Promise<Found> = this.#read(key, isCurrent).finally(() => {
      if (isCurrent()) this.#loading.delete(key)
    })
    this.#loading.set(key, loading)
    return loading
  }

  async #read(key: string, isCurrent: () => boolean): Promise<Found> {
    const { clock, vault } = this.#parts
    const readAt = clock.now()
    const grant = await vault.read(key)
    // What was saved or revoked here meanwhile is newer than what was read.
    if (!isCurrent()) {
      const keeper = this.at(key)
      return keeper ? { keeper } : {}
    }
    if (grant === undefined || grant === UNREADABLE) return {}
    return grant.ended ? { end: this.#ended(key, grant) } : { keeper: this.keep(key, grant, readAt) }
  }

  /** Remembers the successor of a grant that has ended. */
  #ended(key: string, { account, ended }: Grant): Ending {
    const end = typeof ended === 'object' ? ended : {}
    if (end.successor !== undefined) this.#successors.set(key, { key: end.successor, account })
    return end
  }

  /** Has the successor at hand before the grant is gone: the session that holds it is connected all the time. */
  async #onEnd(key: string, end: Grant): Promise<void> {
    const { successor } = this.#ended(key, end)
    if (successor !== undefined) await this.#atOrLoaded(successor).catch(() => {}) // the next request tries again
  }

  #setOwner(keeper: Keeper, before?: Readonly<TokenSet>): void {
    if (before?.refreshToken !== undefined) this.#owners.delete(before.refreshToken)
    const { refreshToken } = keeper.grant.tokens
    const known = this.#cache.peek(keeper.key) === keeper || this.#busy.get(keeper.key) === keeper
    if (refreshToken !== undefined && known) this.#owners.set(refreshToken, keeper.key)
  }

  #disown(keeper: Keeper): void {
    const { refreshToken } = keeper.grant.tokens
    const current = this.#cache.peek(keeper.key)
    // One that was replaced has the tokens that it was replaced with.
    if (current !== keeper && current?.grant.tokens.refreshToken === refreshToken) return
    if (refreshToken !== undefined && this.#busy.get(keeper.key) !== keeper) this.#owners.delete(refreshToken)
  }

  #setBusy(keeper: Keeper): void {
    const current = this.#busy.get(keeper.key)
    if (keeper.busy) this.#busy.set(keeper.key, keeper)
    else if (current === keeper) {
      this.#busy.delete(keeper.key)
      // Pushed out of the cache meanwhile, or ended.
      if (this.#cache.peek(keeper.key) !== keeper) this.#disown(keeper)
    }
  }
}

/** A key may hold another ilert user's tokens by now: different users never share. */
function isOf({ grant }: Keeper, { account }: Successor): boolean {
  return account !== undefined && grant.account === account
}
