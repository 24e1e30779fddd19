import { ResolvedConnection } from '../client/connection.ts'
import { ENV_OPTIONS, option } from '../client/options.ts'
import type { Scope } from '../ilert/scopes.ts'
import type { Keeping } from '../tokens/keeping.ts'
import { encryptionSecrets } from '../tokens/sealing/keys.ts'
import {
  allowedTenantsOption,
  booleanOption,
  callbackOption,
  functionOption,
  type IlertStrategyOptions,
  nameOption,
  oneVerify,
  STRATEGY_OPTIONS,
  scopeOption,
  strategyArguments,
} from './options.ts'
import type { UserKey } from './passport-user.ts'
import { basePathOption } from './site.ts'
import { type Ask, askWith, type ClassicVerify, type Verify } from './verify.ts'

/** What a strategy was told, checked and filled in: once, and by nobody else. */
export interface Settings {
  readonly connection: ResolvedConnection
  readonly clientID: string
  /** What `TokenManager` takes. */
  readonly keeping: Keeping
  /** What cookies and stored tokens are sealed with. */
  readonly secrets: readonly string[]
  readonly name: string
  readonly callbackURL: string
  readonly basePath: string | undefined
  /** What every sign-in of the app asks for. */
  readonly scope: readonly string[]
  /** Asked for as well, whatever a route asks for. */
  readonly extraScope: readonly Scope[]
  readonly allowedTenants: readonly string[] | undefined
  readonly tokenKey: IlertStrategyOptions['tokenKey']
  readonly userKey: UserKey | undefined
  readonly ask: Ask
}

/**
 * The settings of a strategy that is constructed with these arguments.
 *
 * @throws TypeError where one is missing or malformed; it names the option and its variable.
 */
export function strategySettings(args: readonly unknown[]): Settings {
  const { options, callback } = strategyArguments<IlertStrategyOptions, ClassicVerify>(
    'IlertStrategy',
    args,
    STRATEGY_OPTIONS,
  )
  const connection = new ResolvedConnection(options)
  const { clientID, clientSecret } = connection
  if (clientID === undefined) {
    throw new TypeError(`clientID (${ENV_OPTIONS.clientID}): missing. Set the id that ilert shows for your app.`)
  }
  const verify = functionOption<Verify>('verify', options.verify)
  oneVerify(verify, callback)
  return {
    connection,
    clientID,
    keeping: options,
    name: nameOption(options.name),
    callbackURL: callbackOption(options),
    basePath: basePathOption(option(options, 'basePath')),
    scope: scopeOption(options),
    secrets: encryptionSecrets(options),
    // An app without a secret gets no refresh tokens otherwise. docs/ilert.md, "Scopes".
    extraScope: clientSecret === undefined ? ['offline_access'] : [],
    allowedTenants: allowedTenantsOption(options.allowedTenants),
    tokenKey: functionOption('tokenKey', options.tokenKey),
    userKey: functionOption('userKey', options.userKey),
    ask: askWith(verify, callback, booleanOption('passReqToCallback', options.passReqToCallback)),
  }
}
