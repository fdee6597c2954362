/* sacnin.c - what streaming ACN packets come to. */

#include "proto/sacnin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/numtable.h"

/* What waits for its sync packet: a source's user. */
struct held {
	bool		 waits, ranks;	/* levels; priorities of slots */
	bool		 force;
	uint8_t		 priority;
	uint16_t	 sync;
	uint16_t	 count, rank_count;
	uint8_t		 slots[CLASP_DMX_SLOTS];
	uint8_t		 rank[CLASP_DMX_SLOTS];
};

/* A sync address that some source names. */
struct sync {
	unsigned	 address;
	uint64_t	 wanted_us;	/* it was named, or came, last */
	bool		 joined;	/* a source named it */
	bool		 seen;		/* a sync packet has come */
	bool		 lost;		/* ... and none for 2.5 s */
	uint64_t	 seen_us;
	uint8_t		 cid[CLASP_SACN_CID];	/* of the last one */
	uint8_t		 sequence;
};

struct clasp_sacnin {
	struct clasp_sacnin_config config;
	struct clasp_numtable syncs;
	uint64_t	 due_us;	/* not later than anything ends */
	unsigned long	 drops[CLASP_SACNIN_DROPS];
};

static const char *const drop_names[CLASP_SACNIN_DROPS] = {
	[CLASP_SACNIN_SOURCES] = "source beyond the 16th",
	[CLASP_SACNIN_ORDER] = "packet late, or twice",
	[CLASP_SACNIN_PREVIEW] = "preview packet",
	[CLASP_SACNIN_START] = "packet of another start code",
	[CLASP_SACNIN_UNIVERSE] = "another universe",
	[CLASP_SACNIN_OWN] = "our own packet",
};

const char *
clasp_sacnin_drop_name(enum clasp_sacnin_drop drop)
{
	return (int)drop < CLASP_SACN_ERRORS ?
	    clasp_sacn_error_name((enum clasp_sacn_error)drop) :
	    drop_names[drop];
}

const unsigned long *
clasp_sacnin_drops(const struct clasp_sacnin *s)
{
	return s->drops;
}

/* ------------------------------------------------------------ life and end */

struct clasp_sacnin *
clasp_sacnin_new(const struct clasp_sacnin_config *config)
{
	struct clasp_sacnin *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->config = *config;
	s->due_us = UINT64_MAX;
	return s;
}

void
clasp_sacnin_free(struct clasp_sacnin *s)
{
	struct clasp_dmxin_universe *u;
	struct sync *sync;
	unsigned at = 0;

	if (!s)
		return;
	while ((u = clasp_dmxin_next(s->config.in, &at)) != NULL) {
		if (u->user)
			clasp_merge_clear(u->user);
		free(u->user);
		u->user = NULL;
	}
	at = 0;
	while ((sync = clasp_numtable_next(&s->syncs, &at)) != NULL)
		free(sync);
	clasp_numtable_clear(&s->syncs);
	free(s);
}

uint64_t
clasp_sacnin_due(const struct clasp_sacnin *s)
{
	return s->due_us;
}

static void
due_at(struct clasp_sacnin *s, uint64_t at_us)
{
	if (at_us < s->due_us)
		s->due_us = at_us;
}

/* -------------------------------------------------------------- universes */

static void
free_held(struct clasp_merge_source *source)
{
	free(source->user);
}

static struct clasp_dmxin_universe *
universe_of(struct clasp_sacnin *s, unsigned number)
{
	static const struct clasp_merge_config merging = {
		.max_sources = CLASP_MERGE_SOURCES,
		.loss_us = CLASP_SACNIN_LOSS_US,
		.gone = free_held
	};
	struct clasp_dmxin_universe *u;

	u = clasp_dmxin_universe(s->config.in, number);
	if (!u || u->user)
		return u;
	u->user = malloc(sizeof(struct clasp_merge));
	if (!u->user)
		return NULL;
	clasp_merge_init(u->user, &merging);
	return u;
}

const struct clasp_merge *
clasp_sacnin_merge(const struct clasp_dmxin_universe *u)
{
	return u->user;
}

static void
give(struct clasp_sacnin *s, struct clasp_dmxin_universe *u)
{
	const struct clasp_merge *merge = u->user;
	unsigned i;

	if (!memchr(merge->had, 0, merge->slots)) {
		clasp_dmxin_frame(s->config.in, u, merge->level,
		    merge->slots);
		return;
	}
	/* per-address priorities leave slots out that nobody speaks for */
	for (i = 0; i < merge->slots; i++)
		if (merge->had[i])
			clasp_dmxin_slot(u, i + 1, merge->level[i]);
	clasp_dmxin_flush(s->config.in, u);
}

static void
tell_sources(struct clasp_sacnin *s, struct clasp_dmxin_universe *u)
{
	if (s->config.sources)
		s->config.sources(u, s->config.user);
}

/* A source is gone; `news` when that changed levels. */
static void
after_loss(struct clasp_sacnin *s, struct clasp_dmxin_universe *u, bool news)
{
	struct clasp_merge *merge = u->user;

	if (merge->count == 0 && s->config.blackout)
		news |= clasp_merge_blackout(merge);
	if (news)
		give(s, u);
	tell_sources(s, u);
}

/* The levels of a source, now; `news`: something else has changed, too. */
static void
act(struct clasp_sacnin *s, struct clasp_dmxin_universe *u,
    struct clasp_merge_source *source, uint8_t priority,
    const uint8_t *slots, size_t n, bool news, uint64_t now_us)
{
	bool other = source->slots == 0 || source->priority != priority;

	if (clasp_merge_levels(u->user, source, priority, slots, n, now_us) ||
	    news)
		give(s, u);
	if (other)
		tell_sources(s, u);
}

/* --------------------------------------------------------- synchronisation */

static void
drop_sync(struct clasp_sacnin *s, struct sync *sync)
{
	if (sync->joined && s->config.group)
		s->config.group(sync->address, false, s->config.user);
	clasp_numtable_put(&s->syncs, sync->address, NULL);
	free(sync);
}

/* Is there room for one more?  One that no source has named makes way. */
static bool
has_room(struct clasp_sacnin *s)
{
	struct sync *sync;
	unsigned at = 0;

	if (s->syncs.count < CLASP_SACNIN_SYNCS)
		return true;
	while ((sync = clasp_numtable_next(&s->syncs, &at)) != NULL)
		if (!sync->joined) {
			drop_sync(s, sync);
			return true;
		}
	return false;
}

static struct sync *
add_sync(struct clasp_sacnin *s, unsigned address, uint64_t now_us)
{
	struct sync *sync = calloc(1, sizeof *sync);

	if (!sync || clasp_numtable_put(&s->syncs, address, sync) < 0) {
		free(sync);
		return NULL;
	}
	sync->address = address;
	sync->wanted_us = now_us;
	due_at(s, now_us + CLASP_SACNIN_GROUP_US);
	return sync;
}

/* The sync address a packet names, from now on listened to; NULL: none. */
static struct sync *
want_sync(struct clasp_sacnin *s, unsigned address, uint64_t now_us)
{
	struct sync *sync;

	if (address == 0)
		return NULL;
	sync = clasp_numtable_get(&s->syncs, address);
	if (!sync && has_room(s))
		sync = add_sync(s, address, now_us);
	if (!sync)
		return NULL;
	sync->wanted_us = now_us;
	if (sync->joined)
		return sync;
	sync->joined = true;
	if (s->config.group)
		s->config.group(address, true, s->config.user);
	return sync;
}

/* Keep the frame until the sync packet; false: no memory. */
static bool
hold(struct clasp_merge_source *source, const struct clasp_sacn *packet,
    uint64_t now_us)
{
	struct held *held = source->user;

	if (!held)
		held = source->user = calloc(1, sizeof *held);
	if (!held)
		return false;
	held->force = packet->options & CLASP_SACN_FORCE;
	held->sync = packet->sync;
	source->seen_us = now_us;
	if (packet->start == CLASP_SACN_PRIORITIES) {
		held->ranks = true;
		held->rank_count = packet->count;
		memcpy(held->rank, packet->slots, packet->count);
		source->priorities_us = now_us;
		return true;
	}
	held->waits = true;
	held->priority = packet->priority;
	held->count = packet->count;
	memcpy(held->slots, packet->slots, packet->count);
	return true;
}

/* Does it wait for a sync packet?  Then it is kept. */
static bool
waits(struct clasp_sacnin *s, struct clasp_merge_source *source,
    const struct clasp_sacn *packet, uint64_t now_us)
{
	const struct sync *sync = want_sync(s, packet->sync, now_us);

	return sync && sync->seen && !(sync->lost &&
	    (packet->options & CLASP_SACN_FORCE)) &&
	    hold(source, packet, now_us);
}

/* What a source has waiting, as one frame. */
static void
show_held(struct clasp_sacnin *s, struct clasp_dmxin_universe *u,
    struct clasp_merge_source *source, uint64_t now_us)
{
	struct held *held = source->user;
	uint64_t seen_us = source->seen_us;
	bool news = false;

	if (held->ranks)
		news = clasp_merge_priorities(u->user, source, held->rank,
		    held->rank_count, now_us);
	if (held->waits)
		act(s, u, source, held->priority, held->slots, held->count,
		    news, now_us);
	else if (news)
		give(s, u);
	held->waits = held->ranks = false;
	/* it was heard then, not now */
	source->seen_us = seen_us;
	due_at(s, seen_us + CLASP_SACNIN_LOSS_US);
}

/* Show what waits for this address; forced: only what may go on without. */
static void
release(struct clasp_sacnin *s, const struct sync *sync, bool forced,
    uint64_t now_us)
{
	struct clasp_dmxin_universe *u;
	struct clasp_merge_source *source;
	const struct clasp_merge *merge;
	const struct held *held;
	unsigned at = 0;
	int i;

	while ((u = clasp_dmxin_next(s->config.in, &at)) != NULL) {
		merge = u->user;
		for (i = 0; merge && i < CLASP_MERGE_SOURCES; i++) {
			source = merge->sources[i];
			held = source ? source->user : NULL;
			if (held && (held->waits || held->ranks) &&
			    held->sync == sync->address &&
			    (held->force || !forced))
				show_held(s, u, source, now_us);
		}
	}
}

static void
take_sync(struct clasp_sacnin *s, const struct clasp_sacn *packet,
    uint64_t now_us)
{
	struct sync *sync = clasp_numtable_get(&s->syncs, packet->sync);
	int8_t ahead;

	/* it may come before the first packet that names it: that is no
	 * reason to join a group, or to push out what a source has named */
	if (!sync && s->syncs.count < CLASP_SACNIN_SYNCS)
		sync = add_sync(s, packet->sync, now_us);
	if (!sync)
		return;
	if (!sync->joined)
		sync->wanted_us = now_us;
	ahead = (int8_t)(uint8_t)(packet->sequence - sync->sequence);
	if (sync->seen && !sync->lost && ahead <= 0 && ahead > -20 &&
	    memcmp(sync->cid, packet->cid, CLASP_SACN_CID) == 0) {
		s->drops[CLASP_SACNIN_ORDER]++;
		return;
	}
	memcpy(sync->cid, packet->cid, CLASP_SACN_CID);
	sync->sequence = packet->sequence;
	sync->seen = true;
	sync->lost = false;
	sync->seen_us = now_us;
	due_at(s, now_us + CLASP_SACNIN_LOSS_US);
	release(s, sync, false, now_us);
}

/* One address: what has ended?  When is it to be looked at again? */
static void
expire_sync(struct clasp_sacnin *s, struct sync *sync, uint64_t now_us)
{
	if (sync->seen && !sync->lost) {
		if (now_us - sync->seen_us >= CLASP_SACNIN_LOSS_US) {
			sync->lost = true;
			release(s, sync, true, now_us);
		} else {
			due_at(s, sync->seen_us + CLASP_SACNIN_LOSS_US);
		}
	}
	if (now_us - sync->wanted_us < CLASP_SACNIN_GROUP_US) {
		due_at(s, sync->wanted_us + CLASP_SACNIN_GROUP_US);
		return;
	}
	drop_sync(s, sync);
}

/* ---------------------------------------------------------------- packets */

static void
take_levels(struct clasp_sacnin *s, struct clasp_dmxin_universe *u,
    struct clasp_merge_source *source, const struct clasp_sacn *packet,
    uint64_t now_us)
{
	struct held *held = source->user;

	if (held)
		held->waits = false;	/* an older one, than this */
	act(s, u, source, packet->priority, packet->slots, packet->count,
	    false, now_us);
}

static void
take_priorities(struct clasp_sacnin *s, struct clasp_dmxin_universe *u,
    struct clasp_merge_source *source, const struct clasp_sacn *packet,
    uint64_t now_us)
{
	struct held *held = source->user;

	if (held)
		held->ranks = false;
	due_at(s, now_us + CLASP_SACNIN_LOSS_US);
	if (clasp_merge_priorities(u->user, source, packet->slots,
	    packet->count, now_us))
		give(s, u);
}

static struct clasp_merge_source *
source_of(struct clasp_sacnin *s, struct clasp_merge *merge,
    const struct clasp_sacn *packet, uint64_t now_us)
{
	struct clasp_merge_source *source;
	unsigned before = merge->count;

	source = clasp_merge_source(merge, packet->cid, CLASP_SACN_CID,
	    now_us);
	if (!source) {
		s->drops[CLASP_SACNIN_SOURCES]++;
		return NULL;
	}
	if (merge->count != before)
		due_at(s, now_us + CLASP_SACNIN_LOSS_US);
	if (!clasp_merge_in_order(source, packet->sequence)) {
		s->drops[CLASP_SACNIN_ORDER]++;
		return NULL;
	}
	if (packet->name.len != strlen(source->name) ||
	    memcmp(packet->name.p, source->name, packet->name.len) != 0)
		clasp_merge_name(source, packet->name);
	return source;
}

static bool
is_ours(struct clasp_sacnin *s, const struct clasp_sacn *packet)
{
	enum clasp_sacnin_drop why;

	if (s->config.own && memcmp(packet->cid, s->config.own,
	    CLASP_SACN_CID) == 0)
		why = CLASP_SACNIN_OWN;
	else if (!clasp_numset_has(s->config.only, packet->universe))
		why = CLASP_SACNIN_UNIVERSE;
	else if ((packet->options & CLASP_SACN_PREVIEW) &&
	    !s->config.preview)
		why = CLASP_SACNIN_PREVIEW;
	else if (packet->start != CLASP_SACN_LEVELS &&
	    packet->start != CLASP_SACN_PRIORITIES &&
	    !(packet->options & CLASP_SACN_TERMINATED))
		why = CLASP_SACNIN_START;
	else
		return true;
	s->drops[why]++;
	return false;
}

static void
take_data(struct clasp_sacnin *s, const struct clasp_sacn *packet,
    uint64_t now_us)
{
	struct clasp_dmxin_universe *u;
	struct clasp_merge_source *source;

	if (!is_ours(s, packet))
		return;
	u = universe_of(s, packet->universe);
	source = u ? source_of(s, u->user, packet, now_us) : NULL;
	if (!source)
		return;
	if (packet->options & CLASP_SACN_TERMINATED) {
		bool known = source->slots > 0;
		bool news = clasp_merge_forget(u->user, source);

		if (known)
			after_loss(s, u, news);
	} else if (waits(s, source, packet, now_us)) {
		return;
	} else if (packet->start == CLASP_SACN_PRIORITIES) {
		take_priorities(s, u, source, packet, now_us);
	} else {
		take_levels(s, u, source, packet, now_us);
	}
}

void
clasp_sacnin_packet(struct clasp_sacnin *s, const uint8_t *p, size_t len,
    uint64_t now_us)
{
	struct clasp_sacn packet;
	int error = clasp_sacn_decode(p, len, &packet);

	if (error)
		s->drops[error]++;
	else if (packet.kind == CLASP_SACN_DATA)
		take_data(s, &packet, now_us);
	else if (packet.kind == CLASP_SACN_SYNC)
		take_sync(s, &packet, now_us);
}

/* ------------------------------------------------------------------- time */

void
clasp_sacnin_expire(struct clasp_sacnin *s, uint64_t now_us)
{
	struct clasp_dmxin_universe *u;
	struct clasp_merge *merge;
	struct sync *sync;
	unsigned at = 0, before;
	bool news;

	if (now_us < s->due_us)
		return;
	s->due_us = UINT64_MAX;
	while ((sync = clasp_numtable_next(&s->syncs, &at)) != NULL)
		expire_sync(s, sync, now_us);
	at = 0;
	while ((u = clasp_dmxin_next(s->config.in, &at)) != NULL) {
		merge = u->user;
		if (!merge || merge->count == 0)
			continue;
		before = merge->count;
		news = clasp_merge_expire(merge, now_us);
		if (merge->count != before)
			after_loss(s, u, news);
		else if (news)
			give(s, u);
		due_at(s, clasp_merge_due(merge));
	}
}

/* ----------------------------------------------------------------- people */

struct clasp_str
clasp_sacnin_by(const struct clasp_dmxin_universe *u, unsigned channel,
    void *user)
{
	(void)user;
	return u->user ? clasp_merge_winner(u->user, channel) : CLASP_STR("");
}

void
clasp_sacnin_status(struct clasp_str prefix,
    const struct clasp_dmxin_universe *u, clasp_dmxin_fn fn, void *user)
{
	const struct clasp_merge *merge = u->user;
	const struct clasp_merge_source *source;
	struct clasp_value sources[CLASP_MERGE_SOURCES];
	struct clasp_entry fields[CLASP_MERGE_SOURCES][3], *f, whole[2];
	char cids[CLASP_MERGE_SOURCES][CLASP_SACN_CID_TEXT];
	char address[CLASP_DMXIN_PREFIX_MAX + CLASP_DMX_ADDRESS_ROOM + 8];
	struct clasp_line line;
	struct clasp_item item;
	uint32_t n = 0;
	int i, len, most = 0;

	for (i = 0; merge && i < CLASP_MERGE_SOURCES; i++) {
		source = merge->sources[i];
		if (!source || source->slots == 0)
			continue;
		clasp_sacn_cid_format(source->key, cids[n]);
		f = fields[n];
		f[0] = (struct clasp_entry){ CLASP_STR("name"),
		    clasp_string(clasp_str_c(source->name)) };
		f[1] = (struct clasp_entry){ CLASP_STR("cid"),
		    clasp_string(clasp_str_c(cids[n])) };
		f[2] = (struct clasp_entry){ CLASP_STR("priority"),
		    clasp_int(source->priority) };
		sources[n++] = clasp_map(f, 3);
		most = source->priority > most ? source->priority : most;
	}
	whole[0] = (struct clasp_entry){ CLASP_STR("priority"),
	    clasp_int(most) };
	whole[1] = (struct clasp_entry){ CLASP_STR("sources"),
	    clasp_array(sources, n) };
	len = snprintf(address, sizeof address, "%.*s/%u/status",
	    CLASP_STR_ARG(prefix), u->number);
	clasp_line_set(&line, &item, clasp_str_of(address, (size_t)len),
	    clasp_map(whole, 2));
	fn(&line, user);
}
