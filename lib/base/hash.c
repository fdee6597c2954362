/* hash.c - a table from strings to pointers. */
#include "base/hash.h"

#include <stdlib.h>

#include "base/error.h"

#define FIRST_CAP 16

uint64_t clasp_hash_seed;

void *
clasp_table_get(const struct clasp_table *t, uint64_t hash,
    struct clasp_str key)
{
	const struct clasp_slot *s;
	size_t i;

	if (t->cap == 0)
		return NULL;
	for (i = hash & (t->cap - 1);; i = (i + 1) & (t->cap - 1)) {
		s = &t->slots[i];
		if (s->entry == NULL)
			return NULL;
		if (s->hash == hash && clasp_str_eq(t->key(s->entry), key))
			return s->entry;
	}
}

static void
place(struct clasp_slot *slots, size_t cap, uint64_t hash, void *entry)
{
	size_t i = hash & (cap - 1);

	while (slots[i].entry != NULL)
		i = (i + 1) & (cap - 1);
	slots[i].hash = hash;
	slots[i].entry = entry;
}

int
clasp_table_add(struct clasp_table *t, uint64_t hash, void *entry)
{
	struct clasp_slot *slots;
	size_t cap, i;

	if (t->count + 1 > t->cap / 4 * 3) {
		cap = t->cap ? t->cap * 2 : FIRST_CAP;
		slots = calloc(cap, sizeof *slots);
		if (slots == NULL)
			return CLASP_ENOMEM;
		for (i = 0; i < t->cap; i++)
			if (t->slots[i].entry != NULL)
				place(slots, cap, t->slots[i].hash,
				    t->slots[i].entry);
		free(t->slots);
		t->slots = slots;
		t->cap = cap;
	}
	place(t->slots, t->cap, hash, entry);
	t->count++;
	return 0;
}

void
clasp_table_remove(struct clasp_table *t, uint64_t hash, const void *entry)
{
	size_t i, j, home;

	if (t->cap == 0)
		return;
	for (i = hash & (t->cap - 1); t->slots[i].entry != entry;
	    i = (i + 1) & (t->cap - 1))
		if (t->slots[i].entry == NULL)
			return;
	/* close the gap: pull back every entry that may sit in it */
	for (j = (i + 1) & (t->cap - 1); t->slots[j].entry != NULL;
	    j = (j + 1) & (t->cap - 1)) {
		home = t->slots[j].hash & (t->cap - 1);
		if (((j - home) & (t->cap - 1)) >= ((j - i) & (t->cap - 1))) {
			t->slots[i] = t->slots[j];
			i = j;
		}
	}
	t->slots[i].entry = NULL;
	t->count--;
}

void *
clasp_table_next(const struct clasp_table *t, size_t *at)
{
	while (*at < t->cap) {
		void *entry = t->slots[(*at)++].entry;

		if (entry != NULL)
			return entry;
	}
	return NULL;
}

void
clasp_table_clear(struct clasp_table *t)
{
	free(t->slots);
	t->slots = NULL;
	t->cap = t->count = 0;
}
