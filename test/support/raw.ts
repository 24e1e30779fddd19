import { once } from 'node:events'
import { connect } from 'node:net'

/** An answer as it was on the wire. */
export interface RawAnswer {
  readonly status: number
  /** Names in small letters and values, each line by itself. */
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
}

/**
 * One request, byte for byte: `text` in latin1, with CR LF at the end of each line. No client stands between, which would
 * refuse or mend what is malformed.
 */
export async function raw(origin: string, lines: readonly string[], body = ''): Promise<RawAnswer> {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1')
  socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n${body}`, 'latin1')
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk
  })
  await once(socket, 'close')
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const [statusLine = '', ...fields] = head.split('\r\n')
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: fields.map((field) => {
      const colon = field.indexOf(':')
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()] as const
    }),
    body: rest.join('\r\n\r\n'),
  }
}

/** The values of a header. */
export function valuesOf({ headers }: RawAnswer, name: string): string[] {
  return headers.filter(([present]) => present === name).map(([, value]) => value)
}
