import { type Known, knownOptions } from '../ilert/arguments.ts'
import { RETRY_AFTER_SECONDS } from '../ilert/limits.ts'
import { proxyErrorPage } from './consent-page.ts'
import { type Answer, apiError, oauthError } from './messages.ts'
import { isOAuthPath } from './routes.ts'

const KINDS = ['delay', 'hang', 'reset', 'html', 'trickle', 429, 500, 503] as const

/** With these a request is under way for as long as the fault is on. */
const HOLDS: readonly Fault['kind'][] = ['delay', 'hang', 'trickle']

/** Something that goes wrong on purpose. */
export interface Fault {
  /** A request's path, exactly and without its query, or `*` for all. */
  path: string
  /**
   * - `delay`: the answer comes `ms` later; a request whose client left before is not processed.
   * - `hang`: no answer until the fault is cleared; a client that is still there then gets its answer.
   * - `reset`: the connection is reset (TCP RST).
   * - `html`: a proxy's error page, 502.
   * - `trickle`: status 200, and then one byte per `ms` until the client leaves.
   * - `429`, `500`, `503`: an error in ilert's form; 429 carries `Retry-After`.
   */
  kind: 'delay' | 'hang' | 'reset' | 'html' | 'trickle' | 429 | 500 | 503
  /**
   * Milliseconds: how long to delay (1000), the time between two bytes of a trickle (100), or, rounded up to seconds,
   * what `Retry-After` says (429: 10 s; 503: none).
   */
  ms?: number
  /** How many requests are hit; by default all, until it is cleared. */
  times?: number
  /**
   * Whether the request takes effect all the same, so that it is the answer which gets lost: a refresh token has been
   * replaced then, and nobody has heard of the new one. Default false.
   */
  processed?: boolean
}

const FIELDS: Known<Fault> = { path: true, kind: true, ms: true, times: true, processed: true }

/** A fault that a request has met. */
export interface MetFault extends Fault {
  /** Resolves when the fault is cleared. */
  readonly cleared: Promise<void>
}

/** A fault that is on. */
interface ActiveFault {
  readonly fault: Fault
  left: number
  readonly cleared: Promise<void>
  readonly release: () => void
}

/** The faults that are on. Of several on one path, the oldest is met first. */
export class Faults {
  readonly #active = new Map<number, ActiveFault>()
  #lastID = 0

  /** Those that are on, the oldest first. */
  list(): (Fault & { id: number })[] {
    return [...this.#active].filter(([, { left }]) => left > 0).map(([id, { fault }]) => ({ id, ...fault }))
  }

  add(given: Fault): { id: number; clear: () => void } {
    const fault = checked(given)
    let release = () => {}
    const cleared = new Promise<void>((resolve) => {
      release = resolve
    })
    const id = ++this.#lastID
    this.#active.set(id, { fault: { ...fault }, left: fault.times ?? Number.POSITIVE_INFINITY, cleared, release })
    return {
      id,
      clear: () => {
        this.#active.delete(id)
        release()
      },
    }
  }

  /** Lets requests be answered again: those that this fault hits, or all. */
  clear(id?: number): void {
    for (const [key, { release }] of [...this.#active]) {
      if (id !== undefined && key !== id) continue
      this.#active.delete(key)
      release()
    }
  }

  /** The fault that a request to `path` meets. A browser's preflight meets none, or it would use one up. */
  meet(method: string, path: string): MetFault | undefined {
    if (method === 'OPTIONS') return undefined
    for (const [id, active] of this.#active) {
      if (active.left <= 0 || (active.fault.path !== '*' && active.fault.path !== path)) continue
      active.left -= 1
      // Requests that it holds can still be let go.
      if (active.left <= 0 && !HOLDS.includes(active.fault.kind)) this.#active.delete(id)
      return { ...active.fault, cleared: active.cleared }
    }
    return undefined
  }
}

/** What a request to `path` gets from a fault that answers. */
export function faultyAnswer({ kind, ms }: Fault, path: string): Answer {
  const answer = kind === 'html' ? proxyErrorPage() : statusAnswer(kind as 429 | 500 | 503, path, ms)
  return { ...answer, note: `fault: ${kind}` }
}

function statusAnswer(status: 429 | 500 | 503, path: string, ms: number | undefined): Answer {
  const retryAfter = ms === undefined ? (status === 429 ? RETRY_AFTER_SECONDS : undefined) : Math.ceil(ms / 1000)
  const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }
  const text = status === 429 ? 'Too many requests' : 'Not able to answer'
  if (isOAuthPath(path)) {
    return oauthError(status === 429 ? 'too_many_requests' : 'server_error', text, { status, headers })
  }
  const code = { 429: 'TOO_MANY_REQUESTS', 500: 'INTERNAL_SERVER_ERROR', 503: 'SERVICE_UNAVAILABLE' }[status]
  return apiError(status, code, text, headers)
}

function checked(given: Fault): Fault {
  const fault = knownOptions('fault', given, FIELDS)
  const { path, kind, ms, times, processed } = fault
  if (typeof path !== 'string' || !/^(?:\*|\/[^?#]*)$/.test(path)) {
    throw new TypeError("fault.path: expected a path that starts with '/' and has no query, or '*' for all.")
  }
  if (kind === undefined || !KINDS.includes(kind))
    throw new TypeError(`fault.kind: expected one of ${KINDS.join(', ')}.`)
  if (ms !== undefined && !(Number.isFinite(ms) && ms >= 0 && ms < 2 ** 31)) {
    throw new TypeError('fault.ms: expected a number of milliseconds, 0 or more.')
  }
  if (times !== undefined && !(Number.isSafeInteger(times) && times > 0)) {
    throw new TypeError('fault.times: expected a whole number, 1 or more. Leave it out to hit all requests.')
  }
  if (processed !== undefined && typeof processed !== 'boolean') {
    throw new TypeError('fault.processed: expected true or false.')
  }
  return { ...fault, path, kind }
}
