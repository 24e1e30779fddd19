import type { TokenSet } from '../client/answers.ts'
import type { Clock } from '../client/connection.ts'
import { type IlertError, NetworkError, OAuthError, ReauthenticationRequired } from '../ilert/errors.ts'
import { REFRESH_INTERVAL_SECONDS } from '../ilert/limits.ts'
import { type Grant, sameTokens, UNREADABLE, writtenAt } from './grant.ts'
import {
  backOff,
  type Decision,
  decide,
  msUntilRefreshAllowed,
  type RefreshSettings,
  type Situation,
} from './policy.ts'
import type { Lease } from './store.ts'
import type { Sleep } from './time.ts'
import type { Vault } from './vault.ts'

/** A cached grant is looked up again this often, behind a request. */
const LOOK_AGAIN_MS = 60_000

/** A grant that seems to be over is looked up again before anybody is told, but not more often than this. */
const LOOK_AGAIN_WHEN_OVER_MS = 1000

/**
 * A record that vanished from its store without a tombstone (a Redis that restarted empty) is written again by a process
 * that saw it not longer ago than this. Tombstones live longer.
 */
const RESTORE_WITHIN_MS = 3_600_000

/** Without a lease, another process may still be writing what made ilert refuse ours: when to look again. */
const SECOND_LOOKS_MS = [0, 250, 650, 1100]

/** The longest that a lease outlives its holder. */
const LEASE_LIMIT_MS = 15_000

/** What a keeper works with. */
export interface KeeperParts {
  readonly vault: Vault
  readonly settings: RefreshSettings
  readonly clock: Clock
  readonly sleep: Sleep
  readonly random: () => number
  /** Milliseconds that a call to ilert may take. */
  readonly timeoutMs: number
  readonly refresh: (refreshToken: string) => Promise<TokenSet>
  /** Revokes tokens that nobody will keep. Never throws. */
  readonly discard: (tokens: Readonly<TokenSet>) => void
  /** Called when `busy` may have changed. */
  readonly onBusy: (keeper: Keeper) => void
  /** Called when the keeper has come by other tokens than those it had `before`. */
  readonly onTokens: (keeper: Keeper, before: Readonly<TokenSet>) => void
}

/** How the last refreshes went wrong. */
interface Trouble {
  readonly failures: number
  readonly failedAt: number
  readonly backOffMs: number
}

/**
 * One grant in this process: what is known of it, and the one refresh of it that may be under way. What it does next is
 * decided by `policy.ts`; this class carries it out.
 */
export class Keeper {
  readonly key: string
  readonly #parts: KeeperParts
  #grant: Grant
  /** When the store last confirmed the grant. */
  #seenAt: number
  #lookedAt: number
  #flight: Promise<void> | undefined
  #look: Promise<void> | undefined
  #trouble: Trouble | undefined
  /** An answer to a refresh of the present tokens was lost at that time. */
  #lostAt: number | undefined
  /** ilert refuses the present refresh token for good. A newer one that turns up after all lifts this. */
  #refused = false
  /** Ended by the user or the app, here or elsewhere. For good. */
  #removed = false
  /** Tokens that ilert has issued and the store has not taken yet. Nobody may use them before it has. */
  #held: { readonly from: Grant; grant: Grant } | undefined

  constructor(key: string, grant: Grant, parts: KeeperParts) {
    this.key = key
    this.#parts = parts
    this.#grant = grant
    this.#seenAt = this.#lookedAt = parts.clock.now()
  }

  /** What is known of the grant: the newest tokens that are stored. */
  get grant(): Grant {
    return this.#grant
  }

  /** Whether it must not be forgotten: something is under way, or held. */
  get busy(): boolean {
    return this.#flight !== undefined || this.#held !== undefined
  }

  /** Whether the grant was ended by the user or the app. */
  get removed(): boolean {
    return this.#removed
  }

  /** Whether good tokens are there or can be had. */
  get connected(): boolean {
    return !this.#removed && this.#decide().action !== 'sign-in'
  }

  /**
   * The present tokens, after a refresh if they are not good for long enough.
   *
   * @throws NetworkError, ReauthenticationRequired
   */
  async freshTokens(): Promise<Readonly<TokenSet>> {
    if (!this.#removed && this.#decide().action === 'sign-in') await this.#lookOnceMore()
    if (this.#removed) throw new ReauthenticationRequired()
    const decision = this.#decide()
    if (decision.action === 'use-and-refresh') this.#refreshBehind()
    if (decision.action === 'refresh') await this.#refreshOrMakeDo()
    return this.#usableTokens()
  }

  /** What a request does for its grant on its way: starts what is due, and waits for nothing. */
  attend(ttlMs?: number): void {
    if (this.#removed) return
    const now = this.#parts.clock.now()
    const { action } = this.#decide()
    if (action === 'use-and-refresh' || action === 'refresh') this.#refreshBehind()
    else if (elapsed(this.#lookedAt, now) >= LOOK_AGAIN_MS) this.#lookOnce().catch(ignore)
    if (ttlMs !== undefined && this.#grant.ttlMs !== undefined) this.#extend(ttlMs, now)
  }

  /**
   * Refreshes because ilert's API refused the access token before its time. Resolves to false where the rules allow no
   * refresh now.
   */
  async refreshRefused(accessToken: string): Promise<boolean> {
    if (this.#grant.tokens.accessToken !== accessToken) return true
    const situation = this.#situation()
    if (this.#removed || !situation.refreshable) return false
    if (this.#flight === undefined && msUntilRefreshAllowed(situation, this.#parts.settings) > 0) return false
    await this.#refresh(accessToken)
    return this.#grant.tokens.accessToken !== accessToken
  }

  /** Ends the grant in this process. What a refresh under way brings is revoked. */
  remove(): void {
    this.#removed = true
  }

  /** Resolves when nothing is under way. Makes a last attempt to store what is held. */
  async settle(): Promise<void> {
    await this.#flight?.catch(ignore)
    if (this.#held) await this.#refresh().catch(ignore)
  }

  // What to do ------------------------------------------------------------------------------------------------------

  #situation(): Situation {
    const { tokens, issuedAt, refreshedAt } = this.#grant
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

  #usableTokens(): Readonly<TokenSet> {
    const { tokens } = this.#grant
    if (this.#removed) throw new ReauthenticationRequired()
    if (tokens.expiresAt > this.#parts.clock.now()) return tokens
    const decision = this.#decide()
    if (decision.action === 'sign-in') throw new ReauthenticationRequired()
    const waitMs = decision.action === 'unavailable' ? decision.retryAfterMs : 1000
    throw new NetworkError('The ilert token is over, and ilert or the token store was away a moment ago.', {
      code: 'backing_off',
      retryAfterSeconds: Math.ceil(waitMs / 1000),
    })
  }

  async #refreshOrMakeDo(): Promise<void> {
    try {
      await this.#refresh()
    } catch (error) {
      if (this.#grant.tokens.expiresAt <= this.#parts.clock.now()) throw error
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
    try {
      if (this.#held) return await this.#land()
      const limitMs = LEASE_LIMIT_MS + this.#parts.timeoutMs
      await this.#parts.vault.alone(this.key, limitMs, (lease) => this.#renew(lease, refused))
    } catch (error) {
      throw this.#failed(error as IlertError)
    }
  }

  /** Asks ilert, unless somebody else has done so already. */
  async #renew(lease: Lease | undefined, refused: string | undefined): Promise<void> {
    await this.#readStore()
    if (this.#removed || !this.#stillNeeded(refused)) return
    const from = this.#grant
    const { refreshToken } = from.tokens
    if (refreshToken === undefined) return
    if (lease?.signal.aborted) throw new NetworkError('The lease was lost. Try again.', { code: 'store_unavailable' })
    const { clock, refresh } = this.#parts
    const issuedAt = clock.now()
    let tokens: TokenSet
    try {
      tokens = await refresh(refreshToken)
    } catch (error) {
      await this.#notRefreshed(error as IlertError, from, refreshToken)
      return
    }
    const { scope } = tokens
    const { refreshTokenExpiresAt } = from.tokens
    const next: TokenSet = {
      // RFC 6749, section 6: without a new refresh token the old one goes on; and section 5.1: so does the scope.
      ...(tokens.refreshToken === undefined && {
        refreshToken,
        ...(refreshTokenExpiresAt && { refreshTokenExpiresAt }),
      }),
      ...tokens,
      scope: scope.length > 0 ? scope : from.tokens.scope,
    }
    const now = clock.now()
    const grant = writtenAt(now, { ...from, version: from.version + 1, tokens: next, issuedAt, refreshedAt: now })
    this.#held = { from, grant }
    await this.#land()
  }

  #stillNeeded(refused: string | undefined): boolean {
    const { action } = this.#decide()
    if (action === 'use-and-refresh' || action === 'refresh') return true
    const { tokens } = this.#grant
    return tokens.accessToken === refused && msUntilRefreshAllowed(this.#situation(), this.#parts.settings) === 0
  }

  /** ilert gave no tokens: why not, and is it final? */
  async #notRefreshed(error: IlertError, from: Grant, refreshToken: string): Promise<void> {
    const { clock, vault } = this.#parts
    if (error instanceof NetworkError) {
      if (mayHaveBeenAnswered(error)) {
        this.#lostAt = clock.now()
        await vault.noteLostAnswer(refreshToken, this.#lostAt).catch(ignore) // other processes then know less
      }
      throw error
    }
    if (!(error instanceof OAuthError) || error.code !== 'invalid_grant') throw error
    if (await this.#secondLook(from)) return
    const lostAt = this.#lostAt ?? (await vault.lostAnswerAt(refreshToken))
    const waitMs = lostAt === undefined ? 0 : REFRESH_INTERVAL_SECONDS * 1000 - elapsed(lostAt, clock.now())
    if (waitMs > 0) {
      const message = 'ilert refuses the refresh token, perhaps because an earlier answer was lost. Trying again later.'
      throw new NetworkError(message, { code: 'backing_off', retryAfterSeconds: Math.ceil(waitMs / 1000) })
    }
    this.#refused = true
  }

  /** Whether somebody else's refresh explains the refusal of ours. Under a lease whatever there is is written already. */
  async #secondLook(from: Grant): Promise<boolean> {
    for (const ms of this.#parts.vault.hasLeases ? [0] : SECOND_LOOKS_MS) {
      if (ms > 0) await this.#parts.sleep(ms)
      await this.#readStore()
      if (this.#removed || this.#grant.version > from.version) return true
    }
    return false
  }

  /** Writes what is held. Whatever is in its way is newer, another grant, or the grant's end. */
  async #land(): Promise<void> {
    const { clock, vault } = this.#parts
    while (this.#held) {
      const held = this.#held
      if (this.#removed) return this.#discardHeld()
      if (await vault.write(this.key, held.grant, clock.now())) {
        this.#held = undefined
        // Ended while it was written: what ended it has removed, or will remove, the record.
        if (this.#removed) this.#parts.discard(held.grant.tokens)
        else this.#adopt(held.grant)
        return
      }
      const stored = await vault.read(this.key)
      if (stored === undefined || stored === UNREADABLE || stored.ended) {
        this.#removed = true
        return this.#discardHeld()
      }
      if (stored.id !== held.grant.id) {
        this.#discardHeld()
        return this.#adopt(stored)
      }
      if (!sameTokens(held.from, stored)) {
        // The same tokens where our own write had landed though its answer was lost, or those of a refresh beside ours.
        // Ours are let go without revoking them: it might end the others.
        this.#held = undefined
        return this.#adopt(stored)
      }
      held.grant = { ...held.grant, version: stored.version + 1 }
    }
  }

  #discardHeld(): void {
    if (this.#held) this.#parts.discard(this.#held.grant.tokens)
    this.#held = undefined
  }

  #failed(error: IlertError): IlertError {
    const { clock, random, sleep } = this.#parts
    const failures = (this.#trouble?.failures ?? 0) + 1
    const retryAfterSeconds = error instanceof NetworkError ? error.retryAfterSeconds : undefined
    const backOffMs = backOff(failures, retryAfterSeconds, random())
    this.#trouble = { failures, failedAt: clock.now(), backOffMs }
    if (this.#held) void sleep(backOffMs).then(() => this.#refreshBehind())
    if (error instanceof OAuthError) {
      // 503, since nothing is wrong with the user: a client secret that was changed, say.
      return new NetworkError(`${error.message}. The sign-in is kept.`, { code: 'refresh_refused', cause: error })
    }
    return error
  }

  // The store -------------------------------------------------------------------------------------------------------

  /** Takes over what the store has. */
  async #readStore(): Promise<void> {
    const { clock, vault } = this.#parts
    const stored = await vault.read(this.key)
    const now = clock.now()
    this.#lookedAt = now
    if (stored === undefined) {
      const restored = elapsed(this.#seenAt, now) < RESTORE_WITHIN_MS && (await vault.write(this.key, this.#grant, now))
      if (!restored) this.#removed = true
    } else if (stored === UNREADABLE || stored.ended) {
      this.#removed = true
    } else if (stored.id !== this.#grant.id || stored.version > this.#grant.version) {
      this.#adopt(stored)
    } else {
      this.#seenAt = now
    }
  }

  #adopt(grant: Grant): void {
    const before = this.#grant.tokens
    this.#grant = grant
    this.#parts.onTokens(this, before)
    this.#seenAt = this.#lookedAt = this.#parts.clock.now()
    this.#trouble = undefined
    this.#lostAt = undefined
    this.#refused = false
  }

  #lookOnce(): Promise<void> {
    this.#lookedAt = this.#parts.clock.now()
    this.#look ??= this.#readStore().finally(() => {
      this.#look = undefined
    })
    return this.#look
  }

  async #lookOnceMore(): Promise<void> {
    if (elapsed(this.#lookedAt, this.#parts.clock.now()) < LOOK_AGAIN_WHEN_OVER_MS && !this.#look) return
    await this.#lookOnce()
  }

  /** Keeps the record alive as long as its session, which lives on with each request. */
  #extend(ttlMs: number, now: number): void {
    const { vault } = this.#parts
    if (this.#grant.endsAt - now > ttlMs / 2) return
    this.#grant = { ...this.#grant, ttlMs, endsAt: now + ttlMs }
    const extend = async () => {
      if ((await vault.touch(this.key, ttlMs)) || this.busy) return
      // A store without touch: the same tokens again. In the way of a refresh elsewhere this is seen for what it is.
      const grant = { ...this.#grant, version: this.#grant.version + 1 }
      if ((await vault.write(this.key, grant, now)) && grant.version > this.#grant.version) this.#grant = grant
    }
    extend().catch(ignore) // the next request under half of the life, at the latest, tries again
  }
}

/** Time since `start`. A clock that has jumped back counts as very long ago. */
function elapsed(start: number, now: number): number {
  return now < start ? Infinity : now - start
}

/** Everything but a call that certainly never reached ilert, and one that ilert said it would not serve. */
function mayHaveBeenAnswered({ code }: NetworkError): boolean {
  return code !== 'connection_failed' && code !== 'rate_limited'
}

/** For work behind a request: its failure is kept in the keeper's state, and the next request decides anew. */
function ignore(): void {}
