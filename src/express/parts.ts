import type { Request } from 'express'
import { IlertClient } from '../client/client.ts'
import { APP_URL } from '../ilert/endpoints.ts'
import type { AppTokens } from '../tokens/app-tokens.ts'
import { appTokensOf, TokenManager } from '../tokens/manager.ts'
import { Sealer } from '../tokens/sealing/seal.ts'
import { tokenSealer } from '../tokens/sealing/token-sealer.ts'
import type { TokenStore } from '../tokens/stores/store.ts'
import { AppSessionStore } from './app-session-store.ts'
import { Attempts } from './attempts.ts'
import { Begin } from './begin.ts'
import { Finish } from './finish.ts'
import { LostSessions } from './lost-session.ts'
import { SessionEntries } from './session-entry.ts'
import { SessionWatch } from './session-watch.ts'
import type { Settings } from './settings.ts'
import { SignIns } from './sign-ins.ts'
import { Site } from './site.ts'

/** What a strategy is made of. */
export interface Parts {
  readonly client: IlertClient
  /** What apps have of the tokens. */
  readonly manager: TokenManager
  readonly tokens: AppTokens
  readonly entries: SessionEntries
  readonly lost: LostSessions
  readonly site: Site
  readonly watch: SessionWatch
  readonly signIns: SignIns
  readonly begin: Begin
  readonly finish: Finish
  /** What every sign-in of the app asks for. */
  readonly scope: readonly string[]
  /** Makes the request's session store known. */
  readonly bind: (req: Request) => void
  /** To be called where `ilert.session()` runs: the same, and the record of the request's session lives on with it. */
  readonly attend: (req: Request) => void
}

/** Puts a strategy together. Nothing here does anything before there is a request. */
export function assemble(settings: Settings): Parts {
  const { connection, clientID, keeping, secrets, name, userKey, callbackURL, basePath, scope } = settings
  const { clock } = connection
  const client = new IlertClient(connection)
  const appStore = keeping.tokenStore === undefined ? new AppSessionStore(clock) : undefined
  const tokenStore = appStore ?? (keeping.tokenStore as TokenStore)
  const manager = new TokenManager(
    { ...keeping, tokenStore },
    { connection, client, sealer: tokenSealer(secrets, clientID) },
  )
  const tokens = appTokensOf(manager)
  const entries = new SessionEntries(name, userKey)
  const site = new Site({ basePath, callbackURL })
  const watch = new SessionWatch(entries, tokens)
  const bind = (req: Request) => {
    appStore?.bind(req)
    watch.bind(req)
  }
  const attend = (req: Request) => {
    bind(req)
    site.serve(req)
    appStore?.keepAlive(req, entries)
  }

  const sealer = attemptSealer(settings)
  const attempts = new Attempts(sealer, clock)
  const lost = new LostSessions(sealer, clock, entries, tokens)
  const { extraScope, ask, allowedTenants, tokenKey } = settings
  const shared = { attempts, client, entries, lost, site, tokens, bind }
  const begin = new Begin({ ...shared, callbackURL, scope, extraScope })
  const signIns = new SignIns({ clock, client, tokens, scope: begin.usualScope, ask, allowedTenants, tokenKey })
  const belongs: AppSessionStore['belongs'] = (key, owner) => appStore?.belongs(key, owner)
  const finish = new Finish({ ...shared, signIns, watch, belongs })
  return { client, manager, tokens, entries, lost, site, watch, signIns, begin, finish, scope, bind, attend }
}

/** An attempt is finished where it was begun: at the same provider (RFC 9700, section 4.4), by the same app. */
export function attemptSealer({ connection, clientID, secrets }: Settings): Sealer {
  const { appURL = APP_URL, apiURL } = connection
  return new Sealer(secrets, `attempts of ${clientID} at ${appURL} and ${apiURL}`)
}
