import { Agent, type Dispatcher, request } from 'undici'
import { json, type Received, serve } from '../support/server.ts'
import { atEnd } from './clean-up.ts'

/** A request that has been answered by one of the targets. */
export interface Exchange {
  readonly target: string
  readonly request: Received
  readonly status: number
  readonly body: string
}

/** A proxy which remembers what went through it. */
export interface Proxy {
  readonly url: string
  /** Origins that take turns. One that is not there is skipped. */
  readonly targets: string[]
  readonly exchanges: Exchange[]
  /** JSON with which a path is answered instead. */
  readonly instead: Map<string, { status: number; body: object }>
}

/** Headers that are about one connection. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'transfer-encoding']

export async function startProxy(): Promise<Proxy> {
  const agent = new Agent({ pipelining: 0 }) // a connection for each request: none of them is stale
  const targets: string[] = []
  const exchanges: Exchange[] = []
  const instead: Proxy['instead'] = new Map()
  let turn = 0

  async function forward(received: Received): Promise<{ target: string; answer: Dispatcher.ResponseData }> {
    for (let tries = 1; ; tries++) {
      turn += 1
      const target = targets[turn % targets.length] as string
      try {
        return { target, answer: await send(agent, target, received) }
      } catch (error) {
        // What may have been done already is not sent again.
        const isSafe = received.method === 'GET' || (error as { code?: string }).code === 'ECONNREFUSED'
        if (!isSafe || tries === targets.length) throw error
      }
    }
  }

  const server = await serve(async (response, received) => {
    const answer = instead.get(received.path)
    if (answer) return json(response, answer.status, answer.body)
    try {
      const { target, answer } = await forward(received)
      const { statusCode: status, headers } = answer
      const body = await answer.body.text()
      exchanges.push({ target, request: received, status, body })
      for (const name of HOP_BY_HOP) delete headers[name]
      response.writeHead(status, headers).end(body)
    } catch {
      response.writeHead(502).end('Bad gateway')
    }
  })
  atEnd(async () => {
    await server.close()
    await agent.destroy()
  })
  return { url: `http://localhost:${server.port}`, targets, exchanges, instead }
}

function send(dispatcher: Agent, target: string, { method, path, headers, body }: Received) {
  const own = Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)))
  return request(target + path, {
    dispatcher,
    method: method as Dispatcher.HttpMethod,
    headers: { ...own, 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' },
    ...(body !== '' && { body }),
  })
}
