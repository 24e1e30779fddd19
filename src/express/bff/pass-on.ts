import type { Response } from 'express'
import { judgeAPI } from '../../client/answers.ts'
import type { HttpAnswer } from '../../client/exchange.ts'
import type { OpenedAnswer } from '../../client/open.ts'
import type { StreamedAnswer } from '../../client/streamed.ts'
import { APIError, NetworkError } from '../../ilert/errors.ts'
import { isJSON, toldHeaders } from './headers.ts'
import { withholding } from './withheld.ts'

const NO_CONTENT = 204
const NOT_MODIFIED = 304
const JSON_UTF8 = 'application/json; charset=utf-8'

/**
 * Passes ilert's answer on to a page. A success is passed on while it arrives; if it breaks off there, so does the
 * response, whose status has been sent. Anything else is read first, since what it says decides.
 *
 * @throws the error of an answer of which nothing can be passed on, before anything was sent.
 */
export async function passOn(res: Response, opened: OpenedAnswer, cacheControl: string): Promise<void> {
  const { answer, accessToken } = opened
  if (isStreamed(answer)) {
    setHeaders(res, opened, cacheControl)
    stream(res, opened)
    return
  }
  const whole = await answer.whole()
  if (res.destroyed) return
  const { text, retryAfterSeconds } = wordsOf(whole, accessToken)
  setHeaders(res, opened, cacheControl)
  if (retryAfterSeconds !== undefined && !res.hasHeader('Retry-After')) {
    res.setHeader('Retry-After', String(retryAfterSeconds))
  }
  if (text !== '') res.setHeader('Content-Type', JSON_UTF8)
  res.end(text)
}

/** Whether an answer can be passed on as it comes: JSON as far as its type says, or nothing. */
function isStreamed({ status, headers }: StreamedAnswer): boolean {
  if (status === NO_CONTENT || status === NOT_MODIFIED) return true
  const isPlain = headers['content-encoding'] === undefined
  return status < 300 && isPlain && (isJSON(headers) || headers['content-length'] === '0')
}

function setHeaders(res: Response, { answer, accessToken }: OpenedAnswer, cacheControl: string): void {
  res.statusCode = answer.status
  for (const [name, value] of Object.entries(toldHeaders(answer.headers, accessToken))) res.setHeader(name, value)
  res.setHeader('Cache-Control', cacheControl)
  res.setHeader('X-Content-Type-Options', 'nosniff')
  res.vary('Cookie')
}

function stream(res: Response, { answer, accessToken }: OpenedAnswer): void {
  const { headers, status } = answer
  const length = headers['content-length']
  if (status !== NO_CONTENT && status !== NOT_MODIFIED) {
    if (isJSON(headers)) res.setHeader('Content-Type', JSON_UTF8)
    if (typeof length === 'string') res.setHeader('Content-Length', length)
  }
  const withhold = withholding(accessToken)
  const pass = (part?: Buffer): void => {
    if (res.destroyed || res.writableEnded) return
    const bytes = withhold(part)
    if (bytes === 'found') res.destroy()
    else if (part) res.write(bytes)
    else res.end(bytes)
  }
  const leave = answer.read({ data: pass, end: () => pass(), fail: () => res.destroy() })
  res.once('close', leave)
}

/**
 * ilert's own words, as JSON.
 *
 * @throws the error that they mean, if they are no JSON object, or another answer says more to a page.
 */
function wordsOf(whole: HttpAnswer, accessToken: string): { text: string; retryAfterSeconds?: number | undefined } {
  const { text } = whole
  const isSafe = !text.includes(accessToken)
  try {
    judgeAPI(whole, [accessToken])
  } catch (error) {
    if (!(error instanceof APIError) || error.status === 401 || !isSafe || !isObject(text)) throw error
    return { text, retryAfterSeconds: error.retryAfterSeconds }
  }
  if (isSafe) return { text }
  throw new NetworkError("ilert's answer repeats the access token, and is not passed on.", { code: 'invalid_response' })
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
