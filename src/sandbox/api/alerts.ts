import type { Entry, Stored } from '../data/collection.ts'
import { apiError, Refused } from '../messages.ts'
import { bare, LOG, log, NOTIFICATIONS, nameOf, notify, refer, rulesOf } from './alert-life.ts'
import { answer, bodyOf, type Call, change, entryAt, type Handler, missing } from './call.ts'
import type { Fields } from './check.ts'
import { idsOf, listOf, matches } from './filters.ts'
import { includable } from './includes.ts'
import { onCallFor } from './on-calls.ts'
import { page, refuse } from './query.ts'
import { iso } from './shifts.ts'

const ACTIONS = 'alerts/{id}/actions'

/** Takes an alert on, also from another user who had. */
const accept: Handler = (call) => {
  const stored = unresolved(call)
  const { account, user, now } = call
  const me = { user: { id: user.id }, status: 'ACCEPTED', acceptedAt: iso(now) }
  const alert = changed(call, stored, {
    status: 'ACCEPTED',
    assignedTo: { id: user.id },
    responders: [me, ...without(stored.entry, user.id)],
    nextEscalation: undefined,
    nextEscalationRuleIndex: undefined,
  })
  log(account, alert, now, 'UserResponseLogEntry', `${nameOf(user)} accepted the alert`, ['ALERT_UPDATES'])
  return shown(call, alert)
}

/** Resolves an alert. Who comes second changes nothing, so that the call can be repeated. */
const resolve: Handler = (call) => {
  const stored = entryAt(call, 'alerts')
  if (stored.entry.status === 'RESOLVED') return shown(call, stored.entry)
  const { account, user, now } = call
  const ended = {
    status: 'RESOLVED',
    resolvedOn: iso(now),
    nextEscalation: undefined,
    nextEscalationRuleIndex: undefined,
  }
  const alert = changed(call, stored, ended)
  log(account, alert, now, 'UserResponseLogEntry', `${nameOf(user)} resolved the alert`, ['ALERT_UPDATES'])
  return shown(call, alert)
}

/** Hands an alert to a user, to an escalation policy, or to who is on call in a schedule. */
const assign: Handler = (call) => {
  const stored = unresolved(call)
  const { account, query, now } = call
  const given = ['user', 'policy', 'schedule'].filter((name) => query.text(name) !== undefined)
  const [name = ''] = given
  if (given.length !== 1) refuse(name || 'user', 'must be there, or policy, or schedule, and only one of these')
  const collection = { user: 'users', policy: 'escalation-policies', schedule: 'schedules' }[name] ?? ''
  const target = account.collection(collection).get(query.text(name))?.entry
  if (!target) return refuse(name, 'is the id of nothing that is there')
  const rule = name === 'policy' ? (rulesOf(account, target)[0] ?? {}) : { [`${name}s`]: [target] }
  const people = onCallFor(rule, account, now, now).map(({ user }) => ({ user: bare(user), status: 'PENDING' }))
  const alert = changed(call, stored, {
    responders: people,
    assignedTo: people[0]?.user,
    ...(name === 'policy' && { escalationPolicy: { id: target.id } }),
  })
  const type = { user: 'User', policy: 'Policy', schedule: 'Schedule' }[name]
  const logType = type === 'User' ? 'AlertAssignedByUserLogEntry' : `AlertAssignedTo${type}LogEntry`
  const to = name === 'user' ? nameOf(target) : String(target.name)
  log(account, alert, now, logType, `${nameOf(call.user)} assigned the alert to ${to}`, ['ALERT_UPDATES'])
  for (const { user } of people) notify(account, alert, user, now)
  return shown(call, alert)
}

/** The document has no body here: it is the user of the call who joins. */
const addResponder: Handler = (call) => {
  const stored = entryAt(call, 'alerts')
  const { account, user, now } = call
  if (respondersOf(stored.entry).some((responder) => idsOf(responder.user)[0] === user.id)) {
    throw new Refused(apiError(405, 'METHOD_NOT_ALLOWED', 'The user is a responder already', { allow: 'POST' }))
  }
  const responder = { user: { id: user.id }, status: 'PENDING' }
  const alert = changed(call, stored, { responders: [...respondersOf(stored.entry), responder] })
  log(account, alert, now, 'StakeholderAddedLogEntry', `${nameOf(user)} was added as a responder`, ['ALERT_UPDATES'])
  return answer(call, responder)
}

const removeResponder: Handler = (call) => {
  const stored = entryAt(call, 'alerts')
  const id = Number(call.ids[1])
  const left = without(stored.entry, id)
  if (left.length === respondersOf(stored.entry).length) missing()
  const alert = changed(call, stored, { responders: left })
  const name = nameOf(refer(call.account, 'users', { id }) ?? {})
  log(call.account, alert, call.now, 'StakeholderRemovedLogEntry', `${name} was removed`, ['ALERT_UPDATES'])
  return answer(call, undefined)
}

const count: Handler = (call) =>
  answer(call, {
    count: call.account
      .collection('alerts')
      .list()
      .filter((one) => matches('alerts', one, call)).length,
  })

/** Those who are on call for the alert's policy first, then everybody else whom it could be given to. */
const suggestedResponders: Handler = (call) => {
  const { entry } = entryAt(call, 'alerts')
  const { account, now } = call
  const present = new Set(respondersOf(entry).map(({ user }) => idsOf(user)[0]))
  const onCall = rulesOf(account, entry.escalationPolicy).flatMap((rule) => onCallFor(rule, account, now, now))
  const suggested = [...new Set(onCall.map(({ user }) => idsOf(user)[0]))].map(
    (id) => refer(account, 'users', { id }) ?? {},
  )
  const option = (group: string, name: unknown, id: unknown) => ({ group, id, name, disabled: present.has(id) })
  const named = (group: string, collection: string) =>
    account
      .collection(collection)
      .list()
      .map((one) => option(group, one.name, one.id))
  return answer(call, [
    ...suggested.map((user: Fields) => option('SUGGESTED', nameOf(user), user.id)),
    ...account
      .collection('users')
      .list()
      .map((user) => option('USER', nameOf(user), user.id)),
    ...named('ESCALATION_POLICY', 'escalation-policies'),
    ...named('ON_CALL_SCHEDULE', 'schedules'),
  ])
}

/** Notifications and log entries of an alert, the newest first. */
const history =
  (name: string): Handler =>
  (call) => {
    const { entry } = entryAt(call, 'alerts')
    const entries = call.account
      .collection(name)
      .list(String(entry.id))
      .filter((one) => matches(name, one, call))
    const hidden = includable(name).filter((field) => !call.query.texts('include').includes(field))
    return answer(call, page(call.operation, call.query, entries.reverse()), hidden)
  }

/** The alert action that can be triggered for an alert: the document has one object here, not a list. */
const readActions: Handler = (call) => {
  const { entry } = entryAt(call, 'alerts')
  const actions = call.account.collection('alert-actions').list()
  const source = idsOf(entry.alertSource)[0]
  const action = actions.find(({ alertSources }) => idsOf(alertSources).includes(source)) ?? actions[0]
  const results = call.account.collection(ACTIONS).list(String(entry.id))
  const of = results.filter(({ alertActionId }) => alertActionId === action?.id)
  const { id, connectorId, connectorType, name }: Fields = action ?? {}
  return answer(call, { alertActionId: id, connectorId, type: connectorType, name, history: of })
}

const triggerAction: Handler = (call) => {
  const { entry } = entryAt(call, 'alerts')
  const { account, user, now } = call
  const { alertActionId } = bodyOf(call)
  if (typeof alertActionId !== 'string') return refuse('alertActionId', 'is required')
  const action = account.collection('alert-actions').get(alertActionId)?.entry
  const ids = { alertActionId, connectorId: action?.connectorId, alertId: entry.id }
  const result = { id: account.nextTextID(), ...ids, success: true, actor: { id: user.id } }
  const results = account.collection(ACTIONS)
  if (!results.isFull) results.put(result, String(entry.id))
  log(account, entry, now, 'AlertActionSuccessLogEntry', `${String(action?.name)} was executed`, ['CONNECTOR_EVENTS'])
  return answer(call, result)
}

/** An alert that is still open. */
function unresolved(call: Call): Stored {
  const stored = entryAt(call, 'alerts')
  if (stored.entry.status !== 'RESOLVED') return stored
  throw new Refused(apiError(409, 'CONFLICT', 'The alert is resolved, and a resolved alert is not opened again'))
}

function changed({ account }: Call, stored: Stored, fields: Fields): Entry {
  return change(account.collection('alerts'), stored, fields)
}

function shown(call: Call, alert: Entry) {
  return answer(call, alert, includable('alerts'))
}

function respondersOf({ responders }: Entry): readonly Fields[] {
  return listOf(responders)
}

function without(alert: Entry, user: number): readonly Fields[] {
  return respondersOf(alert).filter((responder) => idsOf(responder.user)[0] !== user)
}

export const alertHandlers: Readonly<Record<string, Handler>> = {
  'GET /api/alerts/count': count,
  'GET /api/alerts/{id}/suggested-responders': suggestedResponders,
  'POST /api/alerts/{id}/responders': addResponder,
  'DELETE /api/alerts/{id}/responders/{user-id}': removeResponder,
  'PUT /api/alerts/{id}/assign': assign,
  'PUT /api/alerts/{id}/accept': accept,
  'PUT /api/alerts/{id}/resolve': resolve,
  [`GET /api/${NOTIFICATIONS}`]: history(NOTIFICATIONS),
  [`GET /api/${LOG}`]: history(LOG),
  [`GET /api/${ACTIONS}`]: readActions,
  [`POST /api/${ACTIONS}`]: triggerAction,
}
