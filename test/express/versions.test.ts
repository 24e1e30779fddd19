import type { Express } from 'express'
import type { Authenticator } from 'passport'
import { CURRENT_USER, closeApps, rememberTokens, startApp, TOKEN } from '../support/app.ts'

afterEach(closeApps)

// Without types of their own.
const load = async (name: string) => ((await import(name)) as { default: unknown }).default
const express4 = (await load('express4')) as () => Express
const { Passport: Passport06 } = (await load('passport06')) as { Passport: new () => Authenticator }

it.each([
  ['Express 4 and Passport 0.7', { express: express4 }],
  ['Express 5 and Passport 0.6', { passport: 0.6 }],
  ['Express 4 and Passport 0.6', { express: express4, passport: 0.6 }],
])('signs in with %s', async (_, { express, passport }: { express?: () => Express; passport?: number }) => {
  const { seen, verify } = rememberTokens()
  const app = await startApp({
    strategy: { verify },
    ...(express && { express }),
    ...(passport && { passport: new Passport06() }),
  })
  const browser = app.browser()
  const callback = await browser.callback('/auth/ilert')
  expect((await app.browser().visit(callback)).status).toBe(403)
  expect((await browser.visit(callback)).location).toBe('/')
  expect(await browser.home()).toMatchObject({ connected: true, user: { provider: 'ilert' } })
  expect((await browser.visit('/token')).text).toBe(seen[0]?.accessToken)
  expect([app.count(TOKEN), app.count(CURRENT_USER)]).toEqual([1, 1])
  expect(app.errors).toEqual([])
})
