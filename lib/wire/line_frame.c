/* line_frame.c - frames as lines, and lines as frames. */
#include <string.h>

#include "base/error.h"
#include "wire/address.h"
#include "wire/line_parts.h"

#define EXACT_ROOM	4096
#define EXACT_ROOM_MAX	(64 << 20)

/* ------------------------------------------------------- frame into line */

/* True when a PUBLISH has what its verb has, and nothing besides. */
static bool
publish_is_usual(const struct clasp_publish *p, struct clasp_arena *arena)
{
	struct clasp_timeline_parts t;

	if (p->kind != CLASP_GESTURE && (p->has_id ||
	    p->phase != CLASP_PHASE_START))
		return false;
	if (p->kind != CLASP_STREAM && (p->has_rate ||
	    p->content == CLASP_CONTENT_SAMPLES))
		return false;
	switch (p->kind) {
	case CLASP_EVENT:
	case CLASP_GESTURE:
		return true;
	case CLASP_STREAM:
		return p->content != CLASP_CONTENT_NONE;
	case CLASP_TIMELINE:
		return p->content == CLASP_CONTENT_VALUE &&
		    clasp_timeline_split(&p->value, arena, &t);
	default:
		return false;
	}
}

/* True when a data line can show msg. */
static bool
signal_is_usual(const struct clasp_msg *msg, struct clasp_arena *arena)
{
	if (msg->type == CLASP_SET)
		return clasp_address_check(msg->set.address, NULL) == 0;
	return msg->type == CLASP_PUBLISH &&
	    clasp_address_check(msg->publish.address, NULL) == 0 &&
	    publish_is_usual(&msg->publish, arena);
}

/* 0, 1 when no data line can show it, or ENOMEM. */
static int
line_from_bundle(struct clasp_line *line, const struct clasp_bundle *bundle,
    struct clasp_arena *arena)
{
	uint32_t i;

	line->kind = CLASP_LINE_DATA;
	line->bundle = true;
	line->has_at = bundle->has_timestamp;
	line->at_us = bundle->timestamp_us;
	line->count = bundle->count;
	if (bundle->count == 0)
		return line->has_at || line->has_qos || line->has_frame_ts;
	for (i = 0; i < bundle->count; i++)
		if (!signal_is_usual(&bundle->messages[i], arena))
			return 1;
	line->items = clasp_arena_alloc(arena,
	    bundle->count * sizeof *line->items);
	if (line->items == NULL)
		return CLASP_ENOMEM;
	memset(line->items, 0, bundle->count * sizeof *line->items);
	for (i = 0; i < bundle->count; i++)
		line->items[i].msg = bundle->messages[i];
	return 0;
}

static int
line_from_one(struct clasp_line *line, const struct clasp_msg *msg,
    struct clasp_arena *arena)
{
	struct clasp_item *item;
	bool signal = msg->type == CLASP_SET || msg->type == CLASP_PUBLISH;

	if (signal && !signal_is_usual(msg, arena))
		return 1;
	item = clasp_arena_alloc(arena, sizeof *item);
	if (item == NULL)
		return CLASP_ENOMEM;
	memset((char *)item + sizeof item->msg, 0,
	    sizeof *item - sizeof item->msg);
	item->msg = *msg;
	line->kind = signal ? CLASP_LINE_DATA : CLASP_LINE_CONTROL;
	line->items = item;
	line->count = 1;
	return 0;
}

/* The frame as it is, in hex. */
static int
line_from_raw(struct clasp_line *line, const struct clasp_msg *msg,
    const struct clasp_frame *frame, struct clasp_str raw,
    struct clasp_arena *arena)
{
	struct clasp_buf buf = { NULL, 0, 0, false };
	int n = 0;

	memset(line, 0, sizeof *line);
	line->kind = CLASP_LINE_FRAME;
	line->text = raw;
	if (raw.p != NULL)
		return 0;
	n = clasp_frame_append(&buf, msg, frame);
	if (n >= 0) {
		line->text = clasp_arena_dup(arena, clasp_buf_str(&buf));
		n = line->text.p == NULL ? CLASP_ENOMEM : 0;
	}
	clasp_buf_clear(&buf);
	return n;
}

/* Does the line, written and read again, give these very bytes? */
static bool
gives_back(const struct clasp_line *line, struct clasp_str raw)
{
	struct clasp_buf text = { NULL, 0, 0, false };
	struct clasp_buf bytes = { NULL, 0, 0, false };
	struct clasp_line_error err;
	struct clasp_arena arena;
	struct clasp_frame head;
	struct clasp_line again;
	struct clasp_msg msg;
	uint64_t room[EXACT_ROOM / sizeof(uint64_t)];
	bool same;

	clasp_arena_init(&arena, room, sizeof room, EXACT_ROOM_MAX);
	same = clasp_line_format(&text, line, CLASP_LINE_EXACT) == 0 &&
	    clasp_line_parse(clasp_str_of((char *)text.data, text.len - 1),
	    &arena, &again, &err) == 0 &&
	    clasp_line_to_msg(&again, &arena, &msg, &head) == 0 &&
	    clasp_frame_append(&bytes, &msg, &head) >= 0 &&
	    clasp_str_eq(clasp_buf_str(&bytes), raw);
	clasp_arena_clear(&arena);
	clasp_buf_clear(&bytes);
	clasp_buf_clear(&text);
	return same;
}

int
clasp_line_from_msg(struct clasp_line *line, const struct clasp_msg *msg,
    const struct clasp_frame *frame, struct clasp_str raw,
    struct clasp_arena *arena, unsigned flags)
{
	bool exact = (flags & CLASP_LINE_EXACT) != 0;
	int e;

	memset(line, 0, sizeof *line);
	if (frame != NULL) {
		line->qos = frame->qos;
		line->has_qos = exact || frame->qos != clasp_msg_qos(msg);
		line->has_frame_ts = frame->timed;
		line->frame_ts_us = frame->time_us;
	}
	e = msg->type == CLASP_BUNDLE ?
	    line_from_bundle(line, &msg->bundle, arena) :
	    line_from_one(line, msg, arena);
	if (e == 0 && exact && raw.p != NULL && !gives_back(line, raw))
		e = 1;
	return e == 1 ? line_from_raw(line, msg, frame, raw, arena) : e;
}

/* ------------------------------------------------------- line into frame */

static int
bundle_from_line(const struct clasp_line *line, struct clasp_arena *arena,
    struct clasp_msg *msg)
{
	struct clasp_msg *messages;
	uint32_t i;

	messages = clasp_arena_alloc(arena, line->count * sizeof *messages);
	if (messages == NULL)
		return CLASP_ENOMEM;
	for (i = 0; i < line->count; i++)
		messages[i] = line->items[i].msg;
	memset(msg, 0, sizeof *msg);
	msg->type = CLASP_BUNDLE;
	msg->bundle.has_timestamp = line->has_at;
	msg->bundle.timestamp_us = line->at_us;
	msg->bundle.count = line->count;
	msg->bundle.messages = messages;
	return 0;
}

static int
msg_from_raw(struct clasp_str raw, struct clasp_arena *arena,
    struct clasp_msg *msg, struct clasp_frame *head)
{
	struct clasp_frame frame;
	int n = clasp_frame_decode((const uint8_t *)raw.p, raw.len, &frame);

	if (n >= 0)
		n = clasp_msg_decode(frame.payload, frame.len, arena,
		    CLASP_DECODE_EXACT, msg);
	if (n >= 0 && head != NULL)
		*head = frame;
	return n < 0 ? n : 0;
}

int
clasp_line_to_msg(const struct clasp_line *line, struct clasp_arena *arena,
    struct clasp_msg *msg, struct clasp_frame *head)
{
	int e = 0;

	if (line->kind == CLASP_LINE_FRAME)
		return msg_from_raw(line->text, arena, msg, head);
	if ((line->kind != CLASP_LINE_DATA &&
	    line->kind != CLASP_LINE_CONTROL) ||
	    (line->has_at && line->at_relative))
		return CLASP_EINVAL;
	if (line->bundle || line->has_at || line->count != 1)
		e = bundle_from_line(line, arena, msg);
	else
		*msg = line->items[0].msg;
	if (e < 0 || head == NULL)
		return e;
	memset(head, 0, sizeof *head);
	head->version = 1;
	head->qos = line->has_qos ? line->qos : clasp_msg_qos(msg);
	head->timed = line->has_frame_ts;
	head->time_us = line->frame_ts_us;
	return 0;
}

void
clasp_line_resolve(struct clasp_line *line, uint64_t now_us)
{
	if (!line->has_at || !line->at_relative)
		return;
	if (__builtin_add_overflow(line->at_us, now_us, &line->at_us))
		line->at_us = UINT64_MAX;
	line->at_relative = false;
}
