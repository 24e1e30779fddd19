/* Made from ilert's OpenAPI document by `npm run document`; not to be changed by hand. */
import type { Open } from './notation.ts'
import type { User } from './users.ts'

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
