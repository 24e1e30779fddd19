/** Who took it: nobody yet, a user, or, with the minutes until it was resolved, a user or the source itself. */
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
    severity: priority === 'HIGH' ? 2 : 4,
    labels: { environment: 'production' },
    links: [{ text: 'Runbook', href: `https://runbooks.example/${source.toLowerCase().replaceAll(' ', '-')}` }],
    customDetails: { source, receivedMinutesAgo: minutesAgo },
  }))
}

/** What has happened to an alert; `null` for what goes with waiting alone. */
function progress(minutesAgo: number, handling: Handling | undefined): Record<string, unknown> {
  if (handling === undefined) return { status: 'PENDING' }
  const settled = { nextEscalation: null, nextEscalationRuleIndex: null }
  const [username, afterMinutes] = typeof handling === 'string' ? [handling, minutesAgo] : handling
  const status =
    typeof handling === 'string'
      ? { status: 'ACCEPTED' }
      : { status: 'RESOLVED', resolvedOn: `now-${minutesAgo - afterMinutes}m` }
  if (username === null) return { ...status, ...settled, responders: [], assignedTo: null }
  const user = `@users/${username}`
  const acceptedAt = `now-${minutesAgo - Math.min(3, Math.floor(afterMinutes / 2))}m`
  return { ...status, ...settled, assignedTo: user, responders: [{ user, status: 'ACCEPTED', acceptedAt }] }
}
