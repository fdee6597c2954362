/* test_store.c - parameters: write rules, lifetimes, order, dry runs. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "core/store.h"
#include "t.h"
#include "wire/address.h"
#include "wire/message.h"

static struct clasp_store *store;
static struct clasp_author *anna, *bert;
static uint64_t now;

static void
begin_evicting(uint32_t max, uint32_t ttl_s, enum clasp_evict evict)
{
	store = clasp_store_new(max, ttl_s, evict);
	anna = clasp_author_new(CLASP_STR("anna"));
	bert = clasp_author_new(CLASP_STR("bert"));
	now = 1000000000;
}

static void
begin(uint32_t max, uint32_t ttl_s)
{
	begin_evicting(max, ttl_s, CLASP_EVICT_REJECT);
}

static void
end(void)
{
	clasp_store_release(store, anna);
	clasp_store_release(store, bert);
	clasp_store_free(store);
	clasp_author_drop(anna);
	clasp_author_drop(bert);
}

static struct clasp_write
write_of(struct clasp_author *author, const char *address, int64_t value)
{
	struct clasp_write w = { .author = author };

	w.address = clasp_str_c(address);
	w.hash = clasp_hash(w.address);
	w.value = clasp_int(value);
	return w;
}

static int
set(struct clasp_author *author, const char *address, int64_t value)
{
	struct clasp_write w = write_of(author, address, value);
	struct clasp_outcome out;

	return clasp_store_set(store, &w, now, &out);
}

static const struct clasp_record *
peek(const char *address)
{
	struct clasp_str a = clasp_str_c(address);

	return clasp_store_peek(store, a, clasp_hash(a), now);
}

static const struct clasp_record *
get(const char *address)
{
	struct clasp_str a = clasp_str_c(address);

	return clasp_store_get(store, a, clasp_hash(a), now);
}

/* Each row: who, flags, expectation; and what comes of it. */
static void
the_steps_of_a_write(void)
{
	static const struct {
		char who;
		const char *flags;	/* l lock, u unlock, r expects */
		uint64_t expected;
		int error;
		uint64_t revision;
		char holder;		/* 0: nobody */
	} rows[] = {
		{ 'a', "r", 1, CLASP_EREVISION, 0, 0 },
		{ 'a', "ru", 0, 0, 1, 0 },
		{ 'b', "", 0, 0, 2, 0 },
		{ 'a', "l", 0, 0, 3, 'a' },
		{ 'b', "", 0, CLASP_ELOCKED, 3, 'a' },
		{ 'b', "u", 0, CLASP_ELOCKED, 3, 'a' },
		{ 'b', "l", 0, CLASP_ELOCKED, 3, 'a' },
		/* the revision is looked at first */
		{ 'b', "r", 9, CLASP_EREVISION, 3, 'a' },
		{ 'b', "r", 3, CLASP_ELOCKED, 3, 'a' },
		{ 'a', "", 0, 0, 4, 'a' },
		{ 'a', "l", 0, 0, 5, 'a' },
		{ 'a', "lu", 0, 0, 6, 'a' },
		{ 'a', "u", 0, 0, 7, 0 },
		{ 'b', "u", 0, 0, 8, 0 },
		{ 'b', "lr", 8, 0, 9, 'b' },
	};
	struct clasp_outcome out;
	struct clasp_write w;
	const struct clasp_record *r;
	size_t i;

	begin(0, 0);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		w = write_of(rows[i].who == 'a' ? anna : bert, "/p",
		    (int64_t)i);
		w.lock = strchr(rows[i].flags, 'l') != NULL;
		w.unlock = strchr(rows[i].flags, 'u') != NULL;
		w.has_revision = strchr(rows[i].flags, 'r') != NULL;
		w.revision = rows[i].expected;
		t_eq_int(clasp_store_set(store, &w, now, &out),
		    rows[i].error, "row %zu", i);
		t_eq_int(out.revision, rows[i].revision, "row %zu", i);
		t_check(rows[i].holder == (out.holder == NULL ? 0 :
		    out.holder->id[0]), "row %zu: holder", i);
		r = peek("/p");
		if (rows[i].revision == 0) {
			t_check(r == NULL, "row %zu: created", i);
			continue;
		}
		t_eq_int(r->revision, rows[i].revision, "row %zu", i);
		t_check(clasp_record_holder(r) == out.holder, "row %zu", i);
		if (rows[i].error == 0)
			t_check(r->author == w.author, "row %zu: writer", i);
	}
	clasp_store_release(store, bert);
	t_eq_int(set(anna, "/p", 1), 0, "released");
	end();
}

static void
every_kind_of_value_is_kept(void)
{
	static char text[30000];
	struct clasp_value values[12], back;
	struct clasp_arena arena;
	struct clasp_outcome out;
	struct clasp_write w;
	int round, i, n = 0;

	memset(text, 'x', sizeof text);
	values[n++] = clasp_null();
	values[n++] = clasp_bool(true);
	values[n++] = clasp_int(INT64_MIN);
	values[n++] = clasp_float(-0.0);
	values[n++] = clasp_string(clasp_str_of(text, 14));
	values[n++] = clasp_string(clasp_str_of(text, 15));
	values[n++] = clasp_string(clasp_str_of(text, 0));
	values[n++] = clasp_bytes(clasp_str_of(text, sizeof text));
	values[n] = clasp_array(values, 4);
	n++;
	begin(0, 0);
	clasp_arena_init(&arena, NULL, 0, 1 << 20);
	for (round = 0; round < 3; round++)
		for (i = 0; i < n; i++) {
			w = write_of(anna, "/v", 0);
			w.value = values[round == 1 ? n - 1 - i : i];
			t_eq_int(clasp_store_set(store, &w, now, &out), 0,
			    "set");
			t_eq_int(clasp_record_value(peek("/v"), &arena,
			    &back), 0, "value");
			t_check(clasp_value_equal(&w.value, &back),
			    "value %d", i);
			clasp_arena_reset(&arena);
		}
	/* what cannot be written leaves the old value */
	w.value = clasp_string(clasp_str_of("\xff", 1));
	t_eq_int(clasp_store_set(store, &w, now, &out), CLASP_EUTF8, "set");
	t_eq_int(peek("/v")->revision, 3 * (uint64_t)n, "revision");
	end();
}

/* ------------------------------------------------- strategies and ranges */

static struct clasp_policy
policy_of(const char *path, enum clasp_strategy strategy)
{
	return (struct clasp_policy){ .path = clasp_str_c(path),
	    .strategy = strategy };
}

static struct clasp_policy
range_of(const char *path, enum clasp_strategy strategy,
    struct clasp_value low, struct clasp_value high)
{
	struct clasp_policy p = policy_of(path, strategy);

	p.has_range = true;
	p.range.low = low;
	p.range.high = high;
	return p;
}

#define I(n)	{ .type = CLASP_INT, .integer = (n) }
#define F(n)	{ .type = CLASP_FLOAT, .number = (n) }
#define T(text)	{ .type = CLASP_STRING, .string = { (text), sizeof(text) - 1 } }
#define BIG	(INT64_C(1) << 53)

/* An old value, a new one, and what each strategy says to it. */
static const struct meeting {
	struct clasp_value old, new;
	int max, min;
} meetings[] = {
	{ I(1), I(2), 0, CLASP_ESTRATEGY },
	{ I(2), I(1), CLASP_ESTRATEGY, 0 },
	{ I(2), I(2), CLASP_ESTRATEGY, CLASP_ESTRATEGY },
	{ I(2), F(2.0), CLASP_ESTRATEGY, CLASP_ESTRATEGY },
	{ F(2.0), I(2), CLASP_ESTRATEGY, CLASP_ESTRATEGY },
	{ F(0.0), F(-0.0), CLASP_ESTRATEGY, CLASP_ESTRATEGY },
	{ I(-1), F(-0.5), 0, CLASP_ESTRATEGY },
	{ I(0), F(-0.5), CLASP_ESTRATEGY, 0 },
	{ F(-1.5), I(-1), 0, CLASP_ESTRATEGY },
	/* what a float cannot tell apart */
	{ F(0x1p53), I(BIG + 1), 0, CLASP_ESTRATEGY },
	{ I(BIG + 1), F(0x1p53), CLASP_ESTRATEGY, 0 },
	{ F(0x1p63), I(INT64_MAX), CLASP_ESTRATEGY, 0 },
	{ I(INT64_MAX), F(0x1p63), 0, CLASP_ESTRATEGY },
	{ I(INT64_MIN), F(-0x1p63), CLASP_ESTRATEGY, CLASP_ESTRATEGY },
	{ F(-0x1p64), I(INT64_MIN), 0, CLASP_ESTRATEGY },
	{ I(5), F(INFINITY), 0, CLASP_ESTRATEGY },
	{ F(-INFINITY), I(5), 0, CLASP_ESTRATEGY },
	{ I(5), F(NAN), CLASP_EVALUE, CLASP_EVALUE },
	{ F(NAN), F(NAN), CLASP_EVALUE, CLASP_EVALUE },
	{ F(NAN), I(5), 0, 0 },
	{ I(5), T("loud"), 0, 0 },
	{ T("loud"), I(5), 0, 0 },
	{ T("loud"), T("quiet"), 0, 0 },
	{ { .type = CLASP_NULL }, I(-5), 0, 0 },
	{ { .type = CLASP_BOOL, .boolean = true }, I(0), 0, 0 },
};

/* Write old and new there; `dry` only says what would come of the second. */
static int
meet(const char *address, const struct meeting *m, bool dry)
{
	struct clasp_write w = write_of(anna, address, 0);
	struct clasp_outcome out;
	struct clasp_overlay overlay;
	struct clasp_arena arena;
	int error;

	w.value = m->old;
	if (!dry) {
		t_eq_int(clasp_store_set(store, &w, now, &out), 0, "old");
		w.value = m->new;
		error = clasp_store_set(store, &w, now, &out);
	} else {
		clasp_arena_init(&arena, NULL, 0, 1 << 16);
		clasp_overlay_init(&overlay, &arena);
		t_eq_int(clasp_store_try(store, &overlay, &w, now, &out), 0,
		    "old");
		w.value = m->new;
		error = clasp_store_try(store, &overlay, &w, now, &out);
		clasp_overlay_clear(&overlay);
		clasp_arena_clear(&arena);
	}
	t_eq_int(out.revision, error ? 1 : 2, "%s", address);
	return error;
}

static void
strategies(void)
{
	static const char *const names[] = { "/lww", "/max", "/min", "/lock",
	    "/merge" };
	struct clasp_policy policies[5];
	size_t i;
	int k, dry, wanted;

	begin(0, 0);
	for (k = 0; k < 5; k++) {
		policies[k] = policy_of(names[k], (enum clasp_strategy)k);
		t_eq_int(clasp_strategy_by_name(clasp_str_c(names[k] + 1)), k,
		    "");
		t_eq_str(clasp_strategy_name((unsigned)k), names[k] + 1, "");
	}
	t_eq_int(clasp_strategy_by_name(CLASP_STR("least")), -1, "");
	t_check(clasp_strategy_name(5) == NULL, "");
	t_eq_int(clasp_store_configure(store, policies, 5), 0, "");
	for (i = 0; i < sizeof meetings / sizeof meetings[0]; i++)
		for (k = 0; k < 5; k++)
			for (dry = 1; dry >= 0; dry--) {
				wanted = k == CLASP_STRATEGY_MAX ?
				    meetings[i].max :
				    k == CLASP_STRATEGY_MIN ?
				    meetings[i].min : 0;
				t_eq_int(meet(names[k], &meetings[i], dry),
				    wanted, "row %zu %s%s", i, names[k],
				    dry ? ", dry" : "");
				if (dry)
					continue;
				t_eq_int(peek(names[k])->revision,
				    wanted ? 1 : 2, "row %zu", i);
				clasp_store_remove(store,
				    clasp_str_c(names[k]),
				    clasp_hash(clasp_str_c(names[k])));
			}
	end();
}

static void
ranges(void)
{
	static const struct {
		struct clasp_value low, high, value;
		bool in;
	} rows[] = {
		{ I(0), I(1), I(0), true }, { I(0), I(1), I(1), true },
		{ I(0), I(1), F(0.5), true }, { I(0), I(1), F(1.5), false },
		{ I(0), I(1), I(2), false }, { I(0), I(1), I(-1), false },
		{ F(0.0), F(0x1p53), I(BIG + 1), false },
		{ F(0.0), F(0x1p53), I(BIG), true },
		{ I(0), I(1), F(NAN), false }, { I(0), I(1), T("2"), true },
		{ I(0), I(1), { .type = CLASP_NULL }, true },
		{ I(3), I(3), F(3.0), true },
	};
	struct clasp_outcome out;
	struct clasp_policy p;
	struct clasp_write w;
	size_t i;
	int round;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		begin(0, 0);
		p = range_of("/r/**", CLASP_STRATEGY_LWW, rows[i].low,
		    rows[i].high);
		t_eq_int(clasp_store_configure(store, &p, 1), 0, "");
		/* at creation, and later */
		for (round = 0; round < 2; round++) {
			w = write_of(anna, "/r/x", 0);
			w.value = rows[i].value;
			t_eq_int(clasp_store_set(store, &w, now, &out),
			    rows[i].in ? 0 : CLASP_ERANGE, "row %zu.%d", i,
			    round);
			if (!rows[i].in)
				t_check(clasp_value_equal(&out.range.high,
				    &rows[i].high), "row %zu", i);
			w.value = rows[i].low;
			t_eq_int(clasp_store_set(store, &w, now, &out), 0,
			    "row %zu.%d", i, round);
		}
		w = write_of(anna, "/elsewhere", 77);
		t_eq_int(clasp_store_set(store, &w, now, &out), 0, "");
		end();
	}
}

static void
a_range_announced_counts_too(void)
{
	struct clasp_policy p = range_of("/r", CLASP_STRATEGY_MAX,
	    clasp_int(0), clasp_int(10));
	struct clasp_write w = write_of(anna, "/r", 8);
	struct clasp_outcome out;

	begin(0, 0);
	clasp_store_configure(store, &p, 1);
	w.author = anna;
	w.has_range = true;
	w.low = 2;
	w.high = 5;
	t_eq_int(clasp_store_set(store, &w, now, &out), CLASP_ERANGE, "");
	t_check(peek("/r") == NULL, "created");
	w.value = clasp_int(4);
	t_eq_int(clasp_store_set(store, &w, now, &out), 0, "");
	w.high = 50;
	w.value = clasp_int(11);
	t_eq_int(clasp_store_set(store, &w, now, &out), CLASP_ERANGE, "");
	t_eq_int(out.range.high.integer, 10, "the one configured");
	end();
}

/* What is looked at first is what the writer is told. */
static void
reasons_have_an_order(void)
{
	struct clasp_policy p = range_of("/p", CLASP_STRATEGY_MAX,
	    clasp_int(0), clasp_int(10));
	struct clasp_outcome out;
	struct clasp_write w;

	begin(1, 0);
	clasp_store_configure(store, &p, 1);
	w = write_of(anna, "/p", 5);
	w.lock = true;
	t_eq_int(clasp_store_set(store, &w, now, &out), 0, "");
	w = write_of(bert, "/p", -1);
	w.has_revision = true;
	w.revision = 9;
	t_eq_int(clasp_store_set(store, &w, now, &out), CLASP_EREVISION, "");
	w.revision = 1;
	t_eq_int(clasp_store_set(store, &w, now, &out), CLASP_ELOCKED, "");
	w.author = anna;
	t_eq_int(clasp_store_set(store, &w, now, &out), CLASP_ERANGE, "");
	w.value = clasp_int(5);
	w.unlock = true;
	t_eq_int(clasp_store_set(store, &w, now, &out), CLASP_ESTRATEGY, "");
	t_eq_int(out.strategy, CLASP_STRATEGY_MAX, "");
	t_check(clasp_record_holder(peek("/p")) == anna, "unlocked");
	t_eq_int(peek("/p")->revision, 1, "touched");
	/* a new address: its range before the room for it */
	p = range_of("/q", CLASP_STRATEGY_LWW, clasp_int(0), clasp_int(1));
	clasp_store_configure(store, &p, 1);
	t_eq_int(set(anna, "/q", 7), CLASP_ERANGE, "");
	t_eq_int(set(anna, "/q", 1), CLASP_EFULL, "");
	end();
}

static void
the_first_match_at_creation_decides(void)
{
	struct clasp_policy p[3] = {
		policy_of("/a/b", CLASP_STRATEGY_MIN),
		policy_of("/a/**", CLASP_STRATEGY_MAX),
		range_of("/**", CLASP_STRATEGY_LWW, clasp_int(0),
		    clasp_int(9)),
	};
	const struct clasp_record *r;

	begin(0, 10);
	set(anna, "/a/old", 50);
	t_eq_int(clasp_store_configure(store, p, 3), 0, "");
	t_eq_int(set(anna, "/a/old", 10), 0, "it was there before");
	t_eq_int(set(anna, "/a/b", 5), 0, "");
	t_eq_int(set(anna, "/a/b", 6), CLASP_ESTRATEGY, "min");
	t_eq_int(set(anna, "/a/c", 50), 0, "");
	t_eq_int(set(anna, "/a/c", 40), CLASP_ESTRATEGY, "max");
	t_eq_int(set(anna, "/z", 10), CLASP_ERANGE, "");
	/* the same after a change, until they are created anew */
	t_eq_int(clasp_store_configure(store, NULL, 0), 0, "");
	t_eq_int(set(anna, "/a/c", 40), CLASP_ESTRATEGY, "max");
	t_eq_int(set(anna, "/z", 10), 0, "");
	r = peek("/a/c");
	t_eq_int(clasp_record_policy(store, r).strategy, CLASP_STRATEGY_MAX,
	    "");
	now += 11000000;
	t_eq_int(set(anna, "/a/c", 40), 0, "");
	t_eq_int(set(anna, "/a/c", 30), 0, "");
	end();
}

static void
lifetimes(void)
{
	static const struct {
		uint32_t default_s;
		int has_ttl;
		uint32_t ttl;
		int reads;		/* a get half way */
		uint64_t alive_s;	/* 0: not kept at all; 999: for ever */
	} rows[] = {
		{ 10, 0, 0, 0, 10 },
		{ 10, 0, 0, 1, 15 },
		{ 0, 0, 0, 0, 999 },
		{ 10, 1, 0, 0, 999 },
		{ 10, 1, 20, 0, 20 },
		{ 0, 1, 20, 1, 30 },
		{ 10, 1, CLASP_TTL_ABSOLUTE | 20, 0, 20 },
		{ 10, 1, CLASP_TTL_ABSOLUTE | 20, 1, 20 },
		{ 10, 1, CLASP_TTL_ABSOLUTE, 0, 0 },
	};
	struct clasp_outcome out;
	struct clasp_write w;
	uint64_t start, half;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		begin(0, rows[i].default_s);
		w = write_of(anna, "/t", 1);
		w.has_ttl = rows[i].has_ttl;
		w.ttl = rows[i].ttl;
		start = now;
		t_eq_int(clasp_store_set(store, &w, now, &out), 0, "set");
		t_eq_int(out.revision, 1, "row %zu", i);
		if (rows[i].alive_s == 0) {
			t_check(peek("/t") == NULL, "row %zu: kept", i);
			t_eq_int(clasp_store_count(store), 0, "count");
			end();
			continue;
		}
		half = (rows[i].has_ttl ? rows[i].ttl &
		    ~CLASP_TTL_ABSOLUTE : rows[i].default_s) * 500000ull;
		now = start + half;
		t_check(rows[i].reads ? get("/t") != NULL :
		    peek("/t") != NULL, "row %zu: half way", i);
		now = start + rows[i].alive_s * 1000000 - 1;
		t_check(peek("/t") != NULL, "row %zu: too early", i);
		now++;
		t_check((peek("/t") != NULL) == (rows[i].alive_s == 999),
		    "row %zu: too late", i);
		if (rows[i].alive_s != 999) {
			/* written again it begins anew */
			t_eq_int(clasp_store_set(store, &w, now, &out), 0,
			    "set");
			t_eq_int(out.revision, 1, "row %zu: revision", i);
		}
		end();
	}
}

static void
a_lock_keeps_a_parameter_alive(void)
{
	struct clasp_outcome out;
	struct clasp_write w;

	begin(0, 10);
	w = write_of(anna, "/t", 1);
	w.lock = true;
	clasp_store_set(store, &w, now, &out);
	now += 100000000;
	t_check(peek("/t") != NULL, "expired under its lock");
	t_eq_int(clasp_store_expire(store, now, UINT32_MAX), UINT64_MAX,
	    "next expiry");
	clasp_store_release(store, anna);
	t_check(peek("/t") == NULL, "alive without its lock");
	t_eq_int(clasp_store_count(store), 1, "reclaimed already");
	clasp_store_expire(store, now, UINT32_MAX);
	t_eq_int(clasp_store_count(store), 0, "not reclaimed");
	end();
}

static void
expiry_reclaims_what_is_due(void)
{
	char address[32];
	struct clasp_outcome out;
	struct clasp_write w;
	int i;

	begin(0, 0);
	for (i = 0; i < 1000; i++) {
		snprintf(address, sizeof address, "/e/%03d", i);
		w = write_of(anna, address, i);
		w.has_ttl = true;
		w.ttl = (uint32_t)(1 + i % 10);
		clasp_store_set(store, &w, now, &out);
	}
	t_eq_int(clasp_store_next_expiry(store), now + 1000000, "next");
	t_eq_int(clasp_store_expire(store, now, UINT32_MAX), now + 1000000,
	    "next");
	for (i = 1; i <= 10; i++) {
		t_eq_int(clasp_store_expire(store, now +
		    (uint64_t)i * 1000000, UINT32_MAX), i == 10 ? UINT64_MAX :
		    now + (uint64_t)(i + 1) * 1000000, "next");
		t_eq_int(clasp_store_count(store), 1000 - 100 * i, "count");
	}
	t_eq_int(clasp_store_snapshot_bytes(store), 0, "bytes");
	end();
}

static void
capacity(void)
{
	begin(2, 10);
	t_eq_int(set(anna, "/a", 1), 0, "");
	t_eq_int(set(anna, "/b", 1), 0, "");
	t_eq_int(set(anna, "/c", 1), CLASP_EFULL, "a third");
	t_eq_int(set(anna, "/a", 2), 0, "one that is there");
	now += 10000000;
	t_eq_int(set(anna, "/c", 1), 0, "the others have expired");
	t_eq_int(clasp_store_count(store), 1, "count");
	end();
}

static void
a_dry_run_changes_nothing_and_sees_itself(void)
{
	struct clasp_overlay overlay;
	struct clasp_outcome out;
	struct clasp_arena arena;
	struct clasp_write w;
	uint64_t generation;

	begin(3, 0);
	clasp_arena_init(&arena, NULL, 0, 1 << 20);
	set(anna, "/a", 1);
	generation = clasp_store_generation(store);
	clasp_overlay_init(&overlay, &arena);
	w = write_of(anna, "/a", 2);
	w.lock = true;
	t_eq_int(clasp_store_try(store, &overlay, &w, now, &out), 0, "lock");
	t_eq_int(out.revision, 2, "revision");
	w = write_of(bert, "/a", 3);
	t_eq_int(clasp_store_try(store, &overlay, &w, now, &out),
	    CLASP_ELOCKED, "locked by the write before");
	w = write_of(anna, "/a", 3);
	w.has_revision = true;
	w.revision = 1;
	t_eq_int(clasp_store_try(store, &overlay, &w, now, &out),
	    CLASP_EREVISION, "raised by the write before");
	w = write_of(anna, "/b", 1);
	t_eq_int(clasp_store_try(store, &overlay, &w, now, &out), 0, "new");
	t_eq_int(clasp_store_try(store, &overlay, &w, now, &out), 0, "again");
	t_eq_int(out.revision, 2, "revision");
	w = write_of(anna, "/c", 1);
	t_eq_int(clasp_store_try(store, &overlay, &w, now, &out), 0, "new");
	w = write_of(anna, "/d", 1);
	t_eq_int(clasp_store_try(store, &overlay, &w, now, &out),
	    CLASP_EFULL, "filled by the writes before");
	clasp_overlay_clear(&overlay);
	clasp_arena_clear(&arena);
	t_eq_int(clasp_store_generation(store), generation, "generation");
	t_eq_int(clasp_store_count(store), 1, "count");
	t_check(clasp_record_holder(peek("/a")) == NULL, "locked");
	end();
}

static uint32_t seed = 99;

static uint32_t
roll(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

#define MANY 3000

/* A walk against a walk over all of it, with things coming and going. */
static void
walks_are_ordered_and_complete(void)
{
	static const char *const patterns[] = { "/**", "/a/**", "/a/*",
	    "/a/1*", "/*/5", "/a/17", "/b/**/x", "/**/x", "/none/**", "/a*",
	    "/a/**/" };
	const struct clasp_record *r, *all;
	struct clasp_walk walk, full;
	struct clasp_str last, pattern;
	char address[40], from[40];
	size_t i, bytes;
	int k, n;

	begin(0, 0);
	for (k = 0; k < MANY * 3; k++) {
		n = (int)roll(MANY);
		snprintf(address, sizeof address, "/%s/%d%s",
		    n % 3 ? "a" : n % 2 ? "b" : "a b", n, n % 7 ? "" : "/x");
		if (roll(3))
			set(anna, address, k);
		else
			clasp_store_remove(store, clasp_str_c(address),
			    clasp_hash(clasp_str_c(address)));
		set(anna, "/a", 1);
	}
	bytes = n = 0;
	for (i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
		pattern = clasp_str_c(patterns[i]);
		clasp_walk_start(&walk, store, pattern, CLASP_STR_NONE, now);
		clasp_walk_start(&full, store, CLASP_STR("/**"),
		    CLASP_STR_NONE, now);
		last = CLASP_STR("");
		while ((all = clasp_walk_next(&full)) != NULL) {
			if (i == 0) {
				bytes += clasp_record_snapshot_bytes(all);
				n++;
			}
			t_check(clasp_str_cmp(clasp_record_address(all),
			    last) > 0, "order");
			last = clasp_record_address(all);
			if (!clasp_pattern_match(clasp_pattern_trim(pattern),
			    last))
				continue;
			r = clasp_walk_next(&walk);
			t_check(r == all, "%s left out %.*s", patterns[i],
			    CLASP_STR_ARG(last));
		}
		t_check(clasp_walk_next(&walk) == NULL, "%s: too many",
		    patterns[i]);
	}
	t_eq_int(n, clasp_store_count(store), "count");
	t_eq_int(bytes, clasp_store_snapshot_bytes(store), "bytes");
	/* taken up again behind any address, there or not */
	for (k = 0; k < 500; k++) {
		snprintf(from, sizeof from, "/a/%d", (int)roll(MANY));
		clasp_walk_start(&walk, store, CLASP_STR("/a/**"),
		    clasp_str_c(from), now);
		clasp_walk_start(&full, store, CLASP_STR("/a/**"),
		    CLASP_STR_NONE, now);
		do
			all = clasp_walk_next(&full);
		while (all != NULL && clasp_str_cmp(
		    clasp_record_address(all), clasp_str_c(from)) <= 0);
		t_check(clasp_walk_next(&walk) == all, "behind %s", from);
	}
	end();
}

/* ---------------------------------------------------------- who leaves */

static void
who_leaves_for_a_new_one(void)
{
	static const struct {
		enum clasp_evict evict;
		const char *leaver;
	} rows[] = {
		{ CLASP_EVICT_LRU, "/b" },
		{ CLASP_EVICT_OLDEST, "/a" },
	};
	struct clasp_losses losses;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		begin_evicting(3, 0, rows[i].evict);
		set(anna, "/a", 1);
		now++;
		set(anna, "/b", 1);
		now++;
		set(anna, "/c", 1);
		now++;
		get("/a");
		peek("/b");
		t_eq_int(set(anna, "/c", 2), 0, "one that is there");
		t_eq_int(clasp_store_count(store), 3, "nobody leaves");
		t_eq_int(set(anna, "/d", 1), 0, "a new one");
		t_eq_int(clasp_store_count(store), 3, "one leaves");
		t_check(peek(rows[i].leaver) == NULL, "%s is there",
		    rows[i].leaver);
		t_check(peek("/d") != NULL, "/d is not");
		clasp_store_losses(store, &losses);
		t_eq_int(losses.evicted, 1, "evicted");
		t_eq_int(losses.expired, 0, "expired");
		t_check(clasp_str_is(losses.last, rows[i].leaver), "last");
		end();
	}
}

static void
expired_ones_leave_first(void)
{
	struct clasp_losses losses;
	struct clasp_outcome out;
	struct clasp_write w;

	begin_evicting(2, 0, CLASP_EVICT_LRU);
	set(anna, "/a", 1);
	w = write_of(anna, "/b", 1);
	w.has_ttl = true;
	w.ttl = 1;
	clasp_store_set(store, &w, now, &out);
	now += 1000000;
	set(anna, "/c", 1);
	t_check(peek("/a") != NULL, "the living left");
	clasp_store_losses(store, &losses);
	t_eq_int(losses.expired, 1, "expired");
	t_eq_int(losses.evicted, 0, "evicted");
	/* what is not kept needs no room */
	w = write_of(anna, "/d", 1);
	w.has_ttl = true;
	w.ttl = CLASP_TTL_ABSOLUTE;
	t_eq_int(clasp_store_set(store, &w, now, &out), 0, "gone at once");
	t_eq_int(out.revision, 1, "revision");
	t_check(peek("/a") != NULL && peek("/c") != NULL, "somebody left");
	end();
}

/* A second store, simple and slow. */
#define NAMES	12
#define ROOM	5

struct simple {
	bool there;
	uint64_t accessed, written, revision;
	int64_t value;
	uint32_t ttl;		/* seconds, sliding; 0: never */
	struct clasp_author *holder;
};

struct simple_store {
	struct simple one[NAMES];
};

static bool
simple_alive(const struct simple *one)
{
	return one->there && (one->holder != NULL || one->ttl == 0 ||
	    one->accessed + one->ttl * UINT64_C(1000000) > now);
}

static void
simple_make_room(struct simple_store *m, enum clasp_evict evict)
{
	struct simple *leaver = NULL, *one;
	uint64_t key, least = 0;
	int count = 0, i;

	for (i = 0; i < NAMES; i++) {
		one = &m->one[i];
		if (!simple_alive(one))
			continue;
		count++;
		/* the locked behind all others */
		key = evict == CLASP_EVICT_LRU ? one->accessed : one->written;
		if (one->holder != NULL)
			key |= UINT64_C(1) << 63;
		if (leaver == NULL || key < least) {
			leaver = one;
			least = key;
		}
	}
	if (count >= ROOM)
		leaver->there = false;
}

/* The numbers 0 and 1 take what is more, 2 what is less, 3 from 10 to 80. */
static bool
simple_takes(const struct simple *one, int i, int64_t value)
{
	if (i == 3)
		return value >= 10 && value <= 80;
	if (!one->there || i > 2)
		return true;
	return i < 2 ? value > one->value : value < one->value;
}

static void
configure_simple(void)
{
	const struct clasp_policy policies[] = {
		policy_of("/2", CLASP_STRATEGY_MIN),
		range_of("/3", CLASP_STRATEGY_MERGE, clasp_int(10),
		    clasp_int(80)),
		policy_of("/0", CLASP_STRATEGY_MAX),
		policy_of("/1", CLASP_STRATEGY_MAX),
		policy_of("/*", CLASP_STRATEGY_LOCK),
	};

	t_eq_int(clasp_store_configure(store, policies, 5), 0, "");
}

/* Write as the rules say: the new revision, or 0 when refused. */
static uint64_t
simple_set(struct simple_store *m, int i, const struct clasp_write *w,
    enum clasp_evict evict)
{
	struct simple *one = &m->one[i];

	if (!simple_alive(one))
		*one = (struct simple){ .there = false };
	if ((one->holder != NULL && one->holder != w->author) ||
	    !simple_takes(one, i, w->value.integer))
		return 0;
	if (!one->there)
		simple_make_room(m, evict);
	one->there = true;
	one->value = w->value.integer;
	if (w->unlock)
		one->holder = NULL;
	if (w->lock)
		one->holder = w->author;
	one->accessed = one->written = now;
	if (w->has_ttl)
		one->ttl = w->ttl;
	return ++one->revision;
}

static const char *const names[NAMES] = {
	"/0", "/1", "/2", "/3", "/4", "/5", "/6", "/7", "/8", "/9", "/a", "/b"
};

static struct clasp_write
any_write(int *i)
{
	struct clasp_write w;

	*i = (int)roll(NAMES);
	w = write_of(roll(2) ? anna : bert, names[*i], (int64_t)roll(100));
	w.lock = roll(6) == 0;
	w.unlock = roll(6) == 0;
	w.has_ttl = roll(4) == 0;
	w.ttl = roll(4);
	return w;
}

/* Several writes: what is tried first comes about, or nothing is done. */
static void
any_bundle(struct simple_store *m, enum clasp_evict evict)
{
	struct simple_store copy = *m;
	struct clasp_write writes[4];
	struct clasp_outcome tried[4], out;
	struct clasp_overlay overlay;
	struct clasp_arena arena;
	uint64_t wanted[4], begun = now;
	int which[4], n = 1 + (int)roll(4), k, error;
	bool good = true;

	clasp_arena_init(&arena, NULL, 0, 1 << 20);
	clasp_overlay_init(&overlay, &arena);
	/* no two touches at one time: who leaves would be anybody's guess */
	for (k = 0; k < n && good; k++, now++) {
		writes[k] = any_write(&which[k]);
		wanted[k] = simple_set(&copy, which[k], &writes[k], evict);
		error = clasp_store_try(store, &overlay, &writes[k], now,
		    &tried[k]);
		good = error == 0;
		/* a bundle that would push out its own is refused */
		t_check(good == (wanted[k] != 0) || (k > 0 &&
		    error == CLASP_EFULL), "tried: %d", error);
	}
	clasp_overlay_clear(&overlay);
	clasp_arena_clear(&arena);
	if (!good)
		return;
	*m = copy;
	now = begun;
	for (k = 0; k < n; k++, now++) {
		t_eq_int(clasp_store_set(store, &writes[k], now, &out), 0,
		    "applied");
		t_eq_int(out.revision, wanted[k], "revision");
		t_eq_int(tried[k].revision, wanted[k], "revision tried");
	}
}

static void
any_step(struct simple_store *m, enum clasp_evict evict)
{
	struct clasp_author *who;
	int i = (int)roll(NAMES), k;

	switch (roll(12)) {
	case 0:
		who = roll(2) ? anna : bert;
		clasp_store_release(store, who);
		for (k = 0; k < NAMES; k++)
			if (m->one[k].there && m->one[k].holder == who)
				m->one[k].holder = NULL;
		break;
	case 1:
		clasp_store_expire(store, now, roll(3));
		break;
	case 2:
	case 3:
		if (get(names[i]) != NULL)
			m->one[i].accessed = now;
		break;
	default:
		any_bundle(m, evict);
	}
	now += 1 + (roll(3) ? roll(400000) : 0);
}

static void
a_simple_store_agrees(void)
{
	struct simple_store m;
	int round, step, i;
	uint64_t next;

	for (round = 0; round < 40; round++) {
		enum clasp_evict evict = (enum clasp_evict)(round % 2);

		memset(&m, 0, sizeof m);
		begin_evicting(ROOM, 0, evict);
		configure_simple();
		for (step = 0; step < 500 && t_bad == 0; step++) {
			any_step(&m, evict);
			for (i = 0; i < NAMES; i++)
				t_eq_int(peek(names[i]) != NULL,
				    simple_alive(&m.one[i]),
				    "round %d step %d: %s", round, step,
				    names[i]);
			next = clasp_store_next_expiry(store);
			for (i = 0; i < NAMES; i++)
				t_check(!simple_alive(&m.one[i]) ||
				    m.one[i].holder != NULL ||
				    m.one[i].ttl == 0 || next <=
				    m.one[i].accessed + m.one[i].ttl *
				    UINT64_C(1000000), "swept too late");
		}
		end();
	}
}

int
main(void)
{
	t_run(the_steps_of_a_write);
	t_run(every_kind_of_value_is_kept);
	t_run(strategies);
	t_run(ranges);
	t_run(a_range_announced_counts_too);
	t_run(reasons_have_an_order);
	t_run(the_first_match_at_creation_decides);
	t_run(lifetimes);
	t_run(a_lock_keeps_a_parameter_alive);
	t_run(expiry_reclaims_what_is_due);
	t_run(capacity);
	t_run(a_dry_run_changes_nothing_and_sees_itself);
	t_run(walks_are_ordered_and_complete);
	t_run(who_leaves_for_a_new_one);
	t_run(expired_ones_leave_first);
	t_run(a_simple_store_agrees);
	return t_end();
}
