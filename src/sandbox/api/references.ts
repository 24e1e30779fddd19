import type { Account } from '../data/account.ts'
import type { Entry } from '../data/collection.ts'

/** Fields that mention other entries, as `{"id": …}` or as a list of these, and the collections these are in. */
const MENTIONS: Readonly<Record<string, readonly string[]>> = {
  user: ['users'],
  users: ['users'],
  assignedTo: ['users'],
  nextEscalationUser: ['users'],
  actor: ['users'],
  creator: ['users'],
  team: ['teams'],
  teams: ['teams'],
  affectedTeams: ['teams'],
  schedule: ['schedules'],
  schedules: ['schedules'],
  escalationPolicy: ['escalation-policies'],
  alertSource: ['alert-sources'],
  alertSources: ['alert-sources'],
  supportHours: ['support-hours'],
  service: ['services'],
  services: ['services'],
  metrics: ['metrics'],
  dataSource: ['metric-data-sources'],
  contact: ['users/{user-id}/contacts/emails', 'users/{user-id}/contacts/phone-numbers'],
}

/** Fields that hold ids of other entries, bare. */
const IDS: Readonly<Record<string, string>> = {
  connectorId: 'connectors',
  alertActionId: 'alert-actions',
  templateId: 'incident-templates',
  serviceIds: 'services',
}

/** Where what a field mentions is found; undefined for a field that mentions nothing. */
export function mentionedBy(field: string): readonly string[] | undefined {
  return Object.hasOwn(MENTIONS, field) ? MENTIONS[field] : undefined
}

/** Where the ids that a field holds are found. */
export function identifiedBy(field: string): string | undefined {
  return Object.hasOwn(IDS, field) ? IDS[field] : undefined
}

/** An entry that a field mentions, with its collection. With `parent`, of what is a part of something that one's alone. */
export function mentioned(
  account: Account,
  collections: readonly string[],
  id: unknown,
  { parent, also }: { parent?: string | undefined; also?: 'deleted' } = {},
): { readonly collection: string; readonly entry: Entry } | undefined {
  for (const collection of collections) {
    const stored = account.collection(collection).find(String(id), also)
    const within = parent === undefined || stored?.parent === undefined || stored.parent === parent
    if (stored && within) return { collection, entry: stored.entry }
  }
  return undefined
}
