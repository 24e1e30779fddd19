import { type Grant, UNREADABLE } from '../grant.ts'
import type { StoredTokens } from '../stores/store.ts'
import type { Sealing } from './seal.ts'

/** What the data of records without tokens begins with, so that operators can tell them from a grant's. */
const MARKS = { end: 'ended.', session: 'session.', grant: '' } as const

/**
 * A grant as a store keeps it: the version and the end are in the clear, since stores need them, and are sealed
 * together with the key that the record is under, so that none of them can be changed or exchanged unnoticed.
 */
export async function sealGrant(grant: Grant, key: string, sealer: Sealing): Promise<StoredTokens> {
  const { version, endsAt, account } = grant
  const head = markOf(grant) + String(Math.ceil(endsAt)) // a fraction would have a dot of its own
  const secret = JSON.stringify({ ...grant, version: undefined, endsAt: undefined })
  const data = `${head}.${await sealer.seal(secret, context(key, version, head))}`
  const [owner] = account === undefined ? [] : (sealer.labels?.(account) ?? [])
  return { version, data, ...(owner !== undefined && { owner }) }
}

/** The grant of a stored record. */
export async function openGrant(
  stored: StoredTokens,
  key: string,
  sealer: Sealing,
): Promise<Grant | typeof UNREADABLE> {
  const { version, data } = stored
  const [head, end] = headOf(data)
  if (head === undefined) return UNREADABLE
  const secret = await sealer.open(data.slice(head.length + 1), context(key, version, head))
  return secret === undefined ? UNREADABLE : { ...JSON.parse(secret), version, endsAt: Number(end) }
}

/** Whether the first key, which seals, opens a stored record that some key opens. */
export async function isCurrent({ version, data }: StoredTokens, key: string, sealer: Sealing): Promise<boolean> {
  const [head = ''] = headOf(data)
  return (await sealer.isCurrent?.(data.slice(head.length + 1), context(key, version, head))) ?? true
}

function headOf(data: string): readonly string[] {
  return /^(?:ended\.|session\.)?(\d{1,20})(?=\.)/.exec(data) ?? []
}

function markOf({ ended, tokens }: Grant): string {
  if (ended) return ended === true ? MARKS.grant : MARKS.end
  return tokens.accessToken === '' ? MARKS.session : MARKS.grant
}

function context(key: string, version: number, head: string): string {
  return JSON.stringify(['grant', key, version, head])
}
