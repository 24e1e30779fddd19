import { hash } from 'node:crypto'
import type { TokenInfo } from '../../client/answers.ts'
import type { Clock } from '../../client/connection.ts'
import { NetworkError } from '../../ilert/errors.ts'
import { LRUMap } from '../../tokens/lru-map.ts'

/** How long a token that ilert has called good is taken for good: a revoked one lives on for no longer than this. */
const GOOD_MS = 60_000

/** How long a token that ilert has called bad is not asked about again. */
const BAD_MS = 10_000

/** How long a token that was good is asked about before those that any client can make up. */
const PROVEN_MS = 3_600_000

/**
 * How long the answer about a token may take that was never good: forged ones, to which ilert is slow, hold their places
 * no longer than this.
 */
const UNPROVEN_TIMEOUT_MS = 3000

interface Remembered {
  readonly info: TokenInfo
  /** On the clock: if it shows less than this, it has jumped back. */
  readonly askedAt: number
  /** The same in `#elapsed`. */
  readonly asked: number
  /** In `#elapsed`. */
  readonly until: number
}

interface AnswersOptions {
  /** token_info, within `timeoutMs` if it is given. */
  ask: (token: string, timeoutMs?: number) => Promise<TokenInfo>
  clock: Clock
  /** Answers of each kind that are remembered; the one that was used least recently makes room. Default 10 000. */
  maxRemembered?: number
  /** Look-ups of each kind of token under way. Default 100. */
  maxUnderWay?: number
}

/**
 * What ilert says of access tokens: asked once for each token however many want to know, remembered for a while, and
 * bounded in every direction. Keeps the SHA-256 of a token, never the token.
 *
 * Any client can make up tokens that have to be asked about. So those that ilert has refused, or does not answer about,
 * take nothing from those that were good: neither a place in memory nor a look-up under way.
 */
export class BearerAnswers {
  readonly #ask: (token: string, timeoutMs?: number) => Promise<TokenInfo>
  readonly #clock: Clock
  readonly #maxUnderWay: number
  /** Kept for longer than the answer counts: which tokens were good lately. */
  readonly #good: LRUMap<Remembered>
  readonly #bad: LRUMap<Remembered>
  readonly #underWay = new Map<string, Promise<TokenInfo>>()
  readonly #busy = { proven: 0, unproven: 0 }
  #lastSeen: number
  /** The time that has passed on the clock, without what it took back: a jump backwards prolongs nothing. */
  #elapsed = 0

  constructor({ ask, clock, maxRemembered = 10_000, maxUnderWay = 100 }: AnswersOptions) {
    this.#ask = ask
    this.#clock = clock
    this.#maxUnderWay = maxUnderWay
    this.#good = new LRUMap({ max: maxRemembered })
    this.#bad = new LRUMap({ max: maxRemembered })
    this.#lastSeen = clock.now()
  }

  /** How many answers are remembered. */
  get size(): { good: number; bad: number } {
    return { good: this.#good.size, bad: this.#bad.size }
  }

  /**
   * token_info's answer. A yes is remembered for 60 s at most and not past `expiresAt`, a no for 10 s; a look-up that
   * fails is not remembered.
   *
   * @param expiresAt when the token says that it ends, in milliseconds since the epoch.
   * @throws NetworkError if ilert gives no answer, or if too many look-ups are under way.
   */
  async about(token: string, expiresAt: number = Number.POSITIVE_INFINITY): Promise<TokenInfo> {
    const key = hash('sha256', token, 'base64url')
    const now = this.#now()
    const good = this.#good.get(key)
    const known = good ?? this.#bad.get(key)
    if (known && known.askedAt <= now && this.#elapsed < known.until) return known.info
    const underWay = this.#underWay.get(key)
    if (underWay) return await underWay
    const isProven = good !== undefined && this.#elapsed < good.asked + PROVEN_MS
    return await this.#lookUp(key, token, expiresAt, isProven ? 'proven' : 'unproven')
  }

  #lookUp(key: string, token: string, expiresAt: number, kind: 'proven' | 'unproven'): Promise<TokenInfo> {
    if (this.#busy[kind] >= this.#maxUnderWay) {
      throw new NetworkError('ilert is already being asked about too many tokens at once. Try again in a second.', {
        code: 'backing_off',
        retryAfterSeconds: 1,
      })
    }
    // Counted from before the question: what is revoked while the answer travels is not good for longer than promised.
    const askedAt = this.#lastSeen
    const asked = this.#elapsed
    this.#busy[kind] += 1
    const lookUp = this.#ask(token, kind === 'unproven' ? UNPROVEN_TIMEOUT_MS : undefined)
      .then((info) => {
        const ttl = info.active ? Math.min(GOOD_MS, expiresAt - askedAt) : BAD_MS
        const [cache, other] = info.active ? [this.#good, this.#bad] : [this.#bad, this.#good]
        other.delete(key)
        cache.set(key, { info, askedAt, asked, until: asked + ttl })
        return info
      })
      .finally(() => {
        this.#busy[kind] -= 1
        this.#underWay.delete(key)
      })
    this.#underWay.set(key, lookUp)
    return lookUp
  }

  #now(): number {
    const now = this.#clock.now()
    this.#elapsed += Math.max(0, now - this.#lastSeen)
    this.#lastSeen = now
    return now
  }
}
