const REDACTED = '[redacted]'

/** Shorter than this, a run of letters may be a word of the text as well as a piece of a secret. */
const SHORTEST_PIECE = 8

/** Characters of a text that are read: many times what is ever shown. */
const MOST_TEXT = 4096

/** Pieces that are looked for. Twice what a code of 2 KB, a verifier, a client secret and two tokens have together. */
const MOST_PIECES = 8192

/** Its first two parts: the signature may have been cut off. Base64 of a brace, then of a quotation mark or a space. */
const JWT = /(?<![\w-])e(?:y[AJ]|w[0o])[\w-]{5,}\.[\w-]/
const BASE64 = /[\w+/-]{4,}/g
const ESCAPE = /%([0-9a-f]{2})|\\u([0-9a-f]{4})|\\(.)/gi

/**
 * A text from outside made safe to show and to log: control characters become spaces, each word which repeats one of
 * `secrets` (as it is, in part, URL-encoded, JSON-escaped, or inside base64) or which holds what looks like a JWT is
 * taken out, and the rest is cut to `maxLength` characters.
 *
 * Both sides may have been chosen by an attacker, so the work is linear in each, and bounded: of the text 4096 characters
 * are read, each word in a fixed number of readings, and no more than 8192 pieces are looked for.
 */
export function redact(text: string, secrets: readonly string[], maxLength: number): string {
  return redactor(secrets)(text, maxLength)
}

/** `redact` for many texts: the secrets are taken to pieces once. */
export function redactor(secrets: readonly string[]): (text: string, maxLength: number) => string {
  const known = piecesOf(secrets)
  return (text, maxLength) => redacted(text, known, maxLength)
}

function redacted(text: string, known: Pieces, maxLength: number): string {
  const safe = text
    .slice(0, MOST_TEXT)
    .replaceAll(/\S+/g, (word) => (isSecret(word, known) ? REDACTED : word))
    // C0, DEL, C1, and the characters that turn the direction of a line or begin a new one.
    .replaceAll(/[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .trim()
  return safe.length > maxLength ? `${safe.slice(0, maxLength - 1)}…` : safe
}

/** Pieces by their length. */
type Pieces = ReadonlyMap<number, ReadonlySet<string>>

/**
 * Every piece of a secret that would reveal it; all of it if it is short. Of secrets that are longer together than any
 * that ilert issues every second piece is taken, or every third, and so on: what repeats as much more of them is found.
 */
function piecesOf(secrets: readonly string[]): Pieces {
  const all = secrets.join(' ')
  const step = Math.ceil(all.length / MOST_PIECES)
  const pieces = new Map<number, Set<string>>()
  let count = 0
  for (const [word] of all.matchAll(/\S+/g)) {
    const length = Math.min(word.length, SHORTEST_PIECE)
    const some = pieces.get(length) ?? new Set()
    pieces.set(length, some)
    for (let from = 0; from + length <= word.length; from += step) some.add(word.slice(from, from + length))
    count += Math.ceil((word.length - length + 1) / step)
    if (count > MOST_PIECES) break
  }
  return pieces
}

function isSecret(word: string, known: Pieces): boolean {
  return readings(word).some((reading) => JWT.test(reading) || hasPiece(reading, known))
}

function hasPiece(reading: string, known: Pieces): boolean {
  for (const [length, pieces] of known) {
    for (let from = 0; from + length <= reading.length; from++) {
      if (pieces.has(reading.slice(from, from + length))) return true
    }
  }
  return false
}

/** What a word may mean: itself, unescaped once and twice, and whatever base64 is in these, wherever it begins. */
function readings(word: string): string[] {
  const once = unescaped(word)
  const texts = [...new Set([word, once, unescaped(once)])]
  const encoded = texts.flatMap((text) => text.match(BASE64) ?? [])
  const decoded = encoded.flatMap((run) => [0, 1, 2, 3].map((from) => decode(run.slice(from))))
  return [...texts, ...decoded]
}

/** Takes back URL-encoding and JSON's backslashes, and leaves alone what is neither. */
function unescaped(text: string): string {
  return text.replaceAll(ESCAPE, (_, url?: string, json?: string, char?: string) => {
    return char ?? String.fromCharCode(Number.parseInt(url ?? json ?? '', 16))
  })
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('latin1')
}
