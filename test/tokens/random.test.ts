import { randomOctets, randomText } from '../../src/tokens/random.ts'

it('no octets are handed out twice, whatever the sizes, also where they are drawn anew', () => {
  const seen = new Set<string>()
  const [firsts, lasts] = [new Set<unknown>(), new Set<unknown>()]
  for (let i = 0; i < 3000; i++) {
    const octets = randomOctets([12, 16, 32, 31][i % 4] ?? 0)
    expect(octets).toHaveLength([12, 16, 32, 31][i % 4] ?? 0)
    seen.add(octets.subarray(0, 8).toString('hex')).add(octets.subarray(-4).toString('hex') + octets.length)
    firsts.add(octets[0])
    lasts.add(octets.at(-1))
    octets.fill(0) // whoever has them may do as they like: nobody else does
  }
  // Of 3000 ends of 4 octets two may be the same by chance, hardly ever three; the beginnings of 8 are not.
  expect([...seen].filter((text) => text.length === 16)).toHaveLength(3000)
  // Nor is one of them always the same. All 256 are there nearly always, and 240 of them always.
  expect(Math.min(firsts.size, lasts.size)).toBeGreaterThan(240)
  expect(seen.size).toBeGreaterThanOrEqual(5998)
})

it('as text they are base64url, as long as their octets make them', () => {
  expect(randomText(16)).toMatch(/^[\w-]{22}$/)
  expect(randomText(32)).toMatch(/^[\w-]{43}$/)
})
