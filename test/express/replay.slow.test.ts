/* Callbacks that are remembered for who repeats one: what strangers do does not make the app forget another user's. */
import { closeApps, startApp, TOKEN } from '../support/app.ts'
import { until } from '../support/until.ts'

afterEach(closeApps)

it('strangers with made-up codes make nobody lose a sign-in that is under way', async () => {
  let verify = () => {}
  const gate = new Promise<void>((resolve) => (verify = resolve))
  const app = await startApp({
    strategy: {
      verify: async ({ profile }) => {
        await gate
        return profile
      },
    },
  })
  const victim = app.browser()
  const callback = await victim.callback()
  const headers = { cookie: victim.cookies }
  const first = app.browser().visit(callback, { headers })
  await until(() => app.count(TOKEN) === 1, 'the exchange')
  const stranger = async () => {
    const browser = app.browser()
    const state = new URL(await browser.begin()).searchParams.get('state')
    await browser.visit(`/auth/ilert/callback?state=${state}&code=x`)
  }
  for (let i = 0; i < 1100; i += 20) await Promise.all(Array.from({ length: 20 }, stranger))
  const second = app.browser().visit(callback, { headers })
  setTimeout(verify, 50)
  expect([(await first).status, (await second).status]).toEqual([302, 302])
})
