import type { Request } from 'express'
import type { Store } from 'express-session'
import type { RequestSession } from './session-entry.ts'

/** What is to be told of a session store. */
export interface StoreHooks {
  /** A request's session is about to be written. Returns false to have it not written. */
  saving(session: RequestSession, req: Request): boolean
  /** A session is about to end. Returns what is to be called if it could not be ended. */
  ending(id: string): () => void
  /** A request has got a new session, in the place of `before` if it had one. */
  generated(req: Request, before: RequestSession | undefined): void
}

type Done = (error?: unknown) => void

interface HookedStore {
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
    if (!req || attempt(() => hooks.saving(session as RequestSession, req)) !== false) {
      return set.call(store, id, session, done)
    }
    if (done) setImmediate(done)
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

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined // userKey, say: ilert.session() tells the app of that at the next request
  }
}
