/* An ilert of one's own, offline, so that an app can be built and tested without an account. */
export type { Clock, MovableClock } from './clock.ts'
export { type ConnectedClock, type ConnectedSandbox, connectSandbox } from './connect.ts'
export type { NewSandboxUser, SandboxData } from './data/given.ts'
export type { Fault } from './faults.ts'
export type { LoggedRequest } from './log.ts'
export type { SandboxOptions } from './options.ts'
export { createSandbox, type RegisteredApp, type Sandbox } from './sandbox.ts'
export type { SandboxUser } from './users.ts'
