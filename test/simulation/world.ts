/*
 * Time, chance and processes of a simulated world. Everything happens as one event after the other, in an order that
 * follows from the seed alone: the same seed is the same run.
 */
import type { Clock } from '../../src/client/connection.ts'
import { type After, patient, type Turn } from '../../src/client/patience.ts'
import { waited } from '../../src/tokens/time.ts'

interface Event {
  at: number
  /** Happens outside of all processes. */
  readonly far: boolean
  readonly run: () => void
}

/** What a broken rule throws. */
export class RuleBroken extends Error {}

export class World {
  now = 1_800_000_000_000
  readonly random: () => number
  /** How often each kind of fault and race has happened. */
  readonly counts: Record<string, number>
  /** A clock has jumped: a token that one process got may be over for another at once. */
  clocksDiffer = false
  /** When everything last slept: leases have been lost until then. */
  sleptAt = Number.NEGATIVE_INFINITY
  /** When a process last stood still, or now if one does: its lease has been lost until then. */
  get stalledAt(): number {
    return this.stalled > 0 ? this.now : this.#stalledAt
  }
  /** How many processes stand still. */
  stalled = 0
  #stalledAt = Number.NEGATIVE_INFINITY
  /** What was broken first; the run ends with it. */
  broken: RuleBroken | undefined
  readonly #log: string[] = []
  #events: Event[] = []

  constructor(seed: number, counts: Record<string, number>) {
    this.random = mulberry32(seed)
    this.counts = counts
  }

  stallBegins(): void {
    this.stalled += 1
  }

  stallEnds(): void {
    this.stalled -= 1
    this.#stalledAt = this.now
  }

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1
  }

  note(what: string): void {
    this.#log.push(`${((this.now - 1_800_000_000_000) / 1000).toFixed(3)} s: ${what}`)
  }

  break(rule: string): void {
    this.broken ??= new RuleBroken(`${rule}\n${this.#log.slice(-80).join('\n')}`)
  }

  between(from: number, to: number): number {
    return from + Math.floor(this.random() * (to - from + 1))
  }

  /** Most answers come soon, some late. */
  latency(): number {
    const kind = this.random()
    if (kind < 0.8) return this.between(1, 15)
    return kind < 0.97 ? this.between(15, 100) : this.between(100, 400)
  }

  /** Runs something later. Returns how to call it off. */
  after(ms: number, run: () => void, far = false): () => void {
    const event = { at: this.now + Math.max(0, ms), far, run }
    let index = this.#events.length
    while (index > 0 && (this.#events[index - 1] as Event).at > event.at) index -= 1
    this.#events.splice(index, 0, event)
    return () => {
      const at = this.#events.indexOf(event)
      if (at >= 0) this.#events.splice(at, 1)
    }
  }

  /** Lets `ms` pass, and not more than `most` events. */
  async pass(ms: number, most = Number.POSITIVE_INFINITY): Promise<void> {
    const until = this.now + ms
    await drained() // what was just begun gets as far as it can
    for (let events = 0; events < most && !this.broken; events++) {
      const next = this.#events[0]
      if (next === undefined || next.at > until) {
        this.now = Math.max(this.now, until)
        return
      }
      this.#events.shift()
      this.now = Math.max(this.now, next.at)
      next.run()
      await drained()
    }
  }

  /** All processes stand still for `ms`, as in a machine that sleeps. What they have sent away goes on, and arrives. */
  leap(ms: number): void {
    const awake = this.now + ms
    for (const event of this.#events) if (!event.far) event.at += ms
    for (const event of this.#events.filter(({ at, far }) => far && at <= awake)) {
      this.#events.splice(this.#events.indexOf(event), 1)
      this.now = Math.max(this.now, event.at)
      event.run()
    }
    this.now = this.sleptAt = awake
    for (const event of this.#events) event.at = Math.max(event.at, awake)
    this.#events.sort((a, b) => a.at - b.at)
  }
}

/** All that can go on without another event has gone on: nothing in a simulated process waits for anything real. */
function drained(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/** How a process waits: patiently, unless a saboteur has it otherwise. */
export type Patience = (timer: After, turn: Turn) => After

/** What happens to a process that stands still waits for its end, in the order in which Node goes on. */
interface Still {
  readonly timers: (() => void)[]
  readonly answers: (() => void)[]
  readonly turns: (() => void)[]
}

/** Fewer turns than in a real process, where an answer may need several to be read. */
const TURNS = 2

/** A process: a clock of its own, and an end after which nothing of it happens any more. */
export class Process {
  readonly name: string
  readonly world: World
  alive = true
  /** How far its clock is off. */
  skewMs = 0
  /** When it last went on after a stall. */
  stalledAt = Number.NEGATIVE_INFINITY
  readonly clock: Clock = { now: () => this.world.now + this.skewMs }
  /** Bounds what a peer takes. */
  readonly after: After
  #still: Still | undefined

  constructor(name: string, world: World, patience: Patience = (timer, turn) => patient(timer, turn, TURNS)) {
    this.name = name
    this.world = world
    this.after = patience(this.timer, (then) => this.#when('turns', 0, then))
  }

  readonly timer: After = (ms, then) => this.#when('timers', ms, then)

  sleep(ms: number): Promise<void> {
    return waited(ms, this.timer)
  }

  /** Does what a request asks for, once the process reads it. */
  request(then: () => void): void {
    if (this.#still) this.#still.answers.push(() => this.alive && then())
    else then()
  }

  /** Stands still for a while. Its timers expire and its answers arrive meanwhile. */
  stall(ms: number): void {
    const { world } = this
    if (this.#still) return
    const still: Still = { timers: [], answers: [], turns: [] }
    this.#still = still
    world.stallBegins()
    world.after(ms, () => this.#goOn(still), true)
  }

  /** Ends a stall. */
  goOn(): void {
    if (this.#still) this.#goOn(this.#still)
  }

  #goOn(still: Still): void {
    if (this.#still !== still) return
    this.#still = undefined
    this.stalledAt = this.world.now
    this.world.stallEnds()
    for (const run of [...still.timers, ...still.answers, ...still.turns]) this.world.after(0, run)
  }

  /** @param arrived is told when it is there, whether the process stands still or not */
  #when(what: keyof Still, ms: number, then: () => void, arrived?: () => void): () => void {
    let off = !this.alive
    const run = () => {
      if (this.alive && !off) then()
    }
    const stop = this.world.after(ms, () => {
      arrived?.()
      if (this.#still) this.#still[what].push(run)
      else run()
    })
    return () => {
      off = true
      stop()
    }
  }

  /**
   * Does something far away: `there` and `back` are the milliseconds of the way. A death in between stops the answer.
   *
   * @param arrived is told when the answer is in the process's socket
   */
  call<T>(there: number, back: number, effect: () => T, arrived?: () => void): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.alive) return
      const arrive = () => {
        let answer: () => void
        try {
          const value = effect()
          answer = () => resolve(value)
        } catch (error) {
          answer = () => reject(error)
        }
        this.#when('answers', back, answer, arrived)
      }
      this.world.after(there, arrive, true)
    })
  }
}

export function never<T>(): Promise<T> {
  return new Promise(() => {})
}

/** A small generator of pseudo-random numbers, from 0 to 1. */
function mulberry32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
