/* What people do with their browsers, and what they may be told. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { CONSENT_PATH } from '../../src/sandbox/consent-page.ts'
import { CookieJar } from '../../src/sandbox/cookie-jar.ts'
import type { Worker } from './worker.ts'
import type { Person, World } from './world.ts'

const agent = new Agent({ connections: 128, headersTimeout: 60_000 })

/** How often somebody tries again who was told to wait though nothing is wrong on purpose: the machine may be busy. */
const PATIENCE = 5
const PAUSE_MS = 500

interface Page {
  readonly status: number
  readonly location: string
  readonly cookies: string[]
  readonly body: { id?: number; connected?: boolean; name?: string; code?: string }
}

async function visit(url: string, cookie: string, method: 'GET' | 'POST' = 'GET', form?: string): Promise<Page> {
  const { statusCode, headers, body } = await request(url, {
    dispatcher: agent,
    method,
    headers: { cookie, ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }) },
    ...(form !== undefined && { body: form }),
  })
  const text = await body.text()
  return {
    status: statusCode,
    location: [headers.location ?? ''].flat()[0] ?? '',
    cookies: [headers['set-cookie'] ?? []].flat(),
    body: text.startsWith('{') ? JSON.parse(text) : {},
  }
}

/** Signs in, also over a session that is there already. The sign-in may end at another process than it began at. */
export async function signIn(world: World, person: Person): Promise<void> {
  const { judge, counts } = world
  counts.signedIn += 1
  const page = await patiently(world, () => signInOnce(world, person))
  if (page.status === 302) person.cookie = page.cookie
  else judge.breaks('trouble', `${person.username} cannot sign in: ${page.status} ${JSON.stringify(page.body)}`)
}

async function signInOnce(world: World, person: Person): Promise<Page & { cookie: string }> {
  const jar = new CookieJar()
  const go = async (url: string) => {
    const page = await visit(url, jar.header(new URL(url)))
    jar.keep(new URL(url), page.cookies)
    return page
  }
  const begin = world.workerOf(person).origin
  if (person.cookie) jar.keep(new URL(begin), person.cookie.split('; '))
  const { location } = await go(`${begin}/auth/ilert`)
  const form = new URLSearchParams(new URL(location).searchParams)
  form.set('user', person.username)
  form.set('decision', 'allow')
  const answer = await visit(`${world.ilert.origin}${CONSENT_PATH}`, '', 'POST', form.toString())
  const { pathname, search } = new URL(answer.location)
  const page = await go(`${world.workerOf(person).origin}${pathname}${search}`)
  world.counts.requests += 2
  return { ...page, cookie: jar.header(new URL(begin)) }
}

/** Signs out, and tries whether the old cookie still opens anything. */
export async function signOut(world: World, person: Person): Promise<void> {
  const { judge, counts } = world
  const { cookie = '' } = person
  counts.requests += 2
  counts.signedOut += 1
  const leave = () => visit(`${world.workerOf(person).origin}/logout`, cookie, 'POST')
  const { status, body } = await patiently(world, leave)
  person.cookie = undefined
  if (status !== 204) judge.breaks('trouble', `${person.username} cannot sign out: ${status} ${JSON.stringify(body)}`)
  const after = await visit(`${world.workerOf(person).origin}/work`, cookie)
  if (after.status !== 401) judge.breaks('sign-out', `${person.username} gets ${after.status} after signing out`)
}

/** Again after a 503. */
async function patiently<P extends Page>({ counts }: World, go: () => Promise<P>): Promise<P> {
  for (let tries = 0; ; tries++) {
    const page = await go()
    if (page.status !== 503 || tries === PATIENCE) return page
    counts.toldToWait += 1
    await sleep(PAUSE_MS)
  }
}

interface Asking {
  readonly path?: '/work' | '/whoami'
  /** Whether something is wrong on purpose, so that a 503 is an answer. */
  readonly trouble?: boolean
  readonly worker?: Worker
}

/** One request of somebody who is signed in. */
export async function ask(world: World, person: Person, asking: Asking = {}): Promise<void> {
  const { judge, counts } = world
  const { path = '/work', trouble = false } = asking
  for (let tries = 0; person.cookie !== undefined; tries++) {
    const worker = asking.worker ?? world.workerOf(person)
    counts.requests += 1
    const page = await visit(`${worker.origin}${path}`, person.cookie).catch((error: Error) => error)
    if (page instanceof Error) {
      if (worker.isEnding) continue // a browser asks again, and comes to another process
      judge.breaks('trouble', `${person.username} got no answer of ${worker.name}: ${page.message}`)
      return
    }
    const { status, body } = page
    if (status === 200 && body.id === person.id && body.connected) return
    if (status === 503) {
      counts.toldToWait += 1
      if (trouble) return
      if (tries < PATIENCE) {
        await sleep(PAUSE_MS)
        continue
      }
    }
    judgeAnswer(world, person, status, JSON.stringify(body), path)
    return
  }
}

function judgeAnswer({ judge }: World, person: Person, status: number, body: string, path: string): void {
  const told = `${person.username} (${person.tokens}) is told ${status} ${body}`
  if (path === '/whoami') judge.breaks('lost token', told)
  else if (status === 401 || body.includes('"connected":false')) judge.breaks('spurious sign-out', told)
  else judge.breaks('trouble', told)
  if (status === 401) person.cookie = undefined // once is enough
}

export async function closeBrowsers(): Promise<void> {
  await agent.destroy()
}
