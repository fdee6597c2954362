/* dmxin.c - universes of DMX512 as programs that receive them show them. */

#include <stdlib.h>
#include <string.h>

#include "base/numtable.h"
#include "proto/dmxin.h"

#define ADDRESS_MAX	(CLASP_DMXIN_PREFIX_MAX + CLASP_DMX_ADDRESS_ROOM)
#define WORDS		(CLASP_DMX_SLOTS / 64)

struct clasp_dmxin {
	struct clasp_dmxin_config config;
	clasp_dmxin_fn	 fn;
	void		*user;
	struct clasp_numtable universes;
	char		 prefix[CLASP_DMXIN_PREFIX_MAX + 1];
	/* for the line being made */
	struct clasp_item items[CLASP_DMX_SLOTS];
	char		 addresses[CLASP_DMX_SLOTS][ADDRESS_MAX];
};

/* ------------------------------------------------------------ life and end */

struct clasp_dmxin *
clasp_dmxin_new(const struct clasp_dmxin_config *config, clasp_dmxin_fn fn,
    void *user)
{
	struct clasp_dmxin *in;

	if (config->prefix.len > CLASP_DMXIN_PREFIX_MAX)
		return NULL;
	in = calloc(1, sizeof *in);
	if (!in)
		return NULL;
	in->config = *config;
	memcpy(in->prefix, config->prefix.p, config->prefix.len);
	in->config.prefix = clasp_str_of(in->prefix, config->prefix.len);
	in->fn = fn;
	in->user = user;
	return in;
}

void
clasp_dmxin_free(struct clasp_dmxin *in)
{
	struct clasp_dmxin_universe *u;
	unsigned at = 0;

	if (!in)
		return;
	while ((u = clasp_numtable_next(&in->universes, &at)) != NULL)
		free(u);
	clasp_numtable_clear(&in->universes);
	free(in);
}

struct clasp_dmxin_universe *
clasp_dmxin_universe(struct clasp_dmxin *in, unsigned number)
{
	struct clasp_dmxin_universe *u;

	u = clasp_numtable_get(&in->universes, number);
	if (u || number > CLASP_DMX_UNIVERSE_MAX)
		return u;
	u = calloc(1, sizeof *u);
	if (!u)
		return NULL;
	u->number = number;
	if (clasp_numtable_put(&in->universes, number, u) < 0) {
		free(u);
		return NULL;
	}
	return u;
}

struct clasp_dmxin_universe *
clasp_dmxin_next(const struct clasp_dmxin *in, unsigned *at)
{
	return clasp_numtable_next(&in->universes, at);
}

void
clasp_dmxin_forget(struct clasp_dmxin_universe *u)
{
	memset(u->known, 0, sizeof u->known);
	memset(u->news, 0, sizeof u->news);
	u->any = false;
	u->slots = 0;
}

/* ------------------------------------------------------------------ lines */

static void
name_writer(struct clasp_dmxin *in, const struct clasp_dmxin_universe *u,
    struct clasp_item *item, unsigned channel)
{
	struct clasp_str by;

	if (!in->config.by)
		return;
	by = in->config.by(u, channel, in->user);
	if (by.len > 0)
		item->by = by;
}

/* The address of a channel into the n-th place. */
static struct clasp_str
address(struct clasp_dmxin *in, const struct clasp_dmxin_universe *u,
    uint32_t n, unsigned channel)
{
	char *out = in->addresses[n];
	size_t len;

	if (in->config.flat && channel > 0)
		len = clasp_dmx_format(out, in->config.prefix, false, channel,
		    0);
	else
		len = clasp_dmx_format(out, in->config.prefix,
		    in->config.split, u->number, channel);
	return clasp_str_of(out, len);
}

static void
give_whole(struct clasp_dmxin *in, const struct clasp_dmxin_universe *u)
{
	struct clasp_line line;
	struct clasp_item *item = in->items;
	struct clasp_publish *publish = &item->msg.publish;
	struct clasp_str addr = address(in, u, 0, 0);

	clasp_line_set(&line, item, addr, clasp_null());
	memset(&item->msg, 0, sizeof item->msg);
	item->msg.type = CLASP_PUBLISH;
	publish->kind = CLASP_STREAM;
	publish->address = addr;
	publish->content = CLASP_CONTENT_VALUE;
	publish->value = clasp_bytes(clasp_str_of((const char *)u->level,
	    u->slots));
	name_writer(in, u, item, 0);
	in->fn(&line, in->user);
}

static void
give_news(struct clasp_dmxin *in, const struct clasp_dmxin_universe *u)
{
	struct clasp_line line, one;
	uint32_t n = 0;
	uint64_t news;
	unsigned w, i;

	for (w = 0; w < WORDS; w++)
		for (news = u->news[w]; news != 0; news &= news - 1) {
			i = w * 64 + (unsigned)__builtin_ctzll(news);
			clasp_line_set(&one, &in->items[n],
			    address(in, u, n, i + 1),
			    clasp_int(u->level[i]));
			name_writer(in, u, &in->items[n], i + 1);
			if (n++ == 0)
				line = one;
		}
	if (n == 0)
		return;
	line.items = in->items;
	line.count = n;
	line.bundle = n > 1;
	in->fn(&line, in->user);
}

/* ------------------------------------------------------------------ slots */

void
clasp_dmxin_slot(struct clasp_dmxin_universe *u, unsigned channel,
    uint8_t level)
{
	unsigned i = channel - 1;
	uint64_t bit = UINT64_C(1) << (i & 63);

	if (i >= CLASP_DMX_SLOTS ||
	    ((u->known[i >> 6] & bit) && u->level[i] == level))
		return;
	u->known[i >> 6] |= bit;
	u->news[i >> 6] |= bit;
	u->any = true;
	u->level[i] = level;
	if (channel > u->slots)
		u->slots = channel;
}

void
clasp_dmxin_frame(struct clasp_dmxin *in, struct clasp_dmxin_universe *u,
    const uint8_t *slots, size_t n)
{
	unsigned i, end;

	if (n > CLASP_DMX_SLOTS)
		n = CLASP_DMX_SLOTS;
	/* most frames change little: pass over what is as it was */
	for (i = 0; i < n; i = end) {
		end = i + 64 < n ? i + 64 : (unsigned)n;
		if (end - i == 64 && u->known[i >> 6] == UINT64_MAX &&
		    memcmp(u->level + i, slots + i, 64) == 0)
			continue;
		for (; i < end; i++)
			clasp_dmxin_slot(u, i + 1, slots[i]);
	}
	clasp_dmxin_flush(in, u);
}

void
clasp_dmxin_flush(struct clasp_dmxin *in, struct clasp_dmxin_universe *u)
{
	if (in->config.whole) {
		if (u->slots > 0 && (u->any || in->config.repeat))
			give_whole(in, u);
	} else if (u->any) {
		give_news(in, u);
	}
	if (!u->any)
		return;
	memset(u->news, 0, sizeof u->news);
	u->any = false;
}

void
clasp_dmxin_repeat(struct clasp_dmxin *in)
{
	struct clasp_dmxin_universe *u;
	unsigned at = 0;

	while ((u = clasp_dmxin_next(in, &at)) != NULL) {
		memcpy(u->news, u->known, sizeof u->news);
		u->any = u->slots > 0;
		if (u->any)
			clasp_dmxin_flush(in, u);
	}
}
