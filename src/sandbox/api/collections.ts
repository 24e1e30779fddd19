import type { Account } from '../data/account.ts'
import type { Entry } from '../data/collection.ts'
import type { SandboxUser } from '../users.ts'
import { announceAlert, openAlert, viewAlert } from './alert-life.ts'
import type { Fields } from './check.ts'
import { incidentFields, viewIncident } from './incident-life.ts'
import type { Query } from './query.ts'
import { viewSchedule } from './schedules.ts'
import { viewService, viewStatusPage } from './services.ts'

/** Who does something, where and when. */
export interface Acting {
  readonly account: Account
  readonly user: SandboxUser
  readonly now: number
}

/** In which way the entries of a collection are more than JSON objects. */
export interface Kind {
  /** For lists that are read from the top. */
  readonly newestFirst?: true
  readonly textID?: true
  /** Whether a PUT without `teams` leaves them as they are. */
  readonly keepsTeams?: true
  /** Fields that are ilert's to write, whatever a client sends: of a new entry, or of the `old` one that is replaced. */
  readonly own?: (fields: Fields, acting: Acting & { readonly old: Entry | undefined }) => Fields
  /** What else happens when there is a new one. */
  readonly created?: (entry: Entry, acting: Acting) => void
  /** What is computed when an entry is looked at; `asked` is its `include`. */
  readonly view?: (
    entry: Entry,
    looking: Acting & { readonly asked: readonly string[]; readonly query: Query },
  ) => Fields
}

const timestamps: NonNullable<Kind['own']> = (_fields, { now, old }) => {
  const updatedAt = new Date(now).toISOString()
  return { createdAt: old?.createdAt ?? updatedAt, updatedAt }
}

const KINDS: Readonly<Record<string, Kind>> = {
  users: {
    // Who a user is does not change: tokens name the username.
    own: (_fields, acting) => ({ ...timestamps({}, acting), username: acting.old?.username }),
  },
  'users/{user-id}/contacts/emails': { own: () => ({ status: 'OK' }) },
  'users/{user-id}/contacts/phone-numbers': { own: () => ({ status: 'OK' }) },
  alerts: { newestFirst: true, own: openAlert, created: announceAlert, view: viewAlert },
  schedules: { keepsTeams: true, view: viewSchedule },
  'escalation-policies': { keepsTeams: true },
  'support-hours': { keepsTeams: true },
  'incident-templates': { keepsTeams: true },
  'alert-sources': {
    own: (_fields, acting) => {
      const { account, old } = acting
      const known = old?.integrationKey
      const integrationKey = typeof known === 'string' ? known : `il1api${account.nextTextID().replaceAll('-', '')}`
      return {
        ...timestamps({}, acting),
        integrationKey,
        integrationUrl: `https://ilert.example/api/events/${integrationKey}`,
        status: old?.status ?? 'ALL_RESOLVED',
        bidirectional: old?.bidirectional ?? false,
      }
    },
  },
  'alert-actions': {
    textID: true,
    own: (_fields, acting) => ({ ...timestamps({}, acting), bidirectional: acting.old?.bidirectional ?? false }),
  },
  connectors: { textID: true, own: timestamps },
  'maintenance-windows': { own: (_fields, { user, old }) => ({ createdBy: old?.createdBy ?? nameOf(user) }) },
  teams: { own: timestamps },
  services: { keepsTeams: true, view: viewService },
  incidents: { newestFirst: true, own: incidentFields, view: viewIncident },
  'status-pages': { keepsTeams: true, view: viewStatusPage },
  metrics: { own: (_fields, { account, old }) => ({ integrationKey: old?.integrationKey ?? account.nextTextID() }) },
}

export function kindOf(name: string): Kind {
  return KINDS[name] ?? {}
}

function nameOf({ firstName, lastName }: SandboxUser): string {
  return `${firstName} ${lastName}`
}
