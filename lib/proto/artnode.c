/* artnode.c - ourselves as an Art-Net node. */

#include "proto/artnode.h"

#include <stdio.h>
#include <string.h>

#define BIND_MAX	255	/* replies of one node, told apart by a byte */

/* One reply: up to four universes of one sub-net. */
struct page {
	unsigned	 index;		/* 1 and up */
	unsigned	 n;
	unsigned	 universe[CLASP_ARTNET_PORTS];
};

void
clasp_artnode_init(struct clasp_artnode *node,
    const struct clasp_artnode_config *config)
{
	memset(node, 0, sizeof *node);
	node->config = *config;
}

/* ------------------------------------------------------------- the answer */

/* The first universe of ours from n on, or -1. */
static int
next_universe(const struct clasp_artnode *node, unsigned n)
{
	int a = clasp_numset_next(&node->takes, n);
	int b = clasp_numset_next(&node->gives, n);

	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* The page from universe *at on, which becomes what is behind it. */
static bool
next_page(const struct clasp_artnode *node, struct page *page, int *at)
{
	if (*at < 0 || page->index == BIND_MAX)
		return false;
	page->index++;
	page->n = 0;
	do {
		page->universe[page->n++] = (unsigned)*at;
		*at = next_universe(node, (unsigned)*at + 1);
	} while (*at >= 0 && page->n < CLASP_ARTNET_PORTS &&
	    (unsigned)*at >> 4 == page->universe[0] >> 4);
	return true;
}

static bool
asked_for(const struct clasp_artnode_asker *asker, const struct page *page)
{
	unsigned i;

	for (i = 0; i < page->n; i++)
		if (page->universe[i] >= asker->bottom &&
		    page->universe[i] <= asker->top)
			return true;
	return page->n == 0;
}

static void
fill_port(const struct clasp_artnode *node, struct clasp_artnet_reply *reply,
    unsigned i, unsigned universe)
{
	const struct clasp_artnode_config *config = &node->config;

	if (clasp_numset_has(&node->takes, universe)) {
		reply->type[i] |= CLASP_ARTNET_PORT_OUTPUT;
		reply->sw_out[i] = universe & 0x0f;
		reply->good_output[i] = config->good_output(universe,
		    config->user);
	}
	if (clasp_numset_has(&node->gives, universe)) {
		reply->type[i] |= CLASP_ARTNET_PORT_INPUT;
		reply->sw_in[i] = universe & 0x0f;
		reply->good_input[i] = config->good_input(universe,
		    config->user);
	}
}

static void
send_page(struct clasp_artnode *node, const struct clasp_artnode_asker *asker,
    const struct page *page)
{
	const struct clasp_artnode_config *config = &node->config;
	struct clasp_artnet_reply reply = {
		.ip = config->own ? config->own(asker->ip, config->user) :
		    config->ip,
		.port = config->port,
		.version = 1,
		.ports = page->n,
		.bind_index = (uint8_t)page->index
	};
	uint8_t packet[CLASP_ARTNET_REPLY_LEN];
	unsigned i;
	size_t len;

	if (page->n > 0) {
		reply.net = page->universe[0] >> 8 & 0x7f;
		reply.sub = page->universe[0] >> 4 & 0x0f;
	}
	for (i = 0; i < page->n; i++)
		fill_port(node, &reply, i, page->universe[i]);
	reply.bind_ip = reply.ip;
	memcpy(reply.mac, config->mac, sizeof reply.mac);
	clasp_artnet_name(reply.short_name, sizeof reply.short_name,
	    config->name);
	clasp_artnet_name(reply.long_name, sizeof reply.long_name,
	    config->name);
	snprintf(reply.report, sizeof reply.report, "#0001 [%04u] running",
	    ++node->reports % 10000);
	len = clasp_artnet_encode_reply(packet, &reply);
	if (config->broadcast) {
		config->send(CLASP_ARTNODE_ALL, config->port, packet, len,
		    config->user);
		return;
	}
	config->send(asker->ip, config->port, packet, len, config->user);
	/* controllers' tools ask from any port, and wait there */
	if (asker->port != config->port)
		config->send(asker->ip, asker->port, packet, len,
		    config->user);
}

static void
answer(struct clasp_artnode *node, const struct clasp_artnode_asker *asker)
{
	struct page page = { 0 };
	int at = next_universe(node, 0);

	if (at < 0) {
		page.index = 1;
		send_page(node, asker, &page);
	}
	while (next_page(node, &page, &at))
		if (asked_for(asker, &page))
			send_page(node, asker, &page);
}

/* --------------------------------------------------------------- who asks */

/* Its place; else one that is free, or was not heard of for longest. */
static struct clasp_artnode_asker *
asker_of(struct clasp_artnode *node, uint32_t ip, uint16_t port)
{
	struct clasp_artnode_asker *a, *found = NULL;

	for (a = node->askers; a < node->askers + CLASP_ARTNODE_ASKERS; a++) {
		if (a->seen_us != 0 && a->ip == ip && a->port == port)
			return a;
		if (a->due_us == 0 && (!found || a->seen_us < found->seen_us))
			found = a;
	}
	if (found)
		*found = (struct clasp_artnode_asker){ .ip = ip,
		    .port = port };
	return found;
}

void
clasp_artnode_poll(struct clasp_artnode *node,
    const struct clasp_artnet_poll *poll, uint32_t ip, uint16_t port,
    uint64_t now_us)
{
	struct clasp_artnode_asker *a;
	int first = next_universe(node, poll->bottom);

	/* it looks for somebody else */
	if (poll->flags & CLASP_ARTNET_POLL_TARGETED &&
	    (first < 0 || (unsigned)first > poll->top))
		return;
	a = asker_of(node, ip, port);
	if (!a) {
		node->unanswered++;
		return;
	}
	a->seen_us = now_us > 0 ? now_us : 1;
	a->on_change = (poll->flags & CLASP_ARTNET_POLL_ON_CHANGE) != 0;
	a->bottom = poll->bottom;
	a->top = poll->top;
	if (a->due_us == 0)
		a->due_us = now_us + 1 + (uint64_t)node->config.random() *
		    CLASP_ARTNODE_DELAY_US / UINT32_MAX;
}

static void
add(struct clasp_artnode *node, struct clasp_numset *set, unsigned universe,
    uint64_t now_us)
{
	struct clasp_artnode_asker *a;

	if (clasp_numset_has(set, universe))
		return;
	clasp_numset_add(set, universe);
	for (a = node->askers; a < node->askers + CLASP_ARTNODE_ASKERS; a++)
		if (a->seen_us != 0 && a->on_change && a->due_us == 0 &&
		    now_us - a->seen_us < CLASP_ARTNODE_ASKED_US)
			a->due_us = now_us + CLASP_ARTNODE_CHANGE_US;
}

void
clasp_artnode_take(struct clasp_artnode *node, unsigned universe,
    uint64_t now_us)
{
	add(node, &node->takes, universe, now_us);
}

void
clasp_artnode_give(struct clasp_artnode *node, unsigned universe,
    uint64_t now_us)
{
	add(node, &node->gives, universe, now_us);
}

/* ------------------------------------------------------------------- time */

uint64_t
clasp_artnode_due(const struct clasp_artnode *node)
{
	const struct clasp_artnode_asker *a;
	uint64_t due = UINT64_MAX;

	for (a = node->askers; a < node->askers + CLASP_ARTNODE_ASKERS; a++)
		if (a->due_us != 0 && a->due_us < due)
			due = a->due_us;
	return due;
}

void
clasp_artnode_run(struct clasp_artnode *node, uint64_t now_us)
{
	struct clasp_artnode_asker *a;

	for (a = node->askers; a < node->askers + CLASP_ARTNODE_ASKERS; a++)
		if (a->due_us != 0 && a->due_us <= now_us) {
			a->due_us = 0;
			answer(node, a);
		}
}
