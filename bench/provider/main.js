// The provider of every app: ilert for those that speak OAuth 2.0, and OpenID Connect for the one that needs it.

import { createServer } from 'node:http'
import { options, serve } from '../lib/child.js'
import { createIlert } from './ilert.js'
import { createOpenID } from './openid.js'

const { clientID, clientSecret } = options
const ilert = createIlert({ clientID, clientSecret })
/** @type {import('node:http').RequestListener | undefined} */
let openID

const server = createServer((request, response) => {
  if (request.url?.startsWith('/oidc')) openID?.(request, response)
  else ilert.handle(request, response)
})
server.keepAliveTimeout = 60_000 // no app's connection ends between two rounds
server.on('connection', () => {
  ilert.counts.connections++
})
server.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  const origin = `http://127.0.0.1:${port}`
  serve(
    {
      counts: () => ilert.counts,
      set: (/** @type {object} */ settings) => Object.assign(ilert.settings, settings),
      openID(/** @type {string[]} */ redirectURIs) {
        const onRefresh = () => {
          ilert.counts.refreshes++
        }
        openID = createOpenID({ issuer: `${origin}/oidc`, clientID, clientSecret, redirectURIs, onRefresh })
      },
    },
    { origin },
  )
})
