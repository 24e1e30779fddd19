import fc from 'fast-check'
import { covers, formatScope, likelyScope, parseScope, requiredScope, scopes, toList } from '../../src/ilert/scopes.ts'
import { tooMuchWork } from '../fuzz/work.ts'

/** docs/ilert.md, "Scopes": each row of the table, with every path that the scope opens. */
const TABLE: [scope: string, paths: string[]][] = [
  ['profile', ['/api/users/current']],
  ['offline_access', []],
  ['policy', ['/api/escalation-policies']],
  ['schedule', ['/api/schedules', '/api/on-calls']],
  ['source', ['/api/alert-sources']],
  ['monitor', ['/api/uptime-monitors']],
  ['action', ['/api/alert-actions']],
  ['connector', ['/api/connectors']],
  ['maintenance', ['/api/maintenance-windows']],
  ['report', ['/api/reports']],
  ['template', ['/api/incident-templates']],
  ['service', ['/api/services']],
  ['status_page', ['/api/status-pages']],
  ['team', ['/api/teams']],
  ['user', ['/api/users', '/api/users/{id}/contacts', '/api/users/{id}/notification-preferences']],
  ['alert', ['/api/alerts']],
  ['incident', ['/api/incidents']],
  ['metric', ['/api/metrics']],
  ['metric_source', ['/api/metric-data-sources']],
  ['support_hour', ['/api/support-hours']],
]
const PATHS = TABLE.flatMap(([scope, paths]) => paths.map((path) => [path.replace('{id}', '7'), scope] as const))
const RESOURCES = TABLE.map(([scope]) => scope).filter((scope) => scope !== 'offline_access')

/** Names that a plain object would take for its own. */
const PROTOTYPE_NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf']

const MALFORMED = [
  '',
  ' ',
  'alert ',
  ' alert',
  'alert w',
  'alert:',
  ':w',
  'alert:x',
  'alert:W',
  'alert:rw',
  'alert:w:d',
  'alert\n',
  'alert\r\nx',
  'alert\t',
  'al"ert',
  'al\\ert',
  'alert,user',
  'alert;user',
  'älert',
  'alert\u0000',
  'offline_access:r',
  'offline_access:w',
  'offline_access:d',
]

const name = fc.oneof(
  fc.constantFrom(...RESOURCES, ...PROTOTYPE_NAMES),
  fc.stringMatching(/^[a-z][a-z0-9_.-]{0,20}$/).filter((word) => word !== 'offline_access'),
)
const permission = fc.constantFrom('', ':r', ':w', ':d')
const scope = fc.tuple(name, permission).map((parts) => parts.join(''))
const scopeList = fc.array(scope, { maxLength: 8 })

describe('the catalogue', () => {
  it("has ilert's scopes, each with its paths, and no others", () => {
    const paths = Object.entries(scopes).map(([scope, entry]) => [scope, [...entry.paths]])
    expect(paths).toEqual(TABLE)
  })

  it('describes every scope', () => {
    for (const entry of Object.values(scopes)) expect(entry.description).toMatch(/\w/)
  })

  it('cannot be changed by one of those who share it', () => {
    expect(Object.isFrozen(scopes)).toBe(true)
    for (const entry of Object.values(scopes)) {
      expect(Object.isFrozen(entry)).toBe(true)
      expect(Object.isFrozen(entry.paths)).toBe(true)
    }
  })

  it.each(PROTOTYPE_NAMES)('has no entry for %s', (name) => {
    expect(scopes[name]).toBeUndefined()
    expect(name in scopes).toBe(false)
  })
})

describe('parseScope', () => {
  it.each(RESOURCES)('reads %s alone as reading, and with :r, :w and :d', (resource) => {
    expect(parseScope(resource)).toEqual({ resource, permission: 'r' })
    for (const permission of ['r', 'w', 'd']) {
      expect(parseScope(`${resource}:${permission}`)).toEqual({ resource, permission })
    }
  })

  it('reads offline_access', () => {
    expect(parseScope('offline_access')).toEqual({ resource: 'offline_access', permission: 'r' })
  })

  it.each(['call_flow', 'event:w', 'new.scope', 'https', 'a', ...PROTOTYPE_NAMES])('passes %s, unknown', (scope) => {
    expect(parseScope(scope).resource).toBe(scope.replace(':w', ''))
  })

  it.each(MALFORMED)('throws a TypeError which names the argument for %j', (scope) => {
    expect(() => parseScope(scope)).toThrow(TypeError)
    expect(() => parseScope(scope)).toThrow(/^scope\b/)
  })

  it.each([undefined, null, 7, {}, ['alert'], Symbol('alert')])('throws a TypeError for %p', (scope) => {
    expect(() => parseScope(scope as string)).toThrow(TypeError)
    expect(() => parseScope(scope as string)).toThrow(/^scope\b/)
  })

  it('keeps control characters and long inputs out of its message', () => {
    for (const bad of ['evil\r\n2026-01-01 all is well\u001b[2J', 'x '.repeat(500_000)]) {
      const error = thrown(() => parseScope(bad))
      expect(error.message).not.toMatch(/\p{Cc}/u)
      expect(error.message.length).toBeLessThan(300)
    }
  })
})

describe('formatScope', () => {
  it('separates scopes by one space', () => {
    expect(formatScope(['profile', 'service:w', 'offline_access'])).toBe('profile service:w offline_access')
    expect(formatScope([])).toBe('')
  })

  it('writes each resource once, with the widest permission that was asked for', () => {
    expect(formatScope(['alert', 'alert:d', 'user', 'alert:w', 'user:r'])).toBe('alert:d user')
  })

  it('passes unknown scopes on, prototype names too', () => {
    expect(formatScope(['event:w', '__proto__', 'constructor:d'])).toBe('event:w __proto__ constructor:d')
  })

  it.each(MALFORMED.filter((scope) => scope.trim() === scope && !scope.includes(' ') && scope))(
    'throws a TypeError which names the argument for %j',
    (scope) => {
      expect(() => formatScope(['profile', scope])).toThrow(TypeError)
      expect(() => formatScope(['profile', scope])).toThrow(/^scope/)
    },
  )

  it('is read back as what was written', () => {
    fc.assert(
      fc.property(scopeList, (list) => {
        const written = formatScope(list)
        expect(formatScope(toList(written))).toBe(written)
        expect(covers(written, list)).toBe(true)
        expect(covers(list, written)).toBe(true)
        const parsed = toList(written).map((scope) => parseScope(scope).resource)
        expect(new Set(parsed).size).toBe(parsed.length)
      }),
    )
  })

  it('undoes parseScope', () => {
    fc.assert(
      fc.property(scope, (scope) => {
        const { resource, permission } = parseScope(scope)
        expect(parseScope(formatScope([`${resource}:${permission}`]))).toEqual({ resource, permission })
      }),
    )
  })
})

describe('covers', () => {
  it.each([...RESOURCES, 'profile', 'a_resource_of_tomorrow', 'wildcard'])('wildcard covers %s', (scope) => {
    const wanted = [scope, `${scope}:r`, `${scope}:w`, `${scope}:d`]
    for (const [granted, covered] of [
      ['wildcard', 2],
      ['wildcard:r', 2],
      ['wildcard:w', 3],
      ['wildcard:d', 4],
    ] as const) {
      expect(wanted.map((each) => covers(granted, each))).toEqual(wanted.map((_, i) => i < covered))
    }
  })

  it('wildcard brings no refresh tokens, and no resource covers it', () => {
    expect(covers('wildcard:d', 'offline_access')).toBe(false)
    expect(
      covers(
        RESOURCES.map((scope) => `${scope}:d`),
        'wildcard',
      ),
    ).toBe(false)
  })

  it.each(RESOURCES)('%s: deleting covers writing covers reading, and not the other way round', (scope) => {
    const [r, w, d] = [scope, `${scope}:w`, `${scope}:d`]
    expect([covers(d, d), covers(d, w), covers(d, r)]).toEqual([true, true, true])
    expect([covers(w, d), covers(w, w), covers(w, r)]).toEqual([false, true, true])
    expect([covers(r, d), covers(r, w), covers(r, r)]).toEqual([false, false, true])
    expect(covers(scope, `${scope}:r`) && covers(`${scope}:r`, scope)).toBe(true)
  })

  it('takes lists, strings, and both at once', () => {
    expect(covers('alert:w user', ['alert', 'user'])).toBe(true)
    expect(covers(['alert:w', 'user'], 'alert user')).toBe(true)
    expect(covers(['alert:w user'], 'alert user')).toBe(true)
    expect(covers('alert', 'alert user')).toBe(false)
  })

  it('covers nothing wanted, whatever is granted', () => {
    expect(covers('', '')).toBe(true)
    expect(covers([], [])).toBe(true)
    expect(covers('', 'alert')).toBe(false)
  })

  it('does not take one resource for another whose name it begins', () => {
    expect(covers('metric:d', 'metric_source')).toBe(false)
    expect(covers('metric_source:d', 'metric')).toBe(false)
    expect(covers('user:d', 'profile')).toBe(false)
  })

  it.each(PROTOTYPE_NAMES)('does not take %s for granted', (name) => {
    expect(covers('alert:d', name)).toBe(false)
    expect(covers(name, 'alert')).toBe(false)
    expect(covers(`${name}:d`, name)).toBe(true)
  })

  it('takes a malformed scope in a grant for nothing, and in a wish for a mistake', () => {
    expect(covers('alert:x alert: user', 'user')).toBe(true)
    expect(covers('alert:x', 'alert')).toBe(false)
    expect(() => covers('alert', 'alert:x')).toThrow(TypeError)
  })

  it.each([undefined, null, 7, [7], [null]])('throws a TypeError which names the argument for %p', (bad) => {
    expect(() => covers(bad as never, 'alert')).toThrow(/^scope/)
    expect(() => covers('alert', bad as never)).toThrow(TypeError)
  })

  it('is reflexive', () => {
    fc.assert(fc.property(scopeList, (list) => covers(list, list)))
  })

  it('is transitive', () => {
    const few = fc.array(
      fc.tuple(fc.constantFrom('alert', 'user'), permission).map((parts) => parts.join('')),
      { maxLength: 3 },
    )
    fc.assert(fc.property(few, few, few, (a, b, c) => !(covers(a, b) && covers(b, c)) || covers(a, c)))
  })

  it('never removes what a smaller grant gave', () => {
    fc.assert(fc.property(scopeList, scopeList, scopeList, (a, b, c) => !covers(a, c) || covers([...a, ...b], c)))
  })
})

describe('requiredScope', () => {
  it.each(PATHS)('%s needs %s', (path, scope) => {
    expect(requiredScope('GET', path)).toBe(scope)
    expect(requiredScope('HEAD', path)).toBe(scope)
    for (const method of ['POST', 'PUT', 'PATCH']) expect(requiredScope(method, path)).toBe(`${scope}:w`)
    expect(requiredScope('DELETE', path)).toBe(`${scope}:d`)
    expect(requiredScope('get', path)).toBe(scope)
  })

  it.each(PATHS)('%s: ids, sub-paths and the query change nothing', (path, scope) => {
    for (const end of ['/', '/7', '/7/', '/7/notes', '?x=1', '/7?x=/api/teams', '?', '#top', '/7?x=1#top']) {
      expect(requiredScope('GET', path + end)).toBe(scope)
    }
  })

  it('tells the signed-in user from the others', () => {
    expect(requiredScope('GET', '/api/users/current?include=x')).toBe('profile')
    expect(requiredScope('GET', '/api/users/currently')).toBe('user')
    expect(requiredScope('GET', '/api/users/7')).toBe('user')
    expect(requiredScope('POST', '/api/users/7/contacts')).toBe('user:w')
  })

  it("opens the user's own subscription with the resource's scope", () => {
    expect(requiredScope('POST', '/api/services/7/subscribe')).toBe('service:w')
    expect(requiredScope('GET', '/api/status-pages/7/private/subscribers')).toBe('status_page')
    expect(requiredScope('DELETE', '/api/incidents/7/subscribe')).toBe('incident:d')
  })

  it.each([
    '',
    '/',
    '/api',
    '/api/',
    '/api/unknown',
    '/api/alertsx',
    '/api/alert',
    '/api/Alerts',
    '/API/alerts',
    'api/alerts',
    '//api/alerts',
    '/api//alerts',
    '/x/api/alerts',
    '?/api/alerts',
    'https://api.ilert.com/api/alerts',
    '/api/__proto__',
    '/api/constructor',
    '/api/users-of-mine',
  ])('is null for the unknown path %j', (path) => {
    expect(requiredScope('GET', path)).toBeNull()
  })

  it.each(['OPTIONS', 'TRACE', 'CONNECT', '', 'constructor', '__proto__', 'toString'])(
    'is null for the method %j, which no scope opens',
    (method) => {
      expect(requiredScope(method, '/api/alerts')).toBeNull()
    },
  )

  it('gives scopes that are well-formed, or null, for anything', () => {
    fc.assert(
      fc.property(fc.string(), fc.webPath(), (method, path) => {
        const scope = requiredScope(method, `/api${path}`)
        return scope === null || parseScope(scope).resource in scopes
      }),
    )
  })
})

describe('a scope that is none', () => {
  it('is shown as it is in the message, or as what it is', () => {
    expect(thrown(() => parseScope('alert:x')).message).toMatch(/^scope: 'alert:x' is not a scope/)
    expect(thrown(() => parseScope(7 as never)).message).toMatch(/^scope: a number is not a scope/)
  })
})

describe('likelyScope', () => {
  it.each([
    ['alerts', 'alert'],
    ['Alert', 'alert'],
    ['ALERTS', 'alert'],
    ['alret', undefined],
    ['alers', 'alert'],
    ['schedules', 'schedule'],
    ['shedule', 'schedule'],
    ['shcedule', 'schedule'],
    ['suport-hours', 'support_hour'],
    ['statuspage', 'status_page'],
    ['status-page', 'status_page'],
    ['status.page', 'status_page'],
    ['status_pages', 'status_page'],
    ['policies', 'policy'],
    ['metric-source', 'metric_source'],
    ['metricsource', 'metric_source'],
    ['support_hours', 'support_hour'],
    ['teams', 'team'],
    ['user_', 'user'],
    ['profil', 'profile'],
    ['offline-access', 'offline_access'],
    ['offlineaccess', 'offline_access'],
  ])('takes %s for %s', (scope, likely) => {
    expect(likelyScope(scope)).toBe(likely)
  })

  it('keeps the permission, where the scope takes one', () => {
    expect(likelyScope('alerts:w')).toBe('alert:w')
    expect(likelyScope('Alert:d')).toBe('alert:d')
    expect(likelyScope('alerts:r')).toBe('alert:r')
    expect(likelyScope('offline-access:w')).toBe('offline_access')
  })

  it.each([...RESOURCES, 'offline_access'])('is silent for %s, which is known', (scope) => {
    expect(likelyScope(scope)).toBeUndefined()
    if (scope !== 'offline_access') expect(likelyScope(`${scope}:d`)).toBeUndefined()
  })

  it.each(['call_flow', 'event', 'heartbeat', 'x', 'openid', 'email', ...PROTOTYPE_NAMES])(
    'is silent for %s, which resembles none',
    (scope) => {
      expect(likelyScope(scope)).toBeUndefined()
    },
  )

  it('only ever gives scopes that are known', () => {
    fc.assert(
      fc.property(scope, (scope) => {
        const likely = likelyScope(scope)
        return likely === undefined || parseScope(likely).resource in scopes
      }),
    )
  })
})

describe('a megabyte of text', () => {
  const MEGABYTE = 1024 * 1024
  it.each([
    ['one letter', 'a'.repeat(MEGABYTE)],
    ['colons', ':'.repeat(MEGABYTE)],
    ['scopes', 'alert:w '.repeat(MEGABYTE / 8)],
    ['almost a permission', `${'a:w'.repeat(MEGABYTE / 3)}!`],
    ['slashes', '/'.repeat(MEGABYTE)],
    ['a path', `/api/alerts${'/a'.repeat(MEGABYTE / 2)}`],
  ])('is little work: %s', async (_, text) => {
    const work = () => {
      for (const read of [parseScope, likelyScope, (text: string) => formatScope([text])]) {
        try {
          read(text)
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError)
        }
      }
      covers(text, 'alert user:d')
      requiredScope('GET', text)
      requiredScope(text, '/api/alerts')
    }
    work() // tooMuchWork() takes an error for an answer
    expect(await tooMuchWork(work, 500)).toBe(undefined)
  })
})

function thrown(work: () => unknown): Error {
  try {
    work()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}
