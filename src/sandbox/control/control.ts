import { readJSON } from '../api/json-body.ts'
import type { Faults } from '../faults.ts'
import { type Answer, apiError, json, noContent, notFound, Refused, type SandboxRequest } from '../messages.ts'
import type { Sandbox } from '../sandbox.ts'
import type { State } from '../state.ts'
import { controlRefusal } from './guard.ts'
import { controlPage } from './page.ts'
import { CONTROL_PATH } from './path.ts'
import { shownTokens } from './tokens.ts'

/** What is steered. */
export interface Controlled {
  readonly sandbox: Sandbox
  readonly state: State
  readonly faults: Faults
  readonly token: string | undefined
}

type Route = (request: SandboxRequest, controlled: Controlled) => Answer

/** Bodies are what the methods of `Sandbox` take. */
const ROUTES: Readonly<Record<string, Route>> = {
  'GET ': () => ({ status: 308, headers: { location: `${CONTROL_PATH}/` }, body: '' }),
  'GET /': () => controlPage(),
  'GET /info': (_request, { sandbox: { appURL, apiURL, env, users } }) => json(200, { appURL, apiURL, env, users }),
  'GET /clock': (_request, { sandbox }) => json(200, { now: sandbox.clock.now() }),
  'POST /clock': (request, { sandbox }) => {
    const { advance, set } = fieldsOf<{ advance?: number; set?: number }>(request)
    if ((advance === undefined) === (set === undefined)) throw new TypeError("The body: expected 'advance' or 'set'.")
    if (set !== undefined) sandbox.clock.set(typeof set === 'string' ? new Date(set) : set)
    else sandbox.clock.advance(advance as number)
    return json(200, { now: sandbox.clock.now() })
  },
  'GET /faults': (_request, { faults }) => json(200, faults.list()),
  'POST /faults': (request, { faults }) => json(201, { id: faults.add(fieldsOf(request)).id }),
  'DELETE /faults': (_request, { faults }) => {
    faults.clear()
    return noContent()
  },
  'GET /requests': ({ query }, { sandbox: { requests } }) => {
    const last = Number(query.get('last') ?? requests.length)
    return json(200, last > 0 ? requests.slice(-last) : [])
  },
  'GET /tokens': (_request, { state }) => json(200, shownTokens(state)),
  'POST /register': (request, { sandbox }) => json(201, sandbox.register(fieldsOf(request))),
  'POST /revoke': (request, { sandbox }) => {
    sandbox.revoke(fieldsOf<{ username: string }>(request).username)
    return noContent()
  },
  'POST /data': (request, { sandbox }) => {
    sandbox.load(fieldsOf(request))
    return noContent()
  },
  'POST /reset': (_request, { sandbox }) => {
    sandbox.reset()
    return noContent()
  },
}

/** Answers a request under `/_sandbox`, which no fault hits, and which is not in the log. */
export function control(request: SandboxRequest, controlled: Controlled): Answer {
  const refusal = controlRefusal(request, controlled.token)
  if (refusal) {
    const headers: Record<string, string> =
      refusal.status === 401 ? { 'www-authenticate': 'Basic realm="sandbox"' } : {}
    return guarded(apiError(refusal.status, 'FORBIDDEN', refusal.message, headers))
  }
  try {
    return guarded(route(request, controlled))
  } catch (error) {
    if (error instanceof Refused) return guarded(error.answer)
    if (error instanceof TypeError) return guarded(apiError(400, 'BAD_REQUEST', error.message))
    throw error
  }
}

function route(request: SandboxRequest, controlled: Controlled): Answer {
  const { method, path } = request
  const below = path.slice(CONTROL_PATH.length)
  const known = ROUTES[`${method} ${below}`]
  if (known) return known(request, controlled)
  const [, id] = /^\/faults\/(\d{1,9})$/.exec(below) ?? []
  if (id === undefined || method !== 'DELETE') return notFound()
  controlled.faults.clear(Number(id))
  return noContent()
}

function fieldsOf<T extends object>(request: SandboxRequest): T {
  const body = readJSON(request)
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as T
  throw new TypeError('The body: expected an object.')
}

/** No page of another origin can read it, frame it or take it for a script. */
function guarded(answer: Answer): Answer {
  const headers = { 'cross-origin-resource-policy': 'same-origin', 'x-content-type-options': 'nosniff' }
  return { ...answer, headers: { ...answer.headers, ...headers } }
}
