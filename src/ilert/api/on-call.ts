/* Made from ilert's OpenAPI document by `npm run document`; not to be changed by hand. */
import type { Open } from './notation.ts'
import type { TimeZone } from './shared.ts'
import type { TeamRel } from './teams.ts'
import type { User, UserRel } from './users.ts'

export interface EscalationPolicy {
  id: number
  name: string
  escalationRules: EscalationRule[]
  teams?: TeamRel[] | null
  repeating?: boolean | null
  frequency?: number | null
  delayMin?: number | null
  routingKey?: string | null
}

export interface EscalationRule {
  escalationTimeout: number
  user?: { id?: number | null } | null
  schedule?: { id?: number | null } | null
  team?: { id?: number | null } | null
  users?: UserRel[] | null
  schedules?: ScheduleRel[] | null
  teams?: TeamRel[] | null
}

export interface OnCall {
  user?: User | null
  escalationPolicy?: EscalationPolicy | null
  schedule?: ScheduleRel | null
  start?: string | null
  end?: string | null
  escalationLevel?: number | null
}

export interface Schedule {
  id: number
  name?: string | null
  timezone?: TimeZone | null
  type?: Open<'STATIC' | 'RECURRING'> | null
  scheduleLayers?: ScheduleLayerConfig[] | null
  shifts?: ShiftRel[] | null
  showGaps?: boolean | null
  defaultShiftDuration?: string | null
  currentShift?: ShiftRel | null
  nextShift?: ShiftRel | null
  teams?: TeamRel[] | null
}

export interface ScheduleLayerConfig {
  name?: string | null
  startsOn: string
  endsOn?: string | null
  users: UserRel[]
  rotation: string
  restrictionType?: Open<'TIMES_OF_WEEK'> | null
  restrictions?: ScheduleLayerRestriction[] | null
}

export interface ScheduleLayerRestriction {
  from: TimeOfWeek
  to: TimeOfWeek
}

export interface ScheduleRel {
  id: number
  name?: string | null
  type?: Open<'STATIC' | 'RECURRING'> | null
}

export interface Shift {
  user?: User | null
  end?: string | null
  start?: string | null
}

export interface ShiftRel {
  user?: UserRel | null
  end?: string | null
  start?: string | null
}

export interface TimeOfWeek {
  dayOfWeek: Open<'MONDAY' | 'TUESDAY' | 'WEDNESDAY' | 'THURSDAY' | 'FRIDAY' | 'SATURDAY' | 'SUNDAY'>
  time: string
}
