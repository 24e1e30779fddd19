/* One run of a simulated world: carries out a scenario, and lets the judge look at everything. */
import type { IlertClient } from '../../src/client/client.ts'
import { appTokensOf, TokenManager } from '../../src/tokens/manager.ts'
import type { KnowsMore, TokenStore } from '../../src/tokens/stores/store.ts'
import { Judge } from './judge.ts'
import { type Deed, type Scenario, type Step, THE_REFRESHER } from './scenario.ts'
import { SimIlert } from './sim-ilert.ts'
import { SimStore } from './sim-store.ts'
import { type Patience, Process, World } from './world.ts'

export const KEY = 'the grant'

/** What a saboteur may put in the place of a good part. */
export interface Saboteur {
  store?: (honest: TokenStore & Partial<KnowsMore>, process: Process) => TokenStore
  client?: (honest: IlertClient, process: Process) => IlertClient
  open?: (sealed: string) => string
  /** Writes land whatever is there. */
  blindWrites?: boolean
  /** No lease is renewed. */
  noRenewals?: boolean
  /** Every request gets a manager of its own. */
  manyManagers?: boolean
  patience?: Patience
}

/** One that is up and running, with the manager in it. */
interface Running {
  process: Process
  manager: TokenManager
}

/** @throws RuleBroken */
export async function run(scenario: Scenario, counts: Record<string, number>, saboteur: Saboteur = {}): Promise<void> {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0 // Jest maps every stack to its source, which takes longer than all the rest
  try {
    await new Simulation(scenario, counts, saboteur).run()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

class Simulation {
  readonly #scenario: Scenario
  readonly #saboteur: Saboteur
  readonly #world: World
  readonly #store: SimStore
  readonly #ilert: SimIlert
  readonly #judge: Judge
  readonly #running: Running[] = []
  /** All that were ever started. */
  readonly #processes: Process[] = []

  constructor(scenario: Scenario, counts: Record<string, number>, saboteur: Saboteur) {
    this.#scenario = scenario
    this.#saboteur = saboteur
    this.#world = new World(scenario.seed, counts)
    this.#store = new SimStore(this.#world, saboteur)
    this.#ilert = new SimIlert(this.#world, scenario)
    this.#judge = new Judge(this.#world, this.#store, this.#ilert, scenario)
    for (let i = 0; i < scenario.processes; i++) this.#running.push(this.#start())
  }

  async run(): Promise<void> {
    const { manager, process } = this.#at(0)
    void manager.save(KEY, this.#ilert.signIn(process))
    await this.#world.pass(1000)
    for (const step of this.#scenario.steps) {
      await this.#wait(step.after)
      this.#act(step)
      if (this.#world.broken) break
    }
    await this.#comeToRest()
    if (this.#world.broken) throw this.#world.broken
  }

  #at(index: number): Running {
    return this.#running[this.#index(index)] as Running
  }

  #index(index: number): number {
    if (index !== THE_REFRESHER) return index % this.#running.length
    const refresher = this.#ilert.asks.at(-1)?.process
    return Math.max(
      0,
      this.#running.findIndex(({ process }) => process === refresher),
    )
  }

  #start(): Running {
    const process = new Process(`p${this.#processes.length + 1}`, this.#world, this.#saboteur.patience)
    this.#processes.push(process)
    return { process, manager: this.#manager(process) }
  }

  #manager(process: Process): TokenManager {
    const { timeoutMs, store: kind } = this.#scenario
    const { store = (honest) => honest, client = (honest) => honest, open = (sealed) => sealed } = this.#saboteur
    const { clock, after } = process
    return new TokenManager(
      {
        clientID: 'simulated',
        clientSecret: 'simulated',
        clock,
        timeoutMs,
        tokenStore: store(this.#store.view(process, kind), process),
      },
      {
        client: client(this.#ilert.client(process, timeoutMs) as unknown as IlertClient, process),
        sealer: { seal: async (text) => text, open: async (sealed) => open(sealed) },
        after,
        random: this.#world.random,
        cachedGrants: 10,
      },
    )
  }

  #replace(index: number, end: (one: Running) => void): void {
    const at = this.#index(index)
    end(this.#running[at] as Running)
    this.#running[at] = this.#start()
  }

  async #wait(after: Step['after']): Promise<void> {
    if ('ms' in after) await this.#world.pass(after.ms)
    else if ('events' in after) await this.#world.pass(5000, after.events)
    else await this.#world.pass(after.life * this.#scenario.lifetimeMs)
  }

  #act(deed: Deed): void {
    const world = this.#world
    world.note(JSON.stringify(deed))
    switch (deed.do) {
      case 'requests':
        for (let i = 0; i < deed.count; i++) this.#ask(this.#at(deed.process), (one) => this.#request(one))
        break
      case 'requests everywhere':
        for (const each of this.#running) this.#ask(each, (one) => this.#request(one))
        break
      case 'API refuses the token':
        this.#ask(this.#at(deed.process), (one) => this.#refuse(one))
        break
      case 'crash':
        this.#replace(deed.process, ({ process }) => this.#judge.crash(process))
        break
      case 'restart':
        world.count('restart')
        // Lives on until what was under way is over; new requests go to the new one.
        this.#replace(deed.process, ({ process, manager }) => process.request(() => void manager.close()))
        break
      case 'logout':
        this.#ask(this.#at(deed.process), (one) => this.#logOut(one))
        break
      case 'ilert ends the grant':
        world.count('ilert ends the grant')
        this.#ilert.ended = true
        break
      case 'all leases are lost':
        this.#store.loseLeases()
        break
      case 'store trouble':
        this.#store.begin(deed.kind, deed.ms)
        break
      case 'ilert trouble':
        this.#ilert.begin(deed.kind, deed.ms)
        break
      case 'clock jumps':
        world.count(deed.ms < 0 ? 'clock back' : 'clock forward')
        world.clocksDiffer = true
        this.#at(deed.process).process.skewMs += deed.ms
        break
      case 'everything sleeps':
        world.count('everything sleeps')
        world.leap(deed.ms)
        break
      case 'stall': {
        const { process } = this.#at(deed.process)
        world.count('stall')
        if (this.#ilert.asks.some((ask) => ask.underWay && ask.process === process)) world.count('stall in mid-refresh')
        process.stall(deed.ms)
      }
    }
  }

  /** Has a process do something as soon as it reads the request for it. */
  #ask(one: Running, what: (one: Running) => void): void {
    one.process.request(() => what(one))
  }

  #request({ process, manager }: Running): void {
    const one = this.#saboteur.manyManagers ? this.#manager(process) : manager
    const keeper = appTokensOf(one).peek(KEY)
    const verdict = this.#judge.request(process, keeper?.grant.tokens)
    void keeper?.attend(0)
    const tokens = keeper ? keeper.freshTokens() : one.get(KEY)
    tokens.then(verdict.answered, verdict.failed)
  }

  /** ilert's API says 401 to the present token. */
  #refuse({ process, manager }: Running): void {
    const accessToken = appTokensOf(manager).peek(KEY)?.grant.tokens.accessToken
    if (accessToken === undefined) return
    this.#world.count('API refuses the token')
    appTokensOf(manager)
      .refused(KEY, accessToken)
      .catch((error: unknown) => this.#judge.expectKnown(process, error))
  }

  #logOut({ process, manager }: Running): void {
    this.#judge.logOutBegun(process)
    manager.revoke(KEY).then(
      () => this.#judge.loggedOut(process),
      (error: unknown) => this.#judge.expectKnown(process, error),
    )
  }

  /** All troubles end, time passes, and what should be there is there. */
  async #comeToRest(): Promise<void> {
    const world = this.#world
    this.#store.end()
    this.#ilert.end()
    for (const process of this.#processes) process.goOn()
    world.note('all troubles have ended')
    await world.pass(70_000)
    if (this.#judge.logOut === 'begun') this.#logOut(this.#at(0))
    for (const one of this.#running) this.#request(one)
    await world.pass(400_000)
    for (const one of this.#running) this.#request(one)
    await world.pass(1000)
    // Past the end of every token and every wait, whatever anybody's clock has said.
    const jumps = this.#scenario.steps.map((step) => (step.do === 'clock jumps' ? Math.abs(step.ms) : 0))
    for (const { process } of this.#running) process.skewMs = 0
    await world.pass(this.#scenario.lifetimeMs + jumps.reduce((sum, ms) => sum + ms, 0) + 400_000)
    for (const one of this.#running) this.#request(one)
    await world.pass(400_000) // a refusal after a lost answer becomes final by then
    const last = []
    for (const { process, manager } of this.#running) {
      const outcome: { process: Process; token?: string; error?: unknown } = { process }
      manager.get(KEY).then(
        ({ accessToken }) => {
          outcome.token = accessToken
        },
        (error: unknown) => {
          outcome.error = error
        },
      )
      last.push(outcome)
      // Without compare and set, those who ask at once see each other's claims, and doubt a refusal for as long as that may
      // have another reason.
      if (this.#scenario.store === 'neither') await world.pass(20_000)
    }
    await world.pass(100_000)
    if (!world.broken) this.#judge.conclude(last)
  }
}
