import { challengeOf } from '../../src/express/bearer/challenge.ts'

it('is bare where no credentials came', () => {
  expect(challengeOf({ status: 401 })).toBe('Bearer realm="ilert"')
})

it('says what is wrong, and what is needed', () => {
  const refusal = {
    status: 403,
    error: 'insufficient_scope',
    description: 'Too little.',
    scope: 'alert:w team',
  } as const
  expect(challengeOf(refusal)).toBe(
    'Bearer realm="ilert", error="insufficient_scope", error_description="Too little.", scope="alert:w team"',
  )
})

it('has nothing in it that ends a quoted string, or is no printable ASCII', () => {
  expect(challengeOf({ status: 400, description: 'a "b\\" c\r\nd\u00e9\u{1f600}' })).toBe(
    'Bearer realm="ilert", error_description="a \\"b\\\\\\" c??d???"',
  )
})
