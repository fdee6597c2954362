/* sacnrecv.c - the receiving end of streaming ACN on a bridge. */

#include "bridge/sacnrecv.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "base/clock.h"
#include "bridge/show.h"
#include "dev/udp.h"
#include "tool/cli.h"

#define LOOK_MS	1000	/* how often the system is asked what it lost */
#define RESUME_MS 100	/* to read what waited, before anybody is missed */

struct clasp_sacnrecv {
	struct clasp_sacnrecv_config config;
	struct clasp_bridge *bridge;
	struct clasp_dmxin *in;
	struct clasp_sacnin *state;
	struct clasp_show *show;	/* NULL: lines */
	struct clasp_numset missing;	/* universes without a frame yet */
	struct clasp_udp *udp;		/* NULL: stopped */
	uv_timer_t	 due_timer, look_timer;
	bool		 away;		/* the interface is */
	uint64_t	 timer_us;	/* when due_timer goes off */
	unsigned long	 lost, refused;	/* in the system; groups */
	unsigned	 number;
	char		 subject[32];	/* "udp port 5568" */
};

/* ------------------------------------------------------------------ lines */

/* The universe that dmxin is about, for whoever gets the line. */
static struct clasp_dmxin_universe *
universe_of(struct clasp_sacnrecv *r, const struct clasp_line *line)
{
	const struct clasp_msg *msg = &line->items[0].msg;
	unsigned universe = 0, channel;

	if (clasp_dmx_address(msg->type == CLASP_PUBLISH ?
	    msg->publish.address : msg->set.address, r->config.prefix, false,
	    &universe, &channel) < 0)
		return NULL;
	return clasp_dmxin_universe(r->in, universe);
}

static void
on_levels(const struct clasp_line *line, void *user)
{
	struct clasp_sacnrecv *r = user;
	const struct clasp_dmxin_universe *u = universe_of(r, line);

	if (u)
		clasp_show_touch(r->show, u->number);
	clasp_show_emit(r->show, r->bridge, line);
	if (!r->config.options->once || !u ||
	    !clasp_numset_has(&r->missing, u->number))
		return;
	clasp_numset_remove(&r->missing, u->number);
	if (clasp_numset_next(&r->missing, 0) < 0)
		clasp_bridge_finish(r->bridge);
}

static void
on_status(const struct clasp_line *line, void *user)
{
	struct clasp_sacnrecv *r = user;

	clasp_show_emit(r->show, r->bridge, line);
}

static void
on_sources(struct clasp_dmxin_universe *u, void *user)
{
	struct clasp_sacnrecv *r = user;

	clasp_sacnin_status(r->config.prefix, u, on_status, r);
}

/* The relay is back: say all that is known. */
static void
on_again(void *user)
{
	struct clasp_sacnrecv *r = user;
	struct clasp_dmxin_universe *u;
	unsigned at = 0;

	clasp_dmxin_repeat(r->in);
	while (r->config.status && (u = clasp_dmxin_next(r->in, &at)) != NULL)
		on_sources(u, r);
}

static const uint8_t *
levels(unsigned universe, unsigned *slots, void *user)
{
	const struct clasp_sacnrecv *r = user;
	const struct clasp_dmxin_universe *u =
	    clasp_dmxin_universe(r->in, universe);

	*slots = u->slots;
	return u->level;
}

/* ------------------------------------------------------------------- time */

static void
on_due(uv_timer_t *timer);

/* Set the timer to the next moment something ends by itself. */
static void
set_due(struct clasp_sacnrecv *r)
{
	uint64_t due = clasp_sacnin_due(r->state), now;

	if (due == r->timer_us || !r->udp)
		return;
	r->timer_us = due;
	if (due == UINT64_MAX) {
		uv_timer_stop(&r->due_timer);
		return;
	}
	now = clasp_clock_mono_us();
	uv_update_time(clasp_bridge_loop(r->bridge));
	uv_timer_start(&r->due_timer, on_due,
	    due > now ? (due - now + 999) / 1000 : 0, 0);
}

static void
on_due(uv_timer_t *timer)
{
	struct clasp_sacnrecv *r = timer->data;

	r->timer_us = 0;
	clasp_sacnin_expire(r->state, clasp_clock_mono_us());
	clasp_bridge_taken(r->bridge);
	set_due(r);
}

/* What the system has lost, and whether it still has the interface. */
static void
on_look(uv_timer_t *timer)
{
	struct clasp_sacnrecv *r = timer->data;
	int found;

	if (!r->udp)
		return;
	r->lost = clasp_udp_lost(r->udp);
	clasp_bridge_taken(r->bridge);
	found = clasp_udp_follow(r->udp);
	if (found < 0 && !r->away)
		cli_note(r->config.interface->name, "no such interface any "
		    "more; tried again every second");
	else if (found > 0)
		cli_note(r->config.interface->name, r->away ? "back" :
		    "has another address");
	r->away = found < 0;
}

/* ---------------------------------------------------------------- packets */

static void
on_packet(const uint8_t *p, size_t len, const struct sockaddr_in *from,
    void *user)
{
	struct clasp_sacnrecv *r = user;

	(void)from;
	clasp_sacnin_packet(r->state, p, len, clasp_clock_mono_us());
}

static void
on_taken(void *user)
{
	struct clasp_sacnrecv *r = user;

	clasp_bridge_taken(r->bridge);
	set_due(r);
}

static struct in_addr
group_of(unsigned universe)
{
	return (struct in_addr){ htonl(clasp_sacn_group(universe)) };
}

/* A sync address: its group, unless levels come from there, too. */
static void
on_group(unsigned address, bool join, void *user)
{
	struct clasp_sacnrecv *r = user;
	char why[CLASP_UDP_WHY];

	if (!r->udp || clasp_numset_has(r->config.universes, address))
		return;
	if (!join)
		clasp_udp_leave(r->udp, group_of(address));
	else if (clasp_udp_join(r->udp, group_of(address), why) < 0)
		r->refused++;
}

/* ----------------------------------------------------------- life and end */

static void
open_port(struct clasp_sacnrecv *r)
{
	const struct clasp_udp_config config = {
		.port = r->config.port,
		.reuse = true,
		.rcvbuf = r->config.options->rcvbuf,
		.interface = r->config.interface,
		.packet = on_packet,
		.taken = on_taken,
		.user = r
	};
	char why[CLASP_UDP_WHY];
	int n, got;

	snprintf(r->subject, sizeof r->subject, "udp port %u",
	    r->config.port);
	if (clasp_udp_new(clasp_bridge_loop(r->bridge), &config, &r->udp,
	    why) < 0)
		cli_die(CLI_UNREACHABLE, r->subject, "%s", why);
	r->number = clasp_udp_number(r->udp);
	snprintf(r->subject, sizeof r->subject, "udp port %u", r->number);
	for (n = clasp_numset_next(r->config.universes, 0); n >= 0;
	    n = clasp_numset_next(r->config.universes, (unsigned)n + 1))
		if (clasp_udp_join(r->udp, group_of((unsigned)n), why) < 0)
			cli_die(CLI_UNREACHABLE, r->config.interface->name,
			    "%s", why);
	got = clasp_udp_rcvbuf(r->udp);
	if (got < r->config.options->rcvbuf)
		cli_note(r->subject, "--rcvbuf: the system gives %d bytes",
		    got);
	cli_verbose(r->subject, "listening on %s",
	    r->config.interface->name);
}

static void
count_drops(struct clasp_sacnrecv *r)
{
	struct clasp_counts *counts = clasp_bridge_counts(r->bridge);
	struct clasp_count *count;
	int i;

	for (i = 1; i < CLASP_SACNIN_DROPS; i++) {
		count = clasp_counts_add(counts, r->subject,
		    clasp_sacnin_drop_name((enum clasp_sacnin_drop)i),
		    &clasp_sacnin_drops(r->state)[i]);
		/* what a network may well carry */
		count->tally.quiet = i == CLASP_SACNIN_PREVIEW ||
		    i == CLASP_SACNIN_UNIVERSE || i == CLASP_SACNIN_OWN ||
		    i == CLASP_SACNIN_START;
	}
	clasp_counts_add(counts, r->subject,
	    "packet came faster than it was read", &r->lost);
	clasp_counts_add(counts, r->subject, "sync group could not be joined",
	    &r->refused);
}

struct clasp_sacnrecv *
clasp_sacnrecv_new(const struct clasp_sacnrecv_config *config)
{
	struct clasp_sacnrecv *r = calloc(1, sizeof *r);
	struct clasp_dmxin_config lines = {
		.prefix = config->prefix,
		.whole = config->whole,
		.by = cli.verbose ? clasp_sacnin_by : NULL
	};
	struct clasp_sacnin_config state = {
		.only = config->universes,
		.preview = config->preview,
		.blackout = config->blackout,
		.own = config->own,
		.group = on_group,
		.sources = config->status ? on_sources : NULL,
		.user = r
	};

	if (!r)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	r->config = *config;
	r->missing = *config->universes;
	state.in = r->in = clasp_dmxin_new(&lines, on_levels, r);
	r->state = r->in ? clasp_sacnin_new(&state) : NULL;
	if (!r->state)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	return r;
}

static void
start_show(struct clasp_sacnrecv *r)
{
	const struct clasp_show_config showing = {
		.prefix = r->config.prefix,
		.style = r->config.options->show_style,
		.keys = true,
		.levels = levels,
		.user = r
	};

	r->show = clasp_show_new(r->bridge, &showing);
}

void
clasp_sacnrecv_start(struct clasp_sacnrecv *r, struct clasp_bridge *bridge)
{
	uv_loop_t *loop = clasp_bridge_loop(bridge);

	r->bridge = bridge;
	/* of both directions the other one is drawn */
	if (r->config.options->show && !r->config.options->both)
		start_show(r);
	uv_timer_init(loop, &r->due_timer);
	uv_timer_init(loop, &r->look_timer);
	r->due_timer.data = r->look_timer.data = r;
	open_port(r);
	count_drops(r);
	uv_timer_start(&r->look_timer, on_look, LOOK_MS, LOOK_MS);
}

unsigned
clasp_sacnrecv_number(const struct clasp_sacnrecv *r)
{
	return r->number;
}

/* Stop taking packets, or go on. */
static void
on_flow(bool on, void *user)
{
	struct clasp_sacnrecv *r = user;

	if (!r->udp)
		return;
	clasp_udp_read(r->udp, on);
	/* who was not read was not silent */
	r->timer_us = 0;
	if (on)
		uv_timer_start(&r->due_timer, on_due, RESUME_MS, 0);
	else
		uv_timer_stop(&r->due_timer);
}

static void
on_finish(void *user)
{
	struct clasp_sacnrecv *r = user;

	clasp_sacnrecv_stop(r);
	clasp_bridge_leave(r->bridge);
}

static void
on_close(void *user)
{
	clasp_sacnrecv_close(user);
}

void
clasp_sacnrecv_attach(struct clasp_sacnrecv *r,
    struct clasp_bridge_config *bridging)
{
	bridging->source = true;
	bridging->again = on_again;
	bridging->flow = on_flow;
	bridging->source_user = r;
	if (bridging->sink)
		return;
	bridging->device = r->config.interface->name;
	bridging->base = r->config.prefix;
	bridging->finish = on_finish;
	bridging->close = on_close;
	bridging->user = r;
}

void
clasp_sacnrecv_stop(struct clasp_sacnrecv *r)
{
	if (!r->udp)
		return;
	r->lost = clasp_udp_lost(r->udp);
	clasp_udp_close(r->udp);
	r->udp = NULL;
	uv_timer_stop(&r->due_timer);
	uv_timer_stop(&r->look_timer);
	clasp_show_end(r->show);
}

void
clasp_sacnrecv_close(struct clasp_sacnrecv *r)
{
	clasp_sacnrecv_stop(r);
	clasp_show_close(r->show);
	uv_close((uv_handle_t *)&r->due_timer, NULL);
	uv_close((uv_handle_t *)&r->look_timer, NULL);
}

void
clasp_sacnrecv_free(struct clasp_sacnrecv *r)
{
	if (!r)
		return;
	clasp_sacnin_free(r->state);
	clasp_dmxin_free(r->in);
	free(r);
}
