/*
 * numtable.h - a table from numbers, 0 to 65535, to pointers: universes by
 * their number.  Two steps and no search; memory only where numbers are.
 *
 *	at = 0;
 *	while ((u = clasp_numtable_next(&table, &at)) != NULL)
 *		...	in the order of numbers; at is now behind it
 */
#ifndef CLASP_BASE_NUMTABLE_H
#define CLASP_BASE_NUMTABLE_H

#include <stddef.h>
#include <stdint.h>

#define CLASP_NUMTABLE_PAGE	256

struct clasp_numpage {
	void	*at[CLASP_NUMTABLE_PAGE];
	unsigned count;
};

/* All 0 is empty. */
struct clasp_numtable {
	struct clasp_numpage *pages[CLASP_NUMTABLE_PAGE];	/* owned */
	unsigned count;
};

/* What is there, or NULL. */
static inline void *
clasp_numtable_get(const struct clasp_numtable *t, unsigned n)
{
	const struct clasp_numpage *page;

	page = n < 65536 ? t->pages[n / CLASP_NUMTABLE_PAGE] : NULL;
	return page ? page->at[n % CLASP_NUMTABLE_PAGE] : NULL;
}

/* Put it there, in place of what was; NULL takes it out.  0 or ENOMEM. */
int	clasp_numtable_put(struct clasp_numtable *t, unsigned n, void *entry);
/* The first from number *at on, which becomes the number behind it. */
void	*clasp_numtable_next(const struct clasp_numtable *t, unsigned *at);
/* Free the pages; the entries are the caller's. */
void	clasp_numtable_clear(struct clasp_numtable *t);

#endif
