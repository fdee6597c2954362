/* trace.c - see trace.h */
#include "client/trace.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "tool/cli.h"
#include "wire/frame.h"
#include "wire/line.h"

#define SHOWN_MAX	400	/* bytes of a line; the rest is cut off */

/* What is a secret is shown to be there, and no more. */
static void
hide_token(struct clasp_msg *msg)
{
	struct clasp_str *token = msg->type == CLASP_HELLO ?
	    &msg->hello.token : msg->type == CLASP_WELCOME ?
	    &msg->welcome.token : NULL;

	if (token && token->len)
		*token = CLASP_STR("***");
}

/* The frame's message as the line format has it, without LF, cut short. */
static void
put_line(struct clasp_buf *text, struct clasp_msg *msg,
    const struct clasp_frame *frame, struct clasp_arena *arena)
{
	struct clasp_line line;
	size_t cut;

	if (clasp_line_from_msg(&line, msg, frame, CLASP_STR_NONE, arena,
	    0) < 0 || clasp_line_format(text, &line,
	    CLASP_LINE_INFO | CLASP_LINE_ESCAPE) < 0) {
		clasp_buf_reset(text);
		return;
	}
	if (text->len && text->data[text->len - 1] == '\n')
		text->len--;
	if (text->len > SHOWN_MAX) {
		cut = clasp_utf8_cut(text->data, SHOWN_MAX);
		text->len = cut;
		clasp_buf_add_c(text, " ...");
	}
}

void
clasp_trace_frame(struct clasp_client *c, bool out, const uint8_t *bytes,
    size_t len, void *user)
{
	static const char *const qos[] = { "fire", "confirm", "commit" };
	static uint8_t room[16384];
	const char *way = out ? "sent" : "got";
	struct clasp_buf text = { 0 };
	struct clasp_arena arena;
	struct clasp_frame frame;
	struct clasp_msg msg;

	(void)c;
	(void)user;
	clasp_arena_init(&arena, room, sizeof room,
	    64 * CLASP_PAYLOAD_MAX + 4096);
	if (clasp_frame_decode(bytes, len, &frame) <= 0 ||
	    clasp_msg_decode(frame.payload, frame.len, &arena,
	    CLASP_DECODE_EXACT, &msg) < 0) {
		cli_debug(NULL, "%s a frame of %zu bytes that is no message",
		    way, len);
	} else {
		hide_token(&msg);
		put_line(&text, &msg, &frame, &arena);
		cli_debug(NULL, "%s %s, %s, %zu bytes: %s", way,
		    clasp_msg_name(msg.type), frame.qos < 3 ?
		    qos[frame.qos] : "reserved", len,
		    clasp_buf_cstr(&text));
	}
	clasp_buf_clear(&text);
	clasp_arena_clear(&arena);
}
