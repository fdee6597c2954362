/*
 * t.h - what a unit test needs: checks that say where and what, a count, and
 * vector files.
 *
 *	int
 *	main(void)
 *	{
 *		t_run(lines_keep_their_order);
 *		return t_end();
 *	}
 *
 * Each test function is one "ok" or "not ok" line (TAP).
 */
#ifndef TESTS_UNIT_T_H
#define TESTS_UNIT_T_H

#include <stdio.h>
#include <string.h>

static int t_count, t_failed, t_bad;

#define t_check(cond, ...) do { \
	if (!(cond)) { \
		t_bad++; \
		printf("# %s:%d: %s:", __FILE__, __LINE__, #cond); \
		printf(" " __VA_ARGS__); \
		printf("\n"); \
	} \
} while (0)

#define t_eq_int(a, b, ...) do { \
	long long t_a = (long long)(a), t_b = (long long)(b); \
	if (t_a != t_b) { \
		t_bad++; \
		printf("# %s:%d: %s is %lld, not %lld:", __FILE__, \
		    __LINE__, #a, t_a, t_b); \
		printf(" " __VA_ARGS__); \
		printf("\n"); \
	} \
} while (0)

#define t_eq_str(a, b, ...) do { \
	const char *t_a = (a), *t_b = (b); \
	if (strcmp(t_a, t_b) != 0) { \
		t_bad++; \
		printf("# %s:%d: %s is '%s', not '%s':", __FILE__, \
		    __LINE__, #a, t_a, t_b); \
		printf(" " __VA_ARGS__); \
		printf("\n"); \
	} \
} while (0)

#define t_run(test) do { \
	t_bad = 0; \
	test(); \
	t_count++; \
	if (t_bad) \
		t_failed++; \
	printf("%sok %d - %s\n", t_bad ? "not " : "", t_count, #test); \
	fflush(stdout); \
} while (0)

static inline int
t_end(void)
{
	printf("1..%d\n", t_count);
	return t_failed ? 1 : 0;
}

#endif
