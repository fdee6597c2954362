/*
 * memory.h - what the steps of a rule remember, per rule, address and number.
 *
 * An entry belongs to one number of one address as one rule sees it: the
 * value of a plain message, or the n-th number in an array.  It has a cell for
 * each step that remembers.  Beyond CLASP_MEMORY_ENTRIES its user lets those
 * go that were not used for longest, when no cell is being looked at:
 *
 *	while ((e = clasp_memory_excess(&memory)) != NULL)
 *		clasp_memory_forget(&memory, e);
 */
#ifndef CLASP_PROTO_MEMORY_H
#define CLASP_PROTO_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/str.h"

#define CLASP_MEMORY_ENTRIES	100000
#define CLASP_MEMORY_BYTES	(256u << 20)	/* windows and values in all */

struct clasp_cell {
	bool		 primed;	/* something was seen before */
	bool		 high;		/* toggle: the last input was above */
	double		 y;		/* what came out last */
	double		 last;		/* what came in last */
	uint64_t	 time_us;	/* when */
	double		*window;	/* a ring once it is full; owned */
	uint32_t	 len, at, cap;
	uint8_t		*bytes;		/* a value as on the wire; owned */
	uint32_t	 nbytes, bytes_cap;
	void		*held;		/* of "every"; see free_held */
	size_t		 held_bytes;	/* of it, part of memory.bytes */
};

struct clasp_memory_entry {
	struct clasp_memory_entry *newer, *older;
	uint64_t	 hash;
	uint64_t	 messages;	/* that were counted, if any are */
	struct clasp_str key;		/* behind the cells */
	unsigned	 ncells;
	struct clasp_cell cells[];
};

struct clasp_memory {
	struct clasp_table table;
	struct clasp_memory_entry *newest, *oldest;
	size_t		 bytes;
	size_t		 max_entries;
	void		(*free_held)(void *held);
};

void	clasp_memory_init(struct clasp_memory *m);
void	clasp_memory_clear(struct clasp_memory *m);
/*
 * The entry, made when it is not there, and now the most recently used.  hash
 * is clasp_hash(address).  NULL when there is no memory.
 */
struct clasp_memory_entry *clasp_memory_get(struct clasp_memory *m,
	    uint32_t rule, uint32_t element, struct clasp_str address,
	    uint64_t hash, unsigned ncells);
/* The least recently used entry when there are too many, else NULL. */
struct clasp_memory_entry *clasp_memory_excess(const struct clasp_memory *m);
void	clasp_memory_forget(struct clasp_memory *m,
	    struct clasp_memory_entry *e);

/* Add x to the cell's last n numbers (n never changes): 0 or CLASP_ENOMEM. */
int	clasp_cell_push(struct clasp_memory *m, struct clasp_cell *cell,
	    double x, uint32_t n);
/* Room for n bytes in cell->bytes: 0 or CLASP_ENOMEM. */
int	clasp_cell_reserve(struct clasp_memory *m, struct clasp_cell *cell,
	    uint32_t n);

#endif
