import type { Request } from 'express'
import type { SessionData, Store } from 'express-session'
import { after } from '../client/patience.ts'
import type { RequestSession } from './session-entry.ts'

/** What is to be told of a session store. */
export interface StoreHooks {
  /** Whether a session that is about to be written may have been written by others since its request has read it. */
  mayBeStale(session: RequestSession, req: Request): boolean
  /** What is stored of it, then. */
  stored(session: RequestSession, stored: SessionData): void
  /** A request's session is about to be written. Returns false to have it not written. */
  saving(session: RequestSession, req: Request): boolean
  /** A session is about to end. Returns what is to be called if it could not be ended. */
  ending(id: string): () => void
  /** A request has got a new session, in the place of `before` if it had one. */
  generated(req: Request, before: RequestSession | undefined): void
}

type Done = (error?: unknown) => void

/** How long a write waits for the read before it. */
const READ_MS = 1500

interface HookedStore {
  get: (id: string, done: (error: unknown, stored?: SessionData | null) => void) => unknown
  set: (id: string, session: object, done?: Done) => unknown
  destroy: (id: string, done?: Done) => unknown
  generate: (req: Request & { session?: RequestSession }) => void
}

/**
 * Has an app's session store tell of what happens in it. Only what writes, ends or makes a session passes here: a request
 * that reads its session costs nothing more. Whatever the hooks throw is none of the store's business: it goes on.
 */
export function hookStore(sessionStore: Store, hooks: StoreHooks): void {
  const store = sessionStore as unknown as HookedStore
  const { set, destroy, generate } = store

  store.set = (id, session, done) => {
    const { req } = session as { req?: Request } // absent from records that are no request's session
    if (!req) return set.call(store, id, session, done)
    const requestSession = session as RequestSession
    const write = () => {
      if (attempt(() => hooks.saving(requestSession, req)) !== false) return set.call(store, id, session, done)
      if (done) setImmediate(done)
      return undefined
    }
    if (!attempt(() => hooks.mayBeStale(requestSession, req))) return write()
    readOnce(store, id, (stored) => {
      if (stored) attempt(() => hooks.stored(requestSession, stored))
      write()
    })
    return undefined
  }

  store.destroy = (id, done) => {
    const failed = attempt(() => hooks.ending(id))
    return destroy.call(store, id, (error) => {
      if (error) failed?.()
      done?.(error)
    })
  }

  store.generate = (req) => {
    const before = req.session
    generate.call(store, req)
    attempt(() => hooks.generated(req, before))
  }
}

/** A store that fails, or takes too long, has nothing to say: the write says what is wrong. */
function readOnce(store: HookedStore, id: string, then: (stored?: SessionData | null) => void): void {
  let isRead = false
  const read = (stored?: SessionData | null): void => {
    if (isRead) return
    isRead = true
    stop()
    then(stored)
  }
  const stop = after(READ_MS, read)
  try {
    store.get(id, (error, stored) => read(error ? undefined : stored))
  } catch {
    read()
  }
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined // userKey, say: ilert.session() tells the app of that at the next request
  }
}
