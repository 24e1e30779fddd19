/*
 * What the types say of a backend for a page. It is `tsc` that runs this: each `@ts-expect-error` must be one.
 */
import type { Request } from 'express'
import type { IlertStrategy, MeOptions, ProxyOptions, ProxyRoute } from '../../src/index.ts'

declare module '../../src/index.ts' {
  interface ApiGets {
    '/api/a-list-for-pages': { id: number }[]
    [path: `/api/a-list-for-pages/${number}`]: { id: number }
  }
}

declare const ilert: IlertStrategy
declare const names: string[]

export function allowed(): void {
  ilert.proxy({ allow: ['GET /api/alerts', 'PUT /api/alerts/{id}/accept', 'DELETE /api/schedules/{id}'] })
  ilert.proxy({ allow: ['GET /api/users/{id}/contacts/emails/{id}', 'GET /api/connectors/{id}'] })
  // Of an app's own maps, and unknown ones.
  ilert.proxy({ allow: ['GET /api/a-list-for-pages/{id}', 'GET /api/event-flows', 'PATCH /api/event-flows/{flow-id}'] })
  ilert.proxy({ allow: ['GET /api/alerts'], loginURL: '/in', antiForgeryHeader: 'X-Desk', cacheControl: 'no-cache' })
  const some = ['GET /api/alerts', 'POST /api/alerts'] as const
  ilert.proxy({ allow: some, maxBodyBytes: 4096 })

  // @ts-expect-error a list is required
  ilert.proxy()
  // @ts-expect-error a list is required
  ilert.proxy({})
  // @ts-expect-error a method is missing
  ilert.proxy({ allow: ['/api/alerts'] })
  // @ts-expect-error a method in small letters
  ilert.proxy({ allow: ['get /api/alerts'] })
  // @ts-expect-error no method of a proxy
  ilert.proxy({ allow: ['OPTIONS /api/alerts'] })
  // @ts-expect-error HEAD goes with GET
  ilert.proxy({ allow: ['HEAD /api/alerts'] })
  // @ts-expect-error a path begins with a slash
  ilert.proxy({ allow: ['GET api/alerts'] })
  // @ts-expect-error any text need not be a route
  ilert.proxy({ allow: names })
  // @ts-expect-error an expression matches too much
  ilert.proxy({ allow: [/alerts/] })
  // @ts-expect-error no list
  ilert.proxy({ allow: 'GET /api/alerts' })
  // @ts-expect-error an unknown option
  ilert.proxy({ allow: ['GET /api/alerts'], target: 'https://evil.example' })
  // @ts-expect-error one argument
  ilert.proxy({ allow: ['GET /api/alerts'] }, {})
}

export function me(): void {
  ilert.me()
  ilert.me({ user: (req: Request) => req.user, anonymous: 401, logoutURL: '/out' })
  ilert.me({ user: async () => ({ id: 1 }) })
  // @ts-expect-error another status
  ilert.me({ anonymous: 403 })
  // @ts-expect-error no function
  ilert.me({ user: { id: 1 } })
  // @ts-expect-error an unknown option
  ilert.me({ logoutUrl: '/out' })
}

/** None of it is `any`. */
type IsAny<T> = 0 extends 1 & T ? true : false
export const noneIsAny: [IsAny<ProxyOptions['allow']>, IsAny<ProxyRoute>, IsAny<MeOptions['user']>] = [
  false,
  false,
  false,
]
