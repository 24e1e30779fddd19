import type { Account } from '../data/account.ts'
import type { Entry } from '../data/collection.ts'
import { type Fields, timeOf } from './check.ts'
import { listOf } from './filters.ts'

/** A user's turn, in milliseconds since the epoch. */
interface Turn {
  readonly user: unknown
  readonly start: number
  readonly end: number
}

const HOUR = 3_600_000
const UNITS: Readonly<Record<string, number>> = { W: 168 * HOUR, D: 24 * HOUR, TH: HOUR }

/** No list of shifts is longer. */
const MAX_TURNS = 5000

/** Where the overrides of schedules are. */
export const OVERRIDES = 'schedules/{id}/overrides'

/** Shifts of a schedule that lie between two times, at least in part, in the API's form; overrides take precedence. */
export function shiftsOf(
  schedule: Entry,
  { account, from, until, overridden = true }: { account: Account; from: number; until: number; overridden?: boolean },
): Fields[] {
  const overrides = overridden ? account.collection(OVERRIDES).list(String(schedule.id)).map(turnOf) : []
  const layers =
    schedule.type === 'STATIC'
      ? [listOf(schedule.shifts).map(turnOf)]
      : listOf(schedule.scheduleLayers).map((layer) => turnsOfLayer(layer, from, until))
  return [...layers, overrides]
    .reduce(overlaid, [])
    .filter(({ start, end }) => end > from && start <= until)
    .map(({ user, start, end }) => ({ user, start: iso(start), end: iso(end) }))
}

/** The shift at a time, and the one after it. */
export function shiftsAt(schedule: Entry, account: Account, now: number): { current?: Fields; next?: Fields } {
  const shifts = shiftsOf(schedule, { account, from: now, until: now + 62 * 24 * HOUR })
  const current = shifts.find(({ start }) => (timeOf(start) ?? now) <= now)
  const next = shifts.find(({ start }) => (timeOf(start) ?? now) > now)
  return { ...(current && { current }), ...(next && { next }) }
}

function turnsOfLayer({ startsOn, endsOn, rotation, users }: Fields, from: number, until: number): Turn[] {
  const [begins, ends = Number.POSITIVE_INFINITY] = [timeOf(startsOn), timeOf(endsOn)]
  const length = durationOf(rotation)
  const people = listOf(users)
  if (begins === undefined || length === undefined || people.length === 0) return []
  const turns: Turn[] = []
  // Nobody is on call before a layer begins.
  for (let i = Math.max(0, Math.floor((from - begins) / length)); turns.length < MAX_TURNS; i++) {
    const start = begins + i * length
    if (start > until || start >= ends) break
    turns.push({ user: people[i % people.length], start, end: Math.min(start + length, ends) })
  }
  return turns
}

/** Turns with others on top of them, which replace what they cover. */
function overlaid(base: readonly Turn[], over: readonly Turn[]): Turn[] {
  return over
    .reduce<readonly Turn[]>(
      (turns, top) => [
        ...turns.flatMap((turn) => [
          ...(turn.start < top.start ? [{ ...turn, end: Math.min(turn.end, top.start) }] : []),
          ...(turn.end > top.end ? [{ ...turn, start: Math.max(turn.start, top.end) }] : []),
        ]),
        top,
      ],
      base,
    )
    .toSorted((a, b) => a.start - b.start)
}

function turnOf({ user, start, end }: Fields): Turn {
  return { user, start: timeOf(start) ?? 0, end: timeOf(end) ?? 0 }
}

/** Milliseconds of an ISO 8601 duration in weeks, days or hours. */
function durationOf(text: unknown): number | undefined {
  const [, time = '', count, unit = ''] = /^P(T?)([1-9]\d{0,3})([WDH])$/.exec(String(text)) ?? []
  const length = UNITS[time + unit]
  return length === undefined ? undefined : Number(count) * length
}

export function iso(time: number): string {
  return new Date(time).toISOString()
}
