import type { IncomingMessage } from 'node:http'
import { CookieJar } from '../../src/sandbox/cookie-jar.ts'
import { createSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/index.ts'
import {
  AUTHORIZE,
  authorizeParams,
  CURRENT_USER,
  currentUser,
  defaultApp,
  exchange,
  listen,
  TOKEN,
} from './support.ts'

type App = Awaited<ReturnType<typeof listen>>

let sandbox: Sandbox
let app: App
let seen: IncomingMessage[]
let signedIn: unknown

const query = () => authorizeParams(defaultApp(sandbox), { scope: 'profile alert:w' })

/** A small app with a cookie for the attempt and one for the session. */
async function start(options: SandboxOptions = {}) {
  seen = []
  signedIn = undefined
  app = await listen({
    '/login': (request, response) => {
      seen.push(request)
      response.writeHead(302, {
        location: `${sandbox.appURL}${AUTHORIZE}?${query().toString()}`,
        'set-cookie': ['attempt=1; Path=/; HttpOnly; SameSite=Lax', 'old=1; Path=/'],
      })
      response.end('on your way')
    },
    '/callback': async (request, response, url) => {
      seen.push(request)
      const code = url.searchParams.get('code')
      if (!code) {
        response.writeHead(url.searchParams.get('error') === 'access_denied' ? 401 : 500).end('denied')
        return
      }
      const { body } = await exchange(sandbox, code)
      signedIn = (await currentUser(sandbox, body.access_token)).body.firstName
      response.writeHead(302, {
        location: '/home',
        'set-cookie': [
          'attempt=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
          'old=; Max-Age=0; Path=/',
          'sid=s%3Aabc; Path=/',
        ],
      })
      response.end()
    },
    '/home': (request, response) => {
      seen.push(request)
      response.end('hello')
    },
    '/circle': (_, response) => response.writeHead(302, { location: '/circle' }).end(),
    '/plain': (_, response) => response.end('hello'),
    '/broken': (_, response) => response.writeHead(500).end(),
    '/elsewhere': (_, response) =>
      response.writeHead(302, { location: `${sandbox.appURL}${AUTHORIZE}?client_id=x` }).end(),
  })
  sandbox = await createSandbox({ redirectURI: `${app.origin}/callback`, ...options })
}

afterEach(async () => {
  app.close()
  await sandbox.close()
})

test("comes back with the app's cookie, as the first user", async () => {
  await start()
  expect(await sandbox.signIn(`${app.origin}/login`)).toBe('sid=s%3Aabc')
  expect(signedIn).toBe('Mara')
})

test('looks like a browser that navigates, with the cookies it was given', async () => {
  await start()
  await sandbox.signIn(new URL(`${app.origin}/login`))
  expect(seen.map(({ url }) => url?.split('?')[0])).toEqual(['/login', '/callback', '/home'])
  expect(seen.map(({ headers }) => headers.cookie)).toEqual([undefined, 'attempt=1; old=1', 'sid=s%3Aabc'])
  for (const { headers } of seen) {
    expect(headers['sec-fetch-mode']).toBe('navigate')
    expect(headers.accept).toContain('text/html')
  }
})

test('as another user', async () => {
  await start()
  await sandbox.signIn(`${app.origin}/login`, { as: 'aoife.obrien' })
  expect(signedIn).toBe('Aoife')
})

test('as nobody whom the sandbox knows: says whom it knows', async () => {
  await start()
  const signIn = sandbox.signIn(`${app.origin}/login`, { as: 'root' })
  await expect(signIn).rejects.toThrow(TypeError)
  await expect(signIn).rejects.toThrow(/mara\.lindqvist, tunde\.okafor, aoife\.obrien/)
  expect(seen).toEqual([])
})

test('denied, the app may answer as it likes', async () => {
  await start()
  expect(await sandbox.signIn(`${app.origin}/login`, { deny: true })).toBe('attempt=1; old=1')
  expect(signedIn).toBeUndefined()
  expect(sandbox.requests.at(-1)).toMatchObject({ path: '/consent', note: 'access_denied' })
})

test('approve answers, unless a user is named or says no', async () => {
  await start({ approve: 'tunde.okafor' })
  await sandbox.signIn(`${app.origin}/login`)
  expect(signedIn).toBe('Tunde')
  expect(sandbox.requests.map(({ path }) => path)).toEqual([AUTHORIZE, TOKEN, CURRENT_USER])
  await sandbox.signIn(`${app.origin}/login`, { as: 'aoife.obrien' })
  expect(signedIn).toBe('Aoife')
  signedIn = undefined
  await sandbox.signIn(`${app.origin}/login`, { deny: true })
  expect(signedIn).toBeUndefined()
})

test("several at once do not get into each other's way", async () => {
  await start()
  const cookies = await Promise.all([1, 2, 3].map(() => sandbox.signIn(`${app.origin}/login`)))
  expect(cookies).toEqual(['sid=s%3Aabc', 'sid=s%3Aabc', 'sid=s%3Aabc'])
})

describe('what goes wrong is said, without the codes of a URL', () => {
  test('the app refuses', async () => {
    await start()
    sandbox.fault({ path: '/consent', kind: 'html' })
    await expect(sandbox.signIn(`${app.origin}/login?secret=1`)).rejects.toThrow(
      /the sandbox answered 502 at [^?]*\/consent\./,
    )
  })

  test('the app answers with an error at the end', async () => {
    await start()
    const { redirectURI } = defaultApp(sandbox)
    // A scope that the sandbox refuses comes back to the app, which answers 500.
    const login = await listen({
      '/login': (_, response) => {
        const params = authorizeParams(defaultApp(sandbox), { scope: 'nonsense' })
        response.writeHead(302, { location: `${sandbox.appURL}${AUTHORIZE}?${params.toString()}` }).end()
      },
    })
    const message = `signIn: the app answered 500 at ${redirectURI}. `
    try {
      await expect(sandbox.signIn(`${login.origin}/login`)).rejects.toThrow(message)
    } finally {
      login.close()
    }
  })

  test('the sandbox refuses', async () => {
    await start()
    await expect(sandbox.signIn(`${app.origin}/elsewhere`)).rejects.toThrow(
      /the sandbox answered 400 at [^?]*authorize\. The client_id is missing or unknown/,
    )
    await expect(sandbox.signIn(`${app.origin}/elsewhere`, { deny: true })).rejects.toThrow(/answered 400/)
  })

  test('the sandbox is never visited', async () => {
    await start()
    await expect(sandbox.signIn(`${app.origin}/plain`)).rejects.toThrow(/answered 200 without a visit to the sandbox/)
    await expect(sandbox.signIn(`${app.origin}/broken`, { deny: true })).rejects.toThrow(/answered 500 without a visit/)
  })

  test('the app redirects in circles', async () => {
    await start()
    await expect(sandbox.signIn(`${app.origin}/circle`)).rejects.toThrow(/gave up after 20 steps.*\/circle\./)
  })

  test('nobody is there', async () => {
    await start()
    app.close()
    await expect(sandbox.signIn(`${app.origin}/login`)).rejects.toThrow(/\/login gave ECONNREFUSED\./)
  })

  test('no URL', async () => {
    await start()
    await expect(sandbox.signIn('/login')).rejects.toThrow(TypeError)
  })
})

describe('the cookie jar', () => {
  const local = new URL('http://127.0.0.1:3000/')
  const header = (url: URL, ...setCookies: string[]) => {
    const jar = new CookieJar()
    jar.keep(url, setCookies)
    return jar.header(url)
  }

  test('takes Secure cookies on the machine itself and under https, as browsers do', () => {
    for (const url of ['http://localhost:1/', 'http://127.0.0.1:1/', 'http://[::1]:1/', 'https://app.example/']) {
      expect(header(new URL(url), 'a=1; Secure', '__Host-b=2; Secure; Path=/', '__Secure-c=3; Secure')).toBe(
        'a=1; __Host-b=2; __Secure-c=3',
      )
    }
    expect(header(new URL('http://app.example/'), 'a=1; Secure', 'b=2')).toBe('b=2')
  })

  test('takes no prefix without what it promises', () => {
    expect(header(local, '__Host-a=1; Path=/', '__Host-b=1; Secure', '__Secure-c=1')).toBe('')
  })

  test('keeps by host, never by port, and replaces by name', () => {
    const jar = new CookieJar()
    jar.keep(local, ['a=1', 'b=2'])
    jar.keep(new URL('http://127.0.0.1:4000/'), ['a=3'])
    jar.keep(new URL('http://localhost:3000/'), ['c=4'])
    expect(jar.header(local)).toBe('a=3; b=2')
  })

  test('Max-Age comes before Expires', () => {
    const past = 'Expires=Thu, 01 Jan 1970 00:00:00 GMT'
    expect(header(local, `a=1; Max-Age=60; ${past}`, `b=1; ${past}`, 'c=1; Max-Age=-1')).toBe('a=1')
  })

  test('keeps a value as it is written', () => {
    expect(header(local, 'a=s%3Ax%2Fy=')).toBe('a=s%3Ax%2Fy=')
  })
})
