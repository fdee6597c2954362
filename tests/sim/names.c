/* names.c - the few addresses and patterns of the simulated world. */
#include "names.h"

#include <string.h>

/* Stands for a text of 1,025 bytes, for 65 segments. */
static const char too_long[] = "\1long", too_deep[] = "\1deep";

static const struct sim_name addresses[] = {
	{ "/a", NULL }, { "/a/x", NULL }, { "/a/y", NULL },
	{ "/a/x/1", NULL }, { "/b", NULL }, { "/b/x", NULL },
	{ "/b/y/1", NULL }, { "/zone1", NULL }, { "/zone2", NULL },
	{ "/zone10", NULL }, { "/c/d/e/x", NULL }, { "/clasp/p2p/x", NULL },
	{ "/p/0", NULL }, { "/p/1", NULL }, { "/p/2", NULL },
	{ "/p/3", NULL }, { "/p/4", NULL }, { "/p/5", NULL },
	{ "/p/6", NULL }, { "/p/7", NULL }, { "/p/8", NULL },
	{ "/p/9", NULL }, { "/m\xc3\xbcll/A-b_c", NULL },
	{ "/[z]?{1}!", NULL },
	/* SIM_ADDRESSES good ones until here */
	{ "bad:empty", "" }, { "bad:none", "a/x" }, { "bad:double", "/a//x" },
	{ "bad:star", "/a/*" }, { "bad:slash", "/a/" },
	{ "bad:control", "/a\x01" }, { "bad:long", too_long },
	{ "bad:deep", too_deep }, { "/$relay/x", NULL },
	/* the last one */
	{ SIM_LOCKS, NULL },
};

static const struct sim_name patterns[] = {
	{ "/**", NULL }, { "/a/**", NULL }, { "/a/*", NULL }, { "/*", NULL },
	{ "/**/x", NULL }, { "/zone*", NULL }, { "/z*e1*", NULL },
	{ "/a/x", NULL }, { "/p/**", NULL }, { "/p/*", NULL },
	{ "/*/x", NULL }, { "/a/**/1", NULL }, { "/**/*", NULL },
	{ "/b/", NULL }, { "/**/**/x/**", NULL }, { "/[z]?{1}!", NULL },
	{ "/clasp/**", NULL }, { "/nothing/here", NULL },
	{ "/p/0", NULL }, { "/*l*/*-*", NULL },
	/* SIM_PATTERNS good ones until here */
	{ "bad:empty", "" }, { "bad:none", "a/**" },
	{ "bad:double", "/a//x" }, { "bad:long", too_long },
	{ "bad:deep", too_deep },
	{ "bad:stars", "/**/**/**/**/**/**/**/**/**" },
};

const struct sim_policy sim_policies[SIM_POLICIES] = {
	{ "/a", '>', false, 0, 0 },
	{ "/a/x", '<', true, 20, 150 },
	{ "/a/y", 'l', false, 0, 0 },
	{ "/b", 'm', true, 10, 120 },
	{ "/zone*", '>', true, 0, 199 },
	{ "/**", 'w', false, 0, 0 },
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static struct clasp_str
text_of(const struct sim_name *n)
{
	static char text_long[1025], text_deep[2 * 65];
	size_t i;

	if (n->text == too_long) {
		memset(text_long, 'l', sizeof text_long);
		text_long[0] = '/';
		return clasp_str_of(text_long, sizeof text_long);
	}
	if (n->text == too_deep) {
		for (i = 0; i < sizeof text_deep; i++)
			text_deep[i] = i % 2 ? 'd' : '/';
		return clasp_str_of(text_deep, sizeof text_deep);
	}
	return clasp_str_c(n->text ? n->text : n->name);
}

static int64_t
by_name(const struct sim_name *table, size_t n, struct clasp_str name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (clasp_str_is(name, table[i].name))
			return (int64_t)i;
	return -1;
}

struct clasp_str
sim_address(int64_t i)
{
	return text_of(&addresses[(uint64_t)i % COUNT(addresses)]);
}

const char *
sim_address_name(int64_t i)
{
	return addresses[(uint64_t)i % COUNT(addresses)].name;
}

int64_t
sim_address_by_name(struct clasp_str name)
{
	return by_name(addresses, COUNT(addresses), name);
}

uint32_t
sim_addresses(void)
{
	return COUNT(addresses);
}

struct clasp_str
sim_pattern(int64_t i)
{
	return text_of(&patterns[(uint64_t)i % COUNT(patterns)]);
}

const char *
sim_pattern_name(int64_t i)
{
	return patterns[(uint64_t)i % COUNT(patterns)].name;
}

int64_t
sim_pattern_by_name(struct clasp_str name)
{
	return by_name(patterns, COUNT(patterns), name);
}

uint32_t
sim_patterns(void)
{
	return COUNT(patterns);
}
