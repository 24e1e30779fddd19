/* Everything that is there: an ilert, two Redis, the processes of the app, and the people. */
import { freePort } from '../support/port.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import type { AppConfig } from './app.ts'
import { type SoakIlert, startIlert } from './ilert.ts'
import type { Judge } from './judge.ts'
import { type Random, randomOf } from './random.ts'
import type { Settings } from './settings.ts'
import { startWorker, type Worker } from './worker.ts'

/** Somebody with a browser. */
export interface Person {
  readonly id: number
  readonly username: string
  /** Whose tokens are in the memory of one process, and whose in Redis. */
  readonly tokens: 'memory' | 'redis'
  /** The browser's cookies; absent where nobody is signed in. */
  cookie: string | undefined
}

export interface Counts {
  requests: number
  signedIn: number
  signedOut: number
  /** 503: ilert or Redis was away. */
  toldToWait: number
  restarts: number
  kills: number
  redisAway: number
  faults: number
}

/**
 * For so many whose tokens are in Redis there is one more whose tokens are in memory. With 10 000 of the former the cache
 * of a process is full from the first day on: what was signed out of elsewhere stays in it until it makes room.
 */
const REDIS_TO_MEMORY = 5

export class World {
  readonly settings: Settings
  readonly judge: Judge
  readonly random: Random
  readonly ilert: SoakIlert
  readonly redis: RedisServer
  readonly people: readonly Person[]
  readonly counts: Counts = {
    requests: 0,
    signedIn: 0,
    signedOut: 0,
    toldToWait: 0,
    restarts: 0,
    kills: 0,
    redisAway: 0,
    faults: 0,
  }
  /** Never restarted: what they leave behind shows in their heaps. */
  readonly steady: Worker[] = []
  readonly restartable: Worker[] = []
  readonly #sessions: RedisServer
  #offsetMs = 0

  private constructor(settings: Settings, judge: Judge, ilert: SoakIlert, redis: RedisServer, sessions: RedisServer) {
    this.settings = settings
    this.judge = judge
    this.random = randomOf(settings.seed)
    this.ilert = ilert
    this.redis = redis
    this.#sessions = sessions
    this.people = ilert.users.map(({ id, username }, n) => ({
      id,
      username,
      tokens: n < settings.users ? 'redis' : 'memory',
      cookie: undefined,
    }))
  }

  static async start(settings: Settings, judge: Judge): Promise<World> {
    const redirectURI = `http://127.0.0.1:${await freePort()}/auth/ilert/callback`
    const people = settings.users + Math.ceil(settings.users / REDIS_TO_MEMORY)
    const ilert = await startIlert(people, redirectURI, judge)
    const world = new World(settings, judge, ilert, await startRedis({ durable: true }), await startRedis())
    world.steady.push(await world.#startWorker('redis 1', 'redis'), await world.#startWorker('memory', 'memory'))
    for (const name of ['redis 2', 'redis 3']) world.restartable.push(await world.#startWorker(name, 'redis'))
    return world
  }

  /** A process that can serve a person's request. */
  workerOf({ tokens }: Person): Worker {
    const [first, memory] = this.steady as [Worker, Worker]
    return tokens === 'memory' ? memory : this.random.pick([first, ...this.#able()])
  }

  #able(): Worker[] {
    return this.restartable.filter(({ isEnding }) => !isEnding)
  }

  get #workers(): Worker[] {
    return [...this.steady, ...this.#able()]
  }

  /** Moves the time of everybody at once. */
  async move(ms: number): Promise<void> {
    await this.tell('hold')
    this.#offsetMs += ms
    this.ilert.clock.advance(ms)
    await this.tell('moveClock', ms)
  }

  async tell(method: string, ms?: number): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.call(method, ms)))
  }

  /** Ends a process in an orderly way or not, and starts another in its place. */
  async restart(worker: Worker, how: 'end' | 'kill'): Promise<void> {
    if (how === 'end') await this.#hearTroubles(worker)
    await worker[how]()
    this.restartable.splice(this.restartable.indexOf(worker), 1, await this.#startWorker(worker.name, 'redis'))
  }

  async hearTroubles(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => this.#hearTroubles(worker)))
  }

  async close(): Promise<void> {
    await Promise.all([...this.steady, ...this.restartable].map((worker) => worker.kill()))
    await Promise.all([this.ilert.close(), this.redis.stop(), this.#sessions.stop()])
  }

  async #hearTroubles(worker: Worker): Promise<void> {
    for (const trouble of await worker.call<string[]>('troubles')) {
      this.judge.breaks('trouble', `${worker.name}: ${trouble}`)
    }
  }

  async #startWorker(name: string, tokens: Person['tokens']): Promise<Worker> {
    const { app, origin } = this.ilert
    const env = {
      ILERT_APP_URL: origin,
      ILERT_API_URL: origin,
      ILERT_CLIENT_ID: app.clientID,
      ILERT_CLIENT_SECRET: app.clientSecret,
      ILERT_CALLBACK_URL: app.redirectURI,
    }
    const config: AppConfig = {
      sessions: this.#sessions.url,
      tokens: tokens === 'redis' ? this.redis.url : undefined,
      offsetMs: this.#offsetMs,
      timeoutMs: this.settings.timeoutMs,
      sabotage: this.settings.sabotage,
    }
    return await startWorker(name, env, config)
  }
}
