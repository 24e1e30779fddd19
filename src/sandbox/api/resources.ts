import type { Account } from '../data/account.ts'
import type { Entry } from '../data/collection.ts'
import type { SandboxUser } from '../users.ts'
import { acceptAlert, alertProgress, resolveAlert } from './alerts.ts'
import { onCalls, withShifts } from './on-calls.ts'

export type Fields = Readonly<Record<string, unknown>>

/** Changes an entry in the name of a user. It may throw `Refused`. */
export type Action = (entry: Entry, user: SandboxUser, now: number) => Entry

/** One row of the API: what `/api/...` serves, and in which way it is more than a list of JSON objects. */
export interface Resource {
  /** `{id}` stands for the entry of another resource that this one is a part of. */
  readonly path: string
  /** For lists that are read from the top. */
  readonly newestFirst?: true
  /** Lists take `from` and `until`, compared with this field. */
  readonly timeField?: string
  /** Lists take `states` (and `state`, as ilert's Go client), as often as needed: these, compared with `status`. */
  readonly states?: readonly string[]
  /** Whether a user can subscribe, at `{id}/subscription`. */
  readonly subscribable?: true
  /** What `PUT {id}/{name}` does. */
  readonly actions?: Readonly<Record<string, Action>>
  /** Fields that are ilert's to write, whatever a client sends: of a new entry, or of the one that is updated. */
  readonly own?: (now: number, old: Entry | undefined) => Fields
  /** An entry as it is shown, with what follows from the time. */
  readonly view?: (entry: Entry, now: number) => Entry
  /** For what is nowhere stored: the whole list. */
  readonly computed?: (account: Account, now: number) => readonly Fields[]
}

/** Everything that docs/ilert.md's table of scopes opens, but the signed-in user, who is an endpoint. */
export const RESOURCES: readonly Resource[] = [
  { path: '/api/escalation-policies' },
  { path: '/api/schedules', view: withShifts },
  { path: '/api/on-calls', computed: onCalls },
  { path: '/api/alert-sources' },
  { path: '/api/uptime-monitors' },
  { path: '/api/alert-actions' },
  { path: '/api/connectors' },
  { path: '/api/maintenance-windows' },
  { path: '/api/reports' },
  { path: '/api/incident-templates' },
  { path: '/api/services', subscribable: true },
  { path: '/api/status-pages', subscribable: true },
  { path: '/api/teams' },
  // Who somebody is does not change: tokens name the username.
  { path: '/api/users', own: (_now, old): Fields => (old ? { username: old.username } : {}) },
  { path: '/api/users/{id}/contacts' },
  { path: '/api/users/{id}/notification-preferences' },
  {
    path: '/api/alerts',
    newestFirst: true,
    timeField: 'reportTime',
    states: ['PENDING', 'ACCEPTED', 'RESOLVED'],
    own: alertProgress,
    actions: { accept: acceptAlert, resolve: resolveAlert },
  },
  {
    path: '/api/incidents',
    newestFirst: true,
    timeField: 'createdAt',
    states: ['INVESTIGATING', 'IDENTIFIED', 'MONITORING', 'RESOLVED'],
    subscribable: true,
    own: (now, old): Fields => {
      const updatedAt = new Date(now).toISOString()
      return { createdAt: old?.createdAt ?? updatedAt, updatedAt }
    },
  },
  { path: '/api/metrics' },
  { path: '/api/metric-data-sources' },
  { path: '/api/support-hours' },
]
