import { redact } from '../../src/ilert/redact.ts'

const SECRET = 'CANARY-0123456789'
const JSON_ESCAPED = [...SECRET].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
const header = (json: string) => `${Buffer.from(json).toString('base64url')}.eyJpbF90IjoiQUNDRVNTIn0.c2lnbmF0dXJl`

describe('redact', () => {
  it.each([
    ['as it is', SECRET],
    ['in part', SECRET.slice(3, 12)],
    ['URL-encoded', SECRET.replace('-', '%2D')],
    ['URL-encoded twice', SECRET.replace('-', '%252D')],
    ["with JSON's escapes", JSON_ESCAPED],
    ['with capitals in its escapes', JSON_ESCAPED.toUpperCase().replaceAll('\\U', '\\u')],
    ['with backslashes', [...SECRET].join('\\')],
    ['inside base64', Buffer.from(`x:${SECRET}`).toString('base64')],
    ['inside base64 that begins elsewhere', `ab${Buffer.from(SECRET).toString('base64url')}`],
  ])('takes out the word that repeats a secret %s', (_, word) => {
    expect(redact(`The token ${word}, please`, ['other words', SECRET], 300)).toBe('The token [redacted] please')
  })

  it.each([
    ['compact JSON', '{"alg":"RS256"}'],
    ['JSON with a space', '{ "alg": "RS256" }'],
    ['JSON on lines', '{\n  "alg": "RS256"\n}'],
    ['JSON on lines of Windows', '{\r\n  "alg": "RS256"\r\n}'],
  ])('takes out what looks like a JWT whose header is %s, though no secret is known', (_, json) => {
    const jwt = header(json)
    expect(redact(`Bearer ${jwt} is bad`, [], 300)).toBe('Bearer [redacted] is bad')
    expect(redact(`cut: ${jwt.slice(0, jwt.indexOf('.') + 2)}`, [], 300)).toBe('cut: [redacted]')
  })

  it('leaves alone what only resembles one', () => {
    for (const text of ['eyes.open', 'they.eyJ', 'ew.ew.ew', 'newest-token.of all', 'a.b.c'])
      expect(redact(text, [], 300)).toBe(text)
  })

  it('leaves words alone of which a secret has fewer than 8 letters in a row', () => {
    expect(redact('CANARY- and 3456789 are no secrets', [SECRET], 300)).toBe('CANARY- and 3456789 are no secrets')
    expect(redact('a short one: abc, and abcd', ['abcd'], 300)).toBe('a short one: abc, and [redacted]')
  })

  it.each([
    ['beside many others', [...Array.from({ length: 50 }, (_, i) => `other-secret-${i}`), SECRET]],
    ['beside short ones of every length', ['a', 'bc', 'def', 'ghij', 'klmno', 'pqrstu', 'vwxyzab', SECRET]],
    ['written in words', [`one two ${SECRET} three`]],
  ])('finds a secret that stands %s', (_, secrets) => {
    expect(redact(`It is ${SECRET.slice(5, 14)}`, secrets, 300)).toBe('It is [redacted]')
  })

  it('finds 16 characters in a row of one that is longer than any token, wherever they are from', () => {
    const long = Array.from({ length: 16_384 }, (_, i) => i.toString(36)).join('')
    expect(long.length).toBeGreaterThan(45_000)
    for (let from = 0; from < long.length - 16; from += 997) {
      expect(redact(`It is ${long.slice(from, from + 16)}`, [long], 300)).toBe('It is [redacted]')
    }
  })

  it('shows nothing of what it has not read', () => {
    const long = `${'%41'.repeat(1364)}${SECRET.slice(0, 7)} ${SECRET}`
    expect(redact(`${SECRET}${'-'.repeat(4096)} ${SECRET}`, [SECRET], 300)).toBe('[redacted]')
    expect(redact(long, ['AAAAAAAA', SECRET], 300)).toBe('[redacted]')
  })

  it('makes one space of what would end the line, or turn it round', () => {
    expect(redact(' one\r\n\ttwo\u2028three\u202efour\u2066five\u0000 ', [], 300)).toBe('one two three four five')
  })

  it('cuts what is longer than it may be', () => {
    expect(redact('x'.repeat(20), [], 20)).toBe('x'.repeat(20))
    expect(redact('x'.repeat(21), [], 20)).toBe(`${'x'.repeat(19)}…`)
  })
})
