/* What a misspelt name most likely means. */
import fc from 'fast-check'
import { APP_OPTIONS } from '../../src/client/options.ts'
import { nearest } from '../../src/ilert/spelling.ts'

const OPTIONS = Object.keys(APP_OPTIONS)

it.each([
  ['calbackURL', 'callbackURL'],
  ['callbackUrl', 'callbackURL'],
  ['clientId', 'clientID'],
  ['client_id', 'clientID'],
  ['client-secret', 'clientSecret'],
  ['ILERT_CLIENT_ID', 'clientID'],
  ['secret', 'clientSecret'],
  ['alowedTenants', 'allowedTenants'],
  ['allowedTenant', 'allowedTenants'],
  ['tenants', 'tenant'],
  ['scopes', 'scope'],
  ['timeout', 'timeoutMs'],
  ['timeoutMS', 'timeoutMs'],
  ['encryptionKeys', 'encryptionKey'],
  ['refreshWindowMs', 'refreshWindowSeconds'],
  ['store', 'tokenStore'],
  ['verfiy', 'verify'],
])('%s means %s', (word, name) => {
  expect(nearest(word, OPTIONS)).toBe(name)
})

it.each(['', 'x', 'id', 'realm', 'algorithm', 'proxy', '__proto__', 'constructor', '🔑'])(
  '%j resembles none',
  (word) => {
    expect(nearest(word, OPTIONS)).toBeUndefined()
  },
)

it('of two that are as near it is the first', () => {
  expect(nearest('port', ['fort', 'sort'])).toBe('fort')
})

it('one letter wrong still means the option, whatever the option and the letter', () => {
  // 'apURL' may mean either of two.
  const long = OPTIONS.filter((name) => name.length > 5 && !name.endsWith('pURL') && name !== 'apiURL')
  fc.assert(
    fc.property(fc.constantFrom(...long), fc.nat(), fc.constantFrom('x', '', 'xx'), (name, at, letter) => {
      const i = at % name.length
      expect(nearest(name.slice(0, i) + letter + name.slice(i + 1), OPTIONS)).toBe(name)
    }),
  )
})

it('a name of a million letters takes no time', () => {
  const before = performance.now()
  expect(nearest('callbackURL'.repeat(100_000), OPTIONS)).toBeUndefined()
  expect(performance.now() - before).toBeLessThan(50)
})
