import type { Request, RequestHandler, Response } from 'express'
import { apiCallsOf, type IlertClient } from '../../client/client.ts'
import { InsufficientScope } from '../../ilert/errors.ts'
import { covers, toList } from '../../ilert/scopes.ts'
import type { Begin } from '../begin.ts'
import { grantOf } from '../request-ilert.ts'
import type { SessionEntries } from '../session-entry.ts'
import type { Site } from '../site.ts'
import { sendFailure, sendRefusal } from './answer.ts'
import { type Upload, uploadOf } from './body.ts'
import { judge, type Passed } from './judge.ts'
import type { ProxySettings } from './options.ts'
import { passOn } from './pass-on.ts'

interface ProxyParts {
  readonly client: IlertClient
  readonly entries: SessionEntries
  readonly site: Site
  readonly settings: ProxySettings
  readonly begin: Begin
}

/** Passes requests of a page on to ilert's API, as the signed-in user. */
export function proxyMiddleware(parts: ProxyParts): RequestHandler {
  return (req, res, next) => {
    const asked = judge(req, parts.settings)
    if (!asked.passes) {
      sendRefusal(res, asked)
      return
    }
    forward(req, res, parts, asked).catch((error: unknown) => {
      // What has begun cannot become another answer, and nobody waits for one who has gone.
      if (res.headersSent || res.destroyed) res.destroy()
      else if (!sendFailure(res, error, (scope) => signInURL(req, parts, scope))) next(error)
    })
  }
}

/** @throws the error that the page is to be told. */
async function forward(req: Request, res: Response, parts: ProxyParts, asked: Passed): Promise<void> {
  const { client, entries, settings } = parts
  const grant = grantOf(req, entries.name)
  const { scope } = await grant.tokens()
  if (asked.scope !== null && !covers(scope, asked.scope)) throw InsufficientScope.of(asked.scope)
  if (res.destroyed) return
  const { method, path } = asked
  const upload: Upload | undefined = asked.hasBody
    ? uploadOf(req, settings.maxBodyBytes, (reason) => seat.leave(reason))
    : undefined
  const headers = { ...asked.headers, ...upload?.headers }
  const seat = apiCallsOf(client).open(grant, { method, path, headers, ...(upload && { body: upload.body }) })
  res.once('close', () => seat.leave())
  try {
    const opened = await seat.result
    closeIfUnread(res, upload)
    if (!res.destroyed) await passOn(res, opened, settings.cacheControl)
  } catch (error) {
    closeIfUnread(res, upload)
    throw upload?.blame(error) ?? error
  }
}

/** What is left of a body that nobody waits for would stand in the way of the connection's next request. */
function closeIfUnread(res: Response, upload: Upload | undefined): void {
  if (upload && !upload.complete && !res.headersSent) res.setHeader('Connection', 'close')
}

/** Where a sign-in begins that asks for a scope as well; undefined if it would be in vain. */
function signInURL(req: Request, { begin, entries, settings, site }: ProxyParts, scope: string): string | undefined {
  const loginURL = site.find(req, settings.loginURL)
  if (scope === '') return loginURL
  const declined = toList(entries.read(req)?.declined ?? '')
  if (!begin.offers(scope) || toList(scope).every((one) => declined.includes(one))) return undefined
  return `${loginURL}${loginURL.includes('?') ? '&' : '?'}scope=${encodeURIComponent(scope)}`
}
