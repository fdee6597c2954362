/* test_hash.c - hashes that nobody can make collide. */
#include "base/hash.h"

#include "t.h"

/* For some seeds, differences that undo each other from word to word. */
static void
no_difference_undoes_another(void)
{
	static const struct {
		int	first, second, third;	/* bytes that change */
		char	by;
	} rows[] = {
		{ 7, 15, 11, 0x40 },	/* bits 62, then 62 and 30 */
		{ 7, 15, 11, 0x20 },
		{ 7, 15, 11, 0x60 },
		{ 6, 14, 10, 0x01 },
	};
	char a[] = "/lights/zone/one/", b[sizeof a];
	uint64_t seed;
	int same = 0;
	size_t i;

	for (seed = 1; seed <= 256; seed++)
		for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
			clasp_hash_seed =
			    seed * UINT64_C(0x9e3779b97f4a7c15);
			memcpy(b, a, sizeof a);
			b[rows[i].first] ^= rows[i].by;
			b[rows[i].second] ^= rows[i].by;
			b[rows[i].third] ^= rows[i].by;
			same += clasp_hash(clasp_str_c(a)) ==
			    clasp_hash(clasp_str_c(b));
		}
	clasp_hash_seed = 0;
	t_eq_int(same, 0, "of the pairs");
}

/* Every length, and every byte of it, has its part in the hash. */
static void
every_byte_counts(void)
{
	char text[40];
	uint64_t before;
	size_t len, i;
	int same = 0;

	memset(text, 'a', sizeof text);
	for (len = 1; len < sizeof text; len++) {
		before = clasp_hash(clasp_str_of(text, len));
		same += before == clasp_hash(clasp_str_of(text, len - 1));
		for (i = 0; i < len; i++) {
			text[i] = 'b';
			same += before == clasp_hash(clasp_str_of(text, len));
			text[i] = 'a';
		}
	}
	t_eq_int(same, 0, "of the pairs");
}

/* What differs only above differs below, where a table looks. */
static void
high_bits_reach_low_ones(void)
{
	static unsigned char used[4096];
	char text[8] = { 0 };
	unsigned i, places = 0, at;

	for (i = 0; i < 4096; i++) {
		text[6] = (char)i;
		text[7] = (char)(i >> 8);
		at = clasp_hash(clasp_str_of(text, 8)) & 4095;
		places += !used[at];
		used[at] = 1;
	}
	/* chance fills two thirds */
	t_check(places > 2400 && places < 2800, "%u", places);
}

int
main(void)
{
	t_run(no_difference_undoes_another);
	t_run(every_byte_counts);
	t_run(high_bits_reach_low_ones);
	return t_end();
}
