/* Who knows the rules: looks at everything that happens in a simulated world, and says which rule it breaks. */
import type { TokenSet } from '../../src/client/answers.ts'
import { NetworkError, ReauthenticationRequired } from '../../src/ilert/errors.ts'
import { KEY } from './run.ts'
import type { Scenario } from './scenario.ts'
import type { Ask, SimIlert } from './sim-ilert.ts'
import type { SimStore } from './sim-store.ts'
import type { Process, World } from './world.ts'

/** No refusal is final that follows a lost answer by less. */
const LOST_MS = 300_000

/** What is known of a grant may be that old. Then the store is asked, and waited for a little. */
const STALE_MS = 60_000
const WAIT_FOR_STORE_MS = 1500

/** What nothing that is in order takes longer than: 15 s behind a dead holder, and one refresh. */
const PATIENCE_MS = 22_000

/** For how long a process looks after new tokens where another one may write over them, and a slow answer more. */
const LOOKED_AFTER_MS = 12_000

interface Content {
  tokens: TokenSet
  ended?: true
}

export class Judge {
  readonly #world: World
  readonly #store: SimStore
  readonly #ilert: SimIlert
  readonly #leases: boolean
  readonly #overtakenMs: number
  readonly #timeoutMs: number
  /** Access tokens that have been in the store. */
  readonly #written = new Set<string>()
  /** When the newest of them was written. */
  #writtenAt = 0
  /** When a process was last refused by ilert while newer tokens lay in the store. */
  readonly #beaten = new Map<Process, number>()
  #crashedAt = Number.NEGATIVE_INFINITY
  readonly #diedAt = new Map<Process, number>()
  readonly #comparesAndSets: boolean
  #lastLanded: Ask | undefined
  readonly #asksAfterLogOut: Ask[] = []
  #pending = new Map<object, Process>()
  logOut: undefined | 'begun' | 'done'
  #loggedOutBy: Process | undefined
  #loggedOutAt = Number.POSITIVE_INFINITY
  #wroteEnd: Process | undefined
  #endedWith: string | undefined

  constructor(world: World, store: SimStore, ilert: SimIlert, { store: kind, timeoutMs }: Scenario) {
    this.#leases = kind === 'leases'
    this.#comparesAndSets = kind !== 'neither'
    // Without compare and set, a process that was stalled may go on with a claim that another one has written over.
    this.#overtakenMs = kind === 'neither' ? 60_000 : 10_000
    this.#timeoutMs = timeoutMs
    this.#world = world
    this.#store = store
    this.#ilert = ilert
    store.onWrite = (process, data) => this.#onWrite(process, parse(data))
    ilert.onAsk = (ask) => this.#onAsk(ask)
    ilert.onAnswer = (ask) => this.#onAnswer(ask)
    ilert.onInvalidGrant = (ask) => this.#onInvalidGrant(ask)
    ilert.onGivenUp = (ask) => this.#onGivenUp(ask)
  }

  get #leasesLostAt(): number {
    return Math.max(this.#store.troubledAt, this.#world.sleptAt, this.#world.stalledAt)
  }

  get #troubledAt(): number {
    return Math.max(this.#leasesLostAt, this.#ilert.troubledAt)
  }

  // Requests ----------------------------------------------------------------------------------------------------------

  /** A request begins in a process that has these tokens at hand. */
  request(process: Process, cached: Readonly<TokenSet> | undefined) {
    const world = this.#world
    const startedAt = world.now
    const start = process.clock.now()
    /** Whether tokens were good for `ms` when the request began. */
    const good = (tokens: Readonly<TokenSet> | undefined, ms: number) =>
      tokens !== undefined && tokens.expiresAt - start >= Math.min(10_000, this.#ilert.behaviour.lifetimeMs / 10) + ms
    const inStore = good(this.#content()?.tokens, 5000) && this.#writtenAt < startedAt - 2000
    const loggedOutHere = this.logOut === 'done' && this.#loggedOutBy === process
    const loggedOutLongAgo = this.#loggedOutAt + STALE_MS < startedAt && this.#store.troubledAt < startedAt - STALE_MS
    // A sign-out reads the record by itself: that says nothing to the requests beside it.
    const stale = this.logOut !== undefined || !this.#isConfirmed(process)
    const atHand = good(cached, stale ? WAIT_FOR_STORE_MS : 0)
    const token = {}
    this.#pending.set(token, process)

    /** For how long the process, or everything, has stood still since the request began: its tokens have aged meanwhile. */
    const stoodStillMs = () => Math.max(0, world.sleptAt - startedAt, process.stalledAt - startedAt)
    const stillGood = () => {
      if (!atHand || !stale) return atHand
      const ms = WAIT_FOR_STORE_MS + stoodStillMs()
      // What another process has stored meanwhile may end sooner, where clocks differ.
      const stored = world.clocksDiffer ? this.#content()?.tokens : undefined
      return good(cached, ms) && good(stored ?? cached, ms)
    }
    const stored = this.#content()?.tokens
    /** What another process has stored may be over for this one, where clocks differ: it has to refresh then. */
    const storedEndsSooner = world.clocksDiffer && stale && !good(stored, WAIT_FOR_STORE_MS)
    const hasJumped = () => process.clock.now() - world.now !== start - startedAt
    const settled = () => {
      this.#pending.delete(token)
      const took = world.now - startedAt
      const jumped = hasJumped()
      const stoodStill = jumped || Math.max(world.sleptAt, world.stalledAt) >= startedAt
      if (atHand && stale && took > 0 && (took <= WAIT_FOR_STORE_MS || stoodStill)) world.count('waited for the store')
      else if (atHand && took > 0 && !storedEndsSooner)
        world.break(
          `rule 2: ${process.name} has a good token, and a request waited ${took} ms since ${startedAt - 1.8e12}, ${JSON.stringify(cached)} at ${start}`,
        )
      const storeCalm = this.#leasesLostAt < startedAt - 45_000
      if (!atHand && inStore && storeCalm && !jumped && !this.logOut && took > 900) {
        world.break(`rule 2: a good token was in the store, and a request in ${process.name} waited ${took} ms`)
      }
      if (world.now - Math.max(startedAt, this.#crashedAt) > PATIENCE_MS && this.#troubledAt < startedAt - 45_000) {
        world.break(`rule 6: a request in ${process.name} waited ${took} ms though nothing was wrong but the dead`)
      }
      return took
    }
    const answered = ({ accessToken, expiresAt }: Readonly<TokenSet>) => {
      const took = settled()
      if (!this.#written.has(accessToken))
        world.break(`rule 3: ${process.name} used ${accessToken} before it was stored`)
      if (expiresAt <= process.clock.now()) world.break(`${process.name} handed out a token that has expired`)
      if (loggedOutHere) world.break(`rule 5: ${process.name} handed out a token after the user had signed out there`)
      // A store that is that slow counts as unavailable, and so does one that fails meanwhile.
      const couldAsk = took < WAIT_FOR_STORE_MS && this.#store.troubledAt < startedAt
      if (loggedOutLongAgo && couldAsk && !world.clocksDiffer)
        world.break(`rule 5: ${process.name} handed out a token a minute after the user had signed out elsewhere`)
    }
    const failed = (error: unknown) => {
      const took = settled()
      this.expectKnown(process, error)
      if (error instanceof ReauthenticationRequired) this.#signedOut(process, stillGood())
      else if (stillGood() && !(stale && hasJumped()))
        world.break(`rule 4: ${process.name} has a good token, and a request was refused: ${String(error)}`)
      else if (took === 0) world.count('answered at once during the back-off')
      const beatenAt = this.#beaten.get(process) ?? Number.NEGATIVE_INFINITY
      const looked = beatenAt >= startedAt && this.#store.troubledAt < beatenAt && !world.clocksDiffer
      if (looked && !this.logOut && good(this.#content()?.tokens, world.now - startedAt)) {
        world.break(`rule 4: no second look in ${process.name}: ${String(error)}`)
      }
      const calm = this.#troubledAt < startedAt - 400_000 && !world.clocksDiffer
      if (error instanceof NetworkError && calm) {
        world.break(`rule 4: a request in ${process.name} got ${error.message} though nothing was wrong`)
      }
    }
    return { answered, failed }
  }

  /** Whether what a process knows of the grant is so young that none of its requests may wait for the store. */
  #isConfirmed(process: Process): boolean {
    const confirmed = this.#store.confirmed.get(process)
    if (!confirmed) return false
    const age = process.clock.now() - confirmed.own
    return age >= 0 && age < STALE_MS
  }

  expectKnown(process: Process, error: unknown): void {
    if (error instanceof NetworkError || error instanceof ReauthenticationRequired) return
    this.#world.break(`${process.name} failed in an unknown way: ${(error as Error)?.stack ?? String(error)}`)
  }

  /** Somebody is told to sign in again: is the grant over? */
  #signedOut(process: Process, atHand: boolean): void {
    const world = this.#world
    if (this.logOut || (this.#ilert.ended && !atHand)) return
    const refreshToken = this.#content()?.tokens.refreshToken
    if (refreshToken === undefined || this.#ilert.takes(refreshToken)) {
      world.break(`rule 4: ${process.name} was signed out though its grant is good`)
      return
    }
    const holder = this.#ilert.asks.find((ask) => ask.issued?.refreshToken === this.#ilert.newest)
    const coming = holder?.process.alive && (holder.underWay || holder.answered)
    // How long ago that was nobody can say where clocks differ.
    if (coming && !world.clocksDiffer && process.clock.now() - holder.askedAt < LOST_MS) {
      world.break(`rule 4: ${process.name} was signed out though ${holder.process.name} has its next tokens`)
    }
    world.count('signed out because the tokens are lost')
  }

  // Refreshes ---------------------------------------------------------------------------------------------------------

  #onAsk(ask: Ask): void {
    const world = this.#world
    world.note(`${ask.process.name} asks ilert with ${ask.refreshToken}`)
    for (const other of this.#ilert.asks) {
      if (other === ask || !other.underWay || !other.process.alive) continue
      if (this.#mayHaveLostLease(other, ask.process)) world.count('refresh beside one that has lost its lease')
      else world.break(`rule 1: ${ask.process.name} refreshes while ${other.process.name} does`)
    }
    if (this.logOut) this.#asksAfterLogOut.push(ask)
    const last = this.#lastLanded
    if (!last?.answered || world.clocksDiffer) return
    // Begun before the last one had landed, though that was under way for longer than its lease.
    const overtaken = this.#mayHaveLostLease(last, ask.process) && world.now - this.#writtenAt < this.#overtakenMs
    const interval = Math.min(300_000, this.#ilert.behaviour.lifetimeMs / 2)
    // ilert has answered within the time for it, however late that was read.
    const answeredAt = Math.min(last.answered.at, last.askedAt + this.#timeoutMs)
    ask.tooSoon = !overtaken && ask.askedAt - answeredAt < interval
  }

  /** A store that was away, a machine that slept or a stall may have cost a process its lease while it was asking. */
  #mayHaveLostLease({ process, askedAtTrue }: Ask, besides: Process): boolean {
    return process !== besides && (!this.#leases || this.#leasesLostAt > askedAtTrue - 1000)
  }

  #onAnswer(ask: Ask): void {
    const world = this.#world
    world.note(`${ask.process.name} has the answer: ${JSON.stringify(ask.answered?.tokens)}`)
    if (ask.tooSoon)
      world.break(`rule 1: two refreshes less than the interval apart, the second in ${ask.process.name}`)
    if (this.logOut && !this.#asksAfterLogOut.includes(ask)) this.#asksAfterLogOut.push(ask)
  }

  #onGivenUp({ process, arrived }: Ask): void {
    if (arrived) this.#world.break(`rule 3: ${process.name} has given up though the answer lies in its socket`)
  }

  #onInvalidGrant(ask: Ask): void {
    this.#world.note(`${ask.process.name} is told invalid_grant`)
    if (this.#writtenAt < ask.askedAtTrue) return
    this.#world.count('second look finds newer tokens')
    this.#beaten.set(ask.process, this.#world.now)
  }

  #onWrite(process: Process, { tokens, ended }: Content): void {
    const world = this.#world
    world.note(`${process.name} writes ${ended ? 'the end' : tokens.accessToken}`)
    if (ended) {
      this.#wroteEnd = process
      this.#endedWith = tokens.refreshToken
      return
    }
    if (this.logOut === 'done') world.break(`rule 5: ${process.name} brought back what the user had ended`)
    if (this.#written.has(tokens.accessToken)) return
    this.#written.add(tokens.accessToken)
    this.#writtenAt = world.now
    const ask = this.#ilert.asks.find((one) => one.answered?.tokens.accessToken === tokens.accessToken)
    if (!ask?.answered) return
    this.#lastLanded = ask
    if (this.#store.troubledAt > world.now - (process.clock.now() - ask.answered.at))
      world.count('held, and written later')
  }

  // The ends of things ------------------------------------------------------------------------------------------------

  crash(process: Process): void {
    const world = this.#world
    const mine = this.#ilert.asks.filter((ask) => ask.process === process)
    world.count('crash')
    if (mine.some((ask) => ask.underWay)) world.count('crash in mid-refresh')
    if (mine.some((ask) => ask.answered && !this.#written.has(ask.answered.tokens.accessToken))) {
      world.count('crash between the answer and its write')
    }
    process.alive = false
    this.#crashedAt = world.now
    this.#diedAt.set(process, world.now)
    for (const [request, owner] of this.#pending) if (owner === process) this.#pending.delete(request)
  }

  logOutBegun(process: Process): void {
    const world = this.#world
    world.count('logout')
    this.logOut ??= 'begun'
    for (const ask of this.#ilert.asks) {
      const held = ask.answered && !this.#written.has(ask.answered.tokens.accessToken)
      if (!ask.process.alive || !(ask.underWay || held)) continue
      world.count(ask.process === process ? 'logout in mid-refresh' : 'logout in mid-refresh of another process')
      this.#asksAfterLogOut.push(ask)
    }
  }

  loggedOut(process: Process): void {
    this.#world.note(`${process.name} has signed the user out`)
    this.logOut = 'done'
    this.#loggedOutAt = this.#world.now
    this.#loggedOutBy = process
  }

  /** What must be so in the end. */
  conclude(last: { process: Process; token?: string; error?: unknown }[]): void {
    const world = this.#world
    for (const process of this.#pending.values()) {
      if (process.alive) world.break(`rule 8: a request in ${process.name} never ended`)
    }
    if (this.logOut) this.#concludeLogOut()
    const expected = this.logOut || this.#ilert.ended || this.#lost() ? 'the end' : 'a token'
    for (const { process, token, error } of last) {
      const outcome =
        token !== undefined ? 'a token' : error instanceof ReauthenticationRequired ? 'the end' : String(error)
      if (outcome !== expected) world.break(`in the end ${process.name} should get ${expected}, and gets ${outcome}`)
    }
  }

  #concludeLogOut(): void {
    const world = this.#world
    const content = this.#content()
    if (content && !content.ended) world.break('rule 5: the tokens are in the store although the user has signed out')
    if (!this.#loggedOutBy?.alive || this.#wroteEnd !== this.#loggedOutBy) return
    const last = this.#endedWith
    if (last && !this.#ilert.revoked.has(last)) world.break(`rule 5: ${last} was not revoked when the user signed out`)
    for (const ask of this.#asksAfterLogOut) {
      const late = ask.answered?.tokens.refreshToken
      if (late === undefined || !ask.process.alive || this.#letGo(ask, late)) continue
      if (!this.#ilert.revoked.has(late)) world.break(`rule 5: ${late} came after the sign-out, and was not revoked`)
      if (late !== ask.refreshToken) world.count('late tokens revoked')
    }
  }

  /** Followed by others, or let go in favour of those of another refresh beside it: to revoke it might end those. */
  #letGo(ask: Ask, refreshToken: string): boolean {
    return this.#ilert.asks.some((other) => {
      if (other === ask || !other.issued) return false
      const beside = other.refreshToken === ask.refreshToken && this.#written.has(other.issued.accessToken)
      return beside || other.refreshToken === refreshToken
    })
  }

  /** The only losses that no design prevents: the newest tokens died with the process that had them, or on their way. */
  #lost(): boolean {
    const world = this.#world
    const stored = this.#content()?.tokens.refreshToken
    if (stored !== undefined && this.#ilert.takes(stored)) return false
    const ask = this.#ilert.asks.find(({ issued }) => issued?.refreshToken === this.#ilert.newest)
    const unheard = ask && !ask.answered
    const died = ask && !ask.process.alive && !this.#written.has(ask.issued?.accessToken ?? '')
    // Another process has written over them, and whose they were could not look after them any more.
    const diedAt = (ask && this.#diedAt.get(ask.process)) ?? Number.POSITIVE_INFINITY
    const buried = !this.#comparesAndSets && diedAt < this.#writtenAt + LOOKED_AFTER_MS
    if (this.#ilert.behaviour.refreshTokens !== 'rotate' || !(unheard || died || buried)) {
      world.break('rule 3: the newest tokens are lost')
    }
    world.count(
      ask?.process.alive ? 'loss: rotated, and the answer was lost' : 'loss: rotated, and died before the write',
    )
    return true
  }

  #content(): Content | undefined {
    const stored = this.#store.peek(KEY)
    return stored && parse(stored.data)
  }
}

function parse(data: string): Content {
  return JSON.parse(data.slice(data.indexOf('.') + 1)) as Content
}
