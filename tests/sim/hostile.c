/* hostile.c - bytes that no client of good will sends. */
#include "hostile.h"

#include <string.h>

#include "names.h"
#include "random.h"
#include "wire/message.h"

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

/* What only a relay says. */
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

/* A bundle with a member that may not be in it. */
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

/* A SET as MessagePack: {"type":"SET","address":"/a","value":n} */
static void
legacy(struct sim_random *r, struct clasp_buf *out)
{
	uint8_t p[] = "\x83\xa4type\xa3SET\xa7" "address\xa2/a\xa5value\x07";

	p[sizeof p - 2] = (uint8_t)sim_random_below(r, 0x80);
	framed(out, p, sizeof p - 1, 1);
}

/* Containers inside each other, one too many. */
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

void
sim_hostile(int64_t kind, uint64_t n, struct clasp_buf *out)
{
	struct clasp_msg m;
	struct sim_random r;
	uint8_t bytes[16];
	size_t i;

	sim_random_init(&r, n);
	m = good(&r);
	switch (kind % HOSTILE_KINDS) {
	case 0:		/* noise */
		noise(&r, out, 1 + sim_random_below(&r, 40));
		break;
	case 1:		/* not the magic byte */
		clasp_buf_add_u8(out, 0x54);
		noise(&r, out, 8);
		break;
	case 2:		/* a frame without its end */
		add(out, &m);
		out->len -= 1 + sim_random_below(&r, 5);
		break;
	case 3:		/* noise in a good frame */
		for (i = 0; i < sizeof bytes; i++)
			bytes[i] = (uint8_t)sim_random_next(&r);
		framed(out, bytes, sim_random_below(&r, sizeof bytes), 1);
		break;
	case 4:		/* encrypted, compressed, QoS 3, another version */
		framed(out, (const uint8_t *)"\x41", 1,
		    (uint8_t)(sim_random_next(&r) & 0xdf));
		break;
	case 5:		/* one bit is not as it was */
		add(out, &m);
		i = sim_random_below(&r, (uint32_t)out->len);
		out->data[i] ^= (uint8_t)(1u << sim_random_below(&r, 8));
		break;
	case 6:
		relays(&r, out);
		break;
	case 7:		/* two in one unit, and something behind */
		add(out, &m);
		m = good(&r);
		add(out, &m);
		noise(&r, out, sim_random_below(&r, 3));
		break;
	case 8:
		odd_bundle(&r, out);
		break;
	case 9:		/* nothing */
		break;
	case 10:
		legacy(&r, out);
		break;
	case 11:
		deep(out);
		break;
	case 12:	/* what asks for parts that are not there */
		memset(&m, 0, sizeof m);
		m.type = CLASP_REPLAY;
		m.replay.pattern = sim_pattern(sim_random_below(&r,
		    sim_patterns()));
		add(out, &m);
		break;
	default:	/* a payload without its end, its length right */
		add(out, &m);
		i = out->len - 4 - 1 - sim_random_below(&r, 6);
		out->data[2] = (uint8_t)(i >> 8);
		out->data[3] = (uint8_t)i;
		out->len = 4 + i;
	}
}
