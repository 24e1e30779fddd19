import { apiError, Refused, type SandboxRequest } from '../messages.ts'
import type { Fields } from './resources.ts'

/** Deeper than any entry of ilert's; what is much deeper could be read and then not be written again. */
const MAX_DEPTH = 32

/** The JSON object that a request brings. Throws `Refused` where it brings anything else. */
export function readObject({ headers, body }: SandboxRequest): Fields {
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
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return bad('The body must be a JSON object')
  if (!isShallow(value, MAX_DEPTH)) return bad(`The body must not be nested more than ${MAX_DEPTH} times`)
  return value as Fields
}

function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return depth > 0 && Object.values(value).every((item) => isShallow(item, depth - 1))
}

function bad(message: string): never {
  throw new Refused(apiError(400, 'BAD_REQUEST', message))
}
