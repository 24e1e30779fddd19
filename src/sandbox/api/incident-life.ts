import type { Entry } from '../data/collection.ts'
import { refer } from './alert-life.ts'
import type { Fields } from './check.ts'
import type { Acting } from './collections.ts'
import { idsOf, listOf } from './filters.ts'
import { iso } from './shifts.ts'
import { isSubscribed } from './subscribers.ts'

/** How many updates of an incident are kept. */
const MAX_HISTORY = 100

/** What ilert writes into an incident: times, and a history of what was said. */
export function incidentFields(
  fields: Fields,
  { account, user, now, old }: Acting & { old: Entry | undefined },
): Fields {
  const updatedAt = iso(now)
  const update = {
    id: account.nextTextID(),
    content: fields.message,
    creator: { id: user.id },
    incidentStatus: fields.status,
    sendNotification: fields.sendNotification,
    createdAt: updatedAt,
  }
  return {
    createdAt: old?.createdAt ?? updatedAt,
    updatedAt,
    resolvedOn: fields.status === 'RESOLVED' ? (old?.resolvedOn ?? updatedAt) : undefined,
    history: [update, ...listOf(old?.history)].slice(0, MAX_HISTORY),
  }
}

export function viewIncident(incident: Entry, { account, user }: Acting): Fields {
  const services = listOf(incident.affectedServices).map(({ service }) => refer(account, 'services', service))
  const teams = services.flatMap((service) => idsOf(service?.teams)).filter((id) => id !== undefined)
  return {
    subscribed: isSubscribed(account, 'incidents', incident.id, user),
    affectedTeams: [...new Set(teams)].map((id) => ({ id })),
  }
}
