import type { Alert, OnCall } from 'passport-ilert/api'
import { type AlertView, alertView, isUser, nameOf } from './alerts.ts'
import { type Filter, filterQuery } from './filter.ts'
import { type AlertPage, type DeskData, mapAnswer, PAGE_SIZE } from './ilert.ts'
import { type Moment, moment, momentAt } from './time.ts'

/** What the desk says, made of what ilert says: data for `views/desk.ejs`, without I/O. */
export function deskView(user: Express.User, filter: Filter, data: DeskData, now: number) {
  const onCalls = data.onCalls
  return {
    user,
    query: filterQuery(filter),
    choices: choices(filter),
    open: data.open,
    alerts: mapAnswer(data.alerts, (page) => listView(page, user, filter, now)),
    onCalls: mapAnswer(onCalls, (list) => policies(list, user, now)),
    duty: 'value' in onCalls ? ownDuty(onCalls.value, user, now) : undefined,
    updatedAt: momentAt(now, user.timezone, now),
  }
}

function listView({ alerts, total }: AlertPage, user: Express.User, filter: Filter, now: number) {
  const link = (page: number) => `/${filterQuery({ ...filter, page })}`
  const pages = Math.max(1, Math.ceil(total / PAGE_SIZE))
  return {
    total,
    rows: alerts.map((alert: Alert) => alertView(alert, user, now)).sort(byUrgency),
    page: filter.page,
    pages,
    newer: filter.page > 1 ? link(Math.min(filter.page - 1, pages)) : undefined,
    older: filter.page < pages ? link(filter.page + 1) : undefined,
  }
}

/** Of one page, first what nobody has accepted, of that first what is urgent, of that the newest. */
function byUrgency(a: AlertView, b: AlertView): number {
  const rank = ({ state, high }: AlertView) => (state === 'Pending' ? 0 : 2) + (high ? 0 : 1)
  return rank(a) - rank(b) || (b.reported?.at ?? 0) - (a.reported?.at ?? 0)
}

/** The links of the filter: each changes one thing and begins at the first page. */
function choices(filter: Filter) {
  const choice = (label: string, change: Partial<Filter>) => {
    const chosen = Object.entries(change).every(([name, value]) => filter[name as keyof Filter] === value)
    return { label, chosen, href: `/${filterQuery({ ...filter, ...change, page: 1 })}` }
  }
  return [
    { name: 'Whose', links: [choice('All', { mine: false }), choice('Mine', { mine: true })] },
    {
      name: 'State',
      links: [
        choice('Open', { state: undefined }),
        choice('Pending', { state: 'PENDING' }),
        choice('Accepted', { state: 'ACCEPTED' }),
      ],
    },
    {
      name: 'Priority',
      links: [
        choice('Any', { priority: undefined }),
        choice('High', { priority: 'HIGH' }),
        choice('Low', { priority: 'LOW' }),
      ],
    },
  ]
}

/** The user's own duty: of several the one that ilert turns to first. Null if there is none. */
function ownDuty(onCalls: readonly OnCall[], user: Express.User, now: number) {
  const [first] = onCalls
    .filter((duty) => duty.user && isUser(duty.user, user))
    .sort((a, b) => (a.escalationLevel ?? 1) - (b.escalationLevel ?? 1))
  if (!first) return null
  const { end, escalationPolicy, escalationLevel } = first
  return { until: moment(end, user.timezone, now), policy: escalationPolicy?.name, level: escalationLevel ?? 1 }
}

interface Duty {
  readonly level: number
  readonly name: string
  readonly isUser: boolean
  readonly until: Moment | undefined
}

/** By escalation policy, each with its levels in order. */
function policies(onCalls: readonly OnCall[], user: Express.User, now: number) {
  const byPolicy = new Map<string, Duty[]>()
  for (const { escalationPolicy, escalationLevel, user: person, end } of onCalls) {
    if (!person) continue
    const policy = escalationPolicy?.name ?? 'Without a policy'
    const until = moment(end, user.timezone, now)
    const entry = { level: escalationLevel ?? 1, name: nameOf(person), isUser: isUser(person, user), until }
    byPolicy.set(policy, [...(byPolicy.get(policy) ?? []), entry])
  }
  return [...byPolicy].map(([name, people]) => ({ name, people: people.sort((a, b) => a.level - b.level) }))
}
