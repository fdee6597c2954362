/* hostile.c - bytes that no client of good will sends. */
#include "hostile.h"

#include <string.h>

#include "names.h"
#include "packed.h"
#include "random.h"
#include "wire/message.h"

enum {
	NOISE,		/* any bytes */
	MAGIC,		/* not the byte that a frame begins with */
	SHORT,		/* a frame without its end */
	FRAMED,		/* any bytes in a good frame */
	FLAGS,		/* what cannot be read */
	BIT,		/* one bit is not as it was */
	RELAYS,		/* what only a relay says */
	TWO,		/* two in one unit, and something behind */
	MEMBERS,	/* a bundle with what may not be in it */
	EMPTY,		/* nothing */
	PACKED,		/* MessagePack: not ill, but rare */
	DEEP,		/* containers inside each other, one too many */
	ABSENT,		/* what is not there */
	CUT		/* a payload without its end */
};

static void
add(struct clasp_buf *out, const struct clasp_msg *m)
{
	(void)clasp_frame_append(out, m, NULL);
}

static struct clasp_msg
good(struct sim_random *r)
{
	struct clasp_msg m;

	memset(&m, 0, sizeof m);
	m.type = CLASP_SET;
	m.set.address = sim_address(sim_random_below(r, SIM_ADDRESSES));
	m.set.value = clasp_int(sim_random_below(r, 1000));
	return m;
}

static void
noise(struct sim_random *r, struct clasp_buf *out, size_t n)
{
	while (n-- > 0)
		clasp_buf_add_u8(out, (uint8_t)sim_random_next(r));
}

/* A payload of any bytes in a frame that is good. */
static void
framed(struct clasp_buf *out, const uint8_t *payload, size_t n,
    uint8_t flags)
{
	const uint8_t head[4] = { CLASP_FRAME_MAGIC, flags,
	    (uint8_t)(n >> 8), (uint8_t)n };

	clasp_buf_add(out, head, sizeof head);
	clasp_buf_add(out, payload, n);
}

static void
relays(struct sim_random *r, struct clasp_buf *out)
{
	static const uint8_t types[] = { CLASP_WELCOME, CLASP_ACK,
	    CLASP_ERROR, CLASP_SNAPSHOT, CLASP_RESULT, CLASP_PONG };
	struct clasp_msg m;

	memset(&m, 0, sizeof m);
	m.type = types[sim_random_below(r, sizeof types)];
	if (m.type == CLASP_ERROR)
		m.error.message = CLASP_STR("");
	if (m.type == CLASP_WELCOME)
		m.welcome.session = m.welcome.name = m.welcome.token =
		    CLASP_STR("x");
	add(out, &m);
}

static void
odd_bundle(struct sim_random *r, struct clasp_buf *out)
{
	struct clasp_msg m[3], inner = { .type = CLASP_PING };

	memset(m, 0, sizeof m);
	m[0] = good(r);
	m[1].type = CLASP_GET;
	m[1].get.address = CLASP_STR("/a");
	if (sim_random_chance(r, 50)) {
		m[1].type = CLASP_BUNDLE;
		m[1].bundle = (struct clasp_bundle){ .count = 1,
		    .messages = &inner };
	}
	m[2].type = CLASP_BUNDLE;
	m[2].bundle = (struct clasp_bundle){ .count = 2, .messages = m };
	add(out, &m[2]);
}

static void
deep(struct clasp_buf *out)
{
	uint8_t p[5 + 65 * 3 + 1] = { CLASP_SET, 0x0a, 0, 2, '/' };
	size_t n = 5;
	int i;

	p[n++] = 'a';
	for (i = 0; i < 64; i++) {
		p[n++] = 0;
		p[n++] = 1;
		p[n++] = CLASP_CODE_ARRAY;
	}
	p[n++] = 0;
	p[n++] = 0;
	framed(out, p, n, 1);
}

/* A good frame, and what has become of it. */
static void
spoiled(struct sim_random *r, struct clasp_buf *out, int64_t kind)
{
	struct clasp_msg m = good(r);
	size_t i;

	add(out, &m);
	switch (kind) {
	case SHORT:
		out->len -= 1 + sim_random_below(r, 5);
		break;
	case BIT:
		i = sim_random_below(r, (uint32_t)out->len);
		out->data[i] ^= (uint8_t)(1u << sim_random_below(r, 8));
		break;
	case TWO:
		m = good(r);
		add(out, &m);
		noise(r, out, sim_random_below(r, 3));
		break;
	default:	/* CUT: its length is right */
		i = out->len - 4 - 1 - sim_random_below(r, 6);
		out->data[2] = (uint8_t)(i >> 8);
		out->data[3] = (uint8_t)i;
		out->len = 4 + i;
	}
}

static void
framed_noise(struct sim_random *r, struct clasp_buf *out)
{
	uint8_t bytes[16];
	size_t i;

	for (i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)sim_random_next(r);
	framed(out, bytes, sim_random_below(r, sizeof bytes), 1);
}

/* What asks for parts that are not there. */
static void
replay(struct sim_random *r, struct clasp_buf *out)
{
	struct clasp_msg m;

	memset(&m, 0, sizeof m);
	m.type = CLASP_REPLAY;
	m.replay.pattern = sim_pattern(sim_random_below(r, sim_patterns()));
	add(out, &m);
}

void
sim_hostile(int64_t kind, uint64_t n, struct clasp_buf *out)
{
	struct sim_random r;

	sim_random_init(&r, n);
	switch (kind % HOSTILE_KINDS) {
	case NOISE:
		noise(&r, out, 1 + sim_random_below(&r, 40));
		break;
	case MAGIC:
		clasp_buf_add_u8(out, 0x54);
		noise(&r, out, 8);
		break;
	case FRAMED:
		framed_noise(&r, out);
		break;
	case FLAGS:	/* encrypted, compressed, QoS 3, another version */
		framed(out, (const uint8_t *)"\x41", 1,
		    (uint8_t)(sim_random_next(&r) & 0xdf));
		break;
	case RELAYS:
		relays(&r, out);
		break;
	case MEMBERS:
		odd_bundle(&r, out);
		break;
	case EMPTY:
		break;
	case PACKED:
		sim_packed(&r, out);
		break;
	case DEEP:
		deep(out);
		break;
	case ABSENT:
		replay(&r, out);
		break;
	default:
		spoiled(&r, out, kind % HOSTILE_KINDS);
	}
}
