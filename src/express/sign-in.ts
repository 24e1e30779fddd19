import type { Request } from 'express'
import type { TokenSet } from '../client/answers.ts'
import type { IlertClient } from '../client/client.ts'
import type { Clock } from '../client/connection.ts'
import { traced } from '../client/trace.ts'
import { IlertError, ReauthenticationRequired } from '../ilert/errors.ts'
import { covers } from '../ilert/scopes.ts'
import type { AppTokens } from '../tokens/app-tokens.ts'
import { randomText } from '../tokens/random.ts'
import { checkKey } from '../tokens/stores/checks.ts'
import type { Attempt } from './attempts.ts'
import { responseOf } from './express.ts'
import { type IlertProfile, toProfile } from './profile.ts'
import type { NewEntry } from './session-entry.ts'
import type { Ask, Verdict } from './verify.ts'

/** What a sign-in works with. */
export interface SignInParts {
  readonly clock: Clock
  readonly client: IlertClient
  readonly tokens: AppTokens
  readonly ask: Ask
  /** What sign-ins usually ask ilert for. */
  readonly scope: string
  /** Absent: anybody. */
  readonly allowedTenants: readonly string[] | undefined
  readonly tokenKey: ((context: { req: Request; profile: IlertProfile }) => string | Promise<string>) | undefined
}

/** Tells the keys of sessions from an app's own. */
const SESSION_KEY = 'session:'

/** How a sign-in ends: with a verdict, or before the app was asked, with a status of ours. */
export interface SignInResult extends Verdict {
  status?: number
}

/**
 * One authorization code on its way to a signed-in user: exchanged once, verified once and stored once, however many
 * requests bring it at the same time. Its tokens are revoked where none of them attaches them to anything.
 */
export class SignIn {
  readonly code: string
  readonly result: Promise<SignInResult>
  readonly #parts: SignInParts
  #tokens: TokenSet | undefined
  #profile: IlertProfile | undefined
  /** The scopes of the grant that was under the app's key, if that one stays. */
  #kept: readonly string[] | undefined
  #requests = 0
  #entry: Promise<NewEntry> | undefined
  #attached = false
  /** A request has had its answer, or no other can come any more. */
  #settled = false
  #over = false
  /** The user has signed out meanwhile. */
  #ended = false
  /** The tokens are those of another session, too. */
  #joined = false
  /** The sessions of its requests, as they were before and after. */
  readonly #sessions = new Set<string>()

  constructor(req: Request, code: string, attempt: Attempt, parts: SignInParts) {
    this.code = code
    this.#parts = parts
    this.result = traced('login', {}, async (message) => {
      const result = await this.#run(req, attempt)
      message.outcome = result.user ? 'success' : 'refused'
      return result
    })
  }

  /** What ilert has granted; nothing before there is a result. */
  get scope(): readonly string[] {
    return this.#kept ?? this.#tokens?.scope ?? []
  }

  /** Whether ilert has granted anything for the code: nobody can make such codes up. */
  get exchanged(): boolean {
    return this.#tokens !== undefined
  }

  /** Whether the user has signed out since it began. No request is signed in by it any more. */
  get ended(): boolean {
    return this.#ended
  }

  /** Ends it if it is a sign-in of this session or of this ilert user. Returns whether it is. */
  endIfOf(sessionID: string, ilertID: string | undefined): boolean {
    const isTheirs = this.#sessions.has(sessionID) || (ilertID !== undefined && ilertID === this.#profile?.id)
    if (isTheirs) this.#ended = true
    return isTheirs
  }

  /** Lets a request take part. The last one to end without having attached the tokens has them revoked. */
  join(req: Request): void {
    const res = responseOf(req)
    if (res.destroyed) return
    this.#requests++
    this.#sessions.add(req.sessionID)
    res.once('close', () => {
      this.#requests--
      // A client that has gone may be a browser whose user has clicked twice: the other request is yet to come.
      if (res.writableFinished) this.settle()
      else this.#letGo()
    })
  }

  /** To be called once no other request can come. */
  settle(): void {
    this.#settled = true
    this.#letGo()
  }

  /**
   * Stores the tokens for a session that lives for `ttlMs`. Resolves to what the session is to remember.
   *
   * @param at told the key before it is written to, and whether it is one of the app's own.
   */
  store(req: Request, ttlMs: number, at: (key: string, shared: boolean) => void = () => {}): Promise<NewEntry> {
    if (this.#over || this.#ended)
      return Promise.reject(new ReauthenticationRequired('This sign-in has ended. Start again.'))
    this.#entry ??= this.#store(req, ttlMs, at)
    return this.#entry
  }

  /** To be called once the request's session has them. */
  attached(req: Request): void {
    this.#attached = true
    this.#sessions.add(req.sessionID)
  }

  async #run(req: Request, attempt: Attempt): Promise<SignInResult> {
    const { client, ask, tokens, scope: usual } = this.#parts
    const { codeVerifier, redirectURI, scope = usual } = attempt
    const set = await client.exchangeCode({ code: this.code, codeVerifier, redirectURI, scope })
    this.#tokens = set
    try {
      const profile = toProfile(await client.currentUser(set.accessToken), set)
      this.#profile = profile
      const refusal = this.#refusal(profile, attempt)
      const verdict = refusal ?? (await ask({ req, tokens: set, profile }))
      if (!verdict.user) tokens.discard(set)
      return verdict
    } catch (error) {
      tokens.discard(set)
      throw error
    }
  }

  /** Who may not sign in, whatever the app would say. */
  #refusal({ id, tenant }: IlertProfile, { expects }: Attempt): SignInResult | undefined {
    const { allowedTenants } = this.#parts
    if (expects !== undefined && expects !== id) {
      return notAllowed(
        'Another ilert user has come back than the one who is signed in here. Sign out first, then sign in again.',
      )
    }
    if (!allowedTenants || (tenant !== undefined && allowedTenants.includes(tenant))) return undefined
    return notAllowed(
      tenant === undefined
        ? 'ilert does not name the tenant of this user, and not every tenant may sign in here.'
        : `Users of the ilert tenant '${tenant}' may not sign in here.`,
    )
  }

  async #store(req: Request, ttlMs: number, at: (key: string, shared: boolean) => void): Promise<NewEntry> {
    const { tokenKey, tokens } = this.#parts
    const [set, profile] = [this.#tokens as TokenSet, this.#profile as IlertProfile]
    const ilertID = profile.id
    if (!tokenKey) {
      // Where ilert hands out the same refresh token again, its sessions share it: two keys would lose it.
      const known = tokens.keyOf(set)
      this.#joined = known?.startsWith(SESSION_KEY) ?? false
      const key = known !== undefined && this.#joined ? known : `${SESSION_KEY}${randomText(16)}`
      at(key, false)
      await tokens.save(key, set, { ttlMs, isNew: !this.#joined, account: ilertID })
      return { key, ilertID }
    }
    const key = await tokenKey({ req, profile })
    this.#kept = await this.#wider(key, set, ilertID)
    if (this.#kept) tokens.discard(set)
    else {
      at(key, true)
      await tokens.save(key, set, { account: ilertID })
    }
    return { key, ilertID, shared: true }
  }

  /**
   * The scopes of the grant under the app's key, if it is of the same ilert user and can do what the new one cannot:
   * sessions and jobs use it, and any site can have a browser sign in. Undefined where the new grant takes its place.
   *
   * @throws NetworkError when ilert or the token store is unavailable, and so it is not known.
   */
  async #wider(key: string, set: TokenSet, ilertID: string): Promise<readonly string[] | undefined> {
    const { client, tokens } = this.#parts
    checkKey(key)
    if (tokens.keyOf(set) === key) return undefined // the app's verify has saved it, narrower or not
    const { keeper } = await tokens.find(key)
    if (!keeper?.connected || covers(set.scope, keeper.grant.tokens.scope)) return undefined
    try {
      const { accessToken, scope } = await keeper.freshTokens()
      const { id } = await client.currentUser(accessToken)
      return String(id) === ilertID ? scope : undefined
    } catch (error) {
      if (error instanceof IlertError && (error.status === 401 || error.status === 403)) return undefined
      throw error
    }
  }

  /** Nobody came to attach the tokens. Those under a key of the app's own are the app's. */
  #letGo(): void {
    const letGo = async () => {
      const { user } = await this.result
      if (!this.#settled || this.#requests > 0 || this.#attached || this.#over || !user) return
      this.#over = true
      const { tokens } = this.#parts
      const entry = await this.#entry?.catch(() => undefined)
      if (entry?.shared || this.#joined) return
      if (entry) await tokens.abandon(entry.key)
      else tokens.discard(this.#tokens as TokenSet)
    }
    letGo().catch(() => {}) // those who waited for the result were told; nobody waits for this
  }
}

function notAllowed(message: string): SignInResult {
  return { user: false, status: 403, info: { message } }
}
