/** A state as `Attempts` issues it, and nothing else: 16 random bytes in base64url. */
export const STATE: RegExp = /^[\w-]{22}$/
