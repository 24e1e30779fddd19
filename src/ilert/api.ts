/*
 * Made from ilert's OpenAPI document by `npm run document`; not to be changed by hand. Types alone, no code.
 *
 * A field that need not be there may also be `null`. Enums are open, since ilert adds words.
 */

/** Known words complete in an editor, others are taken as they are. */
type Open<Word extends string> = Word | (string & {})

/** What is sent: without an id, since ilert gives it one, or with the id that it has. */
type Draft<T extends { id: unknown }> = Omit<T, 'id'> & { id?: T['id'] }

/** One name may stand in a query several times. */
type OneOrMore<T> = T | readonly T[]

/** The edition of ilert's document. */
export type DocumentVersion = 'v2.2026.5-r.3'

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

export type AlertPriority = Open<'HIGH' | 'LOW'>

export type AlertPriorityRule = Open<'HIGH' | 'LOW' | 'HIGH_DURING_SUPPORT_HOURS' | 'LOW_DURING_SUPPORT_HOURS'>

export interface AlertResponder {
  user?: UserRel | null
  status?: Open<'PENDING' | 'ACCEPTED'> | null
  acceptedAt?: string | null
}

export interface AlertSource {
  id: number
  teams?: TeamRel[] | null
  name: string
  iconUrl?: string | null
  lightIconUrl?: string | null
  darkIconUrl?: string | null
  escalationPolicy: EscalationPolicy
  integrationType: IntegrationType
  integrationKey?: string | null
  readonly integrationUrl?: string | null
  autoResolutionTimeout?: string | null
  alertGroupingWindow?: string | null
  alertCreation?: Open<'ONE_ALERT_PER_EMAIL' | 'ONE_ALERT_PER_EMAIL_SUBJECT' | 'ONE_PENDING_ALERT_ALLOWED' | 'ONE_OPEN_ALERT_ALLOWED' | 'OPEN_RESOLVE_ON_EXTRACTION' | 'ONE_ALERT_GROUPED_PER_WINDOW' | 'INTELLIGENT_GROUPING'> | null
  readonly status?: Open<'PENDING' | 'ALL_ACCEPTED' | 'ALL_RESOLVED' | 'IN_MAINTENANCE' | 'DISABLED'> | null
  active?: boolean | null
  alertPriorityRule?: AlertPriorityRule | null
  supportHours?: SupportHour | null
  readonly bidirectional?: boolean | null
  summaryTemplate?: AlertSourceTemplate | null
  detailsTemplate?: AlertSourceTemplate | null
  routingTemplate?: AlertSourceTemplate | null
  linkTemplates?: AlertSourceLinkTemplate[] | null
  priorityTemplate?: AlertSourcePriorityTemplate | null
  severityTemplate?: AlertSourceSeverityTemplate | null
  eventFilter?: string | null
  alertKeyTemplate?: AlertSourceTemplate | null
  servicesTemplate?: AlertSourceTemplate[] | null
  eventTypeFilterCreate?: string | null
  eventTypeFilterAccept?: string | null
  eventTypeFilterResolve?: string | null
  autoRaiseAlerts?: boolean | null
  scoreThreshold?: number | null
  severity?: number | null
  services?: Service[] | null
  setupStatus?: Open<'CREATED' | 'CREATED_ADVANCED' | 'CREATED_BIDIRECTIONAL' | 'FINISHED'> | null
  autoCreateServices?: boolean | null
  readonly createdAt?: string | null
  readonly updatedAt?: string | null
}

export interface AlertSourceLinkTemplate {
  text: string
  hrefTemplate: AlertSourceTemplate
}

export interface AlertSourceNoIncludes {
  id: number
  teams?: TeamRel[] | null
  name: string
  iconUrl?: string | null
  lightIconUrl?: string | null
  darkIconUrl?: string | null
  escalationPolicy: EscalationPolicy
  integrationType: IntegrationType
  integrationKey?: string | null
  readonly integrationUrl?: string | null
  autoResolutionTimeout?: string | null
  alertGroupingWindow?: string | null
  alertCreation?: Open<'ONE_ALERT_PER_EMAIL' | 'ONE_ALERT_PER_EMAIL_SUBJECT' | 'ONE_PENDING_ALERT_ALLOWED' | 'ONE_OPEN_ALERT_ALLOWED' | 'OPEN_RESOLVE_ON_EXTRACTION' | 'ONE_ALERT_GROUPED_PER_WINDOW' | 'INTELLIGENT_GROUPING'> | null
  readonly status?: Open<'PENDING' | 'ALL_ACCEPTED' | 'ALL_RESOLVED' | 'IN_MAINTENANCE' | 'DISABLED'> | null
  active?: boolean | null
  alertPriorityRule?: AlertPriorityRule | null
  supportHours?: SupportHour | null
  readonly bidirectional?: boolean | null
  autoRaiseAlerts?: boolean | null
  scoreThreshold?: number | null
  severity?: number | null
  services?: Service[] | null
  readonly createdAt?: string | null
  readonly updatedAt?: string | null
}

export interface AlertSourcePriorityTemplate {
  valueTemplate: AlertSourceTemplate
  mappings: AlertSourcePriorityTemplateMapping[]
}

export interface AlertSourcePriorityTemplateMapping {
  value: string
  priority: Open<'LOW' | 'HIGH'>
}

export interface AlertSourceRel {
  id?: number | null
  teams?: TeamRel[] | null
  name: string
  iconUrl?: string | null
  lightIconUrl?: string | null
  darkIconUrl?: string | null
  escalationPolicy: EscalationPolicy
  integrationType: IntegrationType
  integrationKey?: string | null
  readonly integrationUrl?: string | null
  autoResolutionTimeout?: string | null
  alertGroupingWindow?: string | null
  alertCreation?: Open<'ONE_ALERT_PER_EMAIL' | 'ONE_ALERT_PER_EMAIL_SUBJECT' | 'ONE_PENDING_ALERT_ALLOWED' | 'ONE_OPEN_ALERT_ALLOWED' | 'OPEN_RESOLVE_ON_EXTRACTION' | 'ONE_ALERT_GROUPED_PER_WINDOW' | 'INTELLIGENT_GROUPING'> | null
  readonly status?: Open<'PENDING' | 'ALL_ACCEPTED' | 'ALL_RESOLVED' | 'IN_MAINTENANCE' | 'DISABLED'> | null
  active?: boolean | null
  alertPriorityRule?: AlertPriorityRule | null
  supportHours?: SimpleIdField64 | null
  readonly bidirectional?: boolean | null
  summaryTemplate?: AlertSourceTemplate | null
  detailsTemplate?: AlertSourceTemplate | null
  routingTemplate?: AlertSourceTemplate | null
  linkTemplates?: AlertSourceLinkTemplate[] | null
  priorityTemplate?: AlertSourcePriorityTemplate | null
  severityTemplate?: AlertSourceSeverityTemplate | null
  eventFilter?: string | null
  alertKeyTemplate?: AlertSourceTemplate | null
  servicesTemplate?: AlertSourceTemplate[] | null
  eventTypeFilterCreate?: string | null
  eventTypeFilterAccept?: string | null
  eventTypeFilterResolve?: string | null
  autoRaiseAlerts?: boolean | null
  scoreThreshold?: number | null
  severity?: number | null
  services?: Service[] | null
  setupStatus?: Open<'CREATED' | 'CREATED_ADVANCED' | 'CREATED_BIDIRECTIONAL' | 'FINISHED'> | null
  autoCreateServices?: boolean | null
  readonly createdAt?: string | null
  readonly updatedAt?: string | null
}

export interface AlertSourceSeverityTemplate {
  valueTemplate: AlertSourceTemplate
  mappings: AlertSourceSeverityTemplateMapping[]
}

export interface AlertSourceSeverityTemplateMapping {
  value: string
  severity: number
}

export interface AlertSourceTemplate {
  textTemplate?: string | null
  elements?: AlertSourceTemplateElement[] | null
}

export interface AlertSourceTemplateElement {
  type?: Open<'TEXT' | 'VAR' | 'RAW'> | null
  val?: string | null
  func?: string | null
  args?: AlertSourceTemplateElementArg[] | null
}

export interface AlertSourceTemplateElementArg {
  S?: string | null
  N?: number | null
}

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

export interface Connector {
  id: string
  type: ConnectorType
  name: string
  createdAt?: string | null
  updatedAt?: string | null
  params?: EParamsDatadog | EParamsJira | EParamsMicrosoftTeams | EParamsServiceNow | EParamsSlack | EParamsZendesk | EParamsDiscord | EParamsGithub | EParamsTopdesk | EParamsAWSLambda | EParamsAzureFunction | EParamsGoogleFunction | EParamsSysdig | EParamsStatusPageIO | EParamsDingTalk | EParamsZabbix | null
}

export type ConnectorType = Open<'jira' | 'microsoft_teams_bot' | 'servicenow' | 'slack' | 'zendesk' | 'discord' | 'github' | 'topdesk' | 'zammad' | 'mattermost' | 'zoom_chat' | 'dingtalk' | 'dynamic' | 'zabbix' | 'autotask' | 'google_chat_bot'>

export interface ContactEmail {
  id: number
  target?: string | null
  status?: ContactStatus | null
}

export interface ContactEmailPost {
  target?: string | null
}

export interface ContactPhoneNumber {
  id: number
  regionCode?: string | null
  target?: string | null
  primary?: boolean | null
  status?: ContactStatus | null
}

export interface ContactPhoneNumberPost {
  regionCode?: string | null
  target?: string | null
  primary?: boolean | null
}

export type ContactStatus = Open<'OK' | 'LOCKED' | 'BLACKLISTED'>

export interface CountResponse {
  count?: number | null
}

export interface EParamsAWSLambda {
  authorization?: string | null
}

export interface EParamsAzureFunction {
  authorization?: string | null
}

export interface EParamsDatadog {
  apiKey?: string | null
}

export interface EParamsDingTalk {
  url?: string | null
  secret?: string | null
}

export interface EParamsDiscord {
  url?: string | null
}

export interface EParamsGithub {
  apiKey?: string | null
}

export interface EParamsGoogleFunction {
  authorization?: string | null
}

export interface EParamsJira {
  url?: string | null
  email?: string | null
  password?: string | null
}

export interface EParamsMicrosoftTeams {
  url?: string | null
}

export interface EParamsServiceNow {
  url?: string | null
  username?: string | null
  password?: string | null
}

export type EParamsSlack = Record<string, unknown>

export interface EParamsStatusPageIO {
  apiKey?: string | null
}

export interface EParamsSysdig {
  apiKey?: string | null
}

export interface EParamsTopdesk {
  url?: string | null
  username?: string | null
  password?: string | null
}

export interface EParamsZabbix {
  url?: string | null
  apiKey?: string | null
}

export interface EParamsZendesk {
  url?: string | null
  email?: string | null
  apiKey?: string | null
}

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

export interface EventImage {
  src?: string | null
  href?: string | null
  alt?: string | null
}

export interface EventLink {
  href?: string | null
  text?: string | null
}

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

export type IntegrationType = Open<'NAGIOS' | 'ICINGA' | 'EMAIL2' | 'SMS' | 'API' | 'HEARTBEAT2' | 'PRTG' | 'PINGDOM' | 'CLOUDWATCH' | 'AWSPHD' | 'STACKDRIVER' | 'INSTANA' | 'ZABBIX' | 'SOLARWINDS' | 'PROMETHEUS' | 'NEWRELIC' | 'GRAFANA' | 'GITHUB' | 'DATADOG' | 'UPTIMEROBOT' | 'APPDYNAMICS' | 'DYNATRACE' | 'TOPDESK' | 'STATUSCAKE' | 'MONITOR' | 'TOOL' | 'CHECKMK' | 'AUTOTASK' | 'AWSBUDGET' | 'SYSDIG' | 'SERVERDENSITY' | 'ZAPIER' | 'KENTIXAM' | 'JIRA' | 'CONSUL' | 'ZAMMAD' | 'SPLUNK' | 'SERVICENOW' | 'SEARCHGUARD' | 'KUBERNETES' | 'SIGNALFX' | 'AZUREALERTS' | 'TERRAFORMCLOUD' | 'SENTRY' | 'SEMATEXT' | 'SUMOLOGIC' | 'RAYGUN' | 'MXTOOLBOX' | 'ESWATCHER' | 'AMAZONSNS' | 'KAPACITOR' | 'CORTEXXSOAR' | 'ZENDESK' | 'AUVIK' | 'SENSU' | 'NCENTRAL' | 'JUMPCLOUD' | 'SALESFORCE' | 'GUARDDUTY' | 'STATUSHUB' | 'IXON' | 'APIFORTRESS' | 'FRESHSERVICE' | 'APPSIGNAL' | 'LIGHTSTEP' | 'IBMCLOUDFUNCTIONS' | 'CROWDSTRIKE' | 'HUMIO' | 'OHDEAR' | 'MONGODBATLAS' | 'GITLAB' | 'HYPERPING' | 'PAPRISMACLOUD' | 'SAMSARA' | 'PANDORAFMS' | 'MSSCOM' | 'TWILIO' | 'CISCOMERAKI' | 'CHECKLY' | 'POSTHOG' | 'GOOGLESCC' | 'SLACK' | 'MSTEAMS' | 'UPTIMEKUMA' | 'TWILIOERRORS' | 'PARTICLE' | 'CLOUDFLARE' | 'TULIP' | 'GRAYLOG' | 'CATCHPOINT' | 'LOKI' | 'CORTEX' | 'MIMIR' | 'HALOPSA' | 'INFLUXDB' | 'CALLFLOW' | 'HALOITSM' | 'KIBANA' | 'VICTORIAMETRICS' | 'HONEYCOMB' | 'FOURME' | 'KEEP' | 'UBIDOTS' | 'HETRIXTOOLS' | 'POSTMAN' | 'CLUSTERCONTROL' | 'NETDATA' | 'AWX' | 'KAFKA' | 'MQTT' | 'RAPIDSPIKE' | 'HONEYBADGER' | 'HEALTHCHECKSIO' | 'MEZMO' | 'SERVERGUARD24' | 'CISCOTHOUSANDEYES' | 'SITE24X7' | 'ITCONDUCTOR' | 'SAPFRUN' | 'APICA' | 'DASH0' | 'ROLLBAR' | 'GATUS' | 'LIBRENMS' | 'PANTHER' | 'TEAMCITY' | 'ALIBABACLOUD' | 'FLEETDM' | 'CONNECTWISEPSA' | 'DEADMANSSNITCH' | 'FORTISOAR' | 'OPMANAGER' | 'CRONITOR' | 'DOMOTZ' | 'LIVEWATCH' | 'AZUREDEVOPS' | 'LEVELIO' | 'EKARA' | 'SYSAID' | 'PHAREIO' | 'OPSGENIE' | 'WHATAP' | 'SIGNOZ' | 'GOOGLECHAT' | 'DOTCOMMONITOR' | 'UPTIME' | 'HELPSCOUT' | 'SCIENCELOGIC' | 'PULSETIC' | 'WAZUH' | 'SEKOIA'>

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

export interface MDataDogMetadata {
  query: string
}

export interface MParamsDatadog {
  region: string
  apiKey: string
  applicationKey: string
}

export interface MParamsPrometheus {
  url: string
  authType: Open<'NONE' | 'BASIC' | 'HEADER'>
  basicUser?: string | null
  basicPass?: string | null
  headerKey?: string | null
  headerValue?: string | null
}

export interface MPrometheusMetadata {
  query: string
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

export interface Metric {
  id: number
  name?: string | null
  description?: string | null
  aggregationType?: MetricAggregationType | null
  displayType?: MetricDisplayType | null
  interpolateGaps?: boolean | null
  lockYAxisMax?: number | null
  lockYAxisMin?: number | null
  mouseOverDecimal?: number | null
  showValuesOnMouseOver?: boolean | null
  teams?: TeamRel[] | null
  unitLabel?: string | null
  integrationKey?: string | null
  metadata?: MetricMetadata | null
  dataSource?: MetricDataSource | null
}

export type MetricAggregationType = Open<'AVG' | 'SUM' | 'MIN' | 'MAX' | 'LAST'>

export interface MetricDataSource {
  id: number
  name?: string | null
  type?: MetricDataSourceType | null
  teams?: TeamRel[] | null
  metadata?: MetricDataSourceMetadata | null
}

export type MetricDataSourceMetadata = MParamsDatadog | MParamsPrometheus

export interface MetricDataSourceNoIncludes {
  id?: number | null
  name?: string | null
  type?: MetricDataSourceType | null
  teams?: TeamRel[] | null
}

export interface MetricDataSourcePost {
  name: string
  type: MetricDataSourceType
  teams?: TeamRel[] | null
  metadata: MetricDataSourceMetadata
}

export type MetricDataSourceType = Open<'DATADOG' | 'PROMETHEUS'>

export type MetricDisplayType = Open<'GRAPH' | 'SINGLE'>

export interface MetricList {
  id: number
  name?: string | null
  description?: string | null
  aggregationType?: MetricAggregationType | null
  displayType?: MetricDisplayType | null
  interpolateGaps?: boolean | null
  lockYAxisMax?: number | null
  lockYAxisMin?: number | null
  mouseOverDecimal?: number | null
  showValuesOnMouseOver?: boolean | null
  teams?: TeamRel[] | null
  unitLabel?: string | null
  integrationKey?: string | null
  dataSource?: MetricDataSourceNoIncludes | null
}

export type MetricMetadata = MDataDogMetadata | MPrometheusMetadata

export interface MetricNoIncludes {
  id?: number | null
  name?: string | null
  description?: string | null
  aggregationType?: MetricAggregationType | null
  displayType?: MetricDisplayType | null
  interpolateGaps?: boolean | null
  lockYAxisMax?: number | null
  lockYAxisMin?: number | null
  mouseOverDecimal?: number | null
  showValuesOnMouseOver?: boolean | null
  unitLabel?: string | null
  teams?: TeamRel[] | null
}

export interface MetricPost {
  name: string
  description?: string | null
  aggregationType: MetricAggregationType
  displayType: MetricDisplayType
  interpolateGaps?: boolean | null
  lockYAxisMax?: number | null
  lockYAxisMin?: number | null
  mouseOverDecimal?: number | null
  showValuesOnMouseOver?: boolean | null
  teams?: TeamRel[] | null
  unitLabel?: string | null
  metadata?: MetricMetadata | null
  dataSource?: { id?: number | null } | null
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

export type NotificationPreferenceAlertMethod = Open<'EMAIL' | 'SMS' | 'PUSH' | 'VOICE' | 'WHATSAPP' | 'TELEGRAM'>

export type NotificationPreferenceAlertType = Open<'LOW_PRIORITY' | 'HIGH_PRIORITY'>

export type NotificationPreferenceDutyMethod = Open<'EMAIL' | 'SMS' | 'PUSH' | 'WHATSAPP' | 'TELEGRAM'>

export type NotificationPreferenceSubscriptionMethod = Open<'EMAIL' | 'SMS' | 'PUSH'>

export type NotificationPreferenceUpdateMethod = Open<'EMAIL' | 'SMS' | 'PUSH' | 'WHATSAPP' | 'TELEGRAM'>

export interface NotificationPreferencesAlert {
  id: number
  method?: NotificationPreferenceAlertMethod | null
  contact?: ContactPhoneNumber | ContactEmail | null
  delayMin?: NotificationPreferencesAlertDelayMin | null
  type?: NotificationPreferenceAlertType | null
}

export type NotificationPreferencesAlertDelayMin = number

export interface NotificationPreferencesAlertPost {
  method?: NotificationPreferenceAlertMethod | null
  contact?: ContactPhoneNumber | ContactEmail | null
  delayMin?: NotificationPreferencesAlertDelayMin | null
  type?: NotificationPreferenceAlertType | null
}

export interface NotificationPreferencesDuty {
  id: number
  beforeMin?: NotificationPreferencesDutyBeforeMin | null
  contact?: ContactPhoneNumber | ContactEmail | null
  method?: NotificationPreferenceDutyMethod | null
  type?: NotificationPreferencesDutyTypes | null
}

export type NotificationPreferencesDutyBeforeMin = 0 | 15 | 30 | 60 | 180 | 360 | 720 | 1440

export interface NotificationPreferencesDutyPost {
  beforeMin?: NotificationPreferencesDutyBeforeMin | null
  contact?: ContactPhoneNumber | ContactEmail | null
  method?: NotificationPreferenceDutyMethod | null
  type?: NotificationPreferencesDutyTypes | null
}

export type NotificationPreferencesDutyTypes = Open<'ON_CALL'>

export interface NotificationPreferencesSubscription {
  id: number
  contact?: ContactPhoneNumber | ContactEmail | null
  method?: NotificationPreferenceSubscriptionMethod | null
}

export interface NotificationPreferencesSubscriptionPost {
  contact?: ContactPhoneNumber | ContactEmail | null
  method?: NotificationPreferenceSubscriptionMethod | null
}

export interface NotificationPreferencesUpdate {
  id: number
  contact?: ContactPhoneNumber | ContactEmail | null
  method?: NotificationPreferenceUpdateMethod | null
  type?: NotificationPreferencesUpdateType | null
}

export interface NotificationPreferencesUpdatePost {
  contact?: ContactPhoneNumber | ContactEmail | null
  method?: NotificationPreferenceUpdateMethod | null
  type?: NotificationPreferencesUpdateType | null
}

export type NotificationPreferencesUpdateType = Open<'ALERT_ACCEPTED' | 'ALERT_RESOLVED' | 'ALERT_ESCALATED'>

export interface OnCall {
  user?: User | null
  escalationPolicy?: EscalationPolicy | null
  schedule?: ScheduleRel | null
  start?: string | null
  end?: string | null
  escalationLevel?: number | null
}

export type Role = Open<'STAKEHOLDER' | 'GUEST' | 'RESPONDER' | 'USER' | 'ADMIN'>

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

export interface SimpleIdField64 {
  id: number
}

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

export interface SuggestedResponder {
  group?: Open<'SUGGESTED' | 'USER' | 'ESCALATION_POLICY' | 'ON_CALL_SCHEDULE'> | null
  id: number
  name?: string | null
  disabled?: boolean | null
}

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

export interface Team {
  id: number
  name?: string | null
  visibility?: TeamVisibilityType | null
  members?: TeamMember[] | null
  createdAt?: string | null
  updatedAt?: string | null
}

export interface TeamMember {
  user?: User | null
  role?: TeamRole | null
}

export interface TeamRel {
  id?: number | null
  name?: string | null
}

export type TeamRole = Open<'STAKEHOLDER' | 'RESPONDER' | 'USER' | 'ADMIN'>

export interface TeamUserOption {
  id: number
  name?: string | null
  type?: Open<'USER' | 'TEAM'> | null
}

export type TeamVisibilityType = Open<'PUBLIC' | 'PRIVATE'>

export interface TimeOfWeek {
  dayOfWeek: Open<'MONDAY' | 'TUESDAY' | 'WEDNESDAY' | 'THURSDAY' | 'FRIDAY' | 'SATURDAY' | 'SUNDAY'>
  time: string
}

export type TimeZone = string

export interface UIMenuItem {
  id?: number | null
  label?: string | null
}

export interface User {
  id: number
  firstName: string
  lastName: string
  email: string
  timezone?: TimeZone | null
  position?: string | null
  department?: string | null
  readonly avatarUrl?: string | null
  language?: Open<'de' | 'en'> | null
  region?: Open<'DE' | 'GB' | 'CH' | 'CN' | 'IN' | 'US' | 'FR' | 'ES' | 'CA' | 'IE'> | null
  role?: Role | null
  shiftColor?: string | null
  mutedUntil?: string | null
  createdAt?: string | null
  updatedAt?: string | null
}

export interface UserPost {
  firstName: string
  lastName: string
  email: string
  timezone?: TimeZone | null
  position?: string | null
  department?: string | null
  readonly avatarUrl?: string | null
  language?: Open<'de' | 'en'> | null
  region?: Open<'DE' | 'GB' | 'CH' | 'CN' | 'IN' | 'US' | 'FR' | 'ES' | 'CA' | 'IE'> | null
  role?: Role | null
  shiftColor?: string | null
}

export interface UserRel {
  id: number
  firstName?: string | null
  lastName?: string | null
}

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
