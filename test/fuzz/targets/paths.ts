/* Where a request goes: to ilert's API and nowhere else, or home. */
import fc from 'fast-check'
import { apiPath } from '../../../src/client/api-path.ts'
import { safeReturnTo } from '../../../src/express/return-to.ts'
import { IlertError } from '../../../src/ilert/errors.ts'
import { requiredScope } from '../../../src/ilert/scopes.ts'
import { expectIlertError, expectTypeError } from '../canary.ts'
import { mutated } from '../generators/text.ts'
import { requestOf } from '../request.ts'
import { expectThat, type Target, target } from '../target.ts'

const ORIGIN = 'https://api.ilert.com'

const goodSegments = fc.constantFrom('api', 'alerts', '7', 'a.b', '...', 'a%20b', 'ä', '%252e', 'x;y=1', '')
const oddSegments = fc.constantFrom(
  '.',
  '..',
  '%2e',
  '%2E%2e',
  '.%2e',
  '%2e.',
  '..;x',
  '%2e%2e%3b',
  '%2f',
  'a%5cb',
  '%00',
  '\\',
)

const paths = mutated(
  fc.oneof(
    fc.constantFrom('/api/alerts/7?x=1', '/api/users/search-email?q=a%20b', '/a%2Eb', '/api/x?y=../..'),
    fc.array(goodSegments, { minLength: 1, maxLength: 5 }).map((segments) => `/api/${segments.join('/')}`),
    fc.tuple(goodSegments, oddSegments, goodSegments).map((segments) => `/api/${segments.join('/')}`),
  ),
)

/** Nothing but escapes of what a URL cannot have may tell what is sent from what was written. */
function expectSamePlace(sent: string, written: string): void {
  const url = new URL(sent, ORIGIN)
  expectThat(url.origin === ORIGIN, `leads to ${url.origin}`)
  // A quotation mark may stand in a query (RFC 3986), and is escaped there by URL alone.
  const plain = (text: string) => text.replaceAll('%27', "'")
  expectThat(plain(url.pathname + url.search) === plain(sent), `is read as ${url.pathname}${url.search}`)
  const segments = unescaped(sent.split('?', 1)[0] ?? '').split(/[/\\]/)
  expectThat(!segments.some((segment) => /^\.{1,2}(?:;|$)/.test(segment)), 'has a dot segment')
  expectThat(/^[\x21-\x7e]*$/.test(sent), 'has what a request line cannot have')
  expectThat(unescaped(sent) === unescaped(written.replace(/^([^?]*)\?$/, '$1')), 'is another path')
  expectThat(apiPath(sent) === sent, 'changes when it is sent again')
  expectThat(requiredScope('GET', sent) === requiredScope('GET', written), 'needs another scope')
}

function unescaped(text: string): string {
  return Buffer.from(
    Buffer.from(text)
      .toString('latin1')
      .replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString('latin1')
}

const path = target('a path of the API', paths, (written) => {
  let sent: string
  try {
    sent = apiPath(written)
  } catch (error) {
    expectIlertError(error)
    expectThat(error.code === 'invalid_path', error.code)
    return 'rejected'
  }
  expectSamePlace(sent, written)
  return 'accepted'
})

const names = mutated(fc.constantFrom('max-results', 'states', 'a'))
const values = fc.oneof(
  mutated(fc.constantFrom('10', 'PENDING', '../..')),
  fc.constantFrom<unknown>(
    0,
    -1,
    1e21,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    true,
    null,
    undefined,
    {},
    [],
    5n,
    Symbol.iterator,
  ),
  fc.array(fc.oneof(mutated(fc.constant('x')), fc.constantFrom<unknown>(1, undefined, null, [])), { maxLength: 3 }),
)

const query = target('a query of the API', fc.dictionary(names, values, { maxKeys: 4 }), (fields) => {
  let sent: string
  try {
    sent = apiPath('/api/alerts', fields as never)
  } catch (error) {
    if (error instanceof IlertError)
      expectIlertError(error) // longer than a path may be
    else expectTypeError(error)
    return 'rejected'
  }
  const url = new URL(sent, ORIGIN)
  expectThat(url.origin === ORIGIN && url.pathname === '/api/alerts' && url.hash === '', 'the query leads away')
  const pairs = Object.entries(fields).flatMap(([name, value]) =>
    [value]
      .flat()
      .filter((each) => each !== undefined)
      .map((each) => [name, `${each as string}`]),
  )
  expectThat(JSON.stringify([...url.searchParams]) === JSON.stringify(pairs), 'is read as something else')
  return 'accepted'
})

const SITE = 'https://app.example'

const returnTo = target(
  'returnTo',
  fc.oneof(
    { weight: 20, arbitrary: mutated(fc.constantFrom('/alerts?x=1#y', '/', '/a/../b', '/ä b', '/x?next=//y')) },
    { weight: 1, arbitrary: fc.anything() },
  ),
  (wanted) => {
    const path = safeReturnTo(wanted)
    const sent = String(requestOf('/', {}).res?.location(path).getHeader('location'))
    for (const base of [SITE, `${SITE}/auth/ilert/callback?code=1`]) {
      // As a browser reads what Express sends, and as whoever resolves it reads it.
      for (const read of [sent, path]) expectThat(new URL(read, base).origin === SITE, `leads away from ${base}`)
    }
    expectThat(path.startsWith('/') && path.length <= 512 && !/[\p{Cc}\\]/u.test(path), `returns to ${path}`)
    return path === wanted ? 'accepted' : 'rejected'
  },
)

export const pathTargets: readonly Target[] = [path, query, returnTo]
