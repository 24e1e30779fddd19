/** What every `state` of ours looks like: the number of the attempt's slot, and 132 unpredictable bits as base64url. */
export const STATE: RegExp = /^[0-5][\w-]{22}$/
