import type { Request } from 'express'
import { type Attachment, attachAtLogIn, attachNow } from './attach.ts'
import type { Attempt, Attempts } from './attempts.ts'
import type { PassportOptions } from './begin.ts'
import type { CallbackQuery } from './callback.ts'
import { type Failure, refuse, refusedByIlert, START_AGAIN } from './refusal.ts'
import type { SignIns } from './sign-ins.ts'
import type { Site } from './site.ts'

/** A user who has signed in, as Passport is told it. */
export interface Success {
  readonly action: 'success'
  readonly user: Express.User
  readonly info: object | undefined
}

const ANOTHER_USER = `The user who began this sign-in is not signed in here any more. Nothing was changed. ${START_AGAIN}`
const NOT_UNDER_WAY = `This sign-in was not begun in this browser, has ended, or took too long. ${START_AGAIN}`

interface FinishParts extends Omit<Attachment, 'attempt' | 'signIn'> {
  readonly attempts: Attempts
  readonly signIns: SignIns
  readonly site: Site
}

/** How sign-ins end: from ilert's answer, as the browser brings it, to a user whose session has the tokens. */
export class Finish {
  readonly #parts: FinishParts

  constructor(parts: FinishParts) {
    this.#parts = parts
  }

  /** @throws OAuthError, NetworkError, APIError if ilert refuses or fails, and what the app's verify throws. */
  async byCallback(req: Request, options: PassportOptions, answer: CallbackQuery): Promise<Success | Failure> {
    const { attempts, signIns, site } = this.#parts
    const { state, code, error, errorDescription } = answer
    const redirectURI = site.callbackURL(req)

    // 1. The attempt to which the answer belongs, of this browser. It is used up now, whatever the answer says.
    if (state !== undefined && code !== undefined) signIns.admit(req, state)
    const attempt = state === undefined ? undefined : await attempts.take(req, state, redirectURI)
    if (state === undefined || !attempt) return this.#unknown(req)

    // 2. What the answer says.
    if (error !== undefined) return refusedByIlert(error, errorDescription, [code ?? '', attempt.codeVerifier])
    if (code === undefined) return refuse(400, `The answer has no code. ${START_AGAIN}`)
    if (!this.#isBeginner(req, attempt, state)) return refuse(403, ANOTHER_USER)

    // 3. The code becomes tokens, they say who the user is, and the app says whether they may come in: once, however many
    // requests bring the code.
    const signIn = signIns.take(req, state, code, attempt)
    if (signIn === 'another code') return refuse(400, `This sign-in goes on with another code. ${START_AGAIN}`)
    if (signIn === 'spent') return this.#unknown(req)
    const { user, info, status } = await signIn.result
    if (signIn.ended) return refuse(403, NOT_UNDER_WAY)
    if (!user) return { action: 'fail', status, info }

    // 4. The tokens are stored, and the session gets the key under which they are: once Passport has made it.
    if (options.session !== false) {
      const attachment: Attachment = { ...this.#parts, attempt, signIn }
      if (options.assignProperty === undefined) attachAtLogIn(req, attachment)
      else await attachNow(req, attachment)
    }
    return { action: 'success', user, info }
  }

  /**
   * Whether the user who is signed in now is the one who began the attempt, if one was signed in then. Otherwise what one
   * user has granted would become another's, in a browser that they share.
   */
  #isBeginner(req: Request, { user }: Attempt, state: string): boolean {
    const { entries, signIns } = this.#parts
    const present = entries.userOf(req)
    if (user === undefined || user === present) return true
    // A second click: the first one's sign-in has replaced the session whose cookie this request still has.
    return present === undefined && signIns.knows(state)
  }

  /**
   * Nothing is exchanged, and nobody becomes another user. One who is signed in with ilert has no use for a reason: they
   * have pressed Back and allowed again what is done already.
   */
  #unknown(req: Request): Failure {
    return { ...refuse(403, NOT_UNDER_WAY), leadsOn: this.#parts.entries.read(req) !== undefined }
  }
}
