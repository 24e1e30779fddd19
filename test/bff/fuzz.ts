/* Requests that nobody has thought of, as bytes on a socket. */
import { connect } from 'node:net'
import fc from 'fast-check'
import { mutated } from '../fuzz/generators/text.ts'
import { closeApps } from '../support/app.ts'
import { closeServers } from '../support/server.ts'
import { ALERTS, PROXY, startScene, tokenNumber } from './support.ts'

const targets = mutated(
  fc.constantFrom(
    ...[ALERTS, `${ALERTS}?states=PENDING`, `${ALERTS}/7`, `${ALERTS}/7/accept`, `${PROXY}/api/schedules/7`, '/me'],
    ...[
      `${PROXY}/api/heartbeat-monitors`,
      `${PROXY}/api/../users`,
      `${PROXY}//evil.example`,
      PROXY,
      '/auth/ilert?returnTo=/x',
    ],
  ),
)
const methods = fc.constantFrom('GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'X')
const headers = fc.array(
  mutated(
    fc.constantFrom(
      ...['Sec-Fetch-Site: cross-site', 'X-Requested-With: fetch', 'Content-Type: text/plain', 'Content-Length: 2'],
      ...['Transfer-Encoding: chunked', 'Connection: close, authorization', 'Authorization: Bearer x', 'Cookie: a=b'],
      ...['If-None-Match: "v"', 'If-Match: *', 'Team-Context: -1', 'Accept-Language: de', 'Expect: 100-continue'],
      ...['Host: evil.example', 'X-Forwarded-Host: evil.example', 'Upgrade: websocket', 'Content-Encoding: gzip'],
      ...['X-HTTP-Method-Override: DELETE', 'Range: bytes=0-1', 'Origin: null', 'Forwarded: host=evil.example'],
    ),
  ),
  { maxLength: 4 },
)
const bodies = fc.constantFrom(
  '',
  '',
  '{}',
  '{"summary":"x"}',
  '2\r\n{}\r\n0\r\n\r\n',
  '5\r\n{}',
  '\0',
  'x'.repeat(5000),
)

/** One request with what browsers add. Nothing is mended, and a body that stops early ends with the connection. */
const requests = fc
  .record({ method: methods, target: targets, headers, body: bodies, honest: fc.boolean() })
  .map(({ method, target, headers, body, honest }) => {
    const length = honest ? [`Content-Type: application/json`, `Content-Length: ${Buffer.byteLength(body)}`] : []
    return { head: `${method} ${target} HTTP/1.1`, headers: [...headers, ...length], body }
  })

const LISTED = [
  ...['accept', 'accept-encoding', 'accept-language', 'authorization', 'connection', 'content-length', 'content-type'],
  ...[
    'host',
    'if-match',
    'if-modified-since',
    'if-none-match',
    'if-unmodified-since',
    'team-context',
    'transfer-encoding',
  ],
]

const CALLS =
  /^(?:GET|HEAD) \/api\/(?:alerts|alerts\/[\w-]*\d[\w-]*|heartbeat-monitors)$|^POST \/api\/alerts$|^PUT \/api\/alerts\/[\w-]*\d[\w-]*\/accept$|^DELETE \/api\/schedules\/[\w-]*\d[\w-]*$/

/** Sends so many, and looks at what comes back, and at what reaches ilert. */
export async function fuzz(runs: number, seed: number): Promise<Record<string, number>> {
  const { api, app, browser, calls } = await startScene(undefined, { proxy: { maxBodyBytes: 4096 } })
  const seen: Record<string, number> = {}
  try {
    await fc.assert(
      fc.asyncProperty(requests, async ({ head, headers, body }) => {
        calls.length = 0
        const own = ['Host: app', `Cookie: ${browser.cookies}`, 'Sec-Fetch-Site: same-origin', 'Connection: close']
        const answer = await send(browser.origin, `${[head, ...own, ...headers].join('\r\n')}\r\n\r\n${body}`)
        for (const [, status = ''] of answer.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)) {
          seen[status] = (seen[status] ?? 0) + 1
          expect(Number(status)).toBeLessThan(500)
        }
        expect(answer).not.toContain(tokenNumber(1))
        for (const { method, path, headers } of calls) {
          expect(`${method} ${path.split('?', 1)[0]}`).toMatch(CALLS)
          expect(headers.authorization).toBe(`Bearer ${tokenNumber(1)}`)
          expect(headers.host).toBe(new URL(api.origin).host)
          expect(Object.keys(headers).filter((name) => !LISTED.includes(name))).toEqual([])
        }
      }),
      { numRuns: runs, seed, endOnFailure: false },
    )
    expect(app.errors.filter((error) => ((error as { status?: number }).status ?? 500) >= 500)).toEqual([])
  } finally {
    await closeApps()
    await closeServers()
  }
  return seen
}

/** What comes back for these bytes, after which the client has nothing more to say. */
function send(origin: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port: Number(new URL(origin).port), host: '127.0.0.1', allowHalfOpen: true })
    let answer = ''
    socket.setEncoding('latin1').on('data', (part: string) => {
      answer += part
    })
    socket.on('error', () => {})
    socket.on('end', () => socket.destroy())
    socket.on('close', () => resolve(answer))
    socket.end(text, 'utf8')
  })
}
