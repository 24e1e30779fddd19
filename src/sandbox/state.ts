import { randomBytes } from 'node:crypto'
import { CODE_SECONDS, REFRESH_TOKENS_PER_USER } from '../ilert/limits.ts'
import type { Clock } from './clock.ts'
import type { Account } from './data/account.ts'
import { accountsOf, addGiven, givenUsers, type SandboxData } from './data/given.ts'
import { enrol, reachable, seedAccount } from './data/seed.ts'
import { Expiring } from './expiring.ts'
import type { SandboxUser } from './users.ts'

/** An app as its developer registered it. */
export interface App {
  readonly clientID: string
  /** Empty for an app that has none and relies on PKCE. */
  readonly clientSecret: string
  readonly appID: number
  readonly redirectURI: string
}

/** One user's consent to one app: what a code, and later the refresh tokens in a row, stand for. */
export interface Grant {
  readonly app: App
  readonly user: SandboxUser
  readonly scope: readonly string[]
  /** Whether it began with PKCE: such an app may leave its secret out. */
  readonly pkce: boolean
  /** How often the user had ended all grants when this one was given: once more, and it has ended. */
  readonly generation: number
  /** Whether the app has revoked it. */
  revoked: boolean
  /** When it was last refreshed, on the sandbox's clock. */
  refreshedAt: number | undefined
}

/** An authorization code, not yet exchanged. */
export interface Code {
  readonly app: App
  readonly user: SandboxUser
  readonly scope: readonly string[]
  readonly codeChallenge: string | undefined
  readonly generation: number
}

/** A refresh token as the sandbox remembers it. */
export interface RefreshToken {
  readonly grant: Grant
  readonly expiresAt: number
  /** Whether a newer one has ended it: its successor, or one too many. */
  replaced: boolean
}

/** What a refresh does to the refresh token; ilert does not say which of them it does. */
export type RefreshBehaviour = 'reuse' | 'add' | 'rotate'

/** How this ilert behaves. */
export interface Settings {
  readonly accessTokenSeconds: number
  readonly refreshLimitSeconds: number
  readonly refreshTokens: RefreshBehaviour
  /** Whether token_info and revoke want the client's credentials. */
  readonly requireCredentials?: boolean
  /** Who answers the consent page without being asked. */
  readonly approve: SandboxUser | undefined
}

/**
 * Everything that the sandbox knows, without I/O. Tokens are good because they are found here, not because of a
 * signature: looking one up costs no crypto, and no sandbox takes another one's.
 */
export class State {
  /** Access tokens stay good until they expire, also when their grant ends. */
  readonly accessTokens: Expiring<Grant>
  readonly refreshTokens: Expiring<RefreshToken>
  readonly #apps = new Map<string, App>()
  readonly #codes: Expiring<Code>
  readonly #generations = new Map<string, number>()
  readonly #accounts = new Map<string, Account>()
  /** By app and user, the oldest first. */
  readonly #heldBy = new Map<string, RefreshToken[]>()
  readonly #clock: Clock
  readonly #firstUsers: readonly SandboxUser[]
  #users: readonly SandboxUser[]

  constructor(clock: Clock, users: readonly SandboxUser[]) {
    this.#clock = clock
    this.#firstUsers = users
    this.#users = users
    this.#codes = new Expiring(clock)
    this.accessTokens = new Expiring(clock)
    this.refreshTokens = new Expiring(clock)
  }

  /** Who can sign in. */
  get users(): readonly SandboxUser[] {
    return this.#users
  }

  /** Adds people and data. @throws TypeError which names what is not as ilert has it. */
  load(data: SandboxData): void {
    const people = givenUsers(data, this.#users)
    const known = [...this.#accounts.values()]
    this.#users = [...this.#users, ...people]
    const now = this.#clock.now()
    for (const user of people) {
      const account = known.find(({ tenant }) => tenant === user.tenant)
      if (account) reachable(enrol(user, account, now), account)
    }
    for (const tenant of accountsOf(data)) addGiven(data, this.account(tenant), this.#users, now)
  }

  /** Forgets everything but the apps: as if nobody had been here. */
  reset(): void {
    this.accessTokens.clear()
    this.refreshTokens.clear()
    this.#codes.clear()
    this.#accounts.clear()
    this.#heldBy.clear()
    this.#generations.clear()
    this.#users = this.#firstUsers
  }

  register(app: Omit<App, 'appID'>): App {
    const registered = { ...app, appID: 1001 + this.#apps.size }
    this.#apps.set(app.clientID, registered)
    return registered
  }

  app(clientID: string): App | undefined {
    return this.#apps.get(clientID)
  }

  user(username: string): SandboxUser | undefined {
    return this.users.find((user) => user.username === username)
  }

  /** The account of this name. It begins when it is first used, so that its last 24 hours are the last ones. */
  account(tenant: string): Account {
    const account = this.#accounts.get(tenant) ?? seedAccount(tenant, this.users, this.#clock.now())
    this.#accounts.set(tenant, account)
    return account
  }

  /**
   * Remembers a refresh token, and ends the oldest where an app has too many of a user.
   * docs/ilert.md, "Lifetimes and limits".
   */
  addRefreshToken(value: string, held: RefreshToken): void {
    const { app, user } = held.grant
    const key = `${app.clientID} ${user.username}`
    // All live equally long, so those that expired are the oldest anyway.
    const others = (this.#heldBy.get(key) ?? []).filter((other) => !other.replaced && !this.isOver(other.grant))
    for (const oldest of others.splice(0, others.length + 1 - REFRESH_TOKENS_PER_USER)) oldest.replaced = true
    this.#heldBy.set(key, [...others, held])
    this.refreshTokens.set(value, held, held.expiresAt)
  }

  issueCode(code: Omit<Code, 'generation'>): string {
    const value = randomBytes(32).toString('base64url')
    const generation = this.#generation(code.user)
    this.#codes.set(value, { ...code, generation }, this.#clock.now() + CODE_SECONDS * 1000)
    return value
  }

  /** The code, which ends with this, if it is one of `app`'s; another app's attempt does not use it up. */
  takeCode(value: string, app: App): Code | undefined {
    const code = this.#codes.get(value)
    if (code?.app !== app) return undefined
    this.#codes.delete(value)
    return code
  }

  startGrant({ app, user, scope, codeChallenge, generation }: Code): Grant {
    const pkce = codeChallenge !== undefined
    return { app, user, scope, pkce, generation, revoked: false, refreshedAt: undefined }
  }

  isOver(grant: Grant): boolean {
    return grant.revoked || grant.generation !== this.#generation(grant.user)
  }

  /** Ends every grant of a user, also one whose first token is still being signed. */
  endGrants(user: SandboxUser): void {
    this.#generations.set(user.username, this.#generation(user) + 1)
  }

  #generation(user: SandboxUser): number {
    return this.#generations.get(user.username) ?? 0
  }
}
