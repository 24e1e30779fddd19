/** Who took it: nobody yet, somebody, or, with the minutes until it was resolved, somebody or the source itself. */
type Handling = string | readonly [resolvedBy: string | null, afterMinutes: number]

/** One line of an account's alerts. */
export type AlertLine = readonly [
  minutesAgo: number,
  priority: 'HIGH' | 'LOW',
  source: string,
  summary: string,
  handling?: Handling,
]

/** Alerts in the form of the API, the oldest first. `policies` names each source's escalation policy. */
export function seedAlerts(
  lines: readonly AlertLine[],
  policies: Readonly<Record<string, string>>,
): Record<string, unknown>[] {
  return lines.map(([minutesAgo, priority, source, summary, handling]) => ({
    summary,
    priority,
    ...progress(minutesAgo, handling),
    reportTime: `now-${minutesAgo}m`,
    alertSource: `@alert-sources/${source}`,
    escalationPolicy: `@escalation-policies/${policies[source]}`,
  }))
}

function progress(minutesAgo: number, handling: Handling | undefined): Record<string, unknown> {
  if (handling === undefined) return { status: 'PENDING', responders: [] }
  if (typeof handling === 'string') {
    const user = `@users/${handling}`
    const responders = [{ user, status: 'ACCEPTED' }]
    return { status: 'ACCEPTED', assignedTo: user, acknowledgedBy: user, acknowledgedByType: 'USER', responders }
  }
  const [username, afterMinutes] = handling
  const resolved = { status: 'RESOLVED', resolvedOn: `now-${minutesAgo - afterMinutes}m` }
  if (username === null) return { ...resolved, resolvedByType: 'ALERT_SOURCE', responders: [] }
  const user = `@users/${username}`
  const responders = [{ user, status: 'ACCEPTED' }]
  return { ...resolved, assignedTo: user, acknowledgedBy: user, resolvedBy: user, resolvedByType: 'USER', responders }
}
