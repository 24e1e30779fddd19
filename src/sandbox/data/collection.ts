/** Something of an account, as the API shows it. */
export type Entry = Readonly<Record<string, unknown>> & { readonly id: number }

/** An entry, and what the sandbox has to know beside it. */
export interface Stored {
  readonly entry: Entry
  /** What it is a part of: the user whose contact it is. */
  readonly parent: number | undefined
  /** The ids of the users who are told when something happens to it. */
  readonly subscribers: Set<number>
}

/** No collection grows beyond this many. */
const MAX_ENTRIES = 10_000

/** All entries of one kind in one account, the oldest first. Those of a sub-path are told apart by their parent. */
export class Collection {
  readonly #stored = new Map<number, Stored>()

  get isFull(): boolean {
    return this.#stored.size >= MAX_ENTRIES
  }

  list(parent: number | undefined): Entry[] {
    return [...this.#stored.values()].filter((stored) => stored.parent === parent).map(({ entry }) => entry)
  }

  get(id: number | undefined, parent: number | undefined): Stored | undefined {
    const stored = id === undefined ? undefined : this.#stored.get(id)
    return stored?.parent === parent ? stored : undefined
  }

  /** Adds an entry, or puts a new version into an old one's place. */
  put(entry: Entry, parent: number | undefined): void {
    const subscribers = this.#stored.get(entry.id)?.subscribers ?? new Set()
    this.#stored.set(entry.id, { entry, parent, subscribers })
  }

  delete(id: number): void {
    this.#stored.delete(id)
  }

  deleteChildren(parent: number): void {
    for (const [id, stored] of this.#stored) if (stored.parent === parent) this.#stored.delete(id)
  }
}

/** An entry as others mention it. */
export function brief(entry: Entry): Entry {
  const { id, name, username, firstName, lastName } = entry
  return username === undefined ? { id, name } : { id, username, firstName, lastName }
}
