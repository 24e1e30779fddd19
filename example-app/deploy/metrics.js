/*
 * /metrics for Prometheus, on a port of its own, which no proxy leads to: npm install prom-client, and start the desk with
 * node --import ./deploy/metrics.js dist/server.js
 */
import { subscribe, tracingChannel } from 'node:diagnostics_channel'
import { createServer } from 'node:http'
import { Counter, Histogram, register } from 'prom-client'

const labelNames = ['what', 'operation', 'reason', 'outcome']
const buckets = [0.005, 0.02, 0.1, 0.5, 2, 10]
const seconds = new Histogram({ name: 'ilert_seconds', help: 'What passport-ilert has done', labelNames, buckets })
const grants = new Counter({ name: 'ilert_grants_total', help: 'Events of grants', labelNames: ['event', 'by'] })

for (const what of ['renewal', 'lease', 'store', 'refresh', 'login', 'api', 'revoke']) {
  const asyncEnd = ({ durationMs, error, operation = '', reason = '', outcome = 'success' }) => {
    seconds.observe({ what, operation, reason, outcome: error ? 'failed' : outcome }, durationMs / 1000)
  }
  tracingChannel(`passport-ilert:${what}`).subscribe({ start() {}, end() {}, asyncStart() {}, error() {}, asyncEnd })
}
for (const event of ['refreshed', 'failing', 'recovered', 'ended']) {
  subscribe(`passport-ilert:${event}`, ({ by = '' }) => grants.inc({ event, by }))
}

createServer((_req, res) => {
  res.setHeader('content-type', register.contentType)
  register.metrics().then(
    (text) => res.end(text),
    (error) => res.destroy(error),
  )
})
  .listen(Number(process.env.METRICS_PORT ?? 9464))
  .unref() // the desk decides when the process ends
