import { parseSetCookie } from 'cookie'

/**
 * The cookies that a browser would keep, as far as an app's sign-in needs: by host name (never by port), and ending when
 * they say so. Paths and domains are not looked at.
 */
export class CookieJar {
  readonly #hosts = new Map<string, Map<string, { value: string; expiresAt: number }>>()

  /** Keeps what an answer from `url` sets. */
  keep(url: URL, setCookies: readonly string[]): void {
    for (const header of setCookies) {
      const { name, value = '', maxAge, expires, secure = false, path } = parseSetCookie(header, { decode: (v) => v })
      if (name.startsWith('__Host-') && !(secure && path === '/')) continue
      if ((secure || name.startsWith('__Secure-')) && !(secure && isTrustworthy(url))) continue
      const end = expires?.getTime() ?? Number.POSITIVE_INFINITY
      const expiresAt = maxAge === undefined ? end : Date.now() + maxAge * 1000
      const cookies = this.#hosts.get(url.hostname) ?? new Map()
      this.#hosts.set(url.hostname, cookies)
      cookies.set(name, { value, expiresAt })
    }
  }

  /** The `Cookie` header for a request to `url`; empty where there is none. */
  header(url: URL): string {
    const now = Date.now()
    return [...(this.#hosts.get(url.hostname) ?? [])]
      .filter(([, { expiresAt }]) => expiresAt > now)
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ')
  }
}

/** Browsers keep `Secure` cookies for the machine itself also without TLS. */
function isTrustworthy({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')
}
