// A provider, a load process and apps: what most measurements need.

import { start } from './processes.js'
import { freePort } from './setup.js'

/** Each app, with what it is started with. */
const APPS = {
  'passport-ilert': { module: 'apps/ilert.js' },
  'without its middleware': { module: 'apps/ilert.js', middleware: false },
  'passport-oauth2': { module: 'apps/passport-oauth2.js' },
  'passport-oauth2, bare': { module: 'apps/passport-oauth2.js', bare: true },
  'openid-client': { module: 'apps/openid-client.js' },
  'express-openid-connect': { module: 'apps/express-openid-connect.js' },
}

/** @typedef {keyof typeof APPS} AppName */

const CREDENTIALS = { clientID: 'bench', clientSecret: 'the-secret-of-the-app-that-is-measured' }

/**
 * @typedef {object} Stage
 * @property {import('./processes.js').Child} provider
 * @property {import('./processes.js').Child} load
 * @property {(name: AppName, options?: { redis?: string, execArgv?: string[] }) => Promise<import('./processes.js').Child>} app
 * starts one more
 * @property {(app: import('./processes.js').Child) => Promise<string>} signIn resolves to the cookies
 */

/**
 * Starts them, and ends them when `work` is done.
 *
 * @template Result
 * @param {(stage: Stage) => Promise<Result>} work
 * @returns {Promise<Result>}
 */
export async function onStage(work) {
  const children = await Promise.all([start('provider/main.js', CREDENTIALS), start('load/main.js')])
  const [provider, load] = children
  /** @type {string[]} */
  const redirectURIs = []
  try {
    return await work({
      provider,
      load,
      async app(name, { execArgv = [], ...options } = {}) {
        const { module, ...settings } = APPS[name]
        const port = await freePort()
        if (name === 'express-openid-connect') {
          redirectURIs.push(`http://127.0.0.1:${port}/callback`)
          await provider.call('openID', redirectURIs)
        }
        const shared = { ...CREDENTIALS, provider: provider.ready.origin, port }
        const app = await start(module, { ...shared, ...settings, ...options }, execArgv)
        children.push(app)
        return app
      },
      signIn: (app) => load.call('signIn', app.ready.origin),
    })
  } finally {
    await Promise.all(children.map((child) => child.stop()))
  }
}

/**
 * Apps of these names, by name.
 *
 * @template {AppName} Name
 * @param {Stage} stage
 * @param {readonly Name[]} names
 * @returns {Promise<Record<Name, import('./processes.js').Child>>}
 */
export async function startAll(stage, names) {
  const apps = /** @type {any} */ ({})
  for (const name of names) apps[name] = await stage.app(name)
  return apps
}
