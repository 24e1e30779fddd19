import { fileURLToPath } from 'node:url'
import { startChild } from '../support/processes.js'
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

export async function startWorker(name: string, env: Record<string, string>, config: AppConfig): Promise<Worker> {
  const { PATH = '' } = process.env
  const child = await startChild(fileURLToPath(new URL('app.js', import.meta.url)), {
    name,
    execArgv: ['--expose-gc', '--enable-source-maps'],
    env: { PATH, ...env, SOAK_APP: JSON.stringify(config) },
  })
  let isEnding = false
  const leave = async (signal: 'SIGTERM' | 'SIGKILL') => {
    isEnding = true
    await child.end(signal)
  }
  return {
    name,
    origin: child.ready.origin,
    get isEnding() {
      return isEnding
    },
    call: (method, ms = 0) => child.call(method, ms),
    end: () => leave('SIGTERM'),
    kill: () => leave('SIGKILL'),
  }
}
