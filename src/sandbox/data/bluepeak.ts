import type { Seed } from './seed.ts'
import { type AlertLine, seedAlerts } from './seed-alerts.ts'
import { colleague, incident, policy, rotation, team } from './seed-parts.ts'

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

const newYork = { domain: 'bluepeak.example', timezone: 'America/New_York', language: 'en', region: 'US' }

/** A small travel company: the other account, whose data nobody at Nordwind sees. */
export const bluepeak: Seed = {
  firstID: 58_401,
  entries: {
    users: [
      colleague('ciaran.walsh', 'Ciarán', 'Walsh', { ...newYork, role: 'ADMIN', position: 'Operations' }),
      colleague('niamh.byrne', 'Niamh', 'Byrne', { ...newYork, position: 'Customer Support' }),
      colleague('rafael.costa', 'Rafael', 'Costa', { ...newYork, position: 'Developer' }),
    ],
    teams: [team('Operations', ['ciaran.walsh', 'rafael.costa']), team('Support', ['niamh.byrne', 'aoife.obrien'])],
    'support-hours': [
      {
        name: 'Phone desk',
        timezone: 'America/New_York',
        supportDays: Object.fromEntries(
          ['MONDAY', 'WEDNESDAY', 'FRIDAY', 'SATURDAY'].map((day) => [day, { start: '09:00', end: '17:00' }]),
        ),
      },
    ],
    schedules: [
      rotation('Operations', 'America/New_York', 'PT12H', ['ciaran.walsh', 'rafael.costa']),
      rotation('Support', 'America/New_York', 'P1D', ['niamh.byrne', 'ciaran.walsh', 'rafael.costa']),
    ],
    'escalation-policies': [
      policy('Operations', 'Operations', ['@schedules/Operations', '@users/ciaran.walsh']),
      policy('Customer support', 'Support', ['@schedules/Support']),
    ],
    'alert-sources': [
      { name: 'Datadog', integrationType: 'DATADOG', escalationPolicy: '@escalation-policies/Operations' },
      { name: 'Zendesk', integrationType: 'ZENDESK', escalationPolicy: '@escalation-policies/Customer support' },
    ].map((source) => ({ ...source, status: 'PENDING', active: true, teams: ['@teams/Operations'] })),
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
    'status-pages/{id}/groups': [{ parent: '@status-pages/Bluepeak status', name: 'In the mountains' }],
    connectors: [{ name: 'Microsoft Teams', type: 'microsoft_teams_bot' }],
    'alert-actions': [
      {
        name: 'Tell the operations channel',
        connectorType: 'microsoft_teams_bot',
        connectorId: '#connectors/Microsoft Teams',
        triggerMode: 'AUTOMATIC',
        triggerTypes: ['alert-created'],
        alertSources: ['@alert-sources/Datadog'],
      },
    ],
    'maintenance-windows': [
      {
        summary: 'Move of the booking database',
        start: 'now+2880m',
        end: 'now+2940m',
        timezone: 'America/New_York',
        services: ['@services/Booking'],
        createdBy: 'Ciarán Walsh',
      },
    ],
    'incident-templates': [
      { name: 'Booking slow', summary: 'Bookings take longer', status: 'INVESTIGATING', message: 'Please be patient.' },
    ],
    incidents: [
      incident(
        'rafael.costa',
        [
          [12, 'IDENTIFIED', 'The link to the summit station is down.'],
          [21, 'INVESTIGATING', 'The webcams show old pictures.'],
        ],
        {
          summary: 'Webcams show old pictures',
          affectedServices: [{ impact: 'PARTIAL_OUTAGE', service: '@services/Webcams' }],
        },
      ),
    ],
    'metric-data-sources': [
      {
        name: 'Prometheus',
        type: 'PROMETHEUS',
        metadata: { url: 'https://prometheus.bluepeak.example', authType: 'NONE' },
      },
    ],
    metrics: [
      {
        name: 'Bookings per hour',
        unitLabel: '1/h',
        aggregationType: 'SUM',
        displayType: 'GRAPH',
        dataSource: '@metric-data-sources/Prometheus',
      },
    ],
    alerts: seedAlerts(ALERTS, POLICIES),
  },
  subscribers: [['status-pages/Bluepeak status', 'teams/Support']],
}
