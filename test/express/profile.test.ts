import { judgeUser } from '../../src/client/answers.ts'
import { toProfile } from '../../src/express/profile.ts'

const TOKENS = { accessToken: 'opaque', scope: ['profile'], expiresAt: 1_800_000_000_000 }

const profileOf = (text: string) => toProfile(judgeUser({ status: 200, headers: {}, text }, []), TOKENS)

it('has the user as ilert sent it, to the letter', () => {
  const text = '{ "id": 7, "shiftColor": "\\u0023fff", "n": 1.50 }'
  const { _raw, _json } = profileOf(text)
  expect(_raw).toBe(text)
  expect(_json).toEqual({ id: 7, shiftColor: '#fff', n: 1.5 })
})

it('has one too for a user that JSON.parse takes and JSON.stringify, before Node 26, does not', () => {
  const depth = 100_000
  const text = `{"id":7,"username":"mara","extra":${'['.repeat(depth)}${']'.repeat(depth)}}`
  const profile = profileOf(text)
  expect(profile).toMatchObject({ id: '7', username: 'mara' })
  expect(profile._raw).toBe(text)
})

describe('toProfile', () => {
  const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`
  const of = (user: object, accessToken = 'opaque') =>
    toProfile(judgeUser({ status: 200, headers: {}, text: JSON.stringify(user) }, []), { ...TOKENS, accessToken })

  it('has everything that ilert says, in the form of Passport', () => {
    const user = {
      id: 4711,
      username: 'mara',
      firstName: 'Mara',
      lastName: 'Lindqvist',
      email: 'mara@nordwind.example',
      role: 'ADMIN',
      timezone: 'Europe/Berlin',
      language: 'de',
    }
    expect(of(user, jwt({ il_n: 'nordwind' }))).toEqual({
      provider: 'ilert',
      id: '4711',
      username: 'mara',
      displayName: 'Mara Lindqvist',
      name: { givenName: 'Mara', familyName: 'Lindqvist' },
      emails: [{ value: 'mara@nordwind.example', verified: false }],
      tenant: 'nordwind',
      role: 'ADMIN',
      timezone: 'Europe/Berlin',
      language: 'de',
    })
  })

  it.each<[string, object, object]>([
    ['a first name alone', { firstName: 'Mara' }, { displayName: 'Mara', name: { givenName: 'Mara' } }],
    ['a last name alone', { lastName: 'Lindqvist' }, { displayName: 'Lindqvist', name: { familyName: 'Lindqvist' } }],
    ['no name', {}, { displayName: 'mara' }],
    ['empty names', { firstName: '', lastName: '' }, { displayName: 'mara' }],
  ])('has no more of a name than ilert: %s', (_, names, expected) => {
    const profile = of({ id: 7, username: 'mara', ...names })
    expect(profile).toEqual({ provider: 'ilert', id: '7', username: 'mara', ...expected })
  })

  it('leaves out what is empty or no text', () => {
    const odd = { username: 'mara', email: 7, role: null, timezone: '', language: ['de'], firstName: {} }
    expect(of({ id: 7, ...odd })).toEqual({ provider: 'ilert', id: '7', username: 'mara', displayName: 'mara' })
  })

  it("takes the username from the token where ilert's user has none, and the id where neither has one", () => {
    expect(of({ id: 7 }, jwt({ il_u: 'mara' }))).toMatchObject({ username: 'mara', displayName: 'mara' })
    expect(of({ id: 7, username: '' })).toMatchObject({ username: '7', displayName: '7' })
  })

  it('keeps what ilert sent out of sessions and logs', () => {
    const profile = of({ id: 7, username: 'mara', secret: 'x' })
    expect(Object.keys(profile)).toEqual(['provider', 'id', 'username', 'displayName'])
    expect(JSON.stringify(profile)).not.toContain('secret')
    expect(profile._json).toMatchObject({ secret: 'x' })
  })
})
