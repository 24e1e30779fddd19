import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { freePort } from '../support/port.ts'
import { builtApp, ROOT } from './app-copy.ts'
import { atEnd } from './clean-up.ts'

/** The example app as somebody runs it, with every process that belongs to it. */
export interface AppProcess {
  readonly port: number
  readonly url: string
  /** What it has written so far. */
  readonly stdout: string
  readonly stderr: string
  /** Resolves with the exit code, once every process of the tree has gone. */
  readonly ended: Promise<number | null>
  /** Sends a signal to every process of the tree, as a terminal does. */
  signal(signal: NodeJS.Signals): void
  /** As Ctrl+C does. */
  stop(): Promise<void>
}

/** A command, and where to run it. */
export interface Launch {
  readonly command: readonly string[]
  readonly cwd: string
}

/** The one command of the README. */
export const NPM_START: Launch = { command: ['npm', 'start'], cwd: ROOT }

/** Runs the app up to where it answers. Rejects where it ends instead. */
export async function startApp(env: Record<string, string> = {}, launch?: Launch): Promise<AppProcess> {
  const { app, isUp } = await run(env, launch)
  if (!isUp) throw new Error(`The app has ended:\n${app.stdout}\n${app.stderr}`)
  return app
}

/** Runs an app that does not come up. */
export async function startInVain(env: Record<string, string>): Promise<AppProcess> {
  const { app, isUp } = await run(env)
  if (isUp) throw new Error('The app is up.')
  return app
}

async function run(env: Record<string, string>, launch?: Launch): Promise<{ app: AppProcess; isUp: boolean }> {
  const port = Number(env.PORT ?? (await freePort()))
  const { command, cwd } = launch ?? { command: [process.execPath, 'dist/server.js'], cwd: await builtApp() }
  const [file = '', ...args] = command
  const child = spawn(file, args, {
    cwd,
    env: { ...ownEnvironment(), PORT: String(port), ...env },
    detached: true, // a group of its own, which can be ended as a whole
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
  })
  // `close` comes when the last process that holds the pipes has gone.
  const ended = once(child, 'close').then(([code]) => code as number | null)

  const url = `http://localhost:${port}`
  const app: AppProcess = {
    port,
    url,
    ended,
    get stdout() {
      return output.stdout
    },
    get stderr() {
      return output.stderr
    },
    signal: (signal) => signalTree(child, signal),
    async stop() {
      signalTree(child, 'SIGINT')
      const last = setTimeout(() => signalTree(child, 'SIGKILL'), 12_000)
      await ended
      clearTimeout(last)
    },
  }
  atEnd(() => app.stop())

  const up = new Promise<boolean>((resolve) => {
    child.stdout.on('data', () => {
      if (output.stdout.includes(`is up at ${url}`)) resolve(true)
    })
  })
  return { app, isUp: await Promise.race([up, ended.then(() => false)]) }
}

/** This process's environment without what would make the app another one. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(ILERT_.*|NODE_ENV|NODE_OPTIONS|SESSION_.*|REDIS_URL|DATABASE_URL|TRUST_PROXY|LOG_LEVEL)$/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)))
}

function signalTree({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {
    // gone already
  }
}
