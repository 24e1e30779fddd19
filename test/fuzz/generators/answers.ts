/* Answers of an HTTP server that may be ilert, a proxy, or neither. */
import fc from 'fast-check'
import type { HttpAnswer } from '../../../src/client/exchange.ts'
import { echoes } from './echo.ts'
import { mutatedJSON } from './json.ts'
import { mutated } from './text.ts'

const statuses = fc.oneof(
  { weight: 6, arbitrary: fc.constant(200) },
  { weight: 4, arbitrary: fc.constantFrom(400, 401, 403, 404, 429) },
  { weight: 2, arbitrary: fc.constantFrom(201, 204, 206, 301, 302, 304, 308, 418, 500, 502, 503, 504) },
  { weight: 1, arbitrary: fc.integer({ min: 200, max: 999 }) },
)

export const retryAfters: fc.Arbitrary<string> = mutated(
  fc.constantFrom('10', '0', '120', '999999999', 'Fri, 20 Nov 2026 10:00:30 GMT', 'Friday, 20-Nov-26 10:00:30 GMT'),
)

const dates = mutated(fc.constant('Fri, 20 Nov 2026 10:00:00 GMT'))

const headers: fc.Arbitrary<HttpAnswer['headers']> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.record({ 'retry-after': retryAfters, date: dates }, { requiredKeys: [] }) },
  {
    weight: 1,
    arbitrary: fc.record({ 'retry-after': fc.array(retryAfters, { maxLength: 3 }), date: fc.array(dates) }),
  },
)

/** An error in ilert's form, in that of RFC 6749, in that of the API, and in none. */
const errors: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
  fc.record({ code: words(), error: texts() }),
  fc.record({ error: words(), error_description: texts() }),
  fc.record({ status: fc.constant(404), code: words(), message: texts() }),
)

function words(): fc.Arbitrary<string> {
  return fc.oneof(fc.constantFrom('invalid_grant', 'invalid_request', 'NOT_FOUND', 'x'.repeat(100)), echoes)
}

function texts(): fc.Arbitrary<string> {
  return fc.oneof(fc.constant('Provided code is unknown'), echoes, mutated(echoes))
}

/** Answers of which the good ones have a body of this shape. */
export function answers(good: fc.Arbitrary<Record<string, unknown>>): fc.Arbitrary<HttpAnswer> {
  const html = echoes.map((text) => `<html><pre>${text}</pre></html>`)
  const right = fc.record({ status: fc.constant(200), headers: fc.constant({}), text: mutatedJSON(good) })
  const any = fc.record({
    status: statuses,
    headers,
    text: fc.oneof(
      { weight: 3, arbitrary: mutatedJSON(good) },
      { weight: 4, arbitrary: mutatedJSON(errors) },
      { weight: 1, arbitrary: html },
      { weight: 1, arbitrary: fc.constantFrom('', 'null', '[]', '""', '0', '{', '{}') },
    ),
  })
  return fc.oneof({ weight: 3, arbitrary: right }, { weight: 4, arbitrary: any as fc.Arbitrary<HttpAnswer> })
}
