import type { Request } from 'express'
import { NetworkError } from '../ilert/errors.ts'
import { LRUMap } from '../tokens/lru-map.ts'
import { type Attempt, LIFETIME_SECONDS } from './attempts.ts'
import { responseOf } from './express.ts'
import { SignIn, type SignInParts } from './sign-in.ts'

/** How many sign-ins may be under way in a process: each of them is a call to ilert, and any client can begin one. */
const MOST_UNDER_WAY = 100

const RETRY_AFTER_SECONDS = 5

/** A sign-in that has ended, and until when the same callback may join it. */
interface Finished {
  readonly signIn: SignIn
  readonly until: number
  /** Forgets it then, also if nobody asks: tokens that nobody came for are revoked. */
  readonly timer: NodeJS.Timeout
}

/** How many of them are remembered. */
const MOST_FINISHED = 1000

/**
 * The sign-ins under way, and those that have just ended, by state: a second click, or a prefetch, arrives while the
 * browser still has the attempt's cookie. Each state is exchanged once.
 */
export class SignIns {
  readonly #parts: SignInParts
  readonly #rememberMs: number
  readonly #underWay = new Map<string, SignIn>()
  /** Two, so that strangers with made-up codes displace nobody whose code was good. */
  readonly #exchanged: LRUMap<Finished>
  readonly #failed: LRUMap<Finished>
  /** The states of those that had a good code, for as long as a copy of their cookie would open. */
  readonly #spent = new LRUMap<true>({ max: 10_000, ttlMs: LIFETIME_SECONDS * 1000 })

  /** @param rememberMs how long after its end a sign-in may be joined */
  constructor(parts: SignInParts, rememberMs = 10_000) {
    this.#parts = parts
    this.#rememberMs = rememberMs
    const dispose = ({ signIn, timer }: Finished) => {
      clearTimeout(timer)
      signIn.settle()
    }
    this.#exchanged = new LRUMap({ max: MOST_FINISHED, dispose })
    this.#failed = new LRUMap({ max: MOST_FINISHED, dispose })
  }

  /** Whether a request with this state would join a sign-in, and not begin one. */
  knows(state: string): boolean {
    return this.#known(state) !== undefined
  }

  /**
   * To be called before a request's attempt is used up, so that trying again can succeed.
   *
   * @throws NetworkError `too_many_sign_ins` if the request would begin a sign-in, and there are too many under way.
   */
  admit(req: Request, state: string): void {
    if (this.#underWay.size < MOST_UNDER_WAY || this.knows(state)) return
    // Passport's and Express's own error pages look at no property of an error but its status.
    responseOf(req).setHeader('Retry-After', RETRY_AFTER_SECONDS)
    throw new NetworkError(`Too many sign-ins are under way. Try again in ${RETRY_AFTER_SECONDS} s.`, {
      code: 'too_many_sign_ins',
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    })
  }

  /** The sign-in of this state, or why the request has no part in one. */
  take(req: Request, state: string, code: string, attempt: Attempt): SignIn | 'spent' | 'another code' {
    const known = this.#known(state)
    if (!known && this.#spent.has(state)) return 'spent'
    if (known && known.code !== code) return 'another code'
    const signIn = known ?? this.#begin(req, state, code, attempt)
    signIn.join(req)
    return signIn
  }

  /** To be called when a session ends: nobody is signed in any more by a sign-in that it or its ilert user had here. */
  end(sessionID: string, ilertID: string | undefined): void {
    for (const signIn of this.#underWay.values()) signIn.endIfOf(sessionID, ilertID)
    for (const [state, { signIn }] of this.#exchanged.entries()) {
      if (signIn.endIfOf(sessionID, ilertID)) this.#exchanged.delete(state)
    }
  }

  #known(state: string): SignIn | undefined {
    const underWay = this.#underWay.get(state)
    if (underWay) return underWay
    for (const finished of [this.#exchanged, this.#failed]) {
      const known = finished.get(state)
      if (known && known.until > this.#parts.clock.now()) return known.signIn
      finished.delete(state)
    }
    return undefined
  }

  #begin(req: Request, state: string, code: string, attempt: Attempt): SignIn {
    const signIn = new SignIn(req, code, attempt, this.#parts)
    this.#underWay.set(state, signIn)
    const finish = () => {
      this.#underWay.delete(state)
      if (signIn.exchanged) this.#spent.set(state, true)
      if (signIn.ended) return signIn.settle()
      const finished = signIn.exchanged ? this.#exchanged : this.#failed
      const until = this.#parts.clock.now() + this.#rememberMs
      finished.set(state, { signIn, until, timer: setTimeout(() => finished.delete(state), this.#rememberMs).unref() })
    }
    signIn.result.then(finish, finish)
    return signIn
  }
}
