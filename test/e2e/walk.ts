import { PATHS } from '../../src/ilert/endpoints.ts'
import { CookieJar } from '../../src/sandbox/cookie-jar.ts'
import { type Answer, get } from './http.ts'

/**
 * Goes where the redirects lead, with cookies, as a browser does, and as the first user. `proxies` says which origins
 * are served by which app behind the end of TLS.
 */
export async function walk(
  start: string,
  proxies: Record<string, string> = {},
): Promise<{ answer: Answer; cookies: string[] }> {
  const jar = new CookieJar()
  const cookies: string[] = []
  let url = new URL(start)
  for (let step = 0; step < 10; step++) {
    const behind = proxies[url.origin]
    const answer = await get((behind ?? url.origin) + url.pathname + url.search, {
      cookie: jar.header(url),
      ...(behind !== undefined && { 'x-forwarded-proto': 'https' }),
    })
    cookies.push(...answer.headers.getSetCookie())
    jar.keep(url, answer.headers.getSetCookie())
    const location = answer.headers.get('location')
    if (location !== null) url = new URL(location, url)
    else if (url.pathname === PATHS.authorize) url = await consent(url)
    else return { answer, cookies }
  }
  throw new Error('The redirects have no end.')
}

/** Says yes on the consent page. Resolves to where that leads. */
async function consent(authorizeURL: URL): Promise<URL> {
  const form = new URLSearchParams(authorizeURL.searchParams)
  form.set('user', 'mara.lindqvist')
  form.set('decision', 'allow')
  const answer = await fetch(new URL('/consent', authorizeURL), { method: 'POST', body: form, redirect: 'manual' })
  return new URL(answer.headers.get('location') ?? '')
}
