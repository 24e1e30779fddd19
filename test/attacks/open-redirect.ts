/*
 * Ways out of a site, and what a sign-in makes of them.
 */
import fc from 'fast-check'
import { type AppOptions, startApp } from '../support/app.ts'

/** Pieces of which ways out are made: what browsers drop, take for a slash, or decode. */
const PIECES = ['/', '\\', '.', '..', '//', ':', '@', '?', '#', ' ', '\t', '\n', '\r', '\0', '\v', '\f', '\x7f', '\x85']
const ENCODED = ['%2f', '%5c', '%09', '%0a', '%00', '%2e', '%252f', '%40', '%u002f', '%c0%af', '%e3%80%82']
const LOOKALIKES = ['\u3002', '\uff0f', '\uff3c', '\u2044', '\u2215', '\u00a0', '\u2028', '\ufeff', '\u202e', '\ud800']
const NAMES = ['evil.example', 'https:', 'javascript:alert(1)', 'data:text/html,x', 'a', 'app.example', ';', '=', '&']
export const wayOut = fc
  .array(fc.constantFrom(...PIECES, ...ENCODED, ...LOOKALIKES, ...NAMES), { minLength: 1, maxLength: 8 })
  .map((pieces) => pieces.join(''))

/** Where a browser goes that is on a page of `origin`. */
export const target = (location: string, origin: string) => new URL(location, `${origin}/auth/ilert/callback?code=x`)

/** An app that believes its users, which apps should not. */
export const careless: AppOptions = {
  routes: (web, app) => {
    web.get('/by/option', (req, res, next) => {
      app.passport.authenticate('ilert', { returnTo: req.query.to } as object)(req, res, next)
    })
    web.get(
      '/by/session',
      (req, _res, next) => {
        Object.assign(req.session, { returnTo: req.query.to })
        next()
      },
      app.passport.authenticate('ilert'),
    )
    web.get('/guarded/*splat', app.ilert.requireScope('alert'), (_req, res) => res.send('in'))
  },
}

/** Signs in with so many ways out as the page to come back to, given to the app by its option or in the session. */
export async function staysOnThisSite(way: string, numRuns: number): Promise<void> {
  const app = await startApp(careless)
  await fc.assert(
    fc.asyncProperty(wayOut, async (path) => {
      for (const to of [path, `/${path}`]) {
        // Half of a surrogate pair has no form in a URL: it cannot come from there.
        if (/\p{Surrogate}/u.test(to)) continue
        const browser = app.browser()
        const { location } = await browser.signIn(`/by/${way}?to=${encodeURIComponent(to)}`)
        expect(location).toMatch(/^\/(?![/\\])[\x21-\x7e]*$/)
        expect(target(location, app.origin).origin).toBe(app.origin)
      }
    }),
    { numRuns },
  )
}
