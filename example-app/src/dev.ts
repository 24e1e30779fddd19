import { type SessionData, Store } from 'express-session'

/*
 * While the app is developed, `npm run dev` restarts it all the time. dev.js, which does so, keeps the sandbox and the
 * sessions, and this asks for them.
 */

/** Whether dev.js has started this process. */
export const isDevelopment: boolean = process.env.DEV_SECRET !== undefined && process.send !== undefined

type Ask = 'sandbox' | 'get' | 'set' | 'touch' | 'destroy'
type Answer = { readonly id: number; readonly value?: unknown; readonly error?: string }

const waiting = new Map<number, (answer: Answer) => void>()
let asked = 0

async function ask(what: Ask, ...args: unknown[]): Promise<unknown> {
  if (asked === 0) listen()
  const id = ++asked
  const { value, error } = await new Promise<Answer>((resolve) => {
    waiting.set(id, resolve)
    process.send?.({ id, ask: what, args })
  })
  if (error !== undefined) throw new Error(`npm run dev: ${error}`)
  return value
}

function listen(): void {
  process.on('message', (answer: Answer) => {
    waiting.get(answer.id)?.(answer)
    waiting.delete(answer.id)
  })
}

/** The sandbox of dev.js, which ends with dev.js. */
export async function devSandbox(redirectURI: string) {
  return { env: (await ask('sandbox', redirectURI)) as Record<string, string>, close: async () => {} }
}

/** The app cannot end before. */
export function leaveDevelopment(): void {
  if (process.connected) process.disconnect()
}

/** Sessions, and tokens beside them, in the memory of dev.js. */
export class DevStore extends Store {
  get(sid: string, done: (error: unknown, session?: SessionData | null) => void): void {
    void ask('get', sid).then((session) => done(null, session as SessionData | undefined), done)
  }

  set(sid: string, session: SessionData, done?: (error?: unknown) => void): void {
    void ask('set', sid, session).then(() => done?.(), done)
  }

  override touch(sid: string, session: SessionData, done?: (error?: unknown) => void): void {
    void ask('touch', sid, session).then(() => done?.(), done)
  }

  destroy(sid: string, done?: (error?: unknown) => void): void {
    void ask('destroy', sid).then(() => done?.(), done)
  }
}
