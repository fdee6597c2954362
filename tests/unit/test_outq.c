/* test_outq.c - slabs and queues: what goes in comes out, once, in order. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "core/outq.h"
#include "t.h"

/* The bytes a transport wants for this message. */
static size_t
expected(enum clasp_framing framing, const struct clasp_msg *msg,
    uint8_t *out, size_t cap)
{
	uint8_t head[CLASP_FRAMING_HEAD_MAX];
	const uint8_t mask[4] = { 0 };
	int n = clasp_frame_encode(out, cap, msg, NULL);
	size_t h;

	if (n < 0)
		return 0;
	h = clasp_framing_put(framing, head, (size_t)n, mask);
	memmove(out + h, out, (size_t)n);
	memcpy(out, head, h);
	return h + (size_t)n;
}

static struct clasp_msg
message(uint32_t i, const char *text, size_t len)
{
	struct clasp_msg msg = { .type = CLASP_SET };

	msg.set.address = CLASP_STR("/a/b");
	msg.set.has_revision = true;
	msg.set.revision = i;
	msg.set.value = clasp_string(clasp_str_of(text, len));
	return msg;
}

static uint32_t seed = 1;

static uint32_t
roll(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* Random frames, random partial sends, now and then a detach. */
static void
bytes_pass(enum clasp_framing framing)
{
	static char text[60000];
	static uint8_t want[70000];
	struct clasp_buf in = { 0 }, out = { 0 };
	struct clasp_slabs slabs;
	struct clasp_outq q, other;
	struct clasp_span span;
	struct clasp_str pieces[4];
	size_t n, len, sent_msgs = 0, ends[2000], at;
	uint32_t i;
	int k;

	memset(text, 'x', sizeof text);
	clasp_slabs_init(&slabs, 7);
	clasp_outq_init(&q, framing);
	clasp_outq_init(&other, framing);
	for (i = 0; i < 2000; i++) {
		struct clasp_msg msg = message(i, text,
		    roll(50) ? roll(300) : roll(sizeof text));

		t_eq_int(clasp_slabs_encode(&slabs, framing, &msg, NULL,
		    &span), 0, "encode");
		len = expected(framing, &msg, want, sizeof want);
		t_eq_int(span.len, len, "length");
		t_check(memcmp(span.slab->data + span.off, want, len) == 0,
		    "bytes of frame %u", (unsigned)i);
		clasp_buf_add(&in, want, len);
		ends[i] = in.len;
		t_eq_int(clasp_outq_add(&q, &span), 0, "add");
		if (roll(3) == 0)
			clasp_outq_add(&other, &span);
		if (roll(10) == 0)
			clasp_outq_sent(&other, other.bytes);
		if (roll(20) == 0)
			clasp_outq_detach(&q);
		for (; roll(3) == 0 && q.bytes > 0;) {
			k = clasp_outq_peek(&q, pieces, 4);
			t_check(k > 0, "nothing to see");
			n = 1 + roll((uint32_t)pieces[0].len);
			clasp_buf_add(&out, pieces[0].p, n);
			clasp_outq_sent(&q, n);
			t_eq_int(q.bytes, in.len - out.len, "bytes");
			for (at = sent_msgs; at <= i && ends[at] <= out.len;
			    at++)
				;
			sent_msgs = at;
			t_eq_int(q.msgs, i + 1 - sent_msgs, "msgs");
		}
	}
	while (q.bytes > 0) {
		clasp_outq_peek(&q, pieces, 1);
		clasp_buf_add(&out, pieces[0].p, pieces[0].len);
		clasp_outq_sent(&q, pieces[0].len);
	}
	t_eq_int(q.msgs, 0, "msgs");
	t_eq_int(q.count, 0, "spans");
	t_check(in.len == out.len && memcmp(in.data, out.data, in.len) == 0,
	    "what went in came out");
	clasp_outq_clear(&q);
	clasp_slabs_clear(&slabs);	/* `other` still holds some of them */
	clasp_outq_clear(&other);
	clasp_buf_clear(&in);
	clasp_buf_clear(&out);
}

static void
bare_frames_pass(void)
{
	bytes_pass(CLASP_FRAMING_BARE);
}

static void
length_prefixed_frames_pass(void)
{
	bytes_pass(CLASP_FRAMING_LENGTH);
}

static void
websocket_frames_pass(void)
{
	bytes_pass(CLASP_FRAMING_WS);
}

static void
masked_frames_unmask(void)
{
	struct clasp_msg msg = message(5, "text", 4), back;
	struct clasp_slabs slabs;
	struct clasp_span span;
	struct clasp_ws_head ws;
	struct clasp_frame frame;
	uint8_t first[4], bytes[200];
	int i, n;

	clasp_slabs_init(&slabs, 99);
	for (i = 0; i < 3; i++) {
		clasp_slabs_encode(&slabs, CLASP_FRAMING_WS_MASKED, &msg,
		    NULL, &span);
		memcpy(bytes, span.slab->data + span.off, span.len);
		n = clasp_ws_head_decode(bytes, span.len, &ws);
		t_eq_int(n, 6, "header");
		t_check(ws.masked && ws.fin, "flags");
		t_eq_int(ws.len, span.len - 6, "length");
		if (i > 0)
			t_check(memcmp(first, ws.mask, 4) != 0,
			    "the same key again");
		memcpy(first, ws.mask, 4);
		clasp_framing_mask(bytes + n, ws.len, ws.mask, 0);
		t_check(clasp_frame_decode(bytes + n, ws.len, &frame) > 0,
		    "frame");
		t_eq_int(clasp_msg_decode(frame.payload, frame.len, NULL, 0,
		    &back), 0, "message");
		t_eq_int(back.set.revision, 5, "revision");
	}
	clasp_slabs_clear(&slabs);
}

static void
a_burst_to_many_is_one_span_each(void)
{
	struct clasp_msg msg = message(1, "v", 1);
	struct clasp_outq queues[50];
	struct clasp_slabs slabs;
	struct clasp_slab *slab;
	struct clasp_span span;
	int i, k;

	clasp_slabs_init(&slabs, 0);
	for (i = 0; i < 50; i++)
		clasp_outq_init(&queues[i], CLASP_FRAMING_WS);
	for (k = 0; k < 1000; k++) {
		clasp_slabs_encode(&slabs, CLASP_FRAMING_WS, &msg, NULL,
		    &span);
		for (i = 0; i < 50; i++)
			clasp_outq_add(&queues[i], &span);
	}
	slab = span.slab;
	for (i = 0; i < 50; i++) {
		t_eq_int(queues[i].count, 1, "spans");
		t_eq_int(queues[i].msgs, 1000, "messages");
		clasp_outq_sent(&queues[i], queues[i].bytes);
	}
	/* nobody waits: the slab is written again from its start */
	clasp_slabs_encode(&slabs, CLASP_FRAMING_WS, &msg, NULL, &span);
	t_check(span.slab == slab && span.off == 0, "not used again");
	for (i = 0; i < 50; i++)
		clasp_outq_clear(&queues[i]);
	clasp_slabs_clear(&slabs);
}

static void
a_detached_queue_holds_nothing_shared(void)
{
	static char text[1000];
	struct clasp_msg msg = message(1, text, sizeof text);
	struct clasp_slabs slabs;
	struct clasp_slab *slab;
	struct clasp_span span;
	struct clasp_outq q;
	int i;

	memset(text, 'y', sizeof text);
	clasp_slabs_init(&slabs, 0);
	clasp_outq_init(&q, CLASP_FRAMING_LENGTH);
	for (i = 0; i < 1000; i++) {
		clasp_slabs_encode(&slabs, CLASP_FRAMING_LENGTH, &msg, NULL,
		    &span);
		slab = span.slab;
		clasp_outq_add(&q, &span);
		if (i % 100 != 99)
			continue;
		t_eq_int(clasp_outq_detach(&q), 0, "detach");
		t_eq_int(slab->refs, 1, "still held");
		t_check(q.count < 40, "%u spans", (unsigned)q.count);
	}
	t_eq_int(q.msgs, 1000, "messages");
	clasp_outq_add_bytes(&q, "\0\0\0\1x", 5);
	t_eq_int(q.msgs, 1001, "messages");
	clasp_outq_clear(&q);
	clasp_slabs_clear(&slabs);
}

static void
what_cannot_be_encoded_changes_nothing(void)
{
	static char text[65536];
	struct clasp_msg msg = message(1, text, 65535);
	struct clasp_slabs slabs;
	struct clasp_span span;

	memset(text, 'z', sizeof text);
	clasp_slabs_init(&slabs, 0);
	t_eq_int(clasp_slabs_encode(&slabs, CLASP_FRAMING_WS, &msg, NULL,
	    &span), CLASP_ETOOBIG, "too big");
	t_eq_int(clasp_slabs_copy(&slabs, CLASP_FRAMING_WS,
	    clasp_str_of(text, CLASP_FRAME_MAX + 1), &span), CLASP_ETOOBIG,
	    "too big");
	t_eq_int(clasp_slabs_payload(&slabs, CLASP_FRAMING_WS, 0,
	    clasp_str_of(text, 65536), &span), CLASP_ETOOBIG, "too big");
	t_eq_int(clasp_slabs_payload(&slabs, CLASP_FRAMING_WS, 0,
	    clasp_str_of(text, 65535), &span), 0, "just fits");
	t_eq_int(span.len, 10 + 4 + 65535, "length");
	clasp_slabs_clear(&slabs);
}

int
main(void)
{
	t_run(bare_frames_pass);
	t_run(length_prefixed_frames_pass);
	t_run(websocket_frames_pass);
	t_run(masked_frames_unmask);
	t_run(a_burst_to_many_is_one_span_each);
	t_run(a_detached_queue_holds_nothing_shared);
	t_run(what_cannot_be_encoded_changes_nothing);
	return t_end();
}
