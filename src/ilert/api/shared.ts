/* Made from ilert's OpenAPI document by `npm run document`; not to be changed by hand. */

export interface SimpleIdField64 {
  id: number
}

export type TimeZone = string
