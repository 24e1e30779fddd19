import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type DestinationStream, type Logger, pino } from 'pino'
import { type HttpLogger, pinoHttp } from 'pino-http'

/** Whatever you come to log one day: these never get into it. */
const SECRETS = [
  'cookie',
  '["set-cookie"]',
  'authorization',
  'accessToken',
  'refreshToken',
  'access_token',
  'refresh_token',
  'password',
]

/** One line of JSON for each message. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    redact: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`].map((path) => path.replace('.[', '['))),
  }
  return destination ? pino(options, destination) : pino(options)
}

/** Logs each request without its query, which holds ilert's code at the callback, and without its headers. */
export function requestLog(logger: Logger): HttpLogger {
  return pinoHttp({
    logger,
    wrapSerializers: false,
    serializers: {
      req: ({ id, method, url = '' }: IncomingMessage) => ({ id, method, path: url.split('?', 1)[0] }),
      res: ({ statusCode }: ServerResponse) => ({ status: statusCode }),
    },
    autoLogging: { ignore: ({ url }) => url === '/healthz' || url === '/readyz' },
    customLogLevel: (_req, { statusCode }) => (statusCode >= 500 ? 'error' : statusCode >= 400 ? 'warn' : 'info'),
  })
}

/** Logs every refresh of a user's tokens: what you want to read first when ilert is unavailable at night. */
export function logRefreshes(logger: Logger): void {
  subscribe('tracing:passport-ilert:refresh:asyncEnd', (message) => {
    const { error } = message as { error?: { code?: string; status?: number } }
    if (error) logger.warn({ code: error.code, status: error.status }, 'the tokens of a user could not be refreshed')
    else logger.info('the tokens of a user were refreshed')
  })
}
