/* Everything that reads texts from outside is known: test/attacks/cost.slow.test.ts and `npm run fuzz` measure it. */
import { SHAPES } from '../fuzz/generators/shapes.ts'
import { READERS } from '../fuzz/readers.ts'
import { functionsRunBy, textWork } from './text-work.ts'

/** What these read is the developer's, the deployment's or Node's, and not a sender's. */
const NOT_FROM_OUTSIDE = new Map([
  ['src/client/call.ts checkHeader', 'headers that the app sets'],
  ['src/client/client.ts #post', 'a form that was made here'],
  ['src/client/api-calls.ts withoutQuery', "the app's path, once more"],
  ['src/client/connection.ts credential', 'an option'],
  ['src/client/connection.ts origin', 'an option'],
  ['src/client/dispatcher.ts defaultDispatcher', 'an option'],
  ['src/client/dispatcher.ts isProxy', 'a variable of the environment'],
  ['src/client/network-error.ts holdsNoSecret', "the code of an error of Node's or undici's"],
  ['src/client/options.ts isLoopback', 'an option'],
  ['src/client/trace.ts describe', "an error's name"],
  ['src/express/bearer/strategy.ts appIDOption', 'an option'],
  ['src/express/bff/allow.ts route', 'an option'],
  ['src/express/bff/anti-forgery.ts antiForgeryHeader', 'an option'],
  ['src/express/bff/options.ts cacheControlOption', 'an option'],
  ['src/express/bff/pass-on.ts isObject', 'an answer that judgeAPI has read before'],
  ['src/express/options.ts callbackOption', 'an option'],
  ['src/express/options.ts requestedScope', 'an option'],
  ['src/express/options.ts scopeOption', 'an option'],
  ['src/express/passport-user.ts canonicalOf', "the app's user"],
  ['src/express/passport-user.ts saysTheSame', "the app's user"],
  ['src/express/session-entry.ts isOf', 'a hash that is in the session'],
  ['src/ilert/endpoints.ts isTenant', 'an option'],
  ['src/ilert/html.ts unescapeHTML', "the sandbox's own page"],
  ['src/ilert/spelling.ts plain', 'the name of an option'],
  ['src/tokens/refresher.ts #failed', 'a message that redact has cut'],
  ['src/tokens/stores/checks.ts checkOwner', 'a label that this package has made'],
  ['src/tokens/stores/postgres-table.ts index', 'an option'],
  ['src/tokens/stores/postgres-table.ts tableName', 'an option'],
  ['src/tokens/stores/postgres-table.ts tableSQL', 'an option'],
  ['src/tokens/stores/stored-session.ts carriedOf', "the app's session"],
  ['src/tokens/stores/stored-session.ts shapeOf', 'a session id that the app has made'],
])

it('every function that works on texts is measured here, or does not get them from outside', async () => {
  const measured = await functionsRunBy(async () => {
    for (const { read, written } of READERS) {
      for (const textOf of SHAPES.values()) await (async () => read(written(textOf(500))))().catch(() => {})
    }
  })
  const workers = await textWork(['src/ilert', 'src/client', 'src/tokens', 'src/express'])
  expect(workers.length).toBeGreaterThan(50)
  expect(workers.filter((name) => !measured.has(name) && !NOT_FROM_OUTSIDE.has(name))).toEqual([])
})
