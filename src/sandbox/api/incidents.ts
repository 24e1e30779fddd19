import { createHash } from 'node:crypto'
import type { Account } from '../data/account.ts'
import type { Entry } from '../data/collection.ts'
import { type Answer, apiError, Refused } from '../messages.ts'
import { answer, bodyOf, type Handler } from './call.ts'
import { idsOf, listOf } from './filters.ts'
import { find, read, update } from './generic.ts'
import { render } from './render.ts'

/** An incident, with an `ETag` that changes with it and with the services that it affects. */
const readIncident: Handler = (call) => {
  const { headers, ...rest } = read(call)
  return { ...rest, headers: { ...headers, etag: etagOf(find(call).entry, call.account) } }
}

/** Replaces an incident if it is still the one that `If-Match` means. */
const updateIncident: Handler = (call) => {
  const expected = call.request.headers['if-match']
  const { entry } = find(call)
  const matches = (expected ?? '*').split(',').some((tag) => ['*', etagOf(entry, call.account)].includes(tag.trim()))
  if (!matches) {
    throw new Refused(apiError(412, 'PRECONDITION_FAILED', 'The incident, or a service of it, has changed meanwhile'))
  }
  return update(call)
}

/** Whom an incident would reach, and on which status pages. */
const publishInfo: Handler = (call): Answer => {
  const { account } = call
  const services = listOf(bodyOf(call).affectedServices).flatMap(({ service }) => idsOf(service))
  const pages = account
    .collection('status-pages')
    .list()
    .filter((page) => idsOf(page.services).some((id) => services.includes(id)))
  const [first] = pages
  const isPrivate = (page: Entry) => page.visibility === 'PRIVATE'
  const subscribers = pages.flatMap(({ id }) => account.collection('status-pages').get(String(id))?.subscribers ?? [])
  return answer(call, {
    statusPagesInfo: first && { id: first.id, label: first.name },
    privateStatusPages: pages.filter(isPrivate).length,
    publicStatusPages: pages.length - pages.filter(isPrivate).length,
    privateSubscribers: new Set(subscribers.map(({ type, id }) => `${type} ${id}`)).size,
    publicSubscribers: 0,
  })
}

function etagOf(incident: Entry, account: Account): string {
  const text = JSON.stringify(render('IncidentWithHistory', incident, account))
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`
}

export const incidentHandlers: Readonly<Record<string, Handler>> = {
  'GET /api/incidents/{id}': readIncident,
  'PUT /api/incidents/{id}': updateIncident,
  'POST /api/incidents/publish-info': publishInfo,
}
