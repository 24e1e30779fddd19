import type { Response } from 'express'

/** Does something right before an answer's headers are sent: later middlewares, and the route, have done their work then. */
export function beforeHeaders(res: Response, work: () => void): void {
  const answer = res as unknown as { writeHead: (...args: unknown[]) => Response }
  const { writeHead } = answer
  answer.writeHead = (...args) => {
    work()
    return writeHead.apply(res, args)
  }
}
