import { knownOptions } from '../ilert/arguments.ts'
import { PATHS } from '../ilert/endpoints.ts'
import { unescapeHTML } from '../ilert/html.ts'
import { Browser, type Page, shownURL } from './browser.ts'

/** More than any sign-in takes, and about as many as browsers follow. */
const MAX_STEPS = 20

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
  /** The user to choose; otherwise the one whom the consent page has chosen. */
  readonly as: string | undefined
  readonly deny: boolean
}

/**
 * Signs in to an app as a browser would: follows redirects, keeps cookies, answers the consent page. Resolves to the
 * `Cookie` header with which the app knows the browser from then on.
 */
export async function driveSignIn(signIn: SignIn): Promise<string> {
  const { url, appURL, as, deny } = signIn
  const browser = await Browser.open({ appURL, ask: deny || as !== undefined })
  try {
    let asked = false
    let page = await browser.visit(url)
    for (let step = 1; step < MAX_STEPS; step++) {
      const atAuthorize = page.url.origin === appURL && page.url.pathname === PATHS.authorize
      asked ||= atAuthorize
      if (page.location) page = await browser.visit(page.location)
      else if (atAuthorize && page.status === 200) page = await browser.visit(...fillIn(page, as, deny))
      else {
        checkEnd(page, asked, signIn)
        return browser.cookies(url)
      }
    }
    throw new Error(
      `signIn: gave up after ${MAX_STEPS} steps, the last one to ${shownURL(page.url)}. The app redirects in circles.`,
    )
  } finally {
    await browser.close()
  }
}

/**
 * @param asked whether the sandbox was asked on the way to `page`
 * @throws Error where the page at which nothing redirects any more is not the app's answer to a sign-in.
 */
function checkEnd(page: Page, asked: boolean, { appURL, deny }: SignIn): void {
  if (page.url.origin === appURL) {
    const reason = /<p>([^<]*)<\/p>/.exec(page.html)?.[1] ?? 'A fault may be on.'
    throw new Error(`signIn: the sandbox answered ${page.status} at ${shownURL(page.url)}. ${unescapeHTML(reason)}`)
  }
  if (!asked) {
    const remedy = 'Give the URL which starts the sign-in, and ILERT_APP_URL of this sandbox to the app.'
    throw new Error(`signIn: ${shownURL(page.url)} answered ${page.status} without a visit to the sandbox. ${remedy}`)
  }
  if (page.status >= 400 && !deny) {
    const remedy = "Look at the app's log, and at sandbox.requests."
    throw new Error(`signIn: the app answered ${page.status} at ${shownURL(page.url)}. ${remedy}`)
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
