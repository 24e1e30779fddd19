import { createHash } from 'node:crypto'
import { Collection } from './collection.ts'

/** What one customer of ilert has there. Nothing in it refers to another account. */
export class Account {
  readonly tenant: string
  /** How often the API was called: `{user} {scope} {day}`. */
  readonly usage: Map<string, number> = new Map()
  readonly #collections = new Map<string, Collection>()
  #lastID: number

  /** Ids count up from `firstID`, through all collections of the account. */
  constructor(tenant: string, firstID: number) {
    this.tenant = tenant
    this.#lastID = firstID - 1
  }

  /** The entries of a path of the API: `alerts`, or `users/{user-id}/contacts/emails`. */
  collection(name: string): Collection {
    const collection = this.#collections.get(name) ?? new Collection()
    this.#collections.set(name, collection)
    return collection
  }

  /** Forgets what was part of an entry that is gone. */
  orphan(name: string, id: string): void {
    for (const [other, collection] of this.#collections) {
      if (other.startsWith(`${name}/{`)) collection.deleteChildren(id)
    }
  }

  /** Counts a call of the API. */
  count(user: number, scope: string, now: number): void {
    const key = `${user} ${scope.split(':', 1)[0]} ${new Date(now).toISOString().slice(0, 10)}`
    this.usage.set(key, (this.usage.get(key) ?? 0) + 1)
  }

  nextID(): number {
    this.#lastID += 1
    return this.#lastID
  }

  /** An id, or a key, that is a text: of the form of a UUID, and the same in each sandbox. */
  nextTextID(): string {
    const digits = createHash('sha256').update(`${this.tenant} ${this.nextID()}`).digest('hex')
    return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, '$1-$2-$3-$4-$5')
  }
}
