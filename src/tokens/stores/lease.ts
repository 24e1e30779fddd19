/*
 * Leases that end with their holder, for stores that can say by whose token a lease is held.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAlive } from '../../client/patience.ts'
import { NetworkError } from '../../ilert/errors.ts'
import { within } from '../time.ts'
import type { Lease } from './store.ts'

/** The longest that the refreshes of a grant may stand still because a process died in the middle of one. */
const LONGEST_LEASE_MS = 15_000

/** Less leaves no time for a renewal. */
const SHORTEST_LEASE_MS = 10

/** What comes out of `underLease` does not wait longer than this for the lease to be given back. */
const RELEASE_MS = 250

/** A waiter asks again after this time, doubled after each answer up to the longest. */
const FIRST_POLL_MS = 20
const LONGEST_POLL_MS = 250

/** One waiter's commands for one lease. Each takes a bounded time, and rejects if the store fails. */
export interface LeaseCommands {
  /** Takes the lease for `leaseMs` if it is free, or this waiter's own already. Resolves to whether it is this waiter's. */
  acquire(): Promise<boolean>
  /** Lets the lease end `leaseMs` from now. Resolves to false if it is not this waiter's any more. */
  renew(limitMs: number): Promise<boolean>
  /** Ends the lease if it is this waiter's: also if the answer to `acquire` was lost, or is still on its way. */
  release(): Promise<unknown>
}

/** @throws {TypeError} for a `leaseMs` that is none */
export function checkLeaseMs(leaseMs: unknown): number {
  if (typeof leaseMs === 'number' && leaseMs >= SHORTEST_LEASE_MS && leaseMs <= LONGEST_LEASE_MS) {
    return Math.round(leaseMs)
  }
  throw new TypeError(`leaseMs must be a number from ${SHORTEST_LEASE_MS} to ${LONGEST_LEASE_MS}.`)
}

/**
 * Runs `work` under a lease, which is renewed while it runs and given back when it is done. `signal` ends the waiting for
 * the lease, and not the work.
 */
export async function underLease<T>(
  commands: LeaseCommands,
  leaseMs: number,
  work: (lease: Lease) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const release = () => commands.release().catch(() => {}) // it ends by itself, then
  let endsAt: number
  try {
    endsAt = await acquired(commands, leaseMs, signal)
  } catch (error) {
    // The command may have been carried out all the same, or will be.
    void release()
    throw error
  }
  const lease = new HeldLease(commands, leaseMs, endsAt)
  try {
    return await work(lease)
  } finally {
    lease.stop()
    await within(release(), RELEASE_MS, () => new Error('late')).catch(() => {})
  }
}

/** Resolves to the end of the lease by the monotonic clock. */
async function acquired(commands: LeaseCommands, leaseMs: number, signal: AbortSignal | undefined): Promise<number> {
  for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(pollMs * 2, LONGEST_POLL_MS)) {
    signal?.throwIfAborted()
    // Counted from before the command is sent, so that the lease never ends later here than in the store.
    const endsAt = performance.now() + leaseMs
    const isHeld = await unlessAborted(commands.acquire(), signal)
    if (isHeld && performance.now() < endsAt) return endsAt
    await unlessAborted(sleep(pollMs * (0.5 + Math.random() / 2), undefined, signal && { signal }), signal)
  }
}

/** A lease that renews itself until it is stopped or lost. */
class HeldLease implements Lease {
  readonly #commands: LeaseCommands
  readonly #leaseMs: number
  readonly #lost = new AbortController()
  #endsAt = 0
  #stopped = false
  #renewal: NodeJS.Timeout | undefined
  #stopEnd: (() => void) | undefined

  constructor(commands: LeaseCommands, leaseMs: number, endsAt: number) {
    this.#commands = commands
    this.#leaseMs = leaseMs
    this.#renewedUntil(endsAt)
  }

  /**
   * Looks at the clock by itself: after a stall of the process its work may ask before any timer has run. Aborted then, but
   * not yet lost: the answer to a renewal may lie in the socket.
   */
  get signal(): AbortSignal {
    const ended = !this.#stopped && performance.now() >= this.#endsAt
    return ended ? AbortSignal.abort(leaseLost(NOT_RENEWED)) : this.#lost.signal
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#renewal)
    this.#stopEnd?.()
  }

  #renewedUntil(endsAt: number): void {
    this.#endsAt = endsAt
    this.#stopEnd?.()
    this.#stopEnd = afterAlive(endsAt - performance.now(), () => this.#lose(NOT_RENEWED))
    this.#renewIn(this.#leaseMs / 3)
  }

  #renewIn(ms: number): void {
    this.#renewal = setTimeout(() => void this.#renew(), ms)
  }

  async #renew(): Promise<void> {
    const endsAt = performance.now() + this.#leaseMs
    // Short enough that a second and a third renewal can follow one that gets lost.
    const isHeld = await this.#commands.renew(this.#leaseMs / 4).catch(() => undefined)
    if (this.#stopped) return
    if (isHeld === true) this.#renewedUntil(endsAt)
    else if (isHeld === false) this.#lose('ended, and another process may have it')
    else this.#renewIn(this.#leaseMs / 20) // no answer is no news: the store may still say yes before the end
  }

  #lose(how: string): void {
    this.stop()
    this.#lost.abort(leaseLost(how))
  }
}

const NOT_RENEWED = 'could not be renewed in time'

function leaseLost(how: string): NetworkError {
  return new NetworkError(`The lease of a token record ${how}.`, { code: 'store_unavailable' })
}

/** What `promise` comes to, unless `signal` is aborted first: then its reason. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise
      .then(resolve, (error: unknown) => (signal.aborted ? abort() : reject(error)))
      .finally(() => signal.removeEventListener('abort', abort))
  })
}
