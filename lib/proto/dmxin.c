/* dmxin.c - a universe of DMX512 as programs that receive it show it. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/dmxin.h"

#define ADDRESS_MAX	(CLASP_DMXIN_PREFIX_MAX + sizeof "/63999/512")

struct clasp_dmxin {
	struct clasp_dmxin_config config;
	clasp_dmxin_fn	 fn;
	void		*user;
	uint8_t		 level[CLASP_DMX_SLOTS];
	bool		 known[CLASP_DMX_SLOTS];
	bool		 news[CLASP_DMX_SLOTS];	/* in the frame being made */
	bool		 any;			/* some news */
	unsigned	 slots;			/* known ones, up to the last */
	char		 prefix[CLASP_DMXIN_PREFIX_MAX + 1];
	struct clasp_item items[CLASP_DMX_SLOTS];
	char		 addresses[CLASP_DMX_SLOTS][ADDRESS_MAX];
};

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
	free(in);
}

void
clasp_dmxin_forget(struct clasp_dmxin *in)
{
	memset(in->known, 0, sizeof in->known);
	memset(in->news, 0, sizeof in->news);
	in->any = false;
	in->slots = 0;
}

void
clasp_dmxin_slot(struct clasp_dmxin *in, unsigned channel, uint8_t level)
{
	unsigned i = channel - 1;

	if (i >= CLASP_DMX_SLOTS || (in->known[i] && in->level[i] == level))
		return;
	in->known[i] = in->news[i] = in->any = true;
	in->level[i] = level;
	if (channel > in->slots)
		in->slots = channel;
}

void
clasp_dmxin_frame(struct clasp_dmxin *in, const uint8_t *slots, size_t n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		clasp_dmxin_slot(in, i + 1, slots[i]);
	clasp_dmxin_flush(in);
}

static struct clasp_str
address(struct clasp_dmxin *in, char *out, unsigned channel)
{
	const struct clasp_dmxin_config *config = &in->config;
	int len;

	if (channel == 0)
		len = snprintf(out, ADDRESS_MAX, "%s/%u", in->prefix,
		    config->universe);
	else if (config->flat)
		len = snprintf(out, ADDRESS_MAX, "%s/%u", in->prefix,
		    channel);
	else
		len = snprintf(out, ADDRESS_MAX, "%s/%u/%u", in->prefix,
		    config->universe, channel);
	return clasp_str_of(out, (size_t)len);
}

static void
give_whole(struct clasp_dmxin *in)
{
	struct clasp_line line;
	struct clasp_publish *publish = &in->items[0].msg.publish;
	struct clasp_str addr = address(in, in->addresses[0], 0);

	clasp_line_set(&line, &in->items[0], addr, clasp_null());
	memset(&in->items[0].msg, 0, sizeof in->items[0].msg);
	in->items[0].msg.type = CLASP_PUBLISH;
	publish->kind = CLASP_STREAM;
	publish->address = addr;
	publish->content = CLASP_CONTENT_VALUE;
	publish->value = clasp_bytes(clasp_str_of((const char *)in->level,
	    in->slots));
	in->fn(&line, in->user);
}

static void
give_news(struct clasp_dmxin *in)
{
	struct clasp_line line, one;
	uint32_t n = 0;
	unsigned i;

	for (i = 0; i < in->slots; i++)
		if (in->news[i]) {
			clasp_line_set(&one, &in->items[n],
			    address(in, in->addresses[n], i + 1),
			    clasp_int(in->level[i]));
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

void
clasp_dmxin_flush(struct clasp_dmxin *in)
{
	if (in->config.whole) {
		if (in->slots > 0 && (in->any || in->config.repeat))
			give_whole(in);
	} else if (in->any) {
		give_news(in);
	}
	memset(in->news, 0, sizeof in->news);
	in->any = false;
}

void
clasp_dmxin_repeat(struct clasp_dmxin *in)
{
	memcpy(in->news, in->known, sizeof in->news);
	in->any = in->slots > 0;
	clasp_dmxin_flush(in);
}
