/* Made from ilert's OpenAPI document by `npm run document`; not to be changed by hand. */
import type { MetricNoIncludes } from './metrics.ts'
import type { Open } from './notation.ts'
import type { ServiceNoIncludes, ServiceStatus, ServiceUptimeOnly } from './services.ts'
import type { TimeZone } from './shared.ts'
import type { TeamRel } from './teams.ts'

export interface StatusPage {
  id: number
  name?: string | null
  domain?: string | null
  subdomain?: string | null
  timezone?: TimeZone | null
  faviconUrl?: string | null
  logoUrl?: string | null
  visibility?: Open<'PRIVATE' | 'PUBLIC'> | null
  hiddenFromSearch?: boolean | null
  showSubscribeAction?: boolean | null
  showIncidentHistoryOption?: boolean | null
  pageTitle?: string | null
  pageDescription?: string | null
  pageLayout?: Open<'SINGLE_COLUMN' | 'RESPONSIVE'> | null
  logoRedirectUrl?: string | null
  activated?: boolean | null
  status?: ServiceStatus | null
  teams?: TeamRel[] | null
  services?: ServiceUptimeOnly[] | null
  metrics?: MetricNoIncludes[] | null
  ipWhitelist?: string[] | null
  structure?: StatusPageStructure | null
  readonly subscribed?: boolean | null
  readonly groups?: StatusPageGroup[] | null
  appearance?: Open<'LIGHT' | 'DARK'> | null
  announcement?: string | null
  announcementOnPage?: boolean | null
  announcementInWidget?: boolean | null
  audienceSpecific?: boolean | null
}

export interface StatusPageElement {
  id: number
  type: Open<'SERVICE' | 'GROUP'>
  options?: Open<'expand' | 'no-graph'> | null
  children?: StatusPageElement[] | null
}

export interface StatusPageGroup {
  id: number
  name?: string | null
}

export interface StatusPageList {
  id: number
  name?: string | null
  domain?: string | null
  subdomain?: string | null
  timezone?: TimeZone | null
  faviconUrl?: string | null
  logoUrl?: string | null
  visibility?: Open<'PRIVATE' | 'PUBLIC'> | null
  hiddenFromSearch?: boolean | null
  showSubscribeAction?: boolean | null
  showIncidentHistoryOption?: boolean | null
  pageTitle?: string | null
  pageDescription?: string | null
  logoRedirectUrl?: string | null
  activated?: boolean | null
  status?: ServiceStatus | null
  teams?: TeamRel[] | null
  services?: ServiceUptimeOnly[] | null
  metrics?: MetricNoIncludes[] | null
  ipWhitelist?: string[] | null
  readonly subscribed?: boolean | null
  announcement?: string | null
  announcementOnPage?: boolean | null
  announcementInWidget?: boolean | null
  audienceSpecific?: boolean | null
}

export interface StatusPageNoIncludes {
  id: number
  name?: string | null
  domain?: string | null
  subdomain?: string | null
  timezone?: TimeZone | null
  faviconUrl?: string | null
  logoUrl?: string | null
  visibility?: Open<'PRIVATE' | 'PUBLIC'> | null
  hiddenFromSearch?: boolean | null
  showSubscribeAction?: boolean | null
  showIncidentHistoryOption?: boolean | null
  pageTitle?: string | null
  pageDescription?: string | null
  pageLayout?: Open<'SINGLE_COLUMN' | 'RESPONSIVE'> | null
  logoRedirectUrl?: string | null
  activated?: boolean | null
  status?: ServiceStatus | null
  teams?: TeamRel[] | null
  services?: ServiceNoIncludes[] | null
  metrics?: MetricNoIncludes[] | null
  ipWhitelist?: string[] | null
  structure?: StatusPageStructure | null
  appearance?: Open<'LIGHT' | 'DARK'> | null
}

export interface StatusPageStructure {
  elements?: StatusPageElement[] | null
}
