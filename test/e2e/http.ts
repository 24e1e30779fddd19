import { request } from 'undici'
import type { Sandbox } from '../../src/sandbox/index.ts'

/** What an app answers to a browser that keeps no cookies. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** Signs in, without a browser. Resolves to the `Cookie` header. */
export function cookieOf({ sandbox, url }: { sandbox: Sandbox; url: string }, as?: string): Promise<string> {
  return sandbox.signIn(`${url}/auth/ilert`, as === undefined ? {} : { as })
}

export function get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  return send('GET', url, headers)
}

/** Sends a form, as the app's own pages do. */
export function post(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  return send('POST', url, { origin: new URL(url).origin, ...headers })
}

/** One request with these headers and no others: fetch() adds some of its own. */
async function send(method: 'GET' | 'POST', url: string, headers: Record<string, string>): Promise<Answer> {
  const { statusCode, headers: received, body } = await request(url, { method, headers })
  const pairs = Object.entries(received).flatMap(([name, value]) =>
    [value ?? []].flat().map((single): [string, string] => [name, single]),
  )
  return { status: statusCode, headers: new Headers(pairs), text: await body.text() }
}

/** Whose desk a page is; nobody's where it is none. */
export function deskOwner({ text }: Answer): string | undefined {
  return />On-call desk of ([^<]*)</.exec(text)?.[1]
}
