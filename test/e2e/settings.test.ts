/*
 * What the example app says of wrong settings, before anything is started. As a process says it: operations.slow.test.ts.
 */
import { ConfigError, readConfig } from '../../example-app/src/config.ts'

const CLIENT = { ILERT_CLIENT_ID: 'some-id', ILERT_CLIENT_SECRET: 's3cret' }

it.each<[string, Record<string, string>, string[]]>([
  [
    'production without anything',
    { NODE_ENV: 'production' },
    ['SESSION_SECRET: missing. Set it', 'ILERT_CLIENT_ID: missing.', 'this is set: NODE_ENV=production.'],
  ],
  ...['production ', ' production', 'production\n'].map((value): [string, Record<string, string>, string[]] => [
    `production with a space: ${JSON.stringify(value)}`,
    { NODE_ENV: value },
    ['SESSION_SECRET: missing. Set it', 'ILERT_CLIENT_ID: missing.'],
  ]),
  ...['Production', 'prod', 'staging'].map((value): [string, Record<string, string>, string[]] => [
    `another environment: ${value}`,
    { NODE_ENV: value },
    ['NODE_ENV: expected development, test, production'],
  ]),
  ...Object.entries({
    SESSION_SECRET: 's'.repeat(32),
    REDIS_URL: 'redis://localhost:6379',
    TRUST_PROXY: '1',
    ILERT_CLIENT_SECRET: 's3cret',
    ILERT_CALLBACK_URL: 'http://localhost:3000/auth/ilert/callback',
    ILERT_ALLOWED_TENANTS: 'acme',
    ILERT_API_URL: 'https://api.ilert.com',
    ILERT_ENCRYPTION_KEY: 'k'.repeat(32),
  }).map(([name, value]): [string, Record<string, string>, string[]] => [
    `no client id beside ${name}`,
    { [name]: value, ILERT_CLIENT_ID: ' ' },
    ['ILERT_CLIENT_ID: missing. Without it the sandbox would start', `this is set: ${name}.`],
  ]),
  [
    'no client id beside several, and something malformed',
    { REDIS_URL: 'redis://localhost:6379', TRUST_PROXY: '1', PORT: 'http' },
    ['this is set: REDIS_URL, TRUST_PROXY.', 'PORT: expected a whole number.'],
  ],
  ['a short secret', { SESSION_SECRET: 'short' }, ['SESSION_SECRET: too short. Take one from: openssl rand']],
  [
    'a comma too many',
    { SESSION_SECRET: `${'s'.repeat(32)},` },
    ['SESSION_SECRET: too short. Take one from: openssl rand'],
  ],
  ['no number for a port', { PORT: 'http' }, ['PORT: expected a whole number.']],
  ['half a port', { PORT: '80.5' }, ['PORT: expected a whole number.']],
  ['a port that is too high', { PORT: '65536' }, ['PORT: expected 1 to 65535.']],
  ['no hours', { SESSION_IDLE_HOURS: '0' }, ['SESSION_IDLE_HOURS: expected more than 0 hours.']],
  ['hours in words', { SESSION_MAX_HOURS: 'a week' }, ['SESSION_MAX_HOURS: expected a number of hours.']],
  ['another database', { REDIS_URL: 'http://localhost:6379' }, ['REDIS_URL: expected a URL such as redis://']],
  ['an unknown log level', { LOG_LEVEL: 'loud' }, ['LOG_LEVEL: expected one of trace, debug, info']],
  [
    'another callback',
    { ILERT_CALLBACK_URL: 'http://localhost:3000/callback' },
    ['ILERT_CALLBACK_URL: expected it to end with /auth/ilert/callback'],
  ],
  [
    'https without a proxy',
    { ...CLIENT, ILERT_CALLBACK_URL: 'https://desk.example/auth/ilert/callback' },
    ['TRUST_PROXY: missing. Browsers use https and this app speaks http'],
  ],
  [
    'production without a callback URL',
    { ...CLIENT, NODE_ENV: 'production', SESSION_SECRET: 's'.repeat(32) },
    ['ILERT_CALLBACK_URL: missing. Set it to the callback URL that is registered at ilert'],
  ],
  ['proxies in words', { TRUST_PROXY: 'all of them' }, ['TRUST_PROXY']],
  [
    'several at once',
    { PORT: '0', LOG_LEVEL: 'loud', SESSION_SECRET: 'short' },
    ['PORT: expected 1 to 65535.', 'LOG_LEVEL: expected', 'SESSION_SECRET: too short'],
  ],
])('wrong settings are named, with what to do: %s', (_name, env, messages) => {
  let said = ''
  try {
    readConfig(env)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    said = (error as ConfigError).message
  }
  for (const message of messages) expect(said).toContain(message)
  expect(said).not.toMatch(/s3cret|\bshort\b(?!\.)/m)
})
