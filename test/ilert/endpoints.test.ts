import { API_URL, APP_URL, authorizeOrigin, isTenant, PATHS } from '../../src/ilert/endpoints.ts'
import * as limits from '../../src/ilert/limits.ts'

describe('endpoints', () => {
  it.each([
    ['authorize', APP_URL, PATHS.authorize, 'https://app.ilert.com/api/developers/oauth2/authorize'],
    ['token', API_URL, PATHS.token, 'https://api.ilert.com/api/developers/oauth2/token'],
    ['token_info', API_URL, PATHS.tokenInfo, 'https://api.ilert.com/api/developers/oauth2/token_info'],
    ['revoke', API_URL, PATHS.revoke, 'https://api.ilert.com/api/developers/oauth2/revoke'],
    ['current user', API_URL, PATHS.currentUser, 'https://api.ilert.com/api/users/current'],
  ])('%s is where ilert says', (_, origin, path, url) => {
    expect(origin + path).toBe(url)
  })

  it('asks for consent on app.ilert.com where nothing else is said', () => {
    expect(authorizeOrigin(undefined, undefined)).toBe('https://app.ilert.com')
  })

  it("asks for consent on the account's own host where it is known", () => {
    expect(authorizeOrigin(undefined, 'acme')).toBe('https://acme.ilert.com')
    expect(authorizeOrigin(undefined, 'Acme-7')).toBe('https://acme-7.ilert.com')
  })

  it('ignores the account where appURL is set', () => {
    expect(authorizeOrigin('http://127.0.0.1:4598', 'acme')).toBe('http://127.0.0.1:4598')
  })
})

describe('isTenant', () => {
  it.each(['a', '7', 'acme', 'Acme', 'acme-corp', 'xn--bcher-kva', 'a'.repeat(63)])('takes %j', (tenant) => {
    expect(isTenant(tenant)).toBe(true)
  })

  it.each([
    '',
    '-acme',
    'acme-',
    'acme.corp',
    'evil.com/',
    'evil.com#',
    'evil.com?',
    'evil.com\\',
    'user@evil',
    'acme:80',
    'ac me',
    'acme\n',
    'acmé',
    'acme_corp',
    '..',
    '%65vil',
    'a'.repeat(64),
  ])('refuses %j, which is not one DNS label', (tenant) => {
    expect(isTenant(tenant)).toBe(false)
  })
})

describe('limits', () => {
  it('are those that ilert states', () => {
    expect(limits).toMatchObject({
      CODE_SECONDS: 120,
      ACCESS_TOKEN_SECONDS: 3600,
      REFRESH_TOKEN_SECONDS: 365 * 24 * 3600,
      REFRESH_TOKENS_PER_USER: 10,
      REFRESH_INTERVAL_SECONDS: 300,
      RETRY_AFTER_SECONDS: 10,
    })
  })
})
