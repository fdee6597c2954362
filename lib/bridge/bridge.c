/* bridge.c - what every bridge is. */

#include "bridge/bridge.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "bridge/announce.h"
#include "proto/latest.h"
#include "tool/cli.h"
#include "tool/lineio.h"
#include "tool/portfile.h"
#include "wire/address.h"

#define RATE_HZ	60	/* values a second for an address, with -u */
#define MOVED_MAX	50	/* a relay has a limit, 100 if nobody said */

struct clasp_bridge {
	struct clasp_bridge_config config;
	struct clasp_bridge_options *options;
	uv_loop_t	 loop;
	uv_signal_t	 usr1;
	struct clasp_pump *pump;
	struct clasp_latest *latest;	/* NULL: nothing is remembered */
	struct clasp_counts counts;
	bool		 snapshot;	/* the line in the rules' hands */
	bool		 was_open;	/* the device was there once */
	bool		 stopped;	/* the flow */
	bool		 leaving;
	char		 all[CLASP_ADDRESS_MAX + 4];
	const char	**patterns;	/* what a sink subscribes to */
	char		**moved;	/* those of them that rules ask for */
	unsigned	 nmoved;
};

/* ------------------------------------------------------- the source's way */

static void
emit(const struct clasp_line *line, void *user)
{
	struct clasp_bridge *b = user;

	if (b->latest)
		clasp_latest_keep(b->latest, line);
	clasp_pump_emit(b->pump, line);
}

void
clasp_bridge_emit(struct clasp_bridge *b, const struct clasp_line *line)
{
	clasp_mapping_line(&b->options->mapping, line);
}

void
clasp_bridge_emit_mapped(struct clasp_bridge *b,
    const struct clasp_line *line)
{
	emit(line, b);
}

void
clasp_bridge_taken(struct clasp_bridge *b)
{
	clasp_counts_tell(&b->counts);
	/* a slow reader of our lines slows the device down */
	if (!b->leaving && !b->stopped && b->config.flow &&
	    clasp_pump_full(b->pump)) {
		b->stopped = true;
		b->config.flow(false, b->config.source_user);
	}
}

static void
on_drained(struct clasp_pump *pump, void *user)
{
	struct clasp_bridge *b = user;

	(void)pump;
	if (!b->stopped)
		return;
	b->stopped = false;
	if (!b->leaving)
		b->config.flow(true, b->config.source_user);
}

/* --------------------------------------------------------- the sink's way */

static void
on_mapped(const struct clasp_line *line, void *user)
{
	struct clasp_bridge *b = user;

	b->config.line(line, b->snapshot, b->config.user);
}

static void
on_line(struct clasp_pump *pump, const struct clasp_line *line, bool snapshot,
    void *user)
{
	struct clasp_bridge *b = user;

	(void)pump;
	b->snapshot = snapshot;
	if (b->config.source)
		on_mapped(line, b);
	else
		clasp_mapping_line(&b->options->mapping, line);
	b->snapshot = false;
	clasp_counts_tell(&b->counts);
}

static void
on_batch_end(struct clasp_pump *pump, void *user)
{
	struct clasp_bridge *b = user;

	(void)pump;
	if (b->config.batch_end)
		b->config.batch_end(b->config.user);
}

void
clasp_bridge_read(struct clasp_bridge *b, bool on)
{
	clasp_pump_read(b->pump, on);
}

/* ------------------------------------------------------------- the device */

void
clasp_bridge_device_open(struct clasp_bridge *b, bool again)
{
	if (!b->was_open)
		clasp_pump_ready(b->pump);
	b->was_open = true;
	if (again)
		cli_note(b->config.device, "back");
}

bool
clasp_bridge_device_lost(struct clasp_bridge *b, const char *why)
{
	if (b->options->exit_on_loss && b->was_open) {
		cli_warn(b->config.device, "%s", why);
		cli_fail(CLI_UNREACHABLE);
		clasp_pump_finish(b->pump);
		return true;
	}
	cli_note(b->config.device, "%s; tried again every second", why);
	return false;
}

void
clasp_bridge_printed(struct clasp_bridge *b)
{
	clasp_pump_printed(b->pump);
}

/* ---------------------------------------------------------------- the end */

static void
on_barrier(struct clasp_client *c, const struct clasp_reply *reply,
    void *user)
{
	(void)c;
	if (reply->error == CLASP_ECLOSED) {
		cli_warn(NULL, "the relay was lost before it had confirmed "
		    "everything");
		cli_fail(CLI_UNREACHABLE);
	}
	clasp_pump_stop(user);
}

void
clasp_bridge_leave(struct clasp_bridge *b)
{
	struct clasp_client *c = clasp_pump_client(b->pump);
	bool before = b->leaving;

	b->leaving = true;
	if (!c || !b->config.source || cli_signal() ||
	    cli_exit_code() == CLI_TIMEOUT || clasp_pump_gone(b->pump))
		clasp_pump_stop(b->pump);	/* whatever we wait for */
	else if (!before && clasp_client_barrier(c, on_barrier, b->pump) < 0)
		clasp_pump_stop(b->pump);
}

void
clasp_bridge_finish(struct clasp_bridge *b)
{
	clasp_mapping_finish(&b->options->mapping);
	clasp_pump_finish(b->pump);
}

void
clasp_bridge_source_ended(struct clasp_bridge *b)
{
	clasp_mapping_finish(&b->options->mapping);
	/* still here: fewer came than -n asks for */
	if (cli.count > 0 && !b->leaving)
		cli_fail(CLI_NO);
	clasp_pump_finish(b->pump);
}

void
clasp_bridge_source_over(struct clasp_bridge *b, const char *why)
{
	if (why) {
		cli_warn(b->config.device, "%s", why);
		cli_fail(CLI_UNREACHABLE);
	}
	clasp_bridge_source_ended(b);
}

static void
on_finish(struct clasp_pump *pump, void *user)
{
	struct clasp_bridge *b = user;

	(void)pump;
	clasp_mapping_finish(&b->options->mapping);
	if (b->config.finish)
		b->config.finish(b->config.user);
	else
		clasp_bridge_leave(b);
}

/* No more lines for a sink; a source's relay is gone for good. */
static void
on_end(struct clasp_pump *pump, void *user)
{
	struct clasp_bridge *b = user;

	if (!b->config.ended) {
		on_finish(pump, user);
		return;
	}
	clasp_mapping_finish(&b->options->mapping);
	b->config.ended(b->config.user);
}

/* -------------------------------------------------- sessions and counters */

static void
announce(struct clasp_bridge *b)
{
	clasp_announce_bridge(clasp_pump_client(b->pump),
	    b->config.base, b->config.protocol, b->config.device,
	    b->config.source && b->config.sink);
}

static void
send_again(const struct clasp_line *line, void *user)
{
	clasp_pump_emit(user, line);
}

static void
on_again(struct clasp_pump *pump, void *user)
{
	struct clasp_bridge *b = user;

	announce(b);
	if (b->latest)
		clasp_latest_each(b->latest, send_again, pump);
	if (b->config.again)
		b->config.again(b->config.source_user);
}

static void
on_relay_lost(struct clasp_pump *pump, void *user)
{
	struct clasp_bridge *b = user;

	(void)pump;
	if (b->config.relay_lost)
		b->config.relay_lost(b->config.user);
}

static void
on_usr1(uv_signal_t *handle, int number)
{
	struct clasp_bridge *b = handle->data;

	(void)number;
	clasp_counts_report(&b->counts);
}

/* ----------------------------------------------------------- life and end */

/* Too many patterns: one in their place, for all below what begins them. */
static void
want_less(struct clasp_bridge *b)
{
	char *first = b->moved[0], *whole;
	size_t len = strcspn(first, "*"), i;

	while (b->nmoved > 1) {
		whole = b->moved[--b->nmoved];
		for (i = 0; i < len && whole[i] == first[i];)
			i++;
		len = i;
		free(whole);
	}
	/* "/fad" of "/fader/1" and "/fade/2" is no segment */
	while (len > 1 && first[len - 1] != '/')
		len--;
	whole = malloc(len + 3);
	if (!whole)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	memcpy(whole, first, len);
	memcpy(whole + len, "**", 3);
	free(first);
	b->moved[0] = whole;
}

/* What rules bring into the namespace from outside must be asked for, too. */
static void
want_moved(struct clasp_bridge *b)
{
	const struct clasp_rules *rules = b->options->mapping.rules;
	struct clasp_str inside = { b->all, strlen(b->all) - 2 }, pattern;
	unsigned i, n = clasp_rules_count(rules);

	b->moved = calloc(n + 1, sizeof *b->moved);
	if (!b->moved)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	for (i = 0; i < n; i++) {
		pattern = clasp_rules_moved(rules, i);
		if (pattern.len == 0 || clasp_str_starts(pattern, inside))
			continue;
		b->moved[b->nmoved] = strndup(pattern.p, pattern.len);
		if (!b->moved[b->nmoved])
			cli_die(CLI_UNREACHABLE, NULL, "out of memory");
		b->nmoved++;
	}
	if (b->nmoved > MOVED_MAX)
		want_less(b);
}

static void
want(struct clasp_bridge *b)
{
	const char *const *given = b->config.patterns;
	unsigned i, n = 1;

	snprintf(b->all, sizeof b->all, "%.*s/" "**",
	    CLASP_STR_ARG(b->config.base));
	if (b->options->mapping.rules && !b->config.source)
		want_moved(b);
	while (given && given[n - 1])
		n++;
	b->patterns = calloc(n + b->nmoved + 1, sizeof *b->patterns);
	if (!b->patterns)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	n = 0;
	if (!given)
		b->patterns[n++] = b->all;
	while (given && *given)
		b->patterns[n++] = *given++;
	for (i = 0; i < b->nmoved; i++)
		b->patterns[n++] = b->moved[i];
}

static void
open_pump(struct clasp_bridge *b)
{
	const struct clasp_bridge_options *o = b->options;
	struct clasp_pump_config pumping = {
		.source = b->config.source,
		.sink = b->config.sink,
		.relay = cli.url_given,
		.patterns = b->patterns,
		.no_snapshot = o->no_snapshot,
		.stamps = b->config.sink && !b->config.source,
		.line = on_line,
		.batch_end = on_batch_end,
		.end = on_end,
		.finish = on_finish,
		.again = on_again,
		.lost = on_relay_lost,
		.drained = on_drained,
		.max_rate = o->max_rate < 0 ? cli.url_given ? RATE_HZ : 0 :
		    o->max_rate,
		.ttl = o->ttl,
		.user = b
	};

	b->pump = clasp_pump_new(&b->loop, &pumping);
}

struct clasp_bridge *
clasp_bridge_new(const struct clasp_bridge_config *config)
{
	struct clasp_bridge *b;

	clasp_bridge_options_check(config->options, config->source);
	b = calloc(1, sizeof *b);
	if (!b)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	b->config = *config;
	if (!b->config.source_user)
		b->config.source_user = config->user;
	b->options = config->options;
	if (config->remember && cli.url_given) {
		b->latest = clasp_latest_new();
		if (!b->latest)
			cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	}
	uv_loop_init(&b->loop);
	uv_signal_init(&b->loop, &b->usr1);
	b->usr1.data = b;
	uv_signal_start(&b->usr1, on_usr1, SIGUSR1);
	clasp_mapping_start(&b->options->mapping, &b->loop, &b->counts,
	    config->source ? emit : on_mapped, b);
	want(b);
	open_pump(b);
	return b;
}

uv_loop_t *
clasp_bridge_loop(struct clasp_bridge *b)
{
	return &b->loop;
}

struct clasp_counts *
clasp_bridge_counts(struct clasp_bridge *b)
{
	return &b->counts;
}

struct clasp_client *
clasp_bridge_client(struct clasp_bridge *b)
{
	return clasp_pump_client(b->pump);
}

void
clasp_bridge_run(struct clasp_bridge *b)
{
	announce(b);
	clasp_pump_run(b->pump);
	if (b->config.close)
		b->config.close(b->config.user);
	if (cli.verbose)
		clasp_counts_report(&b->counts);
	clasp_mapping_close(&b->options->mapping);
	uv_close((uv_handle_t *)&b->usr1, NULL);
	uv_run(&b->loop, UV_RUN_DEFAULT);
	uv_loop_close(&b->loop);
	clasp_latest_free(b->latest);
	while (b->nmoved > 0)
		free(b->moved[--b->nmoved]);
	free(b->moved);
	free(b->patterns);
	free(b);
	cli_portfile_end();
}
