import { answer, bodyOf, change, entryAt, type Handler, missing } from './call.ts'
import type { Fields } from './check.ts'
import { idsOf, listOf } from './filters.ts'
import { refuse } from './query.ts'

/** The signed-in user as the account has it by now; who was deleted there is still the one who signed in. */
const readCurrentUser: Handler = (call) => {
  const { account, user } = call
  return answer(call, account.collection('users').get(String(user.id))?.entry ?? user)
}

/** What only an administrator may give stays as it is: the role. */
const updateCurrentUser: Handler = (call) => {
  const { account, user, now } = call
  const users = account.collection('users')
  const stored = users.get(String(user.id)) ?? missing()
  const { id, username, role, createdAt } = stored.entry
  const entry = { ...bodyOf(call), id, username, role, createdAt, updatedAt: new Date(now).toISOString() }
  users.put(entry)
  return answer(call, entry)
}

const searchEmail: Handler = (call) => {
  const { email } = bodyOf(call)
  const same = (text: unknown) => String(text).toLowerCase() === String(email).toLowerCase()
  return answer(
    call,
    call.account
      .collection('users')
      .list()
      .find((user) => same(user.email)) ?? missing(),
  )
}

/** Adds a member to a team, or gives a member another role. */
const addMember: Handler = (call) => {
  const stored = entryAt(call, 'teams')
  const member = { role: 'RESPONDER', ...bodyOf(call) }
  if (!('user' in member)) refuse('user', 'is required')
  const others = membersWithout(stored.entry.members, idsOf((member as Fields).user)[0])
  change(call.account.collection('teams'), stored, { members: [...others, member] })
  return answer(call, member)
}

const removeMember: Handler = (call) => {
  const stored = entryAt(call, 'teams')
  const left = membersWithout(stored.entry.members, Number(call.ids[1]))
  if (left.length === listOf(stored.entry.members).length) missing()
  change(call.account.collection('teams'), stored, { members: left })
  return answer(call, undefined)
}

function membersWithout(members: unknown, user: unknown): readonly Fields[] {
  return listOf(members).filter((member) => idsOf(member.user)[0] !== user)
}

/** The policy of the first of several routing keys that one has; `il:{id}` names it by its id. */
const resolvePolicy: Handler = (call) => {
  const policies = call.account.collection('escalation-policies')
  for (const key of (call.query.text('routing-key') ?? '').split(',').map((part) => part.trim())) {
    const id = /^il:\{?(\d+)\}?$/.exec(key)?.[1]
    const found = policies.list().find((policy) => (id ? String(policy.id) === id : policy.routingKey === key))
    if (key !== '' && found) return answer(call, found)
  }
  return missing()
}

/** Replaces one rule of an escalation policy; the levels of its path count from 0. */
const updateLevel: Handler = (call) => {
  const stored = entryAt(call, 'escalation-policies')
  const rules = listOf(stored.entry.escalationRules)
  const level = Number(call.ids[1])
  if (level >= rules.length) missing()
  const rule = bodyOf(call)
  change(call.account.collection('escalation-policies'), stored, { escalationRules: rules.with(level, rule) })
  return answer(call, rule)
}

export const peopleHandlers: Readonly<Record<string, Handler>> = {
  'GET /api/users/current': readCurrentUser,
  'PUT /api/users/current': updateCurrentUser,
  'POST /api/users/search-email': searchEmail,
  'POST /api/teams/{id}/members': addMember,
  'DELETE /api/teams/{id}/members/{id}': removeMember,
  'GET /api/escalation-policies/resolve': resolvePolicy,
  'PUT /api/escalation-policies/{id}/levels/{level}': updateLevel,
}
