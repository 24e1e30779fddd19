/*
 * Compares what is built with the fixed surface: whatever uses the surface can use the build. It is `tsc` that runs this.
 */
import type { Request } from 'express'
import type * as Surface from 'surface'
import type * as SurfaceRedis from 'surface/redis'
import type * as SurfaceSandbox from 'surface/sandbox'
import * as Built from '../../src/index.ts'
import * as BuiltSandbox from '../../src/sandbox/index.ts'
import * as BuiltRedis from '../../src/tokens/stores/redis.ts'

/** Fails to compile where `Actual` cannot stand in for `Fixed`, and where it is `any`, which stands in for everything. */
type Assignable<Fixed, Actual extends Fixed> = 0 extends 1 & Actual ? never : Fixed & Actual
function holds<_T>(): void {}

export const values: typeof Surface = Built
export const redis: typeof SurfaceRedis = BuiltRedis
export const sandbox: typeof SurfaceSandbox = BuiltSandbox

export const strategy: typeof Surface.IlertStrategy = Built.Strategy
holds<Assignable<Built.IlertStrategy, Built.Strategy>>()
holds<Assignable<Surface.RequestIlert, Request['ilert']>>()
holds<Assignable<Surface.TokenSet, Built.TokenSet>>()
holds<Assignable<Built.TokenSet, Surface.TokenSet>>()
holds<Assignable<Built.Connection, Surface.Connection>>()
holds<Assignable<Built.Keeping, Surface.Keeping>>()
holds<Assignable<Built.IlertStrategyOptions, Surface.IlertStrategyOptions>>()
holds<Assignable<Surface.IlertProfile, Built.IlertProfile>>()
holds<Assignable<Surface.IlertUser, Built.IlertUser>>()
holds<Assignable<Built.TokenStore, Surface.TokenStore>>()
holds<Assignable<Surface.TokenStore, Built.TokenStore>>()
holds<Assignable<Built.Clock, Surface.Clock>>()
holds<Assignable<Built.Lease, Surface.Lease>>()
holds<Assignable<Built.StoredTokens, Surface.StoredTokens>>()
holds<Assignable<Built.AuthenticateOptions, Surface.AuthenticateOptions>>()
holds<Assignable<Built.Verify, Surface.Verify>>()
holds<Assignable<Built.Done, Surface.Done>>()
holds<Assignable<Built.Scope, Surface.Scope>>()
holds<Assignable<Built.KnownScope, Surface.KnownScope>>()
holds<Assignable<Surface.KnownScope, Built.KnownScope>>()
holds<Assignable<Built.ResourceScope, Surface.ResourceScope>>()
holds<Assignable<BuiltSandbox.SandboxOptions, SurfaceSandbox.SandboxOptions>>()
holds<Assignable<BuiltSandbox.Fault, SurfaceSandbox.Fault>>()
holds<Assignable<SurfaceSandbox.Sandbox, BuiltSandbox.Sandbox>>()

// How it reads where it is used ---------------------------------------------------------------------------------------

new Built.IlertStrategy()
new Built.IlertStrategy({ scope: ['profile', 'alert:w', 'something_new'] })
new Built.IlertStrategy({ scope: 'profile alert:w' })
new Built.IlertStrategy({ tokenKey: ({ profile }) => profile.id, verify: async ({ profile }) => profile })
new Built.IlertStrategy({}, (_accessToken, _refreshToken, profile, done) => done(null, profile))
type WithParams = [string, string | undefined, Record<string, unknown>, Built.IlertProfile, Built.Done]
// With five parameters TypeScript infers nothing from the overloads: they want to be written.
new Built.IlertStrategy({}, (...[_accessToken, _refreshToken, _params, profile, done]: WithParams) =>
  done(null, profile),
)
new Built.IlertStrategy({ passReqToCallback: true }, (req, _accessToken, _refreshToken, profile, done) => {
  holds<Assignable<Request, typeof req>>()
  done(null, profile)
})

new Built.IlertStrategy((_accessToken, _refreshToken, profile, done) => done(null, profile))

new Built.IlertBearerStrategy()
new Built.IlertBearerStrategy({ appID: 250, verify: async (token, req) => ({ id: token.username, path: req.path }) })
new Built.IlertBearerStrategy((token, done) => done(null, token))
new Built.IlertBearerStrategy({ appID: 'any' }, async (token, done) => done(null, token.tenant === 'acme' && token))
new Built.IlertBearerStrategy({ passReqToCallback: true }, (req, token, done) => {
  holds<Assignable<Request, typeof req>>()
  holds<Assignable<Built.BearerUser, typeof token>>()
  done(null, token)
})
// @ts-expect-error: allowedTenants, misspelt
new Built.IlertBearerStrategy({ alowedTenants: ['acme'] })
// @ts-expect-error: verify is a function
new Built.IlertBearerStrategy({}, 'verify')
holds<Assignable<number, Built.IlertError['statusCode']>>()
holds<Assignable<boolean, Built.IlertError['expose']>>()

// @ts-expect-error: clientID, as Passport spells it
new Built.IlertStrategy({ clientId: 'x' })
// @ts-expect-error: an id is a string
new Built.IlertStrategy({ clientID: 250 })
// @ts-expect-error: seconds are numbers
new Built.IlertStrategy({ refreshWindowSeconds: '600' })
// @ts-expect-error: a manager keeps its tokens somewhere
new Built.TokenManager({})
// @ts-expect-error: nobody looks at a user without knowing that it may not have a name
holds<Assignable<string, Built.IlertUser['username']>>()
