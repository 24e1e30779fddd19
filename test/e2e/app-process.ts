import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { freePort } from '../support/server.ts'

/** The example app as its users have it: the tree of processes under `npm start`. */
export interface AppProcess {
  readonly port: number
  readonly url: string
  /** What it has written so far. */
  readonly stdout: string
  readonly stderr: string
  /** Resolves with the exit code, once every process of the tree has gone. */
  readonly ended: Promise<number | null>
  /** As Ctrl+C does: tells every process of the tree to end. */
  stop(): Promise<void>
}

const running = new Set<AppProcess>()

/** Runs `npm start` at the root, up to where the app answers. Rejects where it ends instead. */
export async function startApp(env: Record<string, string> = {}): Promise<AppProcess> {
  const app = await runApp(env)
  if (!running.has(app)) throw new Error(`npm start has ended:\n${app.stdout}\n${app.stderr}`)
  return app
}

/** Runs `npm start` at the root. Resolves when the app is up, or has ended instead. */
export async function runApp(env: Record<string, string> = {}): Promise<AppProcess> {
  const port = Number(env.PORT ?? (await freePort()))
  const child = spawn('npm', ['start'], {
    cwd: new URL('../..', import.meta.url),
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
    async stop() {
      signalTree(child, 'SIGINT')
      const last = setTimeout(() => signalTree(child, 'SIGKILL'), 8000)
      await ended
      clearTimeout(last)
    },
  }
  running.add(app)
  void ended.then(() => running.delete(app))

  const up = new Promise<void>((resolve) => {
    child.stdout.on('data', () => {
      if (output.stdout.includes(url)) resolve()
    })
  })
  await Promise.race([up, ended])
  return app
}

/** Ends what a failed test has left behind. */
export async function stopApps(): Promise<void> {
  await Promise.all([...running].map((app) => app.stop()))
}

/** This process's environment without what would make the app another one. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(ILERT_.*|NODE_ENV|NODE_OPTIONS|SESSION_SECRET)$/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)))
}

function signalTree({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {
    // gone already
  }
}
