/*
 * docs/getting-started.md, word for word: a newcomer who has nothing but npm signs in at the sandbox, in an app of their own.
 */
import { readFile } from 'node:fs/promises'
import { closeBrowsers, visit } from '../e2e/browser.ts'
import { cleanUp } from '../e2e/clean-up.ts'
import { walk } from '../e2e/walk.ts'
import { lastApart, offerPackage, Reader, type Source, stepsOf } from '../support/follow.ts'
import { needs } from '../support/needs.ts'
import { freePort } from '../support/port.ts'

let source: Source
let reader: Reader
let address: string

beforeAll(async () => {
  source = await offerPackage()
  const page = await readFile('docs/getting-started.md', 'utf8')
  reader = await Reader.open(source, { PORT: String(await freePort()) })
  const { before, last } = lastApart(stepsOf(page))
  await reader.follow(before)
  ;({ address } = await reader.start(last))
}, 300_000)

afterEach(cleanUp)

afterAll(async () => {
  await closeBrowsers()
  await reader?.close()
  await source?.close()
})

test('the page saves two files and a secret, and nothing else by hand', async () => {
  expect(await reader.read('.env')).toMatch(/^SESSION_SECRET=[\w-]{43}\n$/)
  expect(await reader.read('package.json')).toContain('"passport-ilert": "^')
})

test('without a browser: redirects and cookies lead to a page for who has signed in', async () => {
  const { answer } = await walk(`${address}/auth/ilert`)
  expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('Hello Mara Lindqvist')])
})

needs('chromium')('in Chromium', () => {
  test('the newcomer signs in, is asked once more for the alerts, and signs out', async () => {
    const { page } = await visit({ tolerate: /404/ }) // the icon that browsers ask for
    await page.goto(address)
    await page.getByRole('link', { name: 'Sign in with ilert' }).click()
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.waitForURL(`${address}/`)
    await expect(page.textContent('body')).resolves.toContain('Hello Mara Lindqvist')

    await page.goto(`${address}/alerts`)
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.waitForURL(`${address}/alerts`)
    expect(JSON.parse((await page.textContent('body')) ?? '')).toContainEqual(
      expect.objectContaining({ summary: expect.any(String) }),
    )

    await page.goto(address)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await expect(page.textContent('body')).resolves.toContain('Sign in with ilert')
  }, 60_000)
})
