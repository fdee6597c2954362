/* outq.c - slabs that frames are encoded into, and queues of spans of them. */
#include "core/outq.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/*
 * A slab has room for some thousand small frames, and for the largest frame
 * several times over, so that little is wasted at its end.
 */
#define SLAB_CAP	(256u << 10)
#define POOL_MAX	8		/* free slabs kept */
#define OWN_MIN		512u		/* a detached queue's own memory */
#define OWN_GROW	(64u << 10)
#define RING_KEEP	64		/* spans an empty queue keeps */

/* Free slabs.  Lives until its owner and all slabs made from it are gone. */
struct clasp_slab_pool {
	struct clasp_slab *free[POOL_MAX];
	uint32_t	 nfree;
	uint32_t	 live;		/* slabs in use somewhere */
	bool		 open;		/* its owner is still there */
};

/* ----------------------------------------------------------------- slabs */

static struct clasp_slab *
slab_new(uint32_t cap, struct clasp_slab_pool *pool)
{
	struct clasp_slab *slab;

	if (pool != NULL && pool->nfree > 0) {
		slab = pool->free[--pool->nfree];
	} else {
		slab = malloc(sizeof *slab + cap);
		if (slab == NULL)
			return NULL;
		slab->cap = cap;
		slab->pool = pool;
	}
	slab->refs = 1;
	slab->len = 0;
	if (pool != NULL)
		pool->live++;
	return slab;
}

static void
slab_gone(struct clasp_slab *slab)
{
	struct clasp_slab_pool *pool = slab->pool;

	if (pool == NULL) {
		free(slab);
		return;
	}
	pool->live--;
	if (pool->open && pool->nfree < POOL_MAX) {
		pool->free[pool->nfree++] = slab;
		return;
	}
	free(slab);
	if (!pool->open && pool->live == 0)
		free(pool);
}

static inline void
slab_drop(struct clasp_slab *slab)
{
	if (--slab->refs == 0)
		slab_gone(slab);
}

void
clasp_slabs_init(struct clasp_slabs *slabs, uint64_t mask_seed)
{
	memset(slabs, 0, sizeof *slabs);
	slabs->mask_state = mask_seed;
}

void
clasp_slabs_clear(struct clasp_slabs *slabs)
{
	struct clasp_slab_pool *pool = slabs->pool;
	int i;

	for (i = 0; i < CLASP_FRAMINGS; i++)
		if (slabs->current[i] != NULL)
			slab_drop(slabs->current[i]);
	if (pool != NULL) {
		while (pool->nfree > 0)
			free(pool->free[--pool->nfree]);
		pool->open = false;
		if (pool->live == 0)
			free(pool);
	}
	clasp_slabs_init(slabs, slabs->mask_state);
}

/* A fresh current slab; the old one lives on in the queues. */
static struct clasp_slab *
slab_turn(struct clasp_slabs *slabs, enum clasp_framing framing)
{
	struct clasp_slab *slab;

	if (slabs->pool == NULL) {
		slabs->pool = calloc(1, sizeof *slabs->pool);
		if (slabs->pool == NULL)
			return NULL;
		slabs->pool->open = true;
	}
	if (slabs->current[framing] != NULL) {
		slab_drop(slabs->current[framing]);
		slabs->current[framing] = NULL;
	}
	slab = slab_new(SLAB_CAP, slabs->pool);
	slabs->current[framing] = slab;
	return slab;
}

/* The slab to write to: from its start again when nobody else holds it. */
static inline struct clasp_slab *
slab_now(struct clasp_slabs *slabs, enum clasp_framing framing)
{
	struct clasp_slab *slab = slabs->current[framing];

	if (slab == NULL)
		return slab_turn(slabs, framing);
	if (slab->refs == 1)
		slab->len = 0;
	return slab;
}

/* A new key for each message; splitmix64. */
static void
next_mask(struct clasp_slabs *slabs, uint8_t mask[4])
{
	uint64_t z = slabs->mask_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	memcpy(mask, &z, 4);
}

/*
 * The n bytes of a frame stand `head` bytes behind the slab's end: put the
 * transport's bytes before them and describe the whole.
 */
static void
finish(struct clasp_slabs *slabs, enum clasp_framing framing,
    struct clasp_slab *slab, size_t head, size_t n, struct clasp_span *out)
{
	size_t need = clasp_framing_size(framing, n);
	uint8_t *p = slab->data + slab->len;
	uint8_t mask[4] = { 0 };

	if (need != head)
		memmove(p + need, p + head, n);
	if (framing == CLASP_FRAMING_WS_MASKED)
		next_mask(slabs, mask);
	clasp_framing_put(framing, p, n, mask);
	if (framing == CLASP_FRAMING_WS_MASKED)
		clasp_framing_mask(p + need, n, mask, 0);
	out->slab = slab;
	out->off = slab->len;
	out->len = (uint32_t)(need + n);
	out->msgs = 1;
	slab->len += out->len;
}

int
clasp_slabs_encode(struct clasp_slabs *slabs, enum clasp_framing framing,
    const struct clasp_msg *msg, const struct clasp_frame *head,
    struct clasp_span *out)
{
	struct clasp_slab *slab = slab_now(slabs, framing);
	size_t small = clasp_framing_size(framing, 0);
	int n = CLASP_ENOSPC;

	if (slab == NULL)
		return CLASP_ENOMEM;
	/* CLASP_FRAMING_HEAD_MAX stays free for a longer header */
	if (slab->cap - slab->len > 2 * CLASP_FRAMING_HEAD_MAX)
		n = clasp_frame_encode(slab->data + slab->len + small,
		    slab->cap - slab->len - 2 * CLASP_FRAMING_HEAD_MAX,
		    msg, head);
	if (n == CLASP_ENOSPC) {
		slab = slab_turn(slabs, framing);
		if (slab == NULL)
			return CLASP_ENOMEM;
		n = clasp_frame_encode(slab->data + small,
		    slab->cap - 2 * CLASP_FRAMING_HEAD_MAX, msg, head);
	}
	if (n < 0)
		return n;
	finish(slabs, framing, slab, small, (size_t)n, out);
	return 0;
}

/* Room for a frame of n bytes; *p is where it belongs. */
static struct clasp_slab *
room_for(struct clasp_slabs *slabs, enum clasp_framing framing, size_t n,
    uint8_t **p)
{
	struct clasp_slab *slab = slab_now(slabs, framing);
	size_t head = clasp_framing_size(framing, n);

	if (slab != NULL && slab->cap - slab->len < head + n)
		slab = slab_turn(slabs, framing);
	if (slab != NULL)
		*p = slab->data + slab->len + head;
	return slab;
}

int
clasp_slabs_copy(struct clasp_slabs *slabs, enum clasp_framing framing,
    struct clasp_str frame, struct clasp_span *out)
{
	struct clasp_slab *slab;
	uint8_t *p;

	if (frame.len > CLASP_FRAME_MAX)
		return CLASP_ETOOBIG;
	slab = room_for(slabs, framing, frame.len, &p);
	if (slab == NULL)
		return CLASP_ENOMEM;
	memcpy(p, frame.p, frame.len);
	finish(slabs, framing, slab, clasp_framing_size(framing, frame.len),
	    frame.len, out);
	return 0;
}

int
clasp_slabs_payload(struct clasp_slabs *slabs, enum clasp_framing framing,
    uint8_t qos, struct clasp_str payload, struct clasp_span *out)
{
	struct clasp_frame head = { .qos = qos, .version = 1,
	    .len = payload.len };
	size_t n = CLASP_FRAME_HEAD + payload.len;
	uint8_t bytes[CLASP_FRAME_HEAD_TIMED], *p;
	struct clasp_slab *slab;
	int error;

	error = clasp_frame_head(bytes, &head);
	if (error < 0)
		return error;
	slab = room_for(slabs, framing, n, &p);
	if (slab == NULL)
		return CLASP_ENOMEM;
	memcpy(p, bytes, CLASP_FRAME_HEAD);
	if (payload.len > 0)
		memcpy(p + CLASP_FRAME_HEAD, payload.p, payload.len);
	finish(slabs, framing, slab, clasp_framing_size(framing, n), n, out);
	return 0;
}

void
clasp_span_keep(const struct clasp_span *span)
{
	span->slab->refs++;
}

void
clasp_span_drop(struct clasp_span *span)
{
	if (span->slab != NULL)
		slab_drop(span->slab);
	span->slab = NULL;
}

/* ---------------------------------------------------------------- queues */

static inline struct clasp_span *
ring(const struct clasp_outq *q)
{
	return q->spans ? q->spans : (struct clasp_span *)q->room;
}

/* The i-th span; cap is a power of two. */
static inline struct clasp_span *
at(const struct clasp_outq *q, uint32_t i)
{
	return &ring(q)[(q->first + i) & (q->cap - 1)];
}

void
clasp_outq_init(struct clasp_outq *q, enum clasp_framing framing)
{
	memset(q, 0, sizeof *q);
	q->cap = CLASP_OUTQ_ROOM;
	q->framing = (uint8_t)framing;
}

/* Everything is gone or let go: empty, with little memory. */
static void
emptied(struct clasp_outq *q)
{
	q->first = q->count = 0;
	q->head_sent = 0;
	q->msgs = 0;
	q->bytes = 0;
	if (q->cap > RING_KEEP) {
		free(q->spans);
		q->spans = NULL;
		q->cap = CLASP_OUTQ_ROOM;
	}
}

static void
let_go(struct clasp_outq *q)
{
	uint32_t i;

	for (i = 0; i < q->count; i++)
		slab_drop(at(q, i)->slab);
	emptied(q);
}

void
clasp_outq_clear(struct clasp_outq *q)
{
	let_go(q);
	free(q->spans);
	clasp_outq_init(q, q->framing);
}

static int
grow(struct clasp_outq *q)
{
	uint32_t cap = q->cap * 2, i;
	struct clasp_span *spans;

	spans = malloc(cap * sizeof *spans);
	if (spans == NULL)
		return CLASP_ENOMEM;
	for (i = 0; i < q->count; i++)
		spans[i] = *at(q, i);
	free(q->spans);
	q->spans = spans;
	q->cap = cap;
	q->first = 0;
	return 0;
}

int
clasp_outq_add(struct clasp_outq *q, const struct clasp_span *span)
{
	if (clasp_outq_extend(q, span))
		return 0;
	if (q->count == q->cap && grow(q) < 0)
		return CLASP_ENOMEM;
	*at(q, q->count++) = *span;
	span->slab->refs++;
	q->msgs += span->msgs;
	q->bytes += span->len;
	return 0;
}

int
clasp_outq_add_bytes(struct clasp_outq *q, const void *p, size_t n)
{
	struct clasp_span span = { .len = (uint32_t)n, .msgs = 1 };
	int error;

	if (n > UINT32_MAX)
		return CLASP_ETOOBIG;
	span.slab = slab_new((uint32_t)n, NULL);
	if (span.slab == NULL)
		return CLASP_ENOMEM;
	memcpy(span.slab->data, p, n);
	span.slab->len = (uint32_t)n;
	error = clasp_outq_add(q, &span);
	slab_drop(span.slab);
	return error;
}

int
clasp_outq_peek(const struct clasp_outq *q, struct clasp_str *pieces, int max)
{
	int i;

	for (i = 0; i < max && (uint32_t)i < q->count; i++) {
		const struct clasp_span *span = at(q, (uint32_t)i);

		pieces[i] = clasp_str_of(
		    (const char *)span->slab->data + span->off, span->len);
	}
	return i;
}

/* n bytes of the first span are gone, but not all of it. */
static void
sent_part(struct clasp_outq *q, struct clasp_span *span, uint32_t n)
{
	uint32_t at_byte = span->off - q->head_sent;	/* a frame's start */
	size_t step;

	q->bytes -= n;
	span->off += n;
	span->len -= n;
	while (at_byte < span->off) {
		step = clasp_framing_step(q->framing,
		    span->slab->data + at_byte);
		if (at_byte + step > span->off)
			break;
		at_byte += (uint32_t)step;
		span->msgs--;
		q->msgs--;
	}
	q->head_sent = span->off - at_byte;
}

void
clasp_outq_sent(struct clasp_outq *q, size_t n)
{
	struct clasp_span *span;

	if (n >= q->bytes) {
		let_go(q);
		return;
	}
	while (n > 0) {
		span = at(q, 0);
		if (n < span->len) {
			sent_part(q, span, (uint32_t)n);
			return;
		}
		n -= span->len;
		q->bytes -= span->len;
		q->msgs -= span->msgs;
		q->head_sent = 0;
		slab_drop(span->slab);
		q->first = (q->first + 1) & (q->cap - 1);
		q->count--;
	}
}

/*
 * Move the span's bytes to the queue's own memory behind `last`, or to new
 * memory with room for the `more` bytes that follow.  skip bytes before the
 * span belong to a frame that is partly sent: its start must stay readable.
 */
static int
own(struct clasp_span *span, struct clasp_span *last, uint32_t skip,
    size_t more)
{
	uint32_t n = span->len + skip;
	struct clasp_slab *slab = last ? last->slab : NULL;
	size_t cap;

	if (slab == NULL || slab->pool != NULL || slab->refs != 1 ||
	    slab->len != last->off + last->len || slab->cap - slab->len < n) {
		cap = n + more;
		if (cap > n + OWN_GROW)
			cap = n + OWN_GROW;
		slab = slab_new(cap < OWN_MIN ? OWN_MIN : (uint32_t)cap,
		    NULL);
		if (slab == NULL)
			return CLASP_ENOMEM;
	} else {
		slab->refs++;
	}
	memcpy(slab->data + slab->len, span->slab->data + span->off - skip, n);
	slab_drop(span->slab);
	span->slab = slab;
	span->off = slab->len + skip;
	slab->len += n;
	return 0;
}

int
clasp_outq_detach(struct clasp_outq *q)
{
	struct clasp_span *span, *last = NULL;
	size_t left = q->bytes;
	uint32_t i, kept = 0;
	int error = 0;

	for (i = 0; i < q->count; i++) {
		span = at(q, i);
		left -= span->len;
		if (error == 0 && span->slab->pool != NULL)
			error = own(span, last, i ? 0 : q->head_sent, left);
		if (last != NULL && last->slab == span->slab &&
		    last->off + last->len == span->off) {
			last->len += span->len;
			last->msgs += span->msgs;
			slab_drop(span->slab);
			continue;
		}
		last = at(q, kept++);
		*last = *span;
	}
	q->count = kept;
	return error;
}
