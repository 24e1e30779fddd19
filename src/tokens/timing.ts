/*
 * Every duration of the protocol, in milliseconds, each derived from those that it depends on. test/tokens/timing.test.ts
 * has the inequalities that must hold.
 */
import { REFRESH_INTERVAL_SECONDS } from '../ilert/limits.ts'

const SECOND_MS = 1000
const HOUR_MS = 3600 * SECOND_MS
const DAY_MS = 24 * HOUR_MS

// When a refresh is due -------------------------------------------------------------------------------------------------

export const REFRESH_INTERVAL_MS: number = REFRESH_INTERVAL_SECONDS * SECOND_MS

/** A token that is good for less is refreshed before it is used. */
export const MARGIN_MS: number = 10 * SECOND_MS

export const FIRST_BACK_OFF_MS: number = SECOND_MS
export const LAST_BACK_OFF_MS: number = 60 * SECOND_MS

// One refresh at a time over processes ----------------------------------------------------------------------------------

/**
 * For so long after a refresh was begun no other process begins one: as long as a dead process may block others, by its
 * claim or by its lease.
 */
export const CLAIM_MS: number = 15 * SECOND_MS

/**
 * How soon after its claim a process asks ilert. Others begin when the claim ends: a process that stood still longer claims
 * anew.
 */
export const ASK_WITHIN_MS: number = CLAIM_MS / 3

/** How often to look whether another process's refresh has come to its end. */
export const POLL_MS = 500
export const MOST_POLLS: number = CLAIM_MS / POLL_MS

/** How long after a claim a store that does not compare and set is read again: another process may have claimed as well. */
export const CLAIM_SETTLES_MS = 100

/** How long after new tokens were written such a store is read again: another process may have overwritten them. */
export const MAKE_SURE_AFTER_MS: readonly number[] = [500, 5 * SECOND_MS]

/** Without a lease another process may still be writing what made ilert refuse ours: the waits before each look. */
export const SECOND_LOOKS_MS: readonly number[] = [0, 250, 650, 1100]

// How old what is known may be ------------------------------------------------------------------------------------------

/** How old the last confirmed read of a grant's record may be before whatever uses its tokens waits for a new one. */
export const STALE_MS: number = 60 * SECOND_MS

/** From this age on it is read in the background, so that the requests of a busy grant never wait. */
export const AGING_MS: number = STALE_MS / 2

/** For so long after a read that failed, or took too long, no other one is waited for or begun. */
export const READ_BACK_OFF_MS: number = 5 * SECOND_MS

/** How long a stale grant's user waits for a read. Then the store counts as unavailable, and the present token is used. */
export const READ_PATIENCE_MS = 1500

/** A grant that seems to have ended is looked up again before anyone is told, but not more often than this. */
export const LOOK_AGAIN_MS: number = SECOND_MS

/** A store that has not answered by then is unavailable. Stores of this package give up sooner by themselves. */
export const STORE_TIMEOUT_MS: number = 10 * SECOND_MS

// How long records live -------------------------------------------------------------------------------------------------

/** How long an ended grant refuses to be written again, at least; and how much longer than its session that is. */
export const TOMBSTONE_MS: number = DAY_MS

/**
 * A record that vanished from its store without a tombstone (a Redis that restarted empty), or fell back to an older one,
 * is written again by a process that saw it not longer ago than this. An hour would not do: that is an access token's
 * life, after which a user who paused comes back.
 */
export const RESTORE_WITHIN_MS: number = TOMBSTONE_MS - HOUR_MS

/** Clocks of two processes differ by less. A time further ahead is from before a clock was set back, and counts as now. */
export const MOST_SKEW_MS: number = DAY_MS

/** A store keeps no record for longer. A refresh token that never expires is written again long before. */
export const LONGEST_TTL_MS: number = 10 * 365 * DAY_MS
