import type { TokenSet } from '../client/answers.ts'
import type { Clock } from '../client/connection.ts'
import { type IlertError, NetworkError, OAuthError, ReauthenticationRequired } from '../ilert/errors.ts'
import type { GrantEvents, RefreshReason } from './events.ts'
import { type Grant, refreshed, sameTokens } from './grant.ts'
import {
  backOff,
  type Decision,
  decide,
  msUntilRefreshAllowed,
  type RefreshSettings,
  type Situation,
} from './policy.ts'
import { GrantRecord } from './record.ts'
import { NOT_CONNECTED, statusOf, type TokenStatus } from './status.ts'
import type { Lease } from './stores/store.ts'
import { type After, waited } from './time.ts'
import {
  CLAIM_MS,
  CLAIM_SETTLES_MS,
  LOOK_AGAIN_MS,
  MAKE_SURE_AFTER_MS,
  MOST_POLLS,
  POLL_MS,
  REFRESH_INTERVAL_MS,
  SECOND_LOOKS_MS,
} from './timing.ts'
import type { Vault } from './vault.ts'

/** What a keeper works with. */
export interface KeeperParts {
  readonly vault: Vault
  readonly settings: RefreshSettings
  readonly clock: Clock
  readonly after: After
  readonly random: () => number
  /** Milliseconds that a call to ilert may take. */
  readonly timeoutMs: number
  readonly refresh: (refreshToken: string) => Promise<TokenSet>
  /** Revokes tokens that nobody will keep. Never throws. */
  readonly discard: (tokens: Readonly<TokenSet>) => void
  readonly events: GrantEvents
  /** Called when `busy` may have changed. */
  readonly onBusy: (keeper: Keeper) => void
  /** Called when the keeper has come by other tokens than those it had `before`. */
  readonly onTokens: (keeper: Keeper, before: Readonly<TokenSet>) => void
  /** Called when the store says that the grant under a key has ended, and waited for before it ends here. */
  readonly onEnd: (key: string, end: Grant) => Promise<void>
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

/**
 * One grant in this process: what is known of it, and the one refresh of it that may be under way. What it does next is
 * decided by `policy.ts`; this class carries it out.
 */
export class Keeper {
  readonly #parts: KeeperParts
  readonly #record: GrantRecord
  #flight: Promise<void> | undefined
  #retrying = false
  #trouble: Trouble | undefined
  /** Why the refresh under way was begun, or the last one was. */
  #reason: RefreshReason = 'due'
  /** ilert refuses the present refresh token for good. A newer one that turns up after all lifts this. */
  #refused = false

  /** @param readAt when the read began that has brought the grant; absent if it was written just now */
  constructor(key: string, grant: Grant, parts: KeeperParts, readAt?: number) {
    const { vault, clock, discard } = parts
    this.#parts = parts
    const onTokens = (before: Readonly<TokenSet>) => this.#onTokens(before)
    const onEnd = (end: Grant) => parts.onEnd(key, end)
    const onStored = (stored: Grant) => this.#onStored(stored)
    this.#record = new GrantRecord(key, grant, { vault, clock, discard, onTokens, onEnd, onStored }, readAt)
  }

  get key(): string {
    return this.#record.key
  }

  /** What is known of the grant: the newest tokens that are stored. */
  get grant(): Grant {
    return this.#record.grant
  }

  /** Whether it must not be forgotten: something is under way, or held. */
  get busy(): boolean {
    return this.#flight !== undefined || this.#record.holds
  }

  /** Whether the grant was ended by the user or the app. */
  get removed(): boolean {
    return this.#record.removed
  }

  /** Whether good tokens are there or can be had. */
  get connected(): boolean {
    return !this.removed && this.#decide().action !== 'sign-in'
  }

  /** What is known of the grant, for people to look at. */
  get status(): TokenStatus {
    if (this.removed) return NOT_CONNECTED
    const { failedAt: at, failures: count, code } = this.#trouble ?? NO_TROUBLE
    return statusOf(this.grant, this.#situation(), this.#parts.settings, { at, count, code })
  }

  /**
   * The present tokens, after a refresh if they are not good for long enough.
   *
   * @throws NetworkError, ReauthenticationRequired
   */
  async freshTokens(): Promise<Readonly<TokenSet>> {
    let { action } = this.#decide()
    if (action === 'sign-in' || action === 'refresh') await this.#lookBeforeItIsOver(action)
    else await this.confirm()
    action = this.#decide().action
    this.#tellIfExpired()
    if (this.removed) throw new ReauthenticationRequired()
    if (action !== 'refresh') this.#startWhatIsDue(action)
    // After a stall, tokens may have expired before they are read: once more.
    for (let tries = 0; tries < 2 && action === 'refresh'; tries++) {
      await this.#refreshOrMakeDo()
      action = this.#decide().action
    }
    return this.#usableTokens()
  }

  /** Sees to it that what is known of the grant is not too old. Returns a promise only if the caller must wait for that. */
  confirm(): Promise<void> | undefined {
    return this.removed ? undefined : this.#record.confirm()
  }

  /**
   * What a request does for its grant on its way: starts what is due, and never waits for a refresh. Returns a promise only
   * if what is known of the grant is too old to be used; it never rejects.
   */
  attend(ttlMs: number): Promise<void> | undefined {
    const confirming = this.confirm()
    if (confirming) return confirming.then(() => this.#attendNow(ttlMs))
    this.#attendNow(ttlMs)
    return undefined
  }

  #attendNow(ttlMs: number): void {
    if (this.removed) return
    const { action } = this.#decide()
    // Without a window nothing is refreshed in the background: the platform may stop the process after each response.
    const whenUsed = action === 'refresh' && this.#parts.settings.windowMs === 0
    this.#startWhatIsDue(whenUsed ? 'use' : action)
    this.#record.extend(ttlMs)?.catch(ignore) // the next request tries again
    this.#tellIfExpired()
  }

  /**
   * Refreshes because ilert's API refused the access token before its time. Resolves to false where the rules allow no
   * refresh now.
   */
  async refreshRefused(accessToken: string): Promise<boolean> {
    if (this.grant.tokens.accessToken !== accessToken) return true
    if (this.removed || (this.#flight === undefined && !this.#mayRefresh())) return false
    await this.#refresh(accessToken)
    return this.grant.tokens.accessToken !== accessToken
  }

  /** Ends the grant in this process. What a refresh under way brings is revoked. */
  remove(): void {
    this.#record.remove()
    if (this.#flight) return
    this.#record.discardHeld()
    this.#parts.onBusy(this)
  }

  /** Resolves when nothing is under way. Makes a last attempt to store what is held. */
  async settle(): Promise<void> {
    await this.#flight?.catch(ignore)
    if (this.#record.holds) await this.#refresh().catch(ignore)
  }

  // What to do ------------------------------------------------------------------------------------------------------

  #situation(): Situation {
    const { tokens, issuedAt, refreshedAt } = this.grant
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

  #decide(): Decision {
    return decide(this.#situation(), this.#parts.settings)
  }

  /** Whether a refresh may be tried though the present token is not due for one. */
  #mayRefresh(): boolean {
    const situation = this.#situation()
    return situation.refreshable && msUntilRefreshAllowed(situation, this.#parts.settings) === 0
  }

  /** Somebody else may have come by other tokens long ago: then there is nothing to wait for, and nobody to sign out. */
  async #lookBeforeItIsOver(action: 'sign-in' | 'refresh'): Promise<void> {
    if (this.removed) return
    const look = this.#record.lookAgain(LOOK_AGAIN_MS)
    await (action === 'sign-in' ? look : look?.catch(ignore)) // the refresh looks again, and says what is wrong
  }

  #startWhatIsDue(action: Decision['action']): void {
    if (action === 'use-and-refresh' || action === 'refresh') this.#refreshBehind()
    else if (action !== 'use') this.#record.lookAgain(LOOK_AGAIN_MS)?.catch(ignore)
  }

  #usableTokens(): Readonly<TokenSet> {
    const { tokens } = this.grant
    if (this.removed) throw new ReauthenticationRequired()
    if (tokens.expiresAt > this.#parts.clock.now()) return tokens
    const decision = this.#decide()
    if (decision.action === 'sign-in') throw new ReauthenticationRequired()
    const waitMs = decision.action === 'unavailable' ? decision.retryAfterMs : 1000
    const retryAfterSeconds = Math.ceil(waitMs / 1000)
    throw new NetworkError(
      'The access token has expired and could not be refreshed: ilert or the token store is unavailable. Try again in ' +
        `${retryAfterSeconds} s.`,
      { code: 'backing_off', retryAfterSeconds },
    )
  }

  async #refreshOrMakeDo(): Promise<void> {
    try {
      await this.#refresh()
    } catch (error) {
      if (this.grant.tokens.expiresAt <= this.#parts.clock.now()) throw error
    }
  }

  #refreshBehind(): void {
    this.#refresh().catch(ignore) // what went wrong is in #trouble
  }

  // The refresh -----------------------------------------------------------------------------------------------------

  /** One at a time. @param refused an access token that ilert's API does not take, though its time is not over */
  #refresh(refused?: string): Promise<void> {
    if (this.#flight) return this.#flight
    const flight = this.#run(refused).finally(() => {
      this.#flight = undefined
      this.#parts.onBusy(this)
    })
    this.#flight = flight
    this.#parts.onBusy(this)
    return flight
  }

  async #run(refused: string | undefined): Promise<void> {
    this.#reason = this.#whyNow(refused)
    try {
      if (this.#record.holds) return await this.#land()
      const limitMs = CLAIM_MS + this.#parts.timeoutMs
      await this.#parts.vault.alone(this.key, limitMs, (lease) => this.#renew(lease, refused))
    } catch (error) {
      throw this.#failed(error as IlertError)
    }
  }

  /** Asks ilert, unless somebody else has done so already. */
  async #renew(lease: Lease | undefined, refused: string | undefined): Promise<void> {
    const from = await this.#claim(lease, refused)
    const refreshToken = from?.tokens.refreshToken
    if (from === undefined || refreshToken === undefined) return
    const { clock, refresh, timeoutMs } = this.#parts
    const askedAt = clock.now()
    let tokens: TokenSet
    try {
      tokens = await refresh(refreshToken)
    } catch (error) {
      await this.#notRefreshed(error as IlertError, from)
      return
    }
    this.#record.hold(from, refreshed(from, tokens, { askedAt, timeoutMs }, clock.now()))
    await this.#land()
  }

  async #land(): Promise<void> {
    await this.#record.land()
    if (!this.#parts.vault.mayBuryWrites) return
    for (const ms of MAKE_SURE_AFTER_MS) {
      this.#parts.after(ms, () => void (this.removed ? undefined : this.#record.lookAgain(0)?.catch(ignore)))
    }
  }

  /** Makes sure that a refresh is still needed and nobody else's turn. Resolves to what it is to be a refresh of. */
  async #claim(lease: Lease | undefined, refused: string | undefined): Promise<Grant | undefined> {
    for (let polls = 0; polls < 2 * MOST_POLLS; polls++) {
      await this.#record.read()
      if (this.removed || !this.#stillNeeded(refused)) return undefined
      const waitMs = polls < MOST_POLLS ? this.#record.othersTurnMs() : 0
      if (waitMs > 0) {
        await waited(Math.min(waitMs, POLL_MS), this.#parts.after)
        continue
      }
      if (lease?.signal.aborted) break
      const claimed = await this.#record.claim()
      if (!claimed) continue
      if (this.removed) return undefined
      if (lease?.signal.aborted) await this.#record.unclaim(claimed).catch(ignore)
      else if (await this.#claimStands(claimed)) return claimed
    }
    throw new NetworkError('Others were in the way of this refresh. Try again.', { code: 'store_unavailable' })
  }

  /** Where writes are compared and set a claim that was written is the only one. */
  async #claimStands(claimed: Grant): Promise<boolean> {
    if (!this.#parts.vault.mayBuryWrites) return true
    await waited(CLAIM_SETTLES_MS, this.#parts.after)
    return await this.#record.claimStands(claimed)
  }

  #stillNeeded(refused: string | undefined): boolean {
    const { action } = this.#decide()
    if (action === 'use-and-refresh' || action === 'refresh') return true
    return this.grant.tokens.accessToken === refused && this.#mayRefresh()
  }

  /** ilert gave no tokens: why not, and is it final? */
  async #notRefreshed(error: IlertError, from: Grant): Promise<void> {
    const { clock } = this.#parts
    // Where this cannot be written the claim stays, and says the same: ilert may have answered.
    const unclaim = (lostAt?: number) => this.#record.unclaim(from, lostAt).catch(ignore)
    if (error.code === 'rate_limited') {
      if (await this.#secondLook(from, this.#parts.vault.mayBuryWrites).catch(() => false)) return
      // Another process is asking, perhaps, and nothing must be written over what it brings.
      if (this.#parts.vault.mayBuryWrites) this.#record.leaveClaim(from)
      else await unclaim()
      throw error
    }
    if (!(error instanceof OAuthError) || error.code !== 'invalid_grant') {
      const now = clock.now()
      await unclaim(mayHaveBeenAnswered(error) ? Math.max(now, this.#record.lostAt(now) ?? now) : undefined)
      throw error
    }
    if (await this.#secondLook(from, !this.#parts.vault.hasLeases)) return
    const now = clock.now()
    const lostAt = this.#record.lostAt(now)
    await unclaim(lostAt)
    // Where it is ahead of this clock the time is counted anew: what is taken for final too early signs somebody out.
    const againAt = lostAt === undefined ? 0 : Math.min(lostAt, now) + REFRESH_INTERVAL_MS
    // It counts when ilert was asked: the answer may have been heard much later.
    if (Math.min(from.asking?.at ?? now, now) < againAt) {
      const message = 'ilert refuses the refresh token, perhaps because an earlier answer was lost. Trying again later.'
      const retryAfterSeconds = Math.max(0, Math.ceil((againAt - now) / 1000))
      throw new NetworkError(message, { code: 'backing_off', retryAfterSeconds })
    }
    this.#refused = true
    this.#parts.events.ended(this.key, this.grant, 'ilert')
  }

  /** Whether another process's refresh explains the refusal of ours. Under a lease whatever there is is written already. */
  async #secondLook(from: Grant, mayBeUnderWay: boolean): Promise<boolean> {
    for (const ms of mayBeUnderWay ? SECOND_LOOKS_MS : [0]) {
      if (ms > 0) await waited(ms, this.#parts.after)
      await this.#record.read()
      if (this.removed || !sameTokens(from, this.grant)) return true
    }
    return false
  }

  #failed(error: IlertError): IlertError {
    const { clock, random } = this.#parts
    const failures = (this.#trouble?.failures ?? 0) + 1
    const retryAfterSeconds = error instanceof NetworkError ? error.retryAfterSeconds : undefined
    const backOffMs = backOff(failures, retryAfterSeconds, random())
    this.#trouble = { failures, failedAt: clock.now(), backOffMs, code: error.code }
    const failing = { reason: this.#reason, code: error.code, count: failures, retryAfterMs: backOffMs }
    this.#parts.events.emit('failing', this.key, this.grant, failing)
    if (this.#record.holds) this.#landLater(backOffMs)
    if (error instanceof OAuthError || error.code === 'response_too_large') {
      // 503, since nothing is wrong with the user: a client secret that was changed, say, or an answer that is too long.
      const message = `${error.message.replace(/\.$/, '')}. The sign-in is kept.`
      return new NetworkError(message, { code: 'refresh_refused', cause: error })
    }
    return error
  }

  #landLater(ms: number): void {
    if (this.#retrying) return
    this.#retrying = true
    this.#parts.after(ms, () => {
      this.#retrying = false
      if (this.#record.holds) this.#refreshBehind()
    })
  }

  #onTokens(before: Readonly<TokenSet>): void {
    const { failures: count, code } = this.#trouble ?? NO_TROUBLE
    this.#trouble = undefined
    this.#refused = false
    this.#parts.onTokens(this, before)
    const { events } = this.#parts
    events.goesOn(this.grant)
    if (count > 0) events.emit('recovered', this.key, this.grant, { count, code })
  }

  // What listeners are told -----------------------------------------------------------------------------------------

  #whyNow(refused: string | undefined): RefreshReason {
    if (this.#record.holds) return 'unstored'
    if (refused !== undefined) return 'refused'
    return this.#decide().action === 'use-and-refresh' ? 'due' : 'expired'
  }

  #onStored(grant: Grant): void {
    const { expiresAt: accessTokenExpiresAt } = grant.tokens
    this.#parts.events.emit('refreshed', this.key, grant, { reason: this.#reason, accessTokenExpiresAt })
  }

  /** What ilert has ended was told then. */
  #tellIfExpired(): void {
    const { now, expiresAt, refreshable } = this.#situation()
    if (this.#refused || refreshable || expiresAt > now) return
    this.#parts.events.ended(this.key, this.grant, 'expiry')
  }
}

/** Everything but a call that certainly never reached ilert, and one that ilert said it would not serve. */
function mayHaveBeenAnswered(error: IlertError): boolean {
  const { code } = error
  if (code === 'response_too_large') return true
  return error instanceof NetworkError && code !== 'connection_failed' && code !== 'rate_limited'
}

/** For work behind a request: its failure is kept in the keeper's state, and the next request decides anew. */
function ignore(): void {}
