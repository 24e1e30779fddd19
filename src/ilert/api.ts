/*
 * Made from ilert's OpenAPI document by `npm run document`; not to be changed by hand. Types alone, no code.
 *
 * `paths.ts` has what each path takes and gives, the other files the schemas, by what they are about. A field that need
 * not be there may also be `null`. Enums are open, since ilert adds words.
 */
export type * from './api/alert-actions.ts'
export type * from './api/alert-sources.ts'
export type * from './api/alerts.ts'
export type * from './api/connectors.ts'
export type * from './api/incidents.ts'
export type * from './api/metrics.ts'
export type * from './api/notification-preferences.ts'
export type * from './api/on-call.ts'
export type * from './api/paths.ts'
export type * from './api/services.ts'
export type * from './api/shared.ts'
export type * from './api/status-pages.ts'
export type * from './api/support-hours.ts'
export type * from './api/teams.ts'
export type * from './api/users.ts'

/** The edition of ilert's document. */
export type DocumentVersion = 'v2.2026.5-r.3'
