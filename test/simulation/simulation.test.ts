/*
 * The token manager in a simulated world: up to 5 processes, a store that they share, and an ilert, with all that can go
 * wrong, in a hundred random orders. A failure names its seed and path; to see it again:
 *
 *   SIM_SEED=… SIM_PATH=… npm test -- test/simulation
 */
import { expectCaught, explore, RARELY_SEEN } from './explore.ts'
import { run } from './run.ts'
import { saboteurs } from './saboteurs.ts'
import type { Scenario } from './scenario.ts'

/** 10 000 of them: simulation.slow.test.ts. */
const FEW = 150

test('rules 1 to 6 hold, whatever happens in whatever order', async () => {
  await explore(FEW)
}, 600_000)

const plain: Omit<Scenario, 'steps'> = {
  seed: 0,
  refreshTokens: 'reuse',
  tooEarly: 'answered',
  lifetimeMs: 3_600_000,
  processes: 2,
  store: 'leases',
  timeoutMs: 10_000,
}

/** What looks like a broken rule and is none: the process could not know better. */
const blameless: Record<string, Scenario> = {
  'a request whose token ends while everything sleeps, and with it the store': {
    ...plain,
    processes: 1,
    store: 'compare and set',
    steps: [
      { after: { life: 0.85 }, do: 'requests', process: 0, count: 1 },
      { after: { events: 0 }, do: 'everything sleeps', ms: 538_829 },
      { after: { events: 5 }, do: 'store trouble', kind: 'refuses', ms: 1000 },
      { after: { ms: 500 }, do: 'requests', process: 0, count: 1 },
    ],
  },
  'a request that would read of a sign-out elsewhere when the store becomes unavailable': {
    ...plain,
    steps: [
      { after: { ms: 0 }, do: 'requests everywhere' },
      { after: { ms: 0 }, do: 'logout', process: 0 },
      { after: { life: 0.4 }, do: 'requests everywhere' },
      { after: { events: 0 }, do: 'store trouble', kind: 'refuses', ms: 2000 },
      { after: { ms: 1000 }, do: 'requests everywhere' },
    ],
  },
  'a request that reads newer tokens, which have ended by its own clock': {
    ...plain,
    tooEarly: 'refused',
    steps: [
      { after: { ms: 0 }, do: 'clock jumps', process: 0, ms: -3_529_606 },
      { after: { events: 0 }, do: 'requests everywhere' },
      { after: { ms: 0 }, do: 'API refuses the token', process: 0 },
    ],
  },
  'a request that reads newer tokens, which end soon by its own clock': {
    ...plain,
    store: 'compare and set',
    steps: [
      { after: { ms: 0 }, do: 'requests', process: 1, count: 1 },
      { after: { events: 0 }, do: 'API refuses the token', process: -1 },
      { after: { events: 0 }, do: 'clock jumps', process: -1, ms: -259_110 },
      { after: { ms: 1241 }, do: 'ilert ends the grant' },
      { after: { life: 0.9 }, do: 'requests', process: 0, count: 1 },
      { after: { events: 11 }, do: 'store trouble', kind: 'refuses', ms: 26 },
      { after: { ms: 100 }, do: 'clock jumps', process: 0, ms: 0 },
      { after: { events: 1 }, do: 'all leases are lost' },
      { after: { ms: 14_366 }, do: 'ilert trouble', kind: 'unreachable', ms: 2000 },
    ],
  },
  'a claim that overwrites new tokens in a store without compare and set, just after their process died': {
    ...plain,
    seed: -5,
    refreshTokens: 'rotate',
    processes: 3,
    store: 'neither',
    steps: [
      { after: { life: 0.9 }, do: 'requests everywhere' },
      { after: { ms: 452 }, do: 'crash', process: 1 },
    ],
  },
}

test.each(Object.entries(blameless))('%s: breaks no rule', (_, scenario) => run(scenario, {}))

/** What random runs have found, and what was mended since. */
const mended: Record<string, Scenario> = {
  'a refusal of the newest tokens, because ilert has answered a question with older ones that another process did not hear':
    {
      ...plain,
      seed: 548_223_656,
      refreshTokens: 'add',
      tooEarly: 'invalid_grant',
      lifetimeMs: 60_000,
      processes: 5,
      timeoutMs: 30_000,
      steps: [
        { after: { life: 1.01 }, do: 'ilert trouble', kind: 'slow', ms: 60_000 },
        { after: { events: 0 }, do: 'requests everywhere' },
        { after: { ms: 282 }, do: 'all leases are lost' },
        { after: { events: 0 }, do: 'requests everywhere' },
        { after: { life: 1.01 }, do: 'requests', process: -1, count: 1 },
      ],
    },
  'a refusal, while another process is asking whose claim was overwritten': {
    ...plain,
    seed: -1_974_492_693,
    refreshTokens: 'rotate',
    store: 'neither',
    processes: 3,
    steps: [
      { after: { life: 1.01 }, do: 'ilert trouble', kind: 'slow', ms: 60_000 },
      { after: { events: 0 }, do: 'requests everywhere' },
      { after: { ms: 444 }, do: 'all leases are lost' },
      { after: { events: 7 }, do: 'requests everywhere' },
    ],
  },
  'a refusal, while another process has new tokens that a claim upon a slow read was written over': {
    ...plain,
    seed: -430_845_772,
    refreshTokens: 'rotate',
    processes: 4,
    store: 'neither',
    timeoutMs: 30_000,
    steps: [
      { after: { life: 1.01 }, do: 'ilert trouble', kind: 'slow', ms: 60_000 },
      { after: { events: 0 }, do: 'requests everywhere' },
      { after: { ms: 10_274 }, do: 'all leases are lost' },
      { after: { events: 5 }, do: 'requests everywhere' },
      { after: { life: 1.01 }, do: 'requests everywhere' },
      { after: { events: 0 }, do: 'crash', process: -1 },
    ],
  },
  'a refusal, while another process has new tokens that a claim upon a read before a stall was written over': {
    ...plain,
    seed: 434_022_047,
    tooEarly: 'invalid_grant',
    lifetimeMs: 60_000,
    processes: 5,
    store: 'neither',
    steps: [
      { after: { life: 0.9 }, do: 'requests', process: -1, count: 1 },
      { after: { events: 0 }, do: 'requests everywhere' },
      { after: { events: 7 }, do: 'all leases are lost' },
      { after: { events: 1 }, do: 'stall', process: -1, ms: 10_000 },
      { after: { ms: 5255 }, do: 'requests', process: -1, count: 1 },
    ],
  },
  'a claim that was written before a stall of this process, in which another one has refreshed': {
    ...plain,
    seed: -1_436_066_188,
    processes: 2,
    store: 'compare and set',
    steps: [
      { after: { life: 1.01 }, do: 'requests', process: -1, count: 1 },
      { after: { events: 4 }, do: 'stall', process: -1, ms: 25_069 },
      { after: { events: 3 }, do: 'requests', process: 1, count: 1 },
      { after: { ms: 254 }, do: 'requests everywhere' },
      { after: { ms: 281 }, do: 'restart', process: 0 },
      { after: { ms: 2 }, do: 'store trouble', kind: 'answers lost', ms: 517 },
      { after: { life: 1.01 }, do: 'ilert trouble', kind: 'slow', ms: 60_000 },
      { after: { events: 0 }, do: 'requests everywhere' },
    ],
  },
  'a read that failed before a stall of this process, and a sign-out in another one since': {
    ...plain,
    processes: 1,
    steps: [
      { after: { life: 0.4 }, do: 'requests', process: -1, count: 1 },
      { after: { events: 0 }, do: 'store trouble', kind: 'refuses', ms: 2000 },
      { after: { events: 0 }, do: 'stall', process: -1, ms: 62_166 },
      { after: { events: 2 }, do: 'requests', process: -1, count: 1 },
      { after: { ms: 0 }, do: 'restart', process: 0 },
      { after: { ms: 1989 }, do: 'logout', process: -1 },
      { after: { life: 0.4 }, do: 'requests', process: 0, count: 1 },
    ],
  },
  'a read that began before a stall of this process, and a sign-out in another one since': {
    ...plain,
    processes: 1,
    steps: [
      { after: { life: 0.4 }, do: 'requests', process: -1, count: 1 },
      { after: { events: 0 }, do: 'stall', process: -1, ms: 60_166 },
      { after: { events: 0 }, do: 'requests', process: -1, count: 1 },
      { after: { ms: 0 }, do: 'restart', process: 0 },
      { after: { ms: 0 }, do: 'logout', process: -1 },
      { after: { life: 0.4 }, do: 'requests', process: 0, count: 1 },
    ],
  },
}

test.each(Object.entries(mended))('%s: breaks no rule any more', (_, scenario) => run(scenario, {}))

test.each(Object.entries(saboteurs).filter(([name]) => !RARELY_SEEN.includes(name)))(
  '%s: is caught within 1000 runs',
  expectCaught,
  600_000,
)
