/* The same as in open-redirect.test.ts, with many more ways out. */
import { closeApps } from '../support/app.ts'
import { staysOnThisSite } from './open-redirect.ts'

afterEach(closeApps)

it.each(['option', 'session'])(
  'whatever the path, the answer to the browser leads to this site, by %s',
  (way) => staysOnThisSite(way, 100),
  120_000,
)
