import { type IlertApi, IlertError, ReauthenticationRequired } from 'passport-ilert'

/** What the desk reads of ilert's alerts. Take any field but `id` for optional. */
export interface Alert {
  readonly id: number
  readonly summary?: string
  readonly status?: 'PENDING' | 'ACCEPTED' | 'RESOLVED'
  readonly priority?: 'HIGH' | 'LOW'
  readonly reportTime?: string | null
  readonly alertSource?: { readonly name?: string } | null
  readonly assignedTo?: Person | null
}

export interface Person {
  readonly id: number
  readonly username?: string
  readonly firstName?: string
  readonly lastName?: string
}

/** One level of an escalation policy, and who is on call there now. */
export interface OnCall {
  readonly user?: Person | null
  readonly escalationPolicy?: { readonly name?: string } | null
  readonly escalationLevel?: number
  readonly end?: string | null
}

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
    answer(list<Alert>(ilert, '/api/alerts', { state: ['PENDING', 'ACCEPTED'] })),
    answer(list<Alert>(ilert, '/api/alerts', { from: new Date(now - DAY_MS).toISOString() })),
    answer(list<OnCall>(ilert, '/api/on-calls')),
  ])
  return { open, lastDay, onCalls }
}

/** Takes an alert on, or ends it, in the user's name. */
export async function changeAlert(ilert: IlertApi, id: number, change: 'accept' | 'resolve'): Promise<Alert> {
  return await ilert.put<Alert>(`/api/alerts/${id}/${change}`)
}

async function list<T>(ilert: IlertApi, path: string, query: Record<string, string | string[]> = {}): Promise<T[]> {
  const entries: T[] = []
  for await (const entry of ilert.paginate<T>(path, { query })) {
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
