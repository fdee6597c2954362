/* memory.c - least recently used memory of the steps. */
#include "proto/memory.h"

#include <stdlib.h>

#include "base/error.h"
#include "wire/address.h"

#define PREFIX	8	/* rule and element in front of the address */

static struct clasp_str
entry_key(const void *entry)
{
	return ((const struct clasp_memory_entry *)entry)->key;
}

void
clasp_memory_init(struct clasp_memory *m)
{
	memset(m, 0, sizeof *m);
	m->table.key = entry_key;
	m->max_entries = CLASP_MEMORY_ENTRIES;
}

static size_t
entry_size(const struct clasp_memory_entry *e)
{
	return sizeof *e + e->ncells * sizeof e->cells[0] + e->key.len;
}

static void
unlink_entry(struct clasp_memory *m, struct clasp_memory_entry *e)
{
	if (e->newer != NULL)
		e->newer->older = e->older;
	else
		m->newest = e->older;
	if (e->older != NULL)
		e->older->newer = e->newer;
	else
		m->oldest = e->newer;
}

static void
link_newest(struct clasp_memory *m, struct clasp_memory_entry *e)
{
	e->newer = NULL;
	e->older = m->newest;
	if (m->newest != NULL)
		m->newest->newer = e;
	else
		m->oldest = e;
	m->newest = e;
}

void
clasp_memory_forget(struct clasp_memory *m, struct clasp_memory_entry *e)
{
	struct clasp_cell *c;

	for (c = e->cells; c < e->cells + e->ncells; c++) {
		if (c->held != NULL && m->free_held != NULL)
			m->free_held(c->held);
		m->bytes -= c->cap * sizeof c->window[0] + c->bytes_cap +
		    c->held_bytes;
		free(c->window);
		free(c->bytes);
	}
	clasp_table_remove(&m->table, e->hash, e);
	unlink_entry(m, e);
	m->bytes -= entry_size(e);
	free(e);
}

void
clasp_memory_clear(struct clasp_memory *m)
{
	while (m->oldest != NULL)
		clasp_memory_forget(m, m->oldest);
	clasp_table_clear(&m->table);
}

struct clasp_memory_entry *
clasp_memory_excess(const struct clasp_memory *m)
{
	return m->table.count > m->max_entries ||
	    m->bytes > CLASP_MEMORY_BYTES ? m->oldest : NULL;
}

struct clasp_memory_entry *
clasp_memory_get(struct clasp_memory *m, uint32_t rule, uint32_t element,
    struct clasp_str address, uint64_t hash, unsigned ncells)
{
	char key[PREFIX + CLASP_ADDRESS_MAX];
	struct clasp_memory_entry *e;
	size_t len = PREFIX + address.len, cells;

	if (len > sizeof key)
		return NULL;
	memcpy(key, &rule, 4);
	memcpy(key + 4, &element, 4);
	memcpy(key + PREFIX, address.p, address.len);
	hash ^= (rule * UINT64_C(0x9e3779b97f4a7c15)) ^
	    (element * UINT64_C(0xc2b2ae3d27d4eb4f));
	e = clasp_table_get(&m->table, hash, clasp_str_of(key, len));
	if (e != NULL) {
		if (e != m->newest) {
			unlink_entry(m, e);
			link_newest(m, e);
		}
		return e;
	}
	cells = ncells * sizeof e->cells[0];
	e = calloc(1, sizeof *e + cells + len);
	if (e == NULL)
		return NULL;
	e->hash = hash;
	e->ncells = ncells;
	e->key.p = memcpy((char *)e + sizeof *e + cells, key, len);
	e->key.len = len;
	if (clasp_table_add(&m->table, hash, e) < 0) {
		free(e);
		return NULL;
	}
	link_newest(m, e);
	m->bytes += entry_size(e);
	return e;
}

int
clasp_cell_push(struct clasp_memory *m, struct clasp_cell *cell, double x,
    uint32_t n)
{
	uint32_t cap;
	double *w;

	if (cell->len == cell->cap && cell->cap < n) {
		cap = cell->cap ? cell->cap * 2 : 4;
		if (cap > n)
			cap = n;
		w = realloc(cell->window, cap * sizeof *w);
		if (w == NULL)
			return CLASP_ENOMEM;
		m->bytes += (cap - cell->cap) * sizeof *w;
		cell->window = w;
		cell->cap = cap;
	}
	cell->window[cell->at] = x;
	cell->at = cell->at + 1 == n ? 0 : cell->at + 1;
	if (cell->len < n)
		cell->len++;
	return 0;
}

int
clasp_cell_reserve(struct clasp_memory *m, struct clasp_cell *cell,
    uint32_t n)
{
	uint8_t *p;

	if (n <= cell->bytes_cap)
		return 0;
	n = n < 32 ? 32 : n + n / 2;
	p = realloc(cell->bytes, n);
	if (p == NULL)
		return CLASP_ENOMEM;
	m->bytes += n - cell->bytes_cap;
	cell->bytes = p;
	cell->bytes_cap = n;
	return 0;
}

