/** How long, how wide, and with what going wrong on purpose. */
export interface Settings {
  readonly minutes: number
  /** Whose tokens are in Redis; there are more whose tokens are in memory. */
  readonly users: number
  readonly seed: number
  /** How long the app waits for ilert. */
  readonly timeoutMs: number
  /** A planted failure, which the run must find: see saboteurs.ts. */
  readonly sabotage: string | undefined
}

const MOST_USERS = 10_000
/** What two cores sign in, storm and call up several times in a minute. */
const USERS_PER_MINUTE = 500
const LEAST_USERS = 100

/** @throws TypeError which names the variable that cannot be used */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const minutes = number(env, 'SOAK_MINUTES', 20)
  const fitting = Math.round(Math.min(MOST_USERS, Math.max(LEAST_USERS, minutes * USERS_PER_MINUTE)))
  return {
    minutes,
    users: Math.ceil(number(env, 'SOAK_USERS', fitting)),
    // The package's default, where there is time for it.
    timeoutMs: Math.min(10_000, Math.max(3000, minutes * 5000)),
    seed: number(env, 'SOAK_SEED', 20_261_122),
    sabotage: env.SOAK_SABOTAGE || undefined,
  }
}

function number(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const value = Number(env[name] || fallback)
  if (value > 0 && Number.isFinite(value)) return value
  throw new TypeError(`${name}: expected a number above 0.`)
}
