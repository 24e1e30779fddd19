import { isDeepStrictEqual } from 'node:util'
import { plainObject } from '../ilert/arguments.ts'
import { APIError, NetworkError } from '../ilert/errors.ts'
import { type ListPaging, pagingOf } from '../ilert/lists.ts'
import type { ApiResponse } from './api.ts'
import type { Query } from './api-path.ts'

interface Paging {
  pageSize?: number | undefined
  query?: Query | undefined
}

/** Where a page begins: an entry's number, or what ilert has called the place; neither in a list by cursor's beginning. */
interface Place {
  readonly 'start-index'?: number
  readonly cursor?: string
}

/**
 * All entries of a list, page by page, fetched as they are asked for.
 *
 * A list may change while it is read, and a list that does not page brings the same page for ever: what was on the page
 * before is given once, and a page with nothing else ends the list.
 *
 * @param read makes the call for one page, with this query.
 * @throws TypeError where an argument cannot be used; nothing is sent then.
 */
export async function* paginate(
  read: (query: Query) => Promise<ApiResponse>,
  path: string,
  { pageSize, query: given }: Paging,
): AsyncGenerator<unknown, void> {
  checkPath(path)
  const { 'start-index': start, cursor: from, ...query } = plainObject('query', given)
  const paging = pagingOf(path)
  let size = checkedSize(pageSize, paging, query)
  let place = firstPlace(paging, start, from)
  let before: unknown[] = []
  const cursors = new Set<string>()
  for (;;) {
    const readPlace = (count: number) => read({ ...query, ...place, 'max-results': count })
    const { answer, count } = await readPage(readPlace, size)
    size = count
    const entries = listOf(answer)
    const fresh = withoutRepeated(entries, before)
    yield* fresh
    // What is shorter than a page is the last one; what is longer was not paged at all.
    const numbered = place['start-index'] !== undefined && entries.length === size
    const cursor = answer.headers.get('next-cursor') ?? undefined
    const goesOn = cursor === undefined ? numbered : !cursors.has(cursor)
    if (!goesOn || fresh.length === 0) return
    place = cursor === undefined ? { 'start-index': (place['start-index'] ?? 0) + entries.length } : { cursor }
    if (cursor !== undefined) cursors.add(cursor)
    before = entries
  }
}

/** A page. Of how many entries is learned where ilert says that fewer are allowed: asked for once more, then. */
async function readPage(
  read: (count: number) => Promise<ApiResponse>,
  count: number,
): Promise<{ answer: ApiResponse; count: number }> {
  try {
    return { answer: await read(count), count }
  } catch (error) {
    const allowed = allowedCount(error)
    if (allowed === undefined || allowed < 1 || allowed >= count) throw error
    return { answer: await read(allowed), count: allowed }
  }
}

/** The maximum in ilert's own words: 'max-results' must not be above 20. */
function allowedCount(error: unknown): number | undefined {
  if (!(error instanceof APIError) || error.status !== 400) return undefined
  const [, count] = /\bmax-results\b\D{1,40}(\d{1,4})\b/.exec(error.message) ?? []
  return count === undefined ? undefined : Number(count)
}

function firstPlace({ byCursor }: ListPaging, start: unknown, cursor: unknown): Place {
  if (cursor !== undefined) {
    if (typeof cursor !== 'string' || cursor === '') throw new TypeError('query.cursor: expected a string.')
    return { cursor }
  }
  const index = Number(start ?? 0)
  if (!Number.isSafeInteger(index) || index < 0) {
    throw new TypeError("query['start-index']: expected a whole number, 0 or more.")
  }
  if (!byCursor) return { 'start-index': index }
  if (index > 0) throw new TypeError("query['start-index']: this list goes by query.cursor.")
  return {}
}

/** In the path they would stand there twice, and the server might read those: the same page, again and again. */
function checkPath(path: unknown): void {
  if (typeof path === 'string' && /[?&](?:start-index|max-results|cursor)=/.test(path)) {
    throw new TypeError("path: has start-index, max-results or cursor. Pass query['start-index'], and pageSize.")
  }
}

function checkedSize(pageSize: unknown, paging: ListPaging, query: Query): number {
  if (query['max-results'] !== undefined) throw new TypeError("query['max-results']: pass pageSize instead.")
  const max = query.include === undefined ? paging.max : (paging.maxWithInclude ?? paging.max)
  if (pageSize === undefined) return max
  if (Number.isInteger(pageSize) && (pageSize as number) >= 1 && (pageSize as number) <= max) return pageSize as number
  throw new TypeError(`pageSize: expected a whole number from 1 to ${max}.`)
}

function listOf({ body }: ApiResponse): unknown[] {
  if (Array.isArray(body)) return body
  throw new NetworkError("ilert's answer is not a list.", { code: 'invalid_response' })
}

/** The entries that were not on the page before. Entries without an id count as repeated only if the whole page does. */
function withoutRepeated(entries: readonly unknown[], before: readonly unknown[]): readonly unknown[] {
  if (before.length === 0) return entries
  const ids = new Set(before.map(idOf))
  if (!ids.has(undefined)) return entries.filter((entry) => !ids.has(idOf(entry)))
  return isDeepStrictEqual(entries, before) ? [] : entries
}

function idOf(entry: unknown): string | number | undefined {
  const { id } = (entry ?? {}) as { id?: unknown }
  return typeof id === 'string' || typeof id === 'number' ? id : undefined
}
