/** Where the sandbox is steered: a path that ilert does not have. */
export const CONTROL_PATH = '/_sandbox'

export function isControlPath(path: string): boolean {
  return path === CONTROL_PATH || path.startsWith(`${CONTROL_PATH}/`)
}
