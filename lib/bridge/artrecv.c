/* artrecv.c - Art-Net received by a bridge. */

#include "bridge/artrecv.h"

#include "base/clock.h"
#include "bridge/counts.h"
#include "tool/cli.h"

#define ANNOUNCED	4	/* universes from 0, when -U names none */

static void
on_line(const struct clasp_line *line, void *user)
{
	struct clasp_artrecv *r = user;

	if (r->over)
		return;
	clasp_show_emit(r->show, r->bridge, line);
	if (r->options->once && !r->options->both) {
		r->over = true;
		clasp_bridge_finish(r->bridge);
	}
}

static void
on_changed(unsigned universe, void *user)
{
	struct clasp_artrecv *r = user;

	clasp_show_touch(r->show, universe);
}

static const uint8_t *
levels(unsigned universe, unsigned *slots, void *user)
{
	const struct clasp_artrecv *r = user;

	return clasp_artin_levels(r->in, universe, slots);
}

static void on_timer(uv_timer_t *timer);

static void
arm(struct clasp_artrecv *r)
{
	uint64_t due = clasp_artin_due(r->in), now;

	if (due == UINT64_MAX || r->over) {
		uv_timer_stop(&r->timer);
		return;
	}
	now = clasp_clock_mono_us();
	uv_timer_start(&r->timer, on_timer,
	    due > now ? (due - now + 999) / 1000 : 0, 0);
}

static void
on_timer(uv_timer_t *timer)
{
	struct clasp_artrecv *r = timer->data;

	clasp_artin_expire(r->in, clasp_clock_mono_us());
	arm(r);
	clasp_bridge_taken(r->bridge);
}

void
clasp_artrecv_packet(struct clasp_artrecv *r,
    const struct clasp_artnet *packet, uint32_t ip, uint64_t now_us)
{
	uint64_t due = clasp_artin_due(r->in);

	if (r->over)
		return;
	if (clasp_artin_packet(r->in, packet, ip, now_us))
		clasp_artlink_take(r->link, packet->dmx.universe);
	if (clasp_artin_due(r->in) != due)
		arm(r);
}

uint8_t
clasp_artrecv_good(const struct clasp_artrecv *r, unsigned universe)
{
	return clasp_artin_good(r->in, universe, clasp_clock_mono_us());
}

/* --------------------------------------------- the bridge's events, links */

static void
on_flow(bool on, void *user)
{
	struct clasp_artrecv *r = user;

	clasp_artin_hold(r->in, !on);
}

static void
on_again(void *user)
{
	struct clasp_artrecv *r = user;

	clasp_artin_repeat(r->in);
}

static void
on_finish(void *user)
{
	struct clasp_artrecv *r = user;

	clasp_artrecv_end(r);
	clasp_artlink_shut(r->link);
	clasp_bridge_leave(r->bridge);
}

static void
on_close(void *user)
{
	struct clasp_artrecv *r = user;

	clasp_artrecv_close(r);
	clasp_artlink_close(r->link);
}

static void
on_packet(const struct clasp_artnet *packet, uint32_t ip, uint64_t now_us,
    void *user)
{
	clasp_artrecv_packet(user, packet, ip, now_us);
}

static uint8_t
good(unsigned universe, void *user)
{
	return clasp_artrecv_good(user, universe);
}

/* ----------------------------------------------------------- life and end */

void
clasp_artrecv_attach(struct clasp_artrecv *r,
    struct clasp_bridge_config *bridging)
{
	bridging->source = true;
	bridging->again = on_again;
	bridging->flow = on_flow;
	bridging->source_user = r;
	if (bridging->sink)
		return;
	bridging->base = r->prefix;
	bridging->finish = on_finish;
	bridging->close = on_close;
	bridging->user = r;
}

/* Tell controllers of universes before anything came. */
static void
announce(struct clasp_artrecv *r, const struct clasp_numset *universes)
{
	struct clasp_numset first = { 0 };
	int n;

	for (n = 0; n < ANNOUNCED; n++)
		clasp_numset_add(&first, (unsigned)n);
	if (!universes)
		universes = &first;
	for (n = clasp_numset_next(universes, 0); n >= 0;
	    n = clasp_numset_next(universes, (unsigned)n + 1))
		clasp_artlink_take(r->link, (unsigned)n);
}

void
clasp_artrecv_start(struct clasp_artrecv *r,
    struct clasp_artin_config *config)
{
	struct clasp_counts *counts = clasp_bridge_counts(r->bridge);
	const struct clasp_show_config showing = {
		.prefix = r->prefix,
		.split = r->split,
		.style = r->options->show_style,
		.keys = true,
		.levels = levels,
		.user = r
	};

	config->lines.prefix = r->prefix;
	config->lines.split = r->split;
	config->by = cli.verbose > 0;
	config->line = on_line;
	config->changed = on_changed;
	config->user = r;
	r->in = clasp_artin_new(config);
	if (!r->in)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	uv_timer_init(clasp_bridge_loop(r->bridge), &r->timer);
	r->timer.data = r;
	/* of both directions the other one is drawn */
	if (r->options->show && !r->options->both)
		r->show = clasp_show_new(r->bridge, &showing);
	clasp_counts_add(counts, NULL, "late frames",
	    clasp_artin_late(r->in));
	clasp_counts_add(counts, NULL, "frames of a third source",
	    clasp_artin_ignored(r->in));
	announce(r, config->only);
}

void
clasp_artrecv_listen(struct clasp_artrecv *r,
    struct clasp_artlink_config *linking, struct clasp_artin_config *config)
{
	linking->bridge = r->bridge;
	linking->options = r->options;
	linking->good_input = linking->good_output = good;
	linking->packet = on_packet;
	linking->user = r;
	clasp_artlink_open(r->link, linking);
	clasp_artrecv_start(r, config);
}

void
clasp_artrecv_end(struct clasp_artrecv *r)
{
	r->over = true;
	uv_timer_stop(&r->timer);
	clasp_show_end(r->show);
}

void
clasp_artrecv_close(struct clasp_artrecv *r)
{
	clasp_show_close(r->show);
	uv_close((uv_handle_t *)&r->timer, NULL);
}

void
clasp_artrecv_free(struct clasp_artrecv *r)
{
	clasp_artin_free(r->in);
	r->in = NULL;
}
