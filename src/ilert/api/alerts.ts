/* Made from ilert's OpenAPI document by `npm run document`; not to be changed by hand. */
import type { AlertSource } from './alert-sources.ts'
import type { Open } from './notation.ts'
import type { EscalationPolicy, EscalationRule } from './on-call.ts'
import type { SimpleIdField64 } from './shared.ts'
import type { User, UserRel } from './users.ts'

export interface Alert {
  id: number
  summary?: string | null
  details?: string | null
  reportTime?: string | null
  resolvedOn?: string | null
  status?: Open<'PENDING' | 'ACCEPTED' | 'RESOLVED'> | null
  alertSource?: AlertSource | null
  escalationPolicy?: EscalationPolicy | null
  priority?: AlertPriority | null
  alertKey?: string | null
  assignedTo?: { id?: number | null } | null
  readonly nextEscalation?: string | null
  readonly escalationRules?: EscalationRule[] | null
  nextEscalationUser?: User | null
  readonly nextEscalationRuleIndex?: number | null
  images?: EventImage[] | null
  links?: EventLink[] | null
  readonly responders?: AlertResponder[] | null
  severity?: number | null
  labels?: Record<string, unknown> | null
  customDetails?: Record<string, unknown> | null
  readonly linkedIncidentId?: number | null
  readonly mergedIntoId?: number | null
  readonly mergeState?: Open<'NONE' | 'MAIN' | 'MERGED'> | null
}

export type AlertPriority = Open<'HIGH' | 'LOW'>

export interface AlertResponder {
  user?: UserRel | null
  status?: Open<'PENDING' | 'ACCEPTED'> | null
  acceptedAt?: string | null
}

export interface CountResponse {
  count?: number | null
}

export interface EventImage {
  src?: string | null
  href?: string | null
  alt?: string | null
}

export interface EventLink {
  href?: string | null
  text?: string | null
}

export interface LogEntry {
  id: number
  timestamp?: string | null
  logEntryType?: Open<'ConnectorAutomaticResultErrorLogEntry' | 'ConnectorAutomaticResultLogEntry' | 'AlertActionErrorLogEntry' | 'AlertActionFailLogEntry' | 'AlertActionSuccessLogEntry' | 'AlertNotRoutedLogEntry' | 'AlertReceivedLogEntry' | 'AlertRoutedSuccessfulLogEntry' | 'AlertSourceResponseLogEntry' | 'CallLogEntry' | 'EmailReceivedLogEntry' | 'EmailResolvedLogEntry' | 'FilterableLogEntryType' | 'HeartbeatOverdueLogEntry' | 'HeartbeatResolvedLogEntry' | 'AlertAssignedBySystemLogEntry' | 'AlertAssignedByUserLogEntry' | 'AlertAssignedToPolicyLogEntry' | 'AlertAssignedToScheduleLogEntry' | 'AlertAutoResolvedLogEntry' | 'AlertCommentAddedBySystemLogEntry' | 'AlertCommentAddedLogEntry' | 'AlertCommentPublishedLogEntry' | 'AlertCreatedByUserLogEntry' | 'AlertRaisedBySystemLogEntry' | 'AlertRaisedByUserLogEntry' | 'AlertSummaryChangedLogEntry' | 'IncomingCallLogEntry' | 'LowPriorityCallLog' | 'MailboxCallLogEntry' | 'MailboxRecordReceivedLog' | 'MailboxTranscribedReceivedLog' | 'NobodyOnCallLogEntry' | 'NotificationLogEntry' | 'ParallelCallLogEntry' | 'PhoneNumberNotSetLogEntry' | 'PhoneNumberBlockedLogEntry' | 'QueueResultLogEntry' | 'StakeholderAddedBySystemLogEntry' | 'StakeholderAddedLogEntry' | 'StakeholderRemovedLogEntry' | 'StakeholderResubscribedLogEntry' | 'StakeholderUnsubscribedLogEntry' | 'UserResponseLogEntry' | 'InComIncidentCreatedLogEntry' | 'InComIncidentResolvedLogEntry' | 'InComServiceTransitionLogEntry' | 'InComLinkedLogEntry' | 'InComUnlinkedLogEntry' | 'AlertChannelAttachedByUserLogEntry' | 'AlertChannelDetachedByUserLogEntry' | 'AlertEscalatedToLevelLogEntry'> | null
  text?: string | null
  alertId?: number | null
  filterTypes?: LogFilterType[] | null
  vars?: Record<string, unknown> | null
}

export type LogFilterType = Open<'NOTIFICATIONS' | 'ALERT_SOURCE_EVENTS' | 'CALL_ROUTING_EVENTS' | 'ALERT_UPDATES' | 'CONNECTOR_EVENTS'>

export interface ManualAlert {
  summary: string
  details?: string | null
  alertSource: SimpleIdField64
  escalationPolicy?: SimpleIdField64 | null
  priority?: AlertPriority | null
  assignedTo?: { id?: number | null } | null
  images?: EventImage[] | null
  links?: EventLink[] | null
  responders?: ({ user?: UserRel | null })[] | null
}

export interface Notification {
  id: number
  method?: Open<'PUSH' | 'VOICE' | 'SMS' | 'EMAIL' | 'WHATSAPP'> | null
  target?: string | null
  subject?: string | null
  alertId?: number | null
  user?: { id?: number | null; firstname?: string | null; lastname?: string | null } | null
  notificationTime?: string | null
  status?: Open<'SCHEDULED' | 'SUCCESS' | 'ERROR'> | null
  errorMessage?: string | null
}

export interface SuggestedResponder {
  group?: Open<'SUGGESTED' | 'USER' | 'ESCALATION_POLICY' | 'ON_CALL_SCHEDULE'> | null
  id: number
  name?: string | null
  disabled?: boolean | null
}

export interface UIMenuItem {
  id?: number | null
  label?: string | null
}
