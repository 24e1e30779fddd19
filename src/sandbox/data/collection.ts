/** Something of an account: the API's fields, with `{"id": …}` for each entry that it mentions. */
export type Entry = Readonly<Record<string, unknown>> & { readonly id: number | string }

/** A user who is told when something happens to an entry. */
export interface Subscriber {
  readonly id: number
  readonly type: 'USER' | 'TEAM'
}

/** An entry, and what the sandbox has to know beside it. */
export interface Stored {
  readonly entry: Entry
  /** The id of what it is a part of, such as the user whose contact it is. */
  readonly parent: string | undefined
  readonly subscribers: readonly Subscriber[]
}

/** No collection grows beyond this many. */
const MAX_ENTRIES = 10_000

/** All entries of one kind in one account, the oldest first. Parts of something are told apart by their parent. */
export class Collection {
  readonly #stored = new Map<string, Stored>()
  /** What was deleted: history mentions it still. */
  readonly #deleted = new Map<string, Stored>()

  get isFull(): boolean {
    return this.#stored.size >= MAX_ENTRIES
  }

  list(parent?: string): Entry[] {
    return [...this.#stored.values()].filter((stored) => stored.parent === parent).map(({ entry }) => entry)
  }

  /** Every entry, whatever it is a part of. */
  all(): Entry[] {
    return [...this.#stored.values()].map(({ entry }) => entry)
  }

  get(id: string | undefined, parent?: string): Stored | undefined {
    const stored = id === undefined ? undefined : this.#stored.get(id)
    return stored?.parent === parent ? stored : undefined
  }

  /** An entry by its id alone, also one that was deleted if that is asked for. */
  find(id: string, also?: 'deleted'): Stored | undefined {
    return this.#stored.get(id) ?? (also ? this.#deleted.get(id) : undefined)
  }

  /** Adds an entry, or puts a new version into an old one's place. */
  put(entry: Entry, parent?: string): void {
    const id = String(entry.id)
    this.#stored.set(id, { entry, parent, subscribers: this.#stored.get(id)?.subscribers ?? [] })
  }

  subscribe(id: string, subscribers: readonly Subscriber[]): void {
    const stored = this.#stored.get(id)
    if (stored) this.#stored.set(id, { ...stored, subscribers })
  }

  delete(id: string): void {
    const stored = this.#stored.get(id)
    if (!stored) return
    this.#stored.delete(id)
    this.#deleted.set(id, stored)
    const [oldest] = this.#deleted.keys()
    if (this.#deleted.size > MAX_ENTRIES && oldest !== undefined) this.#deleted.delete(oldest)
  }

  deleteChildren(parent: string): void {
    for (const [id, stored] of this.#stored) if (stored.parent === parent) this.#stored.delete(id)
  }
}
