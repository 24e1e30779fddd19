const MINUTE_MS = 60_000
const HALF_DAY_MS = 12 * 60 * MINUTE_MS

/** A time as ilert writes it, in milliseconds since the epoch; undefined where there is none. */
export function parseTime(text: string | null | undefined): number | undefined {
  const at = Date.parse(text ?? '')
  return Number.isNaN(at) ? undefined : at
}

/** `12 min ago`. */
export function timeAgo(at: number, now: number): string {
  const minutes = Math.floor(Math.max(0, now - at) / MINUTE_MS)
  if (minutes < 1) return 'just now'
  if (minutes < 60) return `${minutes} min ago`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} days ago`
}

/** `14:05 CET`, or `Sun 14:05 CET`: the time on the user's clock, as far as ilert knows which one that is. */
export function timeIn(timezone: string | undefined, at: number, now: number): string {
  const isFar = Math.abs(at - now) > HALF_DAY_MS
  return formatter(timezone, isFar).format(at).replace(',', '')
}

const formatters = new Map<string, Intl.DateTimeFormat>()

/** Kept, since making one takes far longer than using it; there are some hundred time zones. */
function formatter(timeZone = 'UTC', withDay: boolean): Intl.DateTimeFormat {
  const key = `${timeZone} ${withDay}`
  const known = formatters.get(key)
  if (known) return known
  const time = { hour: '2-digit', minute: '2-digit', timeZoneName: 'short', timeZone } as const
  try {
    const made = new Intl.DateTimeFormat('en-GB', { ...time, ...(withDay && { weekday: 'short' }) })
    formatters.set(key, made)
    return made
  } catch {
    return formatter('UTC', withDay) // a zone that this machine has not heard of
  }
}
