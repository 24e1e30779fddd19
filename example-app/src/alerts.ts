import type { Alert, UserRel } from 'passport-ilert/api'
import { moment } from './time.ts'

/** What every page says of an alert. */
export function alertView(alert: Alert, user: Express.User, now: number) {
  const { id, summary, status, priority, reportTime, alertSource, responders } = alert
  const taker = responders?.find((responder) => responder.status === 'ACCEPTED')?.user
  return {
    id,
    summary: summary || `Alert ${id}`,
    high: priority === 'HIGH',
    state: stateOf(status),
    source: alertSource?.name,
    reported: moment(reportTime, user.timezone, now),
    acceptedBy: status === 'ACCEPTED' && taker ? (isUser(taker, user) ? 'you' : nameOf(taker)) : undefined,
  }
}

export type AlertView = ReturnType<typeof alertView>

function stateOf(status: Alert['status']): 'Pending' | 'Accepted' | 'Resolved' {
  return status === 'RESOLVED' ? 'Resolved' : status === 'ACCEPTED' ? 'Accepted' : 'Pending'
}

export function isUser({ id }: Pick<UserRel, 'id'>, user: Express.User): boolean {
  return String(id) === user.id
}

export function nameOf({ id, firstName, lastName }: UserRel): string {
  return [firstName, lastName].filter(Boolean).join(' ') || `User ${id}`
}
