import { log, nameOf, notify, refer } from '../api/alert-life.ts'
import { timeOf } from '../api/check.ts'
import { kindOf } from '../api/collections.ts'
import { listOf } from '../api/filters.ts'
import type { SandboxUser } from '../users.ts'
import { Account } from './account.ts'
import { bluepeak } from './bluepeak.ts'
import type { Entry } from './collection.ts'
import { nordwind } from './nordwind.ts'

type Fields = Readonly<Record<string, unknown>>

/** What an account has when a sandbox begins. */
export interface Seed {
  readonly firstID: number
  /**
   * Entries by their path below `/api/`, in the API's own form but for three kinds of text: `@teams/Platform` stands for
   * an entry above, by its name (a user by the username), `#teams/Platform` for its id alone, and `now-90m` for a time,
   * 90 minutes before the beginning. Parts of something name it as their `parent`.
   */
  readonly entries: Readonly<Record<string, readonly Fields[]>>
  /** Who is told of an entry: its path and name, and the subscriber's. */
  readonly subscribers: readonly (readonly [to: string, subscriber: string])[]
}

const SEEDS: ReadonlyMap<string, Seed> = new Map([
  ['nordwind', nordwind],
  ['bluepeak', bluepeak],
])

/** The account of this name as it is at `now`, with `users`, who can sign in, and with colleagues, who cannot. */
export function seedAccount(tenant: string, users: readonly SandboxUser[], now: number): Account {
  const { firstID, entries, subscribers } = SEEDS.get(tenant) ?? { firstID: 1, entries: {}, subscribers: [] }
  const account = new Account(tenant, firstID)
  const own = users.filter((user) => user.tenant === tenant)
  const [user] = own
  if (!user) return account
  for (const one of own) enrol(one, account, now)
  for (const [name, list] of Object.entries(entries)) {
    for (const fields of list) plant(name, link(fields, account, now), { account, user, now })
  }
  for (const one of account.collection('users').list()) reachable(one, account)
  for (const alert of account.collection('alerts').list()) remember(alert, account)
  for (const [to, subscriber] of subscribers) {
    const [name = '', id] = [to.split('/', 1)[0], reference(`@${to}`, account).id]
    const type = subscriber.startsWith('teams/') ? 'TEAM' : 'USER'
    account.collection(name).subscribe(String(id), [{ type, id: Number(reference(`@${subscriber}`, account).id) }])
  }
  return account
}

/** Makes a person who can sign in a user of the account. */
export function enrol({ tenant: _, ...fields }: SandboxUser, account: Account, now: number): Entry {
  const createdAt = new Date(now).toISOString()
  const entry = { ...fields, createdAt, updatedAt: createdAt }
  account.collection('users').put(entry)
  return entry
}

/** Adds an entry, with what ilert writes into a new one. */
export function plant(
  name: string,
  { parent, ...fields }: Fields,
  acting: { readonly account: Account; readonly user: SandboxUser; readonly now: number },
): Entry {
  const { account } = acting
  const { own, textID } = kindOf(name)
  const id = textID ? account.nextTextID() : account.nextID()
  const entry = { ...own?.(fields, { ...acting, old: undefined }), ...fields, id }
  account.collection(name).put(entry, parent === undefined ? undefined : String((parent as Fields).id))
  return entry
}

/** Gives a user contacts, and rules for using them: a push at once, and a call five minutes later. */
export function reachable(user: Entry, account: Account): void {
  const parts: Readonly<Record<string, readonly Fields[]>> = {
    'contacts/emails': [{ target: user.email, status: 'OK' }],
    'contacts/phone-numbers': [
      { regionCode: 'DE', target: `+49 30 901820 ${Number(user.id) % 1000}`, primary: true, status: 'OK' },
    ],
    'notification-preferences/alerts': [
      { type: 'HIGH_PRIORITY', method: 'PUSH', delayMin: 0 },
      { type: 'HIGH_PRIORITY', method: 'VOICE', delayMin: 5 },
      { type: 'LOW_PRIORITY', method: 'EMAIL', delayMin: 0 },
    ],
    'notification-preferences/duties': [{ type: 'ON_CALL', method: 'PUSH', beforeMin: 60 }],
    'notification-preferences/updates': [{ type: 'ALERT_ESCALATED', method: 'PUSH' }],
    'notification-preferences/subscriptions': [{ method: 'EMAIL' }],
  }
  for (const [name, list] of Object.entries(parts)) {
    const collection = account.collection(`users/{user-id}/${name}`)
    for (const fields of list) collection.put({ id: account.nextID(), ...fields }, String(user.id))
  }
}

/** Writes the log of an alert, and the notifications that went out for it. */
export function remember(alert: Entry, account: Account): void {
  const at = (time: unknown) => timeOf(time) ?? 0
  const source = refer(account, 'alert-sources', alert.alertSource)?.name
  const write = (time: unknown, type: string, text: string, filter: string) =>
    log(account, alert, at(time), type, text, [filter])
  write(alert.reportTime, 'AlertReceivedLogEntry', `Alert received from ${String(source)}`, 'ALERT_SOURCE_EVENTS')
  for (const { user, acceptedAt } of listOf(alert.responders)) {
    notify(account, alert, user, at(alert.reportTime))
    const name = nameOf(refer(account, 'users', user) ?? {})
    if (acceptedAt) write(acceptedAt, 'UserResponseLogEntry', `${name} accepted the alert`, 'ALERT_UPDATES')
  }
  if (alert.resolvedOn) write(alert.resolvedOn, 'AlertAutoResolvedLogEntry', 'Alert was resolved', 'ALERT_UPDATES')
}

/** A copy with references and times filled in. */
export function link<Value>(value: Value, account: Account, now: number): Value
export function link(value: unknown, account: Account, now: number): unknown {
  if (Array.isArray(value)) return value.map((item) => link(item, account, now))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, link(item, account, now)]))
  }
  if (typeof value !== 'string') return value
  if (value.startsWith('@')) return reference(value, account)
  if (value.startsWith('#') && value.includes('/')) return reference(value, account).id
  const minutes = /^now([+-]\d+)m$/.exec(value)?.[1]
  return minutes === undefined ? value : new Date(now + Number(minutes) * 60_000).toISOString()
}

function reference(text: string, account: Account): { readonly id: Entry['id'] } {
  const [, name = '', key = ''] = /^[@#](.+)\/([^/]+)$/.exec(text) ?? []
  const entry = account
    .collection(name)
    .all()
    .find((one) => (one.username ?? one.name ?? one.summary) === key)
  if (!entry) throw new TypeError(`data: there is no ${text}.`)
  return { id: entry.id }
}
