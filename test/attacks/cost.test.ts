/*
 * What texts from outside cost: whatever they are, each reader is done with the longest that can reach it before another
 * request would notice. test/attacks/redos.test.ts looks at expressions; this looks at time.
 */
import { SHAPES } from '../fuzz/generators/shapes.ts'
import { READERS } from '../fuzz/readers.ts'
import { tooMuchWork } from '../fuzz/work.ts'
import { functionsRunBy, textWork } from './text-work.ts'

it.each(READERS)('$name takes no more than 50 ms, of whatever shape it is', async ({ longest, read, written }) => {
  const slow: string[] = []
  for (const [shape, textOf] of SHAPES) {
    // Shorter ones first: what is slow would take minutes with the longest.
    for (const part of [64, 8, 1]) {
      const text = written(textOf(Math.floor(longest / part)))
      const why = await tooMuchWork(() => read(text))
      if (!why) continue
      slow.push(`${shape} ${why}`)
      break
    }
    if (slow.length === 5) break
  }
  expect(slow).toEqual([])
})

it.each<[string, (text: string) => unknown]>([
  ['compares all with all', (text) => text.split(' ').map((word, i, words) => words.indexOf(word) < i)],
  ['looks back from everywhere', (text) => /\s+$/.test(text)],
])('a reader that %s is found, with 64 KB', async (_, read) => {
  for (const textOf of SHAPES.values()) {
    const text = textOf(64 * 1024)
    if (await tooMuchWork(() => read(text))) return
  }
  throw new Error('no shape makes it slow')
})

/** What these read is the developer's, the deployment's or Node's, and not a sender's. */
const NOT_FROM_OUTSIDE = new Map([
  ['src/client/call.ts checkHeader', 'headers that the app sets'],
  ['src/client/client.ts #post', 'a form that was made here'],
  ['src/client/client.ts callAPI', "the app's path, once more"],
  ['src/client/connection.ts credential', 'an option'],
  ['src/client/connection.ts origin', 'an option'],
  ['src/client/dispatcher.ts defaultDispatcher', 'an option'],
  ['src/client/http.ts holdsNoSecret', "the code of an error of Node's or undici's"],
  ['src/client/options.ts isLoopback', 'an option'],
  ['src/client/trace.ts describe', "an error's name"],
  ['src/express/bearer.ts appIDOption', 'an option'],
  ['src/express/options.ts callbackOption', 'an option'],
  ['src/express/options.ts requestedScope', 'an option'],
  ['src/express/options.ts scopeOption', 'an option'],
  ['src/express/passport-user.ts canonicalOf', "the app's user"],
  ['src/express/passport-user.ts saysTheSame', "the app's user"],
  ['src/express/session-entry.ts isOf', 'a hash that is in the session'],
  ['src/ilert/endpoints.ts isTenant', 'an option'],
  ['src/ilert/spelling.ts plain', 'the name of an option'],
  ['src/tokens/keeper.ts #failed', 'a message that redact has cut'],
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
