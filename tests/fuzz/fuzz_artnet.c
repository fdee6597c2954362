/*
 * fuzz_artnet.c - any datagrams, from any of a few addresses, at any time:
 * what was read lies within what came and is written as it was, lines read
 * back, and nodes are kept in order.
 *
 * Input: a byte of options; then pieces, each a length, an address, a step of
 * time, and that many bytes.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "proto/artin.h"
#include "proto/artnode.h"
#include "proto/artpeers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
	struct clasp_artin *in;
	struct clasp_artnode node;
	struct clasp_artpeers peers;
	struct clasp_buf out;
};

static void
must(int good)
{
	if (!good)
		abort();
}

static void
on_line(const struct clasp_line *line, void *user)
{
	struct run *run = user;

	must(line->count >= 1 && line->count <= CLASP_DMX_SLOTS);
	clasp_buf_reset(&run->out);
	must(clasp_line_format(&run->out, line, 0) == 0);
}

/* A reply of ours is read as one. */
static void
on_send(uint32_t ip, uint16_t port, const uint8_t *p, size_t len, void *user)
{
	struct clasp_artnet packet;

	(void)ip, (void)port, (void)user;
	must(clasp_artnet_decode(p, len, &packet) == CLASP_ARTNET_GOOD);
	must(packet.op == CLASP_ARTNET_REPLY);
}

static uint32_t
by_chance(void)
{
	return 4;
}

static uint8_t
good(unsigned universe, void *user)
{
	struct run *run = user;

	return clasp_artin_good(run->in, universe, 0);
}

static void
check_dmx(const struct clasp_artnet_dmx *dmx, const uint8_t *p, size_t len)
{
	uint8_t again[CLASP_ARTNET_DMX_MAX];
	size_t n;

	must(dmx->slots >= 1 && dmx->slots <= CLASP_DMX_SLOTS);
	must(dmx->level == p + 18 && dmx->slots + 18u <= len);
	must(dmx->universe <= CLASP_ARTNET_UNIVERSE_MAX);
	if (dmx->slots % 2 != 0)
		return;
	n = clasp_artnet_encode_dmx(again, dmx);
	must(n <= len && memcmp(again + 12, p + 12, 2) == 0);
	must(memcmp(again + 16, p + 16, n - 16) == 0);
}

static void
check_reply(struct run *run, const struct clasp_artnet_reply *reply,
    uint32_t ip, uint64_t now)
{
	unsigned i, n;
	int universe;

	must(reply->ports <= CLASP_ARTNET_PORTS && reply->bind_index >= 1);
	clasp_artpeers_heard(&run->peers, ip, reply, now);
	for (i = 0; i < reply->ports; i++) {
		universe = clasp_artnet_takes(reply, i);
		must(universe <= CLASP_ARTNET_UNIVERSE_MAX);
		if (universe < 0)
			continue;
		must(clasp_artpeers_taking(&run->peers, (unsigned)universe,
		    &n) != NULL && n >= 1);
	}
}

static void
one(struct run *run, const uint8_t *p, size_t len, uint32_t ip, uint64_t now)
{
	struct clasp_artnet packet;

	clasp_artin_expire(run->in, now);
	must(clasp_artin_due(run->in) > now);
	clasp_artpeers_expire(&run->peers, now);
	clasp_artnode_run(&run->node, now);
	must(clasp_artnode_due(&run->node) > now);
	if (clasp_artnet_decode(p, len, &packet) != CLASP_ARTNET_GOOD)
		return;
	if (packet.op == CLASP_ARTNET_DMX)
		check_dmx(&packet.dmx, p, len);
	if (packet.op == CLASP_ARTNET_REPLY)
		check_reply(run, &packet.reply, ip, now);
	else if (packet.op == CLASP_ARTNET_POLL)
		clasp_artnode_poll(&run->node, &packet.poll, ip, (uint16_t)ip,
		    now);
	else if (clasp_artin_packet(run->in, &packet, ip, now))
		clasp_artnode_take(&run->node, packet.dmx.universe, now);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run run = { 0 };
	struct clasp_artin_config receiving = {
		.lines = { .prefix = CLASP_STR("/artnet") },
		.line = on_line,
		.user = &run
	};
	const struct clasp_artnode_config node = {
		.ip = 1,
		.port = CLASP_ARTNET_PORT,
		.name = CLASP_STR("fuzz"),
		.random = by_chance,
		.good_input = good,
		.good_output = good,
		.send = on_send,
		.user = &run
	};
	uint64_t now = 1000000;
	size_t at = 1, n;

	if (size < 1)
		return 0;
	receiving.lines.whole = data[0] & 1;
	receiving.lines.split = data[0] & 2;
	receiving.ltp = data[0] & 4;
	receiving.blackout = data[0] & 8;
	receiving.by = data[0] & 16;
	run.in = clasp_artin_new(&receiving);
	must(run.in != NULL);
	clasp_artnode_init(&run.node, &node);
	while (size - at >= 3) {
		n = data[at];
		now += data[at + 2] * UINT64_C(50000);
		if (n > size - at - 3)
			n = size - at - 3;
		one(&run, data + at + 3, n, 1u + data[at + 1] % 4, now);
		at += 3 + n;
	}
	clasp_artin_free(run.in);
	clasp_artpeers_clear(&run.peers);
	clasp_buf_clear(&run.out);
	return 0;
}
