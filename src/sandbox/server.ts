import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { PATHS } from '../ilert/endpoints.ts'
import { readBody } from './body.ts'
import { isControlPath } from './control/path.ts'
import { type Faults, faultyAnswer, type MetFault } from './faults.ts'
import { type LoggedRequest, record, shownPath } from './log.ts'
import { type Answer, apiError, type Ilert, oauthError, readForm, type SandboxRequest } from './messages.ts'
import { answerRequest, crossOriginHeaders, failure, isOAuthPath } from './routes.ts'

/** What stands between the sockets and the endpoints. */
export interface Shell {
  readonly ilert: Ilert
  readonly faults: Faults
  readonly log: LoggedRequest[]
  /** Answers what steers the sandbox, if it can be steered. */
  readonly control?: (request: SandboxRequest) => Answer
}

/** The sandbox's HTTP server, not yet listening. */
export function sandboxServer(shell: Shell): Server {
  // A client that never gets to the end of its request is let go.
  return createServer({ requestTimeout: 30_000 }, (request, response) => {
    serve(request, response, shell).catch(() => response.destroy()) // whoever left half-way hears nothing anyway
  })
}

/** Makes one request an exchange: read, met by a fault or not, answered, logged. */
async function serve(incoming: IncomingMessage, response: ServerResponse, shell: Shell): Promise<void> {
  const { ilert, faults, log } = shell
  const { method = '', url = '' } = incoming
  const [path = '', ...query] = url.split('?')
  const entry: LoggedRequest = { at: ilert.clock.now(), method, path: shownPath(path), status: 0 }
  let logged = false

  const steer = isControlPath(path) ? shell.control : undefined
  const body = await readBody(incoming, steer ? MAX_CONTROL_BODY : undefined)
  if (body === undefined) {
    const text = 'The body is too long'
    const answer = isOAuthPath(path)
      ? oauthError('invalid_request', text, { status: 413 })
      : apiError(413, 'PAYLOAD_TOO_LARGE', text)
    response.shouldKeepAlive = false
    send(answer)
    return
  }
  const request = {
    method,
    path,
    query: new URLSearchParams(query.join('?')),
    headers: incoming.headers,
    body,
    address: incoming.socket.remoteAddress ?? '',
  }
  if (steer) return answerControl(response, steer(request))
  const grantType = readGrantType(request)
  if (grantType) entry.grantType = grantType

  const fault = faults.meet(method, path)
  if (fault) await misbehave(fault)
  else send(await process())

  function process(): Promise<Answer> {
    return answerRequest(request, ilert).catch(() => failure(path))
  }

  function send(answer: Answer, note = answer.note): void {
    entry.status = answer.status
    put(note)
    response.writeHead(answer.status, { ...answer.headers, ...crossOriginHeaders(path) })
    response.end(answer.body)
  }

  /** Before the answer goes out, so that whoever has it finds it in the log. */
  function put(note: string | undefined): void {
    if (note !== undefined) entry.note = note
    if (!logged) record(log, entry)
    logged = true
  }

  async function misbehave(fault: MetFault): Promise<void> {
    const { kind, ms, processed, cleared } = fault
    const note = `fault: ${kind}${processed ? ', processed' : ''}`
    const answer = processed ? await process() : undefined
    switch (kind) {
      case 'delay':
        await pause(response, ms ?? 1000, cleared)
        if (!response.destroyed) send(answer ?? (await process()), note)
        else put(`${note}, client left`)
        return
      case 'hang':
        put(note)
        await pause(response, undefined, cleared)
        if (!response.destroyed) send(answer ?? (await process()), `${note}, cleared`)
        return
      case 'reset':
        put(note)
        incoming.socket.resetAndDestroy()
        return
      case 'trickle':
        entry.status = 200
        put(note)
        response.writeHead(200, { 'content-type': 'application/json', ...crossOriginHeaders(path) })
        await trickle(response, ms ?? 100, cleared)
        return
      default:
        send(faultyAnswer(fault, path), note)
    }
  }
}

/** Data of a test may be long. */
const MAX_CONTROL_BODY = 1024 * 1024

/** Neither logged nor hit by a fault: tests look at the one, and end the other. */
function answerControl(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, headers)
  response.end(body)
}

/** Only the two that ilert knows: whatever else somebody sends as `grant_type` may be a secret gone astray. */
function readGrantType(request: SandboxRequest): string | undefined {
  const grantType = request.path === PATHS.token ? readForm(request)?.get('grant_type') : undefined
  return grantType === 'authorization_code' || grantType === 'refresh_token' ? grantType : undefined
}

/** Waits until `ms` have passed (without end where undefined), the fault is cleared, or the client has left. */
async function pause(response: ServerResponse, ms: number | undefined, cleared: Promise<void>): Promise<void> {
  if (response.destroyed) return
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<void>((resolve) => {
    response.once('close', resolve)
    if (ms !== undefined) timer = setTimeout(resolve, ms)
  })
  await Promise.race([over, cleared])
  clearTimeout(timer)
}

/** White space, so that whoever waits for the end has JSON that never begins. */
async function trickle(response: ServerResponse, ms: number, cleared: Promise<void>): Promise<void> {
  response.flushHeaders()
  const timer = setInterval(() => response.write(' '), Math.max(1, ms))
  await pause(response, undefined, cleared)
  clearInterval(timer)
  response.end()
}
