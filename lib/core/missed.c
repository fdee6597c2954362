/* missed.c - addresses whose newest value a slow peer has yet to get. */
#include "core/missed.h"

#include <stdlib.h>

#include "base/error.h"

static struct clasp_str
one_key(const void *entry)
{
	return clasp_missed_address(entry);
}

struct clasp_missed *
clasp_missed_new(void)
{
	struct clasp_missed *missed = calloc(1, sizeof *missed);

	if (missed != NULL)
		missed->table.key = one_key;
	return missed;
}

void
clasp_missed_free(struct clasp_missed *missed)
{
	struct clasp_missed_one *one, *next;

	if (missed == NULL)
		return;
	for (one = missed->first; one != NULL; one = next) {
		next = one->next;
		free(one);
	}
	clasp_table_clear(&missed->table);
	free(missed);
}

static void
unlink_one(struct clasp_missed *missed, struct clasp_missed_one *one)
{
	if (one->prev != NULL)
		one->prev->next = one->next;
	else
		missed->first = one->next;
	if (one->next != NULL)
		one->next->prev = one->prev;
	else
		missed->last = one->prev;
}

static void
append_one(struct clasp_missed *missed, struct clasp_missed_one *one)
{
	one->next = NULL;
	one->prev = missed->last;
	if (missed->last != NULL)
		missed->last->next = one;
	else
		missed->first = one;
	missed->last = one;
}

struct clasp_missed_one *
clasp_missed_find(const struct clasp_missed *missed,
    struct clasp_str address, uint64_t hash)
{
	return clasp_table_get(&missed->table, hash, address);
}

int
clasp_missed_add(struct clasp_missed *missed, struct clasp_str address,
    uint64_t hash)
{
	struct clasp_missed_one *one = clasp_missed_find(missed, address,
	    hash);

	if (one != NULL) {
		unlink_one(missed, one);
		append_one(missed, one);
		return 1;
	}
	one = malloc(sizeof *one + address.len);
	if (one == NULL)
		return CLASP_ENOMEM;
	one->hash = hash;
	one->len = (uint32_t)address.len;
	memcpy(one->address, address.p, address.len);
	if (clasp_table_add(&missed->table, hash, one) < 0) {
		free(one);
		return CLASP_ENOMEM;
	}
	append_one(missed, one);
	return 0;
}

void
clasp_missed_remove(struct clasp_missed *missed,
    struct clasp_missed_one *one)
{
	clasp_table_remove(&missed->table, one->hash, one);
	unlink_one(missed, one);
	free(one);
}
