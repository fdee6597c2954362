/* retained.c - the last timeline of each address. */
#include "core/retained.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"

struct entry {
	struct entry	*next, *prev;	/* oldest first */
	uint64_t	 hash;
	uint64_t	 published_us;
	size_t		 address_len, payload_len;
	char		 bytes[];	/* address, payload */
};

struct clasp_retained {
	struct clasp_table table;
	struct entry	*first, *last;
	uint64_t	 ttl_us;
};

static struct clasp_str
entry_key(const void *p)
{
	const struct entry *e = p;

	return clasp_str_of(e->bytes, e->address_len);
}

struct clasp_retained *
clasp_retained_new(uint32_t ttl_s)
{
	struct clasp_retained *retained = calloc(1, sizeof *retained);

	if (retained == NULL)
		return NULL;
	retained->table.key = entry_key;
	retained->ttl_us = (uint64_t)ttl_s * 1000000;
	return retained;
}

static void
forget(struct clasp_retained *retained, struct entry *e)
{
	clasp_table_remove(&retained->table, e->hash, e);
	if (e->prev != NULL)
		e->prev->next = e->next;
	else
		retained->first = e->next;
	if (e->next != NULL)
		e->next->prev = e->prev;
	else
		retained->last = e->prev;
	free(e);
}

void
clasp_retained_free(struct clasp_retained *retained)
{
	if (retained == NULL)
		return;
	while (retained->first != NULL)
		forget(retained, retained->first);
	clasp_table_clear(&retained->table);
	free(retained);
}

void
clasp_retained_remove(struct clasp_retained *retained,
    struct clasp_str address, uint64_t hash)
{
	struct entry *e = clasp_table_get(&retained->table, hash, address);

	if (e != NULL)
		forget(retained, e);
}

int
clasp_retained_put(struct clasp_retained *retained, struct clasp_str address,
    uint64_t hash, struct clasp_str payload, uint64_t now_us)
{
	struct entry *e = malloc(sizeof *e + address.len + payload.len);

	if (e == NULL)
		return CLASP_ENOMEM;
	clasp_retained_remove(retained, address, hash);
	if (retained->table.count >= CLASP_RETAINED_MAX)
		forget(retained, retained->first);
	e->hash = hash;
	e->published_us = now_us;
	e->address_len = address.len;
	e->payload_len = payload.len;
	memcpy(e->bytes, address.p, address.len);
	memcpy(e->bytes + address.len, payload.p, payload.len);
	if (clasp_table_add(&retained->table, hash, e) < 0) {
		free(e);
		return CLASP_ENOMEM;
	}
	e->next = NULL;
	e->prev = retained->last;
	if (e->prev != NULL)
		e->prev->next = e;
	else
		retained->first = e;
	retained->last = e;
	return 0;
}

uint64_t
clasp_retained_expire(struct clasp_retained *retained, uint64_t now_us,
    uint32_t most)
{
	uint64_t at;

	if (retained->ttl_us == 0)
		return UINT64_MAX;
	while (retained->first != NULL) {
		at = retained->first->published_us + retained->ttl_us;
		if (at > now_us || most-- == 0)
			return at;
		forget(retained, retained->first);
	}
	return UINT64_MAX;
}

bool
clasp_retained_next(struct clasp_retained *retained, void **at,
    uint64_t now_us, struct clasp_str *address, struct clasp_str *payload)
{
	struct entry *e = *at;

	if (e == NULL) {
		clasp_retained_expire(retained, now_us, UINT32_MAX);
		e = retained->first;
	} else {
		e = e->next;
	}
	*at = e;
	if (e == NULL)
		return false;
	*address = clasp_str_of(e->bytes, e->address_len);
	*payload = clasp_str_of(e->bytes + e->address_len, e->payload_len);
	return true;
}
