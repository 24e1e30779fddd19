import type { SandboxUser } from '../users.ts'
import { Account } from './account.ts'
import { bluepeak } from './bluepeak.ts'
import { brief, type Entry } from './collection.ts'
import { nordwind } from './nordwind.ts'

/** What an account has when a sandbox begins. */
export interface Seed {
  readonly firstID: number
  /**
   * Entries by their path below `/api/`, in the API's own form but for two kinds of text: `@teams/Platform` stands for
   * an entry above, by its name (a user by the username), and `now-90m` for a time, 90 minutes before the beginning.
   */
  readonly entries: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>
}

const SEEDS: ReadonlyMap<string, Seed> = new Map([
  ['nordwind', nordwind],
  ['bluepeak', bluepeak],
])

const USERS = '/api/users'

/** The account of this name as it is at `now`, with `users`, who can sign in, and with colleagues, who cannot. */
export function seedAccount(tenant: string, users: readonly SandboxUser[], now: number): Account {
  const { firstID, entries } = SEEDS.get(tenant) ?? { firstID: 1, entries: {} }
  const account = new Account(firstID)
  for (const { tenant: home, ...user } of users) if (home === tenant) account.collection(USERS).put(user, undefined)
  for (const [name, list] of Object.entries(entries)) {
    for (const entry of list) {
      account.collection(`/api/${name}`).put({ id: account.nextID(), ...link(entry, account, now) }, undefined)
    }
  }
  for (const user of account.collection(USERS).list(undefined)) reachable(user, account)
  return account
}

/** Gives a user contacts, and rules for using them: a push at once, and a call five minutes later. */
function reachable(user: Entry, account: Account): void {
  const contacts = [
    { method: 'EMAIL', target: user.email, status: 'OK' },
    { method: 'VOICE', target: `+49 30 901820 ${user.id % 1000}`, regionCode: 'DE', status: 'OK' },
  ]
  for (const contact of contacts) {
    account.collection(`${USERS}/{id}/contacts`).put({ id: account.nextID(), ...contact }, user.id)
  }
  const preferences = [
    { type: 'HIGH_PRIORITY', method: 'PUSH', delayMin: 0 },
    { type: 'HIGH_PRIORITY', method: 'VOICE', delayMin: 5 },
    { type: 'LOW_PRIORITY', method: 'EMAIL', delayMin: 0 },
  ]
  for (const preference of preferences) {
    account.collection(`${USERS}/{id}/notification-preferences`).put({ id: account.nextID(), ...preference }, user.id)
  }
}

/** A copy with references and times filled in. */
function link<Value>(value: Value, account: Account, now: number): Value
function link(value: unknown, account: Account, now: number): unknown {
  if (Array.isArray(value)) return value.map((item) => link(item, account, now))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, link(item, account, now)]))
  }
  if (typeof value !== 'string') return value
  if (value.startsWith('@')) return reference(value, account)
  const minutes = /^now([+-]\d+)m$/.exec(value)?.[1]
  return minutes === undefined ? value : new Date(now + Number(minutes) * 60_000).toISOString()
}

function reference(text: string, account: Account): Readonly<Record<string, unknown>> {
  const [, name = '', key = ''] = /^@([^/]+)\/(.+)$/.exec(text) ?? []
  const entry = account
    .collection(`/api/${name}`)
    .list(undefined)
    .find((one) => (one.username ?? one.name) === key)
  if (!entry) throw new Error(`seed: there is no ${text}.`)
  return brief(entry)
}
