/* Made from ilert's OpenAPI document by `npm run document`; not to be changed by hand. */
import type { Open } from './notation.ts'

export interface Connector {
  id: string
  type: ConnectorType
  name: string
  createdAt?: string | null
  updatedAt?: string | null
  params?: EParamsDatadog | EParamsJira | EParamsMicrosoftTeams | EParamsServiceNow | EParamsSlack | EParamsZendesk | EParamsDiscord | EParamsGithub | EParamsTopdesk | EParamsAWSLambda | EParamsAzureFunction | EParamsGoogleFunction | EParamsSysdig | EParamsStatusPageIO | EParamsDingTalk | EParamsZabbix | null
}

export type ConnectorType = Open<'jira' | 'microsoft_teams_bot' | 'servicenow' | 'slack' | 'zendesk' | 'discord' | 'github' | 'topdesk' | 'zammad' | 'mattermost' | 'zoom_chat' | 'dingtalk' | 'dynamic' | 'zabbix' | 'autotask' | 'google_chat_bot'>

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
