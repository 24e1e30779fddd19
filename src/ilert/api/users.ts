/* Made from ilert's OpenAPI document by `npm run document`; not to be changed by hand. */
import type { Open } from './notation.ts'
import type { TimeZone } from './shared.ts'

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

export type Role = Open<'STAKEHOLDER' | 'GUEST' | 'RESPONDER' | 'USER' | 'ADMIN'>

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
