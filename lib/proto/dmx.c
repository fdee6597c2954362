/* dmx.c - one universe of DMX512 as programs that send it hold it. */

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "proto/dmx.h"

static const char *const drop_names[CLASP_DMX_DROPS] = {
	[CLASP_DMX_DROP_OUTSIDE] = "outside the namespace",
	[CLASP_DMX_DROP_ADDRESS] = "no such channel",
	[CLASP_DMX_DROP_UNIVERSE] = "another universe",
	[CLASP_DMX_DROP_VALUE] = "value is no level",
	[CLASP_DMX_DROP_MESSAGE] = "message without a level",
};

const char *
clasp_dmx_drop_name(enum clasp_dmx_drop drop)
{
	return drop_names[drop];
}

int
clasp_dmx_scale_by_name(const char *name, enum clasp_dmx_scale *out)
{
	static const char *const names[] = { "auto", "raw", "unit" };
	int i;

	for (i = 0; i < 3; i++)
		if (strcmp(name, names[i]) == 0) {
			*out = (enum clasp_dmx_scale)i;
			return 0;
		}
	return CLASP_EINVAL;
}

void
clasp_dmx_init(struct clasp_dmx *dmx, struct clasp_str prefix,
    unsigned universe)
{
	memset(dmx, 0, sizeof *dmx);
	dmx->prefix = prefix;
	dmx->universe = universe;
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
take_number(struct clasp_str *s, unsigned max, unsigned *out)
{
	unsigned n = 0;
	size_t i = 0;

	while (i < s->len && s->p[i] >= '0' && s->p[i] <= '9' && n <= max)
		n = n * 10 + (unsigned)(s->p[i++] - '0');
	if (i == 0 || n > max || (i > 1 && s->p[0] == '0'))
		return false;
	s->p += i;
	s->len -= i;
	*out = n;
	return true;
}

int
clasp_dmx_address(struct clasp_str address, struct clasp_str prefix,
    unsigned *universe, unsigned *channel)
{
	struct clasp_str rest;

	/* a namespace ends where a segment does: /dmx is not in /dmxen */
	if (!clasp_str_starts(address, prefix) || address.len <= prefix.len ||
	    address.p[prefix.len] != '/')
		return CLASP_ENOENT;
	rest = clasp_str_of(address.p + prefix.len + 1,
	    address.len - prefix.len - 1);
	*channel = 0;
	if (!take_number(&rest, CLASP_DMX_UNIVERSE_MAX, universe))
		return CLASP_EADDRESS;
	if (rest.len == 0)
		return 0;
	if (*rest.p != '/')
		return CLASP_EADDRESS;
	rest.p++;
	rest.len--;
	if (!take_number(&rest, CLASP_DMX_SLOTS, channel) || rest.len > 0 ||
	    *channel == 0)
		return CLASP_EADDRESS;
	return 0;
}

/* ------------------------------------------------------------- messages */

static int
drop(struct clasp_dmx *dmx, enum clasp_dmx_drop why)
{
	dmx->drops[why]++;
	return 0;
}

static void
put_level(struct clasp_dmx *dmx, unsigned channel, uint8_t level)
{
	/* the first frame is news even when it is dark */
	if (dmx->level[channel - 1] != level || !dmx->sent)
		dmx->dirty = true;
	dmx->level[channel - 1] = level;
}

static int
apply_bytes(struct clasp_dmx *dmx, struct clasp_str bytes)
{
	unsigned i;

	for (i = 0; i < bytes.len && i < CLASP_DMX_SLOTS; i++)
		put_level(dmx, i + 1, (uint8_t)bytes.p[i]);
	if (bytes.len > CLASP_DMX_SLOTS)
		drop(dmx, CLASP_DMX_DROP_ADDRESS);
	return (int)i;
}

static int
apply_array(struct clasp_dmx *dmx, const struct clasp_value *v)
{
	unsigned i;
	int level, n = 0;

	/* An array is one value: when one of its floats is a level all are,
	 * also those before it.  So look at each of them first. */
	for (i = 0; i < v->count; i++)
		clasp_dmx_level(&v->items[i], dmx->scale, &dmx->levels[0]);

	for (i = 0; i < v->count && i < CLASP_DMX_SLOTS; i++) {
		level = clasp_dmx_level(&v->items[i], dmx->scale,
		    &dmx->levels[0]);
		if (level < 0) {
			drop(dmx, CLASP_DMX_DROP_VALUE);
		} else {
			put_level(dmx, i + 1, (uint8_t)level);
			n++;
		}
	}
	if (v->count > CLASP_DMX_SLOTS)
		drop(dmx, CLASP_DMX_DROP_ADDRESS);
	return n;
}

static int
apply_number(struct clasp_dmx *dmx, unsigned channel,
    const struct clasp_value *v)
{
	int level = clasp_dmx_level(v, dmx->scale, &dmx->levels[channel]);

	if (level < 0)
		return drop(dmx, CLASP_DMX_DROP_VALUE);
	put_level(dmx, channel, (uint8_t)level);
	return 1;
}

static int
apply_value(struct clasp_dmx *dmx, struct clasp_str address,
    const struct clasp_value *v)
{
	bool whole = v->type == CLASP_ARRAY || v->type == CLASP_BYTES;
	unsigned universe, channel;
	bool before;
	int error, n;

	error = clasp_dmx_address(address, dmx->prefix, &universe, &channel);
	if (error)
		return drop(dmx, error == CLASP_ENOENT ?
		    CLASP_DMX_DROP_OUTSIDE : CLASP_DMX_DROP_ADDRESS);
	if (dmx->flat && channel == 0 && !whole) {
		channel = universe;
		universe = dmx->universe;
		if (channel < 1 || channel > CLASP_DMX_SLOTS)
			return drop(dmx, CLASP_DMX_DROP_ADDRESS);
	}
	if (universe != dmx->universe)
		return drop(dmx, CLASP_DMX_DROP_UNIVERSE);
	if ((channel == 0) != whole)
		return drop(dmx, CLASP_DMX_DROP_VALUE);

	before = dmx->levels[channel];
	if (v->type == CLASP_BYTES)
		n = apply_bytes(dmx, v->string);
	else if (whole)
		n = apply_array(dmx, v);
	else
		n = apply_number(dmx, channel, v);
	if (dmx->levels[channel] != before)
		dmx->switched = true;
	return n;
}

int
clasp_dmx_apply(struct clasp_dmx *dmx, const struct clasp_msg *msg)
{
	const struct clasp_publish *publish = &msg->publish;
	uint32_t i;
	int n = 0;

	switch (msg->type) {
	case CLASP_SET:
		return apply_value(dmx, msg->set.address, &msg->set.value);
	case CLASP_PUBLISH:
		if (publish->content == CLASP_CONTENT_VALUE &&
		    publish->kind <= CLASP_STREAM)
			return apply_value(dmx, publish->address,
			    &publish->value);
		return drop(dmx, CLASP_DMX_DROP_MESSAGE);
	case CLASP_BUNDLE:
		for (i = 0; i < msg->bundle.count; i++)
			n += clasp_dmx_apply(dmx, &msg->bundle.messages[i]);
		return n;
	default:
		return drop(dmx, CLASP_DMX_DROP_MESSAGE);
	}
}

void
clasp_dmx_sent(struct clasp_dmx *dmx)
{
	dmx->dirty = false;
	dmx->sent = true;
}

void
clasp_dmx_blackout(struct clasp_dmx *dmx)
{
	memset(dmx->level, 0, sizeof dmx->level);
	dmx->dirty = true;
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
