/*
 * mapping.h - --map and -m of the bridges: rules between a device and lines.
 *
 * For programs on a loop.  Without a rule every line passes as it is.
 */
#ifndef CLASP_CMD_MAPPING_H
#define CLASP_CMD_MAPPING_H

#include <stdint.h>
#include <uv.h>

#include "base/clock.h"
#include "base/error.h"
#include "proto/rules.h"
#include "tool/cli.h"
#include "tool/tally.h"

enum { MAPPING_NOT_FINITE, MAPPING_BAD_ADDRESS, MAPPING_TALLIES };

struct mapping {
	struct clasp_rules *rules;	/* NULL: none given */
	clasp_rules_fn	 fn;
	void		*user;
	uv_timer_t	 timer;		/* for lines that "every" holds */
	struct cli_tally tallies[MAPPING_TALLIES];
};

/* What the rules gave. */
static void
mapping_result(const struct clasp_line *line, void *user)
{
	struct mapping *m = user;

	m->fn(line, m->user);
}

/* Take the rules of an option; true when it was one of ours. */
static bool
mapping_option(struct mapping *m, int id)
{
	struct clasp_rule_error err;
	const char *arg = cli_arg();

	if (id != CLI_MAP && id != CLI_MAP_FILE)
		return false;
	if (!m->rules)
		m->rules = clasp_rules_new(mapping_result, m);
	if (!m->rules)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	if (id == CLI_MAP) {
		if (clasp_rules_add(m->rules, clasp_str_c(arg), &err) < 0)
			cli_die(CLI_USAGE, "--map", "column %u: %s",
			    err.column, err.reason);
	} else if (clasp_rules_load(m->rules, arg, &err) < 0) {
		if (err.line == 0)
			cli_die(CLI_UNREACHABLE, arg, "%s", err.reason);
		cli_die(CLI_USAGE, arg, "%u:%u: %s", err.line, err.column,
		    err.reason);
	}
	return true;
}

static void
mapping_start(struct mapping *m, uv_loop_t *loop, clasp_rules_fn fn,
    void *user)
{
	m->fn = fn;
	m->user = user;
	m->tallies[MAPPING_NOT_FINITE].reason =
	    "result of an expr that is no number";
	m->tallies[MAPPING_BAD_ADDRESS].reason =
	    "line whose target made no address";
	uv_timer_init(loop, &m->timer);
	m->timer.data = m;
}

static void mapping_due(uv_timer_t *timer);

static void
mapping_schedule(struct mapping *m)
{
	uint64_t due = clasp_rules_due(m->rules);
	uint64_t now = clasp_clock_mono_us();

	if (due == UINT64_MAX)
		uv_timer_stop(&m->timer);
	else
		uv_timer_start(&m->timer, mapping_due,
		    due > now ? (due - now + 999) / 1000 : 0, 0);
}

static void
mapping_due(uv_timer_t *timer)
{
	struct mapping *m = timer->data;

	clasp_rules_take_due(m->rules, clasp_clock_mono_us());
	mapping_schedule(m);
}

/* Tell people of what the rules could not do since. */
static void
mapping_tell(struct mapping *m)
{
	const struct clasp_rules_counts *counts = clasp_rules_counts(m->rules);

	cli_tally(&m->tallies[MAPPING_NOT_FINITE], "rules",
	    counts->not_finite);
	cli_tally(&m->tallies[MAPPING_BAD_ADDRESS], "rules",
	    counts->bad_address);
}

/* The counts, with those of the device. */
static void
mapping_report(const struct mapping *m)
{
	cli_tally_report(m->tallies, MAPPING_TALLIES, "rules");
}

static void
mapping_line(struct mapping *m, const struct clasp_line *line)
{
	if (!m->rules) {
		m->fn(line, m->user);
		return;
	}
	clasp_rules_apply(m->rules, line, clasp_clock_mono_us());
	mapping_tell(m);
	mapping_schedule(m);
}

/* The input has ended: what is held back comes now. */
static void
mapping_finish(struct mapping *m)
{
	if (m->rules) {
		clasp_rules_finish(m->rules);
		mapping_tell(m);
	}
	uv_timer_stop(&m->timer);
}

static void
mapping_close(struct mapping *m)
{
	uv_close((uv_handle_t *)&m->timer, NULL);
	clasp_rules_free(m->rules);
	m->rules = NULL;
}

#endif
