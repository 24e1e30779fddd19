import type { Account } from '../data/account.ts'
import type { Entry } from '../data/collection.ts'
import { type Fields, timeOf } from './check.ts'
import type { Acting } from './collections.ts'
import { idsOf, listOf } from './filters.ts'
import { iso } from './shifts.ts'
import { isSubscribed } from './subscribers.ts'

const DAY = 86_400_000

type Looking = Acting & { readonly asked: readonly string[] }

export function viewService(service: Entry, { account, user, now, asked }: Looking): Fields {
  return {
    subscribed: isSubscribed(account, 'services', service.id, user),
    ...(asked.includes('uptime') && { uptime: uptimeOf(service, account, now) }),
    incidents: incidentsOf(service, account).filter(({ status }) => status !== 'RESOLVED'),
  }
}

export function viewStatusPage(page: Entry, { account, user, now, asked }: Looking): Fields {
  const services = idsOf(page.services).map((id) => account.collection('services').get(String(id))?.entry)
  const shown = services.filter((service) => service !== undefined)
  const uptime = (service: Entry) => (asked.includes('uptime') ? { uptime: uptimeOf(service, account, now) } : {})
  return {
    subscribed: isSubscribed(account, 'status-pages', page.id, user),
    groups: account.collection('status-pages/{id}/groups').list(String(page.id)),
    ...(page.services !== undefined && { services: shown.map((service) => ({ id: service.id, ...uptime(service) })) }),
  }
}

function incidentsOf({ id }: Entry, account: Account): Entry[] {
  const affects = ({ affectedServices }: Entry) =>
    listOf(affectedServices).some(({ service }) => idsOf(service)[0] === id)
  return account.collection('incidents').list().filter(affects)
}

/** How a service did in the last 90 days, as its incidents tell. */
function uptimeOf(service: Entry, account: Account, now: number): Fields {
  const outages = incidentsOf(service, account).map(({ affectedServices, createdAt, resolvedOn }) => {
    const { impact } = listOf(affectedServices).find((one) => idsOf(one.service)[0] === service.id) ?? {}
    return { status: impact, from: createdAt, until: resolvedOn }
  })
  const percentage = (days: number) => {
    const begin = now - days * DAY
    const lost = outages.map(({ from, until }) => (timeOf(until) ?? now) - Math.max(begin, timeOf(from) ?? now))
    const total = lost.reduce((sum, ms) => sum + Math.max(0, ms), 0)
    return Math.max(0, Math.round(1e5 * (1 - total / (days * DAY))) / 1e3)
  }
  return {
    rangeStart: iso(now - 90 * DAY),
    rangeEnd: iso(now),
    outages,
    uptimePercentage: { uptimePercentage: { p90: percentage(90), p60: percentage(60), p30: percentage(30) } },
  }
}
