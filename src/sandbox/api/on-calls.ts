import type { Account } from '../data/account.ts'
import { brief, type Entry } from '../data/collection.ts'
import type { Fields } from './resources.ts'

interface Shift {
  readonly user: unknown
  readonly start: string
  readonly end: string
}

/** Who is on call now: of each escalation policy each level, by schedule or by name. */
export function onCalls(account: Account, now: number): Fields[] {
  const schedules = account.collection('/api/schedules')
  return account
    .collection('/api/escalation-policies')
    .list(undefined)
    .flatMap((policy) =>
      listOf(policy.escalationRules).flatMap((rule, i) => {
        const level = { escalationPolicy: brief(policy), escalationLevel: i + 1 }
        const always = listOf(rule.users).map((user) => ({ user, ...level }))
        const byRotation = listOf(rule.schedules).flatMap(({ id }) => {
          const schedule = schedules.get(Number(id), undefined)?.entry
          const shift = schedule && shiftOf(schedule, now, 0)
          return shift ? [{ ...shift, schedule: brief(schedule), ...level }] : []
        })
        return [...byRotation, ...always]
      }),
    )
}

/** A schedule with the shift that is on and the one after it. */
export function withShifts(schedule: Entry, now: number): Entry {
  const [currentShift, nextShift] = [shiftOf(schedule, now, 0), shiftOf(schedule, now, 1)]
  return { ...schedule, ...(currentShift && { currentShift }), ...(nextShift && { nextShift }) }
}

/** The shift at `now`, or as many shifts later as `ahead` says; of several layers, the last one that has somebody. */
function shiftOf({ scheduleLayers }: Entry, now: number, ahead: number): Shift | undefined {
  return listOf(scheduleLayers)
    .map(({ startsOn, rotation, users }) => {
      const begin = Date.parse(String(startsOn))
      const length = durationOf(rotation)
      const people = listOf(users)
      // Nobody is on call before a layer begins; NaN compares as false, too.
      if (!(now >= begin) || length === undefined || people.length === 0) return undefined
      const index = Math.floor((now - begin) / length) + ahead
      const start = begin + index * length
      const [from, to] = [new Date(start).toISOString(), new Date(start + length).toISOString()]
      return { user: people[index % people.length], start: from, end: to }
    })
    .findLast((shift) => shift !== undefined)
}

const HOUR = 3_600_000
const UNITS: Readonly<Record<string, number>> = { W: 168 * HOUR, D: 24 * HOUR, TH: HOUR }

/** Milliseconds of an ISO 8601 duration in weeks, days or hours. */
function durationOf(text: unknown): number | undefined {
  const [, time = '', count, unit = ''] = /^P(T?)([1-9]\d{0,3})([WDH])$/.exec(String(text)) ?? []
  const length = UNITS[time + unit]
  return length === undefined ? undefined : Number(count) * length
}

/** The objects of a list; what a client has stored may be anything. */
function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'object' && item !== null) : []
}
