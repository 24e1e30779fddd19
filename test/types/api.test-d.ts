/*
 * What the types say of calls to ilert's API. It is `tsc` that runs this: each `@ts-expect-error` must be one.
 */
import type { Alert, AlertAction, Incident, LogEntry, OnCall, Schedule, Team } from '../../src/ilert/api.ts'
import type { ApiResponse, IlertApi, RequestIlert } from '../../src/index.ts'

declare module '../../src/index.ts' {
  interface ApiGets {
    '/api/a-list-of-tomorrow': { id: number; name: string }[]
    [path: `/api/a-list-of-tomorrow/${number}`]: { id: number; name: string }
  }
  interface ApiPosts {
    '/api/a-list-of-tomorrow': [{ name: string }, { id: number; name: string }]
  }
  interface ApiQueries {
    '/api/a-list-of-tomorrow': { kind?: 'a' | 'b' }
  }
}

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
/** Fails to compile where the two types are not the very same; `any` is the same as nothing else. */
function is<_A, _B>(_same: Equal<_A, _B>): void {}

declare const api: IlertApi
declare const req: { ilert: RequestIlert; params: { id: string } }

export async function reads(id: number, path: string): Promise<void> {
  const alerts = await api.get('/api/alerts')
  is<typeof alerts, Alert[]>(true)
  const status = alerts[0]?.status
  is<typeof status, 'PENDING' | 'ACCEPTED' | 'RESOLVED' | (string & {}) | null | undefined>(true)
  const same = await req.ilert.get('/api/alerts')
  is<typeof same, Alert[]>(true)
  const alert = await api.get(`/api/alerts/${id}`)
  is<typeof alert, Alert>(true)
  const literal = await api.get('/api/alerts/7')
  is<typeof literal, Alert>(true)
  const log = await api.get(`/api/alerts/${id}/log-entries`)
  is<typeof log, LogEntry[]>(true)
  const action = await api.get(`/api/alert-actions/${req.params.id}`)
  is<typeof action, AlertAction>(true)
  const [connector] = await api.get('/api/connectors')
  is<NonNullable<typeof connector>['id'], string>(true)

  // A text in the place of a number is no known path, and neither is one that is put together, or has a query.
  const byText = await api.get(`/api/alerts/${req.params.id}`)
  is<typeof byText, unknown>(true)
  const byNumber = await api.get(`/api/alerts/${Number(req.params.id)}`)
  is<typeof byNumber, Alert>(true)
  const dynamic = await api.get(path)
  is<typeof dynamic, unknown>(true)
  const other = await api.get('/api/event-flows')
  is<typeof other, unknown>(true)
  const withQuery = await api.get('/api/alerts?states=PENDING')
  is<typeof withQuery, unknown>(true)

  // The app says the type itself.
  const mine = await api.get<{ id: string }[]>('/api/alerts')
  is<typeof mine, { id: string }[]>(true)
  const wanted: { id: number }[] = await api.get('/api/alerts')
  void wanted
  // @ts-expect-error -- those on call are no incidents
  const wrong: Incident[] = await api.get('/api/on-calls')
  void wrong
  // @ts-expect-error -- an alert has no such field
  void alert.sumary
}

export async function queries(): Promise<void> {
  await api.get('/api/alerts', { query: { states: ['PENDING', 'ACCEPTED'], from: '2026-01-01T00:00:00Z' } })
  await api.get('/api/alerts', { query: { states: 'PENDING', 'max-results': 20 } })
  await api.get('/api/alerts', { query: { states: ['A_WORD_OF_TOMORROW'], anything: 'else' } })
  const list = await api.get('/api/schedules', { query: { include: ['currentShift', 'nextShift'] }, scope: false })
  is<typeof list, Schedule[]>(true)
  // @ts-expect-error -- a number for a list of states
  await api.get('/api/alerts', { query: { states: 7 } })
  // @ts-expect-error -- from and until are required
  await api.get('/api/reports/alerts', { query: { metric: 'MTTA' } })
  // @ts-expect-error -- misspelt
  await api.get('/api/alerts', { qurey: { states: ['PENDING'] } })
  for await (const { id } of api.paginate('/api/alerts', { query: { states: ['PENDING'] }, pageSize: 50 })) {
    is<typeof id, number>(true)
  }
  // @ts-expect-error -- a number for a list of states
  api.paginate('/api/alerts', { query: { states: 7 } })
}

export async function lists(path: string, id: number): Promise<void> {
  for await (const entry of api.paginate('/api/on-calls')) is<typeof entry, OnCall>(true)
  for await (const entry of api.paginate(`/api/alerts/${id}/log-entries`)) is<typeof entry, LogEntry>(true)
  for await (const entry of api.paginate(path)) is<typeof entry, unknown>(true)
  for await (const entry of api.paginate<Schedule>('/api/schedules')) is<typeof entry, Schedule>(true)
}

export async function writes(id: number, path: string, body: object): Promise<void> {
  const made = await api.post('/api/alerts', { summary: 'x', alertSource: { id: 7 } })
  is<typeof made, Alert>(true)
  // @ts-expect-error -- alertSource is missing
  await api.post('/api/alerts', { summary: 'x' })
  // @ts-expect-error -- a number for a text
  await api.post('/api/alerts', { summary: 7, alertSource: { id: 7 } })
  // @ts-expect-error -- misspelt
  await api.post('/api/alerts', { summary: 'x', alertSource: { id: 7 }, prioritty: 'HIGH' })
  // @ts-expect-error -- without a body
  await api.post('/api/alerts')

  const accepted = await api.put(`/api/alerts/${id}/accept`)
  is<typeof accepted, Alert>(true)
  await api.put(`/api/alerts/${id}/assign`, undefined, { query: { user: 7 } })
  // @ts-expect-error -- it takes no body
  await api.put(`/api/alerts/${id}/accept`, { by: 'me' })
  await api.put('/api/services/7', { name: 'Checkout', status: 'DEGRADED' })
  await api.put('/api/services/7', { name: 'Checkout', status: 'A_WORD_OF_TOMORROW' })
  const gone = await api.delete(`/api/teams/${id}`)
  is<typeof gone, undefined>(true)

  // What was made, or read, goes back as it came.
  const team = await api.post('/api/teams', { name: 'Platform' })
  is<typeof team, Team>(true)
  await api.put(`/api/teams/${team.id}`, team)

  const toOther = await api.post('/api/event-flows', body)
  is<typeof toOther, unknown>(true)
  const toDynamic = await api.post(path, body)
  is<typeof toDynamic, unknown>(true)
  const unchecked = await api.post<{ a: 1 }>('/api/alerts', body)
  is<typeof unchecked, { a: 1 }>(true)
}

export async function responses(id: number, path: string): Promise<void> {
  const read = await api.get(`/api/incidents/${id}`, { response: true })
  const etag: string | null = read.headers.get('ETag')
  is<typeof read.body.id, number>(true)
  const options = { headers: { 'If-Match': etag ?? '' }, response: true } as const
  const changed = await api.put(`/api/incidents/${id}`, { summary: 'x' }, options)
  is<typeof changed.status, number>(true)
  is<typeof changed.body.id, number>(true)
  const dynamic = await api.get(path, { response: true })
  is<typeof dynamic, ApiResponse<unknown>>(true)
  const mine = await api.get<{ a: 1 }>(path, { response: true })
  is<typeof mine, ApiResponse<{ a: 1 }>>(true)
  const deleted = await api.delete(`/api/teams/${id}`, { response: true })
  is<typeof deleted, ApiResponse<undefined>>(true)
  const posted = await api.post(path, {}, { response: true })
  is<typeof posted, ApiResponse<unknown>>(true)
  // @ts-expect-error -- who says the type of the JSON uses request<T>() for the whole answer
  await api.post<{ a: 1 }>('/api/alerts', {}, { response: true })
  const requested = await api.request<{ a: 1 }>('PATCH', path, { response: true })
  is<typeof requested, ApiResponse<{ a: 1 }>>(true)
}

export async function added(id: number): Promise<void> {
  const list = await api.get('/api/a-list-of-tomorrow', { query: { kind: 'a' } })
  is<typeof list, { id: number; name: string }[]>(true)
  const entry = await api.get(`/api/a-list-of-tomorrow/${id}`)
  is<typeof entry.name, string>(true)
  await api.post('/api/a-list-of-tomorrow', { name: 'x' })
  // @ts-expect-error -- a number for a text
  await api.post('/api/a-list-of-tomorrow', { name: 7 })
}
