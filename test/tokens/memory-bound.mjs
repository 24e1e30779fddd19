// A million keys that are saved, and a hundred thousand that are read, through one manager. Prints what is in memory
// at 10 000 that were saved, and at the end.
import { TokenManager } from '../../dist/index.js'

const KEYS = 1_000_000
const BATCH = 1000

const count = { saved: 0, read: 0 }
let sample
/** Takes everything, keeps nothing, and finds something under `read:…`: what is in memory is the manager's. */
const tokenStore = {
  get: async (key) => {
    const [kind, number] = key.split(':')
    if (kind !== 'read') return undefined
    count.read += 1
    return { version: sample.version, data: sample.data.replaceAll('-0-', `-r${number}-`) }
  },
  set: async (_key, tokens) => {
    sample ??= tokens
    count.saved += 1
    return true
  },
  delete: async () => {},
}
// Real crypto and real timers take most of the time, and nothing of the memory.
const sealer = { seal: async (text) => text, open: async (sealed) => sealed }
const after = () => () => {}
const options = { clientID: 'app', clientSecret: 'secret', apiURL: 'http://127.0.0.1:9', tokenStore }
const manager = new TokenManager(options, { sealer, after })

function heap() {
  globalThis.gc()
  return process.memoryUsage().heapUsed
}

async function save(number) {
  const tokens = { accessToken: `access-${number}-${'x'.repeat(200)}`, refreshToken: `refresh-${number}-` }
  const expiresAt = Date.now() + 3_600_000
  await manager.save(`save:${number}`, { ...tokens, scope: ['profile'], expiresAt })
  expectToken(await manager.accessToken(`save:${number}`), tokens.accessToken)
}

async function read(number) {
  expectToken(await manager.accessToken(`read:${number}`), `access-r${number}-${'x'.repeat(200)}`)
}

function expectToken(got, expected) {
  if (got !== expected) throw new Error(`got ${got} in the place of ${expected}`)
}

const start = performance.now()
let atTenThousand = 0
for (let first = 0; first < KEYS; first += BATCH) {
  const numbers = Array.from({ length: BATCH }, (_, i) => first + i)
  await Promise.all(numbers.map(save))
  if (first % (10 * BATCH) === 0) await Promise.all(numbers.map(read))
  if (first + BATCH === 10_000) atTenThousand = heap()
}
const seconds = Math.round((performance.now() - start) / 1000)
console.log(JSON.stringify({ ...count, atTenThousand, atTheEnd: heap(), seconds }))
