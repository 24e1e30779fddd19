/*
 * Paths of ilert's API beside patterns such as `/api/alerts/{id}/log-entries`, in which `{id}` stands for one segment.
 */

/** The segments of a path, without its query. */
export function segmentsOf(path: string): string[] {
  return (path.split(/[?#]/, 1)[0] ?? '').split('/')
}

/** Whether a path is at a pattern or below it. */
export function isBelow(segments: readonly string[], pattern: readonly string[]): boolean {
  return pattern.every((part, i) => (part === '{id}' ? Boolean(segments[i]) : part === segments[i]))
}
