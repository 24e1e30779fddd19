import { type Clock, type MovableClock, movableClock } from './clock.ts'
import type { SandboxData } from './data/given.ts'
import { Faults } from './faults.ts'
import type { LoggedRequest } from './log.ts'
import type { CheckedOptions } from './options.ts'
import { RateLimit } from './rate-limit.ts'
import { State } from './state.ts'

/** Everything in a sandbox that changes while it runs, and can begin anew. */
export class Memory {
  readonly clock: MovableClock
  readonly state: State
  readonly faults: Faults = new Faults()
  readonly requests: LoggedRequest[] = []
  readonly rateLimit: RateLimit
  readonly #base: Clock | undefined
  readonly #data: SandboxData

  constructor({ clock, users, data, requestsPerMinute }: CheckedOptions) {
    this.#base = clock
    this.#data = data
    this.clock = movableClock(clock)
    this.state = new State(this.clock, users)
    this.rateLimit = new RateLimit(this.clock, requestsPerMinute)
    this.state.load(data)
  }

  /** Registered apps stay. */
  reset(): void {
    this.clock.set((this.#base ?? Date).now())
    this.state.reset()
    this.state.load(this.#data)
    this.faults.clear()
    this.rateLimit.clear()
    this.requests.length = 0
  }
}
