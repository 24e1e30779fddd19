/* The sandbox with ten thousand users, and with somebody who looks over its shoulder. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { REFRESH_INTERVAL_SECONDS, REFRESH_TOKENS_PER_USER } from '../../src/ilert/limits.ts'
import { type Clock, type MovableClock, movableClock } from '../../src/sandbox/clock.ts'
import { Expiring } from '../../src/sandbox/expiring.ts'
import { type Fault, Faults } from '../../src/sandbox/faults.ts'
import { RateLimit } from '../../src/sandbox/rate-limit.ts'
import { sandboxServer } from '../../src/sandbox/server.ts'
import { type App, type Grant, type RefreshBehaviour, type RefreshToken, State } from '../../src/sandbox/state.ts'
import { type SandboxUser, sandboxUsers } from '../../src/sandbox/users.ts'
import type { Judge } from './judge.ts'

const INTERVAL_MS = REFRESH_INTERVAL_SECONDS * 1000

export interface SoakIlert {
  readonly origin: string
  readonly app: App
  readonly users: readonly SandboxUser[]
  readonly clock: MovableClock
  readonly seen: Seen
  fault(fault: Fault): { clear: () => void }
  behave(refreshTokens: RefreshBehaviour): void
  close(): Promise<void>
}

export async function startIlert(userCount: number, redirectURI: string, judge: Judge): Promise<SoakIlert> {
  const clock = movableClock()
  const users = manyUsers(userCount)
  const seen = new Seen(clock, judge)
  const state = new SeenState(clock, users, seen)
  const faults = new Faults()
  const settings = {
    accessTokenSeconds: 3600,
    // No limit of its own: a refresh that comes too early succeeds, and is seen.
    refreshLimitSeconds: 0,
    refreshTokens: 'rotate' as RefreshBehaviour,
    approve: undefined,
  }
  const ilert = { state, rateLimit: new RateLimit(clock, 0), clock, settings }
  const server = sandboxServer({ ilert, faults, log: [] })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const clientSecret = randomBytes(32).toString('base64url')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    app: state.register({ clientID: 'soak', clientSecret, redirectURI }),
    users,
    clock,
    seen,
    fault: (fault) => faults.add(fault),
    behave: (refreshTokens) => {
      settings.refreshTokens = refreshTokens
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** What happens at ilert, held against the rules. */
class Seen {
  signIns = 0
  refreshes = 0
  /** The most refresh tokens that one user ever had at once. */
  mostTokens = 0
  /** The shortest time between two answered refreshes of one grant. */
  shortestGapMs: number = Number.POSITIVE_INFINITY
  /** While answers get lost on purpose: a refresh whose answer nobody heard may be repeated at once. */
  unheard = false
  readonly #lastRefresh = new WeakMap<Grant, { at: number; heard: boolean }>()
  readonly #known = new WeakSet<Grant>()
  readonly #clock: Clock
  readonly #judge: Judge

  constructor(clock: Clock, judge: Judge) {
    this.#clock = clock
    this.#judge = judge
  }

  /** An access token was issued: the first of its grant, or that of a refresh. */
  issued(grant: Grant): void {
    if (!this.#known.has(grant)) {
      this.#known.add(grant)
      this.signIns += 1
      return
    }
    this.refreshes += 1
    const at = this.#clock.now()
    const last = this.#lastRefresh.get(grant)
    this.#lastRefresh.set(grant, { at, heard: !this.unheard })
    if (!last?.heard) return
    const gap = at - last.at
    this.shortestGapMs = Math.min(this.shortestGapMs, gap)
    if (gap < INTERVAL_MS) {
      this.#judge.breaks(
        'interval',
        `a grant of ${grant.user.username} was refreshed again after ${Math.round(gap)} ms`,
      )
    }
  }

  /** A refresh token is about to be added to `live` others of the same user. */
  added(user: SandboxUser, live: number): void {
    this.mostTokens = Math.max(this.mostTokens, live + 1)
    if (live + 1 > REFRESH_TOKENS_PER_USER) {
      this.#judge.breaks('tokens per user', `${user.username} has ${live + 1} refresh tokens`)
    }
  }
}

class SeenState extends State {
  override readonly accessTokens: Expiring<Grant>
  readonly #live = new Map<string, RefreshToken[]>()
  readonly #seen: Seen
  readonly #now: Clock

  constructor(clock: Clock, users: readonly SandboxUser[], seen: Seen) {
    super(clock, users)
    this.accessTokens = new SeenTokens(clock, seen)
    this.#now = clock
    this.#seen = seen
  }

  override addRefreshToken(value: string, held: RefreshToken): void {
    const { user } = held.grant
    const isLive = (token: RefreshToken) =>
      !token.replaced && !this.isOver(token.grant) && token.expiresAt > this.#now.now()
    const live = (this.#live.get(user.username) ?? []).filter(isLive)
    this.#seen.added(user, live.length)
    this.#live.set(user.username, [...live, held])
    super.addRefreshToken(value, held)
  }
}

class SeenTokens extends Expiring<Grant> {
  readonly #seen: Seen

  constructor(clock: Clock, seen: Seen) {
    super(clock)
    this.#seen = seen
  }

  override set(key: string, grant: Grant, expiresAt: number): void {
    this.#seen.issued(grant)
    super.set(key, grant, expiresAt)
  }
}

function manyUsers(count: number): SandboxUser[] {
  const [sample] = sandboxUsers()
  const person = { ...(sample as SandboxUser), tenant: 'soak' }
  return Array.from({ length: count }, (_, n) => ({ ...person, id: 100_000 + n, username: `user.${n}` }))
}
