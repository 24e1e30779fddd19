import type { Http, HttpCall } from './http.ts'
import { abortable, sendOnceOrTwice, type TokenSource } from './send.ts'
import type { StreamedAnswer } from './streamed.ts'

/** An answer of the API that is passed on, and what must not be in it. */
export interface OpenedAnswer {
  readonly answer: StreamedAnswer
  /** The token that ilert was shown. */
  readonly accessToken: string
}

/**
 * Makes one call whose answer is passed on while it arrives, whatever its status; no redirect is followed. Its token is
 * refreshed and it is repeated as `callAPI` does, but nothing is waited for after a 429: the caller is told.
 *
 * @param call has been checked; its `authorization` is added here.
 * @throws NetworkError if no answer comes.
 */
export async function openAPI(http: Http, source: TokenSource, call: HttpCall): Promise<OpenedAnswer> {
  const { signal } = call
  const open = (authorized: HttpCall) => http.open(authorized)
  let { accessToken } = await abortable(source.tokens(), signal)
  let answer = await sendOnceOrTwice(open, call, accessToken)
  if (answer.status === 401 && (await abortable(source.rejected(accessToken), signal))) {
    answer.discard()
    accessToken = (await abortable(source.tokens(), signal)).accessToken
    answer = await sendOnceOrTwice(open, call, accessToken)
  }
  return { answer, accessToken }
}
