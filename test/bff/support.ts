import type { ServerResponse } from 'node:http'
import type { ProxyOptions } from '../../src/index.ts'
import {
  type AppOptions,
  type Browser,
  CURRENT_USER,
  type Page,
  startApp,
  type TestApp,
  TOKEN,
} from '../support/app.ts'
import { json, type Received, serve, type TestServer } from '../support/server.ts'

/** Where the proxy is. */
export const PROXY = '/api/ilert'
export const ALERTS = `${PROXY}/api/alerts`

/** What browsers send along with a request of a page of the same origin. */
export const FROM_PAGE = { 'sec-fetch-site': 'same-origin' }

const ALLOW: ProxyOptions['allow'] = [
  'GET /api/alerts',
  'GET /api/alerts/{id}',
  'POST /api/alerts',
  'PUT /api/alerts/{id}/accept',
  'DELETE /api/schedules/{id}',
  'GET /api/heartbeat-monitors',
]

export interface BackendOptions extends AppOptions {
  proxy?: Partial<ProxyOptions>
}

/** An app with a proxy and a check-session endpoint, and a sandbox in ilert's place. */
export async function startBackend({ proxy, ...options }: BackendOptions = {}): Promise<TestApp> {
  return await startApp({
    ...options,
    strategy: { scope: 'alert:w schedule:d', ...options.strategy },
    routes: (express, app) => {
      express.all('/me', app.ilert.me())
      express.post('/logout', app.ilert.logout())
      options.routes?.(express, app)
      express.use(PROXY, app.ilert.proxy({ allow: ALLOW, ...proxy }))
    },
  })
}

/** How the test's own ilert answers to a call of the API. */
export type Answer = (response: ServerResponse, received: Received) => unknown

export interface Scene {
  readonly app: TestApp
  /** What the API was asked, without the sign-in. */
  readonly calls: Received[]
  readonly api: TestServer
  /** One who is signed in. */
  readonly browser: Browser
  /** How often tokens were refreshed. */
  refreshes(): number
}

/** The access token that the test's own ilert has issued last. */
export const tokenNumber = (number: number): string => `access-token-number-${number}-${'x'.repeat(40)}`

/** The same with a server of the test's own in the place of ilert's API, and a browser that is signed in. */
export async function startScene(
  answer: Answer = (response) => json(response, 200, []),
  options: BackendOptions = {},
): Promise<Scene> {
  let issued = 0
  const calls: Received[] = []
  const api = await serve((response, received) => {
    const path = received.path.split('?', 1)[0]
    if (path === TOKEN) json(response, 200, tokens(++issued))
    else if (path === CURRENT_USER) json(response, 200, { id: 7, firstName: 'Mara' })
    else {
      calls.push(received)
      answer(response, received)
    }
  })
  const strategy = { apiURL: api.origin, timeoutMs: 5000, ...options.strategy }
  const app = await startBackend({ ...options, strategy })
  const browser = app.browser()
  await browser.signIn()
  return { app, api, calls, browser, refreshes: () => issued - 1 }
}

function tokens(number: number): object {
  return {
    access_token: tokenNumber(number),
    refresh_token: `refresh-token-number-${number}`,
    expires_in: 3600,
    scope: 'profile alert:w schedule:d',
  }
}

/** What a page of the app asks. */
export interface Ask {
  method?: string
  headers?: Record<string, string>
  body?: string
}

/** One request of a page of the app. */
export async function ask(browser: Browser, path: string, { method, headers, body }: Ask = {}): Promise<Page> {
  const type = body === undefined ? undefined : { 'content-type': 'application/json' }
  return await browser.send(path, { ...FROM_PAGE, ...type, ...headers }, method, body)
}
