/* Access tokens, and what looks like them. */
import fc from 'fast-check'
import { mutatedJSON } from './json.ts'
import { mutated } from './text.ts'

const encoded = (json: string) => Buffer.from(json).toString('base64url')

const claims = fc.record({
  iss: fc.constant('ilert'),
  il_t: fc.constant('ACCESS'),
  il_u: fc.constantFrom('mara.lindqvist', ''),
  il_n: fc.constantFrom('nordwind', 'bluepeak', ''),
  il_a: fc.constantFrom(250, 1001, 0),
  il_s: fc.constantFrom('profile alert:w', '', ' '),
  il_v: fc.constant(1),
  exp: fc.constantFrom(1_900_000_000, 1_600_000_000, 0),
})

/** A token as ilert writes it, in whose parts things are wrong, or between them. */
export const jwts: fc.Arbitrary<string> = mutated(
  fc
    .tuple(
      fc.oneof(
        { weight: 5, arbitrary: fc.constant('{"alg":"RS256","typ":"JWT"}') },
        { weight: 1, arbitrary: mutatedJSON(fc.constant({ alg: 'none' })) },
      ),
      fc.oneof(
        { weight: 1, arbitrary: claims.map((object) => JSON.stringify(object)) },
        { weight: 2, arbitrary: mutatedJSON(claims) },
      ),
    )
    .map(([header, payload]) => `${encoded(header)}.${encoded(payload)}.c2lnbmF0dXJl`),
)
