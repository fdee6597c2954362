/* snapshot.c - the state as SNAPSHOT messages. */
#include "core/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "core/session.h"

#define KEPT_BYTES	(16u << 20)	/* of shared chunks */
#define KEPT_US		UINT64_C(1000000)
#define LOW_BYTES	(96u << 10)	/* a job goes on below */
#define STEP_CHUNKS	2		/* made at a time by a job */
#define LOOK_MAX	4096		/* records looked at for a chunk */

#define HEAD		3		/* type and count */

/* ---------------------------------------------------------------- chunks */

static void
put_entry(struct clasp_writer *w, const struct clasp_record *r, bool bare)
{
	clasp_put_u16(w, r->address_len);
	clasp_put_bytes(w, r->address, r->address_len);
	clasp_put_u8(w, r->code);
	clasp_put_bytes(w, clasp_record_data(r), r->data_len);
	clasp_put_u64(w, r->revision);
	if (bare) {
		clasp_put_u8(w, 0);
		return;
	}
	clasp_put_u8(w, CLASP_SNAPSHOT_WRITER | CLASP_SNAPSHOT_TIME);
	clasp_put_u16(w, (uint16_t)r->author->len);
	clasp_put_bytes(w, r->author->id, r->author->len);
	clasp_put_u64(w, r->timestamp_us);
}

/* Frame what the writer holds in the router's scratch. */
static int
wrap(struct clasp_slabs *slabs, uint8_t framing, uint8_t *scratch,
    const struct clasp_writer *w, uint32_t count, struct clasp_span *span)
{
	scratch[0] = CLASP_SNAPSHOT;
	clasp_store16(scratch + 1, (uint16_t)count);
	return clasp_slabs_payload(slabs, (enum clasp_framing)framing,
	    CLASP_QOS_FIRE, clasp_str_of((char *)scratch,
	    (size_t)(w->p - scratch)), span);
}

/* Encode the chunk behind an address.  out->last is the caller's to free. */
static int
make(struct clasp_router *router, uint8_t framing, struct clasp_str pattern,
    struct clasp_str after, uint64_t now_us, struct clasp_chunk *out,
    uint64_t *until_us)
{
	struct clasp_writer w = clasp_writer_on(router->scratch,
	    sizeof router->scratch);
	const struct clasp_record *r, *last = NULL;
	struct clasp_walk walk;
	uint64_t expiry;
	bool bare;
	int error = 0;

	memset(out, 0, sizeof *out);
	w.p += HEAD;
	clasp_walk_start(&walk, router->store, pattern, after, now_us);
	walk.budget = LOOK_MAX;
	while ((r = clasp_walk_next(&walk)) != NULL) {
		bare = clasp_record_snapshot_bytes(r) >
		    sizeof router->scratch - HEAD;
		if (out->count == CLASP_SNAPSHOT_ENTRIES || (out->count > 0 &&
		    (bare || clasp_record_snapshot_bytes(r) >
		    (size_t)(w.end - w.p)))) {
			out->more = true;
			break;
		}
		put_entry(&w, r, bare);
		out->count++;
		expiry = clasp_record_expiry(router->store, r);
		if (expiry < *until_us)
			*until_us = expiry;
		last = r;
	}
	/* a pattern that matches little: on behind what was looked at */
	if (r == NULL && walk.budget == 0) {
		out->more = true;
		last = walk.seen;
	}
	if (last == NULL)
		return 0;
	if (out->count > 0)
		error = wrap(&router->snapshots.slabs, framing,
		    router->scratch, &w, out->count, &out->span);
	if (error < 0)
		return error;
	out->last_len = last->address_len;
	out->last = malloc(last->address_len);
	if (out->last == NULL)
		return CLASP_ENOMEM;
	memcpy(out->last, last->address, last->address_len);
	return 0;
}

/* ------------------------------------------------------------ kept chunks */

void
clasp_snapshots_init(struct clasp_snapshots *snapshots)
{
	memset(snapshots, 0, sizeof *snapshots);
	clasp_slabs_init(&snapshots->slabs, 0);
}

static void
forget(struct clasp_snapshots *k)
{
	uint32_t i;

	for (i = 0; i < k->count; i++) {
		clasp_span_drop(&k->chunks[i].span);
		free(k->chunks[i].last);
	}
	free(k->chunks);
	free(k->pattern);
	k->chunks = NULL;
	k->pattern = NULL;
	k->count = k->cap = 0;
	k->bytes = 0;
}

void
clasp_snapshots_clear(struct clasp_snapshots *snapshots)
{
	forget(snapshots);
	clasp_slabs_clear(&snapshots->slabs);
}

uint64_t
clasp_snapshots_tick(struct clasp_snapshots *snapshots, uint64_t now_us)
{
	if (snapshots->pattern == NULL)
		return UINT64_MAX;
	if (snapshots->used_us + KEPT_US > now_us)
		return snapshots->used_us + KEPT_US;
	clasp_snapshots_clear(snapshots);
	return UINT64_MAX;
}

/* Are the kept chunks those of this pattern as things stand now? */
static bool
current(const struct clasp_router *router, uint8_t framing,
    struct clasp_str pattern, uint64_t now_us)
{
	const struct clasp_snapshots *k = &router->snapshots;

	return k->pattern != NULL && k->framing == framing &&
	    k->generation == clasp_store_generation(router->store) &&
	    now_us < k->until_us &&
	    clasp_str_eq(pattern, clasp_str_of(k->pattern, k->pattern_len));
}

/* Keep chunks of this pattern from now on. */
static bool
begin(struct clasp_router *router, uint8_t framing, struct clasp_str pattern)
{
	struct clasp_snapshots *k = &router->snapshots;

	forget(k);
	k->pattern = malloc(pattern.len);
	if (k->pattern == NULL)
		return false;
	memcpy(k->pattern, pattern.p, pattern.len);
	k->pattern_len = (uint32_t)pattern.len;
	k->framing = framing;
	k->generation = clasp_store_generation(router->store);
	k->until_us = UINT64_MAX;
	return true;
}

/* Keep one more; false when it is not kept. */
static bool
keep(struct clasp_snapshots *k, const struct clasp_chunk *chunk)
{
	uint32_t cap = k->cap ? k->cap * 2 : 8;
	struct clasp_chunk *chunks;

	if (k->bytes + chunk->span.len > KEPT_BYTES)
		return false;
	if (k->count == k->cap) {
		chunks = realloc(k->chunks, cap * sizeof *chunks);
		if (chunks == NULL)
			return false;
		k->chunks = chunks;
		k->cap = cap;
	}
	k->chunks[k->count++] = *chunk;
	k->bytes += chunk->span.len;
	if (chunk->count > 0)
		clasp_span_keep(&chunk->span);
	return true;
}

/* Does kept chunk number `index` begin behind this address? */
static bool
follows(const struct clasp_snapshots *k, uint32_t index,
    struct clasp_str after)
{
	if (index == 0)
		return after.p == NULL;
	return index <= k->count && after.p != NULL && clasp_str_eq(after,
	    clasp_str_of(k->chunks[index - 1].last,
	    k->chunks[index - 1].last_len));
}

/*
 * The chunk behind an address, kept or new.  *own tells that out->last is to
 * be freed.  count 0: there is none.
 */
static int
get(struct clasp_session *s, struct clasp_str pattern, struct clasp_str after,
    uint32_t index, uint64_t now_us, struct clasp_chunk *out, bool *own)
{
	struct clasp_router *router = s->router;
	struct clasp_snapshots *k = &router->snapshots;
	uint64_t until_us = UINT64_MAX;
	bool keeping;
	int error;

	k->used_us = now_us;
	keeping = current(router, s->out.framing, pattern, now_us);
	if (!keeping && index == 0)
		keeping = begin(router, s->out.framing, pattern);
	keeping = keeping && follows(k, index, after);
	if (keeping && index < k->count) {
		*out = k->chunks[index];
		*own = false;
		return 0;
	}
	*own = true;
	error = make(router, s->out.framing, pattern, after, now_us, out,
	    &until_us);
	if (error < 0 || out->last == NULL || !keeping)
		return error;
	if (until_us < k->until_us)
		k->until_us = until_us;
	*own = !keep(k, out);
	return 0;
}

/* --------------------------------------------------------------- sending */

/*
 * The client has now what it missed among these addresses: behind `after` up
 * to `last`, or to the end.
 */
static void
catch_up(struct clasp_session *s, struct clasp_str pattern,
    struct clasp_str after, const struct clasp_chunk *chunk)
{
	struct clasp_str last = clasp_str_of(chunk->last, chunk->last_len);
	struct clasp_missed_one *one, *next;
	struct clasp_str address;

	for (one = s->missed->first; one != NULL; one = next) {
		next = one->next;
		address = clasp_missed_address(one);
		if ((after.p == NULL || clasp_str_cmp(address, after) > 0) &&
		    (!chunk->more || clasp_str_cmp(address, last) <= 0) &&
		    clasp_pattern_match(pattern, address))
			clasp_missed_remove(s->missed, one);
	}
	if (s->missed->first == NULL) {
		clasp_missed_free(s->missed);
		s->missed = NULL;
	}
}

/*
 * Queue the chunk behind the job's cursor and move on.
 * Returns 1 when there are more, 0 after the last, an error.
 */
static int
advance(struct clasp_session *s, struct clasp_job *job, uint64_t now_us)
{
	struct clasp_str after = job->index ? clasp_str_of(job->last,
	    job->last_len) : CLASP_STR_NONE;
	struct clasp_chunk chunk;
	bool own;
	int error;

	error = get(s, job->pattern, after, job->index, now_us, &chunk, &own);
	if (error == 0 && chunk.last != NULL) {
		job->sent += chunk.count;
		if (chunk.count > 0)
			clasp_session_reply_span(s, &chunk.span);
		if (s->missed != NULL)
			catch_up(s, job->pattern, after, &chunk);
		job->last_len = chunk.last_len;
		memcpy(job->last, chunk.last, chunk.last_len);
		job->index++;
	}
	if (own)
		free(chunk.last);
	return error < 0 ? error : chunk.more;
}

void
clasp_snapshot_timelines(struct clasp_session *s, uint32_t sub_id,
    uint64_t now_us)
{
	const struct clasp_sub *sub = clasp_subscriber_find(&s->subscriber,
	    sub_id);
	struct clasp_str address, payload;
	struct clasp_span span;
	void *at = NULL;

	if (sub == NULL || !(sub->types & 1 << CLASP_TIMELINE))
		return;
	while (clasp_retained_next(s->router->retained, &at, now_us, &address,
	    &payload))
		if (clasp_pattern_match(clasp_sub_pattern(sub), address) &&
		    clasp_slabs_payload(&s->router->replies,
		    (enum clasp_framing)s->out.framing, CLASP_QOS_COMMIT,
		    payload, &span) == 0)
			clasp_session_reply_span(s, &span);
}

/* Is it little enough to go at once?  Not known soon is too much. */
static bool
small(const struct clasp_store *store, struct clasp_str pattern,
    uint64_t now_us)
{
	size_t n = 0;
	const struct clasp_record *r;
	struct clasp_walk walk;

	if (clasp_store_snapshot_bytes(store) <= CLASP_SNAPSHOT_AT_ONCE)
		return true;
	clasp_walk_start(&walk, store, pattern, CLASP_STR_NONE, now_us);
	if (walk.subtree && walk.prefix.len == 0)
		return false;
	walk.budget = LOOK_MAX;
	while (n <= CLASP_SNAPSHOT_AT_ONCE &&
	    (r = clasp_walk_next(&walk)) != NULL)
		n += clasp_record_snapshot_bytes(r);
	return n <= CLASP_SNAPSHOT_AT_ONCE && walk.budget > 0;
}

static void
finish(struct clasp_session *s, int error, uint64_t now_us)
{
	struct clasp_msg none = { .type = CLASP_SNAPSHOT };
	struct clasp_job *job = s->job;

	s->job = NULL;
	if (error == 0 && job->sent == 0 && job->empty)
		clasp_session_reply(s, &none);
	if (error < 0)
		clasp_session_fail(s, CLASP_ENOMEM);
	else if (job->has_sub)
		clasp_snapshot_timelines(s, job->sub_id, now_us);
	free(job);
	clasp_session_pause(s, CLASP_PAUSE_SNAPSHOT, false);
}

bool
clasp_job_awaits(const struct clasp_job *job, struct clasp_str address)
{
	if (job->index > 0 && clasp_str_cmp(address,
	    clasp_str_of(job->last, job->last_len)) <= 0)
		return false;
	return clasp_pattern_match(job->pattern, address);
}

static struct clasp_job *
job_new(struct clasp_str pattern, const uint32_t *sub_id)
{
	struct clasp_job *job = malloc(sizeof *job + pattern.len);
	char *copy;

	if (job == NULL)
		return NULL;
	memset(job, 0, sizeof *job);
	copy = (char *)(job + 1);
	memcpy(copy, pattern.p, pattern.len);
	job->pattern = clasp_str_of(copy, pattern.len);
	if (sub_id != NULL) {
		job->has_sub = true;
		job->sub_id = *sub_id;
	}
	return job;
}

/* ------------------------------------------- jobs that find nothing yet */

static void
search_on(struct clasp_session *s)
{
	struct clasp_session **at = &s->router->searching;

	if (s->searching)
		return;
	while (*at != NULL)
		at = &(*at)->next_searching;
	*at = s;
	s->next_searching = NULL;
	s->searching = true;
}

void
clasp_snapshot_leave(struct clasp_session *s)
{
	struct clasp_session **at = &s->router->searching;

	if (!s->searching)
		return;
	while (*at != s)
		at = &(*at)->next_searching;
	*at = s->next_searching;
	s->searching = false;
}

bool
clasp_snapshot_search(struct clasp_router *router, uint64_t now_us)
{
	struct clasp_session *s = router->searching;

	if (s != NULL) {
		clasp_snapshot_leave(s);
		clasp_snapshot_step(s, now_us);
	}
	return router->searching != NULL;
}

void
clasp_snapshot_send(struct clasp_session *s, struct clasp_str pattern,
    bool empty, const uint32_t *sub_id, uint64_t now_us)
{
	struct clasp_job *job;
	bool all;
	int more;

	/* what waits is older than what the snapshot shows */
	clasp_pace_flush(s, pattern, now_us);
	job = job_new(pattern, sub_id);
	if (job == NULL) {
		clasp_session_fail(s, CLASP_ENOMEM);
		return;
	}
	job->empty = empty;
	s->job = job;
	all = small(s->router->store, pattern, now_us);
	do
		more = advance(s, job, now_us);
	while (more > 0 && all);
	if (more <= 0) {
		finish(s, more, now_us);
		return;
	}
	clasp_session_pause(s, CLASP_PAUSE_SNAPSHOT, true);
	if (s->out.bytes == 0)
		search_on(s);
}

void
clasp_snapshot_step(struct clasp_session *s, uint64_t now_us)
{
	int i, more;

	for (i = 0; s->job != NULL && i < STEP_CHUNKS &&
	    s->out.bytes < LOW_BYTES; i++) {
		more = advance(s, s->job, now_us);
		if (more <= 0)
			finish(s, more, now_us);
	}
	/* with an empty queue nothing would call again */
	if (s->job != NULL && s->out.bytes == 0)
		search_on(s);
}

void
clasp_snapshot_one(struct clasp_session *s, const struct clasp_record *r)
{
	struct clasp_router *router = s->router;
	struct clasp_writer w = clasp_writer_on(router->scratch,
	    sizeof router->scratch);
	struct clasp_missed_one *one;
	struct clasp_span span;

	w.p += HEAD;
	put_entry(&w, r, clasp_record_snapshot_bytes(r) >
	    sizeof router->scratch - HEAD);
	if (wrap(&router->replies, s->out.framing, router->scratch, &w, 1,
	    &span) < 0) {
		clasp_session_fail(s, CLASP_ENOMEM);
		return;
	}
	clasp_session_reply_span(s, &span);
	if (s->missed == NULL)
		return;
	one = clasp_missed_find(s->missed, clasp_record_address(r),
	    clasp_hash(clasp_record_address(r)));
	if (one != NULL)
		clasp_missed_remove(s->missed, one);
	if (s->missed->first == NULL) {
		clasp_missed_free(s->missed);
		s->missed = NULL;
	}
}
