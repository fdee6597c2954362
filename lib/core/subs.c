/*
 * subs.c - the index of all subscriptions.
 *
 *	/a/b	/a/ * /c	/a/ **		(blanks only in this comment)
 *
 *	root -- a -- b
 *	        | -- * -- c
 *	        `--- **
 *
 * A node's literal children stand in one table for the whole trie, keyed by
 * parent and segment; "*" and "**" are pointers in the node.  Segments that
 * hold a star among other characters hang on a node for what stands before
 * the star, found in the same table; the parent knows which lengths of such
 * beginnings there are, so "scene12*" costs nothing where the address says
 * "fixture".  A "**" node stays in the
 * set for every further segment, and whatever enters the set brings its "**"
 * child along: zero segments.
 */
#include "core/subs.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "core/pace.h"
#include "wire/address.h"

#define CACHE_SETS	4096		/* a power of two */
#define CACHE_WAYS	4
#define CACHE_SLOTS	(CACHE_SETS * CACHE_WAYS)
#define CACHE_BYTES	(16u << 20)	/* of addresses and results */

struct clasp_subs_node {
	struct clasp_subs_node *parent;
	struct clasp_subs_node *star, *globstar;
	struct clasp_subs_node *partial;	/* of a beginning: the first */
	struct clasp_subs_node *next_partial;
	uint64_t	 beginnings;	/* bit n: one of n bytes; 63: or more */
	uint32_t	 nbeginnings;
	struct clasp_sub *subs;
	uint64_t	 stamp;		/* in the set of this step already */
	uint64_t	 hash;		/* of the edge, if literal */
	uint32_t	 children;	/* all kinds */
	uint32_t	 literals;
	uint16_t	 len;
	uint8_t		 kind;
	char		 segment[];
};

enum { LITERAL, STAR, GLOBSTAR, PARTIAL, BEGINNING };

struct edge {
	uint64_t	 hash;
	struct clasp_subs_node *node;	/* NULL: free */
};

/* One remembered result: the matches, then the address. */
struct cached {
	uint64_t	 hash;
	uint64_t	 generation;
	struct clasp_match *matches;	/* owned, with the address behind */
	uint32_t	 count;
	uint32_t	 cap;		/* bytes */
	uint32_t	 len;		/* of the address */
};

struct clasp_subs {
	struct clasp_subs_node *root;
	struct edge	*edges;
	size_t		 cap_edges, nedges;	/* cap: a power of two */
	uint32_t	 count;
	uint64_t	 generation;
	uint64_t	 stamp;
	struct clasp_subs_node **set, **next;	/* the two sets of a walk */
	size_t		 cap_set;
	size_t		 nnodes;
	struct clasp_match *found;
	size_t		 nfound, cap_found;
	struct cached	*cache;
	size_t		 cached_bytes;
};

/* ----------------------------------------------------------------- edges */

static uint64_t
edge_hash(const struct clasp_subs_node *parent, int kind,
    struct clasp_str segment)
{
	uint64_t h = clasp_hash(segment) ^ ((uint64_t)(uintptr_t)parent +
	    (uint64_t)kind) * UINT64_C(0x9e3779b97f4a7c15);

	return h ^ h >> 31;
}

static struct clasp_subs_node *
edge_get(const struct clasp_subs *subs, const struct clasp_subs_node *parent,
    int kind, struct clasp_str segment)
{
	uint64_t hash = edge_hash(parent, kind, segment);
	size_t mask = subs->cap_edges - 1, i;
	const struct edge *e;

	if (subs->cap_edges == 0)
		return NULL;
	for (i = hash & mask; subs->edges[i].node != NULL;
	    i = (i + 1) & mask) {
		e = &subs->edges[i];
		if (e->hash == hash && e->node->parent == parent &&
		    e->node->kind == kind && clasp_str_eq(segment,
		    clasp_str_of(e->node->segment, e->node->len)))
			return e->node;
	}
	return NULL;
}

static void
edge_place(struct edge *edges, size_t cap, struct clasp_subs_node *node)
{
	size_t i = node->hash & (cap - 1);

	while (edges[i].node != NULL)
		i = (i + 1) & (cap - 1);
	edges[i].hash = node->hash;
	edges[i].node = node;
}

static int
edge_add(struct clasp_subs *subs, struct clasp_subs_node *node)
{
	size_t cap = subs->cap_edges ? subs->cap_edges * 2 : 64, i;
	struct edge *edges;

	if (subs->nedges + 1 > subs->cap_edges / 4 * 3) {
		edges = calloc(cap, sizeof *edges);
		if (edges == NULL)
			return CLASP_ENOMEM;
		for (i = 0; i < subs->cap_edges; i++)
			if (subs->edges[i].node != NULL)
				edge_place(edges, cap, subs->edges[i].node);
		free(subs->edges);
		subs->edges = edges;
		subs->cap_edges = cap;
	}
	edge_place(subs->edges, subs->cap_edges, node);
	subs->nedges++;
	return 0;
}

static void
edge_remove(struct clasp_subs *subs, const struct clasp_subs_node *node)
{
	size_t mask = subs->cap_edges - 1, i, j, home;

	for (i = node->hash & mask; subs->edges[i].node != node;
	    i = (i + 1) & mask)
		;
	/* close the gap: pull back every edge that may sit in it */
	for (j = (i + 1) & mask; subs->edges[j].node != NULL;
	    j = (j + 1) & mask) {
		home = subs->edges[j].hash & mask;
		if (((j - home) & mask) >= ((j - i) & mask)) {
			subs->edges[i] = subs->edges[j];
			i = j;
		}
	}
	subs->edges[i].node = NULL;
	subs->nedges--;
}

/* ----------------------------------------------------------------- nodes */

static int
kind_of(struct clasp_str segment)
{
	if (memchr(segment.p, '*', segment.len) == NULL)
		return LITERAL;
	if (segment.len == 1)
		return STAR;
	return segment.len == 2 && segment.p[1] == '*' &&
	    segment.p[0] == '*' ? GLOBSTAR : PARTIAL;
}

static struct clasp_subs_node *
child_get(const struct clasp_subs *subs,
    const struct clasp_subs_node *parent, int kind, struct clasp_str segment)
{
	struct clasp_subs_node *n;

	switch (kind) {
	case LITERAL:
	case BEGINNING:
		return edge_get(subs, parent, kind, segment);
	case STAR:
		return parent->star;
	case GLOBSTAR:
		return parent->globstar;
	}
	for (n = parent->partial; n != NULL; n = n->next_partial)
		if (clasp_str_eq(segment, clasp_str_of(n->segment, n->len)))
			break;
	return n;
}

static inline uint64_t
length_bit(size_t n)
{
	return UINT64_C(1) << (n < 63 ? n : 63);
}

static struct clasp_subs_node *
node_new(struct clasp_subs *subs, struct clasp_subs_node *parent, int kind,
    struct clasp_str segment)
{
	struct clasp_subs_node *node = malloc(sizeof *node + segment.len);

	if (node == NULL)
		return NULL;
	memset(node, 0, sizeof *node);
	node->parent = parent;
	node->kind = (uint8_t)kind;
	node->len = (uint16_t)segment.len;
	if (segment.len > 0)
		memcpy(node->segment, segment.p, segment.len);
	if (parent == NULL)
		return node;
	switch (kind) {
	case LITERAL:
	case BEGINNING:
		node->hash = edge_hash(parent, kind, segment);
		if (edge_add(subs, node) < 0) {
			free(node);
			return NULL;
		}
		if (kind == LITERAL) {
			parent->literals++;
		} else {
			parent->nbeginnings++;
			parent->beginnings |= length_bit(segment.len);
		}
		break;
	case STAR:
		parent->star = node;
		break;
	case GLOBSTAR:
		parent->globstar = node;
		break;
	default:
		node->next_partial = parent->partial;
		parent->partial = node;
	}
	parent->children++;
	subs->nnodes++;
	return node;
}

/* Take out a node that nothing hangs on, and then its parents likewise. */
static void
prune(struct clasp_subs *subs, struct clasp_subs_node *node)
{
	struct clasp_subs_node *parent, **at;

	for (; node->parent != NULL && node->subs == NULL &&
	    node->children == 0; node = parent) {
		parent = node->parent;
		switch (node->kind) {
		case LITERAL:
			edge_remove(subs, node);
			parent->literals--;
			break;
		case BEGINNING:
			edge_remove(subs, node);
			/* single lengths are not counted: a bit too many
			 * costs one search */
			if (--parent->nbeginnings == 0)
				parent->beginnings = 0;
			break;
		case STAR:
			parent->star = NULL;
			break;
		case GLOBSTAR:
			parent->globstar = NULL;
			break;
		default:
			for (at = &parent->partial; *at != node;
			    at = &(*at)->next_partial)
				;
			*at = node->next_partial;
		}
		parent->children--;
		subs->nnodes--;
		free(node);
	}
}

/* ------------------------------------------------------------------ index */

struct clasp_subs *
clasp_subs_new(void)
{
	struct clasp_subs *subs = calloc(1, sizeof *subs);

	if (subs == NULL)
		return NULL;
	subs->root = node_new(subs, NULL, LITERAL, CLASP_STR_NONE);
	if (subs->root == NULL) {
		free(subs);
		return NULL;
	}
	subs->generation = 1;
	return subs;
}

static void
cache_empty(struct clasp_subs *subs)
{
	size_t i;

	for (i = 0; subs->cache != NULL && i < CACHE_SLOTS; i++) {
		free(subs->cache[i].matches);
		memset(&subs->cache[i], 0, sizeof subs->cache[i]);
	}
	subs->cached_bytes = 0;
}

void
clasp_subs_free(struct clasp_subs *subs)
{
	if (subs == NULL)
		return;
	cache_empty(subs);
	free(subs->cache);
	free(subs->edges);
	free(subs->set);
	free(subs->next);
	free(subs->found);
	free(subs->root);
	free(subs);
}

uint32_t
clasp_subs_count(const struct clasp_subs *subs)
{
	return subs->count;
}

/* What stands before the first star. */
static struct clasp_str
beginning(struct clasp_str segment)
{
	const char *star = memchr(segment.p, '*', segment.len);

	return clasp_str_of(segment.p, (size_t)(star - segment.p));
}

/* The child, made if need be; NULL: no memory, and nothing left behind. */
static struct clasp_subs_node *
descend(struct clasp_subs *subs, struct clasp_subs_node *node, int kind,
    struct clasp_str segment)
{
	struct clasp_subs_node *child = child_get(subs, node, kind, segment);

	if (child == NULL)
		child = node_new(subs, node, kind, segment);
	if (child == NULL)
		prune(subs, node);
	return child;
}

struct clasp_sub *
clasp_subs_add(struct clasp_subs *subs, struct clasp_subscriber *owner,
    uint32_t id, struct clasp_str pattern, uint8_t types)
{
	struct clasp_str segments[CLASP_SEGMENTS_MAX];
	struct clasp_subs_node *node = subs->root, *child;
	struct clasp_sub *sub;
	int i, n, kind;

	pattern = clasp_pattern_trim(pattern);
	n = clasp_segments(pattern, segments, CLASP_SEGMENTS_MAX);
	sub = n > 0 ? malloc(sizeof *sub + pattern.len) : NULL;
	if (sub == NULL)
		return NULL;
	memset(sub, 0, sizeof *sub);
	for (i = 0; i < n; i++, node = child) {
		kind = kind_of(segments[i]);
		child = node;
		if (kind == PARTIAL)
			child = descend(subs, child, BEGINNING,
			    beginning(segments[i]));
		if (child != NULL)
			child = descend(subs, child, kind, segments[i]);
		if (child == NULL) {
			free(sub);
			return NULL;
		}
	}
	sub->owner = owner;
	sub->id = id;
	sub->types = types & CLASP_SUB_TYPES;
	if (sub->types == 0)
		sub->types = CLASP_SUB_TYPES;
	sub->pattern_len = (uint16_t)pattern.len;
	memcpy(sub->pattern, pattern.p, pattern.len);
	sub->node = node;
	sub->next_here = node->subs;
	sub->back_here = &node->subs;
	if (sub->next_here != NULL)
		sub->next_here->back_here = &sub->next_here;
	node->subs = sub;
	sub->next = owner->first;
	sub->back = &owner->first;
	if (sub->next != NULL)
		sub->next->back = &sub->next;
	owner->first = sub;
	owner->count++;
	subs->count++;
	subs->generation++;
	return sub;
}

void
clasp_subs_remove(struct clasp_subs *subs, struct clasp_sub *sub)
{
	*sub->back_here = sub->next_here;
	if (sub->next_here != NULL)
		sub->next_here->back_here = sub->back_here;
	*sub->back = sub->next;
	if (sub->next != NULL)
		sub->next->back = sub->back;
	sub->owner->count--;
	subs->count--;
	subs->generation++;
	prune(subs, sub->node);
	clasp_pace_end(sub->pace);
	free(sub);
}

void
clasp_subs_remove_all(struct clasp_subs *subs,
    struct clasp_subscriber *owner)
{
	while (owner->first != NULL)
		clasp_subs_remove(subs, owner->first);
}

struct clasp_sub *
clasp_subscriber_find(const struct clasp_subscriber *owner, uint32_t id)
{
	struct clasp_sub *sub;

	for (sub = owner->first; sub != NULL; sub = sub->next)
		if (sub->id == id)
			break;
	return sub;
}

bool
clasp_subscriber_wants(const struct clasp_subscriber *owner,
    struct clasp_str address, uint8_t types)
{
	const struct clasp_sub *sub;

	for (sub = owner->first; sub != NULL; sub = sub->next)
		if ((sub->types & types) && clasp_pattern_match(
		    clasp_sub_pattern(sub), address))
			return true;
	return false;
}

/* ----------------------------------------------------------------- lookup */

/* Room for every node in a set. */
static int
sets_fit(struct clasp_subs *subs)
{
	size_t cap = subs->nnodes + 1;
	struct clasp_subs_node **set;

	if (cap <= subs->cap_set)
		return 0;
	cap += cap / 2 + 64;
	set = realloc(subs->set, cap * sizeof *set);
	if (set == NULL)
		return CLASP_ENOMEM;
	subs->set = set;
	set = realloc(subs->next, cap * sizeof *set);
	if (set == NULL)
		return CLASP_ENOMEM;
	subs->next = set;
	subs->cap_set = cap;
	return 0;
}

/* Into the set, once, with the "**" children that may be nothing. */
static inline size_t
enter(struct clasp_subs_node **set, size_t n, struct clasp_subs_node *node,
    uint64_t stamp)
{
	for (; node != NULL && node->stamp != stamp; node = node->globstar) {
		node->stamp = stamp;
		set[n++] = node;
	}
	return n;
}

static int
collect(struct clasp_subs *subs, const struct clasp_subs_node *node,
    uint64_t stamp)
{
	struct clasp_sub *sub;
	struct clasp_match *found;
	uint8_t paced;
	size_t cap;

	for (sub = node->subs; sub != NULL; sub = sub->next_here) {
		paced = sub->pace != NULL ? sub->types : 0;
		if (sub->owner->stamp == stamp) {
			found = &subs->found[sub->owner->index];
			found->only = NULL;
			found->types |= sub->types;
			found->paced |= paced;
			continue;
		}
		if (subs->nfound == subs->cap_found) {
			cap = subs->cap_found ? subs->cap_found * 2 : 64;
			found = realloc(subs->found, cap * sizeof *found);
			if (found == NULL)
				return CLASP_ENOMEM;
			subs->found = found;
			subs->cap_found = cap;
		}
		sub->owner->stamp = stamp;
		sub->owner->index = (uint32_t)subs->nfound;
		subs->found[subs->nfound++] = (struct clasp_match){
		    .owner = sub->owner, .only = sub,
		    .types = sub->types, .paced = paced };
	}
	return 0;
}

/* Those children that hold a star among other characters. */
static size_t
enter_partials(struct clasp_subs *subs, size_t to,
    const struct clasp_subs_node *node, struct clasp_str segment,
    uint64_t stamp)
{
	uint64_t lengths = node->beginnings;
	struct clasp_subs_node *b, *p;
	size_t len, last;

	while (lengths != 0) {
		len = (size_t)__builtin_ctzll(lengths);
		lengths &= lengths - 1;
		last = len < 63 ? len : segment.len;
		for (; len <= last && len <= segment.len; len++) {
			b = edge_get(subs, node, BEGINNING,
			    clasp_str_of(segment.p, len));
			for (p = b ? b->partial : NULL; p != NULL;
			    p = p->next_partial)
				if (clasp_segment_match(clasp_str_of(
				    p->segment, p->len), segment))
					to = enter(subs->next, to, p, stamp);
		}
	}
	return to;
}

/* The first step to an address of the relay's own: no wildcard takes it. */
static size_t
advance_own(struct clasp_subs *subs, struct clasp_str segment)
{
	return enter(subs->next, 0, subs->root->literals > 0 ?
	    edge_get(subs, subs->root, LITERAL, segment) : NULL,
	    ++subs->stamp);
}

/* One step: which nodes agree with a further segment. */
static size_t
advance(struct clasp_subs *subs, size_t n, struct clasp_str segment)
{
	struct clasp_subs_node *node;
	uint64_t stamp = ++subs->stamp;
	size_t i, to = 0;

	for (i = 0; i < n; i++) {
		node = subs->set[i];
		if (node->literals > 0)
			to = enter(subs->next, to,
			    edge_get(subs, node, LITERAL, segment), stamp);
		to = enter(subs->next, to, node->star, stamp);
		if (node->beginnings != 0)
			to = enter_partials(subs, to, node, segment, stamp);
		if (node->kind == GLOBSTAR)
			to = enter(subs->next, to, node, stamp);
	}
	return to;
}

int
clasp_subs_lookup(struct clasp_subs *subs, struct clasp_str address,
    const struct clasp_match **out)
{
	struct clasp_str left = address, segment;
	struct clasp_subs_node **swap;
	const char *slash;
	size_t n, i;

	*out = NULL;
	subs->nfound = 0;
	if (subs->count == 0 || address.len < 2 || address.p[0] != '/')
		return 0;
	if (sets_fit(subs) < 0)
		return -1;
	n = enter(subs->set, 0, subs->root, ++subs->stamp);
	for (slash = left.p; slash != NULL && n > 0;) {
		left.len -= (size_t)(slash + 1 - left.p);
		left.p = slash + 1;
		slash = memchr(left.p, '/', left.len);
		segment = left;
		if (slash != NULL)
			segment.len = (size_t)(slash - left.p);
		n = segment.p == address.p + 1 &&
		    clasp_str_eq(segment, CLASP_STR(CLASP_SUBS_OWN)) ?
		    advance_own(subs, segment) : advance(subs, n, segment);
		swap = subs->set;
		subs->set = subs->next;
		subs->next = swap;
	}
	subs->stamp++;
	for (i = 0; i < n; i++)
		if (collect(subs, subs->set[i], subs->stamp) < 0)
			return -1;
	*out = subs->found;
	return (int)subs->nfound;
}

/* Keep what was just found; without memory it is simply not kept. */
static void
remember(struct clasp_subs *subs, struct cached *c, struct clasp_str address,
    uint64_t hash)
{
	size_t list = subs->nfound * sizeof *c->matches;
	size_t need = list + address.len, cap;
	void *p;

	if (need > CACHE_BYTES / 4)
		return;
	if (need > c->cap) {
		cap = (need + 63) & ~(size_t)63;
		if (subs->cached_bytes + cap - c->cap > CACHE_BYTES)
			cache_empty(subs);
		p = realloc(c->matches, cap);
		if (p == NULL)
			return;
		subs->cached_bytes += cap - c->cap;
		c->matches = p;
		c->cap = (uint32_t)cap;
	}
	c->hash = hash;
	c->generation = subs->generation;
	c->count = (uint32_t)subs->nfound;
	c->len = (uint32_t)address.len;
	if (list > 0)
		memcpy(c->matches, subs->found, list);
	memcpy((char *)c->matches + list, address.p, address.len);
}

int
clasp_subs_match(struct clasp_subs *subs, struct clasp_str address,
    uint64_t hash, const struct clasp_match **out)
{
	struct cached *c, *set;
	int n;

	*out = NULL;
	if (subs->count == 0)
		return 0;
	if (subs->cache == NULL) {
		subs->cache = calloc(CACHE_SLOTS, sizeof *subs->cache);
		if (subs->cache == NULL)
			return clasp_subs_lookup(subs, address, out);
	}
	set = &subs->cache[(hash & (CACHE_SETS - 1)) * CACHE_WAYS];
	for (c = set; c < set + CACHE_WAYS; c++)
		if (c->hash == hash && c->generation == subs->generation &&
		    c->len == address.len && memcmp((const char *)(c->matches +
		    c->count), address.p, address.len) == 0) {
			*out = c->matches;
			return (int)c->count;
		}
	/* what is void goes first, else any: a clock would cost more */
	c = set + (subs->stamp & (CACHE_WAYS - 1));
	for (n = 0; n < CACHE_WAYS; n++)
		if (set[n].generation != subs->generation)
			c = &set[n];
	n = clasp_subs_lookup(subs, address, out);
	if (n >= 0)
		remember(subs, c, address, hash);
	return n;
}
