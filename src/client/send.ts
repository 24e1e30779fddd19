import { NetworkError } from '../ilert/errors.ts'
import type { TokenSet } from './answers.ts'
import type { HttpCall } from './http.ts'

/** Where a call gets its token from. */
export interface TokenSource {
  /** Whose calls these are; absent where nobody can be named. */
  readonly owner?: string | undefined
  /** Fresh tokens. */
  tokens(): Promise<Readonly<TokenSet>>
  /** ilert's API takes the token no more, before its time. Resolves to whether there is another one now. */
  rejected(accessToken: string): Promise<boolean>
}

const IDEMPOTENT = new Set(['GET', 'HEAD', 'PUT', 'DELETE'])

/** Sends an idempotent call once more where the connection broke, or where what is before ilert could not reach it. */
export async function sendOnceOrTwice<Answer extends { status: number; discard?(): void }>(
  send: (call: HttpCall) => Promise<Answer>,
  call: HttpCall,
  accessToken: string,
): Promise<Answer> {
  const authorized = { ...call, headers: { ...call.headers, authorization: `Bearer ${accessToken}` } }
  if (!IDEMPOTENT.has(call.method)) return await send(authorized)
  try {
    const answer = await send(authorized)
    if (![502, 503, 504].includes(answer.status)) return answer
    answer.discard?.()
  } catch (error) {
    if (!(error instanceof NetworkError) || error.code !== 'connection_lost') throw error
  }
  return await send(authorized)
}

/** What `promise` brings, unless the signal is aborted before. What was begun goes on without being waited for. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
