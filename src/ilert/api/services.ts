/* Made from ilert's OpenAPI document by `npm run document`; not to be changed by hand. */
import type { IncidentNoIncludes } from './incidents.ts'
import type { Open } from './notation.ts'
import type { TeamRel } from './teams.ts'

export interface Service {
  id: number
  name?: string | null
  alias?: string | null
  status?: ServiceStatus | null
  description?: string | null
  oneOpenIncidentOnly?: boolean | null
  showUptimeHistory?: boolean | null
  teams?: TeamRel[] | null
  readonly subscribed?: boolean | null
  uptime?: ServiceUptime | null
  readonly incidents?: IncidentNoIncludes[] | null
}

export interface ServiceNoIncludes {
  id: number
  name?: string | null
  alias?: string | null
  status?: ServiceStatus | null
  description?: string | null
  oneOpenIncidentOnly?: boolean | null
  showUptimeHistory?: boolean | null
  teams?: TeamRel[] | null
}

export interface ServiceOutage {
  status?: ServiceStatus | null
  from?: string | null
  until?: string | null
}

export type ServiceStatus = Open<'OPERATIONAL' | 'UNDER_MAINTENANCE' | 'DEGRADED' | 'PARTIAL_OUTAGE' | 'MAJOR_OUTAGE'>

export interface ServiceUptime {
  rangeStart?: string | null
  rangeEnd?: string | null
  outages?: ServiceOutage[] | null
  uptimePercentage?: ServiceUptimePercentage | null
}

export interface ServiceUptimeOnly {
  id?: number | null
  name?: string | null
  status?: ServiceStatus | null
  description?: string | null
  oneOpenIncidentOnly?: boolean | null
  showUptimeHistory?: boolean | null
  teams?: TeamRel[] | null
  uptime?: ServiceUptime | null
}

export interface ServiceUptimePercentage {
  uptimePercentage?: { readonly p90?: number | null; readonly p60?: number | null; readonly p30?: number | null } | null
}
