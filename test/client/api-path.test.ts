import fc from 'fast-check'
import { apiPath, type Query } from '../../src/client/api-path.ts'
import { IlertError, MemoryTokenStore, TokenManager } from '../../src/index.ts'
import { closeServers, json, serve } from '../support/server.ts'

afterEach(closeServers)

const ORIGIN = 'https://api.ilert.com'

/** What was thrown. */
function refusal(path: unknown, query?: Query): IlertError {
  try {
    apiPath(path, query)
  } catch (error) {
    return error as IlertError
  }
  throw new Error(`${JSON.stringify(path)} was accepted`)
}

/** Every way to write a text in which each letter stands as it is, or percent-encoded in some mix of cases. */
function disguises(text: string): string[] {
  return [...text].reduce<string[]>(
    (begun, letter) => {
      const hex = letter.charCodeAt(0).toString(16).padStart(2, '0')
      const ways = new Set([letter, `%${hex}`, `%${hex.toUpperCase()}`])
      return begun.flatMap((start) => [...ways].map((way) => start + way))
    },
    [''],
  )
}

/** RFC 3629, section 3: what no character is encoded as. */
const NOT_UTF8 = [
  ...['%', '%2', '%z', '%zz', '%2z', '%u002e', '%%', '% 2', '%+1'],
  ...['%80', '%bf', '%c3', '%C3%', '%c3x', '%c3%28', '%e2%82', '%f0%9f%98', '%ff', '%FE', '%f8%88%80%80%80'],
  // A dot, a slash and NUL, written longer than they are.
  ...['%C0%AE', '%c0%ae%C0%AE', '%C0%AF', '%c1%9c', '%c0%80', '%e0%80%ae', '%E0%80%AF', '%f0%80%80%ae'],
  // Halves of surrogate pairs, and what is past Unicode's end.
  ...['%ED%A0%80', '%ed%bf%bf', '%ED%A0%BD%ED%B8%80', '%f4%90%80%80', '%f5%80%80%80'],
]

const REFUSED: [string, string[]][] = [
  [
    'has a percent-encoding that is not UTF-8',
    NOT_UTF8.flatMap((odd) => [
      `/api/alerts/${odd}`,
      `/api/${odd}/alerts`,
      `/${odd}${odd}/x`,
      `/api/alerts?x=${odd}`,
      `/api/alerts?x=1&${odd}=1`,
    ]),
  ],
  ['is longer than 16 KB', [`/${'a'.repeat(16 * 1024)}`, `/api?${'a'.repeat(16 * 1024)}`, `/${'ä'.repeat(3000)}`]],
  ['is empty', ['']],
  ['does not begin with a slash', ['api/alerts', ' /api/alerts', '?x=1', '.', '..', '@evil.example/', ':80/', '~']],
  [
    'names another origin',
    ['https://evil.example/', 'https://api.ilert.com/api/alerts', 'http:api', 'javascript:1', 'data:,x', 'HTTPS://x/'],
  ],
  ['begins with two slashes', ['//', '//evil.example', '//evil.example/api', '///evil.example', '//@evil.example']],
  [
    'has a backslash',
    [
      '\\',
      '/\\evil.example',
      '\\\\evil.example',
      '/api\\..\\x',
      '/api/alerts?x=\\',
      '/api/alerts\\',
      '/\\/evil.example',
    ],
  ],
  ['has a fragment', ['/api/alerts#', '/api/alerts#x', '/api/alerts?x=1#y', '/#//evil.example']],
  [
    'has a control character',
    ['\r', '\n', '\r\n', '\t', '\0', '\x1b', '\x7f', '\x80', '\x9f'].flatMap((control) => [
      `/api/alerts${control}`,
      `/${control}/evil.example`,
      `/api${control}/x`,
      `/api/alerts?x=${control}`,
      `${control}/api/alerts`,
    ]),
  ],
  [
    'has an encoded control character',
    ['%0d%0aHost:evil.example', '%0A', '%00', '%1B', '%7f', '%7F'].map((control) => `/api/alerts${control}`),
  ],
  ['has half of a surrogate pair', ['/api/\ud800', '/api/\udfff/x', '/api/alerts?x=\ud800', '/api/\udc00\ud800']],
  [
    'has a dot segment, plain or encoded',
    [...disguises('.'), ...disguises('..')].flatMap((dots) => [
      `/${dots}`,
      `/${dots}/`,
      `/api/${dots}`,
      `/api/${dots}/alerts`,
      `/${dots}//evil.example`,
      `/api/alerts/${dots}?x=1`,
      `/api/${dots};x=1/alerts`,
      `/api/${dots}%3bx/alerts`,
      `/api/${dots}%3B/alerts`,
    ]),
  ],
  [
    'has an encoded slash',
    [...disguises('/'), ...disguises('\\')]
      .filter((way) => way.startsWith('%'))
      .flatMap((slash) => [`/api/alerts${slash}7`, `/${slash}evil.example`, `/api/..${slash}x`, `/${slash}`]),
  ],
]

describe('a path is refused that', () => {
  it.each(REFUSED)('%s', (_, paths) => {
    for (const path of paths) {
      const error = refusal(path)
      expect(error).toBeInstanceOf(IlertError)
      expect([path, error.code, error.status]).toEqual([path, 'invalid_path', 400])
      expect(error.message).toMatch(/^path: /)
    }
  })

  it.each([undefined, null, 0, 7, true, {}, [], ['/api/alerts'], new URL(`${ORIGIN}/api`), Symbol('/'), () => '/api'])(
    'is no string: %p',
    (path) => {
      expect(refusal(path)).toMatchObject({ code: 'invalid_path', message: expect.stringMatching(/^path: /) })
    },
  )

  it.each([
    ['', /expected a path such as/],
    ['api/alerts', /must begin with a slash/],
    ['//evil.example/api', /two slashes/],
    ['/api\\alerts', /a backslash, a # or a control character/],
    ['/api/alerts%2f7', /encoded slash/],
    ['/api/alerts%0a', /encoded control character/],
    ['/api/../alerts', /dot segment/],
    ['/api/100%', /a % that does not begin a character in UTF-8; a plain % is written %25/],
    [`/${'a'.repeat(16 * 1024)}`, /longer than 16 KB/],
  ])('is refused with the reason, and with the word that nothing was sent: %j', (path, reason) => {
    expect(refusal(path).message).toMatch(reason)
    expect(refusal(path).message).toMatch(/Nothing was sent\.$/)
  })

  it('is refused without a word of it in the error, as it may hold anything', () => {
    for (const path of REFUSED.flatMap(([, paths]) => paths).filter((path) => path.length > 11)) {
      expect(refusal(path).message).not.toContain(path)
    }
  })
})

it('refuses whatever it refuses before anything is sent or read', async () => {
  const server = await serve((response) => json(response, 200, []))
  const get = counter()
  const tokenStore = new MemoryTokenStore()
  const read = tokenStore.get.bind(tokenStore)
  tokenStore.get = (key) => {
    get()
    return read(key)
  }
  const manager = new TokenManager({ clientID: 'app', clientSecret: 'secret', apiURL: server.origin, tokenStore })
  const api = manager.api('key')
  for (const path of [...REFUSED.flatMap(([, paths]) => paths), undefined, null, 7, {}, []] as string[]) {
    const calls = [
      api.get(path, { scope: false }),
      api.post(path, {}, { scope: false }),
      api.put(path, {}),
      api.delete(path),
      api.request('HEAD', path),
      (async () => {
        for await (const _ of api.paginate(path)) throw new Error('an entry')
      })(),
    ]
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'invalid_path' } })
    }
  }
  expect(get.calls).toBe(0)
  expect(server.connections).toBe(0)
  await manager.close()
})

function counter() {
  const count = Object.assign(() => void count.calls++, { calls: 0 })
  return count
}

describe('a path is sent as it is, but for what must be encoded:', () => {
  it.each([
    ['/', '/'],
    ['/api/alerts', '/api/alerts'],
    ['/api/alerts/', '/api/alerts/'],
    ['/api/alerts?', '/api/alerts'],
    ['/api/alerts?x=1&y=2', '/api/alerts?x=1&y=2'],
    ['/api/alerts?next=/../..//%2f%2e', '/api/alerts?next=/../..//%2f%2e'],
    ['/api/alerts?x=?', '/api/alerts?x=?'],
    ['/api/services/a.b/..c/d../...', '/api/services/a.b/..c/d../...'],
    ['/api/alerts/%c3%a4', '/api/alerts/%c3%a4'],
    ['/api/alerts/%25', '/api/alerts/%25'],
    ['/api/alerts/ä b', '/api/alerts/%C3%A4%20b'],
    ['/api/alerts/100%25', '/api/alerts/100%25'],
    ['/api/%F0%9F%98%80/%e2%82%ac?q=%ED%9F%BF%EE%80%80', '/api/%F0%9F%98%80/%e2%82%ac?q=%ED%9F%BF%EE%80%80'],
    ['/api/alerts?x=%25c0%25ae', '/api/alerts?x=%25c0%25ae'],
    ['/api/@evil.example/:80', '/api/@evil.example/:80'],
    ['/@evil.example', '/@evil.example'],
    ['/api/users/😀?q=😀 "<>`', '/api/users/%F0%9F%98%80?q=%F0%9F%98%80%20%22%3C%3E%60'],
  ])('%s', (path, sent) => {
    expect(apiPath(path)).toBe(sent)
  })
})

describe('the query', () => {
  it.each<[Query, string]>([
    [{}, ''],
    [{ a: undefined }, ''],
    [{ a: [] }, ''],
    [{ a: '' }, '?a='],
    [{ a: 0, b: false, c: true, d: -1.5 }, '?a=0&b=false&c=true&d=-1.5'],
    [{ a: ['x', 1, 'x'], b: 'y' }, '?a=x&a=1&a=x&b=y'],
    [{ 'a b&c=d': '#?/&=+ ä' }, '?a%20b%26c%3Dd=%23%3F%2F%26%3D%2B%20%C3%A4'],
    [{ a: '\r\nHost: evil.example', b: '\0\\' }, '?a=%0D%0AHost%3A%20evil.example&b=%00%5C'],
    [JSON.parse('{"__proto__": "x"}'), '?__proto__=x'],
    [Object.assign(Object.create(null), { a: 1 }), '?a=1'],
  ])('%p becomes %s', (query, search) => {
    expect(apiPath('/api/alerts', query)).toBe(`/api/alerts${search}`)
  })

  it('is refused if the path is longer than 16 KB with it', () => {
    const path = (length: number) => apiPath('/api/alerts', { a: 'x'.repeat(length - '/api/alerts?a='.length) })
    expect(path(16 * 1024)).toHaveLength(16 * 1024)
    expect(() => path(16 * 1024 + 1)).toThrow(/^path: with its query it is longer than 16 KB/)
  })

  it('is added to the one that the path has', () => {
    expect(apiPath('/api/alerts?x=1', { y: 2 })).toBe('/api/alerts?x=1&y=2')
    expect(apiPath('/api/alerts?', { y: 2 })).toBe('/api/alerts?y=2')
    expect(apiPath('/api/alerts?x=1', { y: undefined })).toBe('/api/alerts?x=1')
  })

  it.each([
    ['null', null],
    ['a string', 'a=b'],
    ['a list', [['a', 'b']]],
    ['a URLSearchParams, which would be read as empty', new URLSearchParams({ a: 'b' })],
    ['a Map', new Map([['a', 'b']])],
    ['a function', () => ({})],
  ])('is refused where it is %s', (_, query) => {
    expect(() => apiPath('/api/alerts', query as unknown as Query)).toThrow(/^query: /)
    expect(() => apiPath('/api/alerts', query as unknown as Query)).toThrow(TypeError)
  })

  it.each([
    null,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    {},
    new Date(),
    Symbol('x'),
    1n,
    '\ud800',
    ['x', null],
    [['x']],
  ])('is refused where a value cannot be written: %p', (value) => {
    const query = { state: value } as unknown as Query
    expect(() => apiPath('/api/alerts', query)).toThrow(/^query: .*"state"/)
    expect(() => apiPath('/api/alerts', query)).toThrow(TypeError)
  })

  it('is refused where a name is half of a surrogate pair', () => {
    expect(() => apiPath('/api/alerts', { '\ud800': 1 })).toThrow(/^query: /)
  })
})

/** Pieces of which hostile paths are made. */
const PIECES = [
  ...disguises('.'),
  ...disguises('..'),
  ...disguises('/'),
  ...disguises('\\'),
  '/',
  '//',
  '?',
  '#',
  '@',
  ':',
  ';',
  '%',
  '%2',
  '%25',
  '%252e',
  '%252f',
  '\t',
  '\r\n',
  ' ',
  'ä',
  '\ud800',
  '\u2028',
  '\uff0f',
  '\uff0e',
  'evil.example',
  'user:pw@',
  'https:',
  'api',
  'alerts',
]

describe('for whatever path is accepted', () => {
  const hostile = fc.oneof(
    fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => `/${pieces.join('')}`),
    fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map((pieces) => pieces.join('')),
    fc.string({ unit: 'binary' }).map((text) => `/${text}`),
    fc.webUrl({ withQueryParameters: true, withFragments: true }),
    fc.webPath(),
  )
  const values = fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.boolean(), fc.constant(undefined))
  const queries = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.oneof(values, fc.array(fc.string())))

  /** The path as it is sent, or undefined. */
  function accepted(path: string, query?: Query): string | undefined {
    try {
      return apiPath(path, query)
    } catch (error) {
      expect((error as IlertError).code).toBe('invalid_path')
      return undefined
    }
  }

  it("WHATWG's URL stays on the origin, and leads to the path as it was sent", () => {
    let count = 0
    fc.assert(
      fc.property(hostile, queries, fc.constantFrom(ORIGIN, 'http://127.0.0.1:8080'), (path, query, origin) => {
        const sent = accepted(path, query as Query)
        if (sent === undefined) return
        count++
        for (const url of [new URL(sent, origin), new URL(origin + sent)]) {
          expect(url.origin).toBe(origin)
          expect([url.username, url.password, url.hash]).toEqual(['', '', ''])
          expect(url.pathname).toBe(sent.split('?', 1)[0])
          expect(decodeURIComponent(url.pathname.replaceAll(/%(?![\da-f]{2})/gi, '%25')).split('/')).not.toContain('..')
        }
        expect(sent).toMatch(/^\/(?!\/)[\x21-\x7e]*$/)
      }),
      { numRuns: 2000 },
    )
    expect(count).toBeGreaterThan(200)
  })

  it('an origin is never part of it', () => {
    fc.assert(
      fc.property(fc.webUrl(), (url) => {
        expect(accepted(url)).toBeUndefined()
        expect(accepted(url.replace(/^https?:/, ''))).toBeUndefined()
      }),
    )
  })

  it('the query comes out as it went in', () => {
    const names = fc.string({ unit: 'grapheme', minLength: 1 })
    const texts = fc.dictionary(names, fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.boolean()))
    fc.assert(
      fc.property(texts, (query) => {
        const url = new URL(apiPath('/api/alerts?first=1', query), ORIGIN)
        const pairs = Object.entries(query).map(([name, value]) => [name, String(value)])
        expect([...url.searchParams]).toEqual([['first', '1'], ...pairs])
      }),
    )
  })

  it('what comes out may go in again, and comes out the same', () => {
    fc.assert(
      fc.property(hostile, (path) => {
        const sent = accepted(path)
        if (sent !== undefined) expect(apiPath(sent)).toBe(sent)
      }),
      { numRuns: 2000 },
    )
  })
})
