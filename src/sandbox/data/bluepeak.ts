import type { Seed } from './seed.ts'
import { type AlertLine, seedAlerts } from './seed-alerts.ts'
import { colleague, policy, rotation, team } from './seed-parts.ts'

/** Which escalation policy each alert source uses. */
const POLICIES = { Datadog: 'Operations', Zendesk: 'Customer support' }

const ALERTS: readonly AlertLine[] = [
  [1378, 'LOW', 'Datadog', 'booking-api: Apdex below 0.85', ['ciaran.walsh', 34]],
  [1190, 'HIGH', 'Zendesk', 'Urgent ticket: group booking charged twice', ['niamh.byrne', 46]],
  [1004, 'LOW', 'Datadog', 'redis-cache: evictions above 1 000 per min', [null, 17]],
  [746, 'HIGH', 'Datadog', 'booking-api: connection pool exhausted', ['ciaran.walsh', 22]],
  [540, 'LOW', 'Zendesk', 'First response overdue: 6 tickets', ['niamh.byrne', 58]],
  [297, 'HIGH', 'Datadog', 'Availability sync with partners stopped', ['rafael.costa', 41]],
  [165, 'LOW', 'Datadog', 'web-frontend: JavaScript errors 3 times the usual', [null, 30]],
  [73, 'LOW', 'Zendesk', 'First response overdue: 2 tickets', 'niamh.byrne'],
  [27, 'HIGH', 'Datadog', 'Mountain webcams: no new pictures for 20 min', 'rafael.costa'],
  [9, 'HIGH', 'Zendesk', 'Urgent ticket: hut booking portal shows no rooms'],
]

const dublin = { domain: 'bluepeak.example', timezone: 'Europe/Dublin', language: 'en', region: 'IE' }

/** A small travel company: the other account, whose data nobody at Nordwind sees. */
export const bluepeak: Seed = {
  firstID: 58_401,
  entries: {
    users: [
      colleague('ciaran.walsh', 'Ciarán', 'Walsh', { ...dublin, role: 'ADMIN', position: 'Operations' }),
      colleague('niamh.byrne', 'Niamh', 'Byrne', { ...dublin, position: 'Customer Support' }),
      colleague('rafael.costa', 'Rafael', 'Costa', { ...dublin, timezone: 'Europe/Lisbon', position: 'Developer' }),
    ],
    teams: [team('Operations', ['ciaran.walsh', 'rafael.costa']), team('Support', ['niamh.byrne', 'aoife.obrien'])],
    'support-hours': [
      {
        name: 'Phone desk',
        timezone: 'Europe/Dublin',
        supportDays: Object.fromEntries(
          ['MONDAY', 'WEDNESDAY', 'FRIDAY', 'SATURDAY'].map((day) => [day, { start: '09:00', end: '17:00' }]),
        ),
      },
    ],
    schedules: [
      rotation('Operations', 'Europe/Dublin', 'PT12H', ['ciaran.walsh', 'rafael.costa']),
      rotation('Support', 'Europe/Dublin', 'P1D', ['niamh.byrne', 'ciaran.walsh', 'rafael.costa']),
    ],
    'escalation-policies': [
      policy('Operations', 'Operations', ['@schedules/Operations', '@users/ciaran.walsh']),
      policy('Customer support', 'Support', ['@schedules/Support']),
    ],
    'alert-sources': [
      { name: 'Datadog', integrationType: 'DATADOG', escalationPolicy: '@escalation-policies/Operations' },
      { name: 'Zendesk', integrationType: 'ZENDESK', escalationPolicy: '@escalation-policies/Customer support' },
    ].map((source) => ({ ...source, status: 'PENDING', active: true })),
    services: [
      { name: 'Booking', status: 'DEGRADED', description: 'Huts, guides and transfers' },
      { name: 'Webcams', status: 'PARTIAL_OUTAGE', description: 'Pictures from the summits' },
    ],
    'status-pages': [
      {
        name: 'Bluepeak status',
        subdomain: 'bluepeak.ilertstatus.example',
        visibility: 'PUBLIC',
        status: 'PARTIAL_OUTAGE',
        services: ['@services/Booking', '@services/Webcams'],
      },
    ],
    'uptime-monitors': [
      {
        name: 'book.bluepeak.example',
        region: 'EU',
        checkType: 'http',
        checkParams: { url: 'https://book.bluepeak.example/' },
        intervalSec: 300,
        status: 'up',
        escalationPolicy: '@escalation-policies/Operations',
      },
    ],
    connectors: [{ name: 'Microsoft Teams', type: 'MICROSOFT_TEAMS', params: {} }],
    'alert-actions': [
      {
        name: 'Tell the operations channel',
        connectorType: 'MICROSOFT_TEAMS',
        connector: '@connectors/Microsoft Teams',
        triggerMode: 'AUTOMATIC',
        alertSources: ['@alert-sources/Datadog'],
      },
    ],
    'maintenance-windows': [
      {
        summary: 'Move of the booking database',
        start: 'now+2880m',
        end: 'now+2940m',
        timezone: 'Europe/Dublin',
        affectedServices: [{ impact: 'MAJOR_OUTAGE', service: '@services/Booking' }],
      },
    ],
    'incident-templates': [
      { name: 'Booking slow', summary: 'Bookings take longer', status: 'INVESTIGATING', message: 'Please be patient.' },
    ],
    incidents: [
      {
        summary: 'Webcams show old pictures',
        status: 'IDENTIFIED',
        message: 'The link to the summit station is down.',
        createdAt: 'now-21m',
        updatedAt: 'now-12m',
        affectedServices: [{ impact: 'PARTIAL_OUTAGE', service: '@services/Webcams' }],
      },
    ],
    'metric-data-sources': [{ name: 'Datadog EU', type: 'DATADOG', metadata: { region: 'EU1' } }],
    metrics: [{ name: 'Bookings per hour', unitLabel: '1/h', dataSource: '@metric-data-sources/Datadog EU' }],
    reports: [{ name: 'Alerts by source', type: 'ALERTS', period: 'P7D' }],
    alerts: seedAlerts(ALERTS, POLICIES),
  },
}
