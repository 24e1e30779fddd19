import type { Dispatcher } from 'undici'
// Not from 'undici' itself: that module, once loaded, serves the app's own global fetch(), too.
import connect from 'undici/lib/api/api-connect.js'
import Agent from 'undici/lib/dispatcher/agent.js'
import EnvHttpProxyAgent from 'undici/lib/dispatcher/env-http-proxy-agent.js'
import Pool from 'undici/lib/dispatcher/pool.js'

/** The proxies for each kind of origin, as in `HTTP_PROXY` and `HTTPS_PROXY`. An empty text: none. */
export interface Proxies {
  readonly httpProxy: string
  readonly httpsProxy: string
}

/** What makes calls, through proxies if there are any. No part of a call takes longer than `timeoutMs`. */
export function agent(timeoutMs: number, proxies: Proxies | undefined): Dispatcher {
  const limits = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs, connect: { timeout: timeoutMs } }
  if (!proxies) return new Agent(limits)
  return new EnvHttpProxyAgent({
    ...limits,
    ...proxies,
    proxyTls: { timeout: timeoutMs },
    requestTls: { timeout: timeoutMs },
    // connect() is what a proxy's tunnels are made with, and what the main module would add to every dispatcher.
    clientFactory: (proxy, options) => {
      return Object.assign(new Pool(proxy, { ...options, headersTimeout: timeoutMs }), { connect })
    },
  })
}
