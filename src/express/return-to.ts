/** Longer ones do not fit into an attempt's cookie. */
const MAX_LENGTH = 512

/**
 * Where to send the user after the sign-in: `path`, if it is a path on this site and of reasonable length, otherwise
 * `home`. Browsers take `//host` and `/\host` for another site, and drop tabs and line ends before they look.
 */
export function safeReturnTo(path: unknown, home: string = '/'): string {
  if (typeof path !== 'string' || path.length > MAX_LENGTH) return home
  return /^\/(?![/\\])[^\\\p{Cc}]*$/u.test(path) ? path : home
}
