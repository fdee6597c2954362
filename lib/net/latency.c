/* latency.c - see latency.h */
#include "net/latency.h"

const uint64_t clasp_latency_bounds[CLASP_LATENCY_BOUNDS] = {
	500, 1000, 2500, 5000, 10000, 25000, 50000, 100000,
	250000, 1000000, 5000000, 25000000
};

/* NULL: more types than there are. */
static struct clasp_latency_type *
slot(struct clasp_latency *l, uint8_t type)
{
	int i;

	for (i = 0; i < l->ntypes; i++)
		if (l->types[i].type == type)
			return &l->types[i];
	if (l->ntypes == CLASP_LATENCY_TYPES)
		return NULL;
	l->types[i] = (struct clasp_latency_type){ .type = type };
	l->ntypes++;
	return &l->types[i];
}

void
clasp_latency_add(struct clasp_latency *l, uint8_t type, uint64_t ns)
{
	struct clasp_latency_type *t = slot(l, type);
	int i;

	if (!t)
		return;
	for (i = 0; i < CLASP_LATENCY_BOUNDS; i++)
		if (ns <= clasp_latency_bounds[i])
			break;
	t->counts[i]++;
	t->count++;
	t->sum_ns += ns;
}
