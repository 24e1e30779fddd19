/*
 * An example, which the app does not use until you put it in, as its README says: a users' table of your own. It is
 * SQLite, as a part of Node since 22.13: nothing is to be installed.
 */

/** What is used of `node:sqlite`. With the types of Node 22 in place of 20 its own can be imported. */
interface SQLite {
  readonly DatabaseSync: new (
    file: string,
  ) => {
    exec(sql: string): void
    prepare(sql: string): { run(...values: unknown[]): unknown; get(...values: unknown[]): unknown }
    close(): void
  }
}

/** Undefined in an older Node. */
export const sqlite: SQLite | undefined = process.getBuiltinModule('node:sqlite') as SQLite | undefined

// The key is ilert's id, which stays: names and e-mail addresses change. `team` is a column of your own.
const TABLE = `
CREATE TABLE IF NOT EXISTS users (
  ilert_id TEXT PRIMARY KEY,
  username TEXT NOT NULL,
  name TEXT NOT NULL,
  account TEXT,
  signed_in_at INTEGER NOT NULL,
  team TEXT
) STRICT`

const SIGN_IN = `
INSERT INTO users (ilert_id, username, name, account, signed_in_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (ilert_id) DO UPDATE SET
  username = excluded.username, name = excluded.name, account = excluded.account, signed_in_at = excluded.signed_in_at`

/** Opens the table, or creates it. `file` may be `:memory:`. No token is ever in it: those are in the token store. */
export function openUsers(file: string) {
  if (!sqlite) throw new TypeError('The users table needs Node 22.13 or newer.')
  const database = new sqlite.DatabaseSync(file)
  database.exec(TABLE)
  const statements = {
    signIn: database.prepare(SIGN_IN),
    find: database.prepare('SELECT * FROM users WHERE ilert_id = ?'),
    assign: database.prepare('UPDATE users SET team = ? WHERE ilert_id = ?'),
    forget: database.prepare('DELETE FROM users WHERE ilert_id = ?'),
  }
  return {
    /** For `verify`: creates the user's row, or brings up to date what ilert says, and leaves your own columns alone. */
    signIn(user: Express.User, now = Date.now()): Express.User {
      statements.signIn.run(user.id, user.username, user.name, user.account ?? null, now)
      return user
    },
    /** The row of an ilert user; undefined if they have never signed in. */
    find: (id: string) => statements.find.get(id) as { name: string; team: string | null } | undefined,
    assign: (id: string, team: string) => void statements.assign.run(team, id),
    /** For a user who wants to be forgotten. End their sign-ins as well: `ilert.tokens.revokeAll(id)`. */
    forget: (id: string) => void statements.forget.run(id),
    close: () => database.close(),
  }
}
