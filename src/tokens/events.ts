/*
 * What happens to grants, told to the app's listeners and on diagnostics channels.
 */
import { channel } from 'node:diagnostics_channel'
import { EventEmitter } from 'node:events'
import { LRUMap } from './lru-map.ts'

/**
 * Why new tokens were asked for.
 *
 * - `due`: the access token expires soon. It is used while it is refreshed in the background.
 * - `expired`: the access token has expired, or is about to, so that a request waits for the next one.
 * - `refused`: ilert's API refused the access token before its time.
 * - `unstored`: ilert has issued tokens, which the store could not take at once: they are written now.
 */
export type RefreshReason = 'due' | 'expired' | 'refused' | 'unstored'

/** What every event of `TokenManager` has. */
export interface TokenEvent {
  /**
   * The key of the tokens. That of a session's tokens is random and leads to them, in this app alone: do not log it.
   */
  readonly key: string
  /** The ilert user's id, if it is known: the tokens that a sign-in brings have it. */
  readonly userID?: string
}

/** ilert has issued new tokens, and they are stored. Emitted by the process that asked for them. */
export interface RefreshedEvent extends TokenEvent {
  /** Why they were asked for. */
  readonly reason: RefreshReason
  /** How many refreshes the grant has been through, this one included. */
  readonly count: number
  /** When the new access token expires, in milliseconds since the epoch. */
  readonly accessTokenExpiresAt: number
}

/** A refresh has failed. It is tried again, and the grant goes on. Emitted by the process that tried. */
export interface FailingEvent extends TokenEvent {
  /** Why new tokens were asked for. */
  readonly reason: RefreshReason
  /** The `code` of the error, such as `timeout` or `store_unavailable`. */
  readonly code: string
  /** How many have failed in a row in this process: 1 for the first. */
  readonly count: number
  /** After how many milliseconds the next one may begin, if a request asks for it. */
  readonly retryAfterMs: number
}

/** New tokens are there after refreshes that failed in this process: its own, or those of another process. */
export interface RecoveredEvent extends TokenEvent {
  /** The `code` of the last failure. */
  readonly code: string
  /** How many refreshes had failed in a row. */
  readonly count: number
}

/**
 * A grant has ended: its user has to sign in again. Emitted once in a process. One that the same ilert user has replaced by
 * signing in again in the same session has not ended.
 */
export interface EndedEvent extends TokenEvent {
  /**
   * Who has ended it.
   *
   * - `user`: by signing out. Emitted by the process that signed the user out.
   * - `app`: by `revoke`, `revokeAll` or `disconnect`, or because no session refers to it any more. Emitted by the process
   *   that did so.
   * - `ilert`: refuses the refresh token for good. Emitted by each process that asked.
   * - `expiry`: the tokens have expired, and nothing can refresh them. Emitted when they are asked for then.
   */
  readonly by: 'user' | 'app' | 'ilert' | 'expiry'
  /** How many refreshes the grant has been through. */
  readonly count: number
}

/** The events of `TokenManager`, by name. */
export interface TokenEvents {
  refreshed: RefreshedEvent
  failing: FailingEvent
  recovered: RecoveredEvent
  ended: EndedEvent
}

/** Takes an event. One that is async may reject: see `TokenManager.on`. */
export type TokenListener<Name extends keyof TokenEvents> = (event: TokenEvents[Name]) => unknown

/** What of a grant its events tell. */
interface Told {
  readonly id: string
  readonly account?: string
  readonly refreshes?: number
}

type Details<Name extends keyof TokenEvents> = Omit<TokenEvents[Name], keyof TokenEvent | 'count'> & { count?: number }

/** Ends that were told in this process. */
const TOLD_ENDS = 10_000

/** Plain channels. Who subscribes to them need not know the app: neither the key nor the user is told there. */
const channels = {
  refreshed: channel('passport-ilert:refreshed'),
  failing: channel('passport-ilert:failing'),
  recovered: channel('passport-ilert:recovered'),
  ended: channel('passport-ilert:ended'),
}

/** The listeners of one manager. */
export class GrantEvents {
  // Not handed out, nor as `this` of a listener: nobody else emits.
  readonly #emitter = new EventEmitter()
  readonly #toldEnds = new LRUMap<true>({ max: TOLD_ENDS })

  on<Name extends keyof TokenEvents>(name: Name, listener: TokenListener<Name>): void {
    this.#emitter.on(checkName(name), checkListener(listener))
  }

  once<Name extends keyof TokenEvents>(name: Name, listener: TokenListener<Name>): void {
    checkListener(listener)
    const first = (event: TokenEvents[Name]) => {
      this.#emitter.off(name, first)
      return listener(event)
    }
    // As in the wrappers of EventEmitter's own `once`: `off` knows them by this.
    this.#emitter.on(checkName(name), Object.assign(first, { listener }))
  }

  off<Name extends keyof TokenEvents>(name: Name, listener: TokenListener<Name>): void {
    this.#emitter.off(checkName(name), checkListener(listener))
  }

  /** Tells of a grant. Never throws. */
  emit<Name extends keyof TokenEvents>(name: Name, key: string, grant: Told, details: Details<Name>): void {
    const isListenedTo = this.#emitter.listenerCount(name) > 0
    if (!isListenedTo && !channels[name].hasSubscribers) return
    const what = { ...details, count: details.count ?? grant.refreshes ?? 0 }
    channels[name].publish({ ...what })
    if (!isListenedTo) return
    const { account } = grant
    const event = Object.freeze({ key, ...(account !== undefined && { userID: account }), ...what })
    for (const listener of this.#emitter.rawListeners(name)) call(listener as (event: object) => unknown, event)
  }

  /** Tells once of the end of a grant. */
  ended(key: string, grant: Told, by: EndedEvent['by']): void {
    if (this.#toldEnds.has(grant.id)) return
    this.#toldEnds.set(grant.id, true)
    this.emit('ended', key, grant, { by })
  }

  /** ilert's refusal was not final after all. */
  goesOn({ id }: Told): void {
    this.#toldEnds.delete(id)
  }
}

/**
 * As Node does it for listeners of `EventTarget` and of diagnostics channels: the others are called all the same, and the
 * error is an uncaught exception. What an async one rejects with is an unhandled rejection by itself.
 */
function call(listener: (event: object) => unknown, event: object): void {
  try {
    listener(event)
  } catch (error) {
    process.nextTick(() => {
      throw error
    })
  }
}

function checkName(name: string): string {
  if (Object.hasOwn(channels, name)) return name
  throw new TypeError(`event: expected one of ${Object.keys(channels).join(', ')}.`)
}

function checkListener<T>(listener: T): T & ((...args: unknown[]) => void) {
  if (typeof listener === 'function') return listener as T & ((...args: unknown[]) => void)
  throw new TypeError('listener: expected a function.')
}
