/** A signed JWT in its compact form (RFC 7515, section 3.1): header, claims, and a signature that may be empty. */
const COMPACT = /^([\w-]+)\.([\w-]+)\.[\w-]*$/

/** What a JWT says of itself. Nothing here looks at the signature: it proves nothing. */
export interface JWT {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
}

/** Reads a signed JWT (RFC 7519, section 7.2), or returns undefined if the text is none. */
export function readJWT(text: string): JWT | undefined {
  const [, header, claims] = COMPACT.exec(text) ?? []
  const parts = { header: objectOf(header), claims: objectOf(claims) }
  return parts.header && parts.claims ? (parts as JWT) : undefined
}

function objectOf(encoded: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(encoded ?? '', 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
