import { apiError, Refused, type SandboxRequest } from '../messages.ts'

/** Deeper than any entry of ilert's; what is much deeper could be read and then not be written again. */
const MAX_DEPTH = 32

/** The JSON that a request brings. Throws `Refused` if it brings anything else. */
export function readJSON({ headers, body }: SandboxRequest): unknown {
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  if (type !== 'application/json') {
    throw new Refused(apiError(415, 'UNSUPPORTED_MEDIA_TYPE', 'The content type must be application/json'))
  }
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    return bad('The body is not JSON')
  }
  return isShallow(value, MAX_DEPTH) ? value : bad(`The body must not be nested more than ${MAX_DEPTH} times`)
}

function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return depth > 0 && Object.values(value).every((item) => isShallow(item, depth - 1))
}

function bad(message: string): never {
  throw new Refused(apiError(400, 'BAD_REQUEST', message))
}
