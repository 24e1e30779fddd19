/* Made from ilert's OpenAPI document by `npm run document`; not to be changed by hand. */
import type { AlertSource } from './alert-sources.ts'
import type { Open } from './notation.ts'
import type { ServiceStatus } from './services.ts'
import type { TeamRel } from './teams.ts'
import type { User } from './users.ts'

export interface AlertAction {
  id: string
  alertSources?: AlertSource[] | null
  connectorId?: string | null
  connectorType: AlertActionType
  name: string
  createdAt?: string | null
  updatedAt?: string | null
  triggerMode?: Open<'AUTOMATIC' | 'MANUAL'> | null
  readonly bidirectional?: boolean | null
  escalationEndedDelaySec?: number | null
  notResolvedDelaySec?: number | null
  triggerTypes?: Open<'alert-created' | 'alert-assigned' | 'alert-auto-escalated' | 'alert-acknowledged' | 'alert-raised' | 'alert-comment-added' | 'alert-escalation-ended' | 'alert-resolved' | 'alert-responder-added' | 'alert-responder-removed' | 'alert-channel-attached' | 'alert-channel-detached' | 'v-alert-not-resolved'>[] | null
  alertFilter?: { operator?: Open<'AND' | 'OR'> | null; predicates?: ({ field?: Open<'ALERT_SUMMARY' | 'ALERT_DETAILS' | 'ESCALATION_POLICY' | 'ALERT_PRIORITY'> | null; criteria?: Open<'CONTAINS_ANY_WORDS' | 'CONTAINS_NOT_WORDS' | 'CONTAINS_STRING' | 'CONTAINS_NOT_STRING' | 'IS_STRING' | 'IS_NOT_STRING' | 'MATCHES_REGEX' | 'MATCHES_NOT_REGEX'> | null; value?: string | null })[] | null } | null
  conditions?: string | null
  params?: CParamsDatadog | CParamsJira | CParamsMicrosoftTeams | CParamsMicrosoftTeamsWebhookOnly | CParamsServiceNow | CParamsAutotask | CParamsSlack | CParamsWebhook | CParamsZendesk | CParamsDiscord | CParamsGithub | CParamsTopdesk | CParamsAWSLambda | CParamsAzureFunction | CParamsGoogleFunction | CParamsEmail | CParamsSysdig | CParamsZapier | CParamsZoomChat | CParamsZoomMeeting | CParamsStatusPageIO | CParamsDingTalk | CParamsDingTalkAction | CParamsAutomationRule | CParamsTelegram | CParamsGoogleChat | CParamsGoogleChatWebhookOnly | null
  teams?: TeamRel[] | null
}

export interface AlertActionResult {
  id: string
  alertActionId?: string | null
  connectorId?: string | null
  alertId?: number | null
  success?: boolean | null
  actor?: User | null
}

export interface AlertActionTrigger {
  alertActionId?: string | null
  connectorId?: string | null
  type?: string | null
  name?: string | null
  iconUrl?: string | null
  history?: AlertActionResult[] | null
}

export type AlertActionType = Open<'autotask' | 'jira' | 'microsoft_teams_bot' | 'microsoft_teams_webhook' | 'servicenow' | 'slack' | 'slack_webhook' | 'webhook' | 'zendesk' | 'discord' | 'github' | 'topdesk' | 'email' | 'zapier' | 'zammad' | 'mattermost' | 'zoom_chat' | 'dingtalk' | 'aws_event_bridge' | 'dynamic' | 'zabbix' | 'automation_rule' | 'telegram' | 'google_chat_bot' | 'google_chat_webhook'>

export interface CParamsAWSLambda {
  webhookUrl?: string | null
  bodyTemplate?: string | null
}

export interface CParamsAutomationRule {
  alertType: Open<'CREATED' | 'ACCEPTED'>
  resolveIncident?: boolean | null
  serviceStatus: ServiceStatus
  templateId?: number | null
  sendNotification?: boolean | null
  serviceIds: number[]
}

export interface CParamsAutotask {
  companyId?: string | null
  queueId: string
  ticketCategory?: string | null
  ticketType?: string | null
  noteType?: string | null
  notePublish?: string | null
  status?: string | null
}

export interface CParamsAzureFunction {
  webhookUrl?: string | null
  bodyTemplate?: string | null
}

export interface CParamsDatadog {
  tags?: string[] | null
  priority?: string | null
  site?: string | null
}

export interface CParamsDingTalk {
  isAtAll?: boolean | null
  atMobiles?: string[] | null
}

export interface CParamsDingTalkAction {
  url?: string | null
  secret?: string | null
  isAtAll?: boolean | null
  atMobiles?: string[] | null
}

export type CParamsDiscord = Record<string, unknown>

export interface CParamsEmail {
  recipients?: string[] | null
  subject?: string | null
  bodyTemplate?: string | null
}

export interface CParamsGithub {
  owner?: string | null
  repository?: string | null
  labels?: string[] | null
}

export interface CParamsGoogleChat {
  channelId: string
  channelName?: string | null
}

export type CParamsGoogleChatWebhookOnly = Record<string, unknown>

export interface CParamsGoogleFunction {
  webhookUrl?: string | null
  bodyTemplate?: string | null
}

export interface CParamsJira {
  project?: string | null
  issueType?: string | null
  bodyTemplate?: string | null
}

export interface CParamsMicrosoftTeams {
  channelId: string
  channelName?: string | null
  teamId: string
  teamName?: string | null
  type?: Open<'chat' | 'meeting'> | null
}

export type CParamsMicrosoftTeamsWebhookOnly = Record<string, unknown>

export interface CParamsServiceNow {
  callerId?: string | null
  impact?: string | null
  urgency?: string | null
  closeCode?: string | null
  assignmentGroup?: string | null
  ownerGroup?: string | null
  service?: string | null
  serviceOffering?: string | null
  contactType?: string | null
}

export interface CParamsSlack {
  channelId: string
  channelName?: string | null
  teamDomain?: string | null
  teamId?: string | null
}

export interface CParamsStatusPageIO {
  pageId?: string | null
}

export interface CParamsSysdig {
  tags?: string[] | null
  eventFilter?: string | null
}

export interface CParamsTelegram {
  channelId: string
}

export interface CParamsTopdesk {
  status?: string | null
}

export interface CParamsWebhook {
  webhookUrl: string
  bodyTemplate?: string | null
  headers?: ({ key: string; value: string })[] | null
}

export interface CParamsZapier {
  webhookUrl?: string | null
}

export interface CParamsZendesk {
  priority?: string | null
}

export interface CParamsZoomChat {
  channelId?: string | null
}

export interface CParamsZoomMeeting {
  password?: string | null
}
