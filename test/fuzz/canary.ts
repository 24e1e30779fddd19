/* Secrets that are recognized wherever a piece of them shows up. */
import { inspect } from 'node:util'
import { IlertError } from '../../src/ilert/errors.ts'
import { expectThat } from './target.ts'

const MARK = 'KvQ'
/** Longer than what may stay of a secret: pieces of fewer than 8 characters. */
const PIECE = 10

const secret = (name: string) => Array.from({ length: 8 }, (_, n) => `${MARK}${name}${n}`).join('')

/** What the app sends to ilert and must never show. */
export const SECRETS = {
  clientSecret: secret('s'),
  code: secret('c'),
  codeVerifier: secret('v'),
  refreshToken: secret('r'),
  accessToken: secret('a'),
} as const

export const ALL_SECRETS: readonly string[] = Object.values(SECRETS)

const PIECES = new Set(
  ALL_SECRETS.flatMap((text) => [...text.matchAll(/KvQ/g)].map(({ index }) => text.slice(index, index + PIECE))).filter(
    (piece) => piece.length === PIECE,
  ),
)

/** Throws where a piece of a secret can be seen, as it is, URL-encoded, or inside base64. */
export function expectNoSecret(value: unknown): void {
  const text = typeof value === 'string' ? value : inspect(value, { depth: 4, showHidden: true })
  const plain = text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  const encoded = `${text} ${plain}`.match(/[\w+/-]{14,}/g) ?? []
  const decoded = [...new Set(encoded)].flatMap((run) =>
    [0, 1, 2, 3].map((from) => Buffer.from(run.slice(from), 'base64').toString('latin1')),
  )
  for (const reading of [text, plain, ...decoded]) {
    for (let at = reading.indexOf(MARK); at >= 0; at = reading.indexOf(MARK, at + 1)) {
      const piece = reading.slice(at, at + PIECE)
      expectThat(!PIECES.has(piece), `a secret (${piece}) is in ${text}`)
    }
  }
}

/** What a parser may throw at what comes from outside: an IlertError without secrets and of a size to be shown. */
export function expectIlertError(error: unknown): asserts error is IlertError {
  if (!(error instanceof IlertError)) throw new Error('not an IlertError', { cause: error })
  const { code, message, status } = error
  expectThat(typeof code === 'string' && code.length > 0 && code.length <= 61, `code: ${code}`)
  expectThat(Number.isInteger(status) && status >= 300 && status <= 999, `status: ${status}`)
  expectThat(message.length <= 600 && !/\p{Cc}/u.test(message), `message: ${message}`)
  expectNoSecret(error)
}

/** What may be thrown at a mistake of the caller: a TypeError that says what is wrong with what, and shows no secret. */
export function expectTypeError(error: unknown): asserts error is TypeError {
  if (!(error instanceof TypeError)) throw new Error('not a TypeError', { cause: error })
  // JavaScript's own, which a parser has let through, name no argument.
  expectThat(/^\w+(?: \(\w+\))?: /.test(error.message), `JavaScript's own: ${error.message}`)
  expectNoSecret(error)
}
