import type { TokenSet } from '../client/answers.ts'
import { NetworkError, ReauthenticationRequired } from '../ilert/errors.ts'
import type { Grant } from './grant.ts'
import type { Decision } from './policy.ts'
import { GrantRecord } from './record.ts'
import { Refresher, type RefresherParts } from './refresher.ts'
import { NOT_CONNECTED, statusOf, type TokenStatus } from './status.ts'
import { LOOK_AGAIN_MS } from './timing.ts'

/** What a keeper works with. */
export interface KeeperParts extends RefresherParts {
  /** Called when `busy` may have changed. */
  readonly onBusy: (keeper: Keeper) => void
  /** Called when the keeper has come by other tokens than those it had `before`. */
  readonly onTokens: (keeper: Keeper, before: Readonly<TokenSet>) => void
  /** Called when the store says that the grant under a key has ended, and waited for before it ends here. */
  readonly onEnd: (key: string, end: Grant) => Promise<void>
}

/**
 * One grant in this process: what requests ask of it. Whether its tokens are used or refreshed is decided by `policy.ts`;
 * this class carries it out.
 */
export class Keeper {
  readonly #parts: KeeperParts
  readonly #record: GrantRecord
  readonly #refresher: Refresher

  /** @param readAt when the read began that has brought the grant; absent if it was written just now */
  constructor(key: string, grant: Grant, parts: KeeperParts, readAt?: number) {
    const { vault, clock } = parts
    this.#parts = parts
    const onTokens = (before: Readonly<TokenSet>) => {
      parts.onTokens(this, before)
      this.#refresher.reset()
    }
    const onEnd = (end: Grant) => parts.onEnd(key, end)
    this.#record = new GrantRecord(key, grant, { vault, clock, onTokens, onEnd }, readAt)
    this.#refresher = new Refresher(this.#record, parts, () => parts.onBusy(this))
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
    return this.#refresher.busy
  }

  /** Whether the grant was ended by the user or the app. */
  get removed(): boolean {
    return this.#record.removed
  }

  /** Whether good tokens are there or can be had. */
  get connected(): boolean {
    return !this.removed && this.#refresher.decide().action !== 'sign-in'
  }

  /** What is known of the grant, for people to look at. */
  get status(): TokenStatus {
    if (this.removed) return NOT_CONNECTED
    const { situation, failure } = this.#refresher
    return statusOf(this.grant, situation, this.#parts.settings, failure)
  }

  /**
   * The present tokens, after a refresh if they are not good for long enough.
   *
   * @throws NetworkError, ReauthenticationRequired
   */
  async freshTokens(): Promise<Readonly<TokenSet>> {
    const known = this.#refresher.decide().action
    if (known === 'sign-in' || known === 'refresh') await this.#lookBeforeItIsOver(known)
    else await this.confirm()
    this.#refresher.tellIfExpired()
    if (this.removed) throw new ReauthenticationRequired()
    const { action } = this.#refresher.decide()
    if (action !== 'refresh') this.#startWhatIsDue(action)
    else {
      await this.#refreshOrMakeDo()
      // The tokens of an answer that was read after a stall may have expired by then.
      if (this.#refresher.decide().action === 'refresh') await this.#refreshOrMakeDo()
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
    const { action } = this.#refresher.decide()
    // Without a window nothing is refreshed in the background: the platform may stop the process after each response.
    const whenUsed = action === 'refresh' && this.#parts.settings.windowMs === 0
    this.#startWhatIsDue(whenUsed ? 'use' : action)
    this.#record.extend(ttlMs)?.catch(ignore) // the next request tries again
    this.#refresher.tellIfExpired()
  }

  /**
   * Refreshes because ilert's API refused the access token before its time. Resolves to false where the rules allow no
   * refresh now.
   */
  async refreshRefused(accessToken: string): Promise<boolean> {
    if (this.grant.tokens.accessToken !== accessToken) return true
    if (this.removed || (!this.#refresher.underWay && !this.#refresher.isAllowed)) return false
    await this.#refresher.refresh(accessToken)
    return this.grant.tokens.accessToken !== accessToken
  }

  /** Ends the grant in this process. What a refresh under way brings is revoked. */
  remove(): void {
    this.#record.remove()
    this.#refresher.stop()
  }

  /** Resolves when nothing is under way. Makes a last attempt to store what is held. */
  settle(): Promise<void> {
    return this.#refresher.settle()
  }

  // What to do ------------------------------------------------------------------------------------------------------

  /** Another process may have stored other tokens long ago: then there is nothing to wait for, nobody to sign out. */
  async #lookBeforeItIsOver(action: 'sign-in' | 'refresh'): Promise<void> {
    if (this.removed) return
    const look = this.#record.lookAgain(LOOK_AGAIN_MS)
    await (action === 'sign-in' ? look : look?.catch(ignore)) // the refresh looks again, and says what is wrong
  }

  #startWhatIsDue(action: Decision['action']): void {
    if (action === 'use-and-refresh' || action === 'refresh') this.#refresher.refreshInBackground()
    else if (action !== 'use') this.#record.lookAgain(LOOK_AGAIN_MS)?.catch(ignore)
  }

  #usableTokens(): Readonly<TokenSet> {
    const { tokens } = this.grant
    if (this.removed) throw new ReauthenticationRequired()
    if (tokens.expiresAt > this.#parts.clock.now()) return tokens
    const decision = this.#refresher.decide()
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
      await this.#refresher.refresh()
    } catch (error) {
      if (this.grant.tokens.expiresAt <= this.#parts.clock.now()) throw error
    }
  }
}

/** For work in the background: its failure is remembered, and the next request decides anew. */
function ignore(): void {}
