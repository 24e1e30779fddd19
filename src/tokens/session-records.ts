import type { Clock } from '../client/connection.ts'
import { rememberedMs } from './endings.ts'
import { emptyGrant, type Grant, UNREADABLE } from './grant.ts'
import { LRUMap } from './lru-map.ts'
import { freshness } from './policy.ts'
import { randomText } from './random.ts'
import { GrantRecord } from './record.ts'
import type { Vault } from './vault.ts'

/** Sessions in this process's memory. */
const CACHED_SESSIONS = 10_000

/** What a session remembers, so that its sign-out is known to every process whatever a slow request saves afterwards. */
export interface SessionMarks {
  /** The key of a record of the session's own. Only if its tokens are under a key that the app shares out. */
  readonly mark?: string
  /** Whose session it is at ilert. */
  readonly ilertID?: string
  /**
   * Until then a sign-out of the session is surely remembered in the store. Later on a session of which the store knows
   * nothing cannot be told from one that was signed out of.
   */
  readonly until?: number
}

/**
 * Sessions whose tokens are under a key of the app's. Their tokens outlive a sign-out, so each session has a small record
 * of its own, without tokens, which ends in the place of the grant.
 */
export class SessionRecords {
  readonly #vault: Vault
  readonly #clock: Clock
  readonly #known = new LRUMap<GrantRecord>({ max: CACHED_SESSIONS })

  constructor(vault: Vault, clock: Clock) {
    this.#vault = vault
    this.#clock = clock
  }

  /**
   * What the entry of a session is to remember that begins now, or goes on with new tokens.
   *
   * @param at is told the key of a new record before it is written to.
   */
  async begin(
    ttlMs: number,
    shared: boolean,
    present: SessionMarks = {},
    at: (key: string) => void = () => {},
    ilertID?: string,
  ): Promise<SessionMarks> {
    const now = this.#clock.now()
    const until = now + rememberedMs(ttlMs)
    if (!shared) return { until }
    if (present.mark !== undefined && !(await this.wasSignedOut(present, ttlMs))) return { until, mark: present.mark }
    const mark = `session:${randomText(16)}`
    at(mark)
    await this.#vault.write(mark, emptyGrant(mark, now, ttlMs, ilertID), now, true)
    return { until, mark }
  }

  /** For how long a sign-out is to be remembered. */
  endMs({ until = 0 }: SessionMarks, ttlMs: number): number {
    return Math.max(rememberedMs(ttlMs), until - this.#clock.now())
  }

  /** Whether nothing is known of the session, and a sign-out might be forgotten by now. */
  isForgotten({ until = 0 }: SessionMarks): boolean {
    return until <= this.#clock.now()
  }

  /**
   * Whether the user has signed out of the session. A promise only if the store must be asked, once a minute at most; it
   * never rejects, and takes 1.5 s at most. If the store is unavailable the session goes on.
   */
  wasSignedOut(marks: SessionMarks, ttlMs: number): boolean | Promise<boolean> {
    const { mark } = marks
    if (mark === undefined) return false
    const record = this.#known.get(mark)
    if (!record) return this.#load(mark, marks, ttlMs)
    const confirming = record.removed ? undefined : record.confirm()
    return confirming ? confirming.then(() => attended(record, ttlMs)) : attended(record, ttlMs)
  }

  /** The user has signed out here: nobody needs to ask the store. */
  end(mark: string): void {
    this.#known.get(mark)?.remove()
  }

  #load(mark: string, marks: SessionMarks, ttlMs: number): boolean | Promise<boolean> {
    const unknown = freshness(Number.NEGATIVE_INFINITY, this.#vault.failedAt, this.#clock.now())
    if (unknown === 'use') return false
    let signedOut = false
    const read = this.#read(mark, marks, ttlMs).then((over) => {
      signedOut = over
    })
    return this.#vault.patiently(read).then(() => signedOut)
  }

  async #read(mark: string, marks: SessionMarks, ttlMs: number): Promise<boolean> {
    const readAt = this.#clock.now()
    const stored = await this.#vault.read(mark)
    if (stored === UNREADABLE || stored === undefined) {
      if (this.isForgotten(marks)) return true
      if (stored === UNREADABLE) return false
    }
    if (stored?.ended) return true
    const record = this.#keep(mark, stored ?? emptyGrant(mark, readAt, ttlMs, marks.ilertID), readAt)
    // The store has lost it: written again, unless there is a tombstone.
    if (!stored) await record.read()
    return attended(record, ttlMs)
  }

  #keep(mark: string, grant: Grant, readAt: number): GrantRecord {
    const parts = {
      vault: this.#vault,
      clock: this.#clock,
      onTokens: () => {},
      onEnd: async () => {},
    }
    const record = new GrantRecord(mark, grant, parts, readAt)
    this.#known.set(mark, record)
    return record
  }
}

/** Lets the record live on with its session. Returns whether it has ended. */
function attended(record: GrantRecord, ttlMs: number): boolean {
  if (!record.removed) record.extend(ttlMs)?.catch(() => {}) // the next request tries again
  return record.removed
}
