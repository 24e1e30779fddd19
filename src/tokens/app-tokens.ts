import { randomUUID } from 'node:crypto'
import type { TokenSet } from '../client/answers.ts'
import { NetworkError } from '../ilert/errors.ts'
import { Administration } from './administration.ts'
import { Endings, unreadable } from './endings.ts'
import { GrantEvents } from './events.ts'
import { issued, UNREADABLE } from './grant.ts'
import type { Keeper } from './keeper.ts'
import { type Found, Keepers } from './keepers.ts'
import type { ResolvedKeeping } from './keeping.ts'
import { Revocations } from './revocations.ts'
import { type SessionMarks, SessionRecords } from './session-records.ts'
import { NOT_CONNECTED, type TokenStatus } from './status.ts'
import { copyTokens } from './token-set.ts'
import { Vault } from './vault.ts'

/** A grant that ended while its tokens were waited for may have a successor, which may end as well: how often to go on. */
const MOST_ENDS = 3

interface SaveOptions {
  ttlMs?: number
  /** The key was made for these tokens, so nothing can be there that would have to be read first. */
  isNew?: boolean
  /** The ilert user's id. */
  account?: string
}

/**
 * The tokens of one app: the grants that this process has at hand, those in the store, and their ends. For this package;
 * apps have `TokenManager`, which shows a part of it.
 */
export class AppTokens {
  /** Sessions whose tokens are under an app's own key. */
  readonly sessions: SessionRecords
  /** What happens to the grants. */
  readonly events: GrantEvents = new GrantEvents()
  /** What is done to many grants. */
  readonly administration: Administration
  readonly #keeping: ResolvedKeeping
  readonly #vault: Vault
  readonly #keepers: Keepers
  readonly #revocations: Revocations
  readonly #endings: Endings

  constructor(keeping: ResolvedKeeping) {
    const { client, store, sealer, settings, clock, after, random, timeoutMs, cachedGrants } = keeping
    const { events } = this
    const vault = new Vault(store, sealer, after, clock)
    const revocations = new Revocations({ client, after, random })
    const discard = (tokens: Readonly<TokenSet>) => this.discard(tokens)
    const revokeAtIlert = (refreshToken: string) => revocations.revoke(refreshToken)
    const beforeClosing = (work: Promise<void>) => revocations.beforeClosing(work)
    const refresh = (refreshToken: string) => client.refresh(refreshToken)
    const time = { clock, after, random, timeoutMs }
    const keepers = new Keepers({ vault, settings, ...time, events, refresh, discard, beforeClosing, cachedGrants })
    this.#keeping = keeping
    this.#vault = vault
    this.#revocations = revocations
    this.#keepers = keepers
    this.#endings = new Endings({ vault, clock, keepers, events, discard, revokeAtIlert })
    const sessions = new SessionRecords(vault, clock)
    this.sessions = sessions
    this.administration = new Administration({ vault, clock, after, keepers, sessions, events, settings, client })
  }

  /**
   * Keeps tokens under a key, in the place of those that are there.
   *
   * @throws TypeError if the refresh token is kept under another key already
   */
  async save(key: string, tokens: TokenSet, o: SaveOptions = {}): Promise<void> {
    if ((this.keyOf(tokens) ?? key) !== key) {
      throw new TypeError('tokens: this refresh token is kept under another key already. Use that key, or tokenKey.')
    }
    this.#keepers.claim(key, tokens)
    try {
      await this.#replace(key, copyTokens(tokens), o)
    } catch (error) {
      this.#keepers.unclaim(key, tokens)
      throw error
    }
  }

  async #replace(key: string, tokens: TokenSet, { isNew, ...o }: SaveOptions): Promise<void> {
    const now = this.#keeping.clock.now()
    const id = randomUUID()
    for (let tries = 0; tries < 4; tries++) {
      const looks = tries > 0 || !isNew
      const before = looks ? await this.#vault.read(key) : undefined
      if (before === UNREADABLE) throw unreadable()
      const grant = issued(before, { id, tokens, ...o }, now)
      const begunAt = this.#keeping.clock.now()
      if (await this.#vault.write(key, grant, now, !looks)) {
        this.#keepers.keep(key, grant, begunAt)
        if (before) this.discard(before.tokens)
        return
      }
      // A tombstone that an earlier grant left: a new sign-in replaces it.
      if (before === undefined && (await this.#vault.read(key)) === undefined) await this.#vault.remove(key)
    }
    throw new NetworkError('The token store keeps refusing the tokens. Try again.', { code: 'store_unavailable' })
  }

  /** What is known of the tokens under a key. */
  async status(key: string): Promise<TokenStatus> {
    const { keeper } = await this.find(key)
    await keeper?.confirm()
    // Another process may have ended it, or the same user may have granted anew.
    return (keeper?.removed ? this.peek(key) : keeper)?.status ?? NOT_CONNECTED
  }

  /** Ends the grant under a key, here, in the store and at ilert. */
  revoke(key: string): Promise<void> {
    return this.#endings.revoke(key)
  }

  /** Ends a grant that nothing refers to any more. */
  abandon(key: string): Promise<void> {
    return this.#endings.abandon(key)
  }

  /**
   * Ends a session that lives for `sessionMs` after each request, and remembers that. Tokens under a key of the app's stay:
   * what ends then is the session's own record.
   */
  async signOut(session: SessionMarks & { key: string; shared?: true }, sessionMs: number): Promise<void> {
    const key = session.shared ? session.mark : session.key
    if (key === undefined) return
    this.sessions.end(key)
    await this.#endings.signOut(key, this.sessions.endMs(session, sessionMs))
  }

  /** Ends a session's grant because the same ilert user has granted anew, under another key. */
  supersede(
    former: SessionMarks & { key: string },
    successor: { key: string; account: string },
    sessionMs: number,
  ): Promise<void> {
    return this.#endings.supersede(former.key, successor, this.sessions.endMs(former, sessionMs))
  }

  /** Waits for refreshes and revocations under way, each of which is bounded, and ends the connections to ilert. */
  async close(): Promise<void> {
    this.#revocations.stop()
    await this.#keepers.settle()
    await this.#revocations.close()
    if (this.#keeping.ownsClient) await this.#keeping.client.close()
  }

  /** Refreshes because ilert's API took the access token no more. Resolves to whether there is another. */
  async refused(key: string, accessToken: string): Promise<boolean> {
    const { keeper } = await this.find(key)
    return (await keeper?.refreshRefused(accessToken)) ?? false
  }

  /** The grant under a key, or its successor, if this process has it at hand. No I/O. */
  peek(key: string): Keeper | undefined {
    return this.#keepers.peek(key)
  }

  /** The same, from the store if this process does not have it at hand. */
  async find(key: string): Promise<Found> {
    const keeper = this.peek(key)
    return keeper ? { keeper } : await this.#keepers.find(key)
  }

  /** The key under which this process knows these tokens to be kept. */
  keyOf(tokens: Readonly<TokenSet>): string | undefined {
    return this.#keepers.keyOf(tokens)
  }

  /** Revokes tokens that nobody keeps, in the background. */
  discard(tokens: Readonly<TokenSet>): void {
    if (tokens.refreshToken === undefined || this.keyOf(tokens) !== undefined) return
    void this.#revocations.revoke(tokens.refreshToken)
  }

  /**
   * Fresh tokens of the grant under a key, or of its successor; undefined if there is none.
   *
   * @param atHand the grant, if the caller has it already
   */
  async freshTokens(key: string, atHand?: Keeper): Promise<Readonly<TokenSet> | undefined> {
    for (let ends = 1; ; ends++) {
      const keeper = ends === 1 && atHand?.removed === false ? atHand : (await this.find(key)).keeper
      if (!keeper) return undefined
      try {
        const tokens = await keeper.freshTokens()
        // What has turned up under a successor's key may be another user's by now.
        if (keeper.key === key || this.peek(key) === keeper) return tokens
        if (ends === MOST_ENDS) return undefined
      } catch (error) {
        if (!keeper.removed || ends === MOST_ENDS) throw error
      }
    }
  }
}
