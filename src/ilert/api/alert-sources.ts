/* Made from ilert's OpenAPI document by `npm run document`; not to be changed by hand. */
import type { Open } from './notation.ts'
import type { EscalationPolicy } from './on-call.ts'
import type { Service } from './services.ts'
import type { SimpleIdField64 } from './shared.ts'
import type { SupportHour } from './support-hours.ts'
import type { TeamRel } from './teams.ts'

export type AlertPriorityRule = Open<'HIGH' | 'LOW' | 'HIGH_DURING_SUPPORT_HOURS' | 'LOW_DURING_SUPPORT_HOURS'>

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

export type IntegrationType = Open<'NAGIOS' | 'ICINGA' | 'EMAIL2' | 'SMS' | 'API' | 'HEARTBEAT2' | 'PRTG' | 'PINGDOM' | 'CLOUDWATCH' | 'AWSPHD' | 'STACKDRIVER' | 'INSTANA' | 'ZABBIX' | 'SOLARWINDS' | 'PROMETHEUS' | 'NEWRELIC' | 'GRAFANA' | 'GITHUB' | 'DATADOG' | 'UPTIMEROBOT' | 'APPDYNAMICS' | 'DYNATRACE' | 'TOPDESK' | 'STATUSCAKE' | 'MONITOR' | 'TOOL' | 'CHECKMK' | 'AUTOTASK' | 'AWSBUDGET' | 'SYSDIG' | 'SERVERDENSITY' | 'ZAPIER' | 'KENTIXAM' | 'JIRA' | 'CONSUL' | 'ZAMMAD' | 'SPLUNK' | 'SERVICENOW' | 'SEARCHGUARD' | 'KUBERNETES' | 'SIGNALFX' | 'AZUREALERTS' | 'TERRAFORMCLOUD' | 'SENTRY' | 'SEMATEXT' | 'SUMOLOGIC' | 'RAYGUN' | 'MXTOOLBOX' | 'ESWATCHER' | 'AMAZONSNS' | 'KAPACITOR' | 'CORTEXXSOAR' | 'ZENDESK' | 'AUVIK' | 'SENSU' | 'NCENTRAL' | 'JUMPCLOUD' | 'SALESFORCE' | 'GUARDDUTY' | 'STATUSHUB' | 'IXON' | 'APIFORTRESS' | 'FRESHSERVICE' | 'APPSIGNAL' | 'LIGHTSTEP' | 'IBMCLOUDFUNCTIONS' | 'CROWDSTRIKE' | 'HUMIO' | 'OHDEAR' | 'MONGODBATLAS' | 'GITLAB' | 'HYPERPING' | 'PAPRISMACLOUD' | 'SAMSARA' | 'PANDORAFMS' | 'MSSCOM' | 'TWILIO' | 'CISCOMERAKI' | 'CHECKLY' | 'POSTHOG' | 'GOOGLESCC' | 'SLACK' | 'MSTEAMS' | 'UPTIMEKUMA' | 'TWILIOERRORS' | 'PARTICLE' | 'CLOUDFLARE' | 'TULIP' | 'GRAYLOG' | 'CATCHPOINT' | 'LOKI' | 'CORTEX' | 'MIMIR' | 'HALOPSA' | 'INFLUXDB' | 'CALLFLOW' | 'HALOITSM' | 'KIBANA' | 'VICTORIAMETRICS' | 'HONEYCOMB' | 'FOURME' | 'KEEP' | 'UBIDOTS' | 'HETRIXTOOLS' | 'POSTMAN' | 'CLUSTERCONTROL' | 'NETDATA' | 'AWX' | 'KAFKA' | 'MQTT' | 'RAPIDSPIKE' | 'HONEYBADGER' | 'HEALTHCHECKSIO' | 'MEZMO' | 'SERVERGUARD24' | 'CISCOTHOUSANDEYES' | 'SITE24X7' | 'ITCONDUCTOR' | 'SAPFRUN' | 'APICA' | 'DASH0' | 'ROLLBAR' | 'GATUS' | 'LIBRENMS' | 'PANTHER' | 'TEAMCITY' | 'ALIBABACLOUD' | 'FLEETDM' | 'CONNECTWISEPSA' | 'DEADMANSSNITCH' | 'FORTISOAR' | 'OPMANAGER' | 'CRONITOR' | 'DOMOTZ' | 'LIVEWATCH' | 'AZUREDEVOPS' | 'LEVELIO' | 'EKARA' | 'SYSAID' | 'PHAREIO' | 'OPSGENIE' | 'WHATAP' | 'SIGNOZ' | 'GOOGLECHAT' | 'DOTCOMMONITOR' | 'UPTIME' | 'HELPSCOUT' | 'SCIENCELOGIC' | 'PULSETIC' | 'WAZUH' | 'SEKOIA'>
