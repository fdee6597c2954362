/* frames.c - the way of levels out of a bridge. */

#include "bridge/frames.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "bridge/show.h"
#include "bridge/ticker.h"
#include "proto/dmxin.h"
#include "tool/cli.h"

#define LEAVE_MS	2000	/* for the last frames, at the end */
#define PATTERNS_MAX	64	/* subscriptions; for more universes: one */
#define PATTERN_ROOM	(CLASP_DMXIN_PREFIX_MAX + CLASP_DMX_ADDRESS_ROOM + 4)

struct clasp_frames {
	struct clasp_frames_config config;
	struct clasp_bridge *bridge;
	const char	*device;
	struct clasp_show *show;	/* NULL: without --show */
	struct clasp_dmx *dmx;
	struct clasp_arena arena;	/* for a line of raw bytes */
	struct clasp_ticker ticker;
	uv_timer_t	 leave_timer;
	/* what of a relay concerns us, with an end; see wanted() */
	char		 pattern[PATTERNS_MAX][PATTERN_ROOM];
	const char	*patterns[PATTERNS_MAX + 1];
	enum clasp_exit_action action;	/* still to be begun */
	unsigned	 blackouts, releases;	/* still to be sent */
	bool		 gathering;	/* the relay's snapshot is coming */
	bool		 ended;		/* no more lines; timelines may play */
	bool		 leaving;	/* what is there goes, then the end */
	bool		 over;
	bool		 away;		/* the device is */
	bool		 told_switch;
};

static uint64_t
server_now(const struct clasp_frames *f)
{
	struct clasp_client *client = clasp_bridge_client(f->bridge);

	return client ? clasp_client_server_us(client) :
	    clasp_clock_server_us();
}

/* ---------------------------------------------------------------- sending */

static bool
ready(const struct clasp_frames *f)
{
	return !f->config.ready || f->config.ready(f->config.user);
}

static bool
any_dirty(const struct clasp_frames *f)
{
	const struct clasp_universe *u;
	unsigned at = 0;

	while ((u = clasp_dmx_next(f->dmx, &at)) != NULL)
		if (u->dirty)
			return true;
	return false;
}

/* Is it this universe's turn? */
static bool
is_due(const struct clasp_frames *f, const struct clasp_universe *u,
    uint64_t tick_us)
{
	if (u->dirty)
		return true;
	if (f->config.options->once)
		return false;
	return u->more > 0 || clasp_dmx_pace_keepalive(&f->ticker.pace,
	    u->last_us, tick_us);
}

static void
send_frames(struct clasp_frames *f, uint64_t tick_us)
{
	struct clasp_universe *u;
	unsigned at = 0, n = 0;
	bool news;

	while ((u = clasp_dmx_next(f->dmx, &at)) != NULL) {
		if (!u->sent && u->last_us == 0)
			u->last_us = f->ticker.pace.t0_us;
		if (!is_due(f, u, tick_us))
			continue;
		news = u->dirty;
		n++;
		if (!f->config.send(u, tick_us, f->config.user))
			continue;
		clasp_universe_sent(u);
		u->last_us = tick_us;
		if (news)
			u->more = (uint8_t)f->config.repeats;
		else if (u->more > 0)
			u->more--;
	}
	if (n > 0 && f->config.sent)
		f->config.sent(n, f->config.user);
}

static void
send_release(struct clasp_frames *f)
{
	struct clasp_universe *u;
	unsigned at = 0;

	while ((u = clasp_dmx_next(f->dmx, &at)) != NULL)
		if (u->sent)
			f->config.release(u, f->config.user);
	f->releases--;
}

/* ---------------------------------------------------------------- the end */

static void
show_news(struct clasp_frames *f)
{
	const struct clasp_universe *u;
	unsigned at = 0;

	while ((u = clasp_dmx_next(f->dmx, &at)) != NULL)
		if (u->dirty)
			clasp_show_touch(f->show, u->number);
}

static void
done(struct clasp_frames *f)
{
	if (f->over)
		return;
	f->over = f->leaving = true;
	clasp_ticker_stop(&f->ticker);
	uv_timer_stop(&f->leave_timer);
	clasp_show_end(f->show);
	f->config.done(f->config.user);
}

/* What is to be sent has been sent: the exit action, and then the end. */
static void
exit_step(struct clasp_frames *f)
{
	enum clasp_exit_action action = f->action;

	f->action = CLASP_EXIT_HOLD;
	if (action == CLASP_EXIT_BLACKOUT) {
		f->blackouts = CLASP_FRAMES_LAST;
		clasp_dmx_blackout(f->dmx);
	} else if (action == CLASP_EXIT_RELEASE && f->config.release) {
		f->releases = CLASP_FRAMES_LAST;
	} else {
		done(f);
	}
}

static void
on_leave_timeout(uv_timer_t *timer)
{
	struct clasp_frames *f = timer->data;

	if (any_dirty(f) || f->blackouts > 0 || f->releases > 0 ||
	    !ready(f)) {
		cli_warn(f->device, "the last frame could not be sent");
		cli_fail(CLI_UNREACHABLE);
	}
	done(f);
}

/* Send what is there, do the exit action, end. */
static void
leave(struct clasp_frames *f)
{
	struct clasp_universe *u;
	unsigned at = 0;
	bool once = f->config.options->once;

	if (f->leaving)
		return;
	f->leaving = true;
	f->gathering = false;
	while (once && (u = clasp_dmx_next(f->dmx, &at)) != NULL)
		u->dirty = true;
	uv_timer_start(&f->leave_timer, on_leave_timeout, LEAVE_MS +
	    (uint64_t)((CLASP_FRAMES_LAST + 2) * 1000 /
	    f->ticker.pace.rate_hz), 0);
	/* the one frame of --once waits for nobody */
	if (once && ready(f)) {
		clasp_dmx_play(f->dmx, server_now(f));
		if (f->show)
			show_news(f);
		send_frames(f, f->ticker.next_us);
		if (f->action == CLASP_EXIT_HOLD && !any_dirty(f) && ready(f))
			done(f);
	}
}

/* ------------------------------------------------------------------ ticks */

static void
blackout(struct clasp_frames *f, uint64_t tick_us)
{
	struct clasp_universe *u;
	unsigned at = 0;

	while ((u = clasp_dmx_next(f->dmx, &at)) != NULL)
		u->dirty = true;
	send_frames(f, tick_us);
	if (!any_dirty(f))
		f->blackouts--;
}

static void
on_tick(uint64_t tick_us, void *user)
{
	struct clasp_frames *f = user;
	bool hushed = f->config.options->once && !f->leaving;

	clasp_dmx_play(f->dmx, server_now(f));
	if (f->show && !f->gathering)
		show_news(f);
	if (f->ended && !f->leaving && clasp_dmx_playing(f->dmx) == 0)
		leave(f);
	if (f->over || f->gathering || !ready(f))
		return;
	if (f->releases > 0)
		send_release(f);
	else if (f->blackouts > 0)
		blackout(f, tick_us);
	else if (f->leaving && !any_dirty(f))
		exit_step(f);
	else if (!hushed)
		send_frames(f, tick_us);
}

/* -------------------------------------------------------------- the lines */

static void
tell_switch(struct clasp_frames *f, const struct clasp_line *line)
{
	struct clasp_str a = line->items[0].msg.type == CLASP_PUBLISH ?
	    line->items[0].msg.publish.address :
	    line->items[0].msg.set.address;
	char address[200];

	if (f->told_switch)
		return;
	f->told_switch = true;
	snprintf(address, sizeof address, "%.*s", CLASP_STR_ARG(a));
	cli_note(line->kind == CLASP_LINE_DATA ? address : NULL,
	    "a float above 1.0: floats there are levels from now on; "
	    "--scale raw or unit settles it for all");
}

/* What the relay has kept tells when it was written: timelines that it kept
 * too come behind it and may be older. */
static void
apply_item(struct clasp_frames *f, const struct clasp_item *item,
    bool snapshot, uint64_t now_us)
{
	if (snapshot && item->has_ts && item->msg.type == CLASP_SET)
		clasp_dmx_apply_kept(f->dmx, &item->msg, item->ts_us, now_us);
	else
		clasp_dmx_apply(f->dmx, &item->msg, now_us);
}

static void
on_line(const struct clasp_line *line, bool snapshot, void *user)
{
	struct clasp_frames *f = user;
	uint64_t now = server_now(f);
	struct clasp_msg msg;
	unsigned universe, channel;
	uint32_t i;

	if (snapshot)
		f->gathering = true;
	if (line->kind == CLASP_LINE_DATA) {
		for (i = 0; i < line->count; i++)
			apply_item(f, &line->items[i], snapshot, now);
	} else if (line->kind == CLASP_LINE_FRAME) {
		clasp_arena_reset(&f->arena);
		if (clasp_line_to_msg(line, &f->arena, &msg, NULL) == 0)
			clasp_dmx_apply(f->dmx, &msg, now);
	}
	if (clasp_dmx_switched(f->dmx, &universe, &channel))
		tell_switch(f, line);
}

static void
on_batch_end(void *user)
{
	struct clasp_frames *f = user;

	if (!cli.url_given)
		return;
	f->gathering = false;
	if (f->config.options->once)
		leave(f);
}

/* No more lines: timelines are played to their end, but not those that have
 * none. */
static void
on_ended(void *user)
{
	struct clasp_frames *f = user;
	const struct clasp_bridge_options *o = f->config.options;

	if (cli.url_given && f->gathering)
		done(f);	/* nothing ever came from the relay */
	else if (o->once || (!o->hold && clasp_dmx_playing(f->dmx) == 0))
		leave(f);
	else
		f->ended = !o->hold;
}

static void
on_finish(void *user)
{
	struct clasp_frames *f = user;

	if (f->over)
		clasp_bridge_leave(f->bridge);
	else if (f->away)
		done(f);
	else
		leave(f);
}

/* ------------------------------------------------------------- the device */

void
clasp_frames_device_open(struct clasp_frames *f, bool again)
{
	f->away = false;
	clasp_dmx_again(f->dmx);
	clasp_bridge_device_open(f->bridge, again);
}

void
clasp_frames_device_lost(struct clasp_frames *f, const char *why)
{
	f->away = true;
	if (f->leaving) {
		cli_warn(f->device, "%s", why);
		cli_fail(CLI_UNREACHABLE);
		done(f);
	} else {
		clasp_bridge_device_lost(f->bridge, why);
	}
}

bool
clasp_frames_shown(const struct clasp_frames *f)
{
	return f->config.options->show;
}

bool
clasp_frames_leaving(const struct clasp_frames *f)
{
	return f->leaving;
}

/* ----------------------------------------------------------- life and end */

struct clasp_frames *
clasp_frames_new(const struct clasp_frames_config *config)
{
	struct clasp_frames *f = calloc(1, sizeof *f);
	struct clasp_dmx_config *model;

	if (!f)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	f->config = *config;
	model = &f->config.model;
	model->prefix = clasp_bridge_namespace(config->options, config->base,
	    CLASP_DMXIN_PREFIX_MAX, false);
	model->scale = config->options->scale;
	f->dmx = clasp_dmx_new(model);
	if (!f->dmx)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	f->action = config->options->on_exit;
	f->gathering = cli.url_given;
	clasp_arena_init(&f->arena, NULL, 0, CLASP_LINE_ARENA_MAX);
	return f;
}

struct clasp_dmx *
clasp_frames_dmx(const struct clasp_frames *f)
{
	return f->dmx;
}

/* What of a relay concerns us, when that are few universes, and neither a
 * rule nor a flat address brings others; NULL: all below the base. */
static const char *const *
wanted(struct clasp_frames *f)
{
	const struct clasp_dmx_config *model = &f->config.model;
	unsigned i = 0;
	size_t len;
	int n;

	if (!model->only || model->flat || f->config.options->mapping.rules ||
	    clasp_numset_count(model->only) > PATTERNS_MAX)
		return NULL;
	for (n = clasp_numset_next(model->only, 0); n >= 0;
	    n = clasp_numset_next(model->only, (unsigned)n + 1)) {
		len = clasp_dmx_format(f->pattern[i], model->prefix,
		    model->split, (unsigned)n, 0);
		memcpy(f->pattern[i] + len, "/" "**", 4);
		f->patterns[i] = f->pattern[i];
		i++;
	}
	return f->patterns;
}

static void
on_close(void *user)
{
	struct clasp_frames *f = user;

	clasp_show_close(f->show);
	uv_close((uv_handle_t *)&f->leave_timer, NULL);
	clasp_ticker_close(&f->ticker, NULL);
	if (f->config.close)
		f->config.close(f->config.user);
}

void
clasp_frames_attach(struct clasp_frames *f,
    struct clasp_bridge_config *bridging)
{
	bridging->sink = true;
	bridging->base = f->config.model.prefix;
	bridging->patterns = wanted(f);
	bridging->line = on_line;
	bridging->batch_end = on_batch_end;
	bridging->ended = on_ended;
	bridging->finish = on_finish;
	bridging->close = on_close;
	bridging->user = f;
	f->device = bridging->device;
}

static const uint8_t *
levels(unsigned universe, unsigned *slots, void *user)
{
	struct clasp_frames *f = user;

	*slots = f->config.slots > 0 ? f->config.slots : CLASP_DMX_SLOTS;
	return clasp_dmx_universe(f->dmx, universe)->level;
}

static void
start_show(struct clasp_frames *f)
{
	const struct clasp_bridge_options *o = f->config.options;
	const struct clasp_show_config config = {
		.prefix = f->config.model.prefix,
		.split = f->config.model.split,
		.style = o->show_style,
		/* lines may be typed there */
		.keys = cli.url_given || !isatty(STDIN_FILENO),
		.levels = levels,
		.user = f
	};
	const struct clasp_universe *u;
	unsigned at = 0;

	f->show = clasp_show_new(f->bridge, &config);
	while ((u = clasp_dmx_next(f->dmx, &at)) != NULL)
		clasp_show_touch(f->show, u->number);
}

void
clasp_frames_start(struct clasp_frames *f, struct clasp_bridge *bridge)
{
	const struct clasp_bridge_options *o = f->config.options;
	struct clasp_counts *counts = clasp_bridge_counts(bridge);
	struct clasp_count *count;
	uv_loop_t *loop = clasp_bridge_loop(bridge);
	int i;

	f->bridge = bridge;
	/* timelines go by the relay's clock */
	if (clasp_bridge_client(bridge))
		clasp_client_want_clock(clasp_bridge_client(bridge));
	for (i = 0; i < CLASP_DMX_DROPS; i++) {
		count = clasp_counts_add(counts, NULL,
		    clasp_dmx_drop_name(i), &clasp_dmx_drops(f->dmx)[i]);
		/* lines of other namespaces pass by in a pipe: no news */
		count->tally.quiet = i == CLASP_DMX_DROP_OUTSIDE;
	}
	uv_timer_init(loop, &f->leave_timer);
	f->leave_timer.data = f;
	if (o->show)
		start_show(f);
	clasp_ticker_start(&f->ticker, loop,
	    o->rate_hz > 0 ? o->rate_hz : f->config.rate_hz,
	    f->config.keepalive_us, on_tick, f);
}

void
clasp_frames_free(struct clasp_frames *f)
{
	if (!f)
		return;
	clasp_arena_clear(&f->arena);
	clasp_dmx_free(f->dmx);
	free(f);
}
