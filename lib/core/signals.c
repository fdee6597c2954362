/* signals.c - what has been announced. */
#include "core/signals.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "wire/address.h"

struct entry {
	struct entry	*next, *prev;	/* by last access, oldest first */
	uint64_t	 hash;
	uint64_t	 accessed_us;
	bool		 bounds;	/* writes of its address */
	struct clasp_signal signal;	/* its strings point behind */
	struct clasp_arena arena;	/* of the default's containers */
	char		 text[];
};

struct clasp_signals {
	struct clasp_table table;
	struct entry	*first, *last;
	uint32_t	 max;
	uint64_t	 ttl_us;
	uint32_t	 bounding;	/* of them */
	uint64_t	 expired, evicted;
};

static struct clasp_str
entry_key(const void *p)
{
	return ((const struct entry *)p)->signal.address;
}

struct clasp_signals *
clasp_signals_new(uint32_t max, uint32_t ttl_s)
{
	struct clasp_signals *signals = calloc(1, sizeof *signals);

	if (signals == NULL)
		return NULL;
	signals->table.key = entry_key;
	signals->max = max;
	signals->ttl_us = (uint64_t)ttl_s * 1000000;
	return signals;
}

static void
unlink_entry(struct clasp_signals *signals, struct entry *e)
{
	if (e->prev != NULL)
		e->prev->next = e->next;
	else
		signals->first = e->next;
	if (e->next != NULL)
		e->next->prev = e->prev;
	else
		signals->last = e->prev;
}

static void
append_entry(struct clasp_signals *signals, struct entry *e)
{
	e->next = NULL;
	e->prev = signals->last;
	if (signals->last != NULL)
		signals->last->next = e;
	else
		signals->first = e;
	signals->last = e;
}

static void
forget(struct clasp_signals *signals, struct entry *e)
{
	clasp_table_remove(&signals->table, e->hash, e);
	unlink_entry(signals, e);
	signals->bounding -= e->bounds;
	clasp_arena_clear(&e->arena);
	free(e);
}

/* The list is in the order of access, so what is too old stands in front. */
uint64_t
clasp_signals_expire(struct clasp_signals *signals, uint64_t now_us,
    uint32_t most)
{
	uint64_t at;

	if (signals->ttl_us == 0)
		return UINT64_MAX;
	while (signals->first != NULL) {
		at = signals->first->accessed_us + signals->ttl_us;
		if (at > now_us || most-- == 0)
			return at;
		signals->expired++;
		forget(signals, signals->first);
	}
	return UINT64_MAX;
}

void
clasp_signals_losses(const struct clasp_signals *signals, uint64_t *expired,
    uint64_t *evicted)
{
	*expired = signals->expired;
	*evicted = signals->evicted;
}

void
clasp_signals_free(struct clasp_signals *signals)
{
	if (signals == NULL)
		return;
	while (signals->first != NULL)
		forget(signals, signals->first);
	clasp_table_clear(&signals->table);
	free(signals);
}

uint32_t
clasp_signals_count(const struct clasp_signals *signals)
{
	return (uint32_t)signals->table.count;
}

/* Copy s to *at and move on; the absent view stays absent. */
static struct clasp_str
keep(char **at, struct clasp_str s)
{
	char *p = *at;

	if (s.p == NULL)
		return s;
	if (s.len > 0)
		memcpy(p, s.p, s.len);
	*at += s.len;
	return clasp_str_of(p, s.len);
}

/* NaN is no bound, and a range without anything in it none either. */
static bool
bounds(const struct clasp_signal *signal)
{
	return signal->kind == CLASP_PARAM && signal->has_meta &&
	    signal->has_range && signal->min <= signal->max &&
	    clasp_pattern_literal(signal->address);
}

static struct entry *
entry_new(const struct clasp_signal *signal)
{
	size_t n = signal->address.len + signal->datatype.len +
	    signal->access.len + signal->unit.len + signal->description.len;
	struct entry *e = malloc(sizeof *e + n + 1);
	char *at;

	if (e == NULL)
		return NULL;
	at = e->text;
	e->hash = clasp_hash(signal->address);
	e->bounds = bounds(signal);
	e->signal = *signal;
	e->signal.address = keep(&at, signal->address);
	e->signal.datatype = keep(&at, signal->datatype);
	e->signal.access = keep(&at, signal->access);
	e->signal.unit = keep(&at, signal->unit);
	e->signal.description = keep(&at, signal->description);
	clasp_arena_init(&e->arena, NULL, 0, 64 * CLASP_PAYLOAD_MAX);
	if (signal->has_default && clasp_value_copy(&signal->def, &e->arena,
	    &e->signal.def) < 0) {
		clasp_arena_clear(&e->arena);
		free(e);
		return NULL;
	}
	return e;
}

int
clasp_signals_put(struct clasp_signals *signals,
    const struct clasp_signal *signal, uint64_t now_us)
{
	struct entry *e = entry_new(signal), *old;

	if (e == NULL)
		return CLASP_ENOMEM;
	clasp_signals_expire(signals, now_us, UINT32_MAX);
	old = clasp_table_get(&signals->table, e->hash, signal->address);
	if (old != NULL)
		forget(signals, old);
	else if (signals->max > 0 && signals->table.count >= signals->max) {
		signals->evicted++;
		forget(signals, signals->first);
	}
	if (clasp_table_add(&signals->table, e->hash, e) < 0) {
		clasp_arena_clear(&e->arena);
		free(e);
		return CLASP_ENOMEM;
	}
	e->accessed_us = now_us;
	append_entry(signals, e);
	signals->bounding += e->bounds;
	return 0;
}

bool
clasp_signals_range(const struct clasp_signals *signals,
    struct clasp_str address, uint64_t hash, uint64_t now_us, double *low,
    double *high)
{
	const struct entry *e;

	if (signals->bounding == 0)
		return false;
	e = clasp_table_get(&signals->table, hash, address);
	if (e == NULL || !e->bounds || (signals->ttl_us > 0 &&
	    e->accessed_us + signals->ttl_us <= now_us))
		return false;
	*low = e->signal.min;
	*high = e->signal.max;
	return true;
}

static int
by_address(const void *a, const void *b)
{
	const struct clasp_signal *const *x = a, *const *y = b;

	return clasp_str_cmp((*x)->address, (*y)->address);
}

int
clasp_signals_find(struct clasp_signals *signals, struct clasp_str pattern,
    uint64_t now_us, const struct clasp_signal ***out)
{
	const struct clasp_signal **found;
	struct entry *e, *next, *end;
	int n = 0;

	clasp_signals_expire(signals, now_us, UINT32_MAX);
	found = malloc((signals->table.count + 1) * sizeof *found);
	*out = found;
	if (found == NULL)
		return CLASP_ENOMEM;
	end = signals->last;
	for (e = signals->first; e != NULL; e = e == end ? NULL : next) {
		next = e->next;
		if (!clasp_str_eq(pattern, e->signal.address) &&
		    !clasp_pattern_match(pattern, e->signal.address))
			continue;
		found[n++] = &e->signal;
		e->accessed_us = now_us;
		if (e != end) {
			unlink_entry(signals, e);
			append_entry(signals, e);
		}
	}
	qsort(found, (size_t)n, sizeof *found, by_address);
	return n;
}
