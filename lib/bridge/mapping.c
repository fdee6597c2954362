/* mapping.c - --map and -m of the bridges. */

#include "bridge/mapping.h"

#include <stdio.h>

#include "base/clock.h"
#include "tool/cli.h"

/* What the rules gave. */
static void
on_result(const struct clasp_line *line, void *user)
{
	struct clasp_mapping *m = user;

	m->fn(line, m->user);
}

void
clasp_mapping_read(struct clasp_rules *rules, int id)
{
	unsigned before = clasp_rules_count(rules);
	struct clasp_rule_error err;
	const char *arg = cli_arg();
	char place[4096];

	if (id == CLI_MAP) {
		if (clasp_rules_add(rules, clasp_str_c(arg), &err) < 0)
			cli_die(CLI_USAGE, arg, "column %u: %s", err.column,
			    err.reason);
		if (clasp_rules_count(rules) == before)
			cli_arg_bad("a pattern is missing");
	} else if (clasp_rules_load(rules, arg, &err) < 0) {
		if (err.line == 0)
			cli_die(CLI_UNREACHABLE, arg, "%s", err.reason);
		snprintf(place, sizeof place, "%s:%u:%u", arg, err.line,
		    err.column);
		cli_die(CLI_USAGE, place, "%s", err.reason);
	}
}

bool
clasp_mapping_option(struct clasp_mapping *m, int id)
{
	if (id != CLI_MAP && id != CLI_MAP_FILE)
		return false;
	if (!m->rules)
		m->rules = clasp_rules_new(on_result, m);
	if (!m->rules)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	clasp_mapping_read(m->rules, id);
	return true;
}

void
clasp_mapping_start(struct clasp_mapping *m, uv_loop_t *loop,
    struct clasp_counts *counts, clasp_rules_fn fn, void *user)
{
	const struct clasp_rules_counts *dropped;

	m->fn = fn;
	m->user = user;
	m->counts = counts;
	uv_timer_init(loop, &m->timer);
	m->timer.data = m;
	if (!m->rules)
		return;
	dropped = clasp_rules_counts(m->rules);
	clasp_counts_add(counts, "rules",
	    "result of an expr that is no number", &dropped->not_finite);
	clasp_counts_add(counts, "rules",
	    "line whose target made no address", &dropped->bad_address);
}

static void on_due(uv_timer_t *timer);

static void
schedule(struct clasp_mapping *m)
{
	uint64_t due = clasp_rules_due(m->rules);
	uint64_t now = clasp_clock_mono_us();

	if (due == UINT64_MAX)
		uv_timer_stop(&m->timer);
	else
		uv_timer_start(&m->timer, on_due,
		    due > now ? (due - now + 999) / 1000 : 0, 0);
}

static void
on_due(uv_timer_t *timer)
{
	struct clasp_mapping *m = timer->data;

	clasp_rules_take_due(m->rules, clasp_clock_mono_us());
	schedule(m);
}

void
clasp_mapping_line(struct clasp_mapping *m, const struct clasp_line *line)
{
	if (!m->rules) {
		m->fn(line, m->user);
		return;
	}
	clasp_rules_apply(m->rules, line, clasp_clock_mono_us());
	clasp_counts_tell(m->counts);
	schedule(m);
}

void
clasp_mapping_finish(struct clasp_mapping *m)
{
	if (m->rules) {
		clasp_rules_finish(m->rules);
		clasp_counts_tell(m->counts);
	}
	uv_timer_stop(&m->timer);
}

void
clasp_mapping_close(struct clasp_mapping *m)
{
	uv_close((uv_handle_t *)&m->timer, NULL);
	clasp_rules_free(m->rules);
	m->rules = NULL;
}
