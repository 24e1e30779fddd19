import type { Express } from 'express'
import { IlertStrategy, type IlertStrategyOptions } from '../../src/index.ts'
import { createSandbox, type Sandbox } from '../../src/sandbox/index.ts'
import { type AppOptions, optionsOf, startApp, type TestApp } from '../support/app.ts'

interface TwoProviders {
  readonly app: TestApp
  /** The second strategy, `other`, and the ilert that it signs in with. */
  readonly other: IlertStrategy
  readonly otherSandbox: Sandbox
}

interface Options extends Omit<AppOptions, 'routes' | 'strategy'> {
  /** Options of both strategies. */
  both?: IlertStrategyOptions
  /** Options of the first one, `ilert`, alone. */
  first?: IlertStrategyOptions
  /** Options of the second one alone. */
  second?: IlertStrategyOptions
  routes?: (web: Express, strategies: { app: TestApp; other: IlertStrategy }) => void
}

const running = new Set<() => Promise<unknown>>()

/** Closes what `twoProviders` has opened beside the app; for `afterEach`. */
export async function closeProviders(): Promise<void> {
  await Promise.all([...running].map((close) => close()))
  running.clear()
}

/** An app whose users may sign in at two providers, each with a strategy and a callback of its own. */
export async function twoProviders({ both, first, second, routes, ...options }: Options = {}): Promise<TwoProviders> {
  let other: IlertStrategy | undefined
  const otherSandbox = await createSandbox({ approve: true, ...options.sandbox })
  running.add(() => otherSandbox.close())
  const app = await startApp({
    ...options,
    strategy: { ...both, ...first },
    routes: (web, app) => {
      const redirectURI = `${app.origin}/auth/other/callback`
      other = new IlertStrategy({
        ...optionsOf(otherSandbox),
        ...otherSandbox.register({ redirectURI }),
        callbackURL: redirectURI,
        clock: otherSandbox.clock,
        ...both,
        ...second,
        name: 'other',
      })
      const { client, tokens } = other
      running.add(() => tokens.close().then(() => client.close()))
      app.passport.use(other)
      web.use(other.session())
      web.get('/auth/other', app.passport.authenticate('other'))
      web.get('/auth/other/callback', app.passport.authenticate('other', { successReturnToOrRedirect: '/' }))
      routes?.(web, { app, other })
    },
  })
  return { app, other: other as IlertStrategy, otherSandbox }
}
