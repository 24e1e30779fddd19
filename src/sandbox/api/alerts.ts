import { brief, type Entry } from '../data/collection.ts'
import { apiError, Refused } from '../messages.ts'
import type { SandboxUser } from '../users.ts'
import type { Fields } from './resources.ts'

/** What an alert has gone through: only accepting and resolving change it. */
const PROGRESS = [
  'status',
  'reportTime',
  'resolvedOn',
  'assignedTo',
  'acknowledgedBy',
  'acknowledgedByType',
  'resolvedBy',
  'resolvedByType',
  'responders',
]

export function alertProgress(now: number, old: Entry | undefined): Fields {
  if (!old) return { status: 'PENDING', reportTime: new Date(now).toISOString(), responders: [] }
  return Object.fromEntries(PROGRESS.filter((name) => name in old).map((name) => [name, old[name]]))
}

/** Takes an alert on, also from somebody else who had. */
export function acceptAlert(alert: Entry, acting: SandboxUser): Entry {
  if (alert.status === 'RESOLVED') {
    throw new Refused(apiError(409, 'CONFLICT', 'The alert is resolved, and a resolved alert is not opened again'))
  }
  const user = brief({ ...acting })
  return {
    ...alert,
    status: 'ACCEPTED',
    assignedTo: user,
    acknowledgedBy: user,
    acknowledgedByType: 'USER',
    responders: [{ user, status: 'ACCEPTED' }],
  }
}

/** Resolves an alert. Whoever comes second changes nothing, so that the call can be repeated. */
export function resolveAlert(alert: Entry, acting: SandboxUser, now: number): Entry {
  if (alert.status === 'RESOLVED') return alert
  const resolvedOn = new Date(now).toISOString()
  return { ...alert, status: 'RESOLVED', resolvedOn, resolvedBy: brief({ ...acting }), resolvedByType: 'USER' }
}
