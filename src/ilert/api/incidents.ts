/* Made from ilert's OpenAPI document by `npm run document`; not to be changed by hand. */
import type { AlertSource } from './alert-sources.ts'
import type { Open } from './notation.ts'
import type { ServiceNoIncludes, ServiceStatus } from './services.ts'
import type { TimeZone } from './shared.ts'
import type { TeamRel } from './teams.ts'
import type { UserRel } from './users.ts'

export interface Incident {
  id: number
  summary?: string | null
  status?: IncidentStatus | null
  message?: string | null
  sendNotification?: boolean | null
  createdAt?: string | null
  updatedAt?: string | null
  affectedServices?: ({ impact?: ServiceStatus | null; service?: ServiceNoIncludes | null })[] | null
  readonly resolvedOn?: string | null
  readonly subscribed?: boolean | null
  readonly affectedTeams?: TeamRel[] | null
}

export interface IncidentNoIncludes {
  id: number
  summary?: string | null
  status?: IncidentStatus | null
  message?: string | null
  sendNotification?: boolean | null
  createdAt?: string | null
  updatedAt?: string | null
  affectedServices?: ({ impact?: ServiceStatus | null; service?: ServiceNoIncludes | null })[] | null
  readonly resolvedOn?: string | null
}

export type IncidentStatus = Open<'INVESTIGATING' | 'IDENTIFIED' | 'MONITORING' | 'RESOLVED'>

export interface IncidentTemplate {
  id: number
  name?: string | null
  summary?: string | null
  status?: IncidentStatus | null
  message?: string | null
  sendNotification?: boolean | null
  teams?: TeamRel[] | null
}

export interface IncidentUpdate {
  id?: string | null
  content?: string | null
  creator?: UserRel | null
  incidentStatus?: IncidentStatus | null
  sendNotification?: boolean | null
  createdAt?: string | null
}

export interface IncidentWithHistory {
  id: number
  summary?: string | null
  status?: IncidentStatus | null
  message?: string | null
  sendNotification?: boolean | null
  createdAt?: string | null
  updatedAt?: string | null
  history?: IncidentUpdate[] | null
  affectedServices?: ({ impact?: ServiceStatus | null; service?: ServiceNoIncludes | null })[] | null
  readonly resolvedOn?: string | null
  readonly subscribed?: boolean | null
  readonly affectedTeams?: TeamRel[] | null
}

export interface MaintenanceWindow {
  timezone?: TimeZone | null
  start?: string | null
  end?: string | null
  summary?: string | null
  description?: string | null
  alertSources?: AlertSource[] | null
  services?: ServiceNoIncludes[] | null
  readonly createdBy?: string | null
  notifications?: { atCreation?: boolean | null; atStart?: boolean | null; atEnd?: boolean | null } | null
}
