import type { Entry } from '../data/collection.ts'
import type { Call } from './call.ts'
import { timeOf } from './check.ts'
import type { Query } from './query.ts'

/** Values of an entry, as texts, which a filter compares with what the query asks for. */
type Values = (entry: Entry) => readonly unknown[]

/** The parameters by which the entries of a collection are chosen. */
const FILTERS: Readonly<Record<string, Readonly<Record<string, Values>>>> = {
  alerts: {
    states: ({ status }) => [status],
    sources: ({ alertSource }) => idsOf(alertSource),
    policies: ({ escalationPolicy }) => idsOf(escalationPolicy),
    responders: ({ responders }) => below(responders, 'user'),
  },
  incidents: {
    states: ({ status }) => [status],
    services: ({ affectedServices }) => below(affectedServices, 'service'),
  },
  'maintenance-windows': {
    services: ({ services }) => idsOf(services),
    sources: ({ alertSources }) => idsOf(alertSources),
  },
  'alert-actions': {
    source: ({ alertSources }) => idsOf(alertSources),
    connector: ({ connectorId }) => [connectorId],
  },
  teams: { members: ({ members }) => below(members, 'user') },
  'alerts/{id}/log-entries': { 'filter-types': ({ filterTypes }) => listOf(filterTypes) },
}

/** The fields between which an entry lasts, for `from` and `until`. */
const SPANS: Readonly<Record<string, readonly [from: string, until: string]>> = {
  alerts: ['reportTime', 'reportTime'],
  incidents: ['createdAt', 'createdAt'],
  'maintenance-windows': ['start', 'end'],
}

/** Whether an entry is one of those that a query asks for. */
export function matches(name: string, entry: Entry, { query, now }: Pick<Call, 'query' | 'now'>): boolean {
  const chosen = Object.entries(FILTERS[name] ?? {}).every(([parameter, values]) => {
    const wanted = query.texts(parameter)
    return wanted.length === 0 || values(entry).some((value) => wanted.includes(String(value)))
  })
  return chosen && inSpan(name, entry, query) && (name !== 'maintenance-windows' || inState(entry, query, now))
}

function inSpan(name: string, entry: Entry, query: Query): boolean {
  const [from, until] = [query.time('from'), query.time('until')]
  const [begins, ends] = SPANS[name] ?? []
  if (begins === undefined || ends === undefined) return true
  return (
    (from === undefined || (timeOf(entry[ends]) ?? Number.NaN) >= from) &&
    (until === undefined || (timeOf(entry[begins]) ?? Number.NaN) <= until)
  )
}

/** `OPEN` is what has not ended, also before it begins. */
function inState({ end }: Entry, { text }: Query, now: number): boolean {
  const state = text('state')
  return state === undefined || (state === 'CLOSED') === (timeOf(end) ?? Number.POSITIVE_INFINITY) < now
}

/** The objects of a list. */
export function listOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value : []
}

/** The ids of a reference, or of a list of references. */
export function idsOf(value: unknown): readonly unknown[] {
  return [value].flat().map((item) => (item as { id?: unknown } | undefined)?.id)
}

function below(value: unknown, field: string): readonly unknown[] {
  return listOf(value).flatMap((item) => idsOf(item[field]))
}
