import { parseScope, type RequestIlert, scopes } from 'passport-ilert'
import type { Alert, OnCall, UserRel } from 'passport-ilert/api'
import { type Answer, type DeskData, LONGEST_LIST } from './ilert.ts'
import { parseTime, timeAgo, timeIn } from './time.ts'

/** What the page says, worked out of what ilert says: data for `views/desk.ejs`, without I/O. */
export function deskView(user: Express.User, ilert: TokenState, data: DeskData, now: number) {
  return {
    user,
    alerts: view(data.open, (alerts) => ({
      count: alerts.length < LONGEST_LIST ? String(alerts.length) : `${LONGEST_LIST} or more`,
      rows: alerts.map((alert) => alertRow(alert, user, now)).sort(byUrgency),
    })),
    chart: view(data.lastDay, (alerts) => chart(alerts, now)),
    onCalls: view(data.onCalls, (onCalls) => policies(onCalls, user, now)),
    connection: connection(ilert, user, now),
    updatedAt: timeIn(user.timezone, now, now),
  }
}

/** How things stand with ilert, as `req.ilert` knows it. */
type TokenState = Pick<RequestIlert, 'connected' | 'scope' | 'issuedAt' | 'expiresAt' | 'refreshes'>

function view<T, V>(answer: Answer<T>, make: (value: T) => V): { value?: V; problem?: string } {
  return 'value' in answer ? { value: make(answer.value) } : answer
}

function alertRow(
  { id, summary, status, priority, reportTime, alertSource, responders }: Alert,
  user: Express.User,
  now: number,
) {
  const at = parseTime(reportTime)
  const taker = responders?.find((responder) => responder.status === 'ACCEPTED')?.user
  return {
    id,
    summary: summary ?? `Alert ${id}`,
    high: priority === 'HIGH',
    accepted: status === 'ACCEPTED',
    source: alertSource?.name,
    reported: at === undefined ? undefined : { at, iso: reportTime, ago: timeAgo(at, now) },
    assignee: taker && (isUser(taker, user) ? 'you' : nameOf(taker)),
  }
}

type AlertRow = ReturnType<typeof alertRow>

/** First what nobody has taken, of that first what is pressing, of that the newest. */
function byUrgency(a: AlertRow, b: AlertRow): number {
  const rank = ({ accepted, high }: AlertRow) => (accepted ? 2 : 0) + (high ? 0 : 1)
  return rank(a) - rank(b) || (b.reported?.at ?? 0) - (a.reported?.at ?? 0)
}

const HOURS = 24
const HOUR_MS = 3_600_000
const [BAR, GAP, HEIGHT] = [20, 6, 96]

/** Alerts by the hour, the present one last, as bars of a picture that is `width` by `HEIGHT`. */
function chart(alerts: readonly Alert[], now: number) {
  const hours = Array.from({ length: HOURS }, () => ({ high: 0, low: 0 }))
  for (const { reportTime, priority } of alerts) {
    const hour = hours[HOURS - 1 - Math.floor((now - (parseTime(reportTime) ?? Number.NaN)) / HOUR_MS)]
    if (hour) hour[priority === 'HIGH' ? 'high' : 'low'] += 1
  }
  const most = Math.max(4, ...hours.map(({ high, low }) => high + low))
  const unit = HEIGHT / most
  const sum = (of: 'high' | 'low') => hours.reduce((total, hour) => total + hour[of], 0)
  return {
    width: HOURS * (BAR + GAP) - GAP,
    height: HEIGHT,
    barWidth: BAR,
    bars: hours.map(({ high, low }, i) => ({
      x: i * (BAR + GAP),
      high: { y: HEIGHT - high * unit, height: high * unit },
      low: { y: HEIGHT - (high + low) * unit, height: low * unit },
      title: `${agoInHours(HOURS - 1 - i)}: ${high} high, ${low} low`,
    })),
    high: sum('high'),
    low: sum('low'),
  }
}

function agoInHours(hours: number): string {
  return hours === 0 ? 'The last hour' : `${hours} to ${hours + 1} hours ago`
}

/** By escalation policy, each with its levels in order. */
function policies(onCalls: readonly OnCall[], user: Express.User, now: number) {
  const byPolicy = new Map<string, { level: number; name: string; isUser: boolean; until: string | undefined }[]>()
  for (const { escalationPolicy, escalationLevel, user: person, end } of onCalls) {
    if (!person) continue
    const policy = escalationPolicy?.name ?? 'Without a policy'
    const endsAt = parseTime(end)
    const until = endsAt === undefined ? undefined : timeIn(user.timezone, endsAt, now)
    const entry = { level: escalationLevel ?? 1, name: nameOf(person), isUser: isUser(person, user), until }
    byPolicy.set(policy, [...(byPolicy.get(policy) ?? []), entry])
  }
  return [...byPolicy].map(([name, people]) => ({ name, people: people.sort((a, b) => a.level - b.level) }))
}

function connection({ connected, scope, issuedAt, expiresAt, refreshes }: TokenState, user: Express.User, now: number) {
  return {
    connected,
    scopes: scope.map((name) => ({ name, description: scopes[parseScope(name).resource]?.description })),
    refreshes,
    token:
      issuedAt === undefined || expiresAt === undefined
        ? undefined
        : {
            lifeMs: expiresAt - issuedAt,
            leftMs: Math.max(0, expiresAt - now),
            end: timeIn(user.timezone, expiresAt, now),
          },
  }
}

function isUser({ id }: Pick<UserRel, 'id'>, user: Express.User): boolean {
  return String(id) === user.id
}

function nameOf({ id, firstName, lastName }: UserRel): string {
  return [firstName, lastName].filter(Boolean).join(' ') || `User ${id}`
}
