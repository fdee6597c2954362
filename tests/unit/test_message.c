/* test_message.c - every message vector, both ways; limits; broken input. */
#include "t.h"
#include "vectors.h"

#include "base/buf.h"

/* What wire.md allows a decoder for a payload of n bytes. */
#define BOUND(n) (64 * (n) + 4096)

static uint8_t buf[CLASP_FRAME_MAX + 16], again[CLASP_FRAME_MAX];
static struct clasp_arena arena;

/* Frame and payload, with the memory bound of the payload. */
static int
decode(const uint8_t *p, size_t n, struct clasp_frame *f,
    struct clasp_msg *msg)
{
	int took, e;

	took = clasp_frame_decode(p, n, f);
	if (took < 0)
		return took;
	clasp_arena_clear(&arena);
	clasp_arena_init(&arena, NULL, 0, BOUND(f->len));
	e = clasp_msg_decode(f->payload, f->len, &arena, 0, msg);
	return e < 0 ? e : took;
}

static bool
same_json(const char *name, const struct clasp_msg *msg, json_t *want)
{
	json_t *got = v_json_msg(msg);
	bool same = json_equal(got, want);
	char *a, *b;

	if (!same) {
		a = json_dumps(got, JSON_COMPACT);
		b = json_dumps(want, JSON_COMPACT);
		printf("# %s:\n# got  %s\n# want %s\n", name, a, b);
		free(a);
		free(b);
	}
	json_decref(got);
	return same;
}

static void
check_head(json_t *r, const struct clasp_frame *f)
{
	json_t *head = json_object_get(r, "frame");
	json_t *ts = json_object_get(r, "timestamp");
	const char *name = v_text(r, "name");

	t_eq_int(f->qos, json_integer_value(json_object_get(r, "qos")),
	    "%s", name);
	t_eq_int(f->timed, ts != NULL, "%s", name);
	if (ts != NULL)
		t_check(f->time_us == v_u64(ts), "%s", name);
	t_eq_int(f->version, head ? json_integer_value(json_object_get(head,
	    "version")) : 1, "%s", name);
	t_eq_int(f->encrypted, json_is_true(json_object_get(head,
	    "encrypted")), "%s", name);
	t_eq_int(f->compressed, json_is_true(json_object_get(head,
	    "compressed")), "%s", name);
}

static void
decode_row(json_t *r)
{
	json_t *consumed = json_object_get(r, "consumed");
	size_t n = v_hex(r, "frame_hex", buf, sizeof buf);
	const char *name = v_text(r, "name");
	struct clasp_frame f;
	struct clasp_msg msg;
	int e = decode(buf, n, &f, &msg);

	t_check(e > 0, "%s: %s", name, clasp_strerror(e));
	if (e <= 0)
		return;
	t_eq_int(e, consumed ? json_integer_value(consumed) :
	    (json_int_t)n, "%s", name);
	check_head(r, &f);
	t_check(same_json(name, &msg, json_object_get(r, "message")), "%s",
	    name);
}

static void
encode_row(json_t *r)
{
	json_t *ts = json_object_get(r, "timestamp");
	size_t n = v_hex(r, "frame_hex", buf, sizeof buf);
	const char *name = v_text(r, "name");
	struct clasp_frame f = { .version = 1 };
	struct clasp_arena room;
	struct clasp_msg msg;
	size_t cap;
	int e;

	f.qos = (uint8_t)json_integer_value(json_object_get(r, "qos"));
	f.timed = ts != NULL;
	f.time_us = ts ? v_u64(ts) : 0;
	clasp_arena_init(&room, NULL, 0, 32 << 20);
	v_msg_get(json_object_get(r, "message"), &room, &msg);
	e = clasp_frame_encode(again, sizeof again, &msg, &f);
	t_eq_int(e, n, "%s", name);
	t_check(e == (int)n && memcmp(buf, again, n) == 0, "%s", name);
	if (e > 0 && (size_t)e != n) {
		v_print_hex("got ", again, (size_t)e);
		v_print_hex("want", buf, n);
	}
	/* exactly enough room is enough, one byte less is not */
	t_eq_int(clasp_frame_encode(again, n, &msg, &f), n, "%s", name);
	for (cap = 0; cap < n; cap += 1 + n / 64)
		t_eq_int(clasp_frame_encode(again, cap, &msg, &f),
		    CLASP_ENOSPC, "%s in %zu", name, cap);
	clasp_arena_clear(&room);
}

static void
messages_decode(void)
{
	t_eq_int(v_each("messages.jsonl", decode_row), 401);
}

static void
messages_encode(void)
{
	t_eq_int(v_each("messages.jsonl", encode_row), 401);
}

static void
unusual_frames_decode(void)
{
	t_eq_int(v_each("decode-only.jsonl", decode_row), 327);
}

static void
legacy_decodes(void)
{
	t_eq_int(v_each("legacy.jsonl", decode_row), 88);
}

static void
invalid_row(json_t *r)
{
	size_t n = v_hex(r, "frame_hex", buf, sizeof buf);
	struct clasp_msg msg, before;
	struct clasp_frame f;
	int e;

	memset(&msg, 0xa5, sizeof msg);
	before = msg;
	e = decode(buf, n, &f, &msg);
	t_eq_str(v_error_class(e), v_text(r, "error"), "%s",
	    v_text(r, "name"));
	t_check(memcmp(&msg, &before, sizeof msg) == 0, "%s: output touched",
	    v_text(r, "name"));
}

static void
invalid_is_refused_by_class(void)
{
	t_check(v_each("invalid.jsonl", invalid_row) > 300);
}

/* ----------------------------------------------------- broken on purpose */

static long refused, taken;

/*
 * Whatever decodes encodes again, and that decodes to the same message.
 * Legacy maps may exceed what fits a frame in the binary form.
 */
static void
try_bytes(const char *name, const uint8_t *p, size_t n)
{
	struct clasp_arena second;
	struct clasp_msg msg, twin;
	struct clasp_frame f;
	int e, len;

	if (decode(p, n, &f, &msg) < 0) {
		refused++;
		return;
	}
	taken++;
	len = clasp_msg_encode(again, sizeof again, &msg);
	if (len == CLASP_ETOOBIG)
		return;
	t_check(len > 0, "%s: %s", name, clasp_strerror(len));
	if (len <= 0)
		return;
	clasp_arena_init(&second, NULL, 0, BOUND((size_t)len));
	e = clasp_msg_decode(again, (size_t)len, &second, 0, &twin);
	t_eq_int(e, 0, "%s", name);
	if (e == 0) {
		static uint8_t third[CLASP_FRAME_MAX];
		int m = clasp_msg_encode(third, sizeof third, &twin);

		t_check(m == len && memcmp(third, again, (size_t)m) == 0,
		    "%s: not the same again", name);
	}
	clasp_arena_clear(&second);
}

/* A copy of just n bytes, so that a sanitizer sees a read past them. */
static void
try_copy(const char *name, const uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);

	memcpy(copy, p, n);
	try_bytes(name, copy, n);
	free(copy);
}

/* Both the frame cut off, and the payload cut off in a whole frame. */
static void
cut_row(json_t *r)
{
	static uint8_t whole[CLASP_FRAME_MAX + 16], cut[CLASP_FRAME_MAX + 16];
	size_t n = v_hex(r, "frame_hex", whole, sizeof whole), i, head;
	size_t step = n > 2000 ? n / 500 : 1;

	head = n > 1 && (whole[1] & 0x20) ? 12 : 4;
	for (i = 0; i < n; i += step) {
		try_copy(v_text(r, "name"), whole, i);
		if (i < head)
			continue;
		memcpy(cut, whole, i);
		cut[2] = (uint8_t)((i - head) >> 8);
		cut[3] = (uint8_t)(i - head);
		try_copy(v_text(r, "name"), cut, i);
	}
}

/* Each byte by some others: off by one, by each bit, the ends. */
static void
change_row(json_t *r)
{
	static uint8_t whole[CLASP_FRAME_MAX + 16];
	size_t n = v_hex(r, "frame_hex", whole, sizeof whole), i;
	size_t step = n > 2000 ? n / 200 : 1;
	uint8_t old;
	int k;

	for (i = 0; i < n; i += step) {
		old = whole[i];
		for (k = 0; k < 12; k++) {
			if (k < 8)
				whole[i] = old ^ (uint8_t)(1 << k);
			else if (k < 10)
				whole[i] = (uint8_t)(old + (k == 8 ? 1 : -1));
			else
				whole[i] = k == 10 ? 0 : 0xff;
			try_copy(v_text(r, "name"), whole, n);
		}
		whole[i] = old;
	}
}

static const char *const frame_files[] = { "messages.jsonl",
	"decode-only.jsonl", "legacy.jsonl", "invalid.jsonl" };

static void
every_truncation_is_handled(void)
{
	size_t i;

	refused = taken = 0;
	for (i = 0; i < sizeof frame_files / sizeof *frame_files; i++)
		v_each(frame_files[i], cut_row);
	t_check(refused > 10000, "%ld", refused);
	t_check(taken > 10, "%ld", taken);
}

static void
every_changed_byte_is_handled(void)
{
	size_t i;

	refused = taken = 0;
	for (i = 0; i < sizeof frame_files / sizeof *frame_files; i++)
		v_each(frame_files[i], change_row);
	t_check(refused > 10000, "%ld", refused);
	t_check(taken > 10000, "%ld", taken);
}

int
main(void)
{
	t_run(messages_decode);
	t_run(messages_encode);
	t_run(unusual_frames_decode);
	t_run(legacy_decodes);
	t_run(invalid_is_refused_by_class);
	t_run(every_truncation_is_handled);
	t_run(every_changed_byte_is_handled);
	clasp_arena_clear(&arena);
	return t_end();
}
