import { randomUUID } from 'node:crypto'
import type { TokenSet } from '../client/answers.ts'
import type { Clock } from '../client/connection.ts'
import { NetworkError } from '../ilert/errors.ts'
import { compareAge, type Grant, sameTokens, UNREADABLE } from './grant.ts'
import { freshness } from './policy.ts'
import { elapsed } from './time.ts'
import type { Vault } from './vault.ts'

/**
 * A record that vanished from its store without a tombstone (a Redis that restarted empty), or fell back to an older one,
 * is written again by a process that saw it not longer ago than this. An hour would not do: that is an access token's
 * life, after which somebody who was away comes back. Tombstones live for a day.
 */
const RESTORE_WITHIN_MS = 23 * 3_600_000

/** For so long after a refresh was begun nobody else begins one: as long as a dead process may block others. */
const CLAIM_MS = 15_000

/** Clocks of two processes differ by less than a day. A time further ahead is from before a clock was set back, and counts as now. */
const MOST_SKEW_MS = 86_400_000

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
      // It may have lost a refresh elsewhere too, or not have taken one that is held there: ilert's refusal is not final.
      const version = Math.max(this.#grant.version, (stored?.version ?? 0) + 1)
      const restored = { lostAt: now, version }
      const mayRestore = elapsed(this.#seenAt, now) < RESTORE_WITHIN_MS
      if (mayRestore && (await this.#write({ ...this.#grant, ...restored }, now))) {
        this.#grant = { ...this.#grant, ...restored }
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
    const { asking, ...grant } = this.#grant
    const now = clock.now()
    const by = randomUUID()
    const claimed = { ...grant, version: grant.version + 1, asking: { at: now, by } }
    // A claim that is still there tells that its answer was lost, or is on its way: ilert may give it as late as now.
    if (asking && asking.by !== this.#spentClaim) claimed.lostAt = later(now, asking.at)
    this.#claim = by
    if (!(await this.#write(claimed, now))) return undefined
    this.#known(claimed)
    return claimed
  }

  /**
   * When ilert may last have answered a refresh of the present tokens without anybody hearing of it: as late as now where
   * somebody else is asking. It may be a little ahead, in the time of a process whose clock is.
   */
  lostAt(now: number): number | undefined {
    const { asking, lostAt } = this.#grant
    if (asking && asking.by !== this.#claim) return later(now, asking.at)
    return lostAt !== undefined && lostAt > now ? later(now, lostAt) : lostAt
  }

  /** A claim brought no tokens, no answer to it was lost, and it stays in the store. */
  leaveClaim({ asking }: Grant): void {
    this.#spentClaim = asking?.by
  }

  /** Writes down that a claim brought no tokens, and when an answer was lost, if one was. */
  async unclaim({ asking, ...claimed }: Grant, lostAt: number | undefined = claimed.lostAt): Promise<void> {
    const grant = { ...claimed, version: claimed.version + 1, ...(lostAt !== undefined && { lostAt }) }
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
        if (this.#removed) this.#parts.discard(held.grant.tokens)
        else this.#adopt(held.grant)
        return
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
        return stored === UNREADABLE ? this.remove() : this.#adopt(stored)
      }
      if (tries === WRITE_TRIES)
        throw new NetworkError('The token store keeps refusing a write.', { code: 'store_unavailable' })
      held.grant = { ...held.grant, ...this.#stillAsking(held.grant, stored), version: stored.version + 1 }
    }
  }

  /** What is known of others who are asking with a refresh token that goes on: they may still get an answer. */
  #stillAsking(next: Grant, { asking, lostAt, tokens }: Grant): Partial<Grant> {
    if (tokens.refreshToken !== next.tokens.refreshToken) return {}
    return { ...(asking && asking.by !== this.#claim && { asking }), ...(lostAt !== undefined && { lostAt }) }
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
    const later = { ttlMs, endsAt: now + ttlMs }
    if (await vault.touch(this.key, ttlMs)) {
      this.#grant = { ...this.#grant, ...later }
      return
    }
    // A store without touch: the same tokens again. In the way of a refresh this is seen for what it is.
    const grant = { ...this.#grant, ...later, version: this.#grant.version + 1 }
    if (await this.#write(grant, now)) this.#known(grant)
  }
}

/** Now, or a later time that another process has seen on its clock. */
function later(now: number, time: number): number {
  return time > now && time - now < MOST_SKEW_MS ? time : now
}
