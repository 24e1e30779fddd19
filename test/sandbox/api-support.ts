import { type Dispatcher, request } from 'undici'
import type { Sandbox } from '../../src/sandbox/index.ts'
import { tokensFor } from './support.ts'

interface ApiAnswer {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: whatever the API answers is what a test is about
  body: any
}

export type Call = (method: string, path: string, body?: unknown) => Promise<ApiAnswer>

/** Calls the API with an access token. A text is sent as it is, anything else as JSON. Thousands of calls: fetch() is slower. */
function caller(sandbox: Sandbox, accessToken: string): Call {
  return async (method, path, body) => {
    const answer = await request(`${sandbox.apiURL}${path}`, {
      method: method as Dispatcher.HttpMethod,
      headers: {
        authorization: `Bearer ${accessToken}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await answer.body.text()
    return {
      status: answer.statusCode,
      get headers() {
        return headersOf(answer.headers)
      },
      body: text === '' ? undefined : JSON.parse(text),
    }
  }
}

function headersOf(received: Dispatcher.ResponseData['headers']): Headers {
  const headers = new Headers()
  for (const [name, values] of Object.entries(received)) {
    for (const value of [values ?? []].flat()) headers.append(name, value)
  }
  return headers
}

/** Calls the API as a user who has signed in and granted `scope`. */
export async function signedIn(sandbox: Sandbox, scope: string, user = 'mara.lindqvist'): Promise<Call> {
  return caller(sandbox, (await tokensFor(sandbox, user, scope)).access_token)
}

/** Reports an alert by the account's first source: as `call` may, who needs `alert:w` and `source`. */
export async function reportAlert(call: Call, fields: { summary: string; priority?: string }): Promise<void> {
  const [{ id }] = (await call('GET', '/api/alert-sources')).body
  const { status, body } = await call('POST', '/api/alerts', { alertSource: { id }, ...fields })
  expect([status, body.message]).toEqual([201, undefined])
}

/** An error in the API's form. */
export function apiError(status: number, code: string, message: unknown = expect.any(String)): object {
  return { status, body: { status, code, message } }
}

/** What a missing scope gets. */
export function scopeError(scope: string): object {
  return { status: 403, body: { status: 403, code: 'OAUTH2_SCOPE_ERROR', message: expect.any(String), scope } }
}
