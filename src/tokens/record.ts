import type { TokenSet } from '../client/answers.ts'
import type { Clock } from '../client/connection.ts'
import { compareWithStored, sameTokens } from './compare.ts'
import { extended, type Grant, restored, touched, UNREADABLE } from './grant.ts'
import { freshness } from './policy.ts'
import { elapsed } from './time.ts'
import { RESTORE_WITHIN_MS, STORE_TIMEOUT_MS } from './timing.ts'
import type { Vault } from './vault.ts'

interface RecordParts {
  readonly vault: Vault
  readonly clock: Clock
  /** Called when other tokens than those `before` have turned up in the store. */
  readonly onTokens: (before: Readonly<TokenSet>) => void
  /** Called when the store says that the grant has ended, and waited for before it ends here. */
  readonly onEnd: (end: Grant) => Promise<void>
}

/** A read of the store that is under way. */
interface Look {
  readonly begunAt: number
  readonly done: Promise<void>
  /** Those who wait for it, for a while. */
  confirming?: Promise<void> | undefined
}

/** One grant's record: what this process knows of it, and how old that is. What a refresh writes: refresh-writes.ts. */
export class GrantRecord {
  readonly key: string
  readonly #parts: RecordParts
  #grant: Grant
  /** When the store last confirmed the grant. */
  #seenAt: number
  #lookedAt: number
  /** When the last read began that the store has answered: what was ended before is known here. */
  #confirmedAt: number
  #look: Look | undefined
  #removed = false
  #extending = false

  /** @param readAt when the read began that has brought the grant; absent if it was written just now */
  constructor(key: string, grant: Grant, parts: RecordParts, readAt: number = parts.clock.now()) {
    this.key = key
    this.#parts = parts
    this.#grant = grant
    this.#seenAt = this.#lookedAt = parts.clock.now()
    this.#confirmedAt = readAt
  }

  /** What is known of the grant: the newest tokens that are stored. */
  get grant(): Grant {
    return this.#grant
  }

  /** Ended by the user or the app, here or elsewhere. For good. */
  get removed(): boolean {
    return this.#removed
  }

  remove(): void {
    this.#removed = true
  }

  // Reading -----------------------------------------------------------------------------------------------------------

  /** Uses from now on what the store has. */
  async read(): Promise<void> {
    const { clock } = this.#parts
    const { id } = this.#grant
    for (const lastTry of [false, true]) {
      const stored = await this.stored()
      // Read before another grant took this one's place here, and of no interest now.
      if (this.#grant.id !== id) return
      const now = clock.now()
      this.#lookedAt = now
      if (stored === UNREADABLE) return this.remove()
      if (stored?.ended) {
        await this.#parts.onEnd(stored)
        return this.remove()
      }
      const seen = compareWithStored(this.#grant, stored)
      if (stored && seen === 'newer') return this.adopt(stored)
      if (seen === 'same') return this.#seenAgain(stored?.asking, now)
      if (await this.#restore(stored, now)) return
      if (stored) return
      if (lastTry) this.remove()
    }
  }

  /** Where a store does not compare and set, another process may have claimed the refresh in the same version. */
  #seenAgain(asking: Grant['asking'], now: number): void {
    this.#seenAt = now
    if (asking && asking.by !== this.#grant.asking?.by) this.#grant = { ...this.#grant, asking }
  }

  /** Writes what the store has lost. Refused if there is a tombstone, or if another process was quicker. */
  async #restore(stored: Grant | undefined, now: number): Promise<boolean> {
    if (elapsed(this.#seenAt, now) >= RESTORE_WITHIN_MS) return false
    const again = restored(this.#grant, stored, now)
    if (!(await this.write(again))) return false
    this.#grant = again
    return true
  }

  /**
   * Reads, unless it was read less than `ms` ago; then there is nothing to wait for, not even a promise: every request
   * passes here. All who ask while it is read share that.
   */
  lookAgain(ms: number): Promise<void> | undefined {
    if (!this.#recentLook && elapsed(this.#lookedAt, this.#parts.clock.now()) < ms) return undefined
    return this.#lookNow().done
  }

  /**
   * Sees to it that what is known is not too old: another process may have ended the grant. Returns a promise only if the
   * caller must wait for a read; it never rejects, and takes 1.5 s at most. Otherwise a read in the background may begin.
   */
  confirm(): Promise<void> | undefined {
    const { clock, vault } = this.#parts
    const confirming = this.#recentLook?.confirming
    // The request that tries whether the store is back waits, unless another read has been answered meanwhile.
    const failedAt = confirming ? undefined : vault.failedAt
    const verdict = freshness(this.#confirmedAt, failedAt, clock.now())
    if (verdict === 'use') return undefined
    if (verdict === 'wait-for-read' && confirming) return confirming
    const look = this.#lookNow()
    if (verdict === 'read-in-background') {
      look.done.catch(() => {}) // the vault remembers it
      return undefined
    }
    look.confirming = vault.patiently(look.done).finally(() => {
      look.confirming = undefined
    })
    return look.confirming
  }

  /**
   * The read under way, for others to share. Not one that began so long ago that this process must have stood still since: the
   * store may have answered it before what others want to know had happened.
   */
  get #recentLook(): Look | undefined {
    const look = this.#look
    return look && elapsed(look.begunAt, this.#parts.clock.now()) <= STORE_TIMEOUT_MS ? look : undefined
  }

  #lookNow(): Look {
    const underWay = this.#recentLook
    if (underWay) return underWay
    const begunAt = this.#parts.clock.now()
    this.#lookedAt = begunAt
    const look: Look = {
      begunAt,
      done: this.read().finally(() => {
        if (this.#look === look) this.#look = undefined
      }),
    }
    this.#look = look
    return look
  }

  /** What is in the store. Changes nothing here. */
  async stored(): Promise<Grant | typeof UNREADABLE | undefined> {
    const begunAt = this.#parts.clock.now()
    const stored = await this.#parts.vault.read(this.key)
    // Nothing there may be a tombstone, or a store that has lost it: a write will tell.
    // An end confirms nothing: requests wait until it has been carried out here.
    if (stored === UNREADABLE || (stored && !stored.ended)) this.#confirmedAt = begunAt
    return stored
  }

  // Writing -----------------------------------------------------------------------------------------------------------

  /** A write that the store has taken says as well that nobody had ended the grant by then. */
  async write(grant: Grant): Promise<boolean> {
    const begunAt = this.#parts.clock.now()
    if (!(await this.#parts.vault.write(this.key, grant, begunAt))) return false
    this.#confirmedAt = begunAt
    return true
  }

  /** Uses from now on what was written or read. */
  adopt(grant: Grant): void {
    const before = this.#grant
    this.#grant = grant
    this.#seenAt = this.#lookedAt = this.#parts.clock.now()
    if (!sameTokens(before, grant)) this.#parts.onTokens(before.tokens)
  }

  /** Uses from now on the same tokens in a newer version, unless something newer still is known by now. */
  adoptVersion(grant: Grant): void {
    if (grant.version > this.#grant.version) this.#grant = grant
  }

  /**
   * Lets the record live for `ttlMs` more, once it is under half of that; there is nothing to be done until then, or while
   * it is being done. What fails the next request tries again.
   */
  extend(ttlMs: number): Promise<void> | undefined {
    const now = this.#parts.clock.now()
    const { ttlMs: lives, endsAt } = this.#grant
    if (lives === undefined || endsAt - now > ttlMs / 2 || this.#extending) return undefined
    this.#extending = true
    return this.#extend(ttlMs, now).finally(() => {
      this.#extending = false
    })
  }

  async #extend(ttlMs: number, now: number): Promise<void> {
    const { vault } = this.#parts
    if (await vault.touch(this.key, ttlMs, this.#grant.account)) {
      this.#grant = touched(this.#grant, ttlMs, now)
      return
    }
    // In the way of a refresh this is seen for what it is: the same tokens again.
    const grant = extended(this.#grant, ttlMs, now)
    if (await this.write(grant)) this.adoptVersion(grant)
  }
}
