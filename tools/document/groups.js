/*
 * Which file of `src/ilert/api/` a schema of ilert's document goes into: the first whose pattern its name matches. What
 * one collection alone uses stands beside it.
 */

/** @type {readonly (readonly [file: string, names: RegExp])[]} */
const GROUPS = [
  ['alert-actions', /^(AlertAction|CParams)/],
  ['connectors', /^(Connector|EParams)/],
  ['alert-sources', /^(AlertSource|AlertPriorityRule$|IntegrationType$)/],
  [
    'alerts',
    /^(Alert|CountResponse$|Event(Image|Link)$|Log|ManualAlert$|Notification$|SuggestedResponder$|UIMenuItem$)/,
  ],
  ['incidents', /^(Incident|MaintenanceWindow$)/],
  ['services', /^Service/],
  ['status-pages', /^StatusPage/],
  ['metrics', /^(Metric|MParams|M\w+Metadata$)/],
  ['notification-preferences', /^NotificationPreference/],
  ['users', /^(User|Contact|Role$)/],
  ['teams', /^Team/],
  ['on-call', /^(OnCall$|Escalation|Schedule|Shift|TimeOfWeek$)/],
  ['support-hours', /^Support/],
  ['shared', /^(SimpleIdField64|TimeZone)$/],
]

/**
 * The names of each file, in the order of the table.
 *
 * @param {readonly string[]} names of schemas
 * @returns {[file: string, names: string[]][]}
 */
export function grouped(names) {
  const lost = names.filter((name) => !GROUPS.some(([, pattern]) => pattern.test(name)))
  if (lost.length > 0) throw new Error(`No file for ${lost.join(', ')}: add them to tools/document/groups.js`)
  const fileOf = (/** @type {string} */ name) => GROUPS.find(([, pattern]) => pattern.test(name))?.[0]
  return GROUPS.map(([file]) => [file, names.filter((name) => fileOf(name) === file)])
}
