import type { Request } from 'express'
import { isState } from './state.ts'

/** ilert's answer to an authorize request, as the browser brings it (RFC 6749, sections 4.1.2 and 4.1.2.1). */
export interface CallbackQuery {
  state: string | undefined
  code: string | undefined
  error: string | undefined
  errorDescription: string | undefined
}

/** What is wrong with a callback on the face of it. Never repeats what the browser has sent. */
export class MalformedCallback extends Error {}

/** Longer than any answer of ilert. What is longer is not even taken apart: a server may take headers of megabytes. */
const LONGEST_QUERY = 16 * 1024

const LONGEST_CODE = 2048
const LONGEST_DESCRIPTION = 1024

/** RFC 6749, appendix A.11: `VSCHAR`, less the space, which no code of ilert has. */
const CODE = /^[\x21-\x7e]+$/

/** RFC 6749, section 4.1.2.1: the word for what went wrong. */
const ERROR = /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,100}$/

/**
 * Reads the answer from the URL itself: what Express makes of a query depends on the app's settings. Any user can write
 * such a URL, so each parameter has the alphabet and the size of what ilert sends before anything else looks at it; only
 * a long `error_description` is cut. Parameters that are not known here are ignored (RFC 6749, section 4.1.2).
 *
 * @returns undefined if the request is no callback but the beginning of a sign-in.
 * @throws MalformedCallback if a parameter is there twice, or is not what ilert sends.
 */
export function readCallback(req: Request): CallbackQuery | undefined {
  const start = req.url.indexOf('?')
  if (start < 0) return undefined
  if (req.url.length - start > LONGEST_QUERY) throw new MalformedCallback('The query is longer than 16 KB.')
  const query = new URLSearchParams(req.url.slice(start))
  if (!['code', 'error', 'state'].some((name) => query.has(name))) return undefined
  const state = single(query, 'state')
  if (state !== undefined && !isState(state)) throw new MalformedCallback("The answer's state was not issued here.")
  const code = single(query, 'code')
  if (code !== undefined && code.length > LONGEST_CODE) {
    throw new MalformedCallback("The answer's code is longer than 2 KB.")
  }
  if (code !== undefined && !CODE.test(code)) {
    throw new MalformedCallback("The answer's code has a space, or a character outside printable ASCII.")
  }
  const error = single(query, 'error')
  if (error !== undefined && !ERROR.test(error)) {
    throw new MalformedCallback("The answer's error is not a word of up to 100 printable ASCII characters.")
  }
  return { state, code, error, errorDescription: single(query, 'error_description')?.slice(0, LONGEST_DESCRIPTION) }
}

/** The one value of a parameter; undefined if it is absent or empty. */
function single(query: URLSearchParams, name: string): string | undefined {
  const [value, ...rest] = query.getAll(name)
  if (rest.length > 0) throw new MalformedCallback(`The answer has ${name} more than once.`)
  return value || undefined
}
