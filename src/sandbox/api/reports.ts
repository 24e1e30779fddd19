import type { Entry } from '../data/collection.ts'
import { answer, type Call, type Handler } from './call.ts'
import { type Fields, timeOf } from './check.ts'
import { idsOf, listOf } from './filters.ts'
import { refuse } from './query.ts'

const DAY = 86_400_000

/** How often, or after how many seconds, the alerts of each source and policy were accepted or resolved, by period. */
const alerts: Handler = (call) => {
  const { query } = call
  const metric = oneOf(call, 'metric', ['COUNT', 'MTTA', 'MTTR'])
  const group = oneOf(call, 'group-by', ['WEEK', 'DAY', 'MONTH'])
  const zone = query.text('timezone') ?? 'UTC'
  const groups = grouped(reported(call), (alert) => [...keysOf(alert), periodOf(alert.reportTime, group, zone)])
  const rows = groups.map(([[source, policy, period], of]) => [source, policy, '', period, measured(of)[metric]])
  return answer(call, rows)
}

const summary: Handler = (call) =>
  answer(
    call,
    grouped(reported(call), keysOf).map(([[alertSourceId, escalationPolicyId], of]) => {
      const { COUNT: count, MTTA: mtta, MTTR: mttr } = measured(of)
      return { alertSourceId, escalationPolicyId, callRoutingNumberPhoneNumber: '', count, mtta, mttr }
    }),
  )

/** How often each user's tokens called this sandbox, by scope and day. */
const usage: Handler = (call) => {
  const { from, until } = spanOf(call, 31)
  const scopes = (call.query.text('scopes') ?? '').split(',').filter(Boolean)
  const rows = [...call.account.usage].map(([key, value]) => [...key.split(' '), value] as const)
  const found = rows.filter(([, scope, day]) => {
    const at = Date.parse(String(day))
    return at + DAY > from && at <= until && (scopes.length === 0 || scopes.includes(String(scope)))
  })
  return answer(
    call,
    found.map(([user, scope, day, value]) => [Number(user), scope, day, value]),
  )
}

/** Alerts of the time and of the kind that the query asks for. */
function reported(call: Call): Entry[] {
  const { from, until } = spanOf(call, 366)
  const priority = oneOf(call, 'priority', ['ALL', 'LOW', 'HIGH'])
  const [sources, policies] = [call.query.texts('sources'), call.query.texts('policies')]
  const wanted = (ids: readonly string[], value: unknown) => ids.length === 0 || ids.includes(String(idsOf(value)[0]))
  return call.account
    .collection('alerts')
    .list()
    .filter((alert) => {
      const at = timeOf(alert.reportTime) ?? Number.NaN
      return (
        at >= from &&
        at <= until &&
        (priority === 'ALL' || alert.priority === priority) &&
        wanted(sources, alert.alertSource) &&
        wanted(policies, alert.escalationPolicy)
      )
    })
}

function spanOf({ query, now }: Call, days: number): { from: number; until: number } {
  const [from, until] = [query.time('from') ?? 0, query.time('until') ?? now]
  if (until <= from) refuse('until', "must be after 'from'")
  if (until - from > days * DAY) refuse('until', `must not be more than ${days} days after 'from'`)
  // A day's grace: a client that asks for the whole of today, in any time zone, is answered.
  if (until > now + DAY) refuse('until', 'must not be in the future')
  return { from, until }
}

/** One of the words that the document has in its prose; the first where none is given. */
function oneOf<Word extends string>({ query }: Call, name: string, words: readonly [Word, ...Word[]]): Word {
  const text = query.text(name) ?? words[0]
  return words.find((word) => word === text) ?? refuse(name, `must be one of ${words.join(', ')}`)
}

function keysOf({ alertSource, escalationPolicy }: Entry): unknown[] {
  return [idsOf(alertSource)[0], idsOf(escalationPolicy)[0]]
}

function grouped(entries: readonly Entry[], keys: (entry: Entry) => unknown[]): [unknown[], Entry[]][] {
  const groups = new Map<string, [unknown[], Entry[]]>()
  for (const entry of entries) {
    const key = keys(entry)
    const group = groups.get(key.join(' ')) ?? [key, []]
    group[1].push(entry)
    groups.set(key.join(' '), group)
  }
  return [...groups.values()]
}

function measured(entries: readonly Entry[]): Record<'COUNT' | 'MTTA' | 'MTTR', number> {
  const mean = (ends: (entry: Entry) => unknown) => {
    const times = entries.map((entry) => (timeOf(ends(entry)) ?? Number.NaN) - (timeOf(entry.reportTime) ?? 0))
    const known = times.filter((ms) => !Number.isNaN(ms))
    return known.length === 0 ? 0 : Math.round(known.reduce((sum, ms) => sum + ms, 0) / known.length / 1000)
  }
  const acceptedAt = ({ responders }: Entry) =>
    listOf(responders)
      .map((one: Fields) => one.acceptedAt)
      .find(Boolean)
  return { COUNT: entries.length, MTTA: mean(acceptedAt), MTTR: mean(({ resolvedOn }) => resolvedOn) }
}

/** `2021-08-01`, `2021-W12` (ISO 8601) or `2021-08`. */
function periodOf(time: unknown, group: 'DAY' | 'WEEK' | 'MONTH', timeZone: string): string {
  const day = new Intl.DateTimeFormat('sv-SE', { timeZone }).format(new Date(String(time)))
  if (group !== 'WEEK') return group === 'DAY' ? day : day.slice(0, 7)
  const date = new Date(day)
  date.setUTCDate(date.getUTCDate() + 4 - (date.getUTCDay() || 7)) // the week's Thursday says which year it is in
  const week = Math.ceil(((date.getTime() - Date.UTC(date.getUTCFullYear(), 0)) / DAY + 1) / 7)
  return `${date.getUTCFullYear()}-W${String(week).padStart(2, '0')}`
}

export const reportHandlers: Readonly<Record<string, Handler>> = {
  'GET /api/reports/alerts': alerts,
  'GET /api/reports/alerts/summary': summary,
  'GET /api/reports/api-keys/usage': usage,
}
