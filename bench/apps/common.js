// What the apps have in common, so that they differ in nothing but in how they sign users in.

import { RedisStore } from 'connect-redis'
import express from 'express'
import session from 'express-session'
import passport from 'passport'
import { createClient } from 'redis'
import { options, serve } from '../lib/child.js'

export const SECRET = 'only for measuring'
export const SESSION_PREFIX = 'web:'

export const { provider, clientID, clientSecret } = options

/** Where ilert's endpoints are. */
export const endpoints = {
  authorize: `${provider}/api/developers/oauth2/authorize`,
  token: `${provider}/api/developers/oauth2/token`,
  currentUser: `${provider}/api/users/current`,
  alerts: `${provider}/api/alerts`,
}

/** A connection to the Redis of this run, where it has one. */
export async function connectRedis() {
  if (!options.redis) return undefined
  const client = createClient({ url: options.redis })
  await client.connect()
  return client
}

/** Express with sessions and Passport: in the memory of the process, or in Redis where several share them. */
export async function createApp() {
  passport.serializeUser((user, done) => done(null, user))
  passport.deserializeUser((user, done) => done(null, /** @type {Express.User} */ (user)))
  const app = express()
  const client = await connectRedis()
  app.use(
    session({
      secret: SECRET,
      resave: false,
      saveUninitialized: false,
      ...(client && { store: new RedisStore({ client, prefix: SESSION_PREFIX }) }),
    }),
  )
  app.use(passport.session())
  return app
}

/** The page that needs nobody but the signed-in user. */
export function page(/** @type {any} */ req, /** @type {any} */ res) {
  if (!req.user) return res.status(401).json({ error: 'unauthorized' })
  res.json({ user: req.user.id })
}

/**
 * Listens on any port and answers to whoever measures.
 *
 * @param {import('express').Express} app
 * @param {Record<string, (...args: any[]) => unknown>} [methods]
 */
export function listen(app, methods = {}) {
  app.use((/** @type {any} */ error, /** @type {any} */ _req, /** @type {any} */ res, /** @type {any} */ _next) => {
    res.status(error.status ?? 502).json({ error: error.message })
  })
  const server = app.listen(options.port ?? 0, '127.0.0.1', (error) => {
    if (error) throw error
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
    serve(methods, { origin: `http://127.0.0.1:${port}` })
  })
  server.keepAliveTimeout = 60_000
}
