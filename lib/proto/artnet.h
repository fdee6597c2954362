/*
 * artnet.h - the packets of Art-Net 4: levels, who is there, sync, time code.
 *
 * Bytes only: no socket, no clock, no allocation.  Addresses and ports are
 * numbers in the machine's own order.  A universe is Art-Net's 15-bit
 * port-address: net (7 bits), sub-net (4), universe (4).
 */
#ifndef CLASP_PROTO_ARTNET_H
#define CLASP_PROTO_ARTNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "proto/dmx.h"

#define CLASP_ARTNET_PORT	6454
#define CLASP_ARTNET_UNIVERSE_MAX 32767
#define CLASP_ARTNET_PORTS	4	/* in one ArtPollReply */
#define CLASP_ARTNET_DMX_MAX	(18 + CLASP_DMX_SLOTS)
#define CLASP_ARTNET_POLL_LEN	14
#define CLASP_ARTNET_REPLY_LEN	239
#define CLASP_ARTNET_SYNC_LEN	14

enum clasp_artnet_op {
	CLASP_ARTNET_POLL = 0x2000,
	CLASP_ARTNET_REPLY = 0x2100,
	CLASP_ARTNET_DMX = 0x5000,
	CLASP_ARTNET_SYNC = 0x5200,
	CLASP_ARTNET_TIMECODE = 0x9700
};

/* What a packet turned out to be. */
enum clasp_artnet_result {
	CLASP_ARTNET_GOOD,
	CLASP_ARTNET_NO_ID,	/* does not begin as Art-Net does */
	CLASP_ARTNET_VERSION,	/* of a protocol below 14 */
	CLASP_ARTNET_CUT,	/* ends before it should */
	CLASP_ARTNET_LENGTH,	/* more levels than there are, or may be */
	CLASP_ARTNET_OTHER,	/* a kind that is none of ours: no fault */
	CLASP_ARTNET_RESULTS
};

struct clasp_artnet_dmx {
	unsigned	 universe;
	uint8_t		 sequence;	/* 0: not numbered */
	uint8_t		 physical;	/* the sender's own port */
	unsigned	 slots;		/* 1-512 */
	const uint8_t	*level;		/* borrowed */
};

#define CLASP_ARTNET_POLL_ON_CHANGE	0x02
#define CLASP_ARTNET_POLL_TARGETED	0x20

struct clasp_artnet_poll {
	uint8_t		 flags;
	uint8_t		 priority;	/* of diagnostics */
	unsigned	 bottom, top;	/* universes asked for; all, when it is
					 * not targeted */
};

#define CLASP_ARTNET_PORT_OUTPUT	0x80	/* takes Art-Net */
#define CLASP_ARTNET_PORT_INPUT		0x40	/* gives Art-Net */
#define CLASP_ARTNET_GOOD_DATA		0x80	/* levels come, or go */
#define CLASP_ARTNET_GOOD_MERGING	0x08	/* of several sources */
#define CLASP_ARTNET_GOOD_LTP		0x02	/* they merge by LTP */

struct clasp_artnet_reply {
	uint32_t	 ip;
	uint16_t	 port;
	uint16_t	 version;	/* the device's own */
	uint8_t		 net, sub;	/* of all its ports */
	char		 short_name[18], long_name[64], report[64];
	unsigned	 ports;		/* 0-4 */
	uint8_t		 type[CLASP_ARTNET_PORTS];
	uint8_t		 good_input[CLASP_ARTNET_PORTS];
	uint8_t		 good_output[CLASP_ARTNET_PORTS];
	uint8_t		 sw_in[CLASP_ARTNET_PORTS];
	uint8_t		 sw_out[CLASP_ARTNET_PORTS];
	uint8_t		 mac[6];
	uint32_t	 bind_ip;
	uint8_t		 bind_index;	/* 1 and up */
};

struct clasp_artnet_timecode {
	uint8_t		 stream, frames, seconds, minutes, hours;
	uint8_t		 type;		/* 0 film, 1 EBU, 2 drop, 3 SMPTE */
};

struct clasp_artnet {
	enum clasp_artnet_op op;
	union {
		struct clasp_artnet_dmx dmx;
		struct clasp_artnet_poll poll;
		struct clasp_artnet_reply reply;
		struct clasp_artnet_timecode timecode;
	};
};

/* Read one datagram.  What follows a packet's end is passed over. */
enum clasp_artnet_result clasp_artnet_decode(const uint8_t *p, size_t len,
	    struct clasp_artnet *out);
/* In words, for people. */
const char *clasp_artnet_result_name(enum clasp_artnet_result result);

/* The universe that port i of a reply takes; -1: it takes none. */
int	clasp_artnet_takes(const struct clasp_artnet_reply *reply, unsigned i);

/* Into room of the sizes above; the length.  slots: 1-512; an odd number is
 * rounded up, level must have that many. */
size_t	clasp_artnet_encode_dmx(uint8_t *out,
	    const struct clasp_artnet_dmx *dmx);
size_t	clasp_artnet_encode_poll(uint8_t *out, uint8_t flags);
size_t	clasp_artnet_encode_sync(uint8_t *out);
size_t	clasp_artnet_encode_reply(uint8_t *out,
	    const struct clasp_artnet_reply *reply);
/* A name of a reply, cut to fit; n is the room, with the NUL. */
void	clasp_artnet_name(char *out, size_t n, struct clasp_str name);

#endif
