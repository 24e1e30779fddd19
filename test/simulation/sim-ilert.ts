/* A model of ilert: one grant, in each of the ways in which ilert might treat refresh tokens, and what goes wrong. */
import type { TokenSet } from '../../src/client/answers.ts'
import { NetworkError, OAuthError } from '../../src/ilert/errors.ts'
import { waited } from '../../src/tokens/time.ts'
import { never, type Process, type World } from './world.ts'

export type IlertTrouble = 'unreachable' | 'errors' | 'busy' | 'loses questions' | 'loses answers' | 'silent' | 'slow'

export interface IlertBehaviour {
  refreshTokens: 'reuse' | 'add' | 'rotate'
  /** What a refresh gets that follows another one too soon. */
  tooEarly: 'answered' | 'refused' | 'invalid_grant'
  lifetimeMs: number
}

/** A question that a process has asked, and what became of it. */
export interface Ask {
  readonly process: Process
  readonly refreshToken: string
  /** By the clock of the process that asked. */
  readonly askedAt: number
  readonly askedAtTrue: number
  /** What ilert has given for it, heard or not. */
  issued?: TokenSet
  /** By the same clock, once the process has an answer; absent for none, and while it is under way. */
  answered?: { at: number; tokens: TokenSet }
  underWay: boolean
  /** The answer is in the socket of the process, read or not. */
  arrived?: true
  /** It follows an answer by less than the interval. */
  tooSoon?: boolean
}

export class SimIlert {
  readonly world: World
  readonly behaviour: IlertBehaviour
  trouble: IlertTrouble | undefined
  readonly asks: Ask[] = []
  /** Refresh tokens that ilert takes. */
  readonly #alive = new Set<string>()
  /** Refresh tokens that somebody has asked to revoke. */
  readonly revoked = new Set<string>()
  /** ilert has ended the grant, by the user's wish. */
  ended = false
  #tokens = 0
  #troubledAt = Number.NEGATIVE_INFINITY
  #refreshedAt = Number.NEGATIVE_INFINITY
  onAsk: (ask: Ask) => void = () => {}
  onAnswer: (ask: Ask) => void = () => {}
  onInvalidGrant: (ask: Ask) => void = () => {}
  /** The process has given up. */
  onGivenUp: (ask: Ask) => void = () => {}

  constructor(world: World, behaviour: IlertBehaviour) {
    this.world = world
    this.behaviour = behaviour
  }

  /** Lets it be in trouble for a while. */
  begin(kind: IlertTrouble, ms: number): void {
    const { world } = this
    this.trouble = kind
    const over = () => {
      if (this.trouble === kind) this.end()
    }
    world.after(ms, over, true)
  }

  end(): void {
    if (this.trouble !== undefined) this.#troubledAt = this.world.now
    this.trouble = undefined
  }

  /** When it was last in trouble, or refused something. */
  get troubledAt(): number {
    return this.trouble === undefined ? this.#troubledAt : this.world.now
  }

  /** The newest refresh token that ilert would take. */
  get newest(): string {
    return `r${this.#tokens}`
  }

  takes(refreshToken: string): boolean {
    return this.#alive.has(refreshToken) && !this.ended
  }

  /** A user signs in. */
  signIn(process: Process): TokenSet {
    return this.#issue(process.clock.now())
  }

  #issue(sentAt: number, keep?: string): TokenSet {
    this.#tokens += 1
    const refreshToken = keep ?? this.newest
    this.#alive.add(refreshToken)
    const accessToken = `a${this.#tokens}`
    return { accessToken, refreshToken, scope: ['profile'], expiresAt: sentAt + this.behaviour.lifetimeMs }
  }

  /** The client of one process. */
  client(process: Process, timeoutMs: number) {
    return {
      refresh: (refreshToken: string) => this.#ask(process, refreshToken, timeoutMs),
      revoke: (refreshToken: string) => this.#revoke(process, refreshToken, timeoutMs),
      close: async () => {},
    }
  }

  async #ask(process: Process, refreshToken: string, timeoutMs: number): Promise<TokenSet> {
    const { world } = this
    const askedAt = process.clock.now()
    const ask: Ask = { process, refreshToken, askedAt, askedAtTrue: world.now, underWay: true }
    this.asks.push(ask)
    this.onAsk(ask)
    try {
      const tokens = await this.#call(
        process,
        timeoutMs,
        () => {
          ask.issued = this.#refresh(askedAt, refreshToken)
          return ask.issued
        },
        () => {
          ask.arrived = true
        },
      )
      if (world.now - ask.askedAtTrue > timeoutMs) world.count('answer read after its time')
      ask.answered = { at: process.clock.now(), tokens }
      this.onAnswer(ask)
      return tokens
    } catch (error) {
      this.#troubledAt = world.now
      if (error instanceof OAuthError) this.onInvalidGrant(ask)
      else if ((error as NetworkError).code === 'timeout') this.onGivenUp(ask)
      throw error
    } finally {
      ask.underWay = false
    }
  }

  #refresh(sentAt: number, refreshToken: string): TokenSet {
    const { world, behaviour } = this
    const { refreshTokens, tooEarly, lifetimeMs } = behaviour
    if (!this.takes(refreshToken)) throw OAuthError.from('invalid_grant', 401)
    const waitMs = this.#refreshedAt + Math.min(300_000, lifetimeMs / 2) - world.now
    if (waitMs > 0 && tooEarly !== 'answered') {
      world.count(`too early, ${tooEarly}`)
      if (tooEarly === 'invalid_grant') throw OAuthError.from('invalid_grant', 401)
      throw new NetworkError('simulated: 429', { code: 'rate_limited', retryAfterSeconds: Math.ceil(waitMs / 1000) })
    }
    this.#refreshedAt = world.now
    if (refreshTokens === 'rotate') this.#alive.delete(refreshToken)
    return this.#issue(sentAt, refreshTokens === 'reuse' ? refreshToken : undefined)
  }

  async #revoke(process: Process, refreshToken: string, timeoutMs: number): Promise<void> {
    this.revoked.add(refreshToken)
    await this.#call(process, timeoutMs, () => this.#alive.delete(refreshToken))
  }

  /** A call over the network, in whatever trouble it is. */
  async #call<T>(process: Process, timeoutMs: number, effect: () => T, arrived?: () => void): Promise<T> {
    const { world, trouble } = this
    if (trouble !== undefined) world.count(`ilert ${trouble}`)
    const late = waited(timeoutMs, process.after).then(() => {
      throw new NetworkError('simulated: no answer in time', { code: 'timeout' })
    })
    late.catch(() => {})
    const slow = trouble === 'slow' ? world.between(500, Math.min(timeoutMs * 1.1, 25_000)) : 0
    // Not processed after the process has given up: 5 minutes after that nothing is too early any more.
    const there = Math.min(world.latency() + slow * world.random(), timeoutMs)
    const back = world.latency() + slow
    return await Promise.race([this.#meet(process, there, back, effect, arrived), late])
  }

  #meet<T>(process: Process, there: number, back: number, effect: () => T, arrived?: () => void): Promise<T> {
    const { world, trouble } = this
    const lost = () => new NetworkError('simulated: the connection broke', { code: 'connection_lost' })
    switch (trouble) {
      case 'unreachable':
        return process.call(there, back, () => {
          throw new NetworkError('simulated: cannot be reached', { code: 'connection_failed' })
        })
      case 'errors':
        return process.call(there, back, () => {
          throw new NetworkError('simulated: 500', { code: 'server_error' })
        })
      case 'busy':
        return process.call(there, back, () => {
          throw new NetworkError('simulated: 429', { code: 'rate_limited', retryAfterSeconds: world.between(1, 30) })
        })
      case 'loses questions':
        return process.call(there, back, () => {
          throw lost()
        })
      case 'loses answers':
        return process.call(there, back, () => {
          effect()
          world.count('answer lost')
          throw lost()
        })
      case 'silent':
        if (world.random() < 0.5) return never()
        return process.call(there, 1e9, () => {
          effect()
          world.count('answer lost')
          return never<T>() as never
        })
      default:
        return process.call(there, back, effect, arrived)
    }
  }
}
