// A browser as far as a sign-in needs one: it follows redirects and keeps cookies by origin.

import { request } from 'undici'

const MOST_STEPS = 12

/**
 * Signs in at an app, from /login until the app sends the browser to its front page.
 *
 * @param {import('undici').Dispatcher} dispatcher
 * @param {string} origin the app's
 * @returns {Promise<string>} the cookies for the app
 */
export async function signIn(dispatcher, origin) {
  /** @type {Map<string, Map<string, string>>} */
  const jars = new Map()
  let url = `${origin}/login`
  for (let step = 0; step < MOST_STEPS; step++) {
    const host = url.slice(0, url.indexOf('/', 'http://'.length))
    const jar = jars.get(host) ?? new Map()
    jars.set(host, jar)
    const { statusCode, headers, body } = await request(url, { headers: { cookie: headerOf(jar) }, dispatcher })
    keep(jar, headers['set-cookie'])
    const { location } = headers
    if (statusCode < 300 || statusCode > 399 || typeof location !== 'string') {
      throw new Error(`${url}: ${statusCode} ${(await body.text()).slice(0, 500)}`)
    }
    await body.dump()
    url = location.startsWith('/') ? `${host}${location}` : location
    if (url === `${origin}/` || url === origin) return headerOf(jars.get(origin) ?? jar)
  }
  throw new Error(`${origin}: the sign-in does not end.`)
}

function headerOf(/** @type {Map<string, string>} */ jar) {
  return Array.from(jar, ([name, value]) => `${name}=${value}`).join('; ')
}

function keep(/** @type {Map<string, string>} */ jar, /** @type {string | string[] | undefined} */ setCookie) {
  for (const line of [setCookie ?? []].flat()) {
    const [pair = ''] = line.split(';', 1)
    const at = pair.indexOf('=')
    const value = pair.slice(at + 1)
    if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(pair.slice(0, at))
    else jar.set(pair.slice(0, at), value)
  }
}
