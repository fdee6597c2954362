/*
 * hash.h - hash of a short string, and a table from strings to pointers.
 *
 * The table keeps neither keys nor values: an entry is the caller's pointer,
 * and `key` tells its key.  Open addressing with linear probing; 16 bytes a
 * slot, at most three quarters full, so a hit touches one line of the table
 * and then the entry.
 *
 *	static struct clasp_str
 *	param_key(const void *entry) { ... }
 *
 *	struct clasp_table t = { .key = param_key };
 *	hash = clasp_hash(address);
 *	param = clasp_table_get(&t, hash, address);
 */
#ifndef CLASP_BASE_HASH_H
#define CLASP_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

struct clasp_slot {
	uint64_t	 hash;
	void		*entry;		/* NULL: free */
};

struct clasp_table {
	struct clasp_str (*key)(const void *entry);
	struct clasp_slot *slots;	/* owned */
	size_t		 cap;		/* a power of two, or 0 */
	size_t		 count;
};

/*
 * Set once at start from something an outsider cannot guess nor work out from
 * what he is told, so that nobody can choose addresses that collide; 0 in
 * tests.
 */
extern uint64_t	clasp_hash_seed;

/*
 * Both halves of the product of two numbers, folded.  Without the upper one a
 * difference in the highest bits of a word stays there whatever the seed is,
 * and the next word can be chosen to undo it.
 */
static inline uint64_t
clasp_hash_fold(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
	uint64_t al = (uint32_t)a, ah = a >> 32;
	uint64_t bl = (uint32_t)b, bh = b >> 32;
	uint64_t middle = ah * bl + (al * bl >> 32);
	uint64_t other = al * bh + (uint32_t)middle;

	return (a * b) ^ (ah * bh + (middle >> 32) + (other >> 32));
#endif
}

static inline uint64_t
clasp_hash(struct clasp_str s)
{
	uint64_t key = clasp_hash_seed ^ UINT64_C(0xff51afd7ed558ccd);
	uint64_t h = clasp_hash_seed ^ (s.len * UINT64_C(0x9e3779b97f4a7c15));
	const char *p = s.p;
	size_t n = s.len;
	uint64_t word;

	for (; n >= 8; n -= 8, p += 8) {
		memcpy(&word, p, 8);
		h = clasp_hash_fold(h ^ word, key);
	}
	if (n > 0) {
		word = 0;
		if (s.len >= 8) {
			/* the last eight bytes, without those done */
			memcpy(&word, p + n - 8, 8);
			word >>= 64 - 8 * n;
		} else {
			memcpy(&word, p, n);
		}
		h = clasp_hash_fold(h ^ word, key);
	}
	h *= UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 29;
}

/* The entry with this key, or NULL. */
void	*clasp_table_get(const struct clasp_table *t, uint64_t hash,
	    struct clasp_str key);
/* Add an entry whose key is not in the table: 0 or CLASP_ENOMEM. */
int	 clasp_table_add(struct clasp_table *t, uint64_t hash, void *entry);
/* Take this very entry out; nothing when it is not there. */
void	 clasp_table_remove(struct clasp_table *t, uint64_t hash,
	    const void *entry);
/* Walk: start with *at = 0; NULL at the end.  Do not add or remove between. */
void	*clasp_table_next(const struct clasp_table *t, size_t *at);
/* Free the slots; the entries are the caller's. */
void	 clasp_table_clear(struct clasp_table *t);

#endif
