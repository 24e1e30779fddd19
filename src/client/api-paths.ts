/*
 * What ilert's API takes and gives, path by path. The maps are interfaces, so that an app can add paths that this package
 * does not know yet:
 *
 *     declare module 'passport-ilert' {
 *       interface ApiGets { '/api/event-flows': { id: number; name: string }[] }
 *     }
 */
import type { Deletes, Gets, Posts, Puts, Queries } from '../ilert/api/paths.ts'

/** What `get` and `paginate` give: the answer's JSON, by path. */
export interface ApiGets extends Gets {}

/** What `post` takes and gives: `[body, answer]`, by path. */
export interface ApiPosts extends Posts {}

/** What `put` takes and gives: `[body, answer]`, by path. */
export interface ApiPuts extends Puts {}

/** What `delete` gives, by path. */
export interface ApiDeletes extends Deletes {}

/** What the query of a `get` may have, by path. Other names are taken as they are. */
export interface ApiQueries extends Queries {}
