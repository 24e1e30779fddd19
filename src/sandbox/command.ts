import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { SandboxData } from './data/given.ts'
import type { SandboxOptions } from './options.ts'
import { createSandbox, type Sandbox } from './sandbox.ts'

/** What the command needs from the process that runs it. */
export interface Terminal {
  out(text: string): void
  err(text: string): void
  /** Aborted when the command is to end. */
  readonly signal: AbortSignal
}

const DEFAULT_PORT = '4598'

const HELP = `Usage: ilert-sandbox [options]

An ilert of your own, offline: an app signs in here as it would at ilert.

  --port <number>            the port to listen on, default ${DEFAULT_PORT}; 0 takes any free one
  --host <address>           the address to listen on, default 127.0.0.1
  --approve[=<username>]     answer the consent page by itself, as this user or as the first
  --refresh-tokens <what>    what a refresh does to the refresh token: reuse, add or rotate (default)
  --redirect-uri <url>       the app's callback, default http://localhost:3000/auth/ilert/callback
  --data <file.json>         people and data to begin with
  --control-token <token>    steer the sandbox from other machines, with this token: see /_sandbox/
  --i-know-this-is-public    listen on an address that other machines may reach, or with NODE_ENV=production
  --help                     this text
`

/** Options and the flags that set them, for errors which speak of the option. */
const FLAGS = {
  port: '--port',
  host: '--host',
  approve: '--approve',
  refreshTokens: '--refresh-tokens',
  redirectURI: '--redirect-uri',
  controlToken: '--control-token',
  iKnowThisIsPublic: '--i-know-this-is-public',
} as const

/** The command `ilert-sandbox`. Resolves to its exit code when it was told to end, or could not begin. */
export async function command(args: readonly string[], terminal: Terminal): Promise<number> {
  let options: SandboxOptions | 'help'
  try {
    options = readArguments(args)
  } catch (error) {
    return fail(terminal, 2, messageOf(error))
  }
  if (options === 'help') {
    terminal.out(HELP)
    return 0
  }

  let sandbox: Sandbox
  try {
    sandbox = await createSandbox(options)
  } catch (error) {
    if (error instanceof TypeError) return fail(terminal, 2, inFlags(error.message))
    return fail(terminal, 1, cannotListen(error, options))
  }
  terminal.out(welcome(sandbox))
  if (!terminal.signal.aborted) {
    await new Promise((resolve) => terminal.signal.addEventListener('abort', resolve, { once: true }))
  }
  await sandbox.close()
  return 0
}

function readArguments(args: readonly string[]): SandboxOptions | 'help' {
  const { values } = parseArgs({
    // parseArgs knows no optional values: alone, `--approve` stands for an empty one.
    args: args.map((arg) => (arg === '--approve' ? '--approve=' : arg)),
    options: {
      port: { type: 'string', default: DEFAULT_PORT },
      host: { type: 'string' },
      approve: { type: 'string' },
      'refresh-tokens': { type: 'string' },
      'redirect-uri': { type: 'string' },
      data: { type: 'string' },
      'control-token': { type: 'string' },
      'i-know-this-is-public': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  return {
    // Number alone takes '' for 0, which stands for any free port.
    port: /^\d+$/.test(values.port) ? Number(values.port) : Number.NaN,
    ...(values.host !== undefined && { host: values.host }),
    ...(values.approve !== undefined && { approve: values.approve === '' ? true : values.approve }),
    // createSandbox says what is wrong with it.
    ...(values['refresh-tokens'] !== undefined && {
      refreshTokens: values['refresh-tokens'] as NonNullable<SandboxOptions['refreshTokens']>,
    }),
    ...(values['redirect-uri'] !== undefined && { redirectURI: values['redirect-uri'] }),
    ...(values.data !== undefined && { data: readData(values.data) }),
    ...(values['control-token'] !== undefined && { controlToken: values['control-token'] }),
    iKnowThisIsPublic: values['i-know-this-is-public'],
  }
}

/** What it holds is checked by createSandbox. */
function readData(path: string): SandboxData {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as SandboxData
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'is not JSON' : 'cannot be read'
    throw new TypeError(`--data: ${path} ${reason}.`, { cause: error })
  }
}

function welcome({ appURL, env, users }: Sandbox): string {
  return `The ilert sandbox is up at ${appURL}. Give this to your app:

${Object.entries(env)
  .map(([name, value]) => `export ${name}=${quote(value)}`)
  .join('\n')}

Sign in as ${users.map(({ username }) => username).join(', ')}. Ctrl+C ends it.
Its clock, faults and requests are at ${appURL}/_sandbox/
`
}

function fail(terminal: Terminal, exitCode: number, message: string): number {
  terminal.err(`ilert-sandbox: ${message}\n`)
  return exitCode
}

function cannotListen(error: unknown, { port, host }: SandboxOptions): string {
  switch ((error as { code?: unknown } | null)?.code) {
    case 'EADDRINUSE':
      return `port ${port} is taken. Choose another with --port, such as --port ${Number(port) + 1}, or --port 0.`
    case 'EACCES':
      return `port ${port} is not for everybody to take. Choose another with --port, such as --port ${DEFAULT_PORT}.`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is no address of this machine. Choose one with --host, such as --host 127.0.0.1.`
    default:
      return messageOf(error)
  }
}

/** An error of `createSandbox` about an option, as one about a flag. */
function inFlags(message: string): string {
  const [, option = '', rest = ''] = /^(\w+)(: .*)$/s.exec(message) ?? []
  return option in FLAGS ? `${FLAGS[option as keyof typeof FLAGS]}${rest}` : message
}

/** parseArgs explains over several lines what a dash at the beginning may mean; the first sentence is enough. */
function messageOf(error: unknown): string {
  const message = (error as { message?: unknown } | null)?.message
  const [line = ''] = String(message ?? error).split('\n')
  return `${line.replace(/(?<=')\. .*/, '.')} See ilert-sandbox --help.`.replace(/(?<![.!?]) See/, '. See')
}

/** A value as a shell takes it literally. */
function quote(value: string): string {
  return `'${value.replaceAll("'", String.raw`'\''`)}'`
}
