/*
 * What is asked of Express beside its documented request: where a response is, whom the app trusts, where it is mounted.
 */
import type { Application, Request, Response } from 'express'

/** Passport gives a strategy the request alone; Express has put the response on it. */
export function responseOf(req: Request): Response {
  if (!req.res) throw new TypeError('IlertStrategy needs Express: the request has no res.')
  return req.res
}

/** Hands a request on with an error that nobody else can be told. */
export function failRequest(req: Request, error: unknown): void {
  req.next?.(error)
}

/** A header of the proxy in front of the app, if the app trusts it (`trust proxy`). Any client can send it, too. */
export function forwardedHeader(req: Request, name: string): string | undefined {
  const trusts = req.app.get('trust proxy fn') as ((address: string | undefined, hop: number) => boolean) | undefined
  return trusts?.(req.socket.remoteAddress, 0) ? req.get(name) : undefined
}

/** The app in which an app is mounted. */
export function parentOf(app: Application): Application | undefined {
  return (app as { parent?: Application }).parent
}

/** Does something right before an answer's headers are sent: later middlewares, and the route, have done their work then. */
export function beforeHeaders(res: Response, work: () => void): void {
  const answer = res as unknown as { writeHead: (...args: unknown[]) => Response }
  const { writeHead } = answer
  answer.writeHead = (...args) => {
    work()
    return writeHead.apply(res, args)
  }
}
