/* Made from ilert's OpenAPI document by `npm run document`; not to be changed by hand. */
import type { Open } from './notation.ts'
import type { TimeZone } from './shared.ts'
import type { TeamRel } from './teams.ts'

export interface SupportDay {
  start: string
  end: string
}

export interface SupportHour {
  id: number
  name: string
  teams?: TeamRel[] | null
  timezone: TimeZone
  supportDays: { MONDAY?: SupportDay | null; TUESDAY?: SupportDay | null; WEDNESDAY?: SupportDay | null; THURSDAY?: SupportDay | null; FRIDAY?: SupportDay | null; SATURDAY?: SupportDay | null; SUNDAY?: SupportDay | null }
  exceptions?: SupportHourException[] | null
}

export interface SupportHourException {
  name: string
  start: string
  end: string
  supportStatus: Open<'DURING' | 'OUTSIDE'>
}

export interface SupportHourListItem {
  id: number
  name?: string | null
  teams?: TeamRel[] | null
  timezone?: TimeZone | null
  supportDays?: { MONDAY?: SupportDay | null; TUESDAY?: SupportDay | null; WEDNESDAY?: SupportDay | null; THURSDAY?: SupportDay | null; FRIDAY?: SupportDay | null; SATURDAY?: SupportDay | null; SUNDAY?: SupportDay | null } | null
}
