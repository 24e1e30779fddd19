import type { TokenSet } from '../client/answers.ts'
import { type TraceMessage, traced } from '../client/trace.ts'
import { type IlertError, NetworkError, OAuthError } from '../ilert/errors.ts'
import type { GrantEvents, RefreshReason } from './events.ts'
import type { Grant } from './grant.ts'
import {
  backOff,
  type Decision,
  decide,
  msUntilRefreshAllowed,
  type RefreshSettings,
  type Situation,
} from './policy.ts'
import type { GrantRecord } from './record.ts'
import { Refresh, type RefreshParts } from './refresh.ts'
import { RefreshWrites } from './refresh-writes.ts'
import type { RefreshFailure } from './status.ts'
import { CLAIM_MS } from './timing.ts'

/** What a refresher works with. */
export interface RefresherParts extends RefreshParts {
  readonly settings: RefreshSettings
  readonly random: () => number
  /** Revokes tokens that nobody will keep. Never throws. */
  readonly discard: (tokens: Readonly<TokenSet>) => void
  readonly events: GrantEvents
}

/** How the last refreshes went wrong. */
interface Trouble {
  readonly failures: number
  readonly failedAt: number
  readonly backOffMs: number
  /** Of the last error. */
  readonly code: string
}

const NO_TROUBLE: Trouble = { failures: 0, failedAt: 0, backOffMs: 0, code: '' }

/** When one grant is refreshed in this process: one refresh at a time, and none too soon after one that failed. */
export class Refresher {
  readonly #parts: RefresherParts
  readonly #record: GrantRecord
  readonly #writes: RefreshWrites
  readonly #onBusy: () => void
  #flight: Promise<void> | undefined
  #retrying = false
  #trouble: Trouble | undefined
  /** Why the refresh under way was begun, or the last one was. */
  #reason: RefreshReason = 'due'
  /** Whether that refresh has brought tokens, and they are stored. */
  #hasStored = false
  /** ilert refuses the present refresh token for good. A newer one that turns up after all lifts this. */
  #refused = false

  /** @param onBusy called when `busy` may have changed */
  constructor(record: GrantRecord, parts: RefresherParts, onBusy: () => void) {
    this.#record = record
    this.#parts = parts
    this.#onBusy = onBusy
    this.#writes = new RefreshWrites(record, { ...parts, onStored: (stored) => this.#onStored(stored) })
  }

  /** Whether something is under way, or held. */
  get busy(): boolean {
    return this.underWay || this.#writes.holds
  }

  get underWay(): boolean {
    return this.#flight !== undefined
  }

  /** What is known of the last failure. Its count is 0 if there is none. */
  get failure(): RefreshFailure {
    const { failedAt: at, failures: count, code } = this.#trouble ?? NO_TROUBLE
    return { at, count, code }
  }

  /** What every decision depends on. */
  get situation(): Situation {
    const { tokens, issuedAt, refreshedAt } = this.#record.grant
    const now = this.#parts.clock.now()
    return {
      now,
      issuedAt,
      expiresAt: tokens.expiresAt,
      refreshable:
        !this.#refused && tokens.refreshToken !== undefined && (tokens.refreshTokenExpiresAt ?? Infinity) > now,
      refreshedAt,
      ...this.#trouble,
    }
  }

  decide(): Decision {
    return decide(this.situation, this.#parts.settings)
  }

  /** Whether a refresh may be tried though the present token is not due for one. */
  get isAllowed(): boolean {
    const { situation } = this
    return situation.refreshable && msUntilRefreshAllowed(situation, this.#parts.settings) === 0
  }

  /** One at a time. @param refused an access token that ilert's API does not take, though it has not expired */
  refresh(refused?: string): Promise<void> {
    if (this.#flight) return this.#flight
    const flight = this.#run(refused).finally(() => {
      this.#flight = undefined
      this.#onBusy()
    })
    this.#flight = flight
    this.#onBusy()
    return flight
  }

  /** What goes wrong is remembered, and the next request decides anew. */
  refreshInBackground(): void {
    this.refresh().catch(() => {})
  }

  /** Other tokens have turned up: whatever went wrong concerns them no more. */
  reset(): void {
    const { failures: count, code } = this.#trouble ?? NO_TROUBLE
    this.#trouble = undefined
    this.#refused = false
    const { events } = this.#parts
    const { key, grant } = this.#record
    events.goesOn(grant)
    if (count > 0) events.emit('recovered', key, grant, { count, code })
  }

  /** The grant has ended. What a refresh under way brings is revoked. */
  stop(): void {
    if (this.#flight) return
    this.#writes.discardHeld()
    this.#onBusy()
  }

  /** Resolves when nothing is under way. Makes a last attempt to store what is held. */
  async settle(): Promise<void> {
    await this.#flight?.catch(() => {})
    if (this.#writes.holds) await this.refresh().catch(() => {})
  }

  #run(refused: string | undefined): Promise<void> {
    const { tokens } = this.#record.grant
    this.#reason = this.#whyNow(refused)
    this.#hasStored = false
    return traced('renewal', { reason: this.#reason }, async (message) => {
      try {
        await this.#storeOrRenew(refused)
      } catch (error) {
        throw this.#failed(error as IlertError)
      }
      message.outcome = this.#outcomeSince(tokens)
    })
  }

  async #storeOrRenew(refused: string | undefined): Promise<void> {
    const { timeoutMs, vault } = this.#parts
    if (this.#writes.holds) return await this.#writes.store()
    const refresh = new Refresh(this.#parts, this.#record, this.#writes, () => this.#isNeeded(refused))
    await vault.alone(this.#record.key, CLAIM_MS + timeoutMs, async (lease) => {
      if (!(await refresh.run(lease))) return
      this.#refused = true
      this.#parts.events.ended(this.#record.key, this.#record.grant, 'ilert')
    })
  }

  #isNeeded(refused: string | undefined): boolean {
    const { action } = this.decide()
    if (action === 'use-and-refresh' || action === 'refresh') return true
    return this.#record.grant.tokens.accessToken === refused && this.isAllowed
  }

  #failed(error: IlertError): IlertError {
    const { clock, random } = this.#parts
    const failures = (this.#trouble?.failures ?? 0) + 1
    const retryAfterSeconds = error instanceof NetworkError ? error.retryAfterSeconds : undefined
    const backOffMs = backOff(failures, retryAfterSeconds, random())
    this.#trouble = { failures, failedAt: clock.now(), backOffMs, code: error.code }
    const failing = { reason: this.#reason, code: error.code, count: failures, retryAfterMs: backOffMs }
    this.#parts.events.emit('failing', this.#record.key, this.#record.grant, failing)
    if (this.#writes.holds) this.#storeLater(backOffMs)
    if (error instanceof OAuthError || error.code === 'response_too_large') {
      // 503, since nothing is wrong with the user: a client secret that was changed, say, or an answer that is too long.
      const message = `${error.message.replace(/\.$/, '')}. The sign-in is kept.`
      return new NetworkError(message, { code: 'refresh_refused', cause: error })
    }
    return error
  }

  #storeLater(ms: number): void {
    if (this.#retrying) return
    this.#retrying = true
    this.#parts.after(ms, () => {
      this.#retrying = false
      if (this.#writes.holds) this.refreshInBackground()
    })
  }

  // What listeners are told -----------------------------------------------------------------------------------------

  /** What ilert has ended was told then. */
  tellIfExpired(): void {
    const { now, expiresAt, refreshable } = this.situation
    if (this.#refused || refreshable || expiresAt > now) return
    this.#parts.events.ended(this.#record.key, this.#record.grant, 'expiry')
  }

  #whyNow(refused: string | undefined): RefreshReason {
    if (this.#writes.holds) return 'unstored'
    if (refused !== undefined) return 'refused'
    return this.decide().action === 'use-and-refresh' ? 'due' : 'expired'
  }

  #outcomeSince({ accessToken }: Readonly<TokenSet>): NonNullable<TraceMessage['outcome']> {
    if (this.#record.removed || this.#refused) return 'ended'
    if (this.#hasStored) return 'refreshed'
    return this.#record.grant.tokens.accessToken === accessToken ? 'unneeded' : 'elsewhere'
  }

  #onStored(grant: Grant): void {
    this.#hasStored = true
    const { expiresAt: accessTokenExpiresAt } = grant.tokens
    this.#parts.events.emit('refreshed', this.#record.key, grant, { reason: this.#reason, accessTokenExpiresAt })
  }
}
