import { redact } from '../ilert/redact.ts'

/** A request that the sandbox has answered, or left without an answer. Nothing in it is secret. */
export interface LoggedRequest {
  /** When it arrived, on the sandbox's clock. */
  at: number
  method: string
  /** Without the query. */
  path: string
  /** 0 where there was no answer. */
  status: number
  /** At the token endpoint: `authorization_code` or `refresh_token`. */
  grantType?: string
  /** A word on the outcome, such as `invalid_grant` or `fault: hang`. */
  note?: string
}

/** The log forgets the oldest beyond this many. */
const MAX_REQUESTS = 10_000

/** Adds to a log that does not grow without end. */
export function record(log: LoggedRequest[], entry: LoggedRequest): void {
  log.push(entry)
  if (log.length > MAX_REQUESTS) log.splice(0, log.length - MAX_REQUESTS)
}

/** A path as it may be shown: short, and without a token that was put into it. */
export function shownPath(path: string): string {
  return redact(path, [], 200)
}
