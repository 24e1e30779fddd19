import { createHmac } from 'node:crypto'
import { deriveKey, Sealer, type Sealing } from './seal.ts'

const LABEL_BYTES = 16

/**
 * Seals the tokens of one app, which no other app opens, though both have one key; and says whose they are by labels that do
 * not say who that is.
 */
export function tokenSealer(secrets: readonly string[], clientID: string): Required<Sealing> {
  const purpose = `tokens of ${clientID}`
  const all = new Sealer(secrets, purpose)
  const first = new Sealer(secrets.slice(0, 1), purpose)
  const keys = secrets.map((secret) => deriveKey(secret, `owners of ${clientID}`))
  return {
    seal: (text, context) => all.seal(text, context),
    open: (sealed, context) => all.open(sealed, context),
    isCurrent: async (sealed, context) => (await first.open(sealed, context)) !== undefined,
    labels: (text) =>
      keys.map((key) => createHmac('sha256', key).update(text).digest().subarray(0, LABEL_BYTES).toString('base64url')),
  }
}
