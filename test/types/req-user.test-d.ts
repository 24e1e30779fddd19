/*
 * Who `req.user` is in an app that declares no user of its own: ilert's profile. Apps that declare one are compiled by
 * test/ecosystem. It is `tsc` that runs this.
 */
import type { RequestHandler } from 'express'
import type { IlertProfile } from '../../src/index.ts'

export const hello: RequestHandler = (req, res) => {
  const user: IlertProfile | undefined = req.user
  const exact: Exclude<typeof req.user, undefined> extends IlertProfile ? true : false = true
  // @ts-expect-error: nobody may be signed in
  const name: string = req.user.displayName
  // @ts-expect-error: a profile has no such field
  void req.user?.theme
  if (req.isAuthenticated()) res.send(req.user.displayName)
  void [user, exact, name]
}
