-- The table of PostgresTokenStore. `await store.createTable()` creates the same one; run this file instead if a tool of
-- yours migrates the database. An app needs SELECT, INSERT, UPDATE and DELETE. Rows that have ended are removed by the store.
--
-- An operator's view of it: which keys have tokens, and until when.
--   SELECT convert_from(key, 'UTF8') AS key, version, ends_at FROM ilert_tokens WHERE kind = 'tokens';
-- The keys of sessions are secrets. Keep them out of logs and tickets.

CREATE TABLE IF NOT EXISTS "ilert_tokens" (
  kind text NOT NULL,           -- 'tokens', or 'lease'
  key bytea NOT NULL,           -- UTF-8 as bytes: text cannot hold U+0000, and depends on the encoding of the database
  version bigint,               -- counts the writes of a grant; null in a lease, and in the mark of a grant that was ended
  data bytea,                   -- sealed tokens, or who holds a lease
  owner text,                   -- whose tokens: a keyed hash of ilert's user id; null in a lease, and if that is not known
  ends_at timestamptz NOT NULL, -- by the clock of the database; a row means nothing from then on, and is removed later
  PRIMARY KEY (kind, key)
);
CREATE INDEX IF NOT EXISTS "ilert_tokens_ends_at" ON "ilert_tokens" (ends_at);
CREATE INDEX IF NOT EXISTS "ilert_tokens_owner" ON "ilert_tokens" (owner, key) WHERE owner IS NOT NULL;
