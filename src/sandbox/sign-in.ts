import { knownOptions } from '../ilert/arguments.ts'
import { PATHS } from '../ilert/endpoints.ts'
import { unescapeHTML } from '../ilert/html.ts'
import { CookieJar } from './cookie-jar.ts'
import { ASK_HEADER } from './endpoints/authorize.ts'
import { shownPath } from './log.ts'

/** More than any sign-in takes, and about as many as browsers follow. */
const MAX_STEPS = 20

const TIMEOUT_MS = 30_000

/** How a sign-in is driven. */
export interface SignInOptions {
  as?: string
  deny?: boolean
}

/** @throws TypeError which names what is not as it should be. */
export function signInOf(url: string | URL, o: SignInOptions | undefined): Omit<SignIn, 'appURL'> {
  const { as, deny = false } = knownOptions('signIn', o, { as: true, deny: true })
  if (typeof deny !== 'boolean') throw new TypeError('deny: expected true or false.')
  if (!URL.canParse(String(url))) throw new TypeError('signIn: expected the absolute URL that starts a sign-in.')
  return { url: new URL(url), as, deny }
}

/** Who signs in, and where. */
export interface SignIn {
  /** The URL which starts the app's sign-in. */
  readonly url: URL
  /** The sandbox's origin. */
  readonly appURL: string
  /** The user to choose; otherwise whoever the consent page has chosen. */
  readonly as: string | undefined
  readonly deny: boolean
}

interface Page {
  readonly url: URL
  readonly status: number
  readonly location: URL | undefined
  /** Filled for the sandbox's own pages. */
  readonly html: string
}

/**
 * Signs in to an app as a browser would: follows redirects, keeps cookies, answers the consent page. Resolves to the
 * `Cookie` header with which the app knows the browser from then on.
 */
export async function driveSignIn({ url, appURL, as, deny }: SignIn): Promise<string> {
  const jar = new CookieJar()
  // Late, since few tests sign in, and its parts by themselves: undici's main module would serve the app's own fetch(), too.
  const { default: Agent } = await import('undici/lib/dispatcher/agent.js')
  const { default: request } = await import('undici/lib/api/api-request.js')
  const dispatcher = new Agent()
  const signal = AbortSignal.timeout(TIMEOUT_MS)

  async function visit(target: URL, form?: URLSearchParams): Promise<Page> {
    const ofSandbox = target.origin === appURL
    const cookie = jar.header(target)
    const headers: Record<string, string> = {
      accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
      'sec-fetch-site': form ? 'same-origin' : 'none',
      ...(cookie && { cookie }),
      ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
      ...(ofSandbox && (deny || as !== undefined) && { [ASK_HEADER]: '1' }),
    }
    try {
      const answer = await request.call(dispatcher, {
        origin: target.origin,
        path: `${target.pathname}${target.search}`,
        signal,
        method: form ? 'POST' : 'GET',
        headers,
        ...(form && { body: form.toString() }),
      })
      // The sandbox's own cookie is none of the app's, even under the same host name.
      if (!ofSandbox) jar.keep(target, [answer.headers['set-cookie'] ?? []].flat())
      const location = [answer.headers.location].flat()[0]
      const html = ofSandbox ? await answer.body.text() : ''
      if (!ofSandbox) await answer.body.dump({ limit: 1024 * 1024, signal })
      const redirects = answer.statusCode >= 300 && answer.statusCode < 400 && location !== undefined
      return {
        url: target,
        status: answer.statusCode,
        location: redirects ? new URL(location, target) : undefined,
        html,
      }
    } catch (error) {
      // Neither the message nor the cause: both may repeat the URL, with a code in it.
      const reason = signal.aborted ? `nothing within ${TIMEOUT_MS / 1000} s` : (codeOf(error) ?? 'no answer')
      throw new Error(`signIn: ${where(target)} gave ${reason}. See that the app is up and that no fault is on.`)
    }
  }

  try {
    let asked = false
    let page = await visit(url)
    for (let step = 1; step < MAX_STEPS; step++) {
      const atAuthorize = page.url.origin === appURL && page.url.pathname === PATHS.authorize
      asked ||= atAuthorize
      if (page.location) page = await visit(page.location)
      else if (atAuthorize && page.status === 200) page = await visit(...fillIn(page, as, deny))
      else return finish(page, asked)
    }
    throw new Error(
      `signIn: gave up after ${MAX_STEPS} steps, the last one to ${where(page.url)}. The app redirects in circles.`,
    )
  } finally {
    await dispatcher.destroy()
  }

  function finish(page: Page, asked: boolean): string {
    if (page.url.origin === appURL) {
      const reason = /<p>([^<]*)<\/p>/.exec(page.html)?.[1] ?? 'A fault may be on.'
      throw new Error(`signIn: the sandbox answered ${page.status} at ${where(page.url)}. ${unescapeHTML(reason)}`)
    }
    if (!asked) {
      const remedy = 'Give the URL which starts the sign-in, and ILERT_APP_URL of this sandbox to the app.'
      throw new Error(`signIn: ${where(page.url)} answered ${page.status} without a visit to the sandbox. ${remedy}`)
    }
    if (page.status >= 400 && !deny) {
      const remedy = "Look at the app's log, and at sandbox.requests."
      throw new Error(`signIn: the app answered ${page.status} at ${where(page.url)}. ${remedy}`)
    }
    return jar.header(url)
  }
}

/** The consent page's form as the user leaves it. */
function fillIn({ url, html }: Page, as: string | undefined, deny: boolean): [URL, URLSearchParams] {
  const form = new URLSearchParams()
  for (const [input] of html.matchAll(/<input [^<>]*>/g)) {
    const name = unescapeHTML(/ name="([^"]*)"/.exec(input)?.[1] ?? '')
    const isOn = input.includes('type="hidden"') || / checked\b/.test(input)
    if (isOn) form.set(name, unescapeHTML(/ value="([^"]*)"/.exec(input)?.[1] ?? ''))
  }
  if (as !== undefined) form.set('user', as)
  form.set('decision', deny ? 'deny' : 'allow')
  const action = unescapeHTML(/<form [^<>]*action="([^"]*)"/.exec(html)?.[1] ?? '')
  return [new URL(action, url), form]
}

/** A URL as it may be shown: its query holds codes and states. */
function where(url: URL): string {
  return `${url.origin}${shownPath(url.pathname)}`
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : undefined
}
