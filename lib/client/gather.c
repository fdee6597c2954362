/* gather.c - a snapshot is collected and put in order. */
#include <stdlib.h>

#include "base/error.h"
#include "client/gather.h"

#define ARENA_MAX	((size_t)1 << 30)

void
clasp_gather_init(struct clasp_gather *g)
{
	*g = (struct clasp_gather){ 0 };
	clasp_arena_init(&g->arena, NULL, 0, ARENA_MAX);
}

void
clasp_gather_clear(struct clasp_gather *g)
{
	free(g->params);
	clasp_arena_clear(&g->arena);
	clasp_buf_clear(&g->live);
	clasp_gather_init(g);
}

int
clasp_gather_param(struct clasp_gather *g, const struct clasp_param *param)
{
	size_t cap = g->cap ? g->cap * 2 : 64;
	struct clasp_param *at, copy = *param;

	if (g->count == g->cap) {
		at = realloc(g->params, cap * sizeof *at);
		if (!at)
			return CLASP_ENOMEM;
		g->params = at;
		g->cap = cap;
	}
	copy.address = clasp_arena_dup(&g->arena, param->address);
	if (!copy.address.p || clasp_value_copy(&param->value, &g->arena,
	    &copy.value) < 0)
		return CLASP_ENOMEM;
	if (param->writer.p) {
		copy.writer = clasp_arena_dup(&g->arena, param->writer);
		if (!copy.writer.p)
			return CLASP_ENOMEM;
	}
	g->params[g->count++] = copy;
	return 0;
}

int
clasp_gather_live(struct clasp_gather *g, struct clasp_str frame)
{
	return clasp_buf_add_str(&g->live, frame);
}

static int
by_address(const void *a, const void *b)
{
	const struct clasp_param *p = a, *q = b;
	int c = clasp_str_cmp(p->address, q->address);

	if (c)
		return c;
	return (p->revision > q->revision) - (p->revision < q->revision);
}

void
clasp_gather_sort(struct clasp_gather *g)
{
	size_t i, kept = 0;

	/* Most relays send them in order already. */
	for (i = 1; i < g->count; i++)
		if (clasp_str_cmp(g->params[i - 1].address,
		    g->params[i].address) >= 0)
			break;
	if (i >= g->count)
		return;
	qsort(g->params, g->count, sizeof *g->params, by_address);
	for (i = 0; i < g->count; i++)
		if (i + 1 == g->count || !clasp_str_eq(g->params[i].address,
		    g->params[i + 1].address))
			g->params[kept++] = g->params[i];
	g->count = kept;
}
