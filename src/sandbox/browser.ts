import type { Dispatcher } from 'undici'
import { CookieJar } from './cookie-jar.ts'
import { ASK_HEADER } from './endpoints/authorize.ts'
import { shownPath } from './log.ts'

/** For everything that one browser visits. */
const TIMEOUT_MS = 30_000

/** What a browser has when it has visited a URL. */
export interface Page {
  readonly url: URL
  readonly status: number
  /** Where it redirects to. */
  readonly location: URL | undefined
  /** Filled for the sandbox's own pages. */
  readonly html: string
}

/** How a browser knows the sandbox, and what it wants there. */
interface SandboxVisit {
  /** The sandbox's origin. */
  readonly appURL: string
  /** Whether to be shown the consent page, also where the sandbox would answer it by itself. */
  readonly ask: boolean
}

type Send = (options: Dispatcher.RequestOptions) => Promise<Dispatcher.ResponseData>

/** As much of a browser as a sign-in needs: it visits what it is told to, and keeps the app's cookies. */
export class Browser {
  readonly #jar = new CookieJar()
  readonly #signal = AbortSignal.timeout(TIMEOUT_MS)
  readonly #sandbox: SandboxVisit
  readonly #dispatcher: Dispatcher
  readonly #send: Send

  private constructor(sandbox: SandboxVisit, dispatcher: Dispatcher, send: Send) {
    this.#sandbox = sandbox
    this.#dispatcher = dispatcher
    this.#send = send
  }

  static async open(sandbox: SandboxVisit): Promise<Browser> {
    // Late, since few tests sign in, and its parts by themselves: undici's main module would serve the app's own fetch(), too.
    const { default: Agent } = await import('undici/lib/dispatcher/agent.js')
    const { default: request } = await import('undici/lib/api/api-request.js')
    const dispatcher = new Agent()
    return new Browser(sandbox, dispatcher, (options) => request.call(dispatcher, options))
  }

  /** Follows no redirect. Posts `form`, if there is one. */
  async visit(url: URL, form?: URLSearchParams): Promise<Page> {
    const ofSandbox = url.origin === this.#sandbox.appURL
    try {
      const { statusCode, headers, body } = await this.#send({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        signal: this.#signal,
        method: form ? 'POST' : 'GET',
        headers: this.#headers(url, form),
        ...(form && { body: form.toString() }),
      })
      // The sandbox's own cookie is none of the app's, even under the same host name.
      if (!ofSandbox) this.#jar.keep(url, [headers['set-cookie'] ?? []].flat())
      const html = ofSandbox ? await body.text() : ''
      if (!ofSandbox) await body.dump({ limit: 1024 * 1024, signal: this.#signal })
      return { url, status: statusCode, location: redirection(url, statusCode, headers.location), html }
    } catch (error) {
      // Neither the message nor the cause: both may repeat the URL, with a code in it.
      const reason = this.#signal.aborted ? `nothing within ${TIMEOUT_MS / 1000} s` : (codeOf(error) ?? 'no answer')
      throw new Error(`signIn: ${shownURL(url)} gave ${reason}. See that the app is up and that no fault is on.`)
    }
  }

  /** The `Cookie` header of a request to `url`. */
  cookies(url: URL): string {
    return this.#jar.header(url)
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy()
  }

  #headers(url: URL, form: URLSearchParams | undefined): Record<string, string> {
    const { appURL, ask } = this.#sandbox
    const cookie = this.cookies(url)
    return {
      accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
      'sec-fetch-site': form ? 'same-origin' : 'none',
      ...(cookie && { cookie }),
      ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
      ...(url.origin === appURL && ask && { [ASK_HEADER]: '1' }),
    }
  }
}

function redirection(url: URL, status: number, header: string | string[] | undefined): URL | undefined {
  const location = [header].flat()[0]
  return status >= 300 && status < 400 && location !== undefined ? new URL(location, url) : undefined
}

/** A URL as it may be shown: its query holds codes and states. */
export function shownURL(url: URL): string {
  return `${url.origin}${shownPath(url.pathname)}`
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : undefined
}
