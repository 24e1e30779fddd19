import type { Request } from 'express'
import { LRUCache } from 'lru-cache'
import type { TokenSet } from '../client/answers.ts'
import type { IlertClient } from '../client/client.ts'
import type { TokenManager } from '../tokens/manager.ts'
import { type Attempt, responseOf } from './attempts.ts'
import { type IlertProfile, toProfile } from './profile.ts'
import type { SessionEntry } from './session-entry.ts'
import type { Ask, Verdict } from './verify.ts'

/** What a sign-in works with. */
export interface SignInParts {
  readonly client: IlertClient
  readonly tokens: TokenManager
  readonly ask: Ask
  /** Absent: anybody. */
  readonly allowedTenants: readonly string[] | undefined
  readonly tokenKey: ((context: { req: Request; profile: IlertProfile }) => string | Promise<string>) | undefined
  readonly newKey: () => string
}

/** How a sign-in ends: with a verdict, or before the app was asked. */
export type SignInResult = Verdict | { user: false; status: number; info: { message: string } }

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
  #requests = 0
  #entry: Promise<Pick<SessionEntry, 'grant' | 'shared'>> | undefined
  #attached = false

  constructor(req: Request, code: string, attempt: Attempt, parts: SignInParts) {
    this.code = code
    this.#parts = parts
    this.result = this.#run(req, attempt)
  }

  /** Lets a request take part. The last one to end without having attached the tokens has them revoked. */
  join(req: Request): void {
    this.#requests++
    responseOf(req).once('close', () => {
      this.#requests--
      if (this.#requests === 0) this.#letGo().catch(() => {}) // #run has said what went wrong
    })
  }

  /** Stores the tokens for a session that lives for `ttlMs`. Resolves to what the session is to remember. */
  store(req: Request, ttlMs: number): Promise<Pick<SessionEntry, 'grant' | 'shared'>> {
    this.#entry ??= this.#store(req, ttlMs)
    return this.#entry
  }

  /** To be called once a session has them. */
  attached(): void {
    this.#attached = true
  }

  async #run(req: Request, { codeVerifier, redirectURI }: Attempt): Promise<SignInResult> {
    const { client, allowedTenants, ask, tokens } = this.#parts
    const set = await client.exchangeCode({ code: this.code, codeVerifier, redirectURI })
    this.#tokens = set
    try {
      const profile = toProfile(await client.currentUser(set.accessToken), set)
      this.#profile = profile
      const { tenant } = profile
      if (allowedTenants && (tenant === undefined || !allowedTenants.includes(tenant))) {
        tokens.discard(set)
        const account = tenant === undefined ? 'This ilert account' : `The ilert account '${tenant}'`
        return { user: false, status: 403, info: { message: `${account} may not sign in here.` } }
      }
      const verdict = await ask({ req, tokens: set, profile })
      if (!verdict.user) tokens.discard(set)
      return verdict
    } catch (error) {
      tokens.discard(set)
      throw error
    }
  }

  async #store(req: Request, ttlMs: number): Promise<Pick<SessionEntry, 'grant' | 'shared'>> {
    const { newKey, tokenKey, tokens } = this.#parts
    const [set, profile] = [this.#tokens as TokenSet, this.#profile as IlertProfile]
    if (!tokenKey) {
      const grant = newKey()
      await tokens.save(grant, set, { ttlMs })
      return { grant }
    }
    const grant = await tokenKey({ req, profile })
    await tokens.save(grant, set)
    return { grant, shared: true }
  }

  /** Nobody came to attach the tokens. Those under a key of the app's own are the app's. */
  async #letGo(): Promise<void> {
    const result = await this.result
    if (this.#attached || !result.user || !this.#tokens) return
    const entry = await this.#entry?.catch(() => undefined)
    if (!entry) this.#parts.tokens.discard(this.#tokens)
    else if (!entry.shared) await this.#parts.tokens.revoke(entry.grant)
  }
}

/**
 * The sign-ins under way, and those that have just ended, by state: a second click, or a prefetch, arrives while the
 * browser still has the attempt's cookie.
 */
export class SignIns {
  readonly #known = new LRUCache<string, SignIn>({ max: 1000, ttl: 60_000 })
  readonly #parts: SignInParts

  constructor(parts: SignInParts) {
    this.#parts = parts
  }

  /** The sign-in of this state. Undefined where it goes on with another code. */
  take(req: Request, state: string, code: string, attempt: Attempt): SignIn | undefined {
    const known = this.#known.get(state)
    if (known && known.code !== code) return undefined
    const signIn = known ?? new SignIn(req, code, attempt, this.#parts)
    this.#known.set(state, signIn)
    signIn.join(req)
    return signIn
  }
}
