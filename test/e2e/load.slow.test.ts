/*
 * Many people, or one who is in a hurry: nobody is signed out, and each expiry costs one refresh.
 *
 * Latency is printed and not asserted. It is that of the machine: the sandbox answers in this process, which the
 * connections keep busy all the time, and a busy Node takes one new connection in each turn of its event loop. Beside
 * other tests a call whose connection is new may wait for many turns, seconds long in all, while those on open
 * connections overtake it.
 */
import autocannon from 'autocannon'
import { removeBuiltApp } from './app-copy.ts'
import { cleanUp } from './clean-up.ts'
import { startDesk } from './desk.ts'
import { cookieOf } from './http.ts'

afterEach(cleanUp)
afterAll(removeBuiltApp)

// The sandbox accepts one connection in each turn: with many more, the last ones would wait longer than the app does.
const CONNECTIONS = 10
const [SECONDS, TOKEN_SECONDS] = [20, 8]

/** Tokens are renewed in the last quarter of their life. */
const RENEWED_AFTER_MS = 750 * TOKEN_SECONDS

it(
  `the page under ${CONNECTIONS} connections for ${SECONDS} s, with tokens of ${TOKEN_SECONDS} s`,
  async () => {
    const desk = await startDesk({
      env: { LOG_LEVEL: 'error' },
      sandbox: { accessTokenSeconds: TOKEN_SECONDS, requestsPerMinute: 0 },
    })
    const cookie = await cookieOf(desk)
    // The sandbox remembers a limited number of requests, and most are of another kind.
    const refreshes = new Map<number, number>()
    const watch = setInterval(() => {
      for (const { grantType, at, status } of desk.sandbox.requests) {
        if (grantType === 'refresh_token') refreshes.set(at, status)
      }
    }, 200)

    let notTheDesk = 0
    let signedOut = ''
    const result = await autocannon({
      url: desk.url,
      connections: CONNECTIONS,
      duration: SECONDS,
      timeout: 30,
      headers: { cookie },
      verifyBody(body) {
        const text = String(body)
        const isDesk = text.includes('On-call desk of Mara Lindqvist') && text.includes('portal.nordwind.example')
        if (!isDesk || text.includes('class="problem"')) {
          notTheDesk += 1
          signedOut ||= text
        }
        return true
      },
    })
    clearInterval(watch)

    const { latency, requests, non2xx, errors, timeouts } = result
    const times = [...refreshes.keys()].sort((a, b) => a - b)
    console.log(
      `${requests.total} pages in ${result.duration} s: ${requests.average} a second; latency ${latency.p50} ms (median), ` +
        `${latency.p99} ms (99 %), ${latency.max} ms (longest); ${times.length} refreshes`,
    )
    expect({ non2xx, errors, timeouts, notTheDesk, signedOut }).toEqual({
      non2xx: 0,
      errors: 0,
      timeouts: 0,
      notTheDesk: 0,
      signedOut: '',
    })
    expect(requests.total).toBeGreaterThan(CONNECTIONS)
    expect([...refreshes.values()].every((status) => status === 200)).toBe(true)
    expect(times.length).toBeGreaterThanOrEqual(2)
    const gaps = times.slice(1).map((at, i) => at - (times[i] as number))
    expect(gaps.filter((gap) => gap < RENEWED_AFTER_MS * 0.9)).toEqual([])
    expect(desk.apps[0].stderr).toBe('')
  },
  (SECONDS + 60) * 1000,
)
