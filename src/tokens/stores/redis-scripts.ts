/*
 * What RedisTokenStore has Redis do, each in one step.
 *
 * A record is a string, '<version>:<data>', and a tombstone the word 'ended'; anything else counts as absent. Lua's
 * numbers are doubles, which hold every version up to 2^53 exactly.
 *
 * An index is a sorted set of the keys of records, by the time at which each ends: one of all, and one for each owner. That
 * of all says when a record has ended. An owner's may have keys whose records have ended, or are another owner's by now:
 * who reads it looks at the records. Without an index there is KEYS[1] alone.
 */

const STATE = `
local head = redis.call('GETRANGE', KEYS[1], 0, 16)
local ended = head == 'ended'
local version = tonumber(string.match(head, '^(%d+):'))
`

/** Few of those that have ended are taken out with each write: as many as it can put in, and more. */
const INDEX = `
local function index(name, member, ttl)
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local past = redis.call('ZRANGEBYSCORE', name, '-inf', now, 'LIMIT', 0, 10)
  if #past > 0 then redis.call('ZREM', name, unpack(past)) end
  redis.call('ZADD', name, now + ttl, member)
  if redis.call('PTTL', name) < ttl then redis.call('PEXPIRE', name, ttl) end
end
local function indexAll(member, ttl)
  for i = 2, #KEYS do index(KEYS[i], member, ttl) end
end
local function removeFromIndex(member)
  if KEYS[2] then redis.call('ZREM', KEYS[2], member) end
end
`

export const GET = 'return redis.call("GET", KEYS[1])'

/** ARGV: the milliseconds, the record's key, version and data. */
export const SET: string = `${STATE}${INDEX}
if ended or (version and version >= tonumber(ARGV[3])) then return 0 end
redis.call('SET', KEYS[1], ARGV[3] .. ':' .. ARGV[4], 'PX', ARGV[1])
indexAll(ARGV[2], tonumber(ARGV[1]))
return 1
`

/** ARGV: the milliseconds, and the record's key. */
export const TOUCH: string = `${STATE}${INDEX}
if not version then return 0 end
indexAll(ARGV[2], tonumber(ARGV[1]))
return redis.call('PEXPIRE', KEYS[1], ARGV[1])
`

/** ARGV: the milliseconds, and the record's key. The longer one of two tombstones stays: each was promised to a caller. */
export const END: string = `${STATE}${INDEX}
removeFromIndex(ARGV[2])
if ended and redis.call('PTTL', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], 'ended', 'PX', ARGV[1])
return 1
`

/** ARGV: nothing, and the record's key. */
export const DELETE: string = `${INDEX}
removeFromIndex(ARGV[2])
return redis.call('DEL', KEYS[1])
`

// Listing ---------------------------------------------------------------------------------------------------------------

/**
 * A part of an index. ARGV: the cursor, and how many. ZSCAN gives each key that is there all the time once at least. The
 * names of two records in KEYS have Redis Cluster refuse this where it would not keep records and index together.
 */
export const SCAN = `
local found = redis.call('ZSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
return cjson.encode({ found[1], unpack(found[2]) })
`

/** The records of KEYS, or false. */
export const READ = 'return cjson.encode(redis.call("MGET", unpack(KEYS)))'

// Leases ----------------------------------------------------------------------------------------------------------------
// A token that is there already is this waiter's own: a client may send a command again after a reconnect.
export const ACQUIRE = `
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`

export const RENEW = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`

export const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
`
