import { Collection } from './collection.ts'

/** What one customer of ilert has there. Nothing in it refers to another account. */
export class Account {
  readonly #collections = new Map<string, Collection>()
  #lastID: number

  /** Ids count up from `firstID`, over all collections of the account. */
  constructor(firstID: number) {
    this.#lastID = firstID - 1
  }

  /** The entries behind a path of the API, such as `/api/alerts` or `/api/users/{id}/contacts`. */
  collection(path: string): Collection {
    const collection = this.#collections.get(path) ?? new Collection()
    this.#collections.set(path, collection)
    return collection
  }

  /** Forgets what was part of an entry that is gone. */
  orphan(path: string, id: number): void {
    for (const [name, collection] of this.#collections) {
      if (name.startsWith(`${path}/{id}/`)) collection.deleteChildren(id)
    }
  }

  nextID(): number {
    this.#lastID += 1
    return this.#lastID
  }
}
