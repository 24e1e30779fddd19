import fc from 'fast-check'
import { withholding } from '../../src/express/bff/withheld.ts'

const SECRET = 'eyJhbGciOi.abab.abc'

/** What is passed on of parts; 'found' where the secret is in them. */
function pass(parts: readonly string[]): string {
  const withhold = withholding(SECRET)
  let passed = ''
  for (const part of [...parts.map((text) => Buffer.from(text)), undefined]) {
    const bytes = withhold(part)
    if (bytes === 'found') return `${passed}(found)`
    passed += bytes.toString()
  }
  return passed
}

/** A text cut in pieces. */
function cut(text: string, at: readonly number[]): string[] {
  const places = [0, ...at.map((place) => place % (text.length + 1)), text.length].sort((a, b) => a - b)
  return places.slice(1).map((end, i) => text.slice(places[i], end))
}

// Mostly beginnings of the secret, so that what looks like it is looked at again and again.
const text = fc.array(
  fc.oneof(
    fc.nat(SECRET.length - 1).map((n) => SECRET.slice(0, n)),
    fc.string({ maxLength: 5 }),
  ),
  {
    maxLength: 8,
  },
)
const places = fc.array(fc.nat(), { maxLength: 10 })

test('a text without the secret is passed on whole, however it is cut', () => {
  fc.assert(
    fc.property(text, places, (parts, at) => {
      const whole = parts.join('')
      fc.pre(!whole.includes(SECRET))
      expect(pass(cut(whole, at))).toBe(whole)
    }),
  )
})

test('nothing of the secret is passed on, however it is cut', () => {
  fc.assert(
    fc.property(text, text, places, (before, after, at) => {
      const whole = before.join('') + SECRET + after.join('')
      const passed = pass(cut(whole, at))
      expect(passed.endsWith('(found)')).toBe(true)
      expect(whole.slice(0, whole.indexOf(SECRET)).startsWith(passed.slice(0, -'(found)'.length))).toBe(true)
    }),
  )
})

test('an end that only looks like the beginning of the secret comes last', () => {
  expect(pass(['x eyJ'])).toBe('x eyJ')
  const withhold = withholding(SECRET)
  expect(String(withhold(Buffer.from('x eyJ')))).toBe('x ')
  expect(String(withhold(Buffer.from('!')))).toBe('eyJ!')
})
