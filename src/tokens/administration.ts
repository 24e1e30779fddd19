/*
 * What is done to many grants: they are listed, and ended.
 */
import type { IlertClient } from '../client/client.ts'
import type { Clock } from '../client/connection.ts'
import { abortable } from '../client/send.ts'
import { NetworkError } from '../ilert/errors.ts'
import { inBatches } from './batches.ts'
import { rememberedMs } from './endings.ts'
import type { GrantEvents } from './events.ts'
import { ended, endRecord, type Grant, type Listed, UNREADABLE, withdrawn } from './grant.ts'
import type { Keepers } from './keepers.ts'
import type { RefreshSettings } from './policy.ts'
import { type Resealed, reseal } from './reseal.ts'
import type { SessionRecords } from './session-records.ts'
import { recordStatus, type TokenStatus } from './status.ts'
import { type After, waited } from './time.ts'
import { TOMBSTONE_MS } from './timing.ts'
import type { Vault } from './vault.ts'

/** Tokens in the store, as `TokenManager.list` lists them. */
export interface ListedGrant extends TokenStatus {
  /** The key that they are under. That of a session's tokens is random and leads to them, in this app alone: do not log it. */
  readonly key: string
}

/** What `TokenManager.revokeAll` has done. */
export interface RevokedAll {
  /** How many grants it has ended. */
  readonly ended: number
  /** How many sessions it has ended whose tokens were under a key of the app's, which other sessions use. */
  readonly sessions: number
  /** How many refresh tokens of grants that have ended here ilert has not revoked yet: call it again. */
  readonly pending: number
  /** How many records no key of this app opens: another app's, or sealed with a key that is not in the list any more. */
  readonly unreadable: number
  /** False if it was stopped by its signal. */
  readonly complete: boolean
}

/** How often a grant is tried to be ended that something else is written to meanwhile. */
const TRIES = 10

/** How often a grant that turns up while others are ended is looked for. */
const MOST_PASSES = 5

/** How often ilert's limit of calls is waited for, with one refresh token. ilert counts in minutes. */
const MOST_WAITS = 5
const LONGEST_WAIT_MS = 60_000

interface AdministrationParts {
  readonly vault: Vault
  readonly clock: Clock
  readonly after: After
  readonly keepers: Keepers
  readonly sessions: SessionRecords
  readonly events: GrantEvents
  readonly settings: RefreshSettings
  readonly client: Pick<IlertClient, 'revoke'>
}

/** What became of a revocation at ilert. */
type Revocation = 'revoked' | 'refused' | 'unavailable'

type Counts = { -readonly [Name in keyof RevokedAll]: RevokedAll[Name] }

/** Works on all grants of the store, or on all of one ilert user. */
export class Administration {
  readonly #parts: AdministrationParts

  constructor(parts: AdministrationParts) {
    this.#parts = parts
  }

  async *list(userID?: string): AsyncGenerator<ListedGrant> {
    const { vault, clock, settings, keepers } = this.#parts
    for await (const { key, grant } of vault.list(userID)) {
      if (grant === UNREADABLE || grant.ended || isOfSession(grant)) continue
      const keeper = keepers.at(key)
      // What is at hand knows more: of failures, for one.
      const isKnown = keeper !== undefined && keeper.grant.version >= grant.version
      yield { key, ...(isKnown ? keeper.status : recordStatus(grant, clock.now(), settings)) }
    }
  }

  /**
   * First all are ended here, so that no process uses them any more, and then revoked at ilert, which takes longer. Until
   * that is done the store keeps the refresh tokens: a call that is interrupted goes on where it was.
   */
  async revokeAll(userID: string | undefined, signal: AbortSignal | undefined): Promise<RevokedAll> {
    const counts: Counts = { ended: 0, sessions: 0, pending: 0, unreadable: 0, complete: true }
    for (let passes = 0, before = -1; passes < MOST_PASSES && counts.complete; passes++) {
      if (counts.ended + counts.sessions === before) break
      before = counts.ended + counts.sessions
      counts.unreadable = 0
      counts.complete = await inBatches(
        this.#parts.vault.list(userID),
        (listed) => this.#end(listed, userID, counts),
        signal,
      )
    }
    if (counts.complete) await this.#revokeAtIlert(userID, counts, signal)
    return counts
  }

  /** Seals with the first key what an older one has sealed. */
  reseal(signal: AbortSignal | undefined): Promise<Resealed> {
    return reseal(this.#parts.vault, this.#parts.clock, signal)
  }

  async #end({ key, grant: listed }: Listed, userID: string | undefined, counts: Counts): Promise<void> {
    const { vault, clock, keepers, sessions, events } = this.#parts
    let grant: Grant | typeof UNREADABLE | undefined = listed
    for (let tries = 0; tries < TRIES && grant !== undefined; tries++) {
      if (grant === UNREADABLE) counts.unreadable += 1
      if (grant === UNREADABLE || grant.ended || (userID !== undefined && grant.account !== userID)) return
      const now = clock.now()
      if (await vault.write(key, endOf(grant, now), now)) {
        if (isOfSession(grant)) {
          counts.sessions += 1
          return sessions.end(key)
        }
        counts.ended += 1
        keepers.forget(key)
        return events.ended(key, grant, 'app')
      }
      grant = await vault.read(key)
    }
    if (grant === undefined) return
    throw new NetworkError('The token store keeps refusing a write. Try again.', { code: 'store_unavailable' })
  }

  async #revokeAtIlert(userID: string | undefined, counts: Counts, signal: AbortSignal | undefined): Promise<void> {
    let isUnavailable = false
    const revoke = async ({ key, grant }: Listed) => {
      if (grant === UNREADABLE || !grant.ended || grant.tokens.refreshToken === undefined) return
      const outcome = isUnavailable ? 'unavailable' : await this.#revokeOne(grant.tokens.refreshToken, signal)
      if (outcome === 'revoked') return await this.#forget(key, grant)
      if (outcome === 'unavailable') isUnavailable = true
      counts.pending += 1
    }
    counts.complete = await inBatches(this.#parts.vault.list(userID), revoke, signal)
  }

  /**
   * `unavailable`: ilert is, or it keeps saying that it is asked too often. `refused`: the token may be alive, since one that
   * ilert does not know counts as revoked; the client secret is wrong, say.
   */
  async #revokeOne(refreshToken: string, signal: AbortSignal | undefined): Promise<Revocation> {
    for (let waits = 0; ; waits++) {
      try {
        await this.#parts.client.revoke(refreshToken)
        return 'revoked'
      } catch (error) {
        if (!(error instanceof NetworkError)) return 'refused'
        if (error.code !== 'rate_limited' || waits === MOST_WAITS || signal?.aborted) return 'unavailable'
        const waitMs = Math.min(LONGEST_WAIT_MS, (error.retryAfterSeconds ?? 60) * 1000)
        await waitedUnlessAborted(waitMs, this.#parts.after, signal)
      }
    }
  }

  /** Leaves what keeps the grant from being written again, without its tokens. */
  async #forget(key: string, grant: Grant): Promise<void> {
    const { vault, clock } = this.#parts
    const now = clock.now()
    if (typeof grant.ended !== 'object') return await vault.remove(key, TOMBSTONE_MS)
    // A sign-in that has replaced it meanwhile is another grant, and stays.
    await vault.write(key, endRecord(grant, grant.ended, now, Math.max(1, grant.endsAt - now)), now)
  }
}

/** What is there for a session alone, without tokens. */
function isOfSession({ tokens, ended: end }: Grant): boolean {
  return !end && tokens.accessToken === ''
}

/** A session ends with its grant; and without tokens there is nothing to revoke. */
function endOf(grant: Grant, now: number): Grant {
  const { ttlMs } = grant
  if (ttlMs === undefined) return ended(grant)
  const forMs = rememberedMs(ttlMs)
  return isOfSession(grant) ? endRecord(grant, { signedOut: true }, now, forMs) : withdrawn(grant, now, forMs)
}

function waitedUnlessAborted(ms: number, after: After, signal: AbortSignal | undefined): Promise<void> {
  return abortable(waited(ms, after), signal).catch(() => {})
}
