import { apiError, Refused } from '../messages.ts'
import type { Fields, Resource } from './resources.ts'

/** Of the list of a resource, what the query asks for: filtered, in order, one page. docs/ilert.md, "Lists". */
export function listed(
  list: readonly Fields[],
  { newestFirst, timeField, states }: Resource,
  query: URLSearchParams,
): Fields[] {
  const start = integer(query, 'start-index', { from: 0, to: 999_999_999, otherwise: 0 })
  const count = integer(query, 'max-results', { from: 1, to: 100, otherwise: 50 })
  const wanted = states ? statesOf(query, states) : []
  const from = timeField ? time(query, 'from') : undefined
  const until = timeField ? time(query, 'until') : undefined

  const found = list.filter((entry) => {
    const at = Date.parse(String(entry[timeField ?? '']))
    return (
      (wanted.length === 0 || wanted.includes(String(entry.status))) &&
      (from === undefined || at >= from) &&
      (until === undefined || at <= until)
    )
  })
  if (newestFirst) found.reverse()
  return found.slice(start, start + count)
}

interface Range {
  readonly from: number
  readonly to: number
  readonly otherwise: number
}

function integer(query: URLSearchParams, name: string, { from, to, otherwise }: Range): number {
  const text = single(query, name)
  if (text === undefined) return otherwise
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  return value >= from && value <= to ? value : malformed(name, `a whole number from ${from} to ${to}`)
}

function time(query: URLSearchParams, name: string): number | undefined {
  const text = single(query, name)
  if (text === undefined) return undefined
  const value = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(value) ? malformed(name, 'a date and time in ISO 8601 form') : value
}

function statesOf(query: URLSearchParams, known: readonly string[]): string[] {
  const states = ['states', 'state'].flatMap((name) => query.getAll(name))
  return states.every((state) => known.includes(state)) ? states : malformed('state', `one of ${known.join(', ')}`)
}

function single(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name)
  return values.length > 1 ? malformed(name, 'there once') : values[0]
}

function malformed(name: string, expected: string): never {
  throw new Refused(apiError(400, 'BAD_REQUEST', `Parameter ${name} must be ${expected}`))
}
