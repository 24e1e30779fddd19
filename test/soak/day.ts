/* A simulated day: 24 hours of the clock, in which people work while things go wrong. */
import { setTimeout as sleep } from 'node:timers/promises'
import { PATHS } from '../../src/ilert/endpoints.ts'
import type { Fault } from '../../src/sandbox/faults.ts'
import { ask, signIn, signOut } from './people.ts'
import { each } from './wait.ts'
import type { Worker } from './worker.ts'
import type { Person, World } from './world.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** Longer than an access token lives. */
const PAST_EXPIRY = 70 * MINUTE
/** Into the window before expiry, which is 10 minutes. */
const INTO_THE_WINDOW = 52 * MINUTE
/** Past the longest back-off. */
const PAST_BACK_OFF = 65_000

/** How many people act at once. */
const AT_ONCE = 24
/** How many requests of one person arrive together. */
const STORM = 4
/** Who signs in over and over: more often in three days than ilert gives refresh tokens. */
const BUSY_PEOPLE = 10
const BUSY_SIGN_INS = 5

const FAULTS: readonly Omit<Fault, 'path'>[] = [
  { kind: 'reset' },
  { kind: 429, ms: 3000 },
  { kind: 'hang', times: 4 },
  { kind: 'html' },
  { kind: 500 },
  { kind: 'delay', ms: 300 },
  { kind: 503 },
  { kind: 'trickle', ms: 50, times: 4 },
]
const FAULTS_A_DAY = 3

/** So many of a hundred. */
function some(world: World, percent: number): Person[] {
  const signedIn = world.people.filter(({ cookie }) => cookie !== undefined)
  return world.random.sample(signedIn, Math.ceil((signedIn.length * percent) / 100))
}

async function storm(world: World, people: readonly Person[], trouble = false): Promise<void> {
  await each(people, AT_ONCE, (person) =>
    Promise.all(Array.from({ length: STORM }, () => ask(world, person, { trouble }))),
  )
}

async function visits(world: World, people: readonly Person[]): Promise<void> {
  await each(people, AT_ONCE, (person) => ask(world, person))
}

/** Everybody's first sign-in. */
export async function everybodySignsIn(world: World): Promise<void> {
  await each(world.people, AT_ONCE, (person) => signIn(world, person))
}

/**
 * On odd days ilert exchanges refresh tokens, and nothing happens that no library could survive then. On even days it
 * gives the same again; then answers get lost after ilert has acted, and processes die in the middle of things.
 */
export function isRough(day: number): boolean {
  return day % 2 === 0
}

export async function day(world: World, number: number): Promise<void> {
  const { ilert, judge } = world
  const rough = isRough(number)
  const endsAt = ilert.clock.now() + DAY
  ilert.behave(rough ? 'reuse' : 'rotate')
  const episodes = [
    () => morning(world),
    () => comingAndGoing(world),
    ...faultsOf(number).map((fault) => () => ilertInTrouble(world, fault)),
    () => redisAway(world, rough),
    () => restarts(world, rough),
    async () => {
      await world.move(Math.max(0, endsAt - ilert.clock.now()))
      await rollCall(world)
    },
  ]
  for (const episode of episodes) if (!judge.guilty) await episode()
}

/** What goes wrong at ilert's token endpoint on a day. */
function faultsOf(day: number): Fault[] {
  return Array.from({ length: FAULTS_A_DAY }, (_, n) => ({
    ...(FAULTS[(day * FAULTS_A_DAY + n) % FAULTS.length] as (typeof FAULTS)[number]),
    path: PATHS.token,
    processed: isRough(day),
  }))
}

/** All tokens are over, and everybody's requests arrive together; then once more in the window before expiry. */
async function morning(world: World): Promise<void> {
  await world.move((6 + 2 * world.random.next()) * HOUR)
  const early = some(world, 20)
  await storm(world, early)
  await world.move(INTO_THE_WINDOW)
  await visits(world, early)
}

async function comingAndGoing(world: World): Promise<void> {
  const leaving = some(world, 10)
  await each(leaving, AT_ONCE, (person) => signOut(world, person))
  await each(leaving, AT_ONCE, (person) => signIn(world, person))
  await each(world.people.slice(0, BUSY_PEOPLE), AT_ONCE, async (person) => {
    for (let n = 0; n < BUSY_SIGN_INS; n++) await signIn(world, person)
  })
}

async function ilertInTrouble(world: World, fault: Fault): Promise<void> {
  await world.move(PAST_EXPIRY)
  const people = some(world, 2)
  world.ilert.seen.unheard = fault.processed ?? false
  const { clear } = world.ilert.fault(fault)
  await storm(world, people, true)
  clear()
  world.counts.faults += 1
  await world.move(PAST_BACK_OFF)
  world.ilert.seen.unheard = false
  await visits(world, people)
}

/** Silent for a while, or dead and started again with what it had acknowledged. */
async function redisAway(world: World, dies: boolean): Promise<void> {
  const { redis } = world
  await world.move(PAST_EXPIRY)
  const people = some(world, 5)
  const away = async () => {
    await sleep(100)
    if (dies) await redis.kill()
    else redis.pause()
    await sleep(2500)
    if (dies) await redis.start()
    else redis.resume()
  }
  await Promise.all([away(), storm(world, people, true)])
  world.counts.redisAway += 1
  await world.tell('hasRedis')
  await world.move(PAST_BACK_OFF)
  await visits(world, people)
}

/** One process after the other, while people work. */
async function restarts(world: World, dies: boolean): Promise<void> {
  for (const worker of [...world.restartable]) {
    await world.move(PAST_EXPIRY)
    world.ilert.seen.unheard = dies
    const people = some(world, 3)
    const restart = async () => {
      await sleep(50)
      await world.restart(worker, dies ? 'kill' : 'end')
    }
    await Promise.all([restart(), storm(world, people, true)])
    world.counts[dies ? 'kills' : 'restarts'] += 1
    await world.move(PAST_BACK_OFF)
    world.ilert.seen.unheard = false
    await visits(world, people)
  }
}

/** Everybody once, and all at the processes that are never restarted: whatever they remember, they remember it of all. */
async function rollCall(world: World): Promise<void> {
  const [redis, memory] = world.steady as [Worker, Worker]
  await each(world.people, AT_ONCE, (person) =>
    ask(world, person, { worker: person.tokens === 'memory' ? memory : redis }),
  )
  await world.hearTroubles()
}

/** ilert itself is asked whose each token is. */
export async function everyTokenWorks(world: World): Promise<void> {
  await each(world.people, AT_ONCE, async (person) => {
    if (person.cookie === undefined) world.judge.breaks('lost token', `${person.username} is not signed in any more`)
    else await ask(world, person, { path: '/whoami' })
  })
}
