import { ENV_OPTIONS, fromEnvironment, isProduction, option } from '../../client/options.ts'
import { randomText } from '../random.ts'

const NAME = `encryptionKey (${ENV_OPTIONS.encryptionKey})`
const SHORTEST = 32

interface KeyOptions {
  encryptionKey?: string | readonly string[]
  clientSecret?: string
}

/**
 * The secrets that seal cookies and records: `encryptionKey`, or else the client secret, which every process has. The first
 * of a list seals. The others only open, so that a replaced client secret can be among them, whatever its length.
 * Without either, in production, an error; elsewhere a random key that dies with the process, and a warning. In production a
 * derived key is a warning as well, while there is still time: it is too late once the secret has changed.
 *
 * @throws TypeError where a key is malformed; it never repeats one.
 */
export function encryptionSecrets(options: KeyOptions): string[] {
  const keys = listed(options.encryptionKey) ?? fromEnvironment('encryptionKey')?.split(',')
  if (keys) return checked(keys, options)
  const clientSecret = option(options, 'clientSecret')
  if (clientSecret !== undefined) {
    if (isProduction()) warnOfDerivedKey()
    return [clientSecret]
  }
  const problem = `${NAME}: missing, and no clientSecret (${ENV_OPTIONS.clientSecret}) to derive it from.`
  const advice = `Set it to ${SHORTEST} random characters or more, the same in every process.`
  if (isProduction()) throw new TypeError(`${problem} ${advice}`)
  process.emitWarning(`${problem} Sign-ins will not survive the end of this process. ${advice}`, {
    type: 'IlertWarning',
    code: 'ILERT_RANDOM_ENCRYPTION_KEY',
  })
  return [randomText(32)]
}

let hasWarned = false

function warnOfDerivedKey(): void {
  if (hasWarned) return
  hasWarned = true
  process.emitWarning(
    `${NAME}: missing. Stored sign-ins are sealed with a key that is derived from the client secret, so a new client secret ` +
      'would sign all users out. Set a key of its own before you change the secret: docs/operations.md, "A new client secret".',
    { type: 'IlertWarning', code: 'ILERT_DERIVED_ENCRYPTION_KEY' },
  )
}

function listed(value: string | readonly string[] | undefined): readonly string[] | undefined {
  if (value === undefined) return undefined
  const keys = typeof value === 'string' ? [value] : value
  if (!Array.isArray(keys) || keys.length === 0 || keys.some((key) => typeof key !== 'string')) {
    throw new TypeError(`${NAME}: expected a string, or a list of strings of which the first seals and all open.`)
  }
  return keys
}

function checked(given: readonly string[], options: KeyOptions): string[] {
  const keys = given.map((key) => key.trim())
  const [first = ''] = keys
  // The present client secret seals wherever there is no key, and goes on sealing while a key is introduced.
  if (first.length < SHORTEST && (first === '' || first !== option(options, 'clientSecret'))) {
    throw new TypeError(
      `${NAME}: the first key, which seals, is shorter than ${SHORTEST} characters. Make one with: openssl rand -base64 32`,
    )
  }
  // What an empty key opens, any attacker can seal.
  if (keys.includes(''))
    throw new TypeError(`${NAME}: a key is empty. Each has a character at least, the first ${SHORTEST}.`)
  return keys
}
