/* Two processes that know one grant, for tests of what each of them reads and writes. */
import type { TokenSet } from '../../src/client/answers.ts'
import { MemoryTokenStore } from '../../src/index.ts'
import type { Grant } from '../../src/tokens/grant.ts'
import { GrantRecord } from '../../src/tokens/record.ts'
import { RefreshWrites } from '../../src/tokens/refresh-writes.ts'
import { Vault } from '../../src/tokens/vault.ts'
import { FragileStore } from './desk.ts'

export const START = 1_800_000_000_000
export const DAY = 86_400_000
export const TIMEOUT_MS = 10_000
export const KEY = 'a'
export const GRANT: Grant = {
  id: 'one',
  version: 7,
  tokens: { accessToken: 'old', refreshToken: 'r', scope: [], expiresAt: START + 1000 },
  issuedAt: START - 3_600_000,
  endsAt: START + 100 * DAY,
}
/** What a refresh brings: with the same refresh token, as where ilert hands it out again. */
export const NEXT: Grant = {
  ...GRANT,
  version: 8,
  tokens: { ...GRANT.tokens, accessToken: 'new' },
  issuedAt: START,
  refreshes: 1,
}
/** What was sealed under a key that this process does not have. */
export const FOREIGN = { version: 9, data: `${START}.foreign` }
const sealer = {
  seal: async (text: string) => text,
  open: async (sealed: string) => (sealed === 'foreign' ? undefined : sealed),
}

const after = () => () => {}

/** Two processes with the grant at hand, over one store. Their clocks may differ. */
export async function startTwo() {
  const time = { now: START }
  const store = new FragileStore(new MemoryTokenStore({ clock: { now: () => time.now } }))
  const vault = new Vault(store, sealer, after, { now: () => time.now })
  await vault.write(KEY, GRANT, START)
  const discarded: string[] = []
  const replaced: string[] = []
  const process = () => {
    const skew = { ms: 0 }
    const clock = { now: () => time.now + skew.ms }
    const record = new GrantRecord(KEY, GRANT, {
      vault,
      clock,
      onTokens: ({ accessToken }) => replaced.push(accessToken),
      onEnd: async () => {},
    })
    const discard = ({ accessToken }: Readonly<TokenSet>) => discarded.push(accessToken)
    return {
      record,
      writes: new RefreshWrites(record, { vault, clock, after, timeoutMs: TIMEOUT_MS, discard, onStored: () => {} }),
      skew,
    }
  }
  const [one, two] = [process(), process()]
  const stored = async () => (await vault.read(KEY)) as Grant
  return { time, store, vault, discarded, replaced, stored, one, two, skew: two.skew }
}

/** Has the next call of a store's method wait. Returns what lets it go on. */
export function holdUp(store: FragileStore, method: 'get' | 'set'): () => void {
  const original = store[method].bind(store) as (...args: unknown[]) => Promise<never>
  let goOn = () => {}
  const held = new Promise<void>((resolve) => {
    goOn = resolve
  })
  store[method] = async (...args: unknown[]) => {
    store[method] = original
    const answer = await original(...args)
    await held
    return answer
  }
  return goOn
}
