import type { Target } from '../target.ts'
import { answerTargets } from './answers.ts'
import { bearerTargets } from './bearer.ts'
import { costTargets } from './cost.ts'
import { environmentTargets } from './environment.ts'
import { ilertTargets } from './ilert.ts'
import { pathTargets } from './paths.ts'
import { sandboxTargets } from './sandbox.ts'
import { signInTargets } from './sign-in.ts'
import { storedTargets } from './stored.ts'

/** Everything that parses what comes from outside. */
export const targets: readonly Target[] = [
  ...ilertTargets,
  ...answerTargets,
  ...pathTargets,
  ...signInTargets,
  ...bearerTargets,
  ...storedTargets,
  ...environmentTargets,
  ...sandboxTargets,
  ...costTargets,
]
