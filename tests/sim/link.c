/* link.c - one connection between a client and the router. */
#include "link.h"

#include <stdlib.h>
#include <string.h>

#include "promise.h"
#include "wire/frame.h"
#include "wire/framing.h"

void
sim_link_open(struct sim_link *link, uint8_t framing)
{
	sim_link_drop(link);
	link->framing = framing;
	link->window = SIM_OPEN_WINDOW;
}

void
sim_link_drop(struct sim_link *link)
{
	while (link->nunits > 0)
		sim_link_said(link);
	free(link->units);
	clasp_buf_clear(&link->out);
	memset(link, 0, sizeof *link);
}

void
sim_link_say(struct sim_link *link, const void *bytes, size_t len)
{
	struct sim_unit *u;

	if (link->nunits == link->cap) {
		link->cap = link->cap ? link->cap * 2 : 8;
		link->units = realloc(link->units,
		    link->cap * sizeof *link->units);
		if (link->units == NULL)
			abort();
	}
	u = &link->units[link->nunits++];
	u->bytes = malloc(len + 1);
	if (u->bytes == NULL)
		abort();
	if (len > 0)
		memcpy(u->bytes, bytes, len);
	u->len = len;
	u->at = 0;
}

void
sim_link_said(struct sim_link *link)
{
	free(link->units[0].bytes);
	link->nunits--;
	memmove(link->units, link->units + 1,
	    link->nunits * sizeof *link->units);
}

/* Bytes the queue holds behind those that were kept already. */
static void
keep(struct sim_link *link, const char *p, size_t n, size_t at)
{
	size_t known = at < link->out.len ? link->out.len - at : 0;

	if (known > n)
		known = n;
	if (known > 0 && memcmp(link->out.data + at, p, known) != 0)
		sim_broken(P_ORDER, "what was queued has changed before it "
		    "was sent");
	if (clasp_buf_add(&link->out, p + known, n - known) < 0)
		abort();
}

void
sim_link_look(struct sim_link *link)
{
	struct clasp_str pieces[16];
	struct clasp_outq *q;
	size_t at = link->taken;
	int i, n, max = 16;
	struct clasp_str *all = pieces;

	if (link->session == NULL)
		return;
	/* where everything was read nothing need be kept */
	if (link->out.len > 0 && link->read == link->out.len &&
	    link->judged == link->out.len) {
		clasp_buf_reset(&link->out);
		link->judged = link->read = link->taken = at = 0;
	}
	q = clasp_session_outq(link->session);
	if (link->taken + q->bytes == link->out.len)
		return;
	if (q->count > 16) {
		max = (int)q->count;
		all = calloc((size_t)max, sizeof *all);
		if (all == NULL)
			abort();
	}
	n = clasp_outq_peek(q, all, max);
	for (i = 0; i < n; i++) {
		keep(link, all[i].p, all[i].len, at);
		at += all[i].len;
	}
	if (all != pieces)
		free(all);
}

size_t
sim_link_take(struct sim_link *link, uint64_t now_us)
{
	size_t n;

	sim_link_look(link);
	n = link->out.len - link->taken;
	if (n > link->window)
		n = (size_t)link->window;
	if (n == 0)
		return 0;
	if (link->window != SIM_OPEN_WINDOW)
		link->window -= n;
	link->taken += n;
	if (link->taken == link->out.len)
		link->awake = false;
	clasp_session_sent(link->session, n, now_us);
	return n;
}

int
sim_link_frame(const struct sim_link *link, size_t end, size_t *at,
    struct clasp_str *payload, uint8_t *qos)
{
	const uint8_t *p = link->out.data + *at;
	size_t n = end - *at, head = 0;
	struct clasp_frame frame;
	struct clasp_ws_head ws;
	int r;

	if (n == 0)
		return 0;
	if (link->framing == CLASP_FRAMING_LENGTH) {
		if (n < 4)
			return 0;
		head = 4;
	} else if (link->framing == CLASP_FRAMING_WS) {
		r = clasp_ws_head_decode(p, n, &ws);
		if (r < 0 || (r > 0 && (ws.op != CLASP_WS_BINARY ||
		    !ws.fin || ws.masked)))
			return -1;
		if (r == 0)
			return 0;
		head = (size_t)r;
	}
	r = clasp_frame_decode(p + head, n - head, &frame);
	if (r <= 0)
		return n - head < CLASP_FRAME_MAX ? 0 : -1;
	if (frame.timed || frame.version != 1 || frame.encrypted ||
	    frame.compressed ||
	    (link->framing == CLASP_FRAMING_LENGTH &&
	    clasp_load32(p) != (uint32_t)r) ||
	    (link->framing == CLASP_FRAMING_WS && ws.len != (uint32_t)r))
		return -1;
	*payload = clasp_str_of((const char *)frame.payload, frame.len);
	*qos = frame.qos;
	*at += head + (size_t)r;
	return (int)head + r;
}
