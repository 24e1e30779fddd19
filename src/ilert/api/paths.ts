/* Made from ilert's OpenAPI document by `npm run document`; not to be changed by hand. */
import type { AlertAction, AlertActionResult, AlertActionTrigger } from './alert-actions.ts'
import type { AlertSource, AlertSourceNoIncludes, AlertSourceRel } from './alert-sources.ts'
import type { Alert, AlertResponder, CountResponse, LogEntry, ManualAlert, Notification, SuggestedResponder, UIMenuItem } from './alerts.ts'
import type { Connector } from './connectors.ts'
import type { Incident, IncidentNoIncludes, IncidentTemplate, IncidentWithHistory, MaintenanceWindow } from './incidents.ts'
import type { Metric, MetricDataSource, MetricDataSourcePost, MetricList, MetricPost } from './metrics.ts'
import type { Draft, OneOrMore, Open } from './notation.ts'
import type { NotificationPreferencesAlert, NotificationPreferencesAlertPost, NotificationPreferencesDuty, NotificationPreferencesDutyPost, NotificationPreferencesSubscription, NotificationPreferencesSubscriptionPost, NotificationPreferencesUpdate, NotificationPreferencesUpdatePost } from './notification-preferences.ts'
import type { EscalationPolicy, EscalationRule, OnCall, Schedule, ScheduleRel, Shift } from './on-call.ts'
import type { Service, ServiceNoIncludes } from './services.ts'
import type { TimeZone } from './shared.ts'
import type { StatusPage, StatusPageGroup, StatusPageList, StatusPageNoIncludes } from './status-pages.ts'
import type { SupportHour, SupportHourListItem } from './support-hours.ts'
import type { Team, TeamMember, TeamUserOption } from './teams.ts'
import type { ContactEmail, ContactEmailPost, ContactPhoneNumber, ContactPhoneNumberPost, User, UserPost } from './users.ts'

/** What GET gives. */
export interface Gets {
  [path: `/api/users/${number}`]: User
  [path: `/api/users/${number}/contacts/emails`]: ContactEmail[]
  [path: `/api/users/${number}/contacts/emails/${number}`]: ContactEmail
  [path: `/api/users/${number}/contacts/phone-numbers`]: ContactPhoneNumber[]
  [path: `/api/users/${number}/contacts/phone-numbers/${number}`]: ContactPhoneNumber
  [path: `/api/users/${number}/notification-preferences/alerts`]: NotificationPreferencesAlert[]
  [path: `/api/users/${number}/notification-preferences/alerts/${number}`]: NotificationPreferencesAlert
  [path: `/api/users/${number}/notification-preferences/duties`]: NotificationPreferencesDuty[]
  [path: `/api/users/${number}/notification-preferences/duties/${number}`]: NotificationPreferencesDuty
  [path: `/api/users/${number}/notification-preferences/updates`]: NotificationPreferencesUpdate[]
  [path: `/api/users/${number}/notification-preferences/updates/${number}`]: NotificationPreferencesUpdate
  [path: `/api/users/${number}/notification-preferences/subscriptions`]: NotificationPreferencesSubscription[]
  [path: `/api/users/${number}/notification-preferences/subscriptions/${number}`]: NotificationPreferencesSubscription
  '/api/users': User[]
  '/api/users/current': User
  '/api/alerts': Alert[]
  '/api/alerts/count': CountResponse
  [path: `/api/alerts/${number}`]: Alert
  [path: `/api/alerts/${number}/suggested-responders`]: SuggestedResponder[]
  [path: `/api/alerts/${number}/notifications`]: Notification[]
  [path: `/api/alerts/${number}/log-entries`]: LogEntry[]
  [path: `/api/alerts/${number}/actions`]: AlertActionTrigger
  '/api/schedules': Schedule[]
  [path: `/api/schedules/${number}`]: Schedule
  [path: `/api/schedules/${number}/shifts`]: Shift[]
  [path: `/api/schedules/${number}/overrides`]: Shift[]
  [path: `/api/schedules/${number}/user-on-call`]: Shift
  '/api/on-calls': OnCall[]
  '/api/alert-sources': AlertSourceNoIncludes[]
  [path: `/api/alert-sources/${number}`]: AlertSource
  '/api/support-hours': SupportHourListItem[]
  [path: `/api/support-hours/${number}`]: SupportHour
  '/api/maintenance-windows': MaintenanceWindow[]
  [path: `/api/maintenance-windows/${number}`]: MaintenanceWindow
  '/api/escalation-policies': EscalationPolicy[]
  '/api/escalation-policies/resolve': EscalationPolicy
  [path: `/api/escalation-policies/${number}`]: EscalationPolicy
  '/api/alert-actions': AlertAction[]
  [path: `/api/alert-actions/${string}`]: AlertAction
  '/api/connectors': Connector[]
  [path: `/api/connectors/${string}`]: Connector
  '/api/teams': Team[]
  [path: `/api/teams/${number}`]: Team
  '/api/reports/alerts': ((number | string)[])[]
  '/api/reports/alerts/summary': ({ alertSourceId?: number | null; escalationPolicyId?: number | null; callRoutingNumberPhoneNumber?: string | null; count?: number | null; mtta?: number | null; mttr?: number | null })[]
  '/api/reports/api-keys/usage': ((number | string)[])[]
  '/api/incident-templates': IncidentTemplate[]
  [path: `/api/incident-templates/${number}`]: IncidentTemplate
  '/api/services': Service[]
  [path: `/api/services/${number}`]: Service
  '/api/incidents': Incident[]
  [path: `/api/incidents/${number}`]: IncidentWithHistory
  [path: `/api/incidents/${number}/private-subscribers`]: TeamUserOption[]
  [path: `/api/services/${number}/private-subscribers`]: TeamUserOption[]
  '/api/status-pages': StatusPageList[]
  [path: `/api/status-pages/${number}`]: StatusPage
  [path: `/api/status-pages/${number}/groups`]: StatusPageGroup[]
  [path: `/api/status-pages/${number}/groups/${number}`]: StatusPageGroup
  [path: `/api/status-pages/${number}/private-subscribers`]: TeamUserOption[]
  '/api/metric-data-sources': MetricDataSource[]
  [path: `/api/metric-data-sources/${number}`]: MetricDataSource
  '/api/metrics': MetricList[]
  [path: `/api/metrics/${number}`]: Metric
}

/** What POST takes and gives. */
export interface Posts {
  [path: `/api/users/${number}/contacts/emails`]: [ContactEmailPost, ContactEmail]
  [path: `/api/users/${number}/contacts/phone-numbers`]: [ContactPhoneNumberPost, ContactPhoneNumber]
  [path: `/api/users/${number}/notification-preferences/alerts`]: [NotificationPreferencesAlertPost, NotificationPreferencesAlert]
  [path: `/api/users/${number}/notification-preferences/duties`]: [NotificationPreferencesDutyPost, NotificationPreferencesDuty]
  [path: `/api/users/${number}/notification-preferences/updates`]: [NotificationPreferencesUpdatePost, NotificationPreferencesUpdate]
  [path: `/api/users/${number}/notification-preferences/subscriptions`]: [NotificationPreferencesSubscriptionPost, NotificationPreferencesSubscription]
  '/api/users': [UserPost, User]
  '/api/users/search-email': [{ email: string }, User]
  '/api/alerts': [ManualAlert, Alert]
  [path: `/api/alerts/${number}/responders`]: [undefined, AlertResponder]
  [path: `/api/alerts/${number}/actions`]: [AlertActionTrigger, AlertActionResult]
  '/api/schedules': [Draft<Schedule>, Schedule]
  '/api/alert-sources': [AlertSourceRel, AlertSource]
  '/api/support-hours': [Draft<SupportHour>, SupportHour]
  '/api/maintenance-windows': [MaintenanceWindow, MaintenanceWindow]
  '/api/escalation-policies': [Draft<EscalationPolicy>, EscalationPolicy]
  '/api/alert-actions': [Draft<AlertAction>, AlertAction]
  '/api/connectors': [Draft<Connector>, Connector]
  '/api/teams': [Draft<Team>, Team]
  [path: `/api/teams/${number}/members`]: [TeamMember, TeamMember]
  '/api/incident-templates': [Draft<IncidentTemplate>, IncidentTemplate]
  '/api/services': [Draft<ServiceNoIncludes>, ServiceNoIncludes]
  '/api/incidents': [Draft<IncidentNoIncludes>, IncidentNoIncludes]
  '/api/incidents/publish-info': [Draft<IncidentNoIncludes>, { statusPagesInfo?: UIMenuItem | null; readonly privateStatusPages?: number | null; readonly publicStatusPages?: number | null; readonly privateSubscribers?: number | null; readonly publicSubscribers?: number | null }]
  [path: `/api/incidents/${number}/private-subscribers`]: [TeamUserOption[], undefined]
  '/api/status-pages': [Draft<StatusPageNoIncludes>, StatusPageNoIncludes]
  [path: `/api/status-pages/${number}/groups`]: [Draft<StatusPageGroup>, StatusPageGroup]
  [path: `/api/status-pages/${number}/private-subscribers`]: [Draft<TeamUserOption>, undefined]
  '/api/metric-data-sources': [MetricDataSourcePost, MetricDataSource]
  '/api/metrics': [MetricPost, Metric]
}

/** What PUT takes and gives. */
export interface Puts {
  [path: `/api/users/${number}`]: [Draft<User>, User]
  [path: `/api/users/${number}/contacts/emails/${number}`]: [ContactEmailPost, ContactEmail]
  [path: `/api/users/${number}/contacts/phone-numbers/${number}`]: [ContactPhoneNumberPost, ContactPhoneNumber]
  [path: `/api/users/${number}/notification-preferences/alerts/${number}`]: [NotificationPreferencesAlertPost, NotificationPreferencesAlert]
  [path: `/api/users/${number}/notification-preferences/duties/${number}`]: [NotificationPreferencesDutyPost, NotificationPreferencesDuty]
  [path: `/api/users/${number}/notification-preferences/updates/${number}`]: [NotificationPreferencesUpdatePost, NotificationPreferencesUpdate]
  [path: `/api/users/${number}/notification-preferences/subscriptions/${number}`]: [NotificationPreferencesSubscriptionPost, NotificationPreferencesSubscription]
  '/api/users/current': [UserPost, User]
  [path: `/api/alerts/${number}/assign`]: [undefined, Alert]
  [path: `/api/alerts/${number}/accept`]: [undefined, Alert]
  [path: `/api/alerts/${number}/resolve`]: [undefined, Alert]
  [path: `/api/schedules/${number}`]: [Draft<Schedule>, Schedule]
  [path: `/api/schedules/${number}/overrides`]: [Shift, ScheduleRel]
  [path: `/api/alert-sources/${number}`]: [AlertSourceRel, AlertSource]
  [path: `/api/support-hours/${number}`]: [Draft<SupportHour>, SupportHour]
  [path: `/api/maintenance-windows/${number}`]: [MaintenanceWindow, MaintenanceWindow]
  [path: `/api/escalation-policies/${number}`]: [Draft<EscalationPolicy>, EscalationPolicy]
  [path: `/api/escalation-policies/${number}/levels/${number}`]: [EscalationRule, EscalationRule]
  [path: `/api/alert-actions/${string}`]: [Draft<AlertAction>, AlertAction]
  [path: `/api/connectors/${string}`]: [Draft<Connector>, Connector]
  [path: `/api/teams/${number}`]: [Draft<Team>, Team]
  [path: `/api/incident-templates/${number}`]: [Draft<IncidentTemplate>, IncidentTemplate]
  [path: `/api/services/${number}`]: [Draft<ServiceNoIncludes>, ServiceNoIncludes]
  [path: `/api/incidents/${number}`]: [Draft<IncidentNoIncludes>, IncidentNoIncludes]
  [path: `/api/services/${number}/private-subscribers`]: [TeamUserOption[], undefined]
  [path: `/api/status-pages/${number}`]: [Draft<StatusPageNoIncludes>, StatusPageNoIncludes]
  [path: `/api/status-pages/${number}/groups/${number}`]: [Draft<StatusPageGroup>, StatusPageGroup]
  [path: `/api/status-pages/${number}/private-subscribers`]: [TeamUserOption[], undefined]
  [path: `/api/metric-data-sources/${number}`]: [MetricDataSourcePost, MetricDataSource]
  [path: `/api/metrics/${number}`]: [MetricPost, Metric]
}

/** What DELETE gives. */
export interface Deletes {
  [path: `/api/users/${number}`]: undefined
  [path: `/api/users/${number}/contacts/emails/${number}`]: undefined
  [path: `/api/users/${number}/contacts/phone-numbers/${number}`]: undefined
  [path: `/api/users/${number}/notification-preferences/alerts/${number}`]: undefined
  [path: `/api/users/${number}/notification-preferences/duties/${number}`]: undefined
  [path: `/api/users/${number}/notification-preferences/updates/${number}`]: undefined
  [path: `/api/users/${number}/notification-preferences/subscriptions/${number}`]: undefined
  [path: `/api/alerts/${number}/responders/${number}`]: undefined
  [path: `/api/schedules/${number}`]: undefined
  [path: `/api/alert-sources/${number}`]: undefined
  [path: `/api/support-hours/${number}`]: undefined
  [path: `/api/maintenance-windows/${number}`]: undefined
  [path: `/api/escalation-policies/${number}`]: undefined
  [path: `/api/alert-actions/${string}`]: undefined
  [path: `/api/connectors/${string}`]: undefined
  [path: `/api/teams/${number}`]: undefined
  [path: `/api/teams/${number}/members/${number}`]: undefined
  [path: `/api/incident-templates/${number}`]: undefined
  [path: `/api/services/${number}`]: undefined
  [path: `/api/status-pages/${number}`]: undefined
  [path: `/api/status-pages/${number}/groups/${number}`]: undefined
  [path: `/api/status-pages/${number}/private-subscribers/${number}`]: undefined
  [path: `/api/metric-data-sources/${number}`]: undefined
  [path: `/api/metrics/${number}`]: undefined
}

/** What the query of a GET may have, beside the page. */
export interface Queries {
  '/api/alerts': { include?: OneOrMore<Open<'nextEscalationUser'>>; states?: OneOrMore<Open<'PENDING' | 'ACCEPTED' | 'RESOLVED'>>; sources?: OneOrMore<number>; policies?: OneOrMore<number>; responders?: OneOrMore<string>; from?: string; until?: string }
  '/api/alerts/count': { states?: OneOrMore<Open<'PENDING' | 'ACCEPTED' | 'RESOLVED'>>; sources?: OneOrMore<number>; responders?: OneOrMore<string>; from?: string; until?: string }
  [path: `/api/alerts/${number}`]: { include?: OneOrMore<Open<'escalationRules' | 'nextEscalationUser' | 'customDetails'>> }
  [path: `/api/alerts/${number}/suggested-responders`]: { lang?: string }
  [path: `/api/alerts/${number}/log-entries`]: { lang?: Open<'en' | 'de'>; include?: OneOrMore<Open<'vars'>>; 'filter-types'?: OneOrMore<Open<'NOTIFICATIONS' | 'ALERT_SOURCE_EVENTS' | 'CALL_ROUTING_EVENTS' | 'ALERT_UPDATES' | 'CONNECTOR_EVENTS' | 'INCIDENT_COMMUNICATIONS'>> }
  '/api/schedules': { include?: OneOrMore<Open<'scheduleLayers' | 'shifts' | 'currentShift' | 'nextShift' | 'past'>> }
  [path: `/api/schedules/${number}`]: { include?: OneOrMore<Open<'scheduleLayers' | 'shifts' | 'currentShift' | 'nextShift' | 'past'>> }
  [path: `/api/schedules/${number}/shifts`]: { from?: string; until?: string; 'exclude-overrides'?: boolean }
  '/api/on-calls': { policies?: OneOrMore<number>; 'policy-levels'?: OneOrMore<string>; schedules?: OneOrMore<number>; users?: OneOrMore<number>; expand?: OneOrMore<string>; from?: string; until?: string; timezone?: TimeZone }
  [path: `/api/alert-sources/${number}`]: { include?: OneOrMore<Open<'detailsTemplate' | 'summaryTemplate' | 'routingTemplate' | 'alertKeyTemplate' | 'servicesTemplate' | 'linkTemplates' | 'priorityTemplate' | 'severityTemplate' | 'textTemplate' | 'eventFilter' | 'eventTypeFilterCreate' | 'eventTypeFilterAccept' | 'eventTypeFilterResolve'>> }
  '/api/maintenance-windows': { state?: OneOrMore<Open<'OPEN' | 'CLOSED'>>; services?: OneOrMore<number>; sources?: OneOrMore<number>; from?: string; until?: string }
  '/api/escalation-policies/resolve': { 'routing-key': string }
  '/api/alert-actions': { source?: OneOrMore<number>; connector?: OneOrMore<string> }
  [path: `/api/alert-actions/${string}`]: { include?: OneOrMore<Open<'conditions'>> }
  '/api/teams': { members?: OneOrMore<number> }
  '/api/reports/alerts': { sources?: OneOrMore<number>; policies?: OneOrMore<number>; numbers?: OneOrMore<string>; from: string; until: string; timezone?: TimeZone; metric?: OneOrMore<string>; 'group-by'?: OneOrMore<string>; priority?: OneOrMore<string> }
  '/api/reports/alerts/summary': { sources?: OneOrMore<number>; policies?: OneOrMore<number>; numbers?: OneOrMore<string>; from: string; until: string; timezone?: TimeZone; metric?: OneOrMore<string>; 'group-by'?: OneOrMore<string>; priority?: OneOrMore<string> }
  '/api/reports/api-keys/usage': { scopes?: OneOrMore<string>; from: string; until: string; timezone?: TimeZone }
  '/api/services': { include?: OneOrMore<Open<'subscribed' | 'uptime' | 'incidents'>> }
  [path: `/api/services/${number}`]: { include?: OneOrMore<Open<'subscribed' | 'uptime' | 'incidents'>> }
  '/api/incidents': { include?: OneOrMore<Open<'subscribed'>>; states?: OneOrMore<Open<'INVESTIGATING' | 'IDENTIFIED' | 'MONITORING' | 'RESOLVED'>>; services?: OneOrMore<number>; from?: string; until?: string }
  [path: `/api/incidents/${number}`]: { include?: OneOrMore<Open<'subscribed' | 'affectedTeams' | 'history'>> }
  '/api/status-pages': { include?: OneOrMore<Open<'subscribed'>> }
  [path: `/api/status-pages/${number}`]: { include?: OneOrMore<Open<'subscribed' | 'uptime' | 'groups' | 'structure'>> }
  '/api/metrics': { include?: OneOrMore<Open<'dataSource' | 'integrationKey'>> }
}
