/*
 * outq.h - what waits to be sent to one peer.
 *
 * Frames are encoded once into a slab, a reference-counted block that is
 * only ever appended to, with the bytes the transport wants in front
 * (wire/framing.h).  A queue holds spans of slabs; a span that continues the
 * one before extends it, so that a burst to many peers is one span in each
 * queue and one system call for each socket.
 *
 *	slab   | frame | frame | frame | frame |          |
 *	         \______ span of A ______/
 *	                 \__________ span of B __________/
 *
 * The owner of the socket takes spans from the front (peek), sends them, and
 * says how far it came (sent).  No I/O here.
 */
#ifndef CLASP_CORE_OUTQ_H
#define CLASP_CORE_OUTQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "wire/framing.h"
#include "wire/message.h"

struct clasp_slab_pool;

struct clasp_slab {
	uint32_t	refs;
	uint32_t	len;		/* bytes used */
	uint32_t	cap;
	struct clasp_slab_pool *pool;	/* NULL: one queue's own memory */
	uint8_t		data[];
};

struct clasp_span {
	struct clasp_slab *slab;	/* holds one reference */
	uint32_t	 off;
	uint32_t	 len;
	uint32_t	 msgs;		/* frames that end in it */
};

/*
 * The slab being written, one for each framing: owned by whoever encodes.
 * A slab that nobody waits for any more is written again from its start, and
 * a few full ones are kept for later, so that a steady stream of frames needs
 * no memory.  Queues may outlive the slabs they were filled from.
 */
struct clasp_slabs {
	struct clasp_slab *current[CLASP_FRAMINGS];
	struct clasp_slab_pool *pool;
	uint64_t	 mask_state;	/* for CLASP_FRAMING_WS_MASKED */
};

void	clasp_slabs_init(struct clasp_slabs *slabs, uint64_t mask_seed);
void	clasp_slabs_clear(struct clasp_slabs *slabs);
/*
 * Encode msg as a framed frame into the current slab and describe it in
 * *out, which borrows: it is good until the next call.  head as in
 * clasp_frame_encode.  Returns 0 or an error of the encoder.
 */
int	clasp_slabs_encode(struct clasp_slabs *slabs,
	    enum clasp_framing framing, const struct clasp_msg *msg,
	    const struct clasp_frame *head, struct clasp_span *out);
/* The same for a whole frame that exists as bytes. */
int	clasp_slabs_copy(struct clasp_slabs *slabs,
	    enum clasp_framing framing, struct clasp_str frame,
	    struct clasp_span *out);

/* The same for a payload: a header with the QoS asked for goes before it. */
int	clasp_slabs_payload(struct clasp_slabs *slabs,
	    enum clasp_framing framing, uint8_t qos, struct clasp_str payload,
	    struct clasp_span *out);

/* Keep a span beyond the next call; give it back with clasp_span_drop. */
void	clasp_span_keep(const struct clasp_span *span);
void	clasp_span_drop(struct clasp_span *span);

#define CLASP_OUTQ_ROOM	2	/* spans without memory of their own */

struct clasp_outq {
	struct clasp_span *spans;	/* owned ring; NULL: room is used */
	uint32_t	 first, count, cap;
	uint32_t	 head_sent;	/* bytes of the first frame gone */
	uint8_t		 framing;	/* enum clasp_framing */
	uint32_t	 msgs;		/* frames not wholly sent */
	size_t		 bytes;		/* not sent */
	struct clasp_span room[CLASP_OUTQ_ROOM];
};

void	clasp_outq_init(struct clasp_outq *q, enum clasp_framing framing);
void	clasp_outq_clear(struct clasp_outq *q);
/*
 * The short way of the next function, for the hot path: when the span goes on
 * where the queue ends, the last one is made longer.  False: it does not.
 */
static inline bool
clasp_outq_extend(struct clasp_outq *q, const struct clasp_span *span)
{
	struct clasp_span *last = q->spans != NULL ? q->spans : q->room;

	last += (q->first + q->count - 1) & (q->cap - 1);
	if (q->count == 0 || last->slab != span->slab ||
	    last->off + last->len != span->off)
		return false;
	last->len += span->len;
	last->msgs += span->msgs;
	q->msgs += span->msgs;
	q->bytes += span->len;
	return true;
}

/* Append a span, usually of one frame; takes a reference. 0 or ENOMEM. */
int	clasp_outq_add(struct clasp_outq *q, const struct clasp_span *span);
/* Bytes that are in no slab (a WebSocket control frame) as one message. */
int	clasp_outq_add_bytes(struct clasp_outq *q, const void *p, size_t n);
/* Up to max pieces from the front; returns how many. */
int	clasp_outq_peek(const struct clasp_outq *q, struct clasp_str *pieces,
	    int max);
/* n bytes from the front have been taken by the socket. */
void	clasp_outq_sent(struct clasp_outq *q, size_t n);
/* Copy what waits into memory of its own and let go of the shared slabs. */
int	clasp_outq_detach(struct clasp_outq *q);

#endif
