import { webcrypto } from 'node:crypto'
import { FlattenedEncrypt, flattenedDecrypt } from 'jose'

const HEADER = { alg: 'dir', enc: 'A256GCM' } as const
const PROTECTED = Buffer.from(JSON.stringify(HEADER)).toString('base64url')

/** What seals and opens: texts, each bound to a context, never an empty one, that whoever opens must know. */
export interface Sealing {
  seal(text: string, context: string): Promise<string>
  open(sealed: string, context: string): Promise<string | undefined>
}

/**
 * Encrypts and authenticates text (JWE, AES-256-GCM), under a key that is derived for one purpose alone. Each sealed
 * text is bound to a context, such as the name of the cookie that carries it: moved elsewhere, it does not open.
 *
 * The first secret seals, and all of them open, so that keys can be exchanged while both old and new are about.
 */
export class Sealer implements Sealing {
  readonly #keys: Promise<webcrypto.CryptoKey>[]

  /** @param purpose what the texts are for. Nothing opens for another purpose, though the secrets are the same. */
  constructor(secrets: readonly string[], purpose: string) {
    this.#keys = secrets.map((secret) => deriveKey(secret, purpose))
  }

  /** The sealed text: base64url and dots. */
  async seal(text: string, context: string): Promise<string> {
    const jwe = await new FlattenedEncrypt(Buffer.from(text))
      .setProtectedHeader(HEADER)
      .setAdditionalAuthenticatedData(Buffer.from(context))
      .encrypt((await this.#keys[0]) as webcrypto.CryptoKey)
    // The header is always the same, and the context is known to whoever opens: neither needs to travel.
    return `${jwe.iv}.${jwe.ciphertext}.${jwe.tag}`
  }

  /** What was sealed, or undefined where no key opens it: another key, another context, or not what it was. */
  async open(sealed: string, context: string): Promise<string | undefined> {
    const [iv, ciphertext, tag, ...rest] = sealed.split('.')
    if (!iv || ciphertext === undefined || !tag || rest.length > 0) return undefined
    // Base64 may write the same bytes in several ways. Only what was sealed is taken, to the letter.
    if ([iv, ciphertext, tag].some((part) => Buffer.from(part, 'base64url').toString('base64url') !== part))
      return undefined
    const aad = Buffer.from(context).toString('base64url')
    for (const key of this.#keys) {
      try {
        const { plaintext } = await flattenedDecrypt({ protected: PROTECTED, iv, ciphertext, tag, aad }, await key)
        return Buffer.from(plaintext).toString()
      } catch {
        // not this key
      }
    }
    return undefined
  }
}

/** Seals the tokens of one app, which no other app opens, though both have one key. */
export function tokenSealer(secrets: readonly string[], clientID: string): Sealing {
  return new Sealer(secrets, `tokens of ${clientID}`)
}

/** HKDF (RFC 5869): the secret itself seals nothing, and each purpose has a key of its own. */
async function deriveKey(secret: string, purpose: string): Promise<webcrypto.CryptoKey> {
  const { subtle } = webcrypto
  const base = await subtle.importKey('raw', Buffer.from(secret), 'HKDF', false, ['deriveKey'])
  const derivation = { name: 'HKDF', hash: 'SHA-256', salt: Buffer.from('passport-ilert'), info: Buffer.from(purpose) }
  return await subtle.deriveKey(derivation, base, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
}
