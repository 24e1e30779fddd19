const REDACTED = '[redacted]'

/** Shorter than this, a run of letters may be a word of the text as well as a piece of a secret. */
const SHORTEST_PIECE = 8

const RUN = /[\w\-.~+/=%]{8,}/g
const JWT = /^e[yw][\w-]{6,}\.[\w-]+\.[\w-]*$/

/**
 * A text from outside made safe to show and to log: control characters become spaces, whatever repeats one of `secrets`
 * (as it is, in part, URL-encoded, or inside base64) and whatever looks like a JWT is taken out, and the rest is cut to
 * `maxLength` characters.
 */
export function redact(text: string, secrets: readonly string[], maxLength: number): string {
  let safe = text.slice(0, 10_000)
  for (const secret of secrets) if (secret) safe = safe.replaceAll(secret, REDACTED)
  safe = safe
    .replaceAll(RUN, (run) => (isSecret(run, secrets) ? REDACTED : run))
    // C0, DEL, C1, and the characters that turn the direction of a line or begin a new one.
    .replaceAll(/[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .trim()
  return safe.length > maxLength ? `${safe.slice(0, maxLength - 1)}…` : safe
}

function isSecret(run: string, secrets: readonly string[]): boolean {
  const readings = [run, decodeURL(run), Buffer.from(run, 'base64').toString('latin1')]
  return readings.some(
    (reading) =>
      JWT.test(reading) ||
      secrets.some(
        (secret) => secret.length >= SHORTEST_PIECE && (reading.includes(secret) || pieceOf(secret, reading)),
      ),
  )
}

function pieceOf(secret: string, reading: string): boolean {
  const piece = reading.replace(/^[.…]+|[.…]+$/g, '')
  return piece.length >= SHORTEST_PIECE && secret.includes(piece)
}

function decodeURL(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // a stray percent sign: it is not URL-encoded, then
  }
}
