import type { Entry } from '../data/collection.ts'
import { type Answer, noContent } from '../messages.ts'
import { answer, bodyOf, type Call, entryAt, type Handler } from './call.ts'
import { type Fields, timeOf } from './check.ts'
import type { Acting } from './collections.ts'
import { refuse } from './query.ts'
import { OVERRIDES, shiftsAt, shiftsOf } from './shifts.ts'

/** The shift that is on and the next one, if `include` asks for them. */
export function viewSchedule(schedule: Entry, { account, now, asked }: Acting & { asked: readonly string[] }): Fields {
  const { current, next } =
    asked.includes('currentShift') || asked.includes('nextShift') ? shiftsAt(schedule, account, now) : {}
  const shifts = Array.isArray(schedule.shifts)
    ? schedule.shifts.filter(({ end }) => asked.includes('past') || (timeOf(end) ?? 0) > now)
    : undefined
  return { shifts, currentShift: current, nextShift: next }
}

const shifts: Handler = (call) => {
  const { account, now, query } = call
  const { entry } = entryAt(call, 'schedules')
  const from = query.time('from') ?? startOfLastMonth(now)
  const until = query.time('until') ?? monthsLater(from, 3)
  if (until < from) refuse('until', "must be after 'from'")
  const overridden = query.text('exclude-overrides') !== 'true'
  return answer(call, shiftsOf(entry, { account, from, until, overridden }))
}

const overrides: Handler = (call) => {
  const { entry } = entryAt(call, 'schedules')
  return answer(call, call.account.collection(OVERRIDES).list(String(entry.id)))
}

const override: Handler = (call) => {
  const { entry } = entryAt(call, 'schedules')
  const { account, now } = call
  const shift = bodyOf(call)
  for (const name of ['user', 'start', 'end']) if (shift[name] === undefined) refuse(name, 'is required')
  const [start, end] = [timeOf(shift.start) ?? now, timeOf(shift.end) ?? now]
  if (end <= start) refuse('end', "must be after 'start'")
  if (end <= now) refuse('end', 'must not be in the past')
  const collection = account.collection(OVERRIDES)
  if (!collection.isFull) collection.put({ ...shift, id: account.nextID() }, String(entry.id))
  return answer(call, entry)
}

function userOnCall(call: Call): Answer {
  const { entry } = entryAt(call, 'schedules')
  const { current } = shiftsAt(entry, call.account, call.now)
  return current ? answer(call, current) : noContent()
}

function startOfLastMonth(time: number): number {
  const date = new Date(time)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - 1)
}

function monthsLater(time: number, months: number): number {
  const date = new Date(time)
  return date.setUTCMonth(date.getUTCMonth() + months)
}

export const scheduleHandlers: Readonly<Record<string, Handler>> = {
  'GET /api/schedules/{id}/shifts': shifts,
  [`GET /api/${OVERRIDES}`]: overrides,
  [`PUT /api/${OVERRIDES}`]: override,
  'GET /api/schedules/{id}/user-on-call': userOnCall,
}
