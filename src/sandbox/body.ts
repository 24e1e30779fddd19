import type { IncomingMessage } from 'node:http'

/** No request to ilert comes near this. */
const MAX_BODY = 64 * 1024

/** What is more is read and dropped up to here, since a client that is still sending does not hear an answer. */
const MAX_DROPPED = 2 * 1024 * 1024

/** A request's body as text; undefined where it is too long. Rejects where the client leaves before its end. */
export async function readBody(request: IncomingMessage, max: number = MAX_BODY): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length <= max) chunks.push(chunk)
    if (length > MAX_DROPPED) break
  }
  return length > max ? undefined : Buffer.concat(chunks).toString('utf8')
}
