import type { TokenSet } from '../client/answers.ts'
import type { Clock } from '../client/connection.ts'
import { type IlertError, NetworkError, OAuthError } from '../ilert/errors.ts'
import { sameTokens } from './compare.ts'
import { type Grant, refreshed } from './grant.ts'
import { lostUnseen, msUntilRefusalIsFinal } from './policy.ts'
import type { GrantRecord } from './record.ts'
import type { RefreshWrites } from './refresh-writes.ts'
import type { Lease } from './stores/store.ts'
import { type After, elapsed, waited } from './time.ts'
import { ASK_WITHIN_MS, CLAIM_SETTLES_MS, MOST_POLLS, POLL_MS, SECOND_LOOKS_MS } from './timing.ts'
import type { Vault } from './vault.ts'

/** How many claims may be too old when they are written, before the store counts as unavailable. */
const MOST_LATE_CLAIMS = 3

/** What a refresh works with. */
export interface RefreshParts {
  readonly vault: Vault
  readonly clock: Clock
  readonly after: After
  /** Milliseconds that a call to ilert may take. */
  readonly timeoutMs: number
  readonly refresh: (refreshToken: string) => Promise<TokenSet>
}

/** One refresh: from the wait for other processes to the stored tokens, or to the reason why there are none. */
export class Refresh {
  readonly #parts: RefreshParts
  readonly #record: GrantRecord
  readonly #writes: RefreshWrites
  readonly #isNeeded: () => boolean
  /** Another process may be asking ilert, and our claim have overwritten its claim. */
  #mayHideAnother = false

  /** @param isNeeded whether it still is, by what is known of the grant */
  constructor(parts: RefreshParts, record: GrantRecord, writes: RefreshWrites, isNeeded: () => boolean) {
    this.#parts = parts
    this.#record = record
    this.#writes = writes
    this.#isNeeded = isNeeded
  }

  /**
   * Asks ilert, unless another process has done so already. Resolves to whether ilert has ended the grant.
   *
   * @throws IlertError for every other reason why there are no tokens
   */
  async run(lease: Lease | undefined): Promise<boolean> {
    const from = await this.#claim(lease)
    const refreshToken = from?.tokens.refreshToken
    if (from === undefined || refreshToken === undefined) return false
    const { clock, refresh, timeoutMs } = this.#parts
    const askedAt = clock.now()
    let tokens: TokenSet
    try {
      tokens = await refresh(refreshToken)
    } catch (error) {
      return await this.#isEnd(error as IlertError, from)
    }
    this.#writes.hold(refreshed(from, tokens, { askedAt, timeoutMs }, clock.now()))
    await this.#writes.store()
    return false
  }

  // Before ilert is asked ---------------------------------------------------------------------------------------------

  /** Makes sure that a refresh is still needed, and no other process's turn. Resolves to what it is to be a refresh of. */
  async #claim(lease: Lease | undefined): Promise<Grant | undefined> {
    const [record, writes] = [this.#record, this.#writes]
    for (let polls = 0, late = 0; polls < 2 * MOST_POLLS && late < MOST_LATE_CLAIMS; polls++) {
      const readAt = this.#parts.clock.now()
      await record.read()
      if (record.removed || !this.#isNeeded()) return undefined
      const waitMs = polls < MOST_POLLS ? writes.othersTurnMs() : 0
      if (waitMs > 0) {
        await waited(Math.min(waitMs, POLL_MS), this.#parts.after)
        continue
      }
      if (lease?.signal.aborted) break
      const claimed = await writes.claim()
      if (!claimed) continue
      if (record.removed) return undefined
      if (lease?.signal.aborted) await this.#release(claimed)
      else if (await this.#claimStands(claimed, readAt)) {
        if (elapsed(claimed.asking?.at ?? 0, this.#parts.clock.now()) < ASK_WITHIN_MS) return claimed
        writes.leaveClaim(claimed) // another process may have begun meanwhile
        late++
      }
    }
    throw new NetworkError('Others were in the way of this refresh. Try again.', { code: 'store_unavailable' })
  }

  /**
   * Where writes are compared and set a claim that was written is the only one.
   *
   * @param readAt when the read began that has found no other claim
   */
  async #claimStands(claimed: Grant, readAt: number): Promise<boolean> {
    const { clock, vault } = this.#parts
    if (!vault.mayBuryWrites) return true
    // By then a process that has claimed since may have found its claim, and gone on.
    this.#mayHideAnother ||= elapsed(readAt, clock.now()) >= CLAIM_SETTLES_MS
    await waited(CLAIM_SETTLES_MS, this.#parts.after)
    return await this.#writes.claimStands(claimed)
  }

  // When ilert gave no tokens -----------------------------------------------------------------------------------------

  /** Whether ilert has ended the grant. Throws what else went wrong, and returns false if there are tokens after all. */
  async #isEnd(error: IlertError, from: Grant): Promise<boolean> {
    const { vault } = this.#parts
    if (error.code === 'rate_limited') {
      if (await this.#secondLook(from, vault.mayBuryWrites).catch(() => false)) return false
      // Another process is asking, perhaps, and nothing must overwrite what it brings.
      if (vault.mayBuryWrites) this.#writes.leaveClaim(from)
      else await this.#release(from)
      throw error
    }
    if (error instanceof OAuthError && error.code === 'invalid_grant') return await this.#isFinal(from)
    const now = this.#parts.clock.now()
    await this.#release(from, mayHaveBeenAnswered(error) ? Math.max(now, this.#writes.lostAt(now) ?? now) : undefined)
    throw error
  }

  /** Whether ilert's `invalid_grant` is the end of the grant. */
  async #isFinal(from: Grant): Promise<boolean> {
    if (await this.#secondLook(from, !this.#parts.vault.hasLeases)) return false
    const now = this.#parts.clock.now()
    const known = this.#writes.lostAt(now)
    const lostAt = this.#mayHideAnother ? lostUnseen(known, from, now) : known
    await this.#release(from, lostAt)
    // It counts when ilert was asked: the answer may have been heard much later.
    const waitMs = msUntilRefusalIsFinal(from.asking?.at ?? now, lostAt, now)
    if (waitMs === undefined) return true
    const message = 'ilert refuses the refresh token, perhaps because an earlier answer was lost. Trying again later.'
    throw new NetworkError(message, { code: 'backing_off', retryAfterSeconds: Math.ceil(waitMs / 1000) })
  }

  /** If this cannot be written the claim stays, and says the same: ilert may have answered. */
  async #release(claimed: Grant, lostAt?: number): Promise<void> {
    await this.#writes.releaseClaim(claimed, lostAt).catch(() => {})
  }

  /** Whether another process's refresh explains the refusal of ours. Under a lease whatever there is is written already. */
  async #secondLook(from: Grant, mayBeUnderWay: boolean): Promise<boolean> {
    for (const ms of mayBeUnderWay ? SECOND_LOOKS_MS : [0]) {
      if (ms > 0) await waited(ms, this.#parts.after)
      await this.#record.read()
      if (this.#record.removed || !sameTokens(from, this.#record.grant)) return true
    }
    return false
  }
}

/** Everything but a call that certainly never reached ilert, and one that ilert said it would not serve. */
function mayHaveBeenAnswered(error: IlertError): boolean {
  const { code } = error
  if (code === 'response_too_large') return true
  return error instanceof NetworkError && code !== 'connection_failed' && code !== 'rate_limited'
}
