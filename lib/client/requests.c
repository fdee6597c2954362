/* requests.c - what was asked of a relay and is not answered yet. */
#include <stdlib.h>

#include "base/error.h"
#include "client/requests.h"

static struct clasp_request *
entry(const struct clasp_request_ring *ring, size_t i)
{
	return &ring->at[(ring->head + i) & (ring->cap - 1)];
}

static int
grow(struct clasp_request_ring *ring)
{
	size_t cap = ring->cap ? ring->cap * 2 : 16, i;
	struct clasp_request *at = malloc(cap * sizeof *at);

	if (!at)
		return CLASP_ENOMEM;
	for (i = 0; i < ring->count; i++)
		at[i] = *entry(ring, i);
	free(ring->at);
	ring->at = at;
	ring->cap = cap;
	ring->head = 0;
	return 0;
}

static struct clasp_request
pop(struct clasp_request_ring *ring)
{
	struct clasp_request q = *entry(ring, 0);

	ring->head = (ring->head + 1) & (ring->cap - 1);
	ring->count--;
	return q;
}

int
clasp_requests_add(struct clasp_requests *r, struct clasp_request *request)
{
	bool ack = request->kind <= CLASP_REQUEST_PUBLISH;
	struct clasp_request_ring *ring = ack ? &r->acks : &r->pongs;

	if (ring->count == ring->cap && grow(ring) < 0)
		return CLASP_ENOMEM;
	request->seq = ++r->seq;
	ring->count++;
	*entry(ring, ring->count - 1) = *request;
	switch (request->kind) {
	case CLASP_REQUEST_PUBLISH:
		r->lazy_ack = true;
		break;
	case CLASP_REQUEST_SET:
	case CLASP_REQUEST_BUNDLE:
		r->lazy_ack = false;
		break;
	case CLASP_REQUEST_GET:
	case CLASP_REQUEST_SUBSCRIBE:
		r->lazy_pong = true;
		break;
	default:
		r->lazy_ack = r->lazy_pong = false;
	}
	return 0;
}

bool
clasp_requests_lazy(const struct clasp_requests *r)
{
	return r->lazy_ack || r->lazy_pong;
}

size_t
clasp_requests_count(const struct clasp_requests *r)
{
	return r->acks.count + r->pongs.count;
}

/* What it means for an entry that the relay has passed it without a word. */
static int
silence(const struct clasp_request *q)
{
	switch (q->kind) {
	case CLASP_REQUEST_SET:
	case CLASP_REQUEST_BUNDLE:
		return CLASP_EREFUSED;
	case CLASP_REQUEST_GET:
		return CLASP_ENOENT;
	default:
		return 0;
	}
}

static void
leave(struct clasp_request *q, int error, clasp_request_gone_fn gone,
    void *user)
{
	gone(q, error, user);
	free(q->members);
}

/*
 * The first n entries were passed over.  Callbacks may add entries, never
 * take any, so the first n stay the first n.
 */
static void
pass(struct clasp_request_ring *ring, size_t n, clasp_request_gone_fn gone,
    void *user)
{
	struct clasp_request q;

	while (n-- > 0) {
		q = pop(ring);
		leave(&q, silence(&q), gone, user);
	}
}

bool
clasp_requests_ack(struct clasp_requests *r, bool bundle, uint64_t hash,
    clasp_request_gone_fn gone, void *user, struct clasp_request *out)
{
	const struct clasp_request *q;
	size_t i;

	for (i = 0; i < r->acks.count; i++) {
		q = entry(&r->acks, i);
		if (bundle ? q->kind == CLASP_REQUEST_BUNDLE :
		    q->kind == CLASP_REQUEST_SET && q->hash == hash)
			break;
	}
	if (i == r->acks.count)
		return false;
	pass(&r->acks, i, gone, user);
	*out = pop(&r->acks);
	return true;
}

/* Can an ERROR about this address be the answer to q? */
static bool
concerns(const struct clasp_request *q, bool has_hash, uint64_t hash)
{
	uint32_t i;

	if (q->answered || q->kind >= CLASP_REQUEST_PING)
		return false;
	if (!has_hash)
		return q->kind != CLASP_REQUEST_PUBLISH &&
		    q->kind != CLASP_REQUEST_SUBSCRIBE;
	if (q->kind != CLASP_REQUEST_BUNDLE)
		return q->hash == hash;
	for (i = 0; i < q->nmembers; i++)
		if (q->members[i] == hash)
			return true;
	return false;
}

static size_t
find(const struct clasp_request_ring *ring, bool has_hash, uint64_t hash)
{
	size_t i;

	for (i = 0; i < ring->count; i++)
		if (concerns(entry(ring, i), has_hash, hash))
			break;
	return i;
}

bool
clasp_requests_error(struct clasp_requests *r, bool has_hash, uint64_t hash,
    uint16_t code, clasp_request_gone_fn gone, void *user,
    struct clasp_request *out)
{
	size_t a = find(&r->acks, has_hash, hash);
	size_t p = find(&r->pongs, has_hash, hash);
	bool in_acks = a < r->acks.count;

	if (p < r->pongs.count && (!in_acks || code == 201 || code == 202 ||
	    entry(&r->pongs, p)->seq < entry(&r->acks, a)->seq)) {
		*out = *entry(&r->pongs, p);
		entry(&r->pongs, p)->answered = true;
		return true;
	}
	if (!in_acks)
		return false;
	pass(&r->acks, a, gone, user);
	*out = pop(&r->acks);
	return true;
}

struct clasp_request *
clasp_requests_subscribe(struct clasp_requests *r)
{
	if (r->pongs.count == 0 ||
	    entry(&r->pongs, 0)->kind != CLASP_REQUEST_SUBSCRIBE)
		return NULL;
	return entry(&r->pongs, 0);
}

bool
clasp_requests_get(struct clasp_requests *r, uint64_t hash,
    clasp_request_gone_fn gone, void *user, struct clasp_request *out)
{
	const struct clasp_request *q;
	size_t i;

	for (i = 0; i < r->pongs.count; i++) {
		q = entry(&r->pongs, i);
		if (q->kind != CLASP_REQUEST_GET)
			return false;
		if (!q->answered && q->hash == hash)
			break;
	}
	if (i == r->pongs.count)
		return false;
	pass(&r->pongs, i, gone, user);
	*out = pop(&r->pongs);
	return true;
}

bool
clasp_requests_initial(const struct clasp_requests *r)
{
	return r->pongs.count > 0 &&
	    entry(&r->pongs, 0)->kind == CLASP_REQUEST_FIRST;
}

/* Entry i of the pongs was answered: it and all that was sent before it. */
static void
passed_barrier(struct clasp_requests *r, size_t i, clasp_request_gone_fn gone,
    void *user)
{
	uint64_t seq = entry(&r->pongs, i)->seq;
	struct clasp_request q;

	while (r->acks.count > 0 && entry(&r->acks, 0)->seq < seq) {
		q = pop(&r->acks);
		leave(&q, silence(&q), gone, user);
	}
	pass(&r->pongs, i + 1, gone, user);
}

void
clasp_requests_pong(struct clasp_requests *r, clasp_request_gone_fn gone,
    void *user)
{
	size_t i;

	for (i = 0; i < r->pongs.count; i++)
		if (entry(&r->pongs, i)->kind == CLASP_REQUEST_PING ||
		    entry(&r->pongs, i)->kind == CLASP_REQUEST_FIRST) {
			passed_barrier(r, i, gone, user);
			return;
		}
}

void
clasp_requests_sync(struct clasp_requests *r, uint64_t t1,
    clasp_request_gone_fn gone, void *user)
{
	size_t i;

	for (i = 0; i < r->pongs.count; i++)
		if (entry(&r->pongs, i)->kind == CLASP_REQUEST_SYNC &&
		    entry(&r->pongs, i)->hash == t1) {
			passed_barrier(r, i, gone, user);
			return;
		}
}

void
clasp_requests_fail(struct clasp_requests *r, int error,
    clasp_request_gone_fn gone, void *user)
{
	size_t na = r->acks.count, np = r->pongs.count;
	struct clasp_request q;
	bool ack;

	/* Only those that are here now: callbacks may ask again. */
	r->lazy_ack = r->lazy_pong = false;
	while (na + np > 0) {
		ack = np == 0 || (na > 0 &&
		    entry(&r->acks, 0)->seq < entry(&r->pongs, 0)->seq);
		q = pop(ack ? &r->acks : &r->pongs);
		*(ack ? &na : &np) -= 1;
		leave(&q, error, gone, user);
	}
}

void
clasp_requests_clear(struct clasp_requests *r)
{
	free(r->acks.at);
	free(r->pongs.at);
	*r = (struct clasp_requests){ 0 };
}
