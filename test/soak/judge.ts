/** What must hold. */
export type Promised =
  | 'interval'
  | 'tokens per user'
  | 'spurious sign-out'
  | 'sign-out'
  | 'lost token'
  | 'heap'
  | 'trouble'

export const PROMISES: Readonly<Record<Promised, string>> = {
  'spurious sign-out': 'nobody is signed out who did not sign out',
  'lost token': "in the end each signed-in user's token works at ilert",
  'sign-out': 'a user who signed out stays signed out',
  'tokens per user': 'no user ever has more than 10 refresh tokens',
  interval: 'two refreshes of a grant are never closer than the interval',
  heap: 'the heap stays within 5 % of its size after the first day',
  trouble: 'no unhandled rejection, no warning, no answer that is no answer',
}

/** Writes down what breaks a promise. */
export class Judge {
  readonly broken = new Map<Promised, string[]>()

  breaks(promised: Promised, how: string): void {
    const said = this.broken.get(promised) ?? []
    if (said.length < 5) process.stdout.write(`BROKEN  ${promised}: ${how}\n`)
    this.broken.set(promised, [...said, how])
  }

  get guilty(): boolean {
    return this.broken.size > 0
  }
}
