import type { TokenSet } from '../client/answers.ts'
import type { Clock } from '../client/connection.ts'
import { IlertError, NetworkError } from '../ilert/errors.ts'
import type { EndedEvent, GrantEvents } from './events.ts'
import { type Ending, ended, endRecord, type Grant, UNREADABLE } from './grant.ts'
import type { Keepers } from './keepers.ts'
import { TOMBSTONE_MS } from './timing.ts'
import type { Vault } from './vault.ts'

/** How often an end is tried again because something else was written meanwhile. */
const TRIES = 10

/** How many times a grant's successor may have a successor. */
const MOST_SUCCESSORS = 16

interface EndingsParts {
  readonly vault: Vault
  readonly clock: Clock
  readonly keepers: Keepers
  readonly events: GrantEvents
  /** Revokes tokens that nobody will keep, in the background. Never throws. */
  readonly discard: (tokens: Readonly<TokenSet>) => void
  /** Revokes a refresh token at ilert; resolves after the first try. Never rejects. */
  readonly revokeAtIlert: (refreshToken: string) => Promise<void>
}

/** How long the end of a session's grant is remembered: it outlives the session, however late that is saved. */
export function rememberedMs(sessionMs: number): number {
  return sessionMs + TOMBSTONE_MS
}

/** The ways in which the user, or the app, ends a grant: here, in the store for all processes, and at ilert. */
export class Endings {
  readonly #parts: EndingsParts

  constructor(parts: EndingsParts) {
    this.#parts = parts
  }

  /** Ends the grant under a key, and that which has taken its place. */
  async revoke(key: string, hops = 0): Promise<void> {
    const { clock, keepers, vault } = this.#parts
    let grant: Grant | undefined
    // One version on, so that a refresh under way can no longer be written; whatever was written before is seen.
    for (let tries = 0; tries < TRIES; tries++) {
      const stored = await vault.read(key)
      if (stored === UNREADABLE) throw unreadable()
      if (stored === undefined) break
      if (typeof stored.ended === 'object') return await this.#followUp(key, stored.ended, hops)
      grant = stored
      if (stored.ended || (await vault.write(key, ended(stored), clock.now()))) break
    }
    // Not before: while the store is unavailable nothing has ended yet, and a refresh under way must not get lost.
    const keeper = keepers.forget(key)
    try {
      this.#tell(key, grant?.ended ? undefined : (grant ?? keeper?.grant), 'app')
      await vault.remove(key, Math.max(TOMBSTONE_MS, grant?.ttlMs ?? 0))
    } finally {
      const { tokens } = grant ?? keeper?.grant ?? {}
      if (tokens?.refreshToken !== undefined) await this.#parts.revokeAtIlert(tokens.refreshToken)
    }
  }

  /**
   * Ends a grant that nothing refers to any more: what is at hand is revoked at ilert also while the store is unavailable,
   * whose record then ends by itself.
   */
  async abandon(key: string): Promise<void> {
    await this.#evenWithoutStore(key, 'app', () => this.revoke(key))
  }

  /** Ends a session's grant, and remembers for `ttlMs` that the user has signed out of that session. */
  async signOut(key: string, ttlMs: number): Promise<void> {
    await this.#evenWithoutStore(key, 'user', async () => {
      let next: string | undefined = key
      for (let hops = 0; next !== undefined && hops < MOST_SUCCESSORS; hops++) {
        const stored = await this.#end(next, { signedOut: true }, ttlMs)
        const keeper = this.#parts.keepers.forget(next)
        const { tokens } = stored ?? keeper?.grant ?? {}
        this.#tell(next, stored?.ended ? undefined : (stored ?? keeper?.grant), 'user')
        if (tokens?.refreshToken !== undefined) await this.#parts.revokeAtIlert(tokens.refreshToken)
        next = successorOf(stored)
      }
    })
  }

  /**
   * Ends a grant whose ilert user has granted anew: requests that still hold it are given the successor. Only the sign-out
   * of the session ends them. The refresh token is revoked, unless the successor has it too.
   */
  async supersede(key: string, successor: { key: string; account: string }, ttlMs: number): Promise<void> {
    await this.#evenWithoutStore(key, undefined, async () => {
      const stored = await this.#end(key, { successor: successor.key }, ttlMs, successor.account)
      const keeper = this.#parts.keepers.forget(key, successor)
      const { tokens } = stored ?? keeper?.grant ?? {}
      if (tokens) this.#parts.discard(tokens)
    })
  }

  /** Writes the end, unless there is one already that says as much. Resolves to what was there before. */
  async #end(key: string, ending: Ending, ttlMs: number, account?: string): Promise<Grant | undefined> {
    const { clock, vault } = this.#parts
    for (let tries = 0; tries < TRIES; tries++) {
      const stored = await vault.read(key)
      if (stored === UNREADABLE) throw unreadable()
      if (stored?.ended && !isMore(ending, stored.ended)) return stored
      const now = clock.now()
      const end = endRecord(stored, ending, now, ttlMs)
      if (await vault.write(key, account === undefined ? end : { ...end, account }, now)) return stored
      // A tombstone: it says less than this end.
      if (stored === undefined && (await vault.read(key)) === undefined) await vault.remove(key)
    }
    throw new NetworkError('The token store keeps refusing a write. Try again.', { code: 'store_unavailable' })
  }

  async #followUp(key: string, { successor }: Ending, hops: number): Promise<void> {
    this.#parts.keepers.forget(key)
    if (successor !== undefined && hops < MOST_SUCCESSORS) await this.revoke(successor, hops + 1)
  }

  async #evenWithoutStore(key: string, by: EndedEvent['by'] | undefined, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      const keeper = this.#parts.keepers.forget(key)
      if (keeper) this.#parts.discard(keeper.grant.tokens)
      if (by) this.#tell(key, keeper?.grant, by)
      throw error
    }
  }

  /** Not of the record of a session, which has no tokens. */
  #tell(key: string, grant: Grant | undefined, by: EndedEvent['by']): void {
    if (grant && grant.tokens.accessToken !== '') this.#parts.events.ended(key, grant, by)
  }
}

function successorOf(grant: Grant | undefined): string | undefined {
  return typeof grant?.ended === 'object' ? grant.ended.successor : undefined
}

/** A sign-out says more than the end of a grant; where a grant has a successor, that one ends instead. */
function isMore({ signedOut }: Ending, present: true | Ending): boolean {
  return signedOut === true && (present === true || (!present.signedOut && present.successor === undefined))
}

// Without the key: that of a session is a secret, and the app knows which one it asked for.
export function unreadable(): IlertError {
  return new IlertError(
    'The record of these tokens was sealed with another encryption key or for another app, and is left alone. List that ' +
      'encryption key in encryptionKey (ILERT_ENCRYPTION_KEY) too, give each app keys of its own, or delete the record.',
    { code: 'unreadable_record', status: 500 },
  )
}
