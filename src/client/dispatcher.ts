import type { Dispatcher } from 'undici'
// Not from 'undici' itself: that module, once loaded, serves the app's own global fetch(), too.
import connect from 'undici/lib/api/api-connect.js'
import Agent from 'undici/lib/dispatcher/agent.js'
import EnvHttpProxyAgent from 'undici/lib/dispatcher/env-http-proxy-agent.js'
import Pool from 'undici/lib/dispatcher/pool.js'
import { isLoopback } from './options.ts'
import { LONGEST_TIMER_MS } from './patience.ts'

/** undici's own limits end this much after ours. Above a second undici counts only time in which the event loop runs. */
const BACKUP_MS = 2000

/**
 * What makes the calls to an origin: through the proxies that the environment names, and never through one to loopback.
 *
 * undici's own timers only back up the one that is around each call, which is patient: a hung connection is given up, not
 * only no longer waited for.
 *
 * @throws TypeError if a proxy variable is no URL.
 */
export function defaultDispatcher(origin: string, timeoutMs: number): Dispatcher {
  const timeout = Math.min(Math.ceil(timeoutMs) + BACKUP_MS, LONGEST_TIMER_MS)
  const limits = { headersTimeout: timeout, bodyTimeout: timeout, connect: { timeout } }
  if (isLoopback(new URL(origin).hostname)) return new Agent(limits)
  try {
    return new EnvHttpProxyAgent({
      ...limits,
      proxyTls: { timeout },
      requestTls: { timeout },
      // connect() is what a proxy's tunnels are made with, and what the main module would add to every dispatcher.
      clientFactory: (proxy, options) => {
        return Object.assign(new Pool(proxy, { ...options, headersTimeout: timeout }), { connect })
      },
    })
  } catch {
    // Without a cause: it repeats the URL, which may have a password.
    throw new TypeError('HTTP_PROXY, HTTPS_PROXY: expected a URL such as http://proxy.example:8080.')
  }
}
