/*
 * docs/operations.md: its recipes for metrics, with the packages that they are for, and its alert rules.
 */
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parse } from 'yaml'
import { run } from '../support/run.ts'

const PACKAGES = [
  'prom-client@15',
  '@opentelemetry/api@1',
  '@opentelemetry/sdk-metrics@2',
  '@opentelemetry/sdk-trace-base@2',
]

/** Tokens that are refreshed, fail, and are ended by ilert. */
const REFRESHES = `
  import { MemoryTokenStore, TokenManager } from 'passport-ilert'
  import { createSandbox } from 'passport-ilert/sandbox'
  import { createHash, randomBytes } from 'node:crypto'
  const redirectURI = 'http://localhost/callback'
  const sandbox = await createSandbox({ approve: true, redirectURI, refreshLimitSeconds: 0 })
  const { IlertClient } = await import('passport-ilert')
  const options = {
    clientID: sandbox.env.ILERT_CLIENT_ID, clientSecret: sandbox.env.ILERT_CLIENT_SECRET,
    apiURL: sandbox.env.ILERT_API_URL, appURL: sandbox.env.ILERT_APP_URL, clock: sandbox.clock,
  }
  const client = new IlertClient(options)
  const codeVerifier = randomBytes(32).toString('base64url')
  const codeChallenge = createHash('sha256').update(codeVerifier).digest('base64url')
  const url = client.authorizationURL({ redirectURI, scope: 'profile', state: 'state', codeChallenge })
  const { headers } = await fetch(url, { redirect: 'manual' })
  const code = new URL(headers.get('location')).searchParams.get('code')
  const store = new MemoryTokenStore({ clock: sandbox.clock })
  store.withLease = (key, work) => work({ signal: new AbortController().signal })
  const tokens = new TokenManager({ ...options, tokenStore: store })
  await tokens.save('a', await client.exchangeCode({ code, redirectURI, codeVerifier }))
  const later = () => sandbox.clock.advance(3_600_000)
  later()
  await tokens.get('a')
  later()
  sandbox.fault({ path: '/api/developers/oauth2/token', kind: 503, times: 1 })
  await tokens.get('a').catch(() => {})
  later()
  sandbox.revoke('mara.lindqvist')
  await tokens.get('a').catch(() => {})
  await tokens.close()
  await client.close()
  await sandbox.close()
`

let folder: string
let page: string
beforeAll(async () => {
  page = await readFile('docs/operations.md', 'utf8')
  folder = await mkdtemp(join(tmpdir(), 'passport-ilert-metrics-'))
  await writeFile(join(folder, 'package.json'), '{ "type": "module", "private": true }')
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--no-save', ...PACKAGES], {
    cwd: folder,
  })
  await symlink(resolve('.'), join(folder, 'node_modules/passport-ilert'))
}, 180_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

function recipe(about: string): string {
  const blocks = [...page.matchAll(/^```js\n(.*?)^```$/gms)].map(([, block = '']) => block)
  const found = blocks.filter((block) => block.includes(about))
  expect(found).toHaveLength(1)
  return found[0] as string
}

/** Runs a program after a recipe. Resolves to what it prints, as JSON. */
async function programWith(about: string, before: string, after: string): Promise<unknown> {
  await writeFile(join(folder, 'recipe.js'), recipe(about))
  await writeFile(join(folder, 'refreshes.js'), REFRESHES)
  await writeFile(
    join(folder, 'program.js'),
    `${before}\nawait import('./recipe.js')\nawait import('./refreshes.js')\n${after}`,
  )
  const { stdout } = await run('node', ['program.js'], { cwd: folder })
  return JSON.parse(stdout)
}

interface Metric {
  name: string
  values: { value: number; metricName?: string; labels: Record<string, string> }[]
}

test('Prometheus: durations by what was done and how it ended, events, and alerts over what there is', async () => {
  const print = "import { register } from 'prom-client'\nconsole.log(JSON.stringify(await register.getMetricsAsJSON()))"
  const all = (await programWith('prom-client', '', print)) as Metric[]
  const counts = (all.find(({ name }) => name === 'ilert_seconds')?.values ?? []).filter(
    ({ metricName }) => metricName === 'ilert_seconds_count',
  )
  const seen = Object.fromEntries(
    counts.map(({ value, labels: { what, operation, reason, outcome } }) => [
      [what, operation, reason, outcome].filter(Boolean).join(' '),
      value,
    ]),
  )
  expect(seen).toMatchObject({
    'renewal expired refreshed': 1,
    'renewal expired failed': 1,
    'renewal expired ended': 1,
    'refresh success': 1,
    'refresh failed': 2,
    'lease success': 3,
    'store get success': expect.any(Number),
    'store set success': expect.any(Number),
  })
  const events = all.find(({ name }) => name === 'ilert_grants_total')?.values
  expect(events?.map(({ value, labels }) => [labels.event, labels.by, value])).toEqual(
    expect.arrayContaining([
      ['refreshed', '', 1],
      ['failing', '', 1],
      ['ended', 'ilert', 1],
    ]),
  )

  const [, yaml = ''] = /^```yaml\n(.*?)^```$/ms.exec(page) ?? []
  const { groups } = parse(yaml) as { groups: { rules: { alert: string; expr: string }[] }[] }
  const rules = groups.flatMap((group) => group.rules)
  expect(rules).toHaveLength(3)
  const labels = new Map(
    all.map(({ name, values }) => [name, new Set(values.flatMap((value) => Object.keys(value.labels)))]),
  )
  const known = new Set(
    [...counts.map((each) => each.labels), ...(events ?? []).map((each) => each.labels)].flatMap((each) =>
      Object.values(each),
    ),
  )
  for (const { expr } of rules) {
    for (const [, name = '', selected = ''] of expr.matchAll(/(ilert_[a-z_]+)\{(.*?)\}/g)) {
      const metric = labels.get(name) ?? labels.get(name.replace(/_(?:count|bucket)$/, ''))
      for (const [, label = '', value = ''] of selected.matchAll(/(\w+)="(\w+)"/g)) {
        expect({ name, label, isKnown: metric?.has(label) }).toEqual({ name, label, isKnown: true })
        expect([...known]).toContain(value)
      }
    }
  }
}, 60_000)

test('OpenTelemetry: the same as a histogram, and spans whose parts are their children', async () => {
  const before = `
    import { metrics, trace } from '@opentelemetry/api'
    import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
    import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
    const spans = new InMemorySpanExporter()
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }))`
  const after = `
    await reader.forceFlush()
    const found = spans.getFinishedSpans()
    const nameOf = (id) => found.find((span) => span.spanContext().spanId === id)?.name
    const points = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics).flatMap((scope) => scope.metrics)
      .filter(({ descriptor }) => descriptor.name === 'ilert.duration').flatMap(({ dataPoints }) => dataPoints)
    console.log(JSON.stringify({
      points: points.map(({ attributes, value }) => [attributes.what, attributes.reason, attributes.outcome, value.count]),
      spans: found.map((span) => [span.name, nameOf(span.parentSpanContext?.spanId) ?? null, span.status.message ?? null]),
    }))
    await reader.shutdown()`
  const { points, spans } = (await programWith('@opentelemetry/api', before, after)) as {
    points: unknown[]
    spans: unknown[][]
  }
  expect(points).toEqual(
    expect.arrayContaining([
      ['renewal', 'expired', 'refreshed', 1],
      ['renewal', 'expired', 'failed', 1],
      ['renewal', 'expired', 'ended', 1],
      ['refresh', '', 'failed', 2],
      ['lease', '', 'success', 3],
    ]),
  )
  expect(spans).toEqual(
    expect.arrayContaining([
      ['ilert renewal', null, null],
      ['ilert lease', 'ilert renewal', null],
      ['ilert store', 'ilert renewal', null],
      ['ilert refresh', 'ilert renewal', null],
      ['ilert renewal', null, 'server_error'],
      ['ilert refresh', 'ilert renewal', 'invalid_grant'],
    ]),
  )
}, 60_000)
