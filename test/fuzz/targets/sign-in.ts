/* What a browser brings back from ilert: the query, and the cookies of the attempts that it began. */
import fc from 'fast-check'
import type { Dispatcher } from 'undici'
import { Attempts } from '../../../src/express/attempts.ts'
import { type CallbackQuery, MalformedCallback, readCallback } from '../../../src/express/callback.ts'
import { attemptSealer } from '../../../src/express/parts.ts'
import { strategySettings } from '../../../src/express/settings.ts'
import { IlertError, IlertStrategy } from '../../../src/index.ts'
import { MemoryTokenStore } from '../../../src/tokens/stores/memory-store.ts'
import { expectNoSecret, SECRETS } from '../canary.ts'
import { echoes } from '../generators/echo.ts'
import { edits, mutated } from '../generators/text.ts'
import { requestOf } from '../request.ts'
import { expectThat, type Target, target } from '../target.ts'

const CALLBACK = '/auth/ilert/callback'
const NOW = 1_800_000_000_000
const clock = { now: () => NOW }
const clientID = 'app'
/** As one is written; nobody has issued it. */
const STATE = '0'.repeat(23)

// Every attempt has begun before: what is tested is what comes back.
const options = {
  clientID,
  clientSecret: SECRETS.clientSecret,
  callbackURL: `https://app.example${CALLBACK}`,
  appURL: 'https://app.ilert.example',
  clock,
  tokenStore: new MemoryTokenStore(),
  dispatcher: goodIlert() as never,
}
const ilert = new IlertStrategy(options)
const attempts = new Attempts(attemptSealer(strategySettings([options])), clock)

interface Begun {
  readonly state: string
  readonly name: string
  readonly value: string
}

async function begin(n: number): Promise<Begun> {
  const req = requestOf('/auth/ilert', {})
  const redirectURI = `https://app.example${CALLBACK}`
  const { state } = await attempts.begin(req, { redirectURI, ...(n % 2 === 1 && { returnTo: `/page/${n}?x=1` }) })
  const [cookie = ''] = [req.res?.getHeader('set-cookie') ?? []].flat().map(String)
  const [, name = '', value = ''] = /^([^=]+)=([^;]+)/.exec(cookie) ?? []
  return { state, name, value }
}

const begun = await Promise.all(Array.from({ length: 20 }, (_, n) => begin(n)))

/** An ilert that agrees to everything, without a wire. */
function goodIlert() {
  const tokens = { token_type: 'Bearer', access_token: SECRETS.accessToken, expires_in: 3600, scope: 'profile' }
  return {
    dispatch({ path }: { path: string }, handler: Dispatcher.DispatchHandler) {
      const controller = {} as Dispatcher.DispatchController
      const body = path === '/api/users/current' ? { id: 7 } : tokens
      handler.onResponseStart?.(controller, 200, {})
      handler.onResponseData?.(controller, Buffer.from(JSON.stringify(body)))
      handler.onResponseEnd?.(controller, {})
    },
  }
}

const queries = mutated(
  fc.oneof(
    fc.constantFrom(
      `code=abc&state=${STATE}`,
      `error=access_denied&error_description=No%20thanks&state=${STATE}`,
      `code=a%2Fb!c&iss=%F0%9F%92%A5&state=${STATE}`,
      'x=1',
    ),
    echoes.map((text) => `error=odd&error_description=${encodeURIComponent(text)}&state=${STATE}`),
  ),
)

const query = target('the query of a callback', queries, (text) => {
  let read: CallbackQuery | undefined
  try {
    read = readCallback(requestOf(`${CALLBACK}?${text}`, {}))
  } catch (error) {
    expectThat(error instanceof MalformedCallback && error.message.length < 100, 'threw something else')
    return 'rejected'
  }
  if (read === undefined) return 'rejected'
  for (const value of Object.values(read))
    expectThat(value === undefined || (typeof value === 'string' && value !== ''), 'a value')
  const written = new URLSearchParams(
    Object.entries({
      state: read.state,
      code: read.code,
      error: read.error,
      error_description: read.errorDescription,
    }).filter((pair): pair is [string, string] => pair[1] !== undefined),
  )
  if (written.size === 0) return 'rejected'
  const again = readCallback(requestOf(`${CALLBACK}?${written.toString()}`, {}))
  if (again)
    expectThat(JSON.stringify(again) === JSON.stringify(read), 'is read as something else when it is written again')
  return 'accepted'
})

const jars = fc
  .tuple(
    fc.shuffledSubarray(begun, { minLength: 1, maxLength: 4 }),
    fc.constantFrom('', 'a=1; ', '__proto__=x; ', '"q"; ='),
  )
  .map(([list, other]) => ({
    // The attempt that comes back is one of these, or one whose cookie another browser has.
    state: list[0]?.state ?? '',
    cookie: other + list.map(({ name, value }) => `${name}=${value}`).join('; '),
  }))

/**
 * Whether a browser sent this very cookie, with something of its own before and behind. Around a name and a value spaces
 * and tabs count for nothing, as browsers have it (RFC 6265bis, section 5.6), and nothing else does.
 */
function isThere(cookie: string, { name, value }: Begun): boolean {
  const bare = (text: string) => text.replaceAll(/^[ \t]+|[ \t]+$/g, '')
  return cookie.split(';').some((pair) => {
    const [given = '', ...rest] = pair.split('=')
    return bare(given) === name && bare(rest.join('=')) === value
  })
}

const cookies = target(
  'the cookies of attempts',
  fc
    .tuple(jars, edits, edits, fc.constantFrom('neither', 'neither', 'cookie', 'cookie', 'state'))
    .map(
      ([{ cookie, state }, editCookie, editState, wrong]) =>
        [wrong === 'cookie' ? editCookie(cookie) : cookie, wrong === 'state' ? editState(state) : state] as const,
    ),
  async ([cookie, state]) => {
    const req = requestOf(CALLBACK, { cookie })
    const attempt = await attempts.take(req, state, `https://app.example${CALLBACK}`)
    const owner = begun.find((each) => each.state === state)
    if (attempt === undefined) return 'rejected'
    expectThat(owner !== undefined && cookie.includes(`${owner.name}=`), 'an attempt that nobody began')
    expectThat(attempt.codeVerifier.length === 43 && attempt.redirectURI.endsWith(CALLBACK), 'not what was begun')
    const cleared = [req.res?.getHeader('set-cookie') ?? []].flat().map(String)
    expectThat(
      cleared.some((each) => each.startsWith(`${owner?.name}=;`)),
      'the cookie is not used up',
    )
    return 'accepted'
  },
  0.4,
)

const goodQuery = fc
  .tuple(fc.constantFrom(...begun), fc.constantFrom('', '', '&error=access_denied', '&error=server_error'))
  .map(([{ state, name, value }, error]) => ({
    query: `code=${SECRETS.code}${error}&state=${state}&error_description=${SECRETS.code}`,
    cookie: `${name}=${value}`,
  }))

/** Things are wrong with the query, or with the cookie, or with neither: both would leave little that gets far. */
const visits = fc.oneof(
  goodQuery,
  fc.tuple(goodQuery, edits).map(([visit, edit]) => ({ ...visit, query: edit(visit.query) })),
  fc.tuple(goodQuery, edits).map(([visit, edit]) => ({ ...visit, cookie: edit(visit.cookie) })),
)

type Outcome = 'success' | 'fail' | 'error' | 'redirect'

/** What Passport is told, by one and only one of its four words. */
function outcomeOf(url: string, cookie: string): Promise<{ outcome: Outcome; args: unknown[] }> {
  return new Promise((resolve, reject) => {
    const req = requestOf(url, { cookie })
    req.next = reject
    const told =
      (outcome: Outcome) =>
      (...args: unknown[]) =>
        resolve({ outcome, args })
    const words = { success: told('success'), fail: told('fail'), error: told('error'), redirect: told('redirect') }
    Object.assign(Object.create(ilert), words).authenticate(req, { session: false })
  })
}

const whole = target(
  'a whole callback',
  visits,
  async ({ query, cookie }) => {
    const { outcome, args } = await outcomeOf(`${CALLBACK}?${query}`, cookie)
    const [first, second] = args
    const sent = new URLSearchParams(`?${query}`) // which would lose a `?` of the query's own
    if (outcome === 'success') {
      const state = sent.get('state')
      const owner = begun.find((each) => each.state === state)
      expectThat(owner !== undefined && isThere(cookie, owner), 'a user is signed in whose browser began nothing')
      return 'accepted'
    }
    if (outcome === 'redirect') {
      expectThat(new URL(String(first)).origin === 'https://app.ilert.example', 'leads elsewhere')
    } else if (outcome === 'error') {
      expectThat(first instanceof IlertError, 'not an IlertError')
      expectThat(first.status < 500, `what a browser brings is a ${first.status}`)
    } else expectThat([400, 403].includes(second as number), `fails with ${String(second)}`)
    // Where the code itself was changed nobody can know what of the description it was.
    if (sent.getAll('code').includes(SECRETS.code)) expectNoSecret(args)
    return 'rejected'
  },
  0.3,
)

export const signInTargets: readonly Target[] = [query, cookies, whole]
