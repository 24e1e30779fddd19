import { NetworkError } from '../ilert/errors.ts'

/** Errors after which it is certain that nothing was sent. */
const NEVER_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** Whether it is certain that nothing was sent. */
export function wasNeverConnected(error: unknown): boolean {
  return NEVER_CONNECTED.has(codeOf(error))
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

/** The one place where errors of the network become ours. */
export function translate(error: unknown): Error {
  const code = codeOf(error)
  const label = code ? ` (${code})` : ''
  const cause = holdsNoSecret(error) ? error : undefined
  if (NEVER_CONNECTED.has(code)) {
    const message = `ilert cannot be reached${label}. Check the network, apiURL and the proxy variables.`
    return new NetworkError(message, { code: 'connection_failed', cause })
  }
  if (code === 'UND_ERR_INVALID_ARG') {
    const message = `The dispatcher takes no such call${label}. It must be one of undici 7 or later.`
    return new NetworkError(message, { code: 'connection_failed' })
  }
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') {
    return new NetworkError('ilert did not answer in time. Try again.', { code: 'timeout', cause })
  }
  const message = `The connection to ilert broke before the answer was complete${label}. Try again.`
  return new NetworkError(message, { code: 'connection_lost', cause })
}

/** System errors and undici's own about sockets; others carry what was sent or read (a parser's bytes, a bad URL). */
function holdsNoSecret(error: unknown): boolean {
  return /^(?:E(?!RR_)[A-Z_]+|UND_ERR_(?:CONNECT_TIMEOUT|SOCKET|HEADERS_TIMEOUT|BODY_TIMEOUT))$/.test(codeOf(error))
}
