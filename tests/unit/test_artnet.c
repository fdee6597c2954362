/* Art-Net: every worked example, nodes found, ourselves as a node, levels in
 * by a made-up clock. */

#include <stdlib.h>

#include "base/buf.h"
#include "proto/artin.h"
#include "proto/artnode.h"
#include "proto/artpeers.h"
#include "t.h"

#define S	UINT64_C(1000000)
#define IP_A	0x0a000001	/* 10.0.0.1 */
#define IP_B	0x0a000002
#define IP_C	0x0a000003
#define OWN	0x0a0000fe
#define PORT	CLASP_ARTNET_PORT

static struct clasp_buf out;
static struct clasp_artnet packet;

static size_t
unhex(const char *hex, uint8_t *bytes)
{
	size_t n = 0;
	unsigned byte;

	for (; *hex; hex += 2) {
		sscanf(hex, "%2x", &byte);
		bytes[n++] = (uint8_t)byte;
	}
	return n;
}

static const char *
hex(const uint8_t *bytes, size_t n)
{
	static char text[2 * CLASP_ARTNET_DMX_MAX + 1];
	size_t i;

	text[0] = '\0';
	for (i = 0; i < n; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	return text;
}

static void
on_line(const struct clasp_line *line, void *user)
{
	(void)user;
	clasp_line_format(&out, line, 0);
}

/* ---------------------------------------------------------------- packets */

#define ID "4172742d4e657400"

/* One receiver, in this order, all from one address. */
static const struct {
	const char	*hex;
	enum clasp_artnet_result result;
	const char	*lines;
} received[] = {
	{ ID "0050000e000004000004010203ff", CLASP_ARTNET_GOOD,
	    "/artnet/4/1 1 ; /artnet/4/2 2 ; /artnet/4/3 3 ; "
	    "/artnet/4/4 255\n" },
	{ ID "0050000e0100040000020405", CLASP_ARTNET_GOOD,
	    "/artnet/4/1 4 ; /artnet/4/2 5\n" },
	/* it went on to 2, and then back */
	{ ID "0050000e0200040000020405", CLASP_ARTNET_GOOD, "" },
	{ ID "0050000e0100040000020909", CLASP_ARTNET_GOOD, "" },
	{ ID "0050000e0a00230100020700", CLASP_ARTNET_GOOD,
	    "/artnet/291/1 7 ; /artnet/291/2 0\n" },
	{ ID "0050000e0b0000000003010203", CLASP_ARTNET_GOOD,
	    "/artnet/0/1 1 ; /artnet/0/2 2 ; /artnet/0/3 3\n" },
	{ ID "0050000e01000000020000000000", CLASP_ARTNET_LENGTH, "" },
	{ "4172742d4e757400" "0050000e0000000000020101",
	    CLASP_ARTNET_NO_ID, "" },
	{ ID "0020000e0200", CLASP_ARTNET_GOOD, "" },
	{ ID "0052000e0000", CLASP_ARTNET_GOOD, "" },
	/* a length of one, of none, more bytes than it says */
	{ ID "0050000e0c00000000010900", CLASP_ARTNET_GOOD,
	    "/artnet/0/1 9\n" },
	{ ID "0050000e0c00000000000900", CLASP_ARTNET_LENGTH, "" },
	{ ID "0050000e0d0000000002080700ffff", CLASP_ARTNET_GOOD,
	    "/artnet/0/1 8 ; /artnet/0/2 7\n" },
	{ ID "0050000d0e0000000002080700ffff", CLASP_ARTNET_VERSION, "" },
	{ ID "0050000f0e0000000002010200ffff", CLASP_ARTNET_GOOD,
	    "/artnet/0/1 1 ; /artnet/0/2 2\n" },
	{ ID "0050000e0e000000", CLASP_ARTNET_CUT, "" },
	{ ID "0050", CLASP_ARTNET_CUT, "" },
	{ ID, CLASP_ARTNET_CUT, "" },
	{ "4172742d4e6574", CLASP_ARTNET_NO_ID, "" },
	{ "", CLASP_ARTNET_NO_ID, "" },
	/* a reply that ends before its universes, a poll before its flags,
	 * a targeted one before its targets */
	{ ID "0021", CLASP_ARTNET_CUT, "" },
	{ ID "0020000e", CLASP_ARTNET_CUT, "" },
	{ ID "0020000e2000000a", CLASP_ARTNET_CUT, "" },
	{ ID "0097000e000007060504", CLASP_ARTNET_CUT, "" },
	{ ID "0060000e0000", CLASP_ARTNET_OTHER, "" },
};

static struct clasp_artin *
receiver(bool ltp, bool blackout)
{
	const struct clasp_artin_config config = {
		.lines = { .prefix = CLASP_STR("/artnet") },
		.ltp = ltp,
		.blackout = blackout,
		.line = on_line
	};

	clasp_buf_reset(&out);
	return clasp_artin_new(&config);
}

static void
received_packets(void)
{
	struct clasp_artin *in = receiver(false, false);
	enum clasp_artnet_result result;
	uint8_t bytes[600];
	size_t i, n;
	uint64_t now = 5 * S;

	for (i = 0; i < sizeof received / sizeof received[0]; i++) {
		clasp_buf_reset(&out);
		n = unhex(received[i].hex, bytes);
		result = clasp_artnet_decode(bytes, n, &packet);
		t_eq_int(result, received[i].result, "%s", received[i].hex);
		if (result == CLASP_ARTNET_GOOD) {
			clasp_artin_packet(in, &packet, IP_A, now);
			/* an ArtSync holds back for four seconds */
			now += packet.op == CLASP_ARTNET_SYNC ?
			    CLASP_ARTIN_SYNC_US : 0;
			clasp_artin_expire(in, now);
		}
		t_eq_str(clasp_buf_cstr(&out), received[i].lines, "%s",
		    received[i].hex);
	}
	t_eq_int(*clasp_artin_late(in), 1);
	clasp_artin_free(in);
}

static void
sent_packets(void)
{
	uint8_t bytes[CLASP_ARTNET_DMX_MAX], level[512] = { 0xff };
	struct clasp_artnet_dmx dmx = { .sequence = 1, .slots = 2,
	    .level = level };
	size_t n;

	n = clasp_artnet_encode_dmx(bytes, &dmx);
	t_eq_str(hex(bytes, n), ID "0050000e010000000002ff00");
	dmx.slots = 512;
	n = clasp_artnet_encode_dmx(bytes, &dmx);
	t_eq_int(n, 530);
	t_check(strncmp(hex(bytes, n), ID "0050000e010000000200ff0000",
	    42) == 0, "%s", hex(bytes, 24));
	/* an odd number goes out even */
	dmx.slots = 3;
	dmx.universe = 291;
	memcpy(level, "\1\2\3", 3);
	n = clasp_artnet_encode_dmx(bytes, &dmx);
	t_eq_str(hex(bytes, n), ID "0050000e01002301000401020300");
	n = clasp_artnet_encode_poll(bytes, CLASP_ARTNET_POLL_ON_CHANGE);
	t_eq_str(hex(bytes, n), ID "0020000e0200");
	n = clasp_artnet_encode_sync(bytes);
	t_eq_str(hex(bytes, n), ID "0052000e0000");
}

static void
polls_and_time_codes(void)
{
	uint8_t bytes[64];
	size_t n;

	n = unhex(ID "0020000e2600" "01230004", bytes);
	t_eq_int(clasp_artnet_decode(bytes, n, &packet), CLASP_ARTNET_GOOD);
	t_eq_int(packet.poll.top, 291);
	t_eq_int(packet.poll.bottom, 4);
	t_eq_int(packet.poll.flags, 0x26);
	/* targets count only where the flag says so */
	bytes[12] = 2;
	t_eq_int(clasp_artnet_decode(bytes, n, &packet), CLASP_ARTNET_GOOD);
	t_eq_int(packet.poll.top, CLASP_ARTNET_UNIVERSE_MAX);
	n = unhex(ID "0097000e0001" "181e3b1701", bytes);
	t_eq_int(clasp_artnet_decode(bytes, n, &packet), CLASP_ARTNET_GOOD);
	t_eq_int(packet.timecode.stream, 1);
	t_eq_int(packet.timecode.frames, 24);
	t_eq_int(packet.timecode.seconds, 30);
	t_eq_int(packet.timecode.minutes, 59);
	t_eq_int(packet.timecode.hours, 23);
	t_eq_int(packet.timecode.type, 1);
}

static void
names_are_cut_between_characters(void)
{
	char name[6];

	clasp_artnet_name(name, sizeof name, CLASP_STR("abc"));
	t_eq_str(name, "abc");
	clasp_artnet_name(name, sizeof name, CLASP_STR("abcdef"));
	t_eq_str(name, "abcde");
	clasp_artnet_name(name, sizeof name, CLASP_STR("abcd\xc3\xa9"));
	t_eq_str(name, "abcd");
}

/* --------------------------------------------------------------- ourselves */

static struct {
	unsigned	 n;
	uint32_t	 ip[600];
	uint16_t	 port[600];
	struct clasp_artnet_reply reply[600];
	uint8_t		 bytes[CLASP_ARTNET_REPLY_LEN];
} sent;

static void
on_send(uint32_t ip, uint16_t port, const uint8_t *p, size_t len, void *user)
{
	(void)user;
	t_eq_int(len, CLASP_ARTNET_REPLY_LEN);
	t_eq_int(clasp_artnet_decode(p, len, &packet), CLASP_ARTNET_GOOD);
	sent.ip[sent.n] = ip;
	sent.port[sent.n] = port;
	sent.reply[sent.n] = packet.reply;
	memcpy(sent.bytes, p, len);
	sent.n++;
}

static uint32_t chance;

static uint32_t
by_chance(void)
{
	return chance;
}

static uint8_t
good(unsigned universe, void *user)
{
	(void)user;
	return universe == 1 ? CLASP_ARTNET_GOOD_DATA : 0;
}

static struct clasp_artnode node;

static void
start_node(bool broadcast)
{
	const struct clasp_artnode_config config = {
		.ip = OWN,
		.port = PORT,
		.mac = { 2, 3, 4, 5, 6, 7 },
		.name = CLASP_STR("clasp-artnet-in and more"),
		.broadcast = broadcast,
		.random = by_chance,
		.good_input = good,
		.good_output = good,
		.send = on_send
	};

	memset(&sent, 0, sizeof sent);
	chance = UINT32_MAX / 2;
	clasp_artnode_init(&node, &config);
}

static void
ask(uint8_t flags, unsigned bottom, unsigned top, uint32_t ip, uint16_t port,
    uint64_t now)
{
	const struct clasp_artnet_poll poll = { .flags = flags,
	    .bottom = bottom, .top = top };

	clasp_artnode_poll(&node, &poll, ip, port, now);
}

static void
ask_all(uint32_t ip, uint16_t port, uint64_t now)
{
	ask(CLASP_ARTNET_POLL_ON_CHANGE, 0, CLASP_ARTNET_UNIVERSE_MAX, ip,
	    port, now);
}

static void
a_reply_says_who_we_are(void)
{
	start_node(false);
	clasp_artnode_take(&node, 1, S);
	clasp_artnode_take(&node, 2, S);
	clasp_artnode_give(&node, 2, S);
	ask_all(IP_A, PORT, S);
	clasp_artnode_run(&node, clasp_artnode_due(&node));
	t_eq_int(sent.n, 1);
	t_eq_int(sent.ip[0], IP_A);
	t_eq_int(sent.port[0], PORT);
	/* as the protocol lays it out */
	t_eq_str(hex(sent.bytes, 26), ID "0021" "0a0000fe" "3619" "0001"
	    "00" "00" "00ff" "00" "d0" "f07f");
	t_eq_str((char *)sent.bytes + 26, "clasp-artnet-in a");
	t_eq_str((char *)sent.bytes + 44, "clasp-artnet-in and more");
	t_eq_str((char *)sent.bytes + 108, "#0001 [0001] running");
	t_eq_str(hex(sent.bytes + 172, 2), "0002");
	t_eq_str(hex(sent.bytes + 174, 4), "80c00000");	/* types */
	t_eq_str(hex(sent.bytes + 178, 4), "00000000");	/* GoodInput */
	t_eq_str(hex(sent.bytes + 182, 4), "80000000");	/* GoodOutput */
	t_eq_str(hex(sent.bytes + 186, 4), "00020000");	/* SwIn */
	t_eq_str(hex(sent.bytes + 190, 4), "01020000");	/* SwOut */
	t_eq_str(hex(sent.bytes + 200, 13), "00" "020304050607" "0a0000fe"
	    "01" "0e");
	t_eq_str(hex(sent.bytes + 213, 26), "00000000" "00000000000000000000"
	    "000000000000000000000000");
	t_eq_int(clasp_artnode_due(&node), UINT64_MAX);
}

static void
answers_come_within_a_second(void)
{
	start_node(false);
	chance = 0;
	ask_all(IP_A, PORT, 7 * S);
	t_eq_int(clasp_artnode_due(&node), 7 * S + 1);
	chance = UINT32_MAX;
	start_node(false);
	chance = UINT32_MAX;
	ask_all(IP_A, PORT, 7 * S);
	t_eq_int(clasp_artnode_due(&node), 8 * S + 1);
	clasp_artnode_run(&node, 8 * S);
	t_eq_int(sent.n, 0);
	/* asked again meanwhile: one answer */
	ask_all(IP_A, PORT, 7 * S + 500000);
	clasp_artnode_run(&node, 8 * S + 1);
	t_eq_int(sent.n, 1);
	/* without any universe: a reply without ports */
	t_eq_int(sent.reply[0].ports, 0);
	t_eq_int(sent.reply[0].bind_index, 1);
}

static void
another_port_gets_a_copy(void)
{
	start_node(false);
	clasp_artnode_take(&node, 0, S);
	ask_all(IP_A, 40000, S);
	clasp_artnode_run(&node, 3 * S);
	t_eq_int(sent.n, 2);
	t_eq_int(sent.port[0], PORT);
	t_eq_int(sent.port[1], 40000);
	start_node(true);
	clasp_artnode_take(&node, 0, S);
	ask_all(IP_A, 40000, S);
	clasp_artnode_run(&node, 3 * S);
	t_eq_int(sent.n, 1);
	t_eq_int(sent.ip[0], CLASP_ARTNODE_ALL);
}

static void
four_universes_are_a_reply(void)
{
	unsigned u, i;

	start_node(false);
	for (u = 14; u < 23; u++)	/* two sub-nets: 2 and 4 and 3 */
		clasp_artnode_take(&node, u, S);
	clasp_artnode_take(&node, 0x7fff, S);
	ask_all(IP_A, PORT, S);
	clasp_artnode_run(&node, 3 * S);
	t_eq_int(sent.n, 4);
	t_eq_int(sent.reply[0].ports, 2);
	t_eq_int(sent.reply[1].ports, 4);
	t_eq_int(sent.reply[2].ports, 3);
	for (i = 0; i < 4; i++)
		t_eq_int(sent.reply[i].bind_index, i + 1);
	t_eq_int(clasp_artnet_takes(&sent.reply[1], 0), 16);
	t_eq_int(clasp_artnet_takes(&sent.reply[2], 2), 22);
	t_eq_int(clasp_artnet_takes(&sent.reply[2], 3), -1);
	t_eq_int(clasp_artnet_takes(&sent.reply[3], 0), 0x7fff);
	/* a byte tells them apart: no more than 255 */
	start_node(false);
	for (u = 0; u < 2000; u++)
		clasp_artnode_take(&node, u, S);
	ask_all(IP_A, PORT, S);
	clasp_artnode_run(&node, 3 * S);
	t_eq_int(sent.n, 255);
}

static void
targeted_polls(void)
{
	start_node(false);
	clasp_artnode_take(&node, 4, S);
	clasp_artnode_take(&node, 20, S);
	ask(CLASP_ARTNET_POLL_TARGETED, 5, 19, IP_A, PORT, S);
	t_eq_int(clasp_artnode_due(&node), UINT64_MAX);
	ask(CLASP_ARTNET_POLL_TARGETED, 20, 30, IP_A, PORT, S);
	clasp_artnode_run(&node, 3 * S);
	t_eq_int(sent.n, 1);
	t_eq_int(clasp_artnet_takes(&sent.reply[0], 0), 20);
	t_eq_int(sent.reply[0].bind_index, 2);
}

static void
news_are_told_to_who_asked(void)
{
	start_node(false);
	clasp_artnode_take(&node, 0, S);
	ask(0, 0, CLASP_ARTNET_UNIVERSE_MAX, IP_B, PORT, S);
	ask_all(IP_A, PORT, S);
	clasp_artnode_run(&node, 3 * S);
	t_eq_int(sent.n, 2);
	clasp_artnode_take(&node, 0, 4 * S);
	t_eq_int(clasp_artnode_due(&node), UINT64_MAX, "nothing new");
	clasp_artnode_take(&node, 1, 4 * S);
	clasp_artnode_take(&node, 2, 4 * S + 10);
	clasp_artnode_run(&node, 5 * S);
	t_eq_int(sent.n, 3);
	t_eq_int(sent.ip[2], IP_A);
	t_eq_int(sent.reply[2].ports, 3);
	/* who was not heard of for long is gone */
	clasp_artnode_take(&node, 3, 32 * S);
	t_eq_int(clasp_artnode_due(&node), UINT64_MAX);
}

static void
too_many_askers(void)
{
	unsigned i;

	start_node(false);
	for (i = 0; i < CLASP_ARTNODE_ASKERS; i++)
		ask_all(IP_A + i, PORT, S);
	t_eq_int(node.unanswered, 0);
	ask_all(IP_A + i, PORT, S);
	t_eq_int(node.unanswered, 1);
	clasp_artnode_run(&node, 3 * S);
	t_eq_int(sent.n, CLASP_ARTNODE_ASKERS);
	/* answered ones make room */
	ask_all(IP_A + i, PORT, 4 * S);
	t_eq_int(node.unanswered, 1);
}

/* ------------------------------------------------------------------ others */

static struct clasp_artpeers peers;

static unsigned
hear(uint32_t ip, uint8_t bind_index, unsigned n, unsigned first,
    uint64_t now)
{
	struct clasp_artnet_reply reply = { .ports = n,
	    .bind_index = bind_index, .net = first >> 8 & 0x7f,
	    .sub = first >> 4 & 15 };
	unsigned i;

	for (i = 0; i < n; i++) {
		reply.type[i] = CLASP_ARTNET_PORT_OUTPUT;
		reply.sw_out[i] = (uint8_t)((first + i) & 15);
	}
	return clasp_artpeers_heard(&peers, ip, &reply, now);
}

static unsigned
taking(unsigned universe)
{
	unsigned n;

	clasp_artpeers_taking(&peers, universe, &n);
	return n;
}

static void
nodes_come_and_go(void)
{
	const struct clasp_artpair *pair;
	unsigned n;

	t_eq_int(taking(0), 0);
	t_eq_int(hear(IP_B, 1, 2, 0, 0), 3);
	t_eq_int(hear(IP_B, 1, 2, 0, S), 0, "the same again");
	t_eq_int(hear(IP_B, 2, 1, 291, S), 1);
	t_eq_int(hear(IP_A, 1, 4, 1, 2 * S), 15);
	pair = clasp_artpeers_taking(&peers, 1, &n);
	t_eq_int(n, 2);
	t_eq_int(pair[0].ip, IP_A);
	t_eq_int(pair[1].ip, IP_B);
	t_eq_int(taking(0), 1);
	t_eq_int(taking(291), 1);
	t_eq_int(taking(5), 0);
	/* one address twice is one target */
	t_eq_int(hear(IP_B, 3, 1, 291, 2 * S), 0);
	t_eq_int(taking(291), 1);
	/* it takes others now */
	t_eq_int(hear(IP_B, 1, 2, 8, 3 * S), 3);
	t_eq_int(taking(0), 0);
	t_eq_int(taking(9), 1);
	/* ten seconds after the last reply */
	t_check(!clasp_artpeers_expire(&peers, 11 * S - 1));
	t_check(clasp_artpeers_expire(&peers, 11 * S));
	t_eq_int(taking(291), 1, "by the other bind index");
	t_check(clasp_artpeers_expire(&peers, 12 * S));
	t_eq_int(taking(291), 0);
	t_eq_int(taking(9), 1);
	t_check(clasp_artpeers_expire(&peers, 13 * S));
	t_eq_int(peers.n, 0);
	t_eq_int(taking(9), 0);
	clasp_artpeers_clear(&peers);
}

static void
nodes_have_a_most(void)
{
	unsigned i;

	for (i = 0; i < CLASP_ARTPEERS_MAX; i++)
		hear(IP_A + i, 1, 0, 0, S);
	t_eq_int(peers.ignored, 0);
	t_eq_int(hear(IP_A + i, 1, 1, 0, S), 0);
	t_eq_int(peers.ignored, 1);
	t_eq_int(hear(IP_A, 1, 1, 0, S), 1);
	clasp_artpeers_clear(&peers);
}

/* --------------------------------------------------------------- levels in */

static struct clasp_artin *in;

/* What two levels of universe 0 gave. */
static const char *
frame(uint32_t ip, uint8_t physical, uint8_t sequence, unsigned a, unsigned b,
    uint64_t now)
{
	static uint8_t level[2];

	level[0] = (uint8_t)a;
	level[1] = (uint8_t)b;
	packet.op = CLASP_ARTNET_DMX;
	packet.dmx = (struct clasp_artnet_dmx){ .sequence = sequence,
	    .physical = physical, .slots = 2, .level = level };
	clasp_buf_reset(&out);
	clasp_artin_packet(in, &packet, ip, now);
	return clasp_buf_cstr(&out);
}

static const char *
art_sync(uint32_t ip, uint64_t now)
{
	packet.op = CLASP_ARTNET_SYNC;
	clasp_buf_reset(&out);
	clasp_artin_packet(in, &packet, ip, now);
	return clasp_buf_cstr(&out);
}

static const char *
expire(uint64_t now)
{
	clasp_buf_reset(&out);
	clasp_artin_expire(in, now);
	return clasp_buf_cstr(&out);
}

static void
numbers_of_frames(void)
{
	in = receiver(false, false);
	t_eq_str(frame(IP_A, 0, 200, 1, 1, S),
	    "/artnet/0/1 1 ; /artnet/0/2 1\n");
	t_eq_str(frame(IP_A, 0, 200, 2, 1, S), "", "twice");
	t_eq_str(frame(IP_A, 0, 181, 2, 1, S), "", "late by 19");
	t_eq_str(frame(IP_A, 0, 180, 2, 1, S), "/artnet/0/1 2\n",
	    "by 20: it began again");
	t_eq_str(frame(IP_A, 0, 255, 3, 1, S), "/artnet/0/1 3\n");
	t_eq_str(frame(IP_A, 0, 1, 4, 1, S), "/artnet/0/1 4\n");
	t_eq_str(frame(IP_A, 0, 0, 5, 1, S), "/artnet/0/1 5\n",
	    "not numbered");
	t_eq_str(frame(IP_A, 0, 1, 6, 1, S), "/artnet/0/1 6\n");
	/* after four seconds of silence any will do */
	t_eq_str(frame(IP_A, 0, 1, 7, 1, 5 * S - 1), "");
	t_eq_str(frame(IP_A, 0, 1, 7, 1, 5 * S), "/artnet/0/1 7\n");
	t_eq_int(*clasp_artin_late(in), 3);
	clasp_artin_free(in);
}

static void
two_sources_merge(void)
{
	in = receiver(false, false);
	t_eq_int(clasp_artin_due(in), UINT64_MAX);
	t_eq_str(frame(IP_A, 0, 0, 100, 0, S),
	    "/artnet/0/1 100 ; /artnet/0/2 0\n");
	t_eq_str(frame(IP_B, 0, 0, 50, 200, 2 * S), "/artnet/0/2 200\n");
	t_eq_int(clasp_artin_good(in, 0, 2 * S), CLASP_ARTNET_GOOD_DATA |
	    CLASP_ARTNET_GOOD_MERGING);
	/* a third one */
	t_eq_str(frame(IP_C, 0, 0, 255, 255, 2 * S), "");
	t_eq_int(*clasp_artin_ignored(in), 1);
	/* B is silent */
	t_eq_str(frame(IP_A, 0, 0, 100, 0, 11 * S), "");
	t_eq_int(clasp_artin_due(in), 11 * S);
	t_eq_str(expire(11 * S), "");
	t_eq_int(clasp_artin_due(in), 12 * S);
	t_eq_str(expire(12 * S - 1), "");
	t_eq_str(expire(12 * S), "/artnet/0/2 0\n");
	t_eq_int(clasp_artin_good(in, 0, 12 * S), CLASP_ARTNET_GOOD_DATA);
	/* now there is room, for another port of A too */
	t_eq_str(frame(IP_A, 1, 0, 0, 9, 13 * S), "/artnet/0/2 9\n");
	t_eq_str(expire(21 * S), "/artnet/0/1 0\n", "A's first port left");
	/* all silent: the levels stay */
	t_eq_str(expire(40 * S), "");
	t_eq_int(clasp_artin_due(in), UINT64_MAX);
	t_eq_int(clasp_artin_good(in, 0, 40 * S), 0);
	clasp_artin_free(in);
}

static void
the_newest_change_wins(void)
{
	in = receiver(true, false);
	frame(IP_A, 0, 0, 100, 0, S);
	t_eq_str(frame(IP_B, 0, 0, 50, 0, S), "/artnet/0/1 50\n");
	t_eq_str(frame(IP_A, 0, 0, 100, 0, S), "", "no change of A's");
	t_eq_str(frame(IP_A, 0, 0, 101, 0, S), "/artnet/0/1 101\n");
	t_check(clasp_artin_good(in, 0, S) & CLASP_ARTNET_GOOD_LTP);
	clasp_artin_free(in);
}

static void
dark_when_nobody_is_left(void)
{
	in = receiver(false, true);
	frame(IP_A, 0, 0, 100, 5, S);
	t_eq_str(expire(11 * S - 1), "");
	t_eq_str(expire(11 * S), "/artnet/0/1 0 ; /artnet/0/2 0\n");
	t_eq_str(frame(IP_A, 0, 0, 100, 5, 12 * S),
	    "/artnet/0/1 100 ; /artnet/0/2 5\n");
	clasp_artin_free(in);
}

static void
frames_wait_for_sync(void)
{
	in = receiver(false, false);
	t_eq_str(frame(IP_A, 0, 0, 1, 1, S),
	    "/artnet/0/1 1 ; /artnet/0/2 1\n");
	t_eq_str(art_sync(IP_B, S), "", "somebody else's");
	t_eq_str(frame(IP_A, 0, 0, 2, 1, S), "/artnet/0/1 2\n");
	art_sync(IP_A, 2 * S);
	t_eq_str(frame(IP_A, 0, 0, 3, 1, 2 * S), "");
	t_eq_str(frame(IP_A, 0, 0, 4, 1, 2 * S), "");
	t_eq_str(art_sync(IP_A, 2 * S), "/artnet/0/1 4\n",
	    "the newest only");
	t_eq_str(frame(IP_A, 0, 0, 5, 1, 3 * S), "");
	t_eq_int(clasp_artin_due(in), 6 * S);
	t_eq_str(expire(6 * S), "/artnet/0/1 5\n", "four seconds without");
	t_eq_str(frame(IP_A, 0, 0, 6, 1, 6 * S), "/artnet/0/1 6\n");
	/* a second source ends it */
	art_sync(IP_A, 7 * S);
	t_eq_str(frame(IP_A, 0, 0, 7, 1, 7 * S), "");
	t_eq_str(frame(IP_B, 0, 0, 0, 9, 7 * S),
	    "/artnet/0/1 7\n/artnet/0/2 9\n");
	art_sync(IP_B, 7 * S);
	t_eq_str(frame(IP_B, 0, 0, 0, 10, 7 * S), "/artnet/0/2 10\n");
	clasp_artin_free(in);
}

/* Nothing is queued: what could not be said is said once, as it is now. */
static void
held_lines_are_the_newest(void)
{
	in = receiver(false, false);
	frame(IP_A, 0, 0, 1, 1, S);
	clasp_artin_hold(in, true);
	t_eq_str(frame(IP_A, 0, 0, 2, 1, S), "");
	t_eq_str(frame(IP_A, 0, 0, 3, 1, S), "");
	clasp_buf_reset(&out);
	clasp_artin_hold(in, false);
	t_eq_str(clasp_buf_cstr(&out), "/artnet/0/1 3\n");
	clasp_buf_reset(&out);
	clasp_artin_repeat(in);
	t_eq_str(clasp_buf_cstr(&out), "/artnet/0/1 3 ; /artnet/0/2 1\n");
	clasp_artin_free(in);
}

static void
only_some_universes(void)
{
	struct clasp_numset only = { { 0 } };
	const struct clasp_artin_config config = {
		.lines = { .prefix = CLASP_STR("/artnet"), .split = true },
		.by = true,
		.only = &only,
		.line = on_line
	};
	unsigned slots;

	clasp_numset_add(&only, 291);
	in = clasp_artin_new(&config);
	t_eq_str(frame(IP_A, 0, 0, 1, 1, S), "");
	clasp_buf_reset(&out);
	packet.dmx.universe = 291;
	packet.dmx.physical = 2;
	packet.dmx.slots = 1;
	t_check(clasp_artin_packet(in, &packet, IP_A, S));
	t_eq_str(clasp_buf_cstr(&out), "/artnet/1/2/3/1 by=10.0.0.1/2 1\n");
	t_check(clasp_artin_levels(in, 291, &slots) != NULL);
	t_eq_int(slots, 1);
	t_check(clasp_artin_levels(in, 0, &slots) == NULL);
	clasp_artin_free(in);
}

int
main(void)
{
	t_run(received_packets);
	t_run(sent_packets);
	t_run(polls_and_time_codes);
	t_run(names_are_cut_between_characters);
	t_run(a_reply_says_who_we_are);
	t_run(answers_come_within_a_second);
	t_run(another_port_gets_a_copy);
	t_run(four_universes_are_a_reply);
	t_run(targeted_polls);
	t_run(news_are_told_to_who_asked);
	t_run(too_many_askers);
	t_run(nodes_come_and_go);
	t_run(nodes_have_a_most);
	t_run(numbers_of_frames);
	t_run(two_sources_merge);
	t_run(the_newest_change_wins);
	t_run(dark_when_nobody_is_left);
	t_run(frames_wait_for_sync);
	t_run(held_lines_are_the_newest);
	t_run(only_some_universes);
	clasp_buf_clear(&out);
	return t_end();
}
