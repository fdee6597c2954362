/* Sets of numbers, and tables by number. */

#include "base/error.h"
#include "base/numset.h"
#include "base/numtable.h"
#include "t.h"

static void
sets_are_written_as_ranges(void)
{
	static const struct {
		const char	*text;
		int		 result;
		unsigned	 count;
	} cases[] = {
		{ "7", 0, 1 },
		{ "1-4,7", 0, 5 },
		{ "7,7,7-7", 0, 1 },
		{ "1-63999", 0, 63999 },
		{ "0", CLASP_ERANGE, 0 },
		{ "64000", CLASP_ERANGE, 0 },
		{ "99999999999999999999", CLASP_ERANGE, 0 },
		{ "", CLASP_ESYNTAX, 0 },
		{ "1,", CLASP_ESYNTAX, 1 },
		{ ",1", CLASP_ESYNTAX, 0 },
		{ "4-1", CLASP_ESYNTAX, 0 },
		{ "1-", CLASP_ESYNTAX, 0 },
		{ "-1", CLASP_ESYNTAX, 0 },
		{ "1 2", CLASP_ESYNTAX, 1 },
		{ "1-2-3", CLASP_ESYNTAX, 2 },
		{ "x", CLASP_ESYNTAX, 0 },
	};
	struct clasp_numset set;
	size_t i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		memset(&set, 0, sizeof set);
		t_eq_int(clasp_numset_parse(&set, cases[i].text, 1, 63999),
		    cases[i].result, "'%s'", cases[i].text);
		t_eq_int(clasp_numset_count(&set), cases[i].count, "'%s'",
		    cases[i].text);
	}
}

static void
sets_are_walked(void)
{
	static const int members[] = { 0, 63, 64, 300, 65535 };
	struct clasp_numset set = { 0 };
	int n = -1;
	size_t i;

	t_eq_int(clasp_numset_next(&set, 0), -1);
	for (i = 0; i < 5; i++)
		clasp_numset_add(&set, (unsigned)members[i]);
	for (i = 0; i < 5; i++) {
		n = clasp_numset_next(&set, (unsigned)(n + 1));
		t_eq_int(n, members[i]);
		t_check(clasp_numset_has(&set, (unsigned)n));
	}
	t_eq_int(clasp_numset_next(&set, 65536), -1);
	t_check(!clasp_numset_has(&set, 1) && !clasp_numset_has(&set, 70000));
	clasp_numset_remove(&set, 64);
	clasp_numset_remove(&set, 65);
	t_eq_int(clasp_numset_next(&set, 64), 300);
	t_eq_int(clasp_numset_count(&set), 4);
}

static void
tables_are_walked_by_number(void)
{
	struct clasp_numtable table = { 0 };
	char things[3];
	unsigned at = 0;

	t_check(!clasp_numtable_next(&table, &at));
	t_eq_int(clasp_numtable_put(&table, 65535, &things[2]), 0);
	t_eq_int(clasp_numtable_put(&table, 5, &things[0]), 0);
	t_eq_int(clasp_numtable_put(&table, 256, &things[1]), 0);
	t_eq_int(clasp_numtable_put(&table, 256, &things[1]), 0);
	t_eq_int(table.count, 3);
	t_check(clasp_numtable_get(&table, 5) == &things[0]);
	t_check(!clasp_numtable_get(&table, 6) &&
	    !clasp_numtable_get(&table, 70000));
	at = 0;
	t_check(clasp_numtable_next(&table, &at) == &things[0]);
	t_check(clasp_numtable_next(&table, &at) == &things[1]);
	t_check(clasp_numtable_next(&table, &at) == &things[2]);
	t_check(!clasp_numtable_next(&table, &at));
	clasp_numtable_put(&table, 256, NULL);
	at = 6;
	t_check(clasp_numtable_next(&table, &at) == &things[2]);
	t_eq_int(table.count, 2);
	clasp_numtable_clear(&table);
	t_check(!clasp_numtable_get(&table, 5));
}

int
main(void)
{
	t_run(sets_are_written_as_ranges);
	t_run(sets_are_walked);
	t_run(tables_are_walked_by_number);
	return t_end();
}
