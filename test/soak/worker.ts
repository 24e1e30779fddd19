import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { AppConfig } from './app.ts'

/** One process of the app. */
export interface Worker {
  readonly name: string
  readonly origin: string
  /** It is ending, or dead: no new request goes there, and one that was there may come back without an answer. */
  readonly isEnding: boolean
  call<T = undefined>(method: string, ms?: number): Promise<T>
  /** Asks it to end, and resolves once it has. */
  end(): Promise<void>
  kill(): Promise<void>
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export async function startWorker(name: string, env: Record<string, string>, config: AppConfig): Promise<Worker> {
  const { PATH = '' } = process.env
  const child = fork(fileURLToPath(new URL('app.js', import.meta.url)), [], {
    execArgv: ['--expose-gc', '--enable-source-maps'],
    env: { PATH, ...env, SOAK_APP: JSON.stringify(config) },
  })
  running.add(child)
  const exited = once(child, 'exit').then(([code]) => {
    running.delete(child)
    return code as number | null
  })
  const calls = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>()
  const port = await new Promise<number>((resolve, reject) => {
    child.on('message', (message: { port?: number; id?: number; result?: never; error?: string }) => {
      const { port, id = 0, result, error } = message
      if (port !== undefined) resolve(port)
      if (error === undefined) calls.get(id)?.resolve(result as never)
      else calls.get(id)?.reject(new Error(`${name}: ${error}`))
      calls.delete(id)
    })
    exited.then((code) => reject(new Error(`${name} ended with ${code} before it listened.`)), reject)
  })

  let isGone = false
  void exited.then((code) => {
    isGone = true
    for (const { reject } of calls.values()) reject(new Error(`${name} has ended with ${code}.`))
  })

  let isEnding = false
  let lastCall = 0
  const leave = async (signal: 'SIGTERM' | 'SIGKILL') => {
    isEnding = true
    child.kill(signal)
    await exited
  }
  return {
    name,
    origin: `http://127.0.0.1:${port}`,
    get isEnding() {
      return isEnding
    },
    call(method, ms = 0) {
      lastCall += 1
      const id = lastCall
      return new Promise((resolve, reject) => {
        if (isGone) {
          reject(new Error(`${name} has ended.`))
          return
        }
        calls.set(id, { resolve, reject })
        child.send({ id, method, ms })
      })
    },
    end: () => leave('SIGTERM'),
    kill: () => leave('SIGKILL'),
  }
}
