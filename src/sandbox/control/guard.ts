import { isLoopback, isLoopbackAddress } from '../loopback.ts'
import type { SandboxRequest } from '../messages.ts'
import { same } from '../same.ts'

/** Why a request may not steer the sandbox, and whether a token would help; undefined where it may. */
export interface ControlRefusal {
  readonly status: 401 | 403
  readonly message: string
}

/**
 * Who may steer the sandbox: programs of this machine, or, if there is a `token`, clients that bring it. And the sandbox's
 * own page: any other page in a developer's browser runs on this machine as well, and must not.
 */
export function controlRefusal(request: SandboxRequest, token: string | undefined): ControlRefusal | undefined {
  const { headers } = request
  if (token !== undefined) {
    if (!same(broughtToken(headers.authorization), token))
      return { status: 401, message: 'The control token is needed.' }
  } else if (!isLocal(request)) {
    const message = 'Only this machine may steer the sandbox. Start it with a control token to do so from elsewhere.'
    return { status: 403, message }
  }
  return isCrossSite(request) ? { status: 403, message: 'Another page may not steer the sandbox.' } : undefined
}

/** What a proxy forwards comes from elsewhere, and a foreign name for this address is an attack (DNS rebinding). */
function isLocal({ headers, address }: SandboxRequest): boolean {
  if (headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined) return false
  return isLoopbackAddress(address) && isLoopback((headers.host ?? '').replace(/:\d+$/, ''))
}

/** Browsers say where a request comes from: all new ones in `Sec-Fetch-Site`, old ones in `Origin`. Programs say nothing. */
function isCrossSite({ method, headers }: SandboxRequest): boolean {
  const site = headers['sec-fetch-site']
  if (site === 'same-origin') return false
  if (site === 'none') return method !== 'GET' // an address that a user has typed
  if (site !== undefined) return true
  const { origin, host } = headers
  return origin !== undefined && !(URL.canParse(origin) && new URL(origin).host === host)
}

/** Basic is for browsers, which ask for the password. */
function broughtToken(authorization = ''): string {
  const [, scheme = '', value = ''] = /^(bearer|basic) +(\S+)$/i.exec(authorization) ?? []
  if (scheme.toLowerCase() === 'bearer') return value
  return Buffer.from(value, 'base64')
    .toString()
    .replace(/^[^:]*:/, '')
}
