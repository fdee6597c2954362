/* departed.c - the sessions that left last. */
#include "core/departed.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "core/store.h"

static struct clasp_str
one_key(const void *entry)
{
	return clasp_author_id(
	    ((const struct clasp_departed_one *)entry)->author);
}

void
clasp_departed_init(struct clasp_departed *departed)
{
	memset(departed, 0, sizeof *departed);
	departed->table.key = one_key;
}

static void
forget(struct clasp_departed *departed, struct clasp_departed_one *one)
{
	clasp_table_remove(&departed->table, clasp_hash(one_key(one)), one);
	clasp_author_drop(one->author);
	free(one);
}

void
clasp_departed_clear(struct clasp_departed *departed)
{
	uint64_t n;

	for (n = clasp_departed_first(departed); n < departed->total; n++)
		forget(departed, departed->ring[n % CLASP_DEPARTED_MAX]);
	free(departed->ring);
	clasp_table_clear(&departed->table);
	clasp_departed_init(departed);
}

static struct clasp_departed_one *
one_new(struct clasp_author *author, struct clasp_str name,
    uint64_t since_us, uint64_t left_us)
{
	struct clasp_departed_one *one;

	if (name.len > CLASP_DEPARTED_NAME)
		name.len = clasp_utf8_cut(name.p, CLASP_DEPARTED_NAME);
	one = malloc(sizeof *one + name.len);
	if (one == NULL)
		return NULL;
	author->refs++;
	one->author = author;
	one->since_us = since_us;
	one->left_us = left_us;
	one->name_len = (uint32_t)name.len;
	if (name.len > 0)
		memcpy(one->name, name.p, name.len);
	return one;
}

void
clasp_departed_add(struct clasp_departed *departed,
    struct clasp_author *author, struct clasp_str name, uint64_t since_us,
    uint64_t left_us)
{
	struct clasp_departed_one *one, **place;

	if (departed->ring == NULL)
		departed->ring = calloc(CLASP_DEPARTED_MAX,
		    sizeof *departed->ring);
	if (departed->ring == NULL)
		return;
	one = one_new(author, name, since_us, left_us);
	if (one == NULL)
		return;
	if (clasp_table_add(&departed->table, clasp_hash(one_key(one)),
	    one) < 0) {
		clasp_author_drop(author);
		free(one);
		return;
	}
	place = &departed->ring[departed->total++ % CLASP_DEPARTED_MAX];
	if (*place != NULL)
		forget(departed, *place);
	*place = one;
}

const struct clasp_departed_one *
clasp_departed_find(const struct clasp_departed *departed,
    struct clasp_str id)
{
	return clasp_table_get(&departed->table, clasp_hash(id), id);
}
