import { randomUUID } from 'node:crypto'
import type { TokenSet } from '../client/answers.ts'
import type { Clock } from '../client/connection.ts'
import { NetworkError } from '../ilert/errors.ts'
import {
  claimed,
  claimReleased,
  compareAge,
  extended,
  type Grant,
  lastLostAt,
  refreshedAfter,
  restored,
  sameTokens,
  touched,
  UNREADABLE,
} from './grant.ts'
import { freshness } from './policy.ts'
import { elapsed } from './time.ts'
import { CLAIM_MS, RESTORE_WITHIN_MS } from './timing.ts'
import type { Vault } from './vault.ts'

/** How often a write is tried again because something else was written meanwhile. */
const WRITE_TRIES = 10

interface RecordParts {
  readonly vault: Vault
  readonly clock: Clock
  /** Revokes tokens that nobody will keep. Never throws. */
  readonly discard: (tokens: Readonly<TokenSet>) => void
  /** Called when other tokens than those `before` have turned up in the store. */
  readonly onTokens: (before: Readonly<TokenSet>) => void
  /** Called when the store says that the grant has ended, and waited for before it ends here. */
  readonly onEnd: (end: Grant) => Promise<void>
  /** Called when tokens that were held are stored. */
  readonly onStored?: (grant: Grant) => void
}

/** One grant's record: what this process knows of it, and each way in which it changes in the store. */
export class GrantRecord {
  readonly key: string
  readonly #parts: RecordParts
  #grant: Grant
  /** When the store last confirmed the grant. */
  #seenAt: number
  #lookedAt: number
  /** When the last read began that the store has answered: what was ended before is known here. */
  #confirmedAt: number
  #look: Promise<void> | undefined
  #confirming: Promise<void> | undefined
  #removed = false
  #extending = false
  /** Tokens that ilert has issued and the store has not taken yet. Nobody may use them before it has. */
  #held: { readonly from: Grant; grant: Grant } | undefined
  /** Tells the last claim made here from those of others. */
  #claim: string | undefined
  /** The last claim made here that has come to nothing, and that no answer was lost of. It may still be in the store. */
  #spentClaim: string | undefined

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

  /** Whether there are tokens that the store has not taken yet. */
  get holds(): boolean {
    return this.#held !== undefined
  }

  remove(): void {
    this.#removed = true
  }

  // Reading -----------------------------------------------------------------------------------------------------------

  /** Takes over what the store has. */
  async read(): Promise<void> {
    const { clock } = this.#parts
    const before = this.#grant
    for (const lastTry of [false, true]) {
      const stored = await this.#stored()
      // Read before another grant took this one's place here, and of no interest now.
      if (this.#grant.id !== before.id) return
      const now = clock.now()
      this.#lookedAt = now
      if (stored === UNREADABLE) return this.remove()
      if (stored?.ended) {
        await this.#parts.onEnd(stored)
        return this.remove()
      }
      const age = stored && (compareAge(stored, this.#grant) || stored.version - this.#grant.version)
      if (stored && age !== undefined && (stored.id !== this.#grant.id || age > 0)) return this.#adopt(stored)
      if (age === 0) {
        this.#seenAt = now
        this.#claimedInStore(stored?.asking)
        return
      }
      // The store has lost what was in it. Refused where there is a tombstone, or where somebody else was quicker.
      const again = restored(this.#grant, stored, now)
      if (elapsed(this.#seenAt, now) < RESTORE_WITHIN_MS && (await this.#write(again, now))) {
        this.#grant = again
        return
      }
      if (stored) return
      if (lastTry) this.remove()
    }
  }

  /**
   * Reads, unless it was read less than `ms` ago; then there is nothing to wait for, not even a promise: every request
   * passes here. All who ask while it is read share that.
   */
  lookAgain(ms: number): Promise<void> | undefined {
    if (!this.#look && elapsed(this.#lookedAt, this.#parts.clock.now()) < ms) return undefined
    return this.#lookNow()
  }

  /**
   * Sees to it that what is known is not too old: another process may have ended the grant. Returns a promise only if the
   * caller must wait for a read; it never rejects, and takes 1.5 s at most. Otherwise a read in the background may begin.
   */
  confirm(): Promise<void> | undefined {
    const { clock, vault } = this.#parts
    // Whoever tries whether the store is back is waited for, unless another read has been answered meanwhile.
    const failedAt = this.#confirming ? undefined : vault.failedAt
    const verdict = freshness(this.#confirmedAt, failedAt, clock.now())
    if (verdict === 'use') return undefined
    if (verdict === 'wait-for-read' && this.#confirming) return this.#confirming
    const look = this.#lookNow()
    if (verdict === 'read-in-background') {
      look.catch(() => {}) // the vault remembers it
      return undefined
    }
    this.#confirming = vault.patiently(look).finally(() => {
      this.#confirming = undefined
    })
    return this.#confirming
  }

  #lookNow(): Promise<void> {
    if (!this.#look) {
      this.#lookedAt = this.#parts.clock.now()
      this.#look = this.read().finally(() => {
        this.#look = undefined
      })
    }
    return this.#look
  }

  async #stored(): Promise<Grant | typeof UNREADABLE | undefined> {
    const begunAt = this.#parts.clock.now()
    const stored = await this.#parts.vault.read(this.key)
    // Nothing there may be a tombstone, or a store that has lost it: a write will tell.
    // An end confirms nothing: requests wait until it has been carried out here.
    if (stored === UNREADABLE || (stored && !stored.ended)) this.#confirmedAt = begunAt
    return stored
  }

  /** A write that the store has taken says as well that nobody had ended the grant by then. */
  async #write(grant: Grant, now: number): Promise<boolean> {
    const begunAt = this.#parts.clock.now()
    if (!(await this.#parts.vault.write(this.key, grant, now))) return false
    this.#confirmedAt = begunAt
    return true
  }

  #adopt(grant: Grant): void {
    const before = this.#grant
    this.#grant = grant
    this.#seenAt = this.#lookedAt = this.#parts.clock.now()
    if (!sameTokens(before, grant)) this.#parts.onTokens(before.tokens)
  }

  // Claims ------------------------------------------------------------------------------------------------------------

  /** For how long somebody else may still be refreshing: they have written that they began, and nothing since. */
  othersTurnMs(): number {
    const { asking } = this.#grant
    if (!asking || asking.by === this.#claim) return 0
    return Math.max(0, CLAIM_MS - elapsed(asking.at, this.#parts.clock.now()))
  }

  /** Where a store does not compare and set, another process may have claimed the refresh in the same version. */
  #claimedInStore(asking: Grant['asking']): void {
    if (asking && asking.by !== this.#grant.asking?.by) this.#grant = { ...this.#grant, asking }
  }

  /** Whether a claim is still there. */
  async claimStands({ asking }: Grant): Promise<boolean> {
    await this.read()
    return !this.#removed && this.#grant.asking?.by === asking?.by
  }

  /**
   * Writes down that ilert is about to be asked: should the process die, or its lease get lost, others must know that
   * ilert may have answered. Resolves to undefined where somebody else has written meanwhile.
   */
  async claim(): Promise<Grant | undefined> {
    const { clock } = this.#parts
    const now = clock.now()
    const by = randomUUID()
    const claim = claimed(this.#grant, { at: now, by }, this.#spentClaim)
    this.#claim = by
    if (!(await this.#write(claim, now))) return undefined
    this.#known(claim)
    return claim
  }

  /** When ilert may last have given an answer that no process has read. */
  lostAt(now: number): number | undefined {
    return lastLostAt(this.#grant, this.#claim, now)
  }

  /** A claim brought no tokens, no answer to it was lost, and it stays in the store. */
  leaveClaim({ asking }: Grant): void {
    this.#spentClaim = asking?.by
  }

  /** Writes down that a claim brought no tokens, and when an answer was lost, if one was. */
  async unclaim(claimed: Grant, lostAt?: number): Promise<void> {
    const grant = claimReleased(claimed, lostAt)
    if (await this.#write(grant, this.#parts.clock.now())) this.#known(grant)
  }

  /** The same tokens in a newer version, unless something newer still is known by now. */
  #known(grant: Grant): void {
    if (grant.version > this.#grant.version) this.#grant = grant
  }

  // Landing -----------------------------------------------------------------------------------------------------------

  /** Keeps tokens until they have landed in the store, in the place of those that they were refreshed `from`. */
  hold(from: Grant, grant: Grant): void {
    this.#held = { from, grant }
  }

  /** Writes what is held. Whatever is in its way is newer, another grant, or the grant's end. */
  async land(): Promise<void> {
    const { clock } = this.#parts
    for (let tries = 0; this.#held; tries++) {
      if (this.#removed) return this.discardHeld()
      const held = this.#held
      if (await this.#write(held.grant, clock.now())) {
        this.#held = undefined
        // Ended while it was written: what ended it has removed, or will remove, the record.
        if (this.#removed) return this.#parts.discard(held.grant.tokens)
        this.#adopt(held.grant)
        return this.#parts.onStored?.(held.grant)
      }
      const stored = await this.#stored()
      if (stored === undefined || (stored !== UNREADABLE && stored.ended)) {
        this.remove()
        return this.discardHeld()
      }
      if (stored !== UNREADABLE && stored.id !== held.grant.id) {
        this.discardHeld()
        return this.#adopt(stored)
      }
      if (stored === UNREADABLE || compareAge(stored, held.grant) >= 0) {
        // The same tokens where our own write had landed though its answer was lost, or those of a refresh beside ours.
        // Ours are let go without revoking them: it might end the others.
        this.#held = undefined
        if (stored === UNREADABLE) return this.remove()
        this.#adopt(stored)
        return sameTokens(held.grant, stored) ? this.#parts.onStored?.(stored) : undefined
      }
      if (tries === WRITE_TRIES)
        throw new NetworkError('The token store keeps refusing a write.', { code: 'store_unavailable' })
      held.grant = refreshedAfter(stored, held.grant, this.#claim)
    }
  }

  /** Revokes what is held: nobody will keep it. */
  discardHeld(): void {
    if (this.#held) this.#parts.discard(this.#held.grant.tokens)
    this.#held = undefined
  }

  // Living on ---------------------------------------------------------------------------------------------------------

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
    if (await vault.touch(this.key, ttlMs)) {
      this.#grant = touched(this.#grant, ttlMs, now)
      return
    }
    // In the way of a refresh this is seen for what it is: the same tokens again.
    const grant = extended(this.#grant, ttlMs, now)
    if (await this.#write(grant, now)) this.#known(grant)
  }
}
