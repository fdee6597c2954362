/*
 * fuzz_sacn.c - any datagrams: what is read is written as it came, views lie
 * within the datagram, lines read back, time goes on, and nothing leaks.
 *
 * The input is datagrams, each behind one byte: milliseconds since the one
 * before, times 20, and two bytes: its length.  The first byte of all has the
 * receiver's options.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "proto/sacnin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
	struct clasp_sacnin *state;
	struct clasp_buf out;
	int groups;
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
	must(clasp_line_format(&run->out, line, CLASP_LINE_INFO) == 0);
}

static void
on_group(unsigned address, bool join, void *user)
{
	struct run *run = user;

	must(address >= 1 && address <= CLASP_SACN_UNIVERSE_MAX);
	run->groups += join ? 1 : -1;
	must(run->groups >= 0 && run->groups <= CLASP_SACNIN_SYNCS);
}

static void
on_sources(struct clasp_dmxin_universe *u, void *user)
{
	clasp_sacnin_status(CLASP_STR("/sacn"), u, on_line, user);
}

/* What is read is written again, into what is read as the same. */
static void
both_ways(const uint8_t *p, size_t len)
{
	struct clasp_sacn packet, second;
	uint8_t again[CLASP_SACN_MAX];
	size_t n;

	if (clasp_sacn_decode(p, len, &packet) != 0 ||
	    packet.kind == CLASP_SACN_OLD_LIST)
		return;
	must(packet.count <= CLASP_SACN_PAGE);
	n = clasp_sacn_encode(again, &packet);
	must(n > 0 && n <= sizeof again);
	must(clasp_sacn_decode(again, n, &second) == 0);
	must(second.kind == packet.kind && second.count == packet.count);
	must(second.universe == packet.universe &&
	    second.sync == packet.sync && second.start == packet.start);
	must(packet.count == 0 || memcmp(second.slots, packet.slots,
	    packet.kind == CLASP_SACN_LIST ? 2u * packet.count :
	    packet.count) == 0);
}

/* A datagram in memory of its own, so that reading past it is seen. */
static void
take(struct run *run, const uint8_t *p, size_t len, uint64_t now_us)
{
	uint8_t *copy = malloc(len ? len : 1);

	must(copy != NULL);
	memcpy(copy, p, len);
	both_ways(copy, len);
	clasp_sacnin_packet(run->state, copy, len, now_us);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct clasp_numset only;
	struct run run = { 0 };
	struct clasp_reader r = clasp_reader_on(data, size);
	uint8_t options = clasp_get_u8(&r);
	struct clasp_dmxin_config lines = { .prefix = CLASP_STR("/sacn"),
	    .whole = options & 1, .by = options & 2 ? clasp_sacnin_by : NULL };
	struct clasp_sacnin_config config = { .only = &only,
	    .preview = options & 4, .blackout = options & 8,
	    .group = on_group, .sources = options & 16 ? on_sources : NULL,
	    .user = &run };
	uint64_t now_us = 1000000;
	size_t len;

	clasp_numset_add(&only, 1);
	clasp_numset_add(&only, 2);
	config.in = clasp_dmxin_new(&lines, on_line, &run);
	run.state = clasp_sacnin_new(&config);
	must(config.in && run.state);
	while (clasp_reader_left(&r) > 0) {
		now_us += clasp_get_u8(&r) * UINT64_C(20000);
		clasp_sacnin_expire(run.state, now_us);
		must(clasp_sacnin_due(run.state) > now_us);
		len = clasp_get_u16(&r);
		if (len > clasp_reader_left(&r))
			len = clasp_reader_left(&r);
		take(&run, clasp_get_bytes(&r, len), len, now_us);
	}
	clasp_sacnin_free(run.state);
	clasp_dmxin_free(config.in);
	clasp_buf_clear(&run.out);
	return 0;
}
