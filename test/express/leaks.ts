import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { connect, createServer, type Socket } from 'node:net'
import { inspect } from 'node:util'
import { jest } from '@jest/globals'

/** Where something was said, and what. */
export interface Said {
  where: string
  text: string
}

const CONSOLE = ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir', 'table'] as const
const CHANNELS = ['login', 'refresh', 'api', 'revoke'].flatMap((name) =>
  ['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map((event) => `tracing:passport-ilert:${name}:${event}`),
)

/** Writes down what is said on any way out of the process, until it is stopped. */
export function listen() {
  const said: Said[] = []
  const say = (where: string, ...values: unknown[]) => {
    for (const value of values) said.push({ where, text: show(value) })
  }
  const spies: { mockRestore(): void }[] = []
  for (const name of ['stdout', 'stderr'] as const) {
    const write = (chunk: string | Uint8Array) => {
      say(name, chunk)
      return true
    }
    spies.push(jest.spyOn(process[name], 'write').mockImplementation(write))
  }
  for (const name of CONSOLE) {
    spies.push(
      jest.spyOn(console, name).mockImplementation((...values: unknown[]) => say(`console.${name}`, ...values)),
    )
  }
  spies.push(jest.spyOn(process, 'emitWarning').mockImplementation((...values) => say('a warning', ...values)))
  const onMessage = (message: unknown, name: string | symbol) => say(String(name), message)
  for (const channel of CHANNELS) subscribe(channel, onMessage)
  return {
    said,
    say,
    stop() {
      for (const spy of spies) spy.mockRestore()
      for (const channel of CHANNELS) unsubscribe(channel, onMessage)
    },
  }
}

/** Everything that can be seen of a value: its inspection, its JSON, and of errors the stack and all causes. */
export function show(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return Buffer.from(value).toString()
  const parts = [inspect(value, { depth: 10, showHidden: true, maxArrayLength: null, maxStringLength: null })]
  try {
    parts.push(JSON.stringify(value) ?? '')
  } catch {
    // goes in circles
  }
  for (let error = value as Error | undefined, i = 0; error instanceof Error && i < 10; i++) {
    parts.push(String(error), error.message, error.stack ?? '')
    parts.push(...Object.getOwnPropertyNames(error).map((name) => inspect(Reflect.get(error as Error, name))))
    error = error.cause as Error | undefined
  }
  return parts.join('\n')
}

/** The secrets that are in a text: raw, URL-encoded once or twice, and inside base64 or base64url of either. */
export function seek(text: string, secrets: Iterable<string>): string[] {
  const readings = [text, ...decodedURL(text), ...decodedBase64(text)].join('\n')
  return [...secrets].filter((secret) => readings.includes(secret))
}

/** Where a secret was said. Throws if there are none to seek. */
export function leaks(said: readonly Said[], secrets: ReadonlySet<string>): string[] {
  if (secrets.size === 0) throw new Error('There are no secrets to seek.')
  // The same is said many times, and nearly always there is no secret in it: a look at all of it at once is enough then.
  if (seek(said.map(({ text }) => text).join('\n'), secrets).length === 0) return []
  return said.flatMap(({ where, text }) =>
    seek(text, secrets).map((secret) => `${where} has ${secret}: ${text.slice(0, 2000)}`),
  )
}

function decodedURL(text: string): string[] {
  const decode = (escaped: string) =>
    escaped.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  const once = decode(text)
  return once === text ? [] : [once, decode(once)]
}

function decodedBase64(text: string, depth = 2): string[] {
  if (depth === 0) return []
  const runs = [text, ...decodedURL(text)].flatMap((reading) => reading.match(/[\w+/-]{12,}/g) ?? [])
  return [...new Set(runs)].flatMap((run) =>
    [0, 1, 2, 3].flatMap((from) => {
      const decoded = Buffer.from(run.slice(from), 'base64').toString('latin1')
      return [decoded, ...decodedBase64(decoded, depth - 1)]
    }),
  )
}

const IN_REQUESTS = /(?<=[?&\n])(client_secret|code|code_verifier|refresh_token|token)=([^&\s]+)/g
const IN_ANSWERS = /"(?:access|refresh)_token":\s*"([^"]+)"/g
const IN_HEADERS = /^authorization: bearer (\S+)/gim

/** The secrets in HTTP as it is on the wire. */
export function secretsIn(traffic: string): string[] {
  const found = [
    ...[...traffic.matchAll(IN_REQUESTS)].map(([, , value = '']) => decodeURIComponent(value.replaceAll('+', ' '))),
    ...[...traffic.matchAll(IN_ANSWERS), ...traffic.matchAll(IN_HEADERS)].map(([, value = '']) => value),
  ]
  // Of a JWT each part but the header, which all of them have in common, is as secret as the whole.
  return found.flatMap((value) => [value, ...value.split('.').slice(1)]).filter((value) => value.length >= 16)
}

/** A TCP proxy to a port of this machine that writes down both directions. */
export async function record(port: number) {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    const heard = { up: '', down: '' }
    const note = (direction: 'up' | 'down') => (chunk: Buffer) => {
      heard[direction] += chunk.toString('latin1')
    }
    client.on('data', note('up')).pipe(upstream)
    upstream.on('data', note('down')).pipe(client)
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
    wires.push(heard)
  })
  const wires: { up: string; down: string }[] = []
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port: own } = server.address() as { port: number }
  return {
    origin: `http://127.0.0.1:${own}`,
    /** All that was said, whole. */
    traffic: () => wires.flatMap(({ up, down }) => [up, down]).join('\n'),
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
