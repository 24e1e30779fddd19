/* Made from ilert's OpenAPI document by `npm run document`; not to be changed by hand. */

/** Known words complete in an editor, others are taken as they are. */
export type Open<Word extends string> = Word | (string & {})

/** What is sent: without an id, since ilert gives it one, or with the id that it has. */
export type Draft<T extends { id: unknown }> = Omit<T, 'id'> & { id?: T['id'] }

/** One name may stand in a query several times. */
export type OneOrMore<T> = T | readonly T[]
