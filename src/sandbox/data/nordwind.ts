import type { Seed } from './seed.ts'
import { type AlertLine, seedAlerts } from './seed-alerts.ts'
import { colleague, incident, policy, rotation, team } from './seed-parts.ts'

/** Which escalation policy each alert source uses. */
const POLICIES = {
  'Prometheus production': 'Platform',
  'AWS CloudWatch': 'Platform',
  'Uptime checks': 'Platform',
  Sentry: 'Payments',
  'Payment gateway': 'Payments',
  'Nightly jobs': 'Data',
}

/** A day: deployments in the morning, a payment provider in trouble some hours ago, jobs at night. */
const ALERTS: readonly AlertLine[] = [
  [1427, 'LOW', 'AWS CloudWatch', 'RDS nordwind-prod-1: free storage below 20 %', ['tunde.okafor', 61]],
  [1388, 'HIGH', 'Prometheus production', 'Checkout API: p95 latency above 800 ms for 10 min', ['tunde.okafor', 24]],
  [1316, 'LOW', 'Sentry', 'payments-worker: TimeoutError in settle_batch, 42 events in 5 min', ['priya.raman', 37]],
  [1249, 'LOW', 'Uptime checks', 'track.nordwind.example: TLS certificate expires in 14 days', ['mara.lindqvist', 190]],
  [
    1131,
    'HIGH',
    'Prometheus production',
    'kafka-2: consumer lag of shipment-events above 50 000',
    ['jonas.pfeiffer', 18],
  ],
  [1122, 'LOW', 'Prometheus production', 'Shipment tracking: event processing delayed by 6 min', [null, 11]],
  [953, 'LOW', 'Nightly jobs', 'Backup of warehouse-db took 94 min, expected 45', ['elif.kaya', 40]],
  [871, 'HIGH', 'Nightly jobs', 'Job invoice-export failed: exit code 137 (out of memory)', ['elif.kaya', 52]],
  [764, 'LOW', 'AWS CloudWatch', 'NAT gateway eu-central-1a: error port allocation above 0', [null, 9]],
  [
    655,
    'HIGH',
    'Uptime checks',
    'www.nordwind.example is down: connection timed out from 3 of 5 regions',
    ['tunde.okafor', 7],
  ],
  [
    612,
    'LOW',
    'Prometheus production',
    'node ip-10-4-17-203: disk /var/lib/containerd 85 % full',
    ['tunde.okafor', 33],
  ],
  [548, 'LOW', 'Sentry', 'customer-portal: TypeError in AddressForm, new in release 2025.41.2', ['priya.raman', 71]],
  [531, 'HIGH', 'Prometheus production', 'customer-portal: 5 pods in CrashLoopBackOff', ['jonas.pfeiffer', 16]],
  [517, 'LOW', 'Prometheus production', 'customer-portal: deployment 2025.41.2 not complete after 15 min', [null, 12]],
  [403, 'HIGH', 'Payment gateway', 'Card authorisations: error rate 12 % (threshold 2 %)', ['priya.raman', 104]],
  [401, 'HIGH', 'Prometheus production', 'Checkout API: HTTP 5xx above 5 % for 5 min', ['jonas.pfeiffer', 97]],
  [398, 'HIGH', 'Sentry', 'payments-worker: GatewayUnavailable, 1 380 events in 5 min', ['priya.raman', 99]],
  [391, 'LOW', 'Prometheus production', 'payments-retry: queue depth above 10 000', [null, 88]],
  [377, 'LOW', 'AWS CloudWatch', 'Lambda order-confirmation: throttled 311 times in 5 min', [null, 64]],
  [242, 'LOW', 'Prometheus production', 'search-1: JVM heap above 90 % for 15 min', ['jonas.pfeiffer', 45]],
  [186, 'LOW', 'Uptime checks', 'api.nordwind.example: response time above 2 s from Singapore', [null, 21]],
  [143, 'HIGH', 'AWS CloudWatch', 'RDS nordwind-prod-1: replica lag above 120 s', ['tunde.okafor', 29]],
  [118, 'LOW', 'AWS CloudWatch', 'RDS nordwind-prod-1: CPU above 85 % for 15 min', 'tunde.okafor'],
  [94, 'LOW', 'Sentry', 'checkout-web: ChunkLoadError, 64 users affected', 'priya.raman'],
  [61, 'HIGH', 'Prometheus production', 'Shipment tracking: no carrier events from DHL for 30 min', 'mara.lindqvist'],
  [47, 'LOW', 'Prometheus production', 'node ip-10-4-22-91: clock skew above 250 ms', [null, 14]],
  [33, 'LOW', 'Nightly jobs', 'Heartbeat of label-printer-sync missing since 30 min'],
  [19, 'HIGH', 'Prometheus production', 'Checkout API: p95 latency above 800 ms for 10 min'],
  [12, 'HIGH', 'Payment gateway', 'SEPA mandates: webhook deliveries failing with 502'],
  [4, 'HIGH', 'Uptime checks', 'portal.nordwind.example is down: HTTP 503 from 4 of 5 regions'],
]

const berlin = { domain: 'nordwind.example', timezone: 'Europe/Berlin', language: 'de', region: 'DE' }

/** A logistics company whose platform team has a busy day. */
export const nordwind: Seed = {
  firstID: 41_101,
  entries: {
    users: [
      colleague('jonas.pfeiffer', 'Jonas', 'Pfeiffer', { ...berlin, position: 'Platform Engineer' }),
      colleague('priya.raman', 'Priya', 'Raman', { ...berlin, language: 'en', position: 'Payments Engineer' }),
      colleague('elif.kaya', 'Elif', 'Kaya', { ...berlin, position: 'Data Engineer' }),
      colleague('sven.halvorsen', 'Sven', 'Halvorsen', {
        ...berlin,
        language: 'en',
        timezone: 'America/New_York',
        region: 'US',
        position: 'Site Reliability Engineer',
      }),
    ],
    teams: [
      team('Platform', ['mara.lindqvist', 'tunde.okafor', 'jonas.pfeiffer', 'sven.halvorsen']),
      team('Payments', ['priya.raman', 'tunde.okafor']),
      team('Data', ['elif.kaya', 'jonas.pfeiffer']),
    ],
    'support-hours': [
      {
        name: 'Office hours Berlin',
        timezone: 'Europe/Berlin',
        supportDays: Object.fromEntries(
          ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY'].map((day) => [
            day,
            { start: '08:00', end: '18:00' },
          ]),
        ),
        exceptions: [{ name: 'New Year', start: '2030-01-01', end: '2030-01-01', supportStatus: 'OUTSIDE' }],
        teams: ['@teams/Platform'],
      },
    ],
    schedules: [
      rotation('Platform primary', 'Europe/Berlin', 'P1D', ['tunde.okafor', 'jonas.pfeiffer', 'mara.lindqvist']),
      rotation('Platform backup', 'Europe/Berlin', 'P7D', ['mara.lindqvist', 'tunde.okafor', 'jonas.pfeiffer']),
      rotation('Payments around the clock', 'Europe/Berlin', 'PT8H', ['priya.raman', 'tunde.okafor', 'sven.halvorsen']),
      rotation('Data', 'Europe/Berlin', 'P7D', ['elif.kaya', 'jonas.pfeiffer']),
      {
        name: 'Release weekend',
        timezone: 'Europe/Berlin',
        type: 'STATIC',
        defaultShiftDuration: 'PT12H',
        shifts: [
          { user: '@users/jonas.pfeiffer', start: 'now-900m', end: 'now-180m' },
          { user: '@users/priya.raman', start: 'now-180m', end: 'now+540m' },
          { user: '@users/tunde.okafor', start: 'now+540m', end: 'now+1260m' },
        ],
      },
    ],
    'schedules/{id}/overrides': [
      {
        parent: '@schedules/Platform primary',
        user: '@users/sven.halvorsen',
        start: 'now+2880m',
        end: 'now+3600m',
      },
    ],
    'escalation-policies': [
      policy('Platform', 'Platform', [
        '@schedules/Platform primary',
        '@schedules/Platform backup',
        '@users/mara.lindqvist',
      ]),
      policy('Payments', 'Payments', ['@schedules/Payments around the clock', '@schedules/Platform backup']),
      policy('Data', 'Data', ['@schedules/Data']),
    ],
    'alert-sources': Object.entries({
      'Prometheus production': 'PROMETHEUS',
      'AWS CloudWatch': 'CLOUDWATCH',
      'Uptime checks': 'UPTIMEROBOT',
      Sentry: 'SENTRY',
      'Payment gateway': 'API',
      'Nightly jobs': 'HEARTBEAT2',
    } satisfies Record<keyof typeof POLICIES, string>).map(([name, integrationType]) => ({
      name,
      integrationType,
      status: 'PENDING',
      active: true,
      escalationPolicy: `@escalation-policies/${POLICIES[name as keyof typeof POLICIES]}`,
      alertCreation: 'ONE_OPEN_ALERT_ALLOWED',
      alertPriorityRule: 'HIGH_DURING_SUPPORT_HOURS',
      supportHours: '@support-hours/Office hours Berlin',
      summaryTemplate: { textTemplate: '{{ summary }}', elements: [{ type: 'VAR', val: 'summary' }] },
      teams: ['@teams/Platform'],
    })),
    services: [
      { name: 'Checkout', status: 'DEGRADED', description: 'Basket, delivery options and order placement' },
      { name: 'Payments', status: 'PARTIAL_OUTAGE', description: 'Cards, SEPA and invoices' },
      { name: 'Shipment tracking', status: 'OPERATIONAL', description: 'Events of all carriers, for customers' },
      { name: 'Customer portal', status: 'MAJOR_OUTAGE', description: 'Contracts, addresses, returns' },
      { name: 'Search', status: 'OPERATIONAL', description: 'Finds orders and shipments' },
    ].map((service) => ({ ...service, oneOpenIncidentOnly: false, teams: ['@teams/Platform'] })),
    'status-pages': [
      {
        name: 'Nordwind status',
        domain: 'status.nordwind.example',
        subdomain: 'nordwind.ilertstatus.example',
        visibility: 'PUBLIC',
        status: 'MAJOR_OUTAGE',
        timezone: 'Europe/Berlin',
        services: [
          '@services/Checkout',
          '@services/Payments',
          '@services/Shipment tracking',
          '@services/Customer portal',
        ],
      },
      {
        name: 'Nordwind internal',
        subdomain: 'nordwind-internal.ilertstatus.example',
        visibility: 'PRIVATE',
        status: 'DEGRADED',
        timezone: 'Europe/Berlin',
        services: ['@services/Search', '@services/Payments'],
      },
    ],
    'status-pages/{id}/groups': [
      { parent: '@status-pages/Nordwind status', name: 'For customers' },
      { parent: '@status-pages/Nordwind internal', name: 'Platform' },
    ],
    connectors: [
      { name: 'Slack', type: 'slack' },
      { name: 'Jira', type: 'jira' },
    ],
    'alert-actions': [
      {
        name: 'Post to #incidents',
        connectorType: 'slack',
        connectorId: '#connectors/Slack',
        triggerMode: 'AUTOMATIC',
        triggerTypes: ['alert-created', 'alert-resolved'],
        alertSources: ['@alert-sources/Prometheus production', '@alert-sources/Payment gateway'],
      },
      {
        name: 'Open a Jira issue',
        connectorType: 'jira',
        connectorId: '#connectors/Jira',
        triggerMode: 'MANUAL',
        alertSources: ['@alert-sources/Sentry'],
      },
    ],
    'maintenance-windows': [
      {
        summary: 'PostgreSQL 16 upgrade of warehouse-db',
        description: 'Search may answer slowly.',
        start: 'now+1560m',
        end: 'now+1680m',
        timezone: 'Europe/Berlin',
        services: ['@services/Search'],
        alertSources: ['@alert-sources/Nightly jobs'],
        createdBy: 'Elif Kaya',
      },
    ],
    'incident-templates': [
      {
        name: 'Payment provider down',
        summary: 'Payments fail',
        status: 'INVESTIGATING',
        message: 'We are looking into it.',
      },
      { name: 'Planned failover', summary: 'Database failover', status: 'MONITORING', message: 'Short interruptions.' },
    ].map((template) => ({ ...template, sendNotification: true })),
    incidents: [
      incident(
        'priya.raman',
        [
          [291, 'RESOLVED', 'The provider has fixed it; payments that failed are retried by themselves.'],
          [350, 'IDENTIFIED', 'The payment provider has trouble.'],
          [396, 'INVESTIGATING', 'Card payments fail. We are looking into it.'],
        ],
        {
          summary: 'Card payments fail',
          affectedServices: [{ impact: 'PARTIAL_OUTAGE', service: '@services/Payments' }],
        },
      ),
      incident(
        'mara.lindqvist',
        [[3, 'INVESTIGATING', 'The portal answers with errors. Orders and tracking are not affected.']],
        {
          summary: 'Customer portal cannot be reached',
          affectedServices: [{ impact: 'MAJOR_OUTAGE', service: '@services/Customer portal' }],
        },
      ),
    ],
    'metric-data-sources': [
      {
        name: 'Prometheus EU',
        type: 'PROMETHEUS',
        metadata: { url: 'https://prometheus.nordwind.example', authType: 'NONE' },
        teams: ['@teams/Platform'],
      },
    ],
    metrics: [
      { name: 'Checkout latency, p95', unitLabel: 'ms', aggregationType: 'AVG' },
      { name: 'Orders per minute', unitLabel: '1/min', aggregationType: 'SUM' },
    ].map((metric) => ({
      ...metric,
      displayType: 'GRAPH',
      interpolateGaps: false,
      showValuesOnMouseOver: false,
      dataSource: '@metric-data-sources/Prometheus EU',
    })),
    alerts: seedAlerts(ALERTS, POLICIES),
  },
  subscribers: [
    ['status-pages/Nordwind internal', 'teams/Platform'],
    ['status-pages/Nordwind status', 'users/tunde.okafor'],
    ['services/Payments', 'teams/Payments'],
    ['incidents/Customer portal cannot be reached', 'users/mara.lindqvist'],
  ],
}
