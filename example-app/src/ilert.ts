import { type IlertApi, IlertError, ReauthenticationRequired } from 'passport-ilert'
import type { Alert, LogEntry, Notification, OnCall, SuggestedResponder } from 'passport-ilert/api'
import type { Filter } from './filter.ts'

/*
 * Everything that this app asks ilert, as the signed-in user. https://api.ilert.com/api-docs/ has the rest.
 */

/** What ilert says, or why it does not. */
export type Answer<T> = { readonly value: T } | { readonly problem: string }

/** What a page makes of an answer. */
export function mapAnswer<T, V>(answer: Answer<T>, make: (value: T) => V): { value?: V; problem?: string } {
  return 'value' in answer ? { value: make(answer.value) } : answer
}

/** One page of the list of alerts. */
export const PAGE_SIZE = 50

/** ilert cannot choose by priority, so that the desk reads so many alerts and chooses itself. */
const LONGEST_SEARCH = 500

const DAY_MS = 86_400_000
const OPEN = ['PENDING', 'ACCEPTED'] as const

export interface DeskData {
  /** How many alerts are open, whatever the filter. */
  readonly open: Answer<number>
  readonly alerts: Answer<AlertPage>
  readonly onCalls: Answer<OnCall[]>
}

export interface AlertPage {
  readonly alerts: Alert[]
  /** How many alerts the filter lets through. */
  readonly total: number
}

/** What the desk shows: four calls at once. A call that fails takes nothing else along. */
export async function loadDesk(ilert: IlertApi, filter: Filter, userID: string): Promise<DeskData> {
  const [open, alerts, onCalls] = await Promise.all([
    answer(countAlerts(ilert, { states: OPEN })),
    answer(loadAlerts(ilert, filter, userID)),
    // Without `expand` ilert gives ids alone.
    answer(list(ilert.paginate('/api/on-calls', { query: { expand: ['user', 'escalationPolicy'] } }), LONGEST_SEARCH)),
  ])
  return { open, alerts, onCalls }
}

async function loadAlerts(ilert: IlertApi, filter: Filter, userID: string): Promise<AlertPage> {
  const { mine, state, priority, page } = filter
  const start = (page - 1) * PAGE_SIZE
  const query = { states: state ? [state] : [...OPEN], ...(mine && { responders: [userID] }) }
  if (priority) {
    const found = await list(ilert.paginate('/api/alerts', { query }), LONGEST_SEARCH)
    const wanted = found.filter((alert) => alert.priority === priority)
    return { alerts: wanted.slice(start, start + PAGE_SIZE), total: wanted.length }
  }
  const [alerts, total] = await Promise.all([
    list(ilert.paginate('/api/alerts', { query: { ...query, 'start-index': start }, pageSize: PAGE_SIZE }), PAGE_SIZE),
    countAlerts(ilert, query),
  ])
  return { alerts, total }
}

async function countAlerts(
  ilert: IlertApi,
  query: { states: readonly ('PENDING' | 'ACCEPTED')[]; responders?: string[] },
): Promise<number> {
  return (await ilert.get('/api/alerts/count', { query: { ...query, states: [...query.states] } })).count ?? 0
}

/** The alerts of the last 24 hours, the newest 500 of them. */
export async function loadLastDay(ilert: IlertApi, now: number): Promise<Answer<Alert[]>> {
  const from = new Date(now - DAY_MS).toISOString()
  return await answer(list(ilert.paginate('/api/alerts', { query: { from } }), LONGEST_SEARCH))
}

export interface AlertData {
  readonly alert: Alert
  readonly log: Answer<LogEntry[]>
  readonly notifications: Answer<Notification[]>
  readonly suggestions: Answer<SuggestedResponder[]>
}

/** What an alert's page shows. Without the alert itself there is no page: its error is thrown. */
export async function loadAlert(ilert: IlertApi, id: number): Promise<AlertData> {
  const [alert, log, notifications, suggestions] = await Promise.all([
    ilert.get(`/api/alerts/${id}`, { query: { include: ['nextEscalationUser'] } }),
    answer(list(ilert.paginate(`/api/alerts/${id}/log-entries`), PAGE_SIZE)),
    answer(ilert.get(`/api/alerts/${id}/notifications`)),
    answer(ilert.get(`/api/alerts/${id}/suggested-responders`)),
  ])
  return { alert, log, notifications, suggestions }
}

export async function readAlert(ilert: IlertApi, id: number): Promise<Alert> {
  return await ilert.get(`/api/alerts/${id}`)
}

/** Whom an alert can be given to. */
export type Assignee = { user: string } | { policy: string } | { schedule: string }

/** What a user can do with an alert, in their own name. */
export const changes = {
  accept: (ilert: IlertApi, id: number): Promise<Alert> => ilert.put(`/api/alerts/${id}/accept`),
  resolve: (ilert: IlertApi, id: number): Promise<Alert> => ilert.put(`/api/alerts/${id}/resolve`),
  assign: (ilert: IlertApi, id: number, to: Assignee): Promise<Alert> =>
    ilert.put(`/api/alerts/${id}/assign`, undefined, { query: to }),
  /** Adds the user as a responder. */
  join: async (ilert: IlertApi, id: number): Promise<void> => {
    await ilert.post(`/api/alerts/${id}/responders`)
  },
}

async function list<T>(read: AsyncIterable<T>, most: number): Promise<T[]> {
  const entries: T[] = []
  for await (const entry of read) {
    entries.push(entry)
    if (entries.length === most) break
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
