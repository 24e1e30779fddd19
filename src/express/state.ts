const STATE = /^[0-5][\w-]{22}$/

/** Whether a text looks like a `state` of ours: the number of the attempt's slot, and 132 unpredictable bits as base64url. */
export function isState(text: string): boolean {
  return STATE.test(text)
}
