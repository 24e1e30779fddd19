/* Made from ilert's OpenAPI document by `npm run document`; not to be changed by hand. */
import type { Open } from './notation.ts'
import type { ContactEmail, ContactPhoneNumber } from './users.ts'

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
