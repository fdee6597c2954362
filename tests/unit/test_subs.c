/* test_subs.c - the subscription index against the plain matcher. */
#include <stdint.h>
#include <stdlib.h>

#include "base/hash.h"
#include "core/subs.h"
#include "t.h"
#include "wire/address.h"

static uint32_t seed = 12345;

static uint32_t
roll(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* Few words, so that much matches. */
static const char *const words[] = { "a", "b", "ab", "zone5", "zone51" };
static const char *const wild[] = { "*", "**", "z*", "*5", "a*b", "***",
    "*one*" };

static void
make(char *out, size_t cap, int stars)
{
	size_t n = 0;
	int i, k = 1 + (int)roll(5);

	for (i = 0; i < k; i++)
		n += (size_t)snprintf(out + n, cap - n, "/%s",
		    stars && roll(2) ? wild[roll(7)] : words[roll(5)]);
}

#define OWNERS 200

static struct clasp_subscriber owners[OWNERS];

/* What the index says against what every subscription says for itself. */
static void
compare(struct clasp_subs *subs, struct clasp_str address, int cached)
{
	uint8_t want[OWNERS] = { 0 };
	const struct clasp_match *matches;
	const struct clasp_sub *sub;
	int i, n, k, alone, count = 0;

	for (i = 0; i < OWNERS; i++) {
		for (sub = owners[i].first; sub != NULL; sub = sub->next)
			if (clasp_pattern_match(clasp_sub_pattern(sub),
			    address))
				want[i] |= sub->types;
		count += want[i] != 0;
		t_eq_int(clasp_subscriber_wants(&owners[i], address,
		    CLASP_SUB_TYPES), want[i] != 0, "wants");
	}
	n = cached ? clasp_subs_match(subs, address, clasp_hash(address),
	    &matches) : clasp_subs_lookup(subs, address, &matches);
	t_eq_int(n, count, "%.*s", CLASP_STR_ARG(address));
	for (i = 0; i < n; i++) {
		k = (int)(matches[i].owner - owners);
		t_eq_int(matches[i].types, want[k], "%.*s: owner %d",
		    CLASP_STR_ARG(address), k);
		/* the only one that matches, if there is but one */
		for (sub = owners[k].first, alone = 0; sub != NULL;
		    sub = sub->next)
			alone += clasp_pattern_match(clasp_sub_pattern(sub),
			    address);
		t_eq_int(matches[i].only != NULL, alone == 1, "%.*s: owner %d",
		    CLASP_STR_ARG(address), k);
		want[k] = 0;		/* a second copy would be wrong */
	}
}

static void
the_index_agrees_with_the_matcher(void)
{
	struct clasp_subs *subs = clasp_subs_new();
	struct clasp_sub *sub;
	char text[128];
	uint32_t id = 0;
	int round, i;

	for (round = 0; round < 3000; round++) {
		i = (int)roll(OWNERS);
		if (roll(10) < 6) {
			make(text, sizeof text, 1);
			if (clasp_pattern_check(clasp_str_c(text), NULL) == 0)
				clasp_subs_add(subs, &owners[i], id++,
				    clasp_str_c(text), (uint8_t)roll(32));
		} else if (roll(20) == 0) {
			clasp_subs_remove_all(subs, &owners[i]);
		} else if ((sub = owners[i].first) != NULL) {
			t_check(clasp_subscriber_find(&owners[i], sub->id) ==
			    sub, "find");
			clasp_subs_remove(subs, sub);
		}
		make(text, sizeof text, 0);
		if (round % 3 == 0) {
			compare(subs, clasp_str_c(text), 0);
			compare(subs, clasp_str_c(text), 1);
			compare(subs, clasp_str_c(text), 1);
		}
	}
	for (i = 0; i < OWNERS; i++) {
		clasp_subs_remove_all(subs, &owners[i]);
		t_eq_int(owners[i].count, 0, "count");
	}
	t_eq_int(clasp_subs_count(subs), 0, "count");
	compare(subs, CLASP_STR("/a/b"), 0);
	clasp_subs_free(subs);
}

static void
hundred_thousand_patterns(void)
{
	enum { N = 100000 };
	struct clasp_subs *subs = clasp_subs_new();
	const struct clasp_match *matches;
	char text[128];
	int i, n;

	for (i = 0; i < N; i++) {
		switch (i % 4) {
		case 0:
			snprintf(text, sizeof text, "/v/%d/f/%d/x", i / 100,
			    i % 100);
			break;
		case 1:
			snprintf(text, sizeof text, "/v/%d/*/%d/x", i / 100,
			    i % 100);
			break;
		case 2:
			snprintf(text, sizeof text, "/v/%d/**", i);
			break;
		default:
			snprintf(text, sizeof text, "/**/n%d/*", i);
		}
		if (clasp_subs_add(subs, &owners[i % OWNERS], (uint32_t)i,
		    clasp_str_c(text), 0) == NULL)
			t_check(0, "add");
	}
	t_eq_int(clasp_subs_count(subs), N, "count");
	/* 200: /v/2/f/0/x, and 201 (1 % 100 = 1): no; 2: /v/2/ ** */
	n = clasp_subs_lookup(subs, CLASP_STR("/v/2/f/0/x"), &matches);
	t_eq_int(n, 2, "literal and subtree");
	n = clasp_subs_lookup(subs, CLASP_STR("/v/2/f/1/x"), &matches);
	t_eq_int(n, 2, "star and subtree");
	n = clasp_subs_lookup(subs, CLASP_STR("/q/n99999/z"), &matches);
	t_eq_int(n, 1, "from the end");
	n = clasp_subs_lookup(subs, CLASP_STR("/q/n99998/z"), &matches);
	t_eq_int(n, 0, "nobody");
	for (i = 0; i < OWNERS; i++)
		clasp_subs_remove_all(subs, &owners[i]);
	t_eq_int(clasp_subs_count(subs), 0, "count");
	clasp_subs_free(subs);
}

/* Many "**" and one long address: the work stays bounded. */
static void
globstars_do_not_blow_up(void)
{
	struct clasp_subs *subs = clasp_subs_new();
	const struct clasp_match *matches;
	char text[600];
	size_t n = 0;
	int i;

	for (i = 0; i < 63; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "/a");
	snprintf(text + n, sizeof text - n, "/b");
	for (i = 0; i < 100; i++)
		clasp_subs_add(subs, &owners[i], 1,
		    CLASP_STR("/**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/c"), 0);
	clasp_subs_add(subs, &owners[0], 2,
	    CLASP_STR("/**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/b"), 0);
	for (i = 0; i < 1000; i++)
		t_eq_int(clasp_subs_lookup(subs, clasp_str_c(text),
		    &matches), 1, "matches");
	for (i = 0; i < OWNERS; i++)
		clasp_subs_remove_all(subs, &owners[i]);
	clasp_subs_free(subs);
}

/* More addresses and longer results than the cache may hold. */
static void
the_cache_is_bounded_and_right(void)
{
	struct clasp_subs *subs = clasp_subs_new();
	const struct clasp_match *matches;
	char text[64];
	int i, round;

	for (i = 0; i < OWNERS; i++)
		clasp_subs_add(subs, &owners[i], 1, CLASP_STR("/c/**"), 0);
	for (round = 0; round < 2; round++)
		for (i = 0; i < 20000; i++) {
			struct clasp_str address;

			snprintf(text, sizeof text, "/c/%d", i);
			address = clasp_str_c(text);
			t_eq_int(clasp_subs_match(subs, address,
			    clasp_hash(address), &matches), OWNERS - round,
			    "matches");
			if (round == 0 && i == 19999)
				clasp_subs_remove_all(subs, &owners[5]);
		}
	for (i = 0; i < OWNERS; i++)
		clasp_subs_remove_all(subs, &owners[i]);
	clasp_subs_free(subs);
}

/* No wildcard takes the relay's own first segment; others may begin alike. */
static void
its_own_addresses_are_asked_for_by_name(void)
{
	static const struct {
		const char *pattern, *address;
		int seen;
	} cases[] = {
		{ "/**", "/$relay/x", 0 },
		{ "/*/x", "/$relay/x", 0 },
		{ "/$*/x", "/$relay/x", 0 },
		{ "/**/x", "/$relay/x", 0 },
		{ "/$relay/**", "/$relay/x", 1 },
		{ "/$relay/x", "/$relay/x", 1 },
		{ "/$relay/*/y", "/$relay/x/y", 1 },
		{ "/**", "/$relays/x", 1 },
		{ "/*/x", "/$/x", 1 },
		{ "/**", "/a/$relay", 1 },
	};
	const struct clasp_match *matches;
	struct clasp_str address;
	size_t i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct clasp_subs *subs = clasp_subs_new();
		struct clasp_subscriber owner = { 0 };

		clasp_subs_add(subs, &owner, 1,
		    clasp_str_c(cases[i].pattern), 0);
		address = clasp_str_c(cases[i].address);
		t_eq_int(clasp_subs_match(subs, address, clasp_hash(address),
		    &matches), cases[i].seen, "%s of %s", cases[i].pattern,
		    cases[i].address);
		clasp_subs_remove_all(subs, &owner);
		clasp_subs_free(subs);
	}
}

int
main(void)
{
	t_run(the_index_agrees_with_the_matcher);
	t_run(hundred_thousand_patterns);
	t_run(globstars_do_not_blow_up);
	t_run(the_cache_is_bounded_and_right);
	t_run(its_own_addresses_are_asked_for_by_name);
	return t_end();
}
