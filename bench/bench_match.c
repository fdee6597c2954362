/*
 * bench_match.c - one address among 100,000 patterns: how long until it is
 * known who wants it, and when it was asked before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/hash.h"
#include "core/subs.h"

#define PATTERNS	100000
#define ADDRESSES	4096
#define OWNERS		1000

static struct clasp_subscriber owners[OWNERS];
static char addresses[ADDRESSES][96];

static double
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void
fill(struct clasp_subs *subs)
{
	static const char *const forms[] = {
		"/venue/%d/fixture/%d/intensity",
		"/venue/%d/fixture/%d/*",
		"/venue/%d/*/%d/colour/**",
		"/venue/%d/scene%d*/layer",
	};
	char text[96];
	int i;

	for (i = 0; i < PATTERNS; i++) {
		snprintf(text, sizeof text, forms[i % 4], i / 400 % 1000,
		    i % 400);
		clasp_subs_add(subs, &owners[i % OWNERS], (uint32_t)i,
		    clasp_str_c(text), 0);
	}
}

/* ns for each address; matches counts what was found. */
static double
run(struct clasp_subs *subs, int rounds, int cached, long *matches)
{
	const struct clasp_match *found;
	struct clasp_str address;
	double start = now_ns();
	int i, k, n;

	*matches = 0;
	for (k = 0; k < rounds; k++)
		for (i = 0; i < ADDRESSES; i++) {
			address = clasp_str_c(addresses[i]);
			n = cached ? clasp_subs_match(subs, address,
			    clasp_hash(address), &found) :
			    clasp_subs_lookup(subs, address, &found);
			*matches += n;
		}
	return (now_ns() - start) / rounds / ADDRESSES;
}

/* The least anybody can do: read the address once. */
static double
floor_ns(int rounds)
{
	volatile uint64_t sum = 0;
	double start = now_ns();
	int i, k;

	for (k = 0; k < rounds; k++)
		for (i = 0; i < ADDRESSES; i++)
			sum += clasp_hash(clasp_str_c(addresses[i]));
	return (now_ns() - start) / rounds / ADDRESSES;
}

int
main(void)
{
	struct clasp_subs *subs = clasp_subs_new();
	double cold, warm, least;
	long matches;
	int i;

	fill(subs);
	for (i = 0; i < ADDRESSES; i++)
		snprintf(addresses[i], sizeof addresses[i],
		    "/venue/%d/fixture/%d/intensity", rand() % 250,
		    rand() % 400);
	least = floor_ns(200);
	run(subs, 5, 0, &matches);
	cold = run(subs, 50, 0, &matches);
	run(subs, 5, 1, &matches);
	warm = run(subs, 200, 1, &matches);
	printf("match among 100,000 patterns\t%.0f ns\t%.0f ns (hash)\t%.1f"
	    "\t1000 ns\n", cold, least, cold / least);
	printf("match, 4,096 addresses asked before\t%.0f ns\t%.0f ns (hash)"
	    "\t%.1f\t50 ns\n", warm, least, warm / least);
	printf("# %.2f matches an address\n",
	    (double)matches / 200 / ADDRESSES);
	for (i = 0; i < OWNERS; i++)
		clasp_subs_remove_all(subs, &owners[i]);
	clasp_subs_free(subs);
	return 0;
}
