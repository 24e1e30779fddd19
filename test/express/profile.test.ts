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

it('has one too for a user that JSON.parse takes and JSON.stringify does not', () => {
  const depth = 100_000
  const text = `{"id":7,"username":"mara","extra":${'['.repeat(depth)}${']'.repeat(depth)}}`
  expect(() => JSON.stringify(JSON.parse(text))).toThrow(RangeError)
  const profile = profileOf(text)
  expect(profile).toMatchObject({ id: '7', username: 'mara' })
  expect(profile._raw).toBe(text)
})
