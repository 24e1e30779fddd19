const MINUTE_MS = 60_000

/** A time as ilert writes it, in milliseconds since the epoch; undefined if there is none. */
export function parseTime(text: string | null | undefined): number | undefined {
  const at = Date.parse(text ?? '')
  return Number.isNaN(at) ? undefined : at
}

/** A point in time for `views/partials/time.ejs`: the browser puts it into the reader's own time zone and language. */
export interface Moment {
  readonly at: number
  readonly iso: string
  /** `Mon 30 Nov, 14:05 CET`: by the clock that ilert knows of the user. For readers without JavaScript. */
  readonly text: string
  /** `12 min ago`; undefined for a time to come. */
  readonly ago: string | undefined
}

export function moment(text: string | null | undefined, timezone: string | undefined, now: number): Moment | undefined {
  const at = parseTime(text)
  return at === undefined ? undefined : momentAt(at, timezone, now)
}

export function momentAt(at: number, timezone: string | undefined, now: number): Moment {
  return {
    at,
    iso: new Date(at).toISOString(),
    text: formatter(timezone).format(at),
    ago: at > now ? undefined : timeAgo(at, now),
  }
}

/** `12 min ago`. */
function timeAgo(at: number, now: number): string {
  const minutes = Math.floor(Math.max(0, now - at) / MINUTE_MS)
  if (minutes < 1) return 'just now'
  if (minutes < 60) return `${minutes} min ago`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} days ago`
}

const formatters = new Map<string, Intl.DateTimeFormat>()

/** Kept, since making one takes far longer than using it; there are some hundred time zones. */
function formatter(timeZone = 'UTC'): Intl.DateTimeFormat {
  const known = formatters.get(timeZone)
  if (known) return known
  try {
    const made = new Intl.DateTimeFormat('en-GB', {
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      hour: '2-digit',
      minute: '2-digit',
      timeZone,
      timeZoneName: 'short',
    })
    formatters.set(timeZone, made)
    return made
  } catch {
    return formatter('UTC') // a zone that this machine does not know
  }
}
