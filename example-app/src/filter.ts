/** Which open alerts the list shows. It is in the page's address, so that it survives a reload and can be shared. */
export interface Filter {
  /** Only alerts for which the user is a responder. */
  readonly mine: boolean
  readonly state: 'PENDING' | 'ACCEPTED' | undefined
  readonly priority: 'HIGH' | 'LOW' | undefined
  /** From 1. */
  readonly page: number
}

const MAX_PAGE = 1000

/** The filter of an address. What it does not know counts as not said. */
export function readFilter({ mine, state, priority, page }: Readonly<Record<string, unknown>>): Filter {
  const number = Math.floor(Number(page))
  return {
    mine: mine === '1',
    state: state === 'PENDING' || state === 'ACCEPTED' ? state : undefined,
    priority: priority === 'HIGH' || priority === 'LOW' ? priority : undefined,
    page: number >= 1 && number <= MAX_PAGE ? number : 1,
  }
}

/** The query of an address, with its `?`; empty if the filter lets everything through. */
export function filterQuery({ mine, state, priority, page }: Filter): string {
  const query = new URLSearchParams({
    ...(mine && { mine: '1' }),
    ...(state && { state }),
    ...(priority && { priority }),
    ...(page > 1 && { page: String(page) }),
  })
  return query.size === 0 ? '' : `?${query.toString()}`
}
