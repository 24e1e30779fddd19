import type { AlertResponder, EventLink, LogEntry, Notification, SuggestedResponder } from 'passport-ilert/api'
import { alertView, isUser, nameOf } from './alerts.ts'
import { type AlertData, type Assignee, mapAnswer } from './ilert.ts'
import { moment, momentAt } from './time.ts'

/** What an alert's page says: data for `views/alert.ejs`, without I/O. */
export function alertPageView(user: Express.User, data: AlertData, now: number) {
  const { alert, log, notifications, suggestions } = data
  const time = (text: string | null | undefined) => moment(text, user.timezone, now)
  const responders = alert.responders ?? []
  return {
    alert: alertView(alert, user, now),
    details: alert.details || undefined,
    policy: alert.escalationPolicy?.name,
    resolved: time(alert.resolvedOn),
    escalation: { at: time(alert.nextEscalation), to: alert.nextEscalationUser && nameOf(alert.nextEscalationUser) },
    links: (alert.links ?? []).filter(isWebLink),
    responders: responders.map((responder) => responderView(responder, user, time)),
    isResponder: responders.some((responder) => responder.user && isUser(responder.user, user)),
    log: mapAnswer(log, (entries) => entries.map((entry) => logView(entry, time))),
    notifications: mapAnswer(notifications, (entries) => entries.map((entry) => notificationView(entry, time))),
    assignees: mapAnswer(suggestions, assignees),
    updatedAt: momentAt(now, user.timezone, now),
  }
}

type Time = (text: string | null | undefined) => ReturnType<typeof moment>

/** Alerts come from outside: a link may be anything, `javascript:` included. */
function isWebLink(link: EventLink): boolean {
  const { href } = link
  return typeof href === 'string' && URL.canParse(href) && /^https?:$/.test(new URL(href).protocol)
}

function responderView({ user: person, status, acceptedAt }: AlertResponder, user: Express.User, time: Time) {
  return {
    name: person ? nameOf(person) : 'Unknown',
    isUser: person ? isUser(person, user) : false,
    accepted: status === 'ACCEPTED',
    at: time(acceptedAt),
  }
}

function logView({ text, timestamp }: LogEntry, time: Time) {
  return { text: text ?? '', at: time(timestamp) }
}

function notificationView({ method, user, target, status, notificationTime }: Notification, time: Time) {
  const name = [user?.firstname, user?.lastname].filter(Boolean).join(' ') || target || 'Unknown'
  return { name, method: method?.toLowerCase(), failed: status === 'ERROR', at: time(notificationTime) }
}

const GROUPS = [
  ['SUGGESTED', 'On call for this alert', 'user'],
  ['USER', 'Users', 'user'],
  ['ESCALATION_POLICY', 'Escalation policies', 'policy'],
  ['ON_CALL_SCHEDULE', 'Schedules', 'schedule'],
] as const

/** The groups of the list from which the user chooses who takes over. */
function assignees(suggestions: readonly SuggestedResponder[]) {
  return GROUPS.map(([group, label, kind]) => ({
    label,
    options: suggestions
      .filter((one) => one.group === group && !one.disabled)
      .map(({ id, name }) => ({ value: `${kind}:${id}`, name: name ?? `${label} ${id}` })),
  })).filter(({ options }) => options.length > 0)
}

/** What the list's form sends, `user:7`; undefined if it is anything else. */
export function readAssignee(value: unknown): Assignee | undefined {
  const [, kind, id] = (typeof value === 'string' && /^(user|policy|schedule):(\d{1,15})$/.exec(value)) || []
  if (id === undefined) return undefined
  return kind === 'user' ? { user: id } : kind === 'policy' ? { policy: id } : { schedule: id }
}
