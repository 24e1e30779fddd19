import { randomUUID } from 'node:crypto'
import type { TokenSet } from '../client/answers.ts'
import type { Clock } from '../client/connection.ts'
import { NetworkError } from '../ilert/errors.ts'
import { compareAge, sameTokens } from './compare.ts'
import { claimed, claimReleased, type Grant, lastLostAt, refreshedAfter, UNREADABLE } from './grant.ts'
import type { GrantRecord } from './record.ts'
import { type After, elapsed } from './time.ts'
import { CLAIM_MS, MAKE_SURE_AFTER_MS } from './timing.ts'
import type { Vault } from './vault.ts'

/** How often a write is tried again because something else was written meanwhile. */
const WRITE_TRIES = 10

interface RefreshWritesParts {
  readonly vault: Vault
  readonly clock: Clock
  readonly after: After
  /** Milliseconds that a call to ilert may take. */
  readonly timeoutMs: number
  /** Revokes tokens that nobody will keep. Never throws. */
  readonly discard: (tokens: Readonly<TokenSet>) => void
  /** Called when tokens that were held are stored. */
  readonly onStored: (grant: Grant) => void
}

/** What the refreshes of one grant write: a claim before ilert is asked, and then its release, or the next tokens. */
export class RefreshWrites {
  readonly #record: GrantRecord
  readonly #parts: RefreshWritesParts
  /** Tells the last claim made here from those of other processes. */
  #claim: string | undefined
  /** The last claim made here that has come to nothing, and that no answer was lost of. It may still be in the store. */
  #spentClaim: string | undefined
  /** Tokens that ilert has issued and the store has not taken yet. Nobody may use them before it has. */
  #held: Grant | undefined

  constructor(record: GrantRecord, parts: RefreshWritesParts) {
    this.#record = record
    this.#parts = parts
  }

  // Claims ------------------------------------------------------------------------------------------------------------

  /** For how long another process may still be refreshing: it has written that it began, and nothing since. */
  othersTurnMs(): number {
    const { asking } = this.#record.grant
    if (!asking || asking.by === this.#claim) return 0
    return Math.max(0, CLAIM_MS - elapsed(asking.at, this.#parts.clock.now()))
  }

  /**
   * Writes down that ilert is about to be asked: should the process die, or its lease get lost, others must know that
   * ilert may have answered. Resolves to undefined if another process has written meanwhile.
   */
  async claim(): Promise<Grant | undefined> {
    const by = randomUUID()
    const { clock, timeoutMs } = this.#parts
    const o = { spentClaim: this.#spentClaim, timeoutMs }
    const claim = claimed(this.#record.grant, { at: clock.now(), by }, o)
    this.#claim = by
    if (!(await this.#record.write(claim))) return undefined
    this.#record.adoptVersion(claim)
    return claim
  }

  /** Whether a claim is still there. */
  async claimStands({ asking }: Grant): Promise<boolean> {
    await this.#record.read()
    return !this.#record.removed && this.#record.grant.asking?.by === asking?.by
  }

  /** When ilert may last have given an answer that no process has read. */
  lostAt(now: number): number | undefined {
    return lastLostAt(this.#record.grant, this.#claim, now)
  }

  /** A claim brought no tokens, no answer to it was lost, and it stays in the store. */
  leaveClaim({ asking }: Grant): void {
    this.#spentClaim = asking?.by
  }

  /** Writes down that a claim brought no tokens, and when an answer was lost, if one was. */
  async releaseClaim(claimed: Grant, lostAt?: number): Promise<void> {
    const grant = claimReleased(claimed, lostAt)
    if (await this.#record.write(grant)) this.#record.adoptVersion(grant)
  }

  // The next tokens ---------------------------------------------------------------------------------------------------

  /** Whether there are tokens that the store has not taken yet. */
  get holds(): boolean {
    return this.#held !== undefined
  }

  /** Keeps tokens until they are stored, in the place of those that they were refreshed from. */
  hold(refreshed: Grant): void {
    this.#held = refreshed
  }

  /** Writes what is held. Whatever is in its way is newer, another grant, or the grant's end. */
  async store(): Promise<void> {
    await this.#store()
    const { after, vault } = this.#parts
    if (!vault.mayBuryWrites) return
    for (const ms of MAKE_SURE_AFTER_MS) after(ms, () => this.#lookAgain())
  }

  /** What another process has put in the place of new tokens is replaced by them. */
  #lookAgain(): void {
    if (!this.#record.removed) this.#record.lookAgain(0)?.catch(() => {}) // the next request looks, too
  }

  async #store(): Promise<void> {
    const record = this.#record
    for (let tries = 0; this.#held; tries++) {
      if (record.removed) return this.discardHeld()
      const held = this.#held
      if (await record.write(held)) {
        this.#held = undefined
        // Ended while it was written: what ended it has removed, or will remove, the record.
        if (record.removed) return this.#parts.discard(held.tokens)
        record.adopt(held)
        return this.#parts.onStored(held)
      }
      const stored = await record.stored()
      if (!isOlder(stored, held)) return this.#giveWay(stored, held)
      if (tries === WRITE_TRIES)
        throw new NetworkError('The token store keeps refusing a write.', { code: 'store_unavailable' })
      const { clock, timeoutMs } = this.#parts
      this.#held = refreshedAfter(stored, held, { claim: this.#claim, timeoutMs }, clock.now())
    }
  }

  /** Uses from now on what is in the way of the held tokens, and counts more than they do. */
  #giveWay(stored: Grant | typeof UNREADABLE | undefined, held: Grant): void {
    const isEnd = stored === undefined || (stored !== UNREADABLE && stored.ended !== undefined)
    // The same tokens, if our own write was taken though its answer was lost; or those of a refresh beside ours. To revoke
    // ours might end the others.
    if (stored === UNREADABLE || (!isEnd && stored.id === held.id)) this.#held = undefined
    else this.discardHeld()
    if (stored === UNREADABLE || isEnd) this.#record.remove()
    else {
      this.#record.adopt(stored)
      if (sameTokens(held, stored)) this.#parts.onStored(stored)
    }
  }

  /** Revokes what is held: nobody will keep it. */
  discardHeld(): void {
    if (this.#held) this.#parts.discard(this.#held.tokens)
    this.#held = undefined
  }
}

function isOlder(stored: Grant | typeof UNREADABLE | undefined, held: Grant): stored is Grant {
  if (stored === undefined || stored === UNREADABLE || stored.ended) return false
  return stored.id === held.id && compareAge(stored, held) < 0
}
