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

static bool
has_pair(const struct clasp_artpeers *peers, unsigned universe, uint32_t ip)
{
	unsigned at = place(peers, universe, ip);

	return at < peers->npairs &&
	    compare(universe, ip, &peers->pairs[at]) == 0;
}

/* Make the pairs anew.  False: no memory, they are as they were. */
static bool
make_pairs(struct clasp_artpeers *peers)
{
	struct clasp_artpair *pairs = peers->pairs;
	unsigned i, k, n = 0, most = peers->n * CLASP_ARTNET_PORTS;

	if (most > peers->pairs_room) {
		pairs = realloc(pairs, 2 * most * sizeof *pairs);
		if (!pairs)
			return false;
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
	return true;
}

const struct clasp_artpair *
clasp_artpeers_taking(const struct clasp_artpeers *peers, unsigned universe,
    unsigned *n)
{
	unsigned at = place(peers, universe, 0), end = at;

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

unsigned
clasp_artpeers_heard(struct clasp_artpeers *peers, uint32_t ip,
    const struct clasp_artnet_reply *reply, uint64_t now_us)
{
	struct clasp_artpeer *p, was;
	unsigned i, news = 0;
	int universe;

	p = node(peers, ip, reply->bind_index);
	if (!p)
		return 0;
	was = *p;
	p->seen_us = now_us;
	p->n = 0;
	for (i = 0; i < CLASP_ARTNET_PORTS; i++) {
		universe = clasp_artnet_takes(reply, i);
		if (universe < 0)
			continue;
		p->takes[p->n++] = (uint16_t)universe;
		if (!has_pair(peers, (unsigned)universe, ip))
			news |= 1u << i;
	}
	if ((was.n != p->n || memcmp(was.takes, p->takes,
	    p->n * sizeof p->takes[0]) != 0) && !make_pairs(peers)) {
		*p = was;
		return 0;
	}
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
	make_pairs(peers);
	return true;
}
