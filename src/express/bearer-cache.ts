import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { TokenInfo } from '../client/answers.ts'
import type { Clock } from '../client/connection.ts'
import { NetworkError } from '../ilert/errors.ts'

/** How long a token that ilert has called good is taken for good: a revoked one lives on for no longer than this. */
const GOOD_MS = 60_000

/** How long a token that ilert has called bad is not asked about again. */
const BAD_MS = 10_000

interface Remembered {
  readonly info: TokenInfo
  /** On the clock: where it shows less than this, it has jumped back. */
  readonly askedAt: number
  /** In `#elapsed`. */
  readonly until: number
}

interface AnswersOptions {
  /** token_info. */
  ask: (token: string) => Promise<TokenInfo>
  clock: Clock
  /** Answers that are remembered; the one that was used least recently makes room. Default 10 000. */
  maxRemembered?: number
  /** Look-ups under way. Default 100. */
  maxUnderWay?: number
}

/**
 * What ilert says of access tokens: asked once for each token however many want to know, remembered for a while, and
 * bounded in every direction. Keeps the SHA-256 of a token, never the token.
 */
export class BearerAnswers {
  readonly #ask: (token: string) => Promise<TokenInfo>
  readonly #clock: Clock
  readonly #maxUnderWay: number
  readonly #remembered: LRUCache<string, Remembered>
  readonly #underWay = new Map<string, Promise<TokenInfo>>()
  #lastSeen: number
  /** The time that has passed on the clock, without what it took back: a jump backwards prolongs nothing. */
  #elapsed = 0

  constructor({ ask, clock, maxRemembered = 10_000, maxUnderWay = 100 }: AnswersOptions) {
    this.#ask = ask
    this.#clock = clock
    this.#maxUnderWay = maxUnderWay
    this.#remembered = new LRUCache({ max: maxRemembered })
    this.#lastSeen = clock.now()
  }

  /** How many answers are remembered. */
  get size(): number {
    return this.#remembered.size
  }

  /**
   * token_info's answer. A yes is remembered for 60 s at most and not past `expiresAt`, a no for 10 s; a look-up that
   * fails is not remembered.
   *
   * @param expiresAt when the token says that it ends, in milliseconds since the epoch.
   * @throws NetworkError where ilert gives no answer, or where too many look-ups are under way.
   */
  async about(token: string, expiresAt: number = Number.POSITIVE_INFINITY): Promise<TokenInfo> {
    const key = hash('sha256', token, 'base64url')
    const now = this.#now()
    const known = this.#remembered.get(key)
    if (known && known.askedAt <= now && this.#elapsed < known.until) return known.info
    return await (this.#underWay.get(key) ?? this.#lookUp(key, token, expiresAt))
  }

  #lookUp(key: string, token: string, expiresAt: number): Promise<TokenInfo> {
    if (this.#underWay.size >= this.#maxUnderWay) {
      throw new NetworkError('ilert is already being asked about too many tokens at once. Try again in a second.', {
        code: 'backing_off',
        retryAfterSeconds: 1,
      })
    }
    // Counted from before the question: what is revoked while the answer travels is not good for longer than promised.
    const askedAt = this.#lastSeen
    const asked = this.#elapsed
    const lookUp = this.#ask(token)
      .then((info) => {
        const ttl = info.active ? Math.min(GOOD_MS, expiresAt - askedAt) : BAD_MS
        this.#remembered.set(key, { info, askedAt, until: asked + ttl })
        return info
      })
      .finally(() => this.#underWay.delete(key))
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
