import { isBelow, segmentsOf } from './paths.ts'
import { redact } from './redact.ts'
import { distance } from './spelling.ts'

/** Every resource that a scope can name, beside `profile` and `offline_access`. */
export type ResourceScope =
  | 'policy'
  | 'schedule'
  | 'source'
  | 'monitor'
  | 'action'
  | 'connector'
  | 'maintenance'
  | 'report'
  | 'template'
  | 'service'
  | 'status_page'
  | 'team'
  | 'user'
  | 'alert'
  | 'incident'
  | 'metric'
  | 'metric_source'
  | 'support_hour'

/** A scope that ilert's documentation names, alone or with `:r` (read), `:w` (also write) or `:d` (also delete). */
export type KnownScope = 'profile' | 'offline_access' | `${ResourceScope}` | `${ResourceScope}:${'r' | 'w' | 'd'}`

/** Every resource at once, which ilert's own command line client asks for. Whether other apps may is not documented. */
type WildcardScope = 'wildcard' | `wildcard:${'r' | 'w' | 'd'}`

/** A scope. Known ones complete in an editor; ilert adds scopes over time, so any well-formed one is accepted. */
export type Scope = KnownScope | WildcardScope | (string & {})

/** Reading, also writing, also deleting. */
type Permission = 'r' | 'w' | 'd'

/** What ilert's table says of one scope. */
interface CatalogueEntry {
  /** The API paths that the scope opens; `{id}` stands for one path segment. */
  readonly paths: readonly string[]
  readonly description: string
}

/** ilert's table of scopes: what each opens. From ilert's page "Token lifetimes, error codes, app verification, etc." */
export const scopes: Readonly<Record<string, CatalogueEntry>> = catalogue({
  profile: { paths: ['/api/users/current'], description: 'The signed-in user' },
  offline_access: { paths: [], description: 'Refresh tokens for apps that use PKCE without a secret' },
  policy: { paths: ['/api/escalation-policies'], description: 'Escalation policies' },
  schedule: { paths: ['/api/schedules', '/api/on-calls'], description: 'On-call schedules, and who is on call' },
  source: { paths: ['/api/alert-sources'], description: 'Alert sources' },
  monitor: { paths: ['/api/uptime-monitors'], description: 'Uptime monitors' },
  action: { paths: ['/api/alert-actions'], description: 'Alert actions' },
  connector: { paths: ['/api/connectors'], description: 'Connectors' },
  maintenance: { paths: ['/api/maintenance-windows'], description: 'Maintenance windows' },
  report: { paths: ['/api/reports'], description: 'Reports' },
  template: { paths: ['/api/incident-templates'], description: 'Incident templates' },
  service: { paths: ['/api/services'], description: "Services, and the user's subscription to them" },
  status_page: { paths: ['/api/status-pages'], description: "Status pages, and the user's subscription to them" },
  team: { paths: ['/api/teams'], description: 'Teams' },
  user: {
    paths: ['/api/users', '/api/users/{id}/contacts', '/api/users/{id}/notification-preferences'],
    description: 'Users, their contacts and their notification preferences',
  },
  alert: { paths: ['/api/alerts'], description: 'Alerts' },
  incident: { paths: ['/api/incidents'], description: "Incidents, and the user's subscription to them" },
  metric: { paths: ['/api/metrics'], description: 'Metrics' },
  metric_source: { paths: ['/api/metric-data-sources'], description: 'Metric data sources' },
  support_hour: { paths: ['/api/support-hours'], description: 'Support hours' },
})

/** Without a prototype, so that a scope called `constructor` is as unknown as it looks; frozen, since all share it. */
function catalogue(entries: Record<'profile' | 'offline_access' | ResourceScope, CatalogueEntry>) {
  const table: Record<string, CatalogueEntry> = Object.create(null)
  for (const [name, { paths, description }] of Object.entries(entries)) {
    table[name] = Object.freeze({ paths: Object.freeze(paths), description })
  }
  return Object.freeze(table)
}

/** Scopes that name no resource: they take no `:r`, `:w` or `:d`. */
const BARE = new Set(['offline_access'])

/** Covers every resource, as far as its permission goes. */
const WILDCARD = 'wildcard'

const RANK: Readonly<Record<Permission, number>> = { r: 1, w: 2, d: 3 }

// RFC 6749, section 3.3, less the colon, which ilert keeps for the permission, and the comma and the semicolon, which
// only stand there if scopes were separated by them.
const WELL_FORMED = /^([!#-+\--9<-[\]-~]{1,128})(?::([rwd]))?$/

/**
 * Takes one scope apart. Alone, a scope grants reading.
 *
 * @throws TypeError where `scope` is not well-formed: a name, and at most one of `:r`, `:w` and `:d`.
 * @see docs/ilert.md, "Scopes"
 */
export function parseScope(scope: string): { resource: string; permission: Permission } {
  const match = typeof scope === 'string' ? WELL_FORMED.exec(scope) : null
  if (!match)
    throw new TypeError(`scope: ${quote(scope)} is not a scope. Write a name, alone or with ':r', ':w', ':d'.`)
  const [, resource = '', permission] = match
  if (permission !== undefined && BARE.has(resource)) {
    throw new TypeError(`scope: '${resource}' takes no ':${permission}'. Write '${resource}'.`)
  }
  return { resource, permission: (permission as Permission | undefined) ?? 'r' }
}

/**
 * Writes scopes the way ilert reads them: separated by one space, each once, and of one resource only the widest.
 *
 * @throws TypeError where a scope is not well-formed.
 * @see RFC 6749, section 3.3
 */
export function formatScope(scopes: readonly Scope[]): string {
  const widest = new Map<string, Scope>()
  for (const scope of toList(scopes)) {
    const { resource, permission } = parseScope(scope)
    const known = widest.get(resource)
    if (known === undefined || RANK[parseScope(known).permission] < RANK[permission]) widest.set(resource, scope)
  }
  return [...widest.values()].join(' ')
}

/**
 * Whether a grant of `granted` opens everything that `wanted` asks for: `alert:d` covers `alert:w` covers `alert`.
 * `wildcard:d` covers every resource. Both take a list or a space-separated string. Wanting nothing is always covered. A granted scope that is not
 * well-formed grants nothing.
 *
 * @throws TypeError where a wanted scope is not well-formed.
 */
export function covers(granted: string | readonly string[], wanted: string | readonly string[]): boolean {
  const ranks = new Map<string, number>()
  for (const scope of toList(granted)) {
    const [, resource, permission = 'r'] = WELL_FORMED.exec(scope) ?? []
    if (resource === undefined) continue
    ranks.set(resource, Math.max(ranks.get(resource) ?? 0, RANK[permission as Permission]))
  }
  return toList(wanted).every((scope) => {
    const { resource, permission } = parseScope(scope)
    const widest = BARE.has(resource) ? undefined : ranks.get(WILDCARD)
    return Math.max(ranks.get(resource) ?? 0, widest ?? 0) >= RANK[permission]
  })
}

/** More than ilert has, many times. What a server says of scopes is looked through on every request. */
const MOST_SCOPES = 1000
const LONGEST_SCOPE = 130

/**
 * The scopes that a server names in an answer or in a token; undefined if it names none. RFC 6749, section 3.3 separates
 * them by spaces. Some servers write commas, which no scope of ilert has.
 */
export function namedScopes(text: unknown): string[] | undefined {
  if (typeof text !== 'string') return undefined
  return text.split(/[\s,]+/, MOST_SCOPES).filter((scope) => scope !== '' && scope.length <= LONGEST_SCOPE)
}

/**
 * A scope option or a `scope` answer as a list, empty entries dropped.
 *
 * @throws TypeError where it is neither a string nor a list of strings.
 */
export function toList(scope: string | readonly string[]): string[] {
  const entries: unknown = typeof scope === 'string' ? [scope] : scope
  if (Array.isArray(entries) && entries.every((entry) => typeof entry === 'string')) {
    return entries.join(' ').split(' ').filter(Boolean)
  }
  throw new TypeError('scope: expected a string with scopes separated by spaces, or a list of strings.')
}

const PERMISSION_OF: Readonly<Record<string, Permission>> = {
  GET: 'r',
  HEAD: 'r',
  POST: 'w',
  PUT: 'w',
  PATCH: 'w',
  DELETE: 'd',
}

/** The catalogue's paths, split for matching, in its order: `/api/users/current` comes before `/api/users`. */
const PATTERNS = Object.entries(scopes).flatMap(([scope, { paths }]) =>
  paths.map((path) => ({ scope, segments: segmentsOf(path) })),
)

/**
 * The scope that a call to ilert's API needs: `requiredScope('GET', '/api/alerts/7?x=1')` is `'alert'`, with `:w` for
 * POST, PUT and PATCH and `:d` for DELETE. Sub-paths count as the resource they belong to; the query is ignored.
 * `null` for a method or a path that no documented scope opens.
 *
 * @see docs/ilert.md, "Scopes"
 */
export function requiredScope(method: string, path: string): string | null {
  const permission = PERMISSION_OF[String(method).toUpperCase()]
  if (permission === undefined || typeof path !== 'string') return null
  const segments = segmentsOf(path)
  const match = PATTERNS.find((pattern) => isBelow(segments, pattern.segments))
  if (!match) return null
  return permission === 'r' ? match.scope : `${match.scope}:${permission}`
}

/**
 * The known scope that a misspelt one likely means, such as `alert` for `alerts`: the permission is kept. Undefined for
 * a known scope, and for one that resembles none.
 */
export function likelyScope(scope: string): string | undefined {
  const { resource, permission } = parseScope(scope)
  if (resource in scopes) return undefined
  const spelling = resource.toLowerCase().replaceAll(/[-./]/g, '_')
  const known = Object.keys(scopes)
  const likely =
    known.find((name) => name === spelling || `${name}s` === spelling || name.replace(/y$/, 'ies') === spelling) ??
    known.find((name) => distance(name, spelling) <= (name.length > 5 ? 2 : 1))
  return likely && scope.includes(':') && !BARE.has(likely) ? `${likely}:${permission}` : likely
}

function quote(value: unknown): string {
  return typeof value === 'string' ? `'${redact(value, [], 64)}'` : `a ${typeof value}`
}
