import { abortSignal, type Known, knownOptions, noMore } from '../ilert/arguments.ts'
import { authorizeOrigin, PATHS } from '../ilert/endpoints.ts'
import { formatScope, type Scope, toList } from '../ilert/scopes.ts'
import {
  type IlertUser,
  isToken,
  judgeRevocation,
  judgeTokenInfo,
  judgeTokens,
  judgeUser,
  type TokenInfo,
  type TokenSet,
} from './answers.ts'
import { ApiCalls } from './api-calls.ts'
import { type Connection, ResolvedConnection, tenantOption } from './connection.ts'
import type { HttpAnswer } from './exchange.ts'
import { Http } from './http.ts'
import { APP_OPTIONS, ENV_OPTIONS } from './options.ts'
import { traced } from './trace.ts'

/** What every call takes. */
interface Signalled {
  /** Ends the call early; it then rejects with the signal's reason. */
  signal?: AbortSignal
}

const SIGNALLED: Known<Signalled> = { signal: true }

/** Calls of ilert's API over a client's connections. For this package alone: a client has no such method. */
export let apiCallsOf: (client: IlertClient) => ApiCalls

/**
 * ilert's OAuth2 protocol and nothing else: no Express, no Passport, nothing kept. Options that are absent come from
 * the environment (`ILERT_CLIENT_ID`, `ILERT_CLIENT_SECRET`, `ILERT_APP_URL`, `ILERT_API_URL`, `ILERT_TENANT`).
 *
 * Every call ends within `timeoutMs`, follows no redirect, and rejects with
 *
 * - `OAuthError` where ilert refuses, with ilert's code;
 * - `NetworkError` where ilert does not answer, or with something that is no answer: 5xx, 429, a redirect, HTML;
 * - `IlertError` (502, `response_too_large`) if the answer is longer than 1 MiB;
 * - `TypeError` where an argument or an option that it needs is missing or malformed. Nothing is sent then.
 *
 * Nothing is sent twice by itself, unless the connection was never made.
 */
export class IlertClient {
  readonly #connection: ResolvedConnection
  readonly #http: Http
  readonly #apiCalls: ApiCalls

  static {
    apiCallsOf = (client) => client.#apiCalls
  }

  /**
   * Takes the options of `IlertStrategy` as well, so that an app can have one object of options.
   *
   * @throws TypeError where an option is malformed or unknown.
   */
  constructor(options?: Connection)
  /** @internal */
  constructor(options?: Connection | ResolvedConnection)
  constructor(options?: Connection | ResolvedConnection, ...rest: unknown[]) {
    noMore('IlertClient', rest)
    this.#connection =
      options instanceof ResolvedConnection
        ? options
        : new ResolvedConnection(knownOptions<Connection>('IlertClient', options, APP_OPTIONS))
    const { apiURL, timeoutMs, maxResponseBytes, dispatcher } = this.#connection
    this.#http = new Http({ origin: apiURL, timeoutMs, maxBodyBytes: maxResponseBytes, dispatcher })
    this.#apiCalls = new ApiCalls(this.#http)
  }

  /**
   * Where to send a user who is to sign in (RFC 6749, section 4.1.1; RFC 7636, section 4.3).
   *
   * @param o.redirectURI must equal the one that is registered at ilert, exactly.
   * @param o.codeChallenge base64url of the SHA-256 of the code verifier.
   * @param o.tenant asks on that tenant's own host; without effect where `appURL` is set.
   * @throws TypeError
   */
  authorizationURL(o: {
    redirectURI: string
    scope: string | readonly Scope[]
    state: string
    codeChallenge: string
    tenant?: string
  }): URL {
    const { appURL, tenant } = this.#connection
    const url = new URL(PATHS.authorize, authorizeOrigin(appURL, tenantOption(o.tenant) ?? tenant))
    const query = {
      client_id: this.#clientID(),
      response_type: 'code',
      redirect_uri: text(o.redirectURI, 'redirectURI'),
      scope: formatScope([o.scope].flat()),
      state: text(o.state, 'state'),
      code_challenge: text(o.codeChallenge, 'codeChallenge'),
      code_challenge_method: 'S256',
    }
    // Not URLSearchParams' plus signs: every server reads %20 as a space.
    url.search = Object.entries(query)
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      .join('&')
    return url
  }

  /**
   * Exchanges an authorization code for tokens (RFC 6749, section 4.1.3; RFC 7636, section 4.5).
   *
   * @param o.scope what was asked for. It is what was granted if neither the answer nor the token says (section 5.1).
   */
  async exchangeCode(
    o: { code: string; redirectURI: string; codeVerifier: string; scope?: string | readonly Scope[] } & Signalled,
  ): Promise<TokenSet> {
    const requested = toList(o.scope ?? [])
    return await this.#requestTokens(
      {
        grant_type: 'authorization_code',
        code: text(o.code, 'code'),
        redirect_uri: text(o.redirectURI, 'redirectURI'),
        code_verifier: text(o.codeVerifier, 'codeVerifier'),
      },
      abortSignal(o.signal),
      requested,
    )
  }

  /**
   * Asks for a new access token (RFC 6749, section 6). The answer may carry no refresh token: then the old one goes on
   * living. `ilert.tokens` does this for signed-in users; call it directly only for tokens that it does not keep.
   */
  async refresh(refreshToken: string, o?: Signalled): Promise<TokenSet> {
    const signal = signalOf('refresh', o)
    const grant = { grant_type: 'refresh_token', refresh_token: text(refreshToken, 'refreshToken') }
    return await traced('refresh', {}, () => this.#requestTokens(grant, signal))
  }

  /**
   * Asks ilert whether an access token is good, and whose it is. docs/ilert.md, "Wire formats". The client's
   * credentials go along if there are any (RFC 7662, section 2.1); an `OAuthError` says that they are wrong.
   */
  tokenInfo(accessToken: string, o?: Signalled): Promise<TokenInfo>
  /** @internal `timeoutMs`: less than a call may take otherwise. */
  tokenInfo(accessToken: string, o?: Signalled & { timeoutMs?: number | undefined }): Promise<TokenInfo>
  async tokenInfo(accessToken: string, o?: Signalled & { timeoutMs?: number | undefined }): Promise<TokenInfo> {
    const { signal, timeoutMs } = knownOptions('tokenInfo', o, { ...SIGNALLED, timeoutMs: true })
    const form = { ...this.#credentials(), token: text(accessToken, 'accessToken') }
    return judgeTokenInfo(await this.#post(PATHS.tokenInfo, form, abortSignal(signal), timeoutMs), secretsOf(form))
  }

  /**
   * Revokes a refresh token, which ends its grant. An access token that was issued stays good until it expires. The client's
   * credentials go along if there are any (RFC 7009, section 2.1).
   */
  async revoke(refreshToken: string, o?: Signalled): Promise<void> {
    const signal = signalOf('revoke', o)
    const form = { ...this.#credentials(), token: text(refreshToken, 'refreshToken') }
    await traced('revoke', {}, async () => {
      judgeRevocation(await this.#post(PATHS.revoke, form, signal), secretsOf(form))
    })
  }

  /** The ilert user of an access token with the scope `profile`. Rejects with `APIError` where ilert's API refuses. */
  async currentUser(accessToken: string, o?: Signalled): Promise<IlertUser> {
    const signal = signalOf('currentUser', o)
    const headers = { accept: 'application/json', authorization: `Bearer ${headerText(accessToken, 'accessToken')}` }
    const answer = await this.#http.send({ method: 'GET', path: PATHS.currentUser, headers, signal })
    return judgeUser(answer, [accessToken])
  }

  /** Ends the connections that are kept open. Calls under way end first. */
  async close(): Promise<void> {
    await this.#http.close()
  }

  async #requestTokens(
    grant: Record<string, string>,
    signal: AbortSignal | undefined,
    requested: readonly string[] = [],
  ): Promise<TokenSet> {
    const { clock } = this.#connection
    this.#clientID()
    const form = { ...this.#credentials(), ...grant }
    const sentAt = clock.now()
    const answer = await this.#post(PATHS.token, form, signal)
    return judgeTokens(answer, sentAt, secretsOf(form), requested)
  }

  #post(
    path: string,
    form: Record<string, string>,
    signal: AbortSignal | undefined,
    timeoutMs?: number,
  ): Promise<HttpAnswer> {
    return this.#http.send({
      method: 'POST',
      path,
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
      signal,
      timeoutMs,
    })
  }

  /** Of the client, in the form (RFC 6749, section 2.3.1); a public client has an id alone. */
  #credentials(): Record<string, string> {
    const { clientID, clientSecret } = this.#connection
    if (clientID === undefined) return {}
    return { client_id: clientID, ...(clientSecret !== undefined && { client_secret: clientSecret }) }
  }

  #clientID(): string {
    const { clientID } = this.#connection
    if (clientID === undefined) {
      throw new TypeError(`clientID (${ENV_OPTIONS.clientID}): missing. Set the id that ilert shows for your app.`)
    }
    return clientID
  }
}

/** What of a form must not be repeated by an error. */
function secretsOf({ client_id, grant_type, redirect_uri, ...secrets }: Record<string, string>): string[] {
  return Object.values(secrets)
}

function signalOf(method: string, o: Signalled | undefined): AbortSignal | undefined {
  return abortSignal(knownOptions(method, o, SIGNALLED).signal)
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '') throw new TypeError(`${name}: expected a string that is not empty.`)
  return value
}

/** What fits into a header, without breaking out of it. */
function headerText(value: unknown, name: string): string {
  if (!isToken(text(value, name))) throw new TypeError(`${name}: has a space, a line end or a character outside ASCII.`)
  return value as string
}
