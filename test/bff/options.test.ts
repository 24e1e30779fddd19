/* What is malformed is refused when the app starts, by the name of the option. */
import { IlertStrategy, MemoryTokenStore, type ProxyOptions } from '../../src/index.ts'

const ilert = new IlertStrategy({
  clientID: 'client-1',
  clientSecret: 'secret-0123456789',
  tokenStore: new MemoryTokenStore(),
})
afterAll(() => ilert.client.close())

const allow: ProxyOptions['allow'] = ['GET /api/alerts']
const refusal = (option: string) => expect.objectContaining({ message: expect.stringMatching(`^${option}: `) })

describe('allow', () => {
  it.each([
    ...['GET /api/alerts', 'PUT /api/alerts/{id}/accept', 'PATCH /api/x/{user-id}/y/{id}', 'DELETE /api/a-b_c.d~e/{x}'],
    ...['GET /api/developers-of-ilert', 'POST /api/x/developers'],
  ])('takes %s', (entry) => {
    expect(() => ilert.proxy({ allow: [entry as never] })).not.toThrow()
  })

  it.each([
    ...['', '/api/alerts', 'GET', 'GET ', 'GET api/alerts', 'get /api/alerts', 'Get /api/alerts', 'GET  /api/alerts'],
    ...['OPTIONS /api/alerts', 'HEAD /api/alerts', 'TRACE /api', 'CONNECT /api', '* /api/alerts', 'GET /', 'GET //'],
    ...['GET //evil.example', 'GET /api//alerts', 'GET /api/alerts/', 'GET /api/*', 'GET /api/:id', 'GET /api/**'],
    ...[
      'GET /api/../x',
      'GET /api/./x',
      'GET /api/..;/x',
      'GET /api/%61lerts',
      'GET /api/alerts?x=1',
      'GET /api/alerts#x',
    ],
    ...[
      'GET /api/{}',
      'GET /api/{id',
      'GET /api/id}',
      'GET /api/{a}{b}',
      'GET /api/x{id}',
      'GET /api/{..}',
      'GET /api/{id}*',
    ],
    ...[
      'GET https://evil.example/api',
      'GET /alerts',
      'GET /api',
      'GET /apis/x',
      'GET /api/alerts ',
      ' GET /api/alerts',
      'GET /api/a b',
      'GET /api/\nalerts',
    ],
    ...['GET /api\\alerts', 'GET /api/alerts;x', 'GET /api/ä', 'GET /api/alerts, GET /api/users', 'GET /.well-known'],
    ...['POST /api/developers/oauth2/token', 'POST /api/developers/oauth2/revoke', 'GET /api/developers'],
    ...['POST /api/developers/{id}', 'GET /{a}/developers/{id}', 'GET /{a}/{b}', 'POST /api/{x}/oauth2/token'],
    ...[7, null, undefined, /x/, {}, ['GET /api/alerts']],
  ])('refuses %p', (entry) => {
    expect(() => ilert.proxy({ allow: ['GET /api/alerts', entry as never] })).toThrow(refusal('allow'))
  })

  it.each([[undefined], [[]], ['GET /api/alerts'], [{}], [new Set(['GET /api/alerts'])], [null]])(
    'is a list with something in it, not %p',
    (list) => {
      expect(() => ilert.proxy({ allow: list as never })).toThrow(refusal('allow'))
    },
  )

  it('may have millions of letters in vain', () => {
    for (const entry of [`GET /${'{'.repeat(1e6)}`, `GET /${'a/'.repeat(5e5)}*`, `GET ${'/'.repeat(1e6)}`]) {
      expect(() => ilert.proxy({ allow: [entry as never] })).toThrow(TypeError)
    }
  })
})

describe('antiForgeryHeader', () => {
  it.each(['X-Requested-With', 'x-csrf', 'My-Static-Header'])('takes %s', (antiForgeryHeader) => {
    expect(() => ilert.proxy({ allow, antiForgeryHeader })).not.toThrow()
    expect(() => ilert.me({ antiForgeryHeader })).not.toThrow()
  })

  it.each([
    ...['', 'a b', 'a:b', 'x\r\ny', 'x'.repeat(61), 7, null, {}],
    // What another site's page can send without a preflight, and what browsers send by themselves.
    ...[
      'Accept',
      'Accept-Language',
      'Content-Type',
      'content-language',
      'Range',
      'Cookie',
      'Origin',
      'Host',
      'Referer',
    ],
    ...['User-Agent', 'Sec-Fetch-Mode', 'Sec-Fetch-Site', 'Connection', 'Content-Length', 'DNT', 'Via', 'Priority'],
    ...['If-None-Match', 'Cache-Control', 'Pragma', 'Upgrade-Insecure-Requests', 'X-Forwarded-For', 'Save-Data'],
  ])('refuses %p', (antiForgeryHeader) => {
    expect(() => ilert.proxy({ allow, antiForgeryHeader: antiForgeryHeader as never })).toThrow(
      refusal('antiForgeryHeader'),
    )
    expect(() => ilert.me({ antiForgeryHeader: antiForgeryHeader as never })).toThrow(refusal('antiForgeryHeader'))
  })
})

test.each(['', 'board', '//evil.example', '/\\evil', 'https://evil.example/', '/a#b', '/\n', 7, null])(
  'a URL is a path on this site, not %p',
  (url) => {
    expect(() => ilert.proxy({ allow, loginURL: url as never })).toThrow(refusal('loginURL'))
    expect(() => ilert.me({ loginURL: url as never })).toThrow(refusal('loginURL'))
    expect(() => ilert.me({ logoutURL: url as never })).toThrow(refusal('logoutURL'))
  },
)

test.each(['', 'public', 'public, max-age=60', 's-maxage=5', 'Public', 'no-store\r\nx: y', 'ä', 7, null])(
  "an answer of one user is for that user's browser: cacheControl %p is refused",
  (cacheControl) => {
    expect(() => ilert.proxy({ allow, cacheControl: cacheControl as never })).toThrow(refusal('cacheControl'))
  },
)

test.each([0, 1023, 1024.5, 100 * 1024 * 1024 + 1, Number.NaN, '4096', null])('maxBodyBytes %p is refused', (bytes) => {
  expect(() => ilert.proxy({ allow, maxBodyBytes: bytes as never })).toThrow(refusal('maxBodyBytes'))
})

test('anonymous and user are checked, too', () => {
  expect(() => ilert.me({ anonymous: 403 as never })).toThrow(refusal('anonymous'))
  expect(() => ilert.me({ user: {} as never })).toThrow(refusal('user'))
})
