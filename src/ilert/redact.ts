const REDACTED = '[redacted]'

/** Shorter than this, a run of letters may be a word of the text as well as a piece of a secret. */
const SHORTEST_PIECE = 8

/** Its first two parts: the signature may have been cut off. Base64 of a brace, then of a quotation mark or a space. */
const JWT = /(?<![\w-])e(?:y[AJ]|w[0o])[\w-]{5,}\.[\w-]/
const BASE64 = /[\w+/-]{4,}/g
const ESCAPE = /%([0-9a-f]{2})|\\u([0-9a-f]{4})|\\(.)/gi

/**
 * A text from outside made safe to show and to log: control characters become spaces, each word which repeats one of
 * `secrets` (as it is, in part, URL-encoded, JSON-escaped, or inside base64) or which holds what looks like a JWT is
 * taken out, and the rest is cut to `maxLength` characters.
 */
export function redact(text: string, secrets: readonly string[], maxLength: number): string {
  const known = secrets.flatMap((secret) => secret.split(/\s+/).filter(Boolean)).map(piecesOf)
  const safe = text
    .slice(0, 10_000)
    .replaceAll(/\S+/g, (word) => (isSecret(word, known) ? REDACTED : word))
    // C0, DEL, C1, and the characters that turn the direction of a line or begin a new one.
    .replaceAll(/[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .trim()
  return safe.length > maxLength ? `${safe.slice(0, maxLength - 1)}…` : safe
}

interface Pieces {
  length: number
  all: Set<string>
}

/** Every piece of a secret that would give it away; all of it where it is short. */
function piecesOf(secret: string): Pieces {
  const length = Math.min(secret.length, SHORTEST_PIECE)
  return { length, all: new Set(windows(secret, length)) }
}

function isSecret(word: string, known: readonly Pieces[]): boolean {
  return readings(word).some(
    (reading) =>
      JWT.test(reading) || known.some(({ length, all }) => windows(reading, length).some((piece) => all.has(piece))),
  )
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

function windows(text: string, length: number): string[] {
  return Array.from({ length: Math.max(0, text.length - length + 1) }, (_, i) => text.slice(i, i + length))
}
