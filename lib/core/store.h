/*
 * store.h - the parameters: values, revisions, locks, lifetimes.
 *
 * A table by address and an index in the order of address bytes, so that a
 * pattern with a literal beginning visits only what begins so.  Values are
 * kept as their bytes on the wire, short ones inside the record.  No I/O, no
 * clock: times are microseconds the caller passes, from one clock that never
 * steps.
 *
 * A record that has outlived its time is absent for every function here,
 * whether its memory has been reclaimed or not; a record whose lock is held
 * does not expire.  When there is no room for a new address, another one goes
 * (enum clasp_evict); one whose lock is held goes last.
 */
#ifndef CLASP_CORE_STORE_H
#define CLASP_CORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/str.h"
#include "core/policy.h"
#include "wire/value.h"

struct clasp_store;
struct clasp_lock;

/* Who writes: a session.  Shared by all records that name it. */
struct clasp_author {
	uint32_t	 refs;
	uint32_t	 len;
	uint32_t	 nlocks;	/* held by it */
	struct clasp_lock *locks;	/* these */
	char		 id[];		/* len bytes and a NUL */
};

static inline struct clasp_str
clasp_author_id(const struct clasp_author *author)
{
	return clasp_str_of(author->id, author->len);
}

/* With one reference for the caller; NULL: no memory. */
struct clasp_author *clasp_author_new(struct clasp_str id);
/* Give a reference back; NULL is nothing. */
void	clasp_author_drop(struct clasp_author *author);

/* Who makes room for a new address. */
enum clasp_evict {
	CLASP_EVICT_LRU,	/* the one longest not written or got */
	CLASP_EVICT_OLDEST,	/* the one longest not written */
	CLASP_EVICT_REJECT	/* nobody: CLASP_EFULL */
};

#define CLASP_RECORD_INLINE	16	/* bytes of a value kept inside */

struct clasp_record {
	uint64_t	 revision;	/* 1 at creation */
	uint64_t	 timestamp_us;	/* last accepted write */
	uint64_t	 accessed_us;	/* last write or get */
	struct clasp_author *author;	/* of the last accepted write */
	struct clasp_lock *lock;	/* NULL: not locked */
	struct clasp_record *older, *newer;	/* in the order of leaving */
	union {
		uint8_t	 bytes[CLASP_RECORD_INLINE];
		uint8_t	*far;
	} data;
	uint32_t	 data_len;	/* the value without its code */
	uint32_t	 ttl;		/* as on the wire, if own_ttl */
	uint32_t	 due;		/* place in the heap + 1; 0: none */
	uint16_t	 address_len;
	uint16_t	 manner;	/* how it is treated, see store.c */
	uint8_t		 code;		/* enum clasp_code */
	bool		 own_ttl;	/* else the store's default */
	bool		 aside;		/* among the locked, see store.c */
	char		 address[];
};

static inline struct clasp_str
clasp_record_address(const struct clasp_record *r)
{
	return clasp_str_of(r->address, r->address_len);
}

static inline const uint8_t *
clasp_record_data(const struct clasp_record *r)
{
	return r->data_len > CLASP_RECORD_INLINE ? r->data.far :
	    r->data.bytes;
}

/* The value, its strings borrowed from the record.  0 or CLASP_ENOMEM. */
int	clasp_record_value(const struct clasp_record *r,
	    struct clasp_arena *arena, struct clasp_value *out);
/* Who holds its lock, or NULL. */
struct clasp_author *clasp_record_holder(const struct clasp_record *r);
/*
 * The addresses that an author has locked, in no order: start with *at NULL;
 * absent at the end.  Nothing may be written between.
 */
struct clasp_str clasp_author_locked(const struct clasp_author *author,
	    const struct clasp_lock **at);
/* When it expires unless something happens; UINT64_MAX: never. */
uint64_t clasp_record_expiry(const struct clasp_store *store,
	    const struct clasp_record *r);

/* max_params 0: unlimited; ttl_s: sliding seconds by default, 0: none. */
struct clasp_store *clasp_store_new(uint32_t max_params, uint32_t ttl_s,
	    enum clasp_evict evict);
void	clasp_store_free(struct clasp_store *store);

/*
 * What is configured for params, first match first; copied.  It is for those
 * created from now on: a record that exists keeps what it was created with.
 * 0, or with nothing changed CLASP_ENOMEM or CLASP_ETOOBIG (more than 65,535
 * different ones in the life of the store).
 */
int	clasp_store_configure(struct clasp_store *store,
	    const struct clasp_policy *policies, uint32_t count);
/* How a record is treated; its path is not told. */
struct clasp_policy clasp_record_policy(const struct clasp_store *store,
	    const struct clasp_record *r);

struct clasp_write {
	struct clasp_str address;	/* valid; not checked here */
	uint64_t	 hash;		/* clasp_hash(address) */
	struct clasp_value value;
	struct clasp_author *author;
	bool		 has_revision, lock, unlock, has_ttl;
	bool		 has_range;	/* announced, besides what is
					 * configured: no NaN, low <= high */
	uint64_t	 revision;	/* expected; 0: must not exist */
	uint32_t	 ttl;
	double		 low, high;
};

struct clasp_outcome {
	/* accepted: the new one; CLASP_EREVISION: the one there is (0: none) */
	uint64_t	 revision;
	/* who holds the lock now, or NULL; CLASP_ELOCKED: who refuses */
	const struct clasp_author *holder;
	struct clasp_range range;	/* CLASP_ERANGE: that is left */
	enum clasp_strategy strategy;	/* CLASP_ESTRATEGY: that refuses */
};

/*
 * Write.  Returns 0, or, with nothing changed and in the order in which they
 * are looked at, CLASP_EREVISION, ELOCKED, ERANGE, ESTRATEGY or EVALUE, EFULL,
 * ENOMEM or an error of the value's encoder.
 */
int	clasp_store_set(struct clasp_store *store,
	    const struct clasp_write *write, uint64_t now_us,
	    struct clasp_outcome *out);

/*
 * What a run of writes would do, one after the other, with nothing done.
 * Addresses are borrowed until clear; memory comes from the arena.
 */
struct clasp_overlay {
	struct clasp_table changed;
	struct clasp_arena *arena;
	int64_t		 grown;		/* records more than there are */
	struct clasp_record *next[2];	/* to leave, of those not locked and
					 * of those aside */
	bool		 begun[2];
};
void	clasp_overlay_init(struct clasp_overlay *overlay,
	    struct clasp_arena *arena);
void	clasp_overlay_clear(struct clasp_overlay *overlay);
int	clasp_store_try(struct clasp_store *store,
	    struct clasp_overlay *overlay, const struct clasp_write *write,
	    uint64_t now_us, struct clasp_outcome *out);

/* The record, or NULL.  get counts as an access, peek does not. */
const struct clasp_record *clasp_store_get(struct clasp_store *store,
	    struct clasp_str address, uint64_t hash, uint64_t now_us);
const struct clasp_record *clasp_store_peek(const struct clasp_store *store,
	    struct clasp_str address, uint64_t hash, uint64_t now_us);
/* Forget a parameter; false when there was none. */
bool	clasp_store_remove(struct clasp_store *store,
	    struct clasp_str address, uint64_t hash);
/* Give back every lock this author holds. */
void	clasp_store_release(struct clasp_store *store,
	    struct clasp_author *author);

/*
 * Reclaim what has expired, looking at `most` records.  Returns a time before
 * which nothing else will, UINT64_MAX when nothing can.  Looks at those only
 * that would have expired if nobody had touched them.
 */
uint64_t clasp_store_expire(struct clasp_store *store, uint64_t now_us,
	    uint32_t most);
uint64_t clasp_store_next_expiry(const struct clasp_store *store);

/* How many have gone without anybody asking, since the store was made. */
struct clasp_losses {
	uint64_t	expired;	/* and reclaimed */
	uint64_t	evicted;
	struct clasp_str last;		/* address of the last; borrowed */
};
void	clasp_store_losses(const struct clasp_store *store,
	    struct clasp_losses *out);

/* Records, those expired but not reclaimed included. */
uint32_t clasp_store_count(const struct clasp_store *store);
/* Changes with every change of what a snapshot shows, expiry excepted. */
uint64_t clasp_store_generation(const struct clasp_store *store);
/* Bytes of a snapshot of everything, at most. */
size_t	clasp_store_snapshot_bytes(const struct clasp_store *store);
/* Bytes of one record in a snapshot, its writer and time included. */
size_t	clasp_record_snapshot_bytes(const struct clasp_record *r);

/*
 * The records that match a pattern, ascending by address bytes.  Nothing may
 * be written between two steps; a walk is taken up again later by starting
 * behind the last address seen.
 */
struct clasp_walk {
	const struct clasp_store *store;
	struct clasp_str pattern;	/* trimmed; borrowed */
	struct clasp_str prefix;	/* what every match begins with */
	bool		 subtree;	/* pattern is prefix and "**" */
	uint32_t	 block, slot;
	uint32_t	 budget;	/* records it may still look at */
	const struct clasp_record *seen;	/* the last looked at */
	uint64_t	 now_us;
};

/* after: absent to begin at the front.  The pattern must be valid. */
void	clasp_walk_start(struct clasp_walk *walk,
	    const struct clasp_store *store, struct clasp_str pattern,
	    struct clasp_str after, uint64_t now_us);
/*
 * The next match, or NULL: at the end, or, with budget 0, behind `seen`.
 * start sets the budget to UINT32_MAX; lower it to bound the time.
 */
const struct clasp_record *clasp_walk_next(struct clasp_walk *walk);

#endif
