import { hash, timingSafeEqual } from 'node:crypto'
import type { Request } from 'express'
import type { Clock } from '../client/connection.ts'
import { randomOctets, randomText } from '../tokens/random.ts'
import type { Sealer } from '../tokens/sealing/seal.ts'
import { cookieName, cookiesNamed, putCookie, takeBackCookie } from './cookies.ts'
import { isState } from './state.ts'

/** What one sign-in must remember until the user comes back from ilert. */
export interface Attempt {
  redirectURI: string
  codeVerifier: string
  /** The path to go back to; absent: wherever the app sends people who have just signed in. */
  returnTo?: string
  /** The scopes that a page has demanded. */
  asked?: string
  /** The ilert user who must come back. */
  expects?: string
  /** What ilert was asked for; absent: what the app's sign-ins usually ask for. */
  scope?: string | undefined
  /** A hash of the Passport user who was signed in when it began; absent: nobody was. */
  user?: string
}

/** An attempt as its cookie says it. */
type SealedAttempt = Attempt & { expiresAt: number }

/** How long a user may take at ilert. */
export const LIFETIME_SECONDS = 600

/**
 * How many attempts a browser may have at once. Each is a cookie, and the browser sends all of them with every request:
 * together they take less than 6 KB of the 8 KB that usual proxies allow for a header.
 */
const SLOTS = Array.from({ length: 6 }, (_, slot) => slot)
const MAX_COOKIE_BYTES = 960

/** The slot that the next attempt prefers. Processes that start together must not go round in step. */
let nextSlot = (randomOctets(1)[0] as number) % SLOTS.length

/**
 * Sign-ins under way. Each lives in a sealed cookie of its own: so it is bound to the browser that began it, and works
 * before there is any session. The cookies have a fixed number of names, the slots: so the browser itself bounds how many
 * there are, whatever the server has seen of them.
 */
export class Attempts {
  readonly #sealer: Sealer
  readonly #clock: Clock

  constructor(sealer: Sealer, clock: Clock) {
    this.#sealer = sealer
    this.#clock = clock
  }

  /** Sets the cookie of a new attempt. Returns what goes to ilert: the state, and the challenge of RFC 7636. */
  async begin(
    req: Request,
    o: Omit<Attempt, 'codeVerifier'>,
    home: string = '/',
  ): Promise<{ state: string; codeChallenge: string }> {
    const slot = await this.#chooseSlot(req, o.redirectURI)
    const name = cookieName(String(slot), o.redirectURI)
    const codeVerifier = randomText(32)
    let value = ''
    // What can be done without goes first. Few servers leave it to their clients to know the scope.
    for (const less of [{}, { returnTo: home }, { returnTo: home, scope: undefined }]) {
      value = await this.#seal(name, { ...o, codeVerifier, ...less })
      if (name.length + value.length <= MAX_COOKIE_BYTES) break
    }
    putCookie(req, name, value, LIFETIME_SECONDS)
    return { state: stateOf(slot, codeVerifier), codeChallenge: hash('sha256', codeVerifier, 'base64url') }
  }

  /**
   * The attempt with this state, if this browser began it and it is not too old. Its cookie is used up with that.
   *
   * @param redirectURI where the answer has arrived. Over TLS no cookie counts that another host could have planted.
   */
  async take(req: Request, state: string, redirectURI: string): Promise<Attempt | undefined> {
    if (!isState(state)) return undefined
    const slot = Number(state[0])
    const name = cookieName(String(slot), redirectURI)
    // The slot may have been given to another attempt since then, whose cookie stays.
    const attempt = (await this.#read(req, name)).find(({ codeVerifier }) =>
      timingSafeEqual(Buffer.from(stateOf(slot, codeVerifier)), Buffer.from(state)),
    )
    if (!attempt) return undefined
    putCookie(req, name, '', 0)
    return attempt.expiresAt > this.#clock.now() ? attempt : undefined
  }

  /** An empty slot, or else one whose cookie nobody can read, or the oldest attempt's. */
  async #chooseSlot(req: Request, redirectURI: string): Promise<number> {
    const ends = await Promise.all(SLOTS.map((slot) => this.#endOf(req, cookieName(String(slot), redirectURI))))
    const first = Math.min(...ends)
    // In turn, and without a pause: tabs that begin at once do not have the cookies of one another yet.
    while (ends[nextSlot] !== first) nextSlot = (nextSlot + 1) % SLOTS.length
    const slot = nextSlot
    nextSlot = (nextSlot + 1) % SLOTS.length
    return slot
  }

  /** When the attempt in a slot ends; 0 if nobody can read it, and less if there is none. */
  async #endOf(req: Request, name: string): Promise<number> {
    if (cookiesNamed(req, name).length === 0) return -1
    return Math.max(0, ...(await this.#read(req, name)).map(({ expiresAt }) => expiresAt))
  }

  /** Every attempt under this name. Without TLS a neighbouring host can set a cookie that browsers send before ours. */
  async #read(req: Request, name: string): Promise<SealedAttempt[]> {
    const attempts = await Promise.all(cookiesNamed(req, name).map((value) => this.#open(name, value)))
    return attempts.filter((attempt) => attempt !== undefined)
  }

  async #seal(name: string, attempt: Attempt): Promise<string> {
    const { redirectURI, codeVerifier, returnTo, asked, expects, user, scope } = attempt
    const expiresAt = Math.floor(this.#clock.now() / 1000) + LIFETIME_SECONDS
    // A list, since the names of fields would be a tenth of the cookie.
    return await this.#sealer.seal(
      JSON.stringify([
        redirectURI,
        codeVerifier,
        returnTo,
        expiresAt,
        user,
        ...(asked === undefined && scope === undefined ? [] : [asked, expects, scope]),
      ]),
      name, // a cookie opens under its own name
    )
  }

  async #open(name: string, value: string): Promise<SealedAttempt | undefined> {
    const text = await this.#sealer.open(value, name)
    if (text === undefined) return undefined
    const [redirectURI, codeVerifier, returnTo, expiresAt, user, asked, expects, scope] = JSON.parse(text)
    return {
      redirectURI,
      codeVerifier,
      ...(returnTo && { returnTo }),
      ...(asked && { asked }),
      ...(expects && { expects }),
      ...(scope && { scope }),
      ...(user && { user }),
      expiresAt: expiresAt * 1000,
    }
  }
}

/** Takes back every attempt that the browser has: what it began before a sign-out is not to sign it in again. */
export function takeBackAttempts(req: Request): void {
  for (const slot of SLOTS) takeBackCookie(req, String(slot))
}

/** Made of the verifier, which is in the cookie already: the state would take 30 bytes of it. */
function stateOf(slot: number, codeVerifier: string): string {
  return `${slot}${hash('sha256', `state ${codeVerifier}`, 'base64url').slice(0, 22)}`
}
