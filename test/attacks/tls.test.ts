import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Agent } from 'undici'
import { IlertClient } from '../../src/index.ts'
import { needs } from '../support/needs.ts'

const run = promisify(execFile)

needs('openssl')('an attacker on the way to ilert', () => {
  let folder: string
  let server: Server
  let certificate: string
  let requests: number
  const closing: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'passport-ilert-tls-'))
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const flags = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=localhost']
    await run('openssl', [
      'req',
      '-x509',
      ...flags,
      '-addext',
      'subjectAltName=DNS:localhost',
      '-keyout',
      key,
      '-out',
      cert,
    ])
    certificate = await readFile(cert, 'utf8')
    server = createServer({ key: await readFile(key), cert: certificate }, (_request, response) => {
      requests++
      response.end(JSON.stringify({ access_token: 'token', expires_in: 3600, scope: 'profile' }))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  beforeEach(() => {
    requests = 0
  })
  afterEach(async () => {
    await Promise.all(closing.splice(0).map((close) => close()))
  })
  afterAll(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await rm(folder, { recursive: true })
  })

  function exchange(host: string, trusted?: string): Promise<unknown> {
    const agent = trusted === undefined ? undefined : new Agent({ connect: { ca: trusted } })
    const apiURL = `https://${host}:${(server.address() as AddressInfo).port}`
    const options = { clientID: 'app', clientSecret: 'secret', apiURL, timeoutMs: 5000 }
    const client = new IlertClient({ ...options, ...(agent && { dispatcher: agent }) })
    closing.push(
      () => client.close(),
      async () => agent?.close(),
    )
    return client.exchangeCode({ code: 'code', codeVerifier: 'verifier', redirectURI: 'https://app.example/cb' })
  }

  it('hears nothing where nobody vouches for the certificate', async () => {
    await expect(exchange('localhost')).rejects.toMatchObject({ name: 'NetworkError', code: 'connection_lost' })
    expect(requests).toBe(0)
  })

  it('hears nothing where the certificate is for another host', async () => {
    await expect(exchange('127.0.0.1', certificate)).rejects.toMatchObject({ name: 'NetworkError' })
    expect(requests).toBe(0)
  })

  it('is ilert where certificate and host are right', async () => {
    await expect(exchange('localhost', certificate)).resolves.toMatchObject({ accessToken: 'token' })
    expect(requests).toBe(1)
  })
})
