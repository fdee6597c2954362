/* artin.c - Art-Net levels that come in, as lines. */

#include "proto/artin.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "proto/merge.h"

/* What there is beside a universe's lines. */
struct extra {
	struct clasp_merge merge;
	uint64_t	 last_us;	/* its last frame */
	bool		 any;		/* some frame came */
	bool		 held;		/* levels that gave no line yet */
};

struct clasp_artin {
	struct clasp_artin_config config;
	struct clasp_dmxin *lines;
	bool		 stopped;
	unsigned	 merging;	/* universes with two sources */
	uint32_t	 last_ip;	/* of the last levels */
	uint32_t	 sync_ip;	/* who says when; 0: nobody */
	uint64_t	 sync_due_us;	/* no longer than that */
	uint64_t	 loss_due_us;	/* at the earliest; UINT64_MAX: never */
	/* whose frame gives a line now; NULL: what is known is said again */
	const struct clasp_dmxin_universe *giving;
	unsigned long	 late, ignored;
};

/* ------------------------------------------------------------------ lines */

static void
on_line(const struct clasp_line *line, void *user)
{
	struct clasp_artin *in = user;

	if (in->config.changed && in->giving)
		in->config.changed(in->giving->number, in->config.user);
	in->config.line(line, in->config.user);
}

static void
give(struct clasp_artin *in, struct clasp_dmxin_universe *u)
{
	struct extra *extra = u->user;

	extra->held = in->stopped;
	if (extra->held)
		return;
	in->giving = u;
	clasp_dmxin_frame(in->lines, u, extra->merge.level,
	    extra->merge.slots);
	in->giving = NULL;
}

/* What was held back. */
static void
release(struct clasp_artin *in)
{
	struct clasp_dmxin_universe *u;
	struct extra *extra;
	unsigned at = 0;

	while ((u = clasp_dmxin_next(in->lines, &at)) != NULL) {
		extra = u->user;
		if (extra && extra->held)
			give(in, u);
	}
}

static struct clasp_str
winner(const struct clasp_dmxin_universe *u, unsigned channel, void *user)
{
	const struct extra *extra = u->user;

	(void)user;
	return clasp_merge_winner(&extra->merge, channel);
}

void
clasp_artin_hold(struct clasp_artin *in, bool hold)
{
	in->stopped = hold;
	if (!hold && in->sync_ip == 0)
		release(in);
}

void
clasp_artin_repeat(struct clasp_artin *in)
{
	clasp_dmxin_repeat(in->lines);
}

/* ------------------------------------------------------------------- time */

static void
end_sync(struct clasp_artin *in)
{
	in->sync_ip = 0;
	release(in);
}

/* Forget a universe's silent sources. */
static void
expire_sources(struct clasp_artin *in, struct clasp_dmxin_universe *u,
    uint64_t now_us)
{
	struct extra *extra = u->user;
	struct clasp_merge *m = &extra->merge;
	bool merged = m->count > 1, news;

	if (m->count == 0)
		return;
	news = clasp_merge_expire(m, now_us);
	if (merged && m->count < 2)
		in->merging--;
	if (m->count == 0 && in->config.blackout)
		news |= clasp_merge_blackout(m);
	if (news)
		give(in, u);
}

uint64_t
clasp_artin_due(const struct clasp_artin *in)
{
	return in->sync_ip != 0 && in->sync_due_us < in->loss_due_us ?
	    in->sync_due_us : in->loss_due_us;
}

void
clasp_artin_expire(struct clasp_artin *in, uint64_t now_us)
{
	struct clasp_dmxin_universe *u;
	struct extra *extra;
	unsigned at = 0;
	uint64_t due;

	if (in->sync_ip != 0 && now_us >= in->sync_due_us)
		end_sync(in);
	if (now_us < in->loss_due_us)
		return;
	in->loss_due_us = UINT64_MAX;
	while ((u = clasp_dmxin_next(in->lines, &at)) != NULL) {
		extra = u->user;
		if (!extra)
			continue;
		expire_sources(in, u, now_us);
		due = clasp_merge_due(&extra->merge);
		if (due < in->loss_due_us)
			in->loss_due_us = due;
	}
}

static void
on_sync(struct clasp_artin *in, uint32_t ip, uint64_t now_us)
{
	if (in->merging > 0 || ip != in->last_ip)
		return;
	in->sync_ip = ip;
	in->sync_due_us = now_us + CLASP_ARTIN_SYNC_US;
	release(in);
}

/* ----------------------------------------------------------------- levels */

static struct clasp_dmxin_universe *
universe_of(struct clasp_artin *in, unsigned number)
{
	const struct clasp_merge_config config = {
		.max_sources = CLASP_ARTIN_SOURCES,
		.ltp = in->config.ltp,
		.loss_us = CLASP_ARTIN_LOSS_US
	};
	struct clasp_dmxin_universe *u;
	struct extra *extra;

	u = clasp_dmxin_universe(in->lines, number);
	if (!u || u->user)
		return u;
	extra = calloc(1, sizeof *extra);
	if (!extra)
		return NULL;
	clasp_merge_init(&extra->merge, &config);
	u->user = extra;
	return u;
}

static void
name_source(struct clasp_merge_source *s, uint32_t ip, uint8_t physical)
{
	char name[32];
	int n;

	n = snprintf(name, sizeof name, "%u.%u.%u.%u", ip >> 24,
	    ip >> 16 & 0xff, ip >> 8 & 0xff, ip & 0xff);
	if (physical > 0)
		n += snprintf(name + n, sizeof name - (size_t)n, "/%u",
		    physical);
	clasp_merge_name(s, clasp_str_of(name, (size_t)n));
}

/* The source's place in the merge; NULL: one too many. */
static struct clasp_merge_source *
source_of(struct clasp_artin *in, struct clasp_merge *m,
    const struct clasp_artnet_dmx *dmx, uint32_t ip, uint64_t now_us)
{
	uint8_t key[5] = { 0, 0, 0, 0, dmx->physical };
	unsigned before = m->count;
	struct clasp_merge_source *s;

	clasp_store32(key, ip);
	s = clasp_merge_source(m, key, sizeof key, now_us);
	if (!s)
		in->ignored++;
	if (!s || m->count == before)
		return s;
	name_source(s, ip, dmx->physical);
	if (m->count == 2) {
		in->merging++;
		if (in->sync_ip != 0)
			end_sync(in);
	}
	if (now_us + CLASP_ARTIN_LOSS_US < in->loss_due_us)
		in->loss_due_us = now_us + CLASP_ARTIN_LOSS_US;
	return s;
}

/* Is it in time?  0 is "not numbered". */
static bool
in_order(struct clasp_merge_source *s, uint8_t sequence, uint64_t now_us)
{
	if (sequence == 0) {
		s->numbered = false;
		return true;
	}
	if (now_us - s->seen_us >= CLASP_ARTIN_ORDER_US)
		s->numbered = false;
	return clasp_merge_in_order(s, sequence);
}

static void
on_levels(struct clasp_artin *in, const struct clasp_artnet_dmx *dmx,
    uint32_t ip, uint64_t now_us)
{
	struct clasp_dmxin_universe *u = universe_of(in, dmx->universe);
	struct clasp_merge_source *s;
	struct extra *extra;

	if (!u)
		return;
	extra = u->user;
	s = source_of(in, &extra->merge, dmx, ip, now_us);
	if (!s)
		return;
	in->last_ip = ip;
	if (!in_order(s, dmx->sequence, now_us)) {
		in->late++;
		return;
	}
	extra->any = true;
	extra->last_us = now_us;
	if (!clasp_merge_levels(&extra->merge, s, 0, dmx->level, dmx->slots,
	    now_us) && !in->config.lines.repeat)
		return;
	if (in->sync_ip != 0 && ip == in->sync_ip)
		extra->held = true;
	else
		give(in, u);
}

bool
clasp_artin_packet(struct clasp_artin *in, const struct clasp_artnet *packet,
    uint32_t ip, uint64_t now_us)
{
	if (packet->op == CLASP_ARTNET_SYNC)
		on_sync(in, ip, now_us);
	if (packet->op != CLASP_ARTNET_DMX || (in->config.only &&
	    !clasp_numset_has(in->config.only, packet->dmx.universe)))
		return false;
	on_levels(in, &packet->dmx, ip, now_us);
	return true;
}

/* ------------------------------------------------------- what there is */

static struct clasp_dmxin_universe *
known(const struct clasp_artin *in, unsigned universe)
{
	struct clasp_dmxin_universe *u;
	unsigned at = universe;

	u = clasp_dmxin_next(in->lines, &at);
	return u && u->number == universe && u->user ? u : NULL;
}

uint8_t
clasp_artin_good(const struct clasp_artin *in, unsigned universe,
    uint64_t now_us)
{
	const struct clasp_dmxin_universe *u = known(in, universe);
	const struct extra *extra = u ? u->user : NULL;
	uint8_t good = in->config.ltp ? CLASP_ARTNET_GOOD_LTP : 0;

	if (extra && extra->any &&
	    now_us - extra->last_us < CLASP_ARTIN_LOSS_US)
		good |= CLASP_ARTNET_GOOD_DATA;
	if (extra && extra->merge.count > 1)
		good |= CLASP_ARTNET_GOOD_MERGING;
	return good;
}

const uint8_t *
clasp_artin_levels(const struct clasp_artin *in, unsigned universe,
    unsigned *slots)
{
	const struct clasp_dmxin_universe *u = known(in, universe);

	*slots = u ? u->slots : 0;
	return u ? u->level : NULL;
}

const unsigned long *
clasp_artin_late(const struct clasp_artin *in)
{
	return &in->late;
}

const unsigned long *
clasp_artin_ignored(const struct clasp_artin *in)
{
	return &in->ignored;
}

/* ----------------------------------------------------------- life and end */

struct clasp_artin *
clasp_artin_new(const struct clasp_artin_config *config)
{
	struct clasp_artin *in = calloc(1, sizeof *in);

	if (!in)
		return NULL;
	in->config = *config;
	in->config.lines.by = config->by ? winner : NULL;
	in->loss_due_us = UINT64_MAX;
	in->lines = clasp_dmxin_new(&in->config.lines, on_line, in);
	if (!in->lines) {
		free(in);
		return NULL;
	}
	return in;
}

void
clasp_artin_free(struct clasp_artin *in)
{
	struct clasp_dmxin_universe *u;
	struct extra *extra;
	unsigned at = 0;

	if (!in)
		return;
	while ((u = clasp_dmxin_next(in->lines, &at)) != NULL) {
		extra = u->user;
		if (extra)
			clasp_merge_clear(&extra->merge);
		free(extra);
	}
	clasp_dmxin_free(in->lines);
	free(in);
}
