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
  return { name, timezone, type: 'RECURRING', showGaps: false, scheduleLayers: [layer] }
}

/** An escalation policy: each level has a quarter of an hour, then the next one is told. */
export function policy(name: string, team: string, levels: readonly string[]): Record<string, unknown> {
  const escalationRules = levels.map((target) =>
    target.startsWith('@schedules/')
      ? { escalationTimeout: 15, schedules: [target], users: [] }
      : { escalationTimeout: 15, schedules: [], users: [target] },
  )
  const routingKey = name.toLowerCase().replaceAll(' ', '-')
  return { name, escalationRules, repeating: true, frequency: 2, delayMin: 0, routingKey, teams: [`@teams/${team}`] }
}

/** An incident that a user has written about, the newest update first. */
export function incident(
  by: string,
  updates: readonly (readonly [minutesAgo: number, status: string, message: string])[],
  rest: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const history = updates.map(([minutesAgo, incidentStatus, content], i) => ({
    id: `${updates.length - i}`,
    content,
    creator: `@users/${by}`,
    incidentStatus,
    sendNotification: true,
    createdAt: `now-${minutesAgo}m`,
  }))
  const [latest, first] = [history[0], history.at(-1)]
  return {
    ...rest,
    status: latest?.incidentStatus,
    message: latest?.content,
    sendNotification: true,
    createdAt: first?.createdAt,
    updatedAt: latest?.createdAt,
    resolvedOn: latest?.incidentStatus === 'RESOLVED' ? latest.createdAt : null,
    history,
  }
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
