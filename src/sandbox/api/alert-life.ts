import type { Account } from '../data/account.ts'
import type { Entry } from '../data/collection.ts'
import type { Fields } from './check.ts'
import type { Acting } from './collections.ts'
import { idsOf, listOf } from './filters.ts'
import { onCallFor } from './on-calls.ts'
import { iso } from './shifts.ts'

export const LOG = 'alerts/{id}/log-entries'
export const NOTIFICATIONS = 'alerts/{id}/notifications'

const MINUTE = 60_000

/** What ilert writes into a new alert: whom it is for, and when the next ones are told. */
export function openAlert(fields: Fields, { account, now }: Acting): Fields {
  const source = refer(account, 'alert-sources', fields.alertSource)
  const escalationPolicy = fields.escalationPolicy ?? source?.escalationPolicy
  const [rule] = rulesOf(account, escalationPolicy)
  const chosen = [...listOf(fields.responders), ...(fields.assignedTo ? [{ user: fields.assignedTo }] : [])]
  const people = chosen.length > 0 ? chosen : rule ? onCallFor(rule, account, now, now) : []
  const responders = [
    ...new Map(people.map(({ user }) => [idsOf(user)[0], { user: bare(user), status: 'PENDING' }])).values(),
  ]
  return {
    status: 'PENDING',
    reportTime: iso(now),
    escalationPolicy,
    priority: fields.priority ?? (String(source?.alertPriorityRule).startsWith('LOW') ? 'LOW' : 'HIGH'),
    alertKey: account.nextTextID(),
    responders,
    assignedTo: responders[0]?.user,
    // A user who was chosen by name is the only one who is told.
    ...(chosen.length === 0 && rule && { nextEscalation: iso(now + Number(rule.escalationTimeout) * MINUTE) }),
    nextEscalationRuleIndex: chosen.length === 0 && rule ? 1 : undefined,
    mergeState: 'NONE',
  }
}

/** The log of a new alert, and the notifications of those who are responsible for it. */
export function announceAlert(alert: Entry, { account, user, now }: Acting): void {
  log(account, alert, now, 'AlertCreatedByUserLogEntry', `Alert was created by ${nameOf(user)}`, ['ALERT_UPDATES'])
  for (const responder of listOf(alert.responders)) notify(account, alert, responder.user, now)
}

/** What `include` asks for: the rules by which an alert escalates, and who is told next. */
export function viewAlert(alert: Entry, { account, now, asked }: Acting & { asked: readonly string[] }): Fields {
  const rules = rulesOf(account, alert.escalationPolicy)
  const next = alert.nextEscalation === undefined ? undefined : rules[Number(alert.nextEscalationRuleIndex)]
  const [duty] = next && asked.includes('nextEscalationUser') ? onCallFor(next, account, now, now) : []
  return { escalationRules: rules, nextEscalationUser: duty?.user }
}

/** Tells a user of an alert: a notification, and a line of the log. */
export function notify(account: Account, alert: Entry, mention: unknown, at: number): void {
  const user = refer(account, 'users', mention)
  const collection = account.collection(NOTIFICATIONS)
  if (!user || collection.isFull) return
  const id = account.nextID()
  const { firstName, lastName } = user
  collection.put(
    {
      id,
      method: 'PUSH',
      target: `Phone of ${nameOf(user)}`,
      subject: alert.summary,
      alertId: alert.id,
      // Not like the users of anything else: the document writes these in lower case.
      user: { id: user.id, firstname: firstName, lastname: lastName },
      notificationTime: iso(at),
      status: 'SUCCESS',
    },
    String(alert.id),
  )
  log(account, alert, at, 'NotificationLogEntry', `Push notification sent to ${nameOf(user)}`, ['NOTIFICATIONS'])
}

/** Adds a line to the log of an alert. */
export function log(
  account: Account,
  alert: Entry,
  at: number,
  logEntryType: string,
  text: string,
  filterTypes: readonly string[],
): void {
  const collection = account.collection(LOG)
  if (collection.isFull) return
  const id = account.nextID()
  const vars = { summary: alert.summary }
  collection.put({ id, timestamp: iso(at), logEntryType, text, alertId: alert.id, filterTypes, vars }, String(alert.id))
}

/** The rules of an escalation policy. */
export function rulesOf(account: Account, policy: unknown): readonly Fields[] {
  return listOf(refer(account, 'escalation-policies', policy)?.escalationRules)
}

/** The entry that a reference means. */
export function refer(account: Account, collection: string, mention: unknown): Entry | undefined {
  return account.collection(collection).find(String(idsOf(mention)[0]))?.entry
}

export function nameOf(user: object): string {
  const { firstName, lastName } = user as Fields
  return `${String(firstName)} ${String(lastName)}`
}

/** A reference with nothing but the id. */
export function bare(mention: unknown): Fields {
  return { id: idsOf(mention)[0] }
}
