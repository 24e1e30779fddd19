// Puts times into the reader's own time zone and language. Without this they are by the clock that ilert knows of them.
const at = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  timeZoneName: 'short',
})
const ago = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' })

export function showTimes(root = document) {
  for (const time of root.querySelectorAll('time')) {
    const date = new Date(time.dateTime)
    if (!('ago' in time.dataset)) time.textContent = at.format(date)
    else {
      time.title = at.format(date)
      time.textContent = timeAgo(date)
    }
  }
}

/** `12 min. ago`, in the reader's language. */
export function timeAgo(date) {
  const minutes = Math.max(0, Math.floor((Date.now() - date) / 60_000))
  if (minutes < 60) return ago.format(-minutes, 'minute')
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? ago.format(-hours, 'hour') : ago.format(-Math.floor(hours / 24), 'day')
}

showTimes()
