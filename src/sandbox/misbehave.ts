import type { ServerResponse } from 'node:http'
import type { Exchange } from './exchange.ts'
import { faultyAnswer, type MetFault } from './faults.ts'
import type { Answer } from './messages.ts'

/**
 * Lets an exchange go as the fault wants it that the request has met.
 *
 * @param process lets the request take effect, and makes the answer that it would have got
 */
export async function misbehave(fault: MetFault, exchange: Exchange, process: () => Promise<Answer>): Promise<void> {
  const { kind, ms, processed, cleared } = fault
  const { response } = exchange
  const note = `fault: ${kind}${processed ? ', processed' : ''}`
  const answer = processed ? await process() : undefined
  switch (kind) {
    case 'delay':
      await pause(response, ms ?? 1000, cleared)
      if (!response.destroyed) exchange.send(answer ?? (await process()), note)
      else exchange.log(`${note}, client left`)
      return
    case 'hang':
      exchange.log(note)
      await pause(response, undefined, cleared)
      if (!response.destroyed) exchange.send(answer ?? (await process()), `${note}, cleared`)
      return
    case 'reset':
      exchange.log(note)
      response.req.socket.resetAndDestroy()
      return
    case 'trickle':
      exchange.begin(200, { 'content-type': 'application/json' }, note)
      await trickle(response, ms ?? 100, cleared)
      return
    default:
      exchange.send(faultyAnswer(fault, exchange.path), note)
  }
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

/** White space, so that a client that waits for the end has JSON that never begins. */
async function trickle(response: ServerResponse, ms: number, cleared: Promise<void>): Promise<void> {
  response.flushHeaders()
  const timer = setInterval(() => response.write(' '), Math.max(1, ms))
  await pause(response, undefined, cleared)
  clearInterval(timer)
  response.end()
}
