-- The table of PostgresTokenStore. `await store.createTable()` creates the same one; run this file instead if a tool of
-- yours migrates the database. An app needs SELECT, INSERT, UPDATE and DELETE. Rows that have ended are removed by the store.
--
-- An operator's view of it: who has tokens, and until when.
--   SELECT convert_from(key, 'UTF8') AS key, user_id, version, ends_at FROM ilert_tokens WHERE kind = 'tokens';
-- The keys of sessions are secrets. Keep them out of logs and tickets.

CREATE TABLE IF NOT EXISTS "ilert_tokens" (
  kind text NOT NULL,           -- 'tokens', or 'lease'
  key bytea NOT NULL,           -- UTF-8 as bytes: text cannot hold U+0000, and depends on the encoding of the database
  version bigint,               -- counts the writes of a grant; null in a lease, and in the mark of a grant that was ended
  data bytea,                   -- sealed tokens, or who holds a lease
  user_id text,                 -- the ilert user's id, if it is known
  ends_at timestamptz NOT NULL, -- by the clock of the database; a row means nothing from then on, and is removed later
  PRIMARY KEY (kind, key)
);
CREATE INDEX IF NOT EXISTS "ilert_tokens_ends_at" ON "ilert_tokens" (ends_at);
CREATE INDEX IF NOT EXISTS "ilert_tokens_user_id" ON "ilert_tokens" (user_id, key) WHERE user_id IS NOT NULL;
