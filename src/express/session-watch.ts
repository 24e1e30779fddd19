import type { Request, Response } from 'express'
import type { Store } from 'express-session'
import type { AppTokens } from '../tokens/app-tokens.ts'
import { LRUMap } from '../tokens/lru-map.ts'
import { beforeHeaders } from './express.ts'
import {
  lifetimeOf,
  type RequestSession,
  type SessionEntries,
  type SessionEntry,
  sessionParts,
} from './session-entry.ts'
import { hookStore } from './store-hooks.ts'

/** Sessions that have ended here lately. A request that began before may still try to write them. */
const REMEMBERED_SESSIONS = 10_000

/** Until then a request whose client has gone has done what it does with its session. */
const CLIENT_GONE_MS = 60_000

/**
 * Which strategy serves a request, by its field in sessions. Two apps in one process, over one session store, are told of
 * each other's requests, and what becomes of those is none of their business.
 */
const serving = new WeakMap<Request, Map<string, SessionWatch>>()

/** An entry that a request's session has no more. */
interface Orphan {
  readonly entry: SessionEntry
  /** How long its session would have lived. */
  readonly lifetimeMs: number
  /** Whether its session has ended, too. */
  sessionEnded: boolean
}

/**
 * Watches what becomes of the sessions that have tokens. Passport makes a new session whenever it logs a user in or out:
 * the tokens of the same user come along, and those that nobody has any more are revoked. And what has ended in this
 * process is not brought back by a request that began before.
 */
export class SessionWatch {
  readonly #entries: SessionEntries
  readonly #tokens: AppTokens
  readonly #stores = new WeakSet<Store>()
  readonly #ended = new LRUMap<true>({ max: REMEMBERED_SESSIONS })
  readonly #orphans = new WeakMap<Request, Orphan[]>()
  /** Sessions that were made while their request was under way. */
  readonly #made = new WeakSet<RequestSession>()
  #warned = false

  constructor(entries: SessionEntries, tokens: AppTokens) {
    this.#entries = entries
    this.#tokens = tokens
  }

  /** Makes the request and its session store known. */
  bind(req: Request): void {
    const watches = serving.get(req) ?? new Map<string, SessionWatch>()
    serving.set(req, watches.set(this.#entries.field, this))
    const { sessionStore } = sessionParts(req)
    if (!sessionStore || this.#stores.has(sessionStore)) return
    this.#stores.add(sessionStore)
    hookStore(sessionStore, {
      mayBeStale: (session, request) => this.#isMine(request) && !this.#isUnknown(session, request),
      stored: (session, stored) => this.#entries.takeOver(session, stored as RequestSession),
      saving: (session, request) => !this.#isMine(request) || this.#saving(session, request),
      ending: (id) => this.#ending(id),
      generated: (request, before) => {
        if (this.#isMine(request)) this.#generated(request, before)
      },
    })
  }

  /**
   * Keeps the cookie of a session that ends while the request is under way from being set again: with `rolling` the
   * browser would go back to a session that is no more.
   */
  follow(req: Request, res: Response): void {
    beforeHeaders(res, () => {
      if (this.#ended.has(req.sessionID)) Object.assign(req, { sessionID: undefined })
    })
  }

  /** To be called when a sign-in has attached tokens: those that they replace are the sign-in's own business. */
  attached(req: Request): void {
    this.#orphans.delete(req)
  }

  #isMine(req: Request): boolean {
    return (serving.get(req)?.get(this.#entries.field) ?? this) === this
  }

  /** Nobody else has a session whose id has not left this process yet. */
  #isUnknown(session: RequestSession, { res }: Request): boolean {
    return this.#made.has(session) && res?.headersSent === false
  }

  #ending(id: string): () => void {
    this.#ended.set(id, true)
    return () => this.#ended.delete(id)
  }

  #generated(req: Request, before: RequestSession | undefined): void {
    const { session } = sessionParts(req)
    if (session) this.#made.add(session)
    this.#ended.delete(req.sessionID) // an app may choose ids of its own, and choose one again
    for (const orphan of this.#orphans.get(req) ?? []) orphan.sessionEnded = true
    const entry = before && this.#entries.raw(before)
    // One that could not be ended is still its user's.
    if (entry && this.#ended.has(before.id)) this.#orphan(req, before, entry, true)
  }

  #saving(session: RequestSession, req: Request): boolean {
    if (this.#ended.has(session.id)) return false
    this.#entries.renew(session)
    const entry = this.#entries.raw(session)
    if (entry && !this.#entries.isOf(entry, session)) {
      this.#entries.restore(session, undefined)
      this.#orphan(req, session, entry, false)
    }
    const same = this.#orphans.get(req)?.find((orphan) => this.#isOfSameUser(orphan, session))
    if (same && !this.#entries.raw(session)) this.#entries.restore(session, same.entry)
    return true
  }

  /** Nobody is not the same user as nobody. */
  #isOfSameUser({ entry }: Orphan, session: RequestSession): boolean {
    return entry.user !== null && this.#entries.isOf(entry, session)
  }

  #orphan(req: Request, session: RequestSession, entry: SessionEntry, sessionEnded: boolean): void {
    const { res } = req
    if (!res) return
    const orphans = this.#orphans.get(req) ?? []
    if (orphans.length === 0) {
      this.#orphans.set(req, orphans)
      const settle = () => this.#settle(req)
      if (res.destroyed) setTimeout(settle, CLIENT_GONE_MS).unref()
      else res.once('close', settle)
    }
    orphans.push({ entry, lifetimeMs: lifetimeOf(session), sessionEnded })
  }

  /** Ends what no session of the request has any more. */
  #settle(req: Request): void {
    const { session } = sessionParts(req)
    const kept = this.#entries.read(req)?.key
    const ended = new Set<string>()
    for (const orphan of this.#orphans.get(req) ?? []) {
      const { key } = orphan.entry
      if (key === kept || ended.has(key)) continue
      ended.add(key)
      if (session && this.#entries.isLike(orphan.entry, session)) this.#warn()
      this.#end(orphan)
    }
    this.#orphans.delete(req)
  }

  #end({ entry, lifetimeMs, sessionEnded }: Orphan): void {
    if (entry.shared && !sessionEnded) return
    const ended = sessionEnded ? this.#tokens.signOut(entry, lifetimeMs) : this.#tokens.abandon(entry.key)
    ended.catch(() => {}) // the token store is unavailable: the record ends by itself
  }

  #warn(): void {
    if (this.#warned) return
    this.#warned = true
    process.emitWarning(
      'The user of a session was replaced by one with the same id and other fields, which may be another user: the ilert ' +
        'tokens of the first one were revoked. If both are the same user, tell IlertStrategy by what to know users: ' +
        'userKey: (user) => String(user.id).',
      { type: 'IlertWarning', code: 'ILERT_USER_CHANGED' },
    )
  }
}
