/*
 * store.c - the parameters.
 *
 *	table		hash -> record
 *	blocks		[ a b d ] [ f g ] [ k m n p ]	by address bytes
 *
 *	heap		by the time each would expire if left alone
 *	leaving		oldest - ... - newest, and the same of the locked
 *
 * The ordered index is a list of blocks of pointers: finding is two binary
 * searches, adding moves at most one block's pointers.
 *
 * A place in the heap is where its record stood when it was put there: being
 * touched only makes a record live longer, so it is looked at again when that
 * time comes, and a write or a get does not move it.
 *
 * How records are treated (strategy, range) is kept once for all that are
 * treated alike: a record has the number of its manner, 0 for most of them.
 *
 * The list `leaving` is in the order of the last touch.  A locked record that
 * is met at its front is put aside, so that it is passed once; it comes back
 * when it is touched or its lock is given back.
 */
#include "core/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "wire/address.h"
#include "wire/message.h"

#define BLOCK_MAX	128	/* records in a block */

struct block {
	uint32_t	 count;
	struct clasp_record *records[BLOCK_MAX];
};

struct clasp_lock {
	struct clasp_author *holder;
	struct clasp_record *record;
	struct clasp_lock *next, **back;	/* of the same holder */
};

struct due {
	uint64_t	 at_us;		/* not before */
	struct clasp_record *record;
};

struct leaving {
	struct clasp_record *first, *last;
};

/* Of struct clasp_policy what a record needs to know. */
struct manner {
	uint8_t		 strategy;	/* enum clasp_strategy */
	bool		 has_range;
	bool		 judges;	/* a write may be refused for it */
	struct clasp_range range;
};

struct rule {
	struct clasp_str path;		/* owned */
	uint16_t	 manner;
};

struct clasp_store {
	struct clasp_table table;
	struct block	**blocks;
	uint32_t	 nblocks, cap_blocks;
	uint32_t	 max_params;
	uint32_t	 ttl_s;
	uint8_t		 evict;		/* enum clasp_evict */
	uint64_t	 generation;
	size_t		 snapshot_bytes;
	struct due	*heap;
	uint32_t	 ndue, cap_due;	/* room for every record */
	struct leaving	 leaving[2];	/* [1]: those put aside */
	struct rule	*rules;		/* owned; first match first */
	uint32_t	 nrules;
	struct manner	*manners;	/* owned; [0]: nothing special */
	uint32_t	 nmanners;
	uint64_t	 expired, evicted;
	uint16_t	 lost_len;
	char		 lost[CLASP_ADDRESS_MAX];
};

/* --------------------------------------------------------------- authors */

struct clasp_author *
clasp_author_new(struct clasp_str id)
{
	struct clasp_author *author = malloc(sizeof *author + id.len + 1);

	if (author == NULL)
		return NULL;
	author->refs = 1;
	author->len = (uint32_t)id.len;
	author->nlocks = 0;
	author->locks = NULL;
	if (id.len > 0)
		memcpy(author->id, id.p, id.len);
	author->id[id.len] = '\0';
	return author;
}

void
clasp_author_drop(struct clasp_author *author)
{
	if (author != NULL && --author->refs == 0)
		free(author);
}

/* ----------------------------------------------------------------- locks */

static void
lock_release(struct clasp_record *r)
{
	struct clasp_lock *lock = r->lock;

	if (lock == NULL)
		return;
	lock->holder->nlocks--;
	*lock->back = lock->next;
	if (lock->next != NULL)
		lock->next->back = lock->back;
	clasp_author_drop(lock->holder);
	free(lock);
	r->lock = NULL;
}

static void
lock_take(struct clasp_record *r, struct clasp_lock *lock,
    struct clasp_author *holder)
{
	holder->refs++;
	holder->nlocks++;
	lock->holder = holder;
	lock->record = r;
	lock->next = holder->locks;
	lock->back = &holder->locks;
	if (lock->next != NULL)
		lock->next->back = &lock->next;
	holder->locks = lock;
	r->lock = lock;
}

struct clasp_str
clasp_author_locked(const struct clasp_author *author,
    const struct clasp_lock **at)
{
	*at = *at != NULL ? (*at)->next : author->locks;
	return *at != NULL ? clasp_record_address((*at)->record) :
	    CLASP_STR_NONE;
}

struct clasp_author *
clasp_record_holder(const struct clasp_record *r)
{
	return r->lock ? r->lock->holder : NULL;
}

/* --------------------------------------------------------------- records */

int
clasp_record_value(const struct clasp_record *r, struct clasp_arena *arena,
    struct clasp_value *out)
{
	struct clasp_reader in = clasp_reader_on(clasp_record_data(r),
	    r->data_len);

	return clasp_value_get(&in, r->code, arena, 0, out);
}

size_t
clasp_record_snapshot_bytes(const struct clasp_record *r)
{
	return 2u + r->address_len + 1 + r->data_len + 8 + 1 + 2 +
	    r->author->len + 8;
}

uint64_t
clasp_record_expiry(const struct clasp_store *store,
    const struct clasp_record *r)
{
	uint32_t ttl = r->own_ttl ? r->ttl : store->ttl_s;
	uint64_t from = r->accessed_us;

	if (ttl == CLASP_TTL_NEVER || r->lock != NULL)
		return UINT64_MAX;
	if (ttl & CLASP_TTL_ABSOLUTE) {
		from = r->timestamp_us;
		ttl &= ~CLASP_TTL_ABSOLUTE;
	}
	return from + (uint64_t)ttl * 1000000;
}

static inline bool
expired(const struct clasp_store *store, const struct clasp_record *r,
    uint64_t now_us)
{
	return clasp_record_expiry(store, r) <= now_us;
}

static struct clasp_str
record_key(const void *entry)
{
	return clasp_record_address(entry);
}

static void
record_free(struct clasp_record *r)
{
	lock_release(r);
	clasp_author_drop(r->author);
	if (r->data_len > CLASP_RECORD_INLINE)
		free(r->data.far);
	free(r);
}

/* -------------------------------------------------------------- lifetimes */

static void
due_put(struct clasp_store *store, uint32_t i, struct due due)
{
	store->heap[i] = due;
	due.record->due = i + 1;
}

static void
due_rise(struct clasp_store *store, uint32_t i, struct due due)
{
	uint32_t up;

	for (; i > 0; i = up) {
		up = (i - 1) / 2;
		if (store->heap[up].at_us <= due.at_us)
			break;
		due_put(store, i, store->heap[up]);
	}
	due_put(store, i, due);
}

static void
due_sink(struct clasp_store *store, uint32_t i, struct due due)
{
	uint32_t down;

	for (; (down = 2 * i + 1) < store->ndue; i = down) {
		if (down + 1 < store->ndue && store->heap[down + 1].at_us <
		    store->heap[down].at_us)
			down++;
		if (due.at_us <= store->heap[down].at_us)
			break;
		due_put(store, i, store->heap[down]);
	}
	due_put(store, i, due);
}

static void
due_remove(struct clasp_store *store, struct clasp_record *r)
{
	struct due last;
	uint32_t i;

	if (r->due == 0)
		return;
	i = r->due - 1;
	r->due = 0;
	last = store->heap[--store->ndue];
	if (last.record == r)
		return;
	if (i > 0 && last.at_us < store->heap[(i - 1) / 2].at_us)
		due_rise(store, i, last);
	else
		due_sink(store, i, last);
}

/* It may expire sooner than it stands in the heap, or stands in none. */
static void
due_update(struct clasp_store *store, struct clasp_record *r)
{
	struct due due = { clasp_record_expiry(store, r), r };

	if (due.at_us == UINT64_MAX)
		return;		/* found when its old time comes */
	if (r->due == 0)
		due_rise(store, store->ndue++, due);
	else if (due.at_us < store->heap[r->due - 1].at_us)
		due_rise(store, r->due - 1, due);
}

/* Room in the heap for one record more than there are. */
static int
due_reserve(struct clasp_store *store)
{
	uint32_t cap = store->cap_due ? store->cap_due * 2 : 64;
	struct due *heap;

	if (store->table.count < store->cap_due)
		return 0;
	heap = realloc(store->heap, cap * sizeof *heap);
	if (heap == NULL)
		return CLASP_ENOMEM;
	store->heap = heap;
	store->cap_due = cap;
	return 0;
}

/* ------------------------------------------------------- order of leaving */

static bool
has_order(const struct clasp_store *store)
{
	return store->max_params > 0 && store->evict != CLASP_EVICT_REJECT;
}

static void
leaving_remove(struct clasp_store *store, struct clasp_record *r)
{
	struct leaving *list = &store->leaving[r->aside];

	if (r->older != NULL)
		r->older->newer = r->newer;
	else
		list->first = r->newer;
	if (r->newer != NULL)
		r->newer->older = r->older;
	else
		list->last = r->older;
}

/* In front of `next`, or last when that is NULL. */
static void
leaving_insert(struct clasp_store *store, struct clasp_record *r,
    struct clasp_record *next, bool aside)
{
	struct leaving *list = &store->leaving[aside];

	r->aside = aside;
	r->newer = next;
	r->older = next ? next->older : list->last;
	if (r->older != NULL)
		r->older->newer = r;
	else
		list->first = r;
	if (next != NULL)
		next->older = r;
	else
		list->last = r;
}

static void
touch(struct clasp_store *store, struct clasp_record *r)
{
	if (!has_order(store) || store->leaving[0].last == r)
		return;
	leaving_remove(store, r);
	leaving_insert(store, r, NULL, false);
}

static uint64_t
touched_us(const struct clasp_store *store, const struct clasp_record *r)
{
	return store->evict == CLASP_EVICT_LRU ? r->accessed_us :
	    r->timestamp_us;
}

/* Not locked any more: back to where it belongs, which is near the front. */
static void
come_back(struct clasp_store *store, struct clasp_record *r)
{
	struct clasp_record *next = store->leaving[0].first;

	if (!r->aside)
		return;
	while (next != NULL && touched_us(store, next) < touched_us(store, r))
		next = next->newer;
	leaving_remove(store, r);
	leaving_insert(store, r, next, false);
}

void
clasp_store_release(struct clasp_store *store, struct clasp_author *author)
{
	struct clasp_record *r;

	while (author->locks != NULL) {
		r = author->locks->record;
		lock_release(r);
		come_back(store, r);
		due_update(store, r);
		/* it lived for its lock alone, maybe */
		store->generation++;
	}
}

/* --------------------------------------------------------- ordered index */

/* The block an address belongs to: the last that begins at or before it. */
static uint32_t
find_block(const struct clasp_store *store, struct clasp_str address)
{
	uint32_t low = 0, high = store->nblocks, mid;

	while (high - low > 1) {
		mid = low + (high - low) / 2;
		if (clasp_str_cmp(clasp_record_address(
		    store->blocks[mid]->records[0]), address) <= 0)
			low = mid;
		else
			high = mid;
	}
	return low;
}

/* The first slot whose address is not before this one. */
static uint32_t
find_slot(const struct block *b, struct clasp_str address)
{
	uint32_t low = 0, high = b->count, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (clasp_str_cmp(clasp_record_address(b->records[mid]),
		    address) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* An empty block in front of number i. */
static struct block *
block_add(struct clasp_store *store, uint32_t i)
{
	uint32_t cap = store->cap_blocks ? store->cap_blocks * 2 : 16;
	struct block **blocks, *b;

	if (store->nblocks == store->cap_blocks) {
		blocks = realloc(store->blocks, cap * sizeof *blocks);
		if (blocks == NULL)
			return NULL;
		store->blocks = blocks;
		store->cap_blocks = cap;
	}
	b = malloc(sizeof *b);
	if (b == NULL)
		return NULL;
	b->count = 0;
	memmove(&store->blocks[i + 1], &store->blocks[i],
	    (store->nblocks - i) * sizeof b);
	store->blocks[i] = b;
	store->nblocks++;
	return b;
}

static int
index_add(struct clasp_store *store, struct clasp_record *r)
{
	struct clasp_str address = clasp_record_address(r);
	struct block *b, *half;
	uint32_t i, slot;

	if (store->nblocks == 0 && block_add(store, 0) == NULL)
		return CLASP_ENOMEM;
	i = find_block(store, address);
	b = store->blocks[i];
	slot = find_slot(b, address);
	if (b->count == BLOCK_MAX) {
		half = block_add(store, i + 1);
		if (half == NULL)
			return CLASP_ENOMEM;
		/* ascending input fills its blocks */
		if (slot < BLOCK_MAX || i + 2 < store->nblocks) {
			half->count = BLOCK_MAX / 2;
			b->count -= half->count;
			memcpy(half->records, &b->records[b->count],
			    half->count * sizeof r);
		}
		if (slot >= b->count) {
			slot -= b->count;
			b = half;
		}
	}
	memmove(&b->records[slot + 1], &b->records[slot],
	    (b->count - slot) * sizeof r);
	b->records[slot] = r;
	b->count++;
	return 0;
}

static void
index_remove(struct clasp_store *store, const struct clasp_record *r)
{
	struct clasp_str address = clasp_record_address(r);
	uint32_t i = find_block(store, address);
	struct block *b = store->blocks[i];
	uint32_t slot = find_slot(b, address);

	b->count--;
	memmove(&b->records[slot], &b->records[slot + 1],
	    (b->count - slot) * sizeof r);
	if (b->count > 0)
		return;
	free(b);
	store->nblocks--;
	memmove(&store->blocks[i], &store->blocks[i + 1],
	    (store->nblocks - i) * sizeof b);
}

/* --------------------------------------------------------------- manners */

static bool
same_manner(const struct manner *a, const struct manner *b)
{
	if (a->strategy != b->strategy || a->has_range != b->has_range)
		return false;
	return !a->has_range ||
	    (clasp_value_equal(&a->range.low, &b->range.low) &&
	    clasp_value_equal(&a->range.high, &b->range.high));
}

/* The number of such a manner, new if need be; or an error. */
static int
manner_number(struct clasp_store *store, const struct clasp_policy *policy)
{
	struct manner m = {
		.strategy = (uint8_t)policy->strategy,
		.has_range = policy->has_range,
		.judges = policy->has_range ||
		    policy->strategy == CLASP_STRATEGY_MAX ||
		    policy->strategy == CLASP_STRATEGY_MIN,
	}, *manners;
	uint32_t i;

	if (m.has_range)
		m.range = policy->range;
	for (i = 0; i < store->nmanners; i++)
		if (same_manner(&store->manners[i], &m))
			return (int)i;
	if (i > UINT16_MAX)
		return CLASP_ETOOBIG;
	manners = realloc(store->manners, (i + 1) * sizeof m);
	if (manners == NULL)
		return CLASP_ENOMEM;
	store->manners = manners;
	manners[store->nmanners++] = m;
	return (int)i;
}

static void
rules_free(struct rule *rules, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		free((char *)rules[i].path.p);
	free(rules);
}

int
clasp_store_configure(struct clasp_store *store,
    const struct clasp_policy *policies, uint32_t count)
{
	struct rule *rules = calloc(count + (size_t)1, sizeof *rules);
	uint32_t i;
	char *path;
	int n;

	if (rules == NULL)
		return CLASP_ENOMEM;
	for (i = 0; i < count; i++) {
		n = manner_number(store, &policies[i]);
		path = malloc(policies[i].path.len + 1);
		if (n < 0 || path == NULL) {
			free(path);
			rules_free(rules, i);
			return n < 0 ? n : CLASP_ENOMEM;
		}
		memcpy(path, policies[i].path.p, policies[i].path.len);
		rules[i].path = clasp_str_of(path, policies[i].path.len);
		rules[i].manner = (uint16_t)n;
	}
	rules_free(store->rules, store->nrules);
	store->rules = rules;
	store->nrules = count;
	return 0;
}

/* How a record of this address would be treated. */
static uint16_t
manner_of(const struct clasp_store *store, struct clasp_str address)
{
	uint32_t i;

	for (i = 0; i < store->nrules; i++)
		if (clasp_pattern_match(store->rules[i].path, address))
			return store->rules[i].manner;
	return 0;
}

struct clasp_policy
clasp_record_policy(const struct clasp_store *store,
    const struct clasp_record *r)
{
	const struct manner *m = &store->manners[r->manner];

	return (struct clasp_policy){ .strategy = m->strategy,
	    .has_range = m->has_range, .range = m->range };
}

/* ----------------------------------------------------------------- store */

struct clasp_store *
clasp_store_new(uint32_t max_params, uint32_t ttl_s, enum clasp_evict evict)
{
	const struct clasp_policy nothing = { 0 };
	struct clasp_store *store = calloc(1, sizeof *store);

	if (store == NULL || manner_number(store, &nothing) < 0) {
		free(store);
		return NULL;
	}
	store->table.key = record_key;
	store->max_params = max_params;
	store->ttl_s = ttl_s & ~CLASP_TTL_ABSOLUTE;
	store->evict = (uint8_t)evict;
	return store;
}

void
clasp_store_free(struct clasp_store *store)
{
	uint32_t i, k;

	if (store == NULL)
		return;
	for (i = 0; i < store->nblocks; i++) {
		for (k = 0; k < store->blocks[i]->count; k++)
			record_free(store->blocks[i]->records[k]);
		free(store->blocks[i]);
	}
	free(store->blocks);
	free(store->heap);
	rules_free(store->rules, store->nrules);
	free(store->manners);
	clasp_table_clear(&store->table);
	free(store);
}

uint32_t
clasp_store_count(const struct clasp_store *store)
{
	return (uint32_t)store->table.count;
}

uint64_t
clasp_store_generation(const struct clasp_store *store)
{
	return store->generation;
}

size_t
clasp_store_snapshot_bytes(const struct clasp_store *store)
{
	return store->snapshot_bytes;
}

uint64_t
clasp_store_next_expiry(const struct clasp_store *store)
{
	return store->ndue > 0 ? store->heap[0].at_us : UINT64_MAX;
}

void
clasp_store_losses(const struct clasp_store *store, struct clasp_losses *out)
{
	out->expired = store->expired;
	out->evicted = store->evicted;
	out->last = clasp_str_of(store->lost, store->lost_len);
}

static void
note_loss(struct clasp_store *store, const struct clasp_record *r)
{
	store->lost_len = r->address_len;
	memcpy(store->lost, r->address, r->address_len);
}

static void
forget(struct clasp_store *store, struct clasp_record *r, uint64_t hash)
{
	clasp_table_remove(&store->table, hash, r);
	index_remove(store, r);
	due_remove(store, r);
	if (has_order(store))
		leaving_remove(store, r);
	store->snapshot_bytes -= clasp_record_snapshot_bytes(r);
	store->generation++;
	record_free(r);
}

static void
expire(struct clasp_store *store, struct clasp_record *r, uint64_t hash)
{
	store->expired++;
	note_loss(store, r);
	forget(store, r, hash);
}

/* The record if it is alive; a dead one is reclaimed. */
static struct clasp_record *
living(struct clasp_store *store, struct clasp_str address, uint64_t hash,
    uint64_t now_us)
{
	struct clasp_record *r = clasp_table_get(&store->table, hash, address);

	if (r != NULL && expired(store, r, now_us)) {
		expire(store, r, hash);
		return NULL;
	}
	return r;
}

const struct clasp_record *
clasp_store_get(struct clasp_store *store, struct clasp_str address,
    uint64_t hash, uint64_t now_us)
{
	struct clasp_record *r = living(store, address, hash, now_us);

	if (r == NULL)
		return NULL;
	if (now_us > r->accessed_us)
		r->accessed_us = now_us;
	if (store->evict == CLASP_EVICT_LRU)
		touch(store, r);
	return r;
}

const struct clasp_record *
clasp_store_peek(const struct clasp_store *store, struct clasp_str address,
    uint64_t hash, uint64_t now_us)
{
	const struct clasp_record *r = clasp_table_get(&store->table, hash,
	    address);

	return r != NULL && expired(store, r, now_us) ? NULL : r;
}

bool
clasp_store_remove(struct clasp_store *store, struct clasp_str address,
    uint64_t hash)
{
	struct clasp_record *r = clasp_table_get(&store->table, hash, address);

	if (r != NULL)
		forget(store, r, hash);
	return r != NULL;
}

uint64_t
clasp_store_expire(struct clasp_store *store, uint64_t now_us, uint32_t most)
{
	struct clasp_record *r;
	struct due due;

	for (; store->ndue > 0 && store->heap[0].at_us <= now_us && most > 0;
	    most--) {
		r = store->heap[0].record;
		due = (struct due){ clasp_record_expiry(store, r), r };
		if (due.at_us == UINT64_MAX)
			due_remove(store, r);
		else if (due.at_us > now_us)
			due_sink(store, 0, due);
		else
			expire(store, r, clasp_hash(clasp_record_address(r)));
	}
	return clasp_store_next_expiry(store);
}

/* --------------------------------------------------------------- capacity */

/* Is there no room for another record?  What has expired takes none. */
static bool
is_full(struct clasp_store *store, int64_t grown, uint64_t now_us)
{
	if (store->max_params == 0 ||
	    (int64_t)store->table.count + grown < store->max_params)
		return false;
	clasp_store_expire(store, now_us, UINT32_MAX);
	return (int64_t)store->table.count + grown >= store->max_params;
}

/*
 * Who would leave next, those excepted that the overlay has changed: they
 * have been touched, or have left already.  Nothing may be written, and
 * nothing expire, between two calls with one overlay.
 */
static struct clasp_record *
next_to_leave(struct clasp_store *store, struct clasp_overlay *overlay)
{
	struct clasp_str address;
	struct clasp_record *r;
	int i;

	for (i = 0; i < 2; i++) {
		/* before a locked one would go what the overlay has touched */
		if (i == 1 && overlay->changed.count > 1)
			return NULL;
		if (!overlay->begun[i])
			overlay->next[i] = store->leaving[i].first;
		overlay->begun[i] = true;
		while ((r = overlay->next[i]) != NULL) {
			overlay->next[i] = r->newer;
			address = clasp_record_address(r);
			if (i == 0 && r->lock != NULL) {
				leaving_remove(store, r);
				leaving_insert(store, r, NULL, true);
			} else if (clasp_table_get(&overlay->changed,
			    clasp_hash(address), address) == NULL) {
				return r;
			}
		}
	}
	return NULL;
}

/* Room for one more, which judge() has found to be allowed. */
static void
make_room(struct clasp_store *store, uint64_t now_us)
{
	struct clasp_overlay nothing = { 0 };
	struct clasp_record *r;

	if (!is_full(store, 0, now_us))
		return;
	r = next_to_leave(store, &nothing);
	store->evicted++;
	note_loss(store, r);
	forget(store, r, clasp_hash(clasp_record_address(r)));
}

/* ----------------------------------------------------------------- write */

/* All that the rules of a write look at. */
struct standing {
	bool		 exists;
	bool		 brief;		/* its lifetime is absolute zero */
	uint16_t	 manner;
	uint64_t	 revision;
	const struct clasp_author *holder;
	struct clasp_value value;	/* if its manner judges */
};

/* How things stand; r may be NULL. */
static void
stand(const struct clasp_store *store, const struct clasp_record *r,
    struct clasp_str address, struct standing *s)
{
	s->exists = r != NULL;
	s->brief = r != NULL && r->own_ttl && r->ttl == CLASP_TTL_ABSOLUTE;
	s->revision = 0;
	s->holder = NULL;
	if (r == NULL) {
		s->manner = manner_of(store, address);
		return;
	}
	s->revision = r->revision;
	s->holder = clasp_record_holder(r);
	s->manner = r->manner;
	s->value = clasp_null();
	/* only numbers are compared, and these need no memory */
	if (store->manners[r->manner].judges &&
	    r->code >= CLASP_CODE_I8 && r->code <= CLASP_CODE_F64)
		clasp_record_value(r, NULL, &s->value);
}

static int
left_range(const struct clasp_range *range, struct clasp_outcome *out)
{
	out->range = *range;
	return CLASP_ERANGE;
}

/* The value's part in it. */
static int
judge_value(const struct clasp_store *store, const struct standing *s,
    const struct clasp_write *w, struct clasp_outcome *out)
{
	const struct manner *m = &store->manners[s->manner];
	struct clasp_range announced;

	if (m->has_range && !clasp_range_holds(&m->range, &w->value))
		return left_range(&m->range, out);
	if (w->has_range) {
		announced.low = clasp_float(w->low);
		announced.high = clasp_float(w->high);
		if (!clasp_range_holds(&announced, &w->value))
			return left_range(&announced, out);
	}
	if (!s->exists)
		return 0;
	out->strategy = m->strategy;
	return clasp_strategy_judge(m->strategy, &s->value, &w->value);
}

/*
 * May it be written, and what comes of it?  The order of the steps is what
 * decides which of several reasons a writer is told.
 */
static int
judge(const struct clasp_store *store, const struct standing *s,
    const struct clasp_write *w, struct clasp_outcome *out)
{
	int error = 0;

	out->holder = s->exists ? s->holder : NULL;
	out->revision = s->exists ? s->revision : 0;
	if (w->has_revision && w->revision != out->revision)
		return CLASP_EREVISION;
	if (out->holder != NULL && out->holder != w->author)
		return CLASP_ELOCKED;
	if (w->has_range || store->manners[s->manner].judges)
		error = judge_value(store, s, w, out);
	if (error < 0)
		return error;
	out->revision++;
	if (w->unlock && s->exists)
		out->holder = NULL;
	if (w->lock)
		out->holder = w->author;
	return 0;
}

/* Is its lifetime absolute zero after the write? */
static bool
is_brief(const struct standing *s, const struct clasp_write *w)
{
	return w->has_ttl ? w->ttl == CLASP_TTL_ABSOLUTE :
	    s->exists && s->brief;
}

/* Then the write counts, and only a lock keeps the record. */
static bool
leaves_nothing(const struct standing *s, const struct clasp_write *w,
    const struct clasp_outcome *out)
{
	return is_brief(s, w) && out->holder == NULL;
}

/* Put the value's bytes into the record; on error it is as before. */
static int
put_value(struct clasp_record *r, const struct clasp_value *v)
{
	size_t n = clasp_value_size(v);
	uint8_t near[CLASP_RECORD_INLINE], *p = near;
	struct clasp_writer w;
	int error;

	if (n > UINT16_MAX)
		return CLASP_ETOOBIG;
	if (n > CLASP_RECORD_INLINE) {
		p = malloc(n);
		if (p == NULL)
			return CLASP_ENOMEM;
	}
	w = clasp_writer_on(p, n);
	error = clasp_value_put(&w, v);
	if (error < 0) {
		if (p != near)
			free(p);
		return error;
	}
	if (r->data_len > CLASP_RECORD_INLINE)
		free(r->data.far);
	if (p == near)
		memcpy(r->data.bytes, near, sizeof near);
	else
		r->data.far = p;
	r->data_len = (uint32_t)n;
	r->code = clasp_value_code(v);
	return 0;
}

static struct clasp_record *
record_new(const struct clasp_write *w)
{
	struct clasp_record *r = malloc(sizeof *r + w->address.len);

	if (r == NULL)
		return NULL;
	memset(r, 0, sizeof *r);
	r->address_len = (uint16_t)w->address.len;
	memcpy(r->address, w->address.p, w->address.len);
	return r;
}

/* Everything of an accepted write that cannot fail. */
static void
stamp(struct clasp_store *store, struct clasp_record *r,
    const struct clasp_write *w, struct clasp_lock *lock, uint64_t now_us)
{
	if (w->unlock)
		lock_release(r);
	if (lock != NULL)
		lock_take(r, lock, w->author);
	if (r->author != w->author) {
		w->author->refs++;
		clasp_author_drop(r->author);
		r->author = w->author;
	}
	if (now_us > r->timestamp_us)
		r->timestamp_us = now_us;
	if (now_us > r->accessed_us)
		r->accessed_us = now_us;
	r->revision++;
	if (w->has_ttl) {
		r->ttl = w->ttl;
		r->own_ttl = true;
	}
	if (r->due == 0 || w->has_ttl || w->unlock)
		due_update(store, r);
	touch(store, r);
	store->generation++;
}

/* With `keep` false the value is looked at and that is all. */
static int
create(struct clasp_store *store, const struct clasp_write *w,
    uint16_t manner, struct clasp_lock *lock, bool keep, uint64_t now_us)
{
	struct clasp_record *r = record_new(w);
	int error;

	if (r == NULL)
		return CLASP_ENOMEM;
	r->manner = manner;
	error = put_value(r, &w->value);
	if (error == 0 && !keep) {
		record_free(r);
		return 0;
	}
	if (error == 0) {
		make_room(store, now_us);
		error = due_reserve(store);
	}
	if (error == 0)
		error = clasp_table_add(&store->table, w->hash, r);
	if (error == 0) {
		error = index_add(store, r);
		if (error < 0)
			clasp_table_remove(&store->table, w->hash, r);
	}
	if (error < 0) {
		record_free(r);
		return error;
	}
	if (has_order(store))
		leaving_insert(store, r, NULL, false);
	stamp(store, r, w, lock, now_us);
	store->snapshot_bytes += clasp_record_snapshot_bytes(r);
	return 0;
}

int
clasp_store_set(struct clasp_store *store, const struct clasp_write *w,
    uint64_t now_us, struct clasp_outcome *out)
{
	struct clasp_record *r = living(store, w->address, w->hash, now_us);
	struct clasp_lock *lock = NULL;
	struct standing s;
	size_t before;
	bool gone;
	int error;

	stand(store, r, w->address, &s);
	error = judge(store, &s, w, out);
	if (error < 0)
		return error;
	gone = leaves_nothing(&s, w, out);
	if (r == NULL && !gone && store->evict == CLASP_EVICT_REJECT &&
	    is_full(store, 0, now_us))
		return CLASP_EFULL;
	if (w->lock && (s.holder == NULL || w->unlock)) {
		lock = malloc(sizeof *lock);
		if (lock == NULL)
			return CLASP_ENOMEM;
	}
	if (r == NULL) {
		error = create(store, w, s.manner, lock, !gone, now_us);
	} else {
		before = clasp_record_snapshot_bytes(r);
		error = put_value(r, &w->value);
		if (error == 0) {
			stamp(store, r, w, lock, now_us);
			store->snapshot_bytes +=
			    clasp_record_snapshot_bytes(r) - before;
		}
	}
	if (error < 0) {
		free(lock);
		return error;
	}
	if (r != NULL && gone)
		clasp_store_remove(store, w->address, w->hash);
	return 0;
}

/* --------------------------------------------------------------- overlay */

struct changed {
	struct clasp_str address;
	struct standing	 standing;
};

static struct clasp_str
changed_key(const void *entry)
{
	return ((const struct changed *)entry)->address;
}

void
clasp_overlay_init(struct clasp_overlay *overlay, struct clasp_arena *arena)
{
	memset(overlay, 0, sizeof *overlay);
	overlay->changed.key = changed_key;
	overlay->arena = arena;
}

void
clasp_overlay_clear(struct clasp_overlay *overlay)
{
	clasp_table_clear(&overlay->changed);
}

/* How an address stands after the writes tried so far. */
static struct changed *
standing(struct clasp_store *store, struct clasp_overlay *overlay,
    const struct clasp_write *w, uint64_t now_us)
{
	struct changed *c = clasp_table_get(&overlay->changed, w->hash,
	    w->address);

	if (c != NULL)
		return c;
	c = clasp_arena_alloc(overlay->arena, sizeof *c);
	if (c == NULL)
		return NULL;
	c->address = w->address;
	stand(store, living(store, w->address, w->hash, now_us), w->address,
	    &c->standing);
	if (clasp_table_add(&overlay->changed, w->hash, c) < 0)
		return NULL;
	return c;
}

/* One more record, in the overlay: somebody may have to leave for it. */
static int
try_create(struct clasp_store *store, struct clasp_overlay *overlay,
    uint64_t now_us)
{
	struct clasp_record *leaver;
	struct changed *c;

	if (is_full(store, overlay->grown, now_us)) {
		leaver = store->evict == CLASP_EVICT_REJECT ? NULL :
		    next_to_leave(store, overlay);
		/* nor does a bundle push out its own members */
		if (leaver == NULL)
			return CLASP_EFULL;
		c = clasp_arena_alloc(overlay->arena, sizeof *c);
		if (c == NULL)
			return CLASP_ENOMEM;
		c->address = clasp_record_address(leaver);
		stand(store, NULL, c->address, &c->standing);
		if (clasp_table_add(&overlay->changed,
		    clasp_hash(c->address), c) < 0)
			return CLASP_ENOMEM;
		overlay->grown--;
	}
	overlay->grown++;
	return 0;
}

int
clasp_store_try(struct clasp_store *store, struct clasp_overlay *overlay,
    const struct clasp_write *w, uint64_t now_us, struct clasp_outcome *out)
{
	struct changed *c = standing(store, overlay, w, now_us);
	bool gone;
	int error;

	if (c == NULL)
		return CLASP_ENOMEM;
	error = judge(store, &c->standing, w, out);
	if (error < 0)
		return error;
	gone = leaves_nothing(&c->standing, w, out);
	if (!c->standing.exists && !gone)
		error = try_create(store, overlay, now_us);
	else if (c->standing.exists && gone)
		overlay->grown--;
	if (error < 0)
		return error;
	c->standing.brief = is_brief(&c->standing, w);
	c->standing.exists = !gone;
	c->standing.revision = out->revision;
	c->standing.holder = out->holder;
	c->standing.value = clasp_value_is_number(&w->value) ? w->value :
	    clasp_null();
	if (gone)
		c->standing.manner = manner_of(store, w->address);
	return 0;
}

/* ------------------------------------------------------------------ walk */

/* What every address begins with that the pattern matches. */
static struct clasp_str
literal_prefix(struct clasp_str pattern, bool *subtree)
{
	const char *star = memchr(pattern.p, '*', pattern.len);
	struct clasp_str prefix = pattern;

	*subtree = false;
	if (star == NULL)
		return prefix;
	prefix.len = (size_t)(star - pattern.p);
	/* a whole segment "**" may be nothing: then the slash before it is */
	if (prefix.p[prefix.len - 1] == '/' &&
	    pattern.len - prefix.len >= 2 && star[1] == '*' &&
	    (pattern.len - prefix.len == 2 || star[2] == '/')) {
		*subtree = pattern.len - prefix.len == 2;
		prefix.len--;
	}
	return prefix;
}

void
clasp_walk_start(struct clasp_walk *walk, const struct clasp_store *store,
    struct clasp_str pattern, struct clasp_str after, uint64_t now_us)
{
	struct clasp_str from;
	const struct block *b;

	walk->store = store;
	walk->pattern = clasp_pattern_trim(pattern);
	walk->prefix = literal_prefix(walk->pattern, &walk->subtree);
	walk->now_us = now_us;
	walk->block = walk->slot = 0;
	walk->budget = UINT32_MAX;
	walk->seen = NULL;
	if (store->nblocks == 0)
		return;
	from = walk->prefix;
	if (after.p != NULL && clasp_str_cmp(after, from) >= 0)
		from = after;
	walk->block = find_block(store, from);
	b = store->blocks[walk->block];
	walk->slot = find_slot(b, from);
	if (walk->slot < b->count && from.p == after.p && clasp_str_eq(after,
	    clasp_record_address(b->records[walk->slot])))
		walk->slot++;
}

static bool
walk_match(const struct clasp_walk *walk, struct clasp_str address)
{
	if (walk->subtree)
		return address.len == walk->prefix.len ||
		    address.p[walk->prefix.len] == '/';
	return clasp_pattern_match(walk->pattern, address);
}

const struct clasp_record *
clasp_walk_next(struct clasp_walk *walk)
{
	const struct clasp_store *store = walk->store;
	const struct clasp_record *r;
	struct clasp_str address;

	for (; walk->block < store->nblocks; walk->block++, walk->slot = 0)
		while (walk->slot < store->blocks[walk->block]->count) {
			if (walk->budget == 0)
				return NULL;
			r = store->blocks[walk->block]->records[walk->slot++];
			address = clasp_record_address(r);
			if (!clasp_str_starts(address, walk->prefix)) {
				walk->block = store->nblocks;
				return NULL;
			}
			walk->budget--;
			walk->seen = r;
			if (walk_match(walk, address) &&
			    !expired(store, r, walk->now_us))
				return r;
		}
	return NULL;
}
