import { plainObject } from '../ilert/arguments.ts'
import { IlertError } from '../ilert/errors.ts'

/** A call's query. Lists are repeated, and what is undefined is left out. */
export type Query = Record<string, string | number | boolean | readonly (string | number)[] | undefined>

/**
 * `.` and `..`, plain or encoded: they would lead out of the path that a caller has checked. Java's servers drop what
 * follows a semicolon before they look.
 */
const DOT_SEGMENT = /^(?:\.|%2e){1,2}(?:;|%3b|$)/i

/** Slashes in disguise, which servers differ in, and what no path has any use for. */
const ENCODED_SLASH = /%2f|%5c/i
const ENCODED_CONTROL = /%(?:[01][\da-f]|7f)/i

/** Servers refuse longer ones: Node all headers together, others a line of 8 KB. */
const LONGEST = 16 * 1024

/**
 * A path of ilert's API, with its query, as it is sent: always below the API's origin, since the path that comes out is
 * the one that went in (but for characters that must be encoded).
 *
 * @throws IlertError `invalid_path` if it could lead anywhere else, if its percent-encodings are not UTF-8, or if it is
 * longer than 16 KB; TypeError which names what is wrong with the query.
 */
export function apiPath(path: unknown, query?: Query): string {
  if (typeof path !== 'string' || path === '') throw invalidPath('expected a path such as /api/alerts')
  if (!path.startsWith('/')) throw invalidPath('it must begin with a slash; the origin is always that of apiURL')
  if (path.length > LONGEST) throw invalidPath('it is longer than 16 KB')
  if (path.startsWith('//')) throw invalidPath('it begins with two slashes, which name another host')
  if (/[\\#\p{Cc}\p{Cs}]/u.test(path)) throw invalidPath('it has a backslash, a # or a control character')
  if (!isUTF8(path)) throw invalidPath('it has a % that does not begin a character in UTF-8; a plain % is written %25')
  const [pathname = '', ...rest] = path.split('?')
  if (ENCODED_SLASH.test(pathname)) throw invalidPath('it has an encoded slash')
  if (ENCODED_CONTROL.test(pathname)) throw invalidPath('it has an encoded control character')
  if (pathname.split('/').some((segment) => DOT_SEGMENT.test(segment))) throw invalidPath('it has a dot segment')
  const search = [encode(rest.join('?')), ...pairs(query)].filter(Boolean).join('&')
  const sent = search ? `${encode(pathname)}?${search}` : encode(pathname)
  if (sent.length > LONGEST) throw invalidPath('with its query it is longer than 16 KB')
  return sent
}

/** Whether all percent-encodings are UTF-8 (RFC 3629). A server that reads others leniently may read a dot or a slash. */
function isUTF8(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

function pairs(query: Query | undefined): string[] {
  return Object.entries(plainObject('query', query)).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value])
      .filter((single) => single !== undefined)
      .map((single) => `${component(name, 'a name')}=${component(single, name)}`),
  )
}

function component(value: unknown, name: string): string {
  const isText = typeof value === 'string' && !/\p{Cs}/u.test(value)
  if (isText || typeof value === 'boolean' || Number.isFinite(value)) return encodeURIComponent(String(value))
  throw new TypeError(
    `query: expected a string, a number, true or false, or a list of them, for ${JSON.stringify(name)}.`,
  )
}

/** Encodes what may not be in a URL, and nothing that is encoded already. */
function encode(text: string): string {
  return encodeURI(text).replaceAll('%25', '%')
}

function invalidPath(why: string): IlertError {
  return new IlertError(`path: ${why}. Nothing was sent.`, { code: 'invalid_path', status: 400 })
}
