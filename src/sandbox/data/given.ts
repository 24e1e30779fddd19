import { type Known, knownOptions } from '../../ilert/arguments.ts'
import { nearest } from '../../ilert/spelling.ts'
import { checkBody, type Fields } from '../api/check.ts'
import { fieldsOf, type Schema } from '../api/schema.ts'
import { OPERATIONS } from '../api/table/operations.ts'
import { Refused } from '../messages.ts'
import type { SandboxUser } from '../users.ts'
import type { Account } from './account.ts'
import { link, plant, reachable, remember } from './seed.ts'

/** Someone who can sign in. What is left out is made up. */
export type NewSandboxUser = Pick<SandboxUser, 'username'> & Partial<Omit<SandboxUser, 'username' | 'id'>>

/**
 * What a sandbox has beside its own people and data.
 *
 * Entries have the fields of ilert's API, those that are ilert's to write included, such as an alert's `status`. Three kinds
 * of text stand for something else: `@teams/Platform` for an entry, by its name (of a user: the username; of an alert: the
 * summary), `#connectors/Slack` for its id alone, and `now-90m` for a time, 90 minutes before it is loaded.
 */
export interface SandboxData {
  /** People who can sign in. A `tenant` that the sandbox does not know begins an account with no data. */
  users?: readonly NewSandboxUser[]
  /** By the account's name and the path below `/api/`: `{ "nordwind": { "alerts": [{ "summary": "Disk full" }] } }`. */
  accounts?: Readonly<Record<string, Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>>>
}

/** What an entry may have, if that is more than a request that creates one: users here are colleagues who cannot sign in. */
const WIDER: Readonly<Record<string, Schema>> = { users: 'User', alerts: 'Alert' }
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  users: ['username', 'firstName', 'lastName'],
  alerts: ['summary', 'alertSource'],
}

/** Their ids are out of the way of those that the sandbox has. */
const FIRST_ID = 90_001

const USER_FIELDS: Known<NewSandboxUser> = {
  username: true,
  firstName: true,
  lastName: true,
  email: true,
  role: true,
  tenant: true,
  timezone: true,
  language: true,
  position: true,
  department: true,
  region: true,
  shiftColor: true,
}

/** The people of `data`, complete. @throws TypeError which names what is wrong. */
export function givenUsers(data: SandboxData | undefined, present: readonly SandboxUser[]): SandboxUser[] {
  const { users = [] } = knownOptions('data', data, { users: true, accounts: true })
  if (!Array.isArray(users)) throw new TypeError('data.users: expected a list.')
  const taken = new Set(present.map(({ username }) => username))
  const lastID = Math.max(FIRST_ID - 1, ...present.map(({ id }) => id))
  return users.map((given: NewSandboxUser, i) => {
    const user = checkUser(`data.users[${i}]`, given, lastID + 1 + i)
    if (taken.has(user.username)) throw new TypeError(`data.users[${i}].username: '${user.username}' is taken.`)
    taken.add(user.username)
    return user
  })
}

function checkUser(path: string, given: NewSandboxUser, id: number): SandboxUser {
  const fields = knownOptions(path, given, USER_FIELDS)
  const { username } = fields
  if (typeof username !== 'string' || !/^[\w.@+-]{1,64}$/.test(username)) {
    throw new TypeError(`${path}.username: expected 1 to 64 letters, digits or . _ - @ +.`)
  }
  const user = { ...madeUp(username, id), ...fields, id }
  for (const [name, value] of Object.entries(user)) {
    if (name !== 'id' && typeof value !== 'string') throw new TypeError(`${path}.${name}: expected a string.`)
  }
  return user
}

function madeUp(username: string, id: number): SandboxUser {
  const [first = username, last = 'Example'] = username
    .split(/[.@_+-]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
  return {
    id,
    username,
    firstName: first,
    lastName: last,
    email: `${username.replaceAll('@', '.')}@sandbox.example`,
    role: 'USER',
    tenant: 'nordwind',
    timezone: 'Europe/Berlin',
    language: 'en',
    position: '',
    department: '',
    region: 'DE',
    shiftColor: '#2f7de1',
  }
}

/**
 * Adds what `data` has for one account, all or nothing of each entry.
 *
 * @throws TypeError which names the entry and the field that is not as ilert's API has it.
 */
export function addGiven(data: SandboxData, account: Account, users: readonly SandboxUser[], now: number): void {
  const user = users.find(({ tenant }) => tenant === account.tenant)
  for (const [name, entries] of Object.entries(data.accounts?.[account.tenant] ?? {})) {
    const schema = schemaOf(name)
    if (!Array.isArray(entries)) throw new TypeError(`data.accounts.${account.tenant}.${name}: expected a list.`)
    for (const [i, given] of entries.entries()) {
      const path = `data.accounts.${account.tenant}.${name}[${i}]`
      if (!user) throw new TypeError(`${path}: nobody of this account can sign in. Add a user with this tenant first.`)
      const fields = link(given, account, now)
      if (account.collection(name).isFull) throw new TypeError(`${path}: there are too many.`)
      const checked = checkEntry(path, schema, fields, { account, required: REQUIRED[name] ?? [] })
      const entry = plant(name, checked, { account, user, now })
      if (name === 'alerts') remember(entry, account)
      if (name === 'users') reachable(entry, account)
    }
  }
}

/** The names of the accounts of `data`. */
export function accountsOf(data: SandboxData): string[] {
  if (data.accounts !== undefined && (typeof data.accounts !== 'object' || data.accounts === null)) {
    throw new TypeError('data.accounts: expected an object.')
  }
  return Object.keys(data.accounts ?? {})
}

function schemaOf(name: string): Schema {
  const created = OPERATIONS[`POST /api/${name}`]?.body
  const schema = Object.hasOwn(WIDER, name) ? WIDER[name] : created
  if (schema !== undefined && !name.includes('{')) return schema
  const known = Object.keys(OPERATIONS).flatMap((key) => /^POST \/api\/([\w-]+)$/.exec(key)?.[1] ?? [])
  const likely = nearest(name, known)
  throw new TypeError(
    `data: there is no '${name}'. ${likely ? `Did you mean '${likely}'?` : `There are ${known.join(', ')}.`}`,
  )
}

/** By the schema, with the fields that are ilert's to write. */
function checkEntry(
  path: string,
  schema: Schema,
  given: unknown,
  { account, required }: { account: Account; required: readonly string[] },
): Fields {
  const fields = fieldsOf(schema)
  knownOptions<object>(
    path,
    given as object,
    Object.fromEntries(fields.map(({ name }) => [name, true])) as Known<object>,
  )
  const all = fields.map((field): [string, Schema] => {
    const mustBe = field.required || required.includes(field.name)
    return [mustBe ? `${field.name}!` : field.name, field.schema]
  })
  try {
    return checkBody(Object.fromEntries(all), given, { account, parent: undefined }) as Fields
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    const { message } = JSON.parse(error.answer.body) as { message: string }
    throw new TypeError(`${path}: ${message}.`)
  }
}
