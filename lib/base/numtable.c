/* numtable.c - a table from numbers to pointers. */

#include "base/numtable.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"

int
clasp_numtable_put(struct clasp_numtable *t, unsigned n, void *entry)
{
	struct clasp_numpage **page = &t->pages[n / CLASP_NUMTABLE_PAGE];
	void **at;
	int more;

	assert(n < 65536);
	if (!*page && !entry)
		return 0;
	if (!*page)
		*page = calloc(1, sizeof **page);
	if (!*page)
		return CLASP_ENOMEM;
	at = &(*page)->at[n % CLASP_NUMTABLE_PAGE];
	more = (entry != NULL) - (*at != NULL);
	(*page)->count += (unsigned)more;
	t->count += (unsigned)more;
	*at = entry;
	return 0;
}

void *
clasp_numtable_next(const struct clasp_numtable *t, unsigned *at)
{
	const struct clasp_numpage *page;
	unsigned n = *at;
	void *entry;

	while (n < 65536) {
		page = t->pages[n / CLASP_NUMTABLE_PAGE];
		if (!page || page->count == 0) {
			n = (n / CLASP_NUMTABLE_PAGE + 1) *
			    CLASP_NUMTABLE_PAGE;
			continue;
		}
		entry = page->at[n++ % CLASP_NUMTABLE_PAGE];
		if (entry) {
			*at = n;
			return entry;
		}
	}
	*at = n;
	return NULL;
}

void
clasp_numtable_clear(struct clasp_numtable *t)
{
	unsigned i;

	for (i = 0; i < CLASP_NUMTABLE_PAGE; i++) {
		free(t->pages[i]);
		t->pages[i] = NULL;
	}
	t->count = 0;
}
