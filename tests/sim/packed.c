/* packed.c - messages as MessagePack maps. */
#include "packed.h"

#include <string.h>

#include "names.h"
#include "wire/frame.h"

static void
put_map(struct clasp_buf *out, uint8_t entries)
{
	clasp_buf_add_u8(out, 0x80 | entries);
}

/* Shorter than 256 bytes. */
static void
put_str(struct clasp_buf *out, struct clasp_str s)
{
	clasp_buf_add_u8(out, 0xd9);
	clasp_buf_add_u8(out, (uint8_t)s.len);
	clasp_buf_add_str(out, s);
}

static void
put_word(struct clasp_buf *out, const char *word)
{
	put_str(out, clasp_str_c(word));
}

static void
put_number(struct clasp_buf *out, uint32_t n)
{
	clasp_buf_add_u8(out, 0xcd);
	clasp_buf_add_u8(out, (uint8_t)(n >> 8));
	clasp_buf_add_u8(out, (uint8_t)n);
}

static void
put_head(struct sim_random *r, struct clasp_buf *out, uint8_t entries,
    const char *type)
{
	put_map(out, entries);
	put_word(out, "type");
	put_word(out, type);
	put_word(out, "address");
	put_str(out, sim_address(sim_random_below(r, SIM_ADDRESSES)));
}

static void
put_set(struct sim_random *r, struct clasp_buf *out)
{
	put_head(r, out, 3, "SET");
	put_word(out, "value");
	put_number(out, sim_random_below(r, 1000));
}

static void
put_publish(struct sim_random *r, struct clasp_buf *out)
{
	static const char *const signals[] = { "event", "stream", "gesture",
	    "timeline", "param" };
	static const char *const phases[] = { "start", "move", "end",
	    "cancel" };

	put_head(r, out, 6, "PUBLISH");
	put_word(out, "signal");
	put_word(out, signals[sim_random_below(r, 5)]);
	put_word(out, "phase");
	put_word(out, phases[sim_random_below(r, 4)]);
	put_word(out, "id");
	put_number(out, sim_random_below(r, 3));
	put_word(out, "value");
	put_number(out, sim_random_below(r, 1000));
}

static void
put_bundle(struct sim_random *r, struct clasp_buf *out)
{
	uint32_t i, n = sim_random_below(r, 4);

	put_map(out, 2);
	put_word(out, "type");
	put_word(out, "BUNDLE");
	put_word(out, "messages");
	clasp_buf_add_u8(out, (uint8_t)(0x90 | n));
	for (i = 0; i < n; i++)
		if (sim_random_chance(r, 50))
			put_set(r, out);
		else
			put_publish(r, out);
}

void
sim_packed(struct sim_random *r, struct clasp_buf *out)
{
	struct clasp_frame head = { .version = 0 };
	uint8_t bytes[CLASP_FRAME_HEAD_TIMED];
	struct clasp_buf payload = { 0 };

	switch (sim_random_below(r, 4)) {
	case 0:
		put_set(r, &payload);
		break;
	case 1:
		put_bundle(r, &payload);
		break;
	default:
		put_publish(r, &payload);
	}
	head.len = payload.len;
	if (clasp_frame_head(bytes, &head) == CLASP_FRAME_HEAD) {
		clasp_buf_add(out, bytes, CLASP_FRAME_HEAD);
		clasp_buf_add(out, payload.data, payload.len);
	}
	clasp_buf_clear(&payload);
}
