/* dmx.c - universes of DMX512 as programs that send them hold them. */

#include "proto/dmx.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/numtable.h"
#include "proto/dmxplay.h"

struct clasp_dmx {
	struct clasp_dmx_config config;
	struct clasp_numtable universes;
	struct clasp_universe *last;	/* asked for: mostly the next too */
	unsigned	 plays;		/* timelines in all universes */
	unsigned long	 drops[CLASP_DMX_DROPS];
	uint64_t	 written_us;	/* of what is being applied; 0: now */
	bool		 switched;
	unsigned	 switched_universe, switched_channel;
};

static const char *const drop_names[CLASP_DMX_DROPS] = {
	[CLASP_DMX_DROP_OUTSIDE] = "outside the namespace",
	[CLASP_DMX_DROP_ADDRESS] = "no such channel",
	[CLASP_DMX_DROP_UNIVERSE] = "another universe",
	[CLASP_DMX_DROP_VALUE] = "value is no level",
	[CLASP_DMX_DROP_MESSAGE] = "message without a level",
	[CLASP_DMX_DROP_TIMELINE] = "no timeline, or too many",
};

const char *
clasp_dmx_drop_name(enum clasp_dmx_drop drop)
{
	return drop_names[drop];
}

const unsigned long *
clasp_dmx_drops(const struct clasp_dmx *dmx)
{
	return dmx->drops;
}

/* ------------------------------------------------------------ life and end */

struct clasp_dmx *
clasp_dmx_new(const struct clasp_dmx_config *config)
{
	struct clasp_dmx *dmx = calloc(1, sizeof *dmx);

	if (!dmx)
		return NULL;
	dmx->config = *config;
	if (dmx->config.max == 0)
		dmx->config.max = CLASP_DMX_UNIVERSE_MAX;
	return dmx;
}

/* Every timeline of u, or those that have nothing left to play. */
static void
end_plays(struct clasp_dmx *dmx, struct clasp_universe *u, bool all)
{
	struct clasp_dmx_play *play, **at = &u->plays;

	while ((play = *at) != NULL) {
		if (!all && play->left > 0) {
			at = &play->next;
			continue;
		}
		*at = play->next;
		clasp_dmx_play_free(play);
		dmx->plays--;
	}
}

void
clasp_dmx_free(struct clasp_dmx *dmx)
{
	struct clasp_universe *u;
	unsigned at = 0;

	if (!dmx)
		return;
	while ((u = clasp_numtable_next(&dmx->universes, &at)) != NULL) {
		end_plays(dmx, u, true);
		free(u->written_us);
		free(u);
	}
	clasp_numtable_clear(&dmx->universes);
	free(dmx);
}

/* Is this universe one of ours? */
static bool
is_ours(const struct clasp_dmx *dmx, unsigned universe)
{
	const struct clasp_dmx_config *config = &dmx->config;

	return universe >= config->min && universe <= config->max &&
	    (!config->only || clasp_numset_has(config->only, universe));
}

struct clasp_universe *
clasp_dmx_universe(struct clasp_dmx *dmx, unsigned n)
{
	struct clasp_universe *u;

	if (dmx->last && dmx->last->number == n)
		return dmx->last;
	u = clasp_numtable_get(&dmx->universes, n);
	if (u)
		return dmx->last = u;
	if (!is_ours(dmx, n))
		return NULL;
	u = calloc(1, sizeof *u);
	if (!u)
		return NULL;
	u->number = n;
	if (clasp_numtable_put(&dmx->universes, n, u) < 0) {
		free(u);
		return NULL;
	}
	return dmx->last = u;
}

struct clasp_universe *
clasp_dmx_next(const struct clasp_dmx *dmx, unsigned *at)
{
	return clasp_numtable_next(&dmx->universes, at);
}

unsigned
clasp_dmx_count(const struct clasp_dmx *dmx)
{
	return dmx->universes.count;
}

/* -------------------------------------------------------------- numbers */

/* Toward zero, into 0-255; x is not NaN. */
static int
clamp(double x)
{
	if (x <= 0)
		return 0;
	return x >= 255 ? 255 : (int)x;
}

int
clasp_dmx_level(const struct clasp_value *v, enum clasp_dmx_scale scale,
    bool *levels)
{
	double x;

	switch (v->type) {
	case CLASP_BOOL:
		return v->boolean ? 255 : 0;
	case CLASP_INT:
		x = (double)v->integer;
		return clamp(scale == CLASP_DMX_UNIT ? x * 255 : x);
	case CLASP_FLOAT:
		x = v->number;
		break;
	default:
		return -1;
	}
	if (isnan(x))
		return -1;
	if (scale == CLASP_DMX_AUTO && x > 1.0)
		*levels = true;
	if (scale == CLASP_DMX_RAW || (scale == CLASP_DMX_AUTO && *levels))
		return clamp(x);
	return clamp(x * 255);
}

/* ------------------------------------------------------------ addresses */

/* The decimal number that begins s, without leading zeros; s moves on. */
static bool
take_number(struct clasp_str *s, unsigned *out)
{
	unsigned n = 0;
	size_t i = 0;

	while (i < s->len && s->p[i] >= '0' && s->p[i] <= '9' && i < 6)
		n = n * 10 + (unsigned)(s->p[i++] - '0');
	if (i == 0 || (i > 1 && s->p[0] == '0'))
		return false;
	s->p += i;
	s->len -= i;
	*out = n;
	return true;
}

/* The numbers of s, with slashes between, max at most; 0: it is not so. */
static int
take_numbers(struct clasp_str s, unsigned *out, int max)
{
	int n = 0;

	while (n < max && take_number(&s, &out[n])) {
		n++;
		if (s.len == 0)
			return n;
		if (*s.p != '/')
			return 0;
		s.p++;
		s.len--;
	}
	return 0;
}

int
clasp_dmx_address(struct clasp_str address, struct clasp_str prefix,
    bool split, unsigned *universe, unsigned *channel)
{
	unsigned at[4] = { 0 };
	int whole = split ? 3 : 1, n;

	/* a namespace ends where a segment does: /dmx is not in /dmxen */
	if (address.len <= prefix.len || address.p[prefix.len] != '/' ||
	    !clasp_str_starts(address, prefix))
		return CLASP_ENOENT;
	n = take_numbers(clasp_str_of(address.p + prefix.len + 1,
	    address.len - prefix.len - 1), at, whole + 1);
	if (n < whole)
		return CLASP_EADDRESS;
	*channel = at[whole];
	if (n > whole && (*channel < 1 || *channel > CLASP_DMX_SLOTS))
		return CLASP_EADDRESS;
	*universe = at[0];
	if (split && (at[0] > 127 || at[1] > 15 || at[2] > 15))
		return CLASP_EADDRESS;
	if (split)
		*universe = at[0] << 8 | at[1] << 4 | at[2];
	return *universe > CLASP_DMX_UNIVERSE_MAX ? CLASP_EADDRESS : 0;
}

static size_t
put_number(char *out, unsigned n)
{
	char digits[10];
	size_t len = 0, i;

	do
		digits[len++] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	out[0] = '/';
	for (i = 0; i < len; i++)
		out[1 + i] = digits[len - 1 - i];
	return len + 1;
}

size_t
clasp_dmx_format(char *out, struct clasp_str prefix, bool split,
    unsigned universe, unsigned channel)
{
	size_t len = prefix.len;

	memcpy(out, prefix.p, len);
	if (split) {
		len += put_number(out + len, universe >> 8);
		len += put_number(out + len, universe >> 4 & 15);
		len += put_number(out + len, universe & 15);
	} else {
		len += put_number(out + len, universe);
	}
	if (channel > 0)
		len += put_number(out + len, channel);
	return len;
}

/* --------------------------------------------------------------- levels */

static int
drop(struct clasp_dmx *dmx, enum clasp_dmx_drop why)
{
	dmx->drops[why]++;
	return 0;
}

/* When were these channels written?  No memory is no reason to stop: then
 * it is as if they were written now. */
static void
stamp(struct clasp_dmx *dmx, struct clasp_universe *u, unsigned channel,
    int n)
{
	unsigned i = channel > 0 ? channel - 1 : 0;

	if (!u->written_us && dmx->written_us)
		u->written_us = calloc(CLASP_DMX_SLOTS,
		    sizeof *u->written_us);
	for (; u->written_us && n > 0 && i < CLASP_DMX_SLOTS; i++, n--)
		u->written_us[i] = dmx->written_us;
}

/* The newest for a channel, from a message. */
static void
put_level(struct clasp_universe *u, unsigned channel, uint8_t level)
{
	struct clasp_dmx_play *play;

	for (play = u->plays; play; play = play->next)
		clasp_dmx_play_lose(play, channel);
	/* the first frame is news even when it is dark */
	if (u->level[channel - 1] != level || !u->sent)
		u->dirty = true;
	u->level[channel - 1] = level;
}

static int
apply_bytes(struct clasp_dmx *dmx, struct clasp_universe *u,
    struct clasp_str bytes)
{
	size_t n = bytes.len, i;

	if (n > CLASP_DMX_SLOTS) {
		n = CLASP_DMX_SLOTS;
		drop(dmx, CLASP_DMX_DROP_ADDRESS);
	}
	if (u->plays) {
		for (i = 0; i < n; i++)
			put_level(u, (unsigned)i + 1, (uint8_t)bytes.p[i]);
	} else if (n > 0 && (!u->sent || memcmp(u->level, bytes.p, n) != 0)) {
		memcpy(u->level, bytes.p, n);
		u->dirty = true;
	}
	return (int)n;
}

static int
apply_array(struct clasp_dmx *dmx, struct clasp_universe *u,
    const struct clasp_value *v, bool *levels)
{
	enum clasp_dmx_scale scale = dmx->config.scale;
	unsigned i;
	int level, n = 0;

	/* An array is one value: when one of its floats is a level all are,
	 * also those before it.  So look at each of them first. */
	for (i = 0; i < v->count; i++)
		clasp_dmx_level(&v->items[i], scale, levels);

	for (i = 0; i < v->count && i < CLASP_DMX_SLOTS; i++) {
		level = clasp_dmx_level(&v->items[i], scale, levels);
		if (level < 0) {
			drop(dmx, CLASP_DMX_DROP_VALUE);
		} else {
			put_level(u, i + 1, (uint8_t)level);
			n++;
		}
	}
	if (v->count > CLASP_DMX_SLOTS)
		drop(dmx, CLASP_DMX_DROP_ADDRESS);
	return n;
}

/* ------------------------------------------------------------ timelines */

/* All channels are of one mind: does any keyframe speak in levels? */
static void
look_ahead(const struct clasp_dmx *dmx, const struct clasp_timeline *t,
    bool *levels)
{
	const struct clasp_value *v;
	uint32_t i, k;

	for (i = 0; i < t->count; i++) {
		v = &t->frames[i].value;
		clasp_dmx_level(v, dmx->config.scale, levels);
		for (k = 0; v->type == CLASP_ARRAY && k < v->count; k++)
			clasp_dmx_level(&v->items[k], dmx->config.scale,
			    levels);
	}
}

/* A kept timeline is not the newest for what was written after it. */
static void
lose_written(const struct clasp_universe *u, struct clasp_dmx_play *play,
    uint64_t published_us)
{
	unsigned c;

	for (c = 1; u->written_us && c <= CLASP_DMX_SLOTS; c++)
		if (u->written_us[c - 1] > published_us)
			clasp_dmx_play_lose(play, c);
}

/* The newest so far: others lose its channels. */
static int
take_over(struct clasp_dmx *dmx, struct clasp_universe *u,
    struct clasp_dmx_play *play)
{
	struct clasp_dmx_play *other;
	unsigned c;

	for (other = u->plays; other; other = other->next)
		for (c = 1; c <= CLASP_DMX_SLOTS; c++)
			if (clasp_dmx_play_has(play, c))
				clasp_dmx_play_lose(other, c);
	end_plays(dmx, u, false);
	play->next = u->plays;
	u->plays = play;
	dmx->plays++;
	return (int)play->left;
}

static int
apply_timeline(struct clasp_dmx *dmx, struct clasp_universe *u,
    unsigned channel, const struct clasp_publish *publish, uint64_t now_us,
    bool *levels)
{
	uint64_t start_us = publish->has_timestamp ? publish->timestamp_us :
	    now_us;
	struct clasp_dmx_play *play;

	play = dmx->plays < CLASP_DMX_PLAYS_MAX ?
	    clasp_dmx_play_new(&publish->value, channel, start_us) : NULL;
	if (!play || play->left == 0) {
		clasp_dmx_play_free(play);
		return drop(dmx, CLASP_DMX_DROP_TIMELINE);
	}
	look_ahead(dmx, &play->timeline, levels);
	/* one that does not say when it was published was so by its start */
	if (!publish->has_timestamp && play->start_us < start_us)
		start_us = play->start_us;
	lose_written(u, play, start_us);
	if (play->left > 0)
		return take_over(dmx, u, play);
	clasp_dmx_play_free(play);
	return 0;
}

static void
play_level(struct clasp_universe *u, const struct clasp_dmx_play *play,
    unsigned channel, int level)
{
	if (level < 0 || !clasp_dmx_play_has(play, channel))
		return;
	if (u->level[channel - 1] != level || !u->sent)
		u->dirty = true;
	u->level[channel - 1] = (uint8_t)level;
}

/* One timeline's value, onto the channels it still has. */
static void
play_value(const struct clasp_dmx *dmx, struct clasp_universe *u,
    const struct clasp_dmx_play *play, const struct clasp_value *v)
{
	bool levels = u->marks[play->channel >> 6] >>
	    (play->channel & 63) & 1;
	enum clasp_dmx_scale scale = dmx->config.scale;
	uint32_t i;

	if (play->channel > 0) {
		play_level(u, play, play->channel,
		    clasp_dmx_level(v, scale, &levels));
	} else if (v->type == CLASP_ARRAY) {
		for (i = 0; i < v->count && i < CLASP_DMX_SLOTS; i++)
			play_level(u, play, i + 1,
			    clasp_dmx_level(&v->items[i], scale, &levels));
	} else if (v->type == CLASP_BYTES) {
		for (i = 0; i < v->string.len && i < CLASP_DMX_SLOTS; i++)
			play_level(u, play, i + 1, (uint8_t)v->string.p[i]);
	}
}

void
clasp_dmx_play(struct clasp_dmx *dmx, uint64_t now_us)
{
	struct clasp_universe *u;
	struct clasp_dmx_play *play;
	struct clasp_timeline_moment moment;
	unsigned at = 0;

	if (dmx->plays == 0)
		return;
	while ((u = clasp_dmx_next(dmx, &at)) != NULL) {
		for (play = u->plays; play; play = play->next) {
			clasp_timeline_at(&play->timeline, play->start_us,
			    now_us, &moment);
			if (moment.has_value)
				play_value(dmx, u, play, &moment.value);
			if (moment.state == CLASP_TIMELINE_FINISHED)
				play->left = 0;
		}
		end_plays(dmx, u, false);
	}
}

unsigned
clasp_dmx_playing(const struct clasp_dmx *dmx)
{
	const struct clasp_universe *u;
	const struct clasp_dmx_play *play;
	unsigned at = 0, n = 0;

	while (dmx->plays > 0 && (u = clasp_dmx_next(dmx, &at)) != NULL)
		for (play = u->plays; play; play = play->next)
			n += play->left > 0 && !play->timeline.loop;
	return n;
}

/* ------------------------------------------------------------- messages */

/* What a receiver says beside levels, in the namespace we share with it. */
static bool
is_status(struct clasp_str address)
{
	const struct clasp_str end = CLASP_STR("/status");

	return address.len > end.len && memcmp(address.p + address.len -
	    end.len, end.p, end.len) == 0;
}

/* Where an address leads; false: it was dropped. */
static bool
find(struct clasp_dmx *dmx, struct clasp_str address, bool whole,
    unsigned *universe, unsigned *channel)
{
	const struct clasp_dmx_config *config = &dmx->config;
	int error;

	error = clasp_dmx_address(address, config->prefix, config->split,
	    universe, channel);
	if (error) {
		drop(dmx, error == CLASP_ENOENT || is_status(address) ?
		    CLASP_DMX_DROP_OUTSIDE : CLASP_DMX_DROP_ADDRESS);
		return false;
	}
	if (config->flat && *channel == 0 && !whole) {
		*channel = *universe;
		*universe = config->flat_universe;
		if (*channel < 1 || *channel > CLASP_DMX_SLOTS) {
			drop(dmx, CLASP_DMX_DROP_ADDRESS);
			return false;
		}
	}
	if (is_ours(dmx, *universe))
		return true;
	drop(dmx, CLASP_DMX_DROP_UNIVERSE);
	return false;
}

/* Set the address's mark when it was changed. */
static void
keep_mark(struct clasp_dmx *dmx, struct clasp_universe *u, unsigned channel,
    bool levels)
{
	uint64_t *word = &u->marks[channel >> 6];
	uint64_t bit = UINT64_C(1) << (channel & 63);

	if (!levels || (*word & bit))
		return;
	*word |= bit;
	dmx->switched = true;
	dmx->switched_universe = u->number;
	dmx->switched_channel = channel;
}

static int
apply_value(struct clasp_dmx *dmx, struct clasp_str address,
    const struct clasp_value *v)
{
	bool whole = v->type == CLASP_ARRAY || v->type == CLASP_BYTES;
	bool levels = false;
	struct clasp_universe *u;
	unsigned universe = 0, channel = 0;
	int n;

	if (!find(dmx, address, whole, &universe, &channel))
		return 0;
	/* no universe is made for what says nothing */
	if ((channel == 0) != whole || (!whole &&
	    clasp_dmx_level(v, dmx->config.scale, &levels) < 0))
		return drop(dmx, CLASP_DMX_DROP_VALUE);
	u = clasp_dmx_universe(dmx, universe);
	if (!u)
		return drop(dmx, CLASP_DMX_DROP_UNIVERSE);
	levels = u->marks[channel >> 6] >> (channel & 63) & 1;
	if (v->type == CLASP_BYTES)
		n = apply_bytes(dmx, u, v->string);
	else if (whole)
		n = apply_array(dmx, u, v, &levels);
	else {
		put_level(u, channel, (uint8_t)clasp_dmx_level(v,
		    dmx->config.scale, &levels));
		n = 1;
	}
	stamp(dmx, u, channel, n);
	keep_mark(dmx, u, channel, levels);
	if (u->plays)
		end_plays(dmx, u, false);
	return n;
}

static int
apply_publish(struct clasp_dmx *dmx, const struct clasp_publish *publish,
    uint64_t now_us)
{
	struct clasp_universe *u;
	unsigned universe = 0, channel = 0;
	bool levels;
	int n;

	if (publish->content != CLASP_CONTENT_VALUE ||
	    publish->kind == CLASP_GESTURE)
		return drop(dmx, CLASP_DMX_DROP_MESSAGE);
	if (publish->kind != CLASP_TIMELINE)
		return apply_value(dmx, publish->address, &publish->value);
	if (!find(dmx, publish->address, false, &universe, &channel))
		return 0;
	u = clasp_dmx_universe(dmx, universe);
	if (!u)
		return drop(dmx, CLASP_DMX_DROP_UNIVERSE);
	levels = u->marks[channel >> 6] >> (channel & 63) & 1;
	n = apply_timeline(dmx, u, channel, publish, now_us, &levels);
	keep_mark(dmx, u, channel, levels);
	return n;
}

int
clasp_dmx_apply(struct clasp_dmx *dmx, const struct clasp_msg *msg,
    uint64_t now_us)
{
	uint32_t i;
	int n = 0;

	switch (msg->type) {
	case CLASP_SET:
		return apply_value(dmx, msg->set.address, &msg->set.value);
	case CLASP_PUBLISH:
		return apply_publish(dmx, &msg->publish, now_us);
	case CLASP_BUNDLE:
		for (i = 0; i < msg->bundle.count; i++)
			n += clasp_dmx_apply(dmx, &msg->bundle.messages[i],
			    now_us);
		return n;
	default:
		return drop(dmx, CLASP_DMX_DROP_MESSAGE);
	}
}

int
clasp_dmx_apply_kept(struct clasp_dmx *dmx, const struct clasp_msg *msg,
    uint64_t written_us, uint64_t now_us)
{
	int n;

	dmx->written_us = written_us;
	n = clasp_dmx_apply(dmx, msg, now_us);
	dmx->written_us = 0;
	return n;
}

bool
clasp_dmx_switched(struct clasp_dmx *dmx, unsigned *universe,
    unsigned *channel)
{
	bool switched = dmx->switched;

	dmx->switched = false;
	*universe = dmx->switched_universe;
	*channel = dmx->switched_channel;
	return switched;
}

/* --------------------------------------------------------------- frames */

void
clasp_universe_sent(struct clasp_universe *u)
{
	u->dirty = false;
	u->sent = true;
}

void
clasp_dmx_blackout(struct clasp_dmx *dmx)
{
	struct clasp_universe *u;
	unsigned at = 0;

	while ((u = clasp_dmx_next(dmx, &at)) != NULL) {
		end_plays(dmx, u, true);
		memset(u->level, 0, sizeof u->level);
		u->dirty = true;
	}
}

void
clasp_dmx_again(struct clasp_dmx *dmx)
{
	struct clasp_universe *u;
	unsigned at = 0;

	while ((u = clasp_dmx_next(dmx, &at)) != NULL)
		if (u->sent)
			u->dirty = true;
}

/* ---------------------------------------------------------------- ticks */

static uint64_t
tick_at(const struct clasp_dmx_pace *pace, uint64_t k)
{
	return pace->t0_us + (uint64_t)((double)k * 1e6 / pace->rate_hz + 0.5);
}

uint64_t
clasp_dmx_pace_next(const struct clasp_dmx_pace *pace, uint64_t now_us)
{
	uint64_t k;

	if (now_us < pace->t0_us)
		return pace->t0_us;
	k = (uint64_t)((double)(now_us - pace->t0_us) * pace->rate_hz / 1e6);
	while (tick_at(pace, k) <= now_us)
		k++;
	return tick_at(pace, k);
}

bool
clasp_dmx_pace_keepalive(const struct clasp_dmx_pace *pace, uint64_t last_us,
    uint64_t tick_us)
{
	return clasp_dmx_pace_next(pace, tick_us) >
	    last_us + pace->keepalive_us;
}
