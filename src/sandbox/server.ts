import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { PATHS } from '../ilert/endpoints.ts'
import { readBody } from './body.ts'
import { isControlPath } from './control/path.ts'
import { Exchange } from './exchange.ts'
import type { Faults } from './faults.ts'
import type { LoggedRequest } from './log.ts'
import { type Answer, apiError, type Ilert, oauthError, readForm, type SandboxRequest } from './messages.ts'
import { misbehave } from './misbehave.ts'
import { answerRequest, failure, isOAuthPath } from './routes.ts'

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
    serve(request, response, shell).catch(() => response.destroy()) // a client that left half-way hears nothing anyway
  })
}

/** Makes one request an exchange: read, met by a fault or not, answered, logged. */
async function serve(incoming: IncomingMessage, response: ServerResponse, shell: Shell): Promise<void> {
  const { ilert, faults, log } = shell
  const { method = '', url = '' } = incoming
  const [path = '', ...query] = url.split('?')
  const exchange = new Exchange(response, { at: ilert.clock.now(), method, path }, log)

  const steer = isControlPath(path) ? shell.control : undefined
  const body = await readBody(incoming, steer ? MAX_CONTROL_BODY : undefined)
  if (body === undefined) {
    response.shouldKeepAlive = false
    exchange.send(tooLong(path))
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
  if (grantType) exchange.entry.grantType = grantType

  const process = () => answerRequest(request, ilert).catch(() => failure(path))
  const fault = faults.meet(method, path)
  if (fault) await misbehave(fault, exchange, process)
  else exchange.send(await process())
}

function tooLong(path: string): Answer {
  const text = 'The body is too long'
  return isOAuthPath(path)
    ? oauthError('invalid_request', text, { status: 413 })
    : apiError(413, 'PAYLOAD_TOO_LARGE', text)
}

/** Data of a test may be long. */
const MAX_CONTROL_BODY = 1024 * 1024

/** Neither logged nor hit by a fault: tests look at the one, and end the other. */
function answerControl(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, headers)
  response.end(body)
}

/** Only the two that ilert knows: whatever else is sent as `grant_type` may be a secret in the wrong place. */
function readGrantType(request: SandboxRequest): string | undefined {
  const grantType = request.path === PATHS.token ? readForm(request)?.get('grant_type') : undefined
  return grantType === 'authorization_code' || grantType === 'refresh_token' ? grantType : undefined
}
