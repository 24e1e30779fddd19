import type { Account } from '../data/account.ts'
import type { Entry } from '../data/collection.ts'
import { type Answer, json } from '../messages.ts'
import type { Call } from './call.ts'
import type { Fields } from './check.ts'
import { idsOf, listOf } from './filters.ts'
import { page, refuse } from './query.ts'
import { render } from './render.ts'
import { shiftsOf } from './shifts.ts'

/** Three months, which no window may exceed. */
const MAX_SPAN = 93 * 86_400_000

/** GET /api/on-calls: of each escalation policy each level, by schedule or by name. */
export function onCalls(call: Call): Answer {
  const { account, operation, query, now } = call
  const from = query.time('from') ?? now
  const until = query.time('until') ?? Math.max(from, now)
  if (until < from) refuse('until', "must be after 'from'")
  if (until - from > MAX_SPAN) refuse('until', "must not be more than 3 months after 'from'")

  const levels = levelsOf(query.text('policy-levels'))
  const wanted = (name: string, value: unknown) => {
    const ids = query.texts(name)
    return ids.length === 0 || idsOf(value).some((id) => ids.includes(String(id)))
  }
  const found = account
    .collection('escalation-policies')
    .list()
    .flatMap((policy) => dutiesOf(policy, account, from, until))
    .filter(
      (duty) =>
        wanted('policies', duty.escalationPolicy) &&
        wanted('schedules', duty.schedule) &&
        wanted('users', duty.user) &&
        (levels === undefined || levels.some((level) => isAt(duty, level))),
    )
  const shown = render(operation.answer ?? 'object', page(operation, query, found), account) as readonly Fields[]
  return json(
    200,
    shown.map((duty) => collapsed(duty, query.texts('expand'))),
  )
}

/** Who is on call for one rule of an escalation policy at a time. */
export function onCallFor(rule: Fields, account: Account, from: number, until: number): Fields[] {
  const users = account.collection('users')
  const isThere = ({ user }: Fields) => users.get(String(idsOf(user)[0])) !== undefined
  const byName = [...listOf(rule.users), ...(rule.user ? [rule.user] : [])].map((user): Fields => ({ user }))
  const bySchedule = [...listOf(rule.schedules), ...(rule.schedule ? [rule.schedule] : [])].flatMap((mention) => {
    const schedule = account.collection('schedules').get(String(idsOf(mention)[0]))?.entry
    if (!schedule) return []
    return shiftsOf(schedule, { account, from, until }).map((shift): Fields => ({ ...shift, schedule: mention }))
  })
  return [...bySchedule, ...byName].filter(isThere)
}

function dutiesOf(policy: Entry, account: Account, from: number, until: number): Fields[] {
  return listOf(policy.escalationRules).flatMap((rule, i) =>
    onCallFor(rule, account, from, until).map((duty) => ({
      ...duty,
      escalationPolicy: { id: policy.id },
      escalationLevel: i + 1,
    })),
  )
}

/** Without `expand` there are ids alone. */
function collapsed(duty: Fields, expand: readonly string[]): Fields {
  const idOf = (value: unknown) => ({ id: idsOf(value)[0] })
  const isAsked = (name: string) => expand.includes(name) || (name === 'escalationPolicy' && expand.includes('policy'))
  return Object.fromEntries(
    Object.entries(duty).map(([name, value]) => [
      name,
      ['user', 'escalationPolicy', 'schedule'].includes(name) && !isAsked(name) ? idOf(value) : value,
    ]),
  )
}

interface Level {
  readonly id?: unknown
  readonly level?: unknown
}

function levelsOf(text: string | undefined): readonly Level[] | undefined {
  if (text === undefined) return undefined
  try {
    const levels: unknown = [JSON.parse(text)].flat()
    if (Array.isArray(levels) && levels.every((level) => typeof level?.id === 'number')) return levels
  } catch {}
  return refuse('policy-levels', 'must be a JSON object with an id and a level')
}

function isAt({ escalationPolicy, escalationLevel }: Fields, { id, level }: Level): boolean {
  return idsOf(escalationPolicy)[0] === id && (level === undefined || level === escalationLevel)
}
