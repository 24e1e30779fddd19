/**
 * Passes on the parts of a body, but never a text: an end that may be its beginning is kept until the next part shows.
 *
 * @returns what may be passed on after each part, and at the end (without a part); 'found' if the text is there.
 */
export function withholding(text: string): (part?: Buffer) => Buffer | 'found' {
  const secret = Buffer.from(text)
  let kept: Buffer = Buffer.alloc(0)
  return (part) => {
    if (!part) return kept
    const bytes = kept.length > 0 ? Buffer.concat([kept, part]) : part
    if (bytes.includes(secret)) return 'found'
    const end = beginningOf(secret, bytes)
    kept = bytes.subarray(end)
    return bytes.subarray(0, end)
  }
}

/** Where in `bytes` an end begins with which the secret could begin; their length if there is none. */
function beginningOf(secret: Buffer, bytes: Buffer): number {
  let at = Math.max(0, bytes.length - secret.length + 1)
  for (;;) {
    at = bytes.indexOf(secret[0] as number, at)
    if (at < 0) return bytes.length
    if (bytes.subarray(at).equals(secret.subarray(0, bytes.length - at))) return at
    at++
  }
}
