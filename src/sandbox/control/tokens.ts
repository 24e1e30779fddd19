import type { App, Grant, State } from '../state.ts'

/** A token that is good, without the token. */
export interface ShownToken {
  readonly kind: 'access' | 'refresh'
  /** Its last characters, to tell it from others. */
  readonly end: string
  readonly username: string
  readonly clientID: App['clientID']
  readonly scope: string
  /** Milliseconds since the epoch, on the sandbox's clock. */
  readonly expiresAt: number
}

const END = 6
const MOST = 100

/** The newest tokens that are good, the newest first. */
export function shownTokens(state: State): ShownToken[] {
  const shown = (kind: ShownToken['kind'], token: string, grant: Grant, expiresAt: number): ShownToken => ({
    kind,
    end: token.slice(-END),
    username: grant.user.username,
    clientID: grant.app.clientID,
    scope: grant.scope.join(' '),
    expiresAt,
  })
  const access = [...state.accessTokens].map(({ key, value, expiresAt }) => shown('access', key, value, expiresAt))
  const refresh = [...state.refreshTokens]
    .filter(({ value }) => !value.replaced && !state.isOver(value.grant))
    .map(({ key, value, expiresAt }) => shown('refresh', key, value.grant, expiresAt))
  return [...access.slice(-MOST).reverse(), ...refresh.slice(-MOST).reverse()]
}
