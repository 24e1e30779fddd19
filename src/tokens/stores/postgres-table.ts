/** A name that needs no escaping between quotation marks, short enough for the name of the index. */
const NAME = /^[a-z_][a-z0-9_]{0,49}$/

/** A table's name as SQL has it. @throws {TypeError} for a name that is none */
export function tableName(name: unknown): string {
  const parts = typeof name === 'string' ? name.split('.') : []
  if (parts.length > 2 || !parts.every((part) => NAME.test(part)) || parts.length === 0) {
    throw new TypeError(
      "table must be a name of lower-case letters, digits and _, such as 'ilert_tokens' or 'auth.ilert_tokens'.",
    )
  }
  return parts.map((part) => `"${part}"`).join('.')
}

/** What creates the table; docs/postgres.sql is made of the same. @param table as `tableName` returns it */
function tableSQL(table: string): string {
  const index = (what: string) => `"${table.split('.').at(-1)?.slice(1, -1)}_${what}"`
  return `CREATE TABLE IF NOT EXISTS ${table} (
  kind text NOT NULL,           -- 'tokens', or 'lease'
  key bytea NOT NULL,           -- UTF-8 as bytes: text cannot hold U+0000, and depends on the encoding of the database
  version bigint,               -- counts the writes of a grant; null in a lease, and in the mark of a grant that was ended
  data bytea,                   -- sealed tokens, or who holds a lease
  owner text,                   -- whose tokens: a keyed hash of ilert's user id; null in a lease, and if that is not known
  ends_at timestamptz NOT NULL, -- by the clock of the database; a row means nothing from then on, and is removed later
  PRIMARY KEY (kind, key)
);
CREATE INDEX IF NOT EXISTS ${index('ends_at')} ON ${table} (ends_at);
CREATE INDEX IF NOT EXISTS ${index('owner')} ON ${table} (owner, key) WHERE owner IS NOT NULL;
`
}

/** What the store asks of its table. Each is one statement, which PostgreSQL carries out wholly or not at all. */
export interface Statements {
  readonly exists: string
  readonly create: string
  readonly get: string
  readonly set: string
  readonly touch: string
  readonly delete: string
  readonly end: string
  readonly acquire: string
  readonly renew: string
  readonly release: string
  readonly list: string
  readonly listOfOwner: string
  readonly sweep: string
}

/*
 * Times are the database's. `statement_timestamp()` and not `now()`, which stands still inside a transaction. A statement
 * that had to wait for a row's lock compares with the time at which it came: it takes what has ended meanwhile for live.
 */
const NOW = 'statement_timestamp()'
const FROM_NOW = (parameter: string) => `${NOW} + ${parameter}::float8 * interval '1 millisecond'`
const TOKENS = `kind = 'tokens' AND key = $1::bytea`
const LIVE = `version IS NOT NULL AND ends_at > ${NOW}`
// Not AS key: rows would come in the order of that.
const LISTED = `encode(key, 'base64') AS name, version::text AS version, encode(data, 'base64') AS data`
const LEASE = `kind = 'lease' AND key = $1::bytea`

/** @param table as `tableName` returns it */
export function statementsFor(table: string): Statements {
  return {
    exists: `SELECT 1 WHERE to_regclass('${table}') IS NOT NULL`,
    // One transaction. The lock keeps processes that start together from creating it at the same time, which fails.
    create: `SELECT pg_advisory_xact_lock(hashtext('passport-ilert')); ${tableSQL(table)}`,
    get: `SELECT version::text AS version, encode(data, 'base64') AS data FROM ${table}
      WHERE ${TOKENS} AND ${LIVE}`,
    // Where version is null there is the mark of an end, which nothing is newer than.
    set: `INSERT INTO ${table} AS old (kind, key, version, data, ends_at, owner)
      VALUES ('tokens', $1::bytea, $2::bigint, $3::bytea, ${FROM_NOW('$4')}, nullif($5::text, ''))
      ON CONFLICT (kind, key) DO UPDATE SET version = excluded.version, data = excluded.data,
        ends_at = excluded.ends_at, owner = excluded.owner
      WHERE old.version < excluded.version OR old.ends_at <= ${NOW} RETURNING 1`,
    touch: `UPDATE ${table} SET ends_at = ${FROM_NOW('$2')} WHERE ${TOKENS} AND ${LIVE}`,
    delete: `DELETE FROM ${table} WHERE ${TOKENS}`,
    // The longer one of two marks stays: each was promised to a caller.
    end: `INSERT INTO ${table} AS old (kind, key, ends_at) VALUES ('tokens', $1::bytea, ${FROM_NOW('$2')})
      ON CONFLICT (kind, key) DO UPDATE SET version = NULL, data = NULL, owner = NULL, ends_at = excluded.ends_at
      WHERE old.version IS NOT NULL OR old.ends_at < excluded.ends_at`,
    // Looks first: a waiter that asks again and again would lock the row each time, and write that down. A lease that is
    // this waiter's already is taken again: the answer to the statement before may have been lost.
    acquire: `INSERT INTO ${table} AS old (kind, key, data, ends_at) SELECT 'lease', $1::bytea, $2::bytea, ${FROM_NOW('$3')}
      WHERE NOT EXISTS (SELECT 1 FROM ${table} WHERE ${LEASE} AND data <> $2::bytea AND ends_at > ${NOW})
      ON CONFLICT (kind, key) DO UPDATE SET data = excluded.data, ends_at = excluded.ends_at
      WHERE old.data = excluded.data OR old.ends_at <= ${NOW} RETURNING 1`,
    renew: `UPDATE ${table} SET ends_at = ${FROM_NOW('$3')} WHERE ${LEASE} AND data = $2::bytea RETURNING 1`,
    release: `DELETE FROM ${table} WHERE ${LEASE} AND data = $2::bytea`,
    // One page by the order of an index, from where the last one has ended: rows that come and go move no page.
    list: `SELECT ${LISTED} FROM ${table} WHERE kind = 'tokens' AND key > $1::bytea AND ${LIVE}
      ORDER BY key LIMIT $2::int`,
    listOfOwner: `SELECT ${LISTED} FROM ${table} WHERE kind = 'tokens' AND owner = $3::text AND key > $1::bytea AND ${LIVE}
      ORDER BY key LIMIT $2::int`,
    // Skips rows that another process is removing, or writing.
    sweep: `DELETE FROM ${table} USING (
        SELECT kind, key FROM ${table} WHERE ends_at <= ${NOW} ORDER BY ends_at LIMIT $1::int FOR UPDATE SKIP LOCKED
      ) AS old WHERE ${table}.kind = old.kind AND ${table}.key = old.key RETURNING 1`,
  }
}
