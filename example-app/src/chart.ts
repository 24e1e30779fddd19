import type { Alert } from 'passport-ilert/api'
import { parseTime } from './time.ts'

const HOURS = 24
const HOUR_MS = 3_600_000
const [BAR, GAP, HEIGHT] = [20, 6, 96]

/** Alerts by the hour, the present one last, as bars of a picture that is `width` by `height`. */
export function chart(alerts: readonly Alert[], now: number) {
  const hours = Array.from({ length: HOURS }, () => ({ high: 0, low: 0 }))
  for (const { reportTime, priority } of alerts) {
    const hour = hours[HOURS - 1 - Math.floor((now - (parseTime(reportTime) ?? Number.NaN)) / HOUR_MS)]
    if (hour) hour[priority === 'HIGH' ? 'high' : 'low'] += 1
  }
  const most = Math.max(4, ...hours.map(({ high, low }) => high + low))
  const unit = HEIGHT / most
  const sum = (of: 'high' | 'low') => hours.reduce((total, hour) => total + hour[of], 0)
  return {
    width: HOURS * (BAR + GAP) - GAP,
    height: HEIGHT,
    barWidth: BAR,
    bars: hours.map(({ high, low }, i) => ({
      x: i * (BAR + GAP),
      high: { y: HEIGHT - high * unit, height: high * unit },
      low: { y: HEIGHT - (high + low) * unit, height: low * unit },
      title: `${agoInHours(HOURS - 1 - i)}: ${high} high, ${low} low`,
    })),
    high: sum('high'),
    low: sum('low'),
  }
}

function agoInHours(hours: number): string {
  return hours === 0 ? 'The last hour' : `${hours} to ${hours + 1} hours ago`
}
