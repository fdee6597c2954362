/* artpeers.c - the Art-Net nodes that have answered. */

#include "proto/artpeers.h"

#include <stdlib.h>
#include <string.h>

/* One reply of a node: up to four universes. */
struct clasp_artpeer {
	uint32_t	 ip;
	uint8_t		 bind_index;
	uint8_t		 n;
	uint16_t	 takes[CLASP_ARTNET_PORTS];
	uint64_t	 seen_us;
};

void
clasp_artpeers_clear(struct clasp_artpeers *peers)
{
	free(peers->at);
	free(peers->pairs);
	memset(peers, 0, sizeof *peers);
}

/* ------------------------------------------------------------------ pairs */

static int
compare(unsigned universe, uint32_t ip, const struct clasp_artpair *p)
{
	if (universe != p->universe)
		return universe < p->universe ? -1 : 1;
	return ip < p->ip ? -1 : ip > p->ip;
}

static int
by_universe(const void *a, const void *b)
{
	const struct clasp_artpair *p = a;

	return compare(p->universe, p->ip, b);
}

/* The place of the first pair not before this one. */
static unsigned
place(const struct clasp_artpeers *peers, unsigned universe, uint32_t ip)
{
	unsigned low = 0, high = peers->npairs, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (compare(universe, ip, &peers->pairs[mid]) > 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Make the pairs anew; without memory they are as they were.  Not with each
 * reply, but when somebody asks: there may be very many replies. */
static void
make_pairs(struct clasp_artpeers *peers)
{
	struct clasp_artpair *pairs = peers->pairs;
	unsigned i, k, n = 0, most = peers->n * CLASP_ARTNET_PORTS;

	if (most > peers->pairs_room) {
		pairs = realloc(pairs, 2 * most * sizeof *pairs);
		if (!pairs)
			return;
		peers->pairs = pairs;
		peers->pairs_room = 2 * most;
	}
	for (i = 0; i < peers->n; i++)
		for (k = 0; k < peers->at[i].n; k++)
			pairs[n++] = (struct clasp_artpair){
			    peers->at[i].takes[k], peers->at[i].ip };
	if (n > 0)
		qsort(pairs, n, sizeof *pairs, by_universe);
	for (i = k = 0; i < n; i++)
		if (k == 0 || by_universe(&pairs[i], &pairs[k - 1]) != 0)
			pairs[k++] = pairs[i];
	peers->npairs = k;
	peers->stale = false;
}

const struct clasp_artpair *
clasp_artpeers_taking(struct clasp_artpeers *peers, unsigned universe,
    unsigned *n)
{
	unsigned at, end;

	if (peers->stale)
		make_pairs(peers);
	at = end = place(peers, universe, 0);
	while (end < peers->npairs && peers->pairs[end].universe == universe)
		end++;
	*n = end - at;
	return *n > 0 ? peers->pairs + at : NULL;
}

/* ------------------------------------------------------------------ nodes */

/* The place of the first not before this one. */
static unsigned
place_of(const struct clasp_artpeers *peers, uint32_t ip, uint8_t bind_index)
{
	const struct clasp_artpeer *p;
	unsigned low = 0, high = peers->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		p = &peers->at[mid];
		if (p->ip < ip || (p->ip == ip && p->bind_index < bind_index))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The one of this address and index, made when it is not there. */
static struct clasp_artpeer *
node(struct clasp_artpeers *peers, uint32_t ip, uint8_t bind_index)
{
	struct clasp_artpeer *p;
	unsigned at = place_of(peers, ip, bind_index);

	if (at < peers->n && peers->at[at].ip == ip &&
	    peers->at[at].bind_index == bind_index)
		return &peers->at[at];
	if (peers->n >= CLASP_ARTPEERS_MAX) {
		peers->ignored++;
		return NULL;
	}
	if (peers->n == peers->room) {
		p = realloc(peers->at, (2 * peers->room + 16) * sizeof *p);
		if (!p)
			return NULL;
		peers->at = p;
		peers->room = 2 * peers->room + 16;
	}
	p = peers->at + at;
	memmove(p + 1, p, (peers->n - at) * sizeof *p);
	peers->n++;
	*p = (struct clasp_artpeer){ .ip = ip, .bind_index = bind_index };
	return p;
}

/* Does this address take it, by whatever index? */
static bool
takes(const struct clasp_artpeers *peers, uint32_t ip, unsigned universe)
{
	unsigned at, i;

	for (at = place_of(peers, ip, 0); at < peers->n &&
	    peers->at[at].ip == ip; at++)
		for (i = 0; i < peers->at[at].n; i++)
			if (peers->at[at].takes[i] == universe)
				return true;
	return false;
}

unsigned
clasp_artpeers_heard(struct clasp_artpeers *peers, uint32_t ip,
    const struct clasp_artnet_reply *reply, uint64_t now_us)
{
	struct clasp_artpeer is = { .ip = ip,
	    .bind_index = reply->bind_index };
	struct clasp_artpeer *p;
	unsigned i, news = 0;
	int universe;

	p = node(peers, ip, reply->bind_index);
	if (!p)
		return 0;
	is.seen_us = now_us;
	for (i = 0; i < CLASP_ARTNET_PORTS; i++) {
		universe = clasp_artnet_takes(reply, i);
		if (universe < 0)
			continue;
		is.takes[is.n++] = (uint16_t)universe;
		if (!takes(peers, ip, (unsigned)universe))
			news |= 1u << i;
	}
	peers->stale |= is.n != p->n ||
	    memcmp(is.takes, p->takes, sizeof is.takes) != 0;
	*p = is;
	return news;
}

bool
clasp_artpeers_expire(struct clasp_artpeers *peers, uint64_t now_us)
{
	unsigned i, k;

	for (i = k = 0; i < peers->n; i++)
		if (now_us - peers->at[i].seen_us < CLASP_ARTPEERS_LOSS_US)
			peers->at[k++] = peers->at[i];
	if (k == peers->n)
		return false;
	peers->n = k;
	peers->stale = true;
	return true;
}
