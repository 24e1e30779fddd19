import type { Dispatcher } from 'undici'
import type { Proxies } from './agents.ts'
import { isLoopback } from './options.ts'
import { LONGEST_TIMER_MS } from './patience.ts'

/** undici's own limits end this much after ours. Above a second undici counts only time in which the event loop runs. */
const BACKUP_MS = 2000

/**
 * What makes the calls to an origin: through the proxies that the environment names now, and never through one to loopback.
 * It is loaded when it is asked for, and once: undici takes longer to load than all of this package.
 *
 * undici's own timers only back up the one that is around each call, which is patient: a hung connection is given up, not
 * only no longer waited for.
 *
 * @throws TypeError if a proxy variable is no URL.
 */
export function defaultDispatcher(origin: string, timeoutMs: number): () => Promise<Dispatcher> {
  const timeout = Math.min(Math.ceil(timeoutMs) + BACKUP_MS, LONGEST_TIMER_MS)
  const proxies = isLoopback(new URL(origin).hostname) ? undefined : proxiesOf(process.env)
  let dispatcher: Promise<Dispatcher> | undefined
  return () => {
    dispatcher ??= import('./agents.ts').then(({ agent }) => agent(timeout, proxies))
    return dispatcher
  }
}

/** As undici reads them: names in small letters win, and without a proxy for `https:` the other one is used. */
function proxiesOf(env: NodeJS.ProcessEnv): Proxies | undefined {
  const httpProxy = env.http_proxy ?? env.HTTP_PROXY ?? ''
  const httpsProxy = env.https_proxy ?? env.HTTPS_PROXY ?? ''
  for (const proxy of [httpProxy, httpsProxy]) {
    // Not in the message: it may have a password.
    if (proxy !== '' && !isProxy(proxy)) {
      throw new TypeError('HTTP_PROXY, HTTPS_PROXY: expected a URL such as http://proxy.example:8080.')
    }
  }
  return httpProxy || httpsProxy ? { httpProxy, httpsProxy } : undefined
}

function isProxy(text: string): boolean {
  return URL.canParse(text) && /^(?:https?|socks5?):$/.test(new URL(text).protocol)
}
