/** A Monday: rotations count from here. */
const HANDOVER = '2020-01-06T08:00:00.000Z'

/** A colleague who cannot sign in at the sandbox, and whose address follows from the name. */
export function colleague(
  username: string,
  firstName: string,
  lastName: string,
  rest: Readonly<Record<string, unknown>> & { readonly domain: string },
): Record<string, unknown> {
  const { domain, ...fields } = rest
  return { username, firstName, lastName, email: `${username}@${domain}`, role: 'USER', ...fields }
}

/** A schedule in which `users` follow one another, `rotation` (ISO 8601) long each. */
export function rotation(
  name: string,
  timezone: string,
  rotation: string,
  users: readonly string[],
): Record<string, unknown> {
  const layer = { name: 'Rotation', startsOn: HANDOVER, users: people(users), rotation }
  return { name, timezone, type: 'RECURRING', startsOn: HANDOVER, scheduleLayers: [layer] }
}

/** An escalation policy: each level has a quarter of an hour, then the next one is told. */
export function policy(name: string, team: string, levels: readonly string[]): Record<string, unknown> {
  const escalationRules = levels.map((target) =>
    target.startsWith('@schedules/')
      ? { escalationTimeout: 15, schedules: [target], users: [] }
      : { escalationTimeout: 15, schedules: [], users: [target] },
  )
  return { name, escalationRules, repeating: true, frequency: 2, teams: [`@teams/${team}`] }
}

export function team(name: string, members: readonly string[]): Record<string, unknown> {
  return {
    name,
    visibility: 'PUBLIC',
    members: people(members).map((user, i) => ({ user, role: i === 0 ? 'ADMIN' : 'RESPONDER' })),
  }
}

function people(usernames: readonly string[]): string[] {
  return usernames.map((username) => `@users/${username}`)
}
