import { createCipheriv, createDecipheriv, createHash, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { randomOctets } from '../random.ts'

const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
const IV_BYTES = 12
const TAG_BYTES = 16

/** A JWE's protected header (RFC 7516, section 7.2.2): what is sealed can be opened with any JOSE library. */
const PROTECTED = Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM' })).toString('base64url')

/** What seals and opens: texts, each bound to a context, never an empty one, that the opener must know. */
export interface Sealing {
  seal(text: string, context: string): Promise<string>
  open(sealed: string, context: string): Promise<string | undefined>
  /** Whether the first secret, which seals, opens this too: nothing older is needed for it. Absent: there is one alone. */
  isCurrent?(sealed: string, context: string): Promise<boolean>
  /**
   * What stands for a text where it can be read: one for each secret, the first first, of 22 letters, digits, - and _.
   * Absent: nothing does.
   */
  labels?(text: string): string[]
}

/**
 * Encrypts and authenticates text (JWE, AES-256-GCM), under a key that is derived for one purpose alone. Each sealed
 * text is bound to a context, such as the name of the cookie that carries it: moved elsewhere, it does not open.
 *
 * The first secret seals, and all of them open, so that keys can be exchanged while both old and new are about.
 */
export class Sealer implements Sealing {
  readonly #keys: readonly KeyObject[]

  /** @param purpose what the texts are for. Nothing opens for another purpose, though the secrets are the same. */
  constructor(secrets: readonly string[], purpose: string) {
    this.#keys = secrets.map((secret) => deriveKey(secret, purpose))
  }

  // node:crypto and not jose, whose Web Crypto takes every record to another thread: 120 to 160 us for a record, of which
  // 10 remain, and a quarter of the CPU of a sign-in.
  /** The sealed text: base64url and dots. */
  async seal(text: string, context: string): Promise<string> {
    const iv = randomOctets(IV_BYTES)
    const cipher = createCipheriv(CIPHER, this.#keys[0] as KeyObject, iv)
    const ciphertext = cipher.setAAD(authenticated(context)).update(text)
    cipher.final() // adds nothing: GCM encrypts as it goes
    // The header is always the same, and the context is known to the opener: neither needs to travel.
    return [iv, ciphertext, cipher.getAuthTag()].map((bytes) => bytes.toString('base64url')).join('.')
  }

  /** What was sealed, or undefined where no key opens it: another key, another context, or not what it was. */
  async open(sealed: string, context: string): Promise<string | undefined> {
    const parts = sealed.split('.', 4)
    const [iv, ciphertext, tag, ...rest] = parts.map((part) => Buffer.from(part, 'base64url'))
    if (iv?.length !== IV_BYTES || !ciphertext || tag?.length !== TAG_BYTES || rest.length > 0) return undefined
    // Base64 may write the same bytes in several ways. Only what was sealed is taken, to the letter.
    if ([iv, ciphertext, tag].some((bytes, i) => bytes.toString('base64url') !== parts[i])) return undefined
    const aad = authenticated(context)
    for (const key of this.#keys) {
      const decipher = createDecipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES }).setAAD(aad).setAuthTag(tag)
      const text = decipher.update(ciphertext)
      try {
        return Buffer.concat([text, decipher.final()]).toString()
      } catch {
        // not this key
      }
    }
    return undefined
  }
}

/** What is authenticated beside the text (RFC 7516, section 5.1, step 14). */
function authenticated(context: string): Buffer {
  return Buffer.from(`${PROTECTED}.${Buffer.from(context).toString('base64url')}`)
}

/** HKDF (RFC 5869): the secret itself seals nothing, and each purpose has a key of its own. */
export function deriveKey(secret: string, purpose: string): KeyObject {
  const info = createHash('sha256').update(purpose).digest() // Node takes no more than 1024 bytes
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, 'passport-ilert', info, KEY_BYTES)))
}
