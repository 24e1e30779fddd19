import type { IlertClient } from '../client/client.ts'
import { type IlertError, NetworkError } from '../ilert/errors.ts'
import { backOff } from './policy.ts'
import type { After } from './time.ts'

/** How often a revocation that ilert could not be asked for is tried again. */
const REVOCATION_TRIES = 5

interface RevocationParts {
  readonly client: Pick<IlertClient, 'revoke'>
  readonly after: After
  readonly random: () => number
}

/** Revocations at ilert: tried again in the background while ilert is unavailable. */
export class Revocations {
  readonly #parts: RevocationParts
  /** Revocations under way, and whatever else has to come to its end first. */
  readonly #underWay = new Set<Promise<void>>()
  #closed = false
  #hasWarned = false

  constructor(parts: RevocationParts) {
    this.#parts = parts
  }

  /** Resolves after the first try. Never rejects: the grant has ended here in any case. */
  async revoke(refreshToken: string, failures = 0): Promise<void> {
    await this.beforeClosing(this.#try(refreshToken, failures))
  }

  /** Has `close()` wait for some work, which must not reject. */
  async beforeClosing(work: Promise<void>): Promise<void> {
    this.#underWay.add(work)
    await work
    this.#underWay.delete(work)
  }

  /** No more tries are begun. */
  stop(): void {
    this.#closed = true
  }

  async close(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay) // one may bring another
  }

  async #try(refreshToken: string, failures: number): Promise<void> {
    const { after, client, random } = this.#parts
    try {
      await client.revoke(refreshToken)
    } catch (error) {
      if (!(error instanceof NetworkError)) return this.#warn(error as IlertError)
      if (failures + 1 >= REVOCATION_TRIES) return
      after(backOff(failures + 1, error.retryAfterSeconds, random()), () => {
        if (!this.#closed) void this.revoke(refreshToken, failures + 1)
      })
    }
  }

  /** A token that ilert does not know counts as revoked: what it refuses is this app. */
  #warn({ code }: IlertError): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    process.emitWarning(
      `ilert refuses to revoke refresh tokens (${code}): users who sign out are signed out here, and their tokens stay ` +
        'valid at ilert. Check clientID (ILERT_CLIENT_ID) and clientSecret (ILERT_CLIENT_SECRET).',
      { type: 'IlertWarning', code: 'ILERT_REVOCATION_REFUSED' },
    )
  }
}
