import { type IlertApi, IlertError, ReauthenticationRequired } from 'passport-ilert'
import type { Alert, OnCall } from 'passport-ilert/api'

/** What ilert says, or why it does not. */
export type Answer<T> = { readonly value: T } | { readonly problem: string }

export interface DeskData {
  readonly open: Answer<Alert[]>
  readonly lastDay: Answer<Alert[]>
  readonly onCalls: Answer<OnCall[]>
}

/** No list is read further: a page of the desk costs 3 calls, or a few more on a very bad day. */
export const LONGEST_LIST = 500
const DAY_MS = 86_400_000

/** Everything that the desk shows, asked for at once. What is missing takes nothing else along. */
export async function loadDesk(ilert: IlertApi, now: number): Promise<DeskData> {
  const [open, lastDay, onCalls] = await Promise.all([
    answer(list(ilert.paginate('/api/alerts', { query: { states: ['PENDING', 'ACCEPTED'] } }))),
    answer(list(ilert.paginate('/api/alerts', { query: { from: new Date(now - DAY_MS).toISOString() } }))),
    // Without `expand` ilert gives ids alone.
    answer(list(ilert.paginate('/api/on-calls', { query: { expand: ['user', 'escalationPolicy'] } }))),
  ])
  return { open, lastDay, onCalls }
}

/** Takes an alert on, or ends it, in the user's name. */
export async function changeAlert(ilert: IlertApi, id: number, change: 'accept' | 'resolve'): Promise<Alert> {
  return change === 'accept' ? ilert.put(`/api/alerts/${id}/accept`) : ilert.put(`/api/alerts/${id}/resolve`)
}

async function list<T>(read: AsyncIterable<T>): Promise<T[]> {
  const entries: T[] = []
  for await (const entry of read) {
    entries.push(entry)
    if (entries.length === LONGEST_LIST) break
  }
  return entries
}

async function answer<T>(call: Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await call }
  } catch (error) {
    if (!(error instanceof IlertError)) throw error
    if (error instanceof ReauthenticationRequired) return { problem: 'This desk is not connected to ilert.' }
    return { problem: error.status >= 500 ? 'ilert does not answer right now.' : error.message }
  }
}
