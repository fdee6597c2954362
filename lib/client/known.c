/* known.c - which state of each param was shown last. */
#include <stdlib.h>

#include "client/known.h"

/* How far the relay's clock and our idea of it may be apart, and how long a
 * SET may be on its way. */
#define SLACK_US 100000

struct known {
	uint64_t	 revision;
	uint64_t	 time_us;	/* written then, or came then */
	uint64_t	 hash;		/* of the value */
	unsigned	 conn;		/* connection it was last seen on */
	bool		 exact;		/* time_us is the relay's own */
	bool		 fresh;		/* it was new on that connection */
	uint32_t	 len;
	char		 address[];
};

static struct clasp_str
key(const void *e)
{
	const struct known *known = e;

	return clasp_str_of(known->address, known->len);
}

void
clasp_known_init(struct clasp_known *k)
{
	*k = (struct clasp_known){ .table = { .key = key } };
}

void
clasp_known_clear(struct clasp_known *k)
{
	size_t at = 0;
	void *e;

	while ((e = clasp_table_next(&k->table, &at)))
		free(e);
	clasp_table_clear(&k->table);
	clasp_known_init(k);
}

static uint64_t
mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * UINT64_C(0xff51afd7ed558ccd);
	return h ^ h >> 32;
}

static uint64_t
hash_value(const struct clasp_value *v, uint64_t h)
{
	uint64_t bits;
	uint32_t i;

	h = mix(h, v->type);
	switch (v->type) {
	case CLASP_BOOL:
		return mix(h, v->boolean);
	case CLASP_INT:
		return mix(h, (uint64_t)v->integer);
	case CLASP_FLOAT:
		memcpy(&bits, &v->number, sizeof bits);
		return mix(h, bits);
	case CLASP_STRING:
	case CLASP_BYTES:
		return mix(h, clasp_hash(v->string));
	case CLASP_ARRAY:
		for (i = 0; i < v->count; i++)
			h = hash_value(&v->items[i], h);
		return mix(h, v->count);
	case CLASP_MAP:
		/* a relay need not keep the order of keys */
		for (i = 0, bits = 0; i < v->count; i++)
			bits += hash_value(&v->entries[i].value,
			    clasp_hash(v->entries[i].key));
		return mix(h, bits);
	default:
		return h;
	}
}

uint64_t
clasp_known_hash(const struct clasp_value *v)
{
	return hash_value(v, 0);
}

/* The entry of an address, a new one when there was none; NULL: full. */
static struct known *
lookup(struct clasp_known *k, struct clasp_str address, bool *created)
{
	uint64_t hash = clasp_hash(address);
	struct known *e = clasp_table_get(&k->table, hash, address);

	*created = false;
	if (e || k->table.count >= CLASP_KNOWN_MAX)
		return e;
	e = calloc(1, sizeof *e + address.len);
	if (!e)
		return NULL;
	e->len = (uint32_t)address.len;
	memcpy(e->address, address.p, address.len);
	if (clasp_table_add(&k->table, hash, e) < 0) {
		free(e);
		return NULL;
	}
	*created = true;
	return e;
}

bool
clasp_known_param(struct clasp_known *k, unsigned conn,
    const struct clasp_param *param)
{
	uint64_t hash = hash_value(&param->value, 0);
	bool created;
	struct known *e = lookup(k, param->address, &created);

	if (!e)
		return true;
	if (created)
		e->fresh = true;
	else if (e->conn != conn)
		e->fresh = e->revision != param->revision || e->hash != hash ||
		    (param->has_timestamp && (e->exact ?
		    param->timestamp_us != e->time_us :
		    param->timestamp_us > e->time_us + SLACK_US));
	e->conn = conn;
	e->revision = param->revision;
	e->hash = hash;
	if (param->has_timestamp) {
		e->time_us = param->timestamp_us;
		e->exact = true;
	}
	return e->fresh;
}

void
clasp_known_set(struct clasp_known *k, unsigned conn,
    const struct clasp_set *set, uint64_t now_us)
{
	bool created;
	struct known *e = lookup(k, set->address, &created);

	if (!e)
		return;
	e->conn = conn;
	e->fresh = true;
	e->revision = set->revision;
	e->hash = hash_value(&set->value, 0);
	e->time_us = now_us;
	e->exact = false;
}
