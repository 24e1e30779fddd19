import { isBelow, segmentsOf } from './paths.ts'

/** How one of ilert's lists is read page by page. */
export interface ListPaging {
  /** The most entries that a page may have (`max-results`). ilert answers 400 to more. */
  readonly max: number
  /** The same if the query has `include`, where that is less. */
  readonly maxWithInclude?: number
  /** Pages follow each other by `cursor`, which the header `next-cursor` of an answer gives, and not by `start-index`. */
  readonly byCursor?: true
}

/** A list that this table does not know; its answer may say that fewer are allowed. */
const UNKNOWN: ListPaging = { max: 100 }

/** The lists of ilert's OpenAPI document that page. Those below an entity that are not here ignore both parameters. */
export const LISTS: Readonly<Record<string, ListPaging>> = {
  '/api/alert-actions': { max: 100 },
  '/api/alert-sources': { max: 50 },
  '/api/alerts': { max: 100 },
  '/api/alerts/{id}/log-entries': { max: 100 },
  '/api/call-flow-numbers': { max: 100 },
  '/api/call-flows': { max: 100 },
  '/api/connectors': { max: 100 },
  '/api/deployment-pipelines': { max: 100 },
  '/api/escalation-policies': { max: 50 },
  '/api/event-flows': { max: 100 },
  '/api/heartbeat-monitors': { max: 200, byCursor: true },
  '/api/incident-templates': { max: 100 },
  '/api/incidents': { max: 100, maxWithInclude: 25 },
  '/api/integrations': { max: 100 },
  '/api/maintenance-windows': { max: 100 },
  '/api/metric-data-sources': { max: 100 },
  '/api/metrics': { max: 100, maxWithInclude: 25 },
  '/api/on-calls': { max: 250 },
  '/api/schedules': { max: 20 },
  '/api/services': { max: 100, maxWithInclude: 25 },
  '/api/status-pages': { max: 50 },
  '/api/status-pages/{id}/groups': { max: 100 },
  '/api/support-hours': { max: 50 },
  '/api/teams': { max: 100 },
  '/api/users': { max: 100 },
}

const PATTERNS = Object.entries(LISTS).map(([path, paging]) => ({ segments: segmentsOf(path), paging }))

/** How the list at a path is read. */
export function pagingOf(path: string): ListPaging {
  const segments = segmentsOf(String(path)) // what is no text is refused when it is sent
  const known = PATTERNS.find(
    (pattern) => pattern.segments.length === segments.length && isBelow(segments, pattern.segments),
  )
  return known?.paging ?? UNKNOWN
}
