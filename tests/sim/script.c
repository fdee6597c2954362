/* script.c - a game as text. */
#include "script.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

enum { NUMBER, ADDRESS, PATTERN };

struct arg {
	const char	*name;
	int		 kind;
};

static const struct op {
	const char	*name;
	bool		 client;
	struct arg	 args[SIM_ARGS];
} ops[OPS] = {
	[OP_OPEN] = { "open", true, { { "framing", NUMBER } } },
	[OP_HELLO] = { "hello", true, { { "version", NUMBER },
	    { "features", NUMBER } } },
	[OP_SET] = { "set", true, { { "address", ADDRESS },
	    { "value", NUMBER }, { "expect", NUMBER }, { "flags", NUMBER },
	    { "ttl", NUMBER } } },
	[OP_GET] = { "get", true, { { "address", ADDRESS } } },
	[OP_PUBLISH] = { "publish", true, { { "address", ADDRESS },
	    { "kind", NUMBER }, { "phase", NUMBER }, { "id", NUMBER },
	    { "value", NUMBER } } },
	[OP_SUBSCRIBE] = { "subscribe", true, { { "id", NUMBER },
	    { "pattern", PATTERN }, { "types", NUMBER }, { "rate", NUMBER },
	    { "epsilon", NUMBER } } },
	[OP_UNSUBSCRIBE] = { "unsubscribe", true, { { "id", NUMBER } } },
	[OP_COMPOSE] = { "compose", true, { { NULL, 0 } } },
	[OP_BUNDLE] = { "bundle", true, { { "when", NUMBER } } },
	[OP_ANNOUNCE] = { "announce", true, { { "address", ADDRESS },
	    { "kind", NUMBER }, { "range", NUMBER } } },
	[OP_QUERY] = { "query", true, { { "pattern", PATTERN } } },
	[OP_SYNC] = { "sync", true, { { "t1", NUMBER } } },
	[OP_PING] = { "ping", true, { { NULL, 0 } } },
	[OP_SIGNAL] = { "signal", true, { { "to", NUMBER },
	    { "from", NUMBER } } },
	[OP_APPEAR] = { "appear", true, { { "as", NUMBER } } },
	[OP_HOSTILE] = { "hostile", true, { { "kind", NUMBER },
	    { "n", NUMBER } } },
	[OP_FLOOD] = { "flood", true, { { "kind", NUMBER },
	    { "count", NUMBER } } },
	[OP_DELAY] = { "delay", true, { { "on", NUMBER } } },
	[OP_DELIVER] = { "deliver", true, { { "units", NUMBER } } },
	[OP_WINDOW] = { "window", true, { { "bytes", NUMBER } } },
	[OP_STALL] = { "stall", true, { { NULL, 0 } } },
	[OP_CUT] = { "cut", true, { { NULL, 0 } } },
	[OP_WAIT] = { "wait", false, { { "us", NUMBER } } },
	[OP_TICK] = { "tick", false, { { NULL, 0 } } },
	[OP_DUE] = { "due", false, { { "late", NUMBER } } },
};

#define FIELD(name) { #name, offsetof(struct sim_config, name) }

static const struct {
	const char	*name;
	size_t		 at;
} fields[] = {
	FIELD(queue), FIELD(bytes), FIELD(burst), FIELD(sessions),
	FIELD(subs), FIELD(params), FIELD(evict), FIELD(signals),
	FIELD(param_ttl), FIELD(signal_ttl), FIELD(gestures),
	FIELD(interval), FIELD(rate), FIELD(strategies),
	FIELD(large), FIELD(churn),
};

#define NFIELDS	(sizeof fields / sizeof fields[0])

void
sim_script_add(struct sim_script *script, const struct sim_step *step)
{
	if (script->count == script->cap) {
		script->cap = script->cap ? script->cap * 2 : 256;
		script->steps = realloc(script->steps,
		    script->cap * sizeof *step);
		if (script->steps == NULL)
			abort();
	}
	script->steps[script->count++] = *step;
}

void
sim_script_clear(struct sim_script *script)
{
	free(script->steps);
	memset(script, 0, sizeof *script);
}

/* -------------------------------------------------------------- printing */

static void
step_print(FILE *out, const struct sim_step *step)
{
	const struct op *op = &ops[step->op];
	int i;

	fputs(op->name, out);
	if (op->client)
		fprintf(out, " client=%u", step->client);
	for (i = 0; i < SIM_ARGS && op->args[i].name != NULL; i++) {
		fprintf(out, " %s=", op->args[i].name);
		switch (op->args[i].kind) {
		case ADDRESS:
			fputs(sim_address_name(step->arg[i]), out);
			break;
		case PATTERN:
			fputs(sim_pattern_name(step->arg[i]), out);
			break;
		default:
			fprintf(out, "%" PRId64, step->arg[i]);
		}
	}
	fputs(step->more ? " +\n" : "\n", out);
}

void
sim_script_print(FILE *out, const struct sim_script *script,
    const char *prefix)
{
	uint32_t i;

	fprintf(out, "%sconfig", prefix);
	for (i = 0; i < NFIELDS; i++)
		fprintf(out, " %s=%" PRId64, fields[i].name,
		    *(const int64_t *)((const char *)&script->config +
		    fields[i].at));
	fputs("\n", out);
	for (i = 0; i < script->count; i++) {
		fputs(prefix, out);
		step_print(out, &script->steps[i]);
	}
}

/* --------------------------------------------------------------- reading */

static int
number(const char *text, int64_t *out)
{
	char *end;

	*out = strtoll(text, &end, 10);
	return end == text || *end != '\0' ? -1 : 0;
}

static int
read_config(struct sim_config *config, char *word, char *value)
{
	uint32_t i;

	for (i = 0; i < NFIELDS; i++)
		if (strcmp(word, fields[i].name) == 0)
			return number(value, (int64_t *)((char *)config +
			    fields[i].at));
	return -1;
}

static int
read_arg(const struct op *op, struct sim_step *step, char *word, char *value)
{
	int64_t n;
	int i;

	if (op->client && strcmp(word, "client") == 0) {
		if (number(value, &n) < 0 || n < 0 || n >= SIM_CLIENTS)
			return -1;
		step->client = (uint8_t)n;
		return 0;
	}
	for (i = 0; i < SIM_ARGS && op->args[i].name != NULL; i++) {
		if (strcmp(word, op->args[i].name) != 0)
			continue;
		switch (op->args[i].kind) {
		case ADDRESS:
			step->arg[i] = sim_address_by_name(
			    clasp_str_c(value));
			return step->arg[i] < 0 ? -1 : 0;
		case PATTERN:
			step->arg[i] = sim_pattern_by_name(
			    clasp_str_c(value));
			return step->arg[i] < 0 ? -1 : 0;
		default:
			return number(value, &step->arg[i]);
		}
	}
	return -1;
}

static int
read_line(struct sim_script *script, char *line)
{
	struct sim_step step = { 0 };
	const struct op *op = NULL;
	char *word, *value;
	int i, error;

	if (strncmp(line, SIM_IN_LOG, strlen(SIM_IN_LOG)) == 0)
		line += strlen(SIM_IN_LOG);
	if (strncmp(line, "ok ", 3) == 0 || strncmp(line, "not ", 4) == 0 ||
	    strncmp(line, "1..", 3) == 0)
		return 0;
	word = strtok(line, " \t\r\n");
	if (word == NULL || word[0] == '#')
		return 0;
	for (i = 0; i < OPS && op == NULL; i++)
		if (strcmp(word, ops[i].name) == 0)
			op = &ops[i];
	if (op == NULL && strcmp(word, "config") != 0)
		return -1;
	while ((word = strtok(NULL, " \t\r\n")) != NULL) {
		if (strcmp(word, "+") == 0) {
			step.more = true;
			continue;
		}
		value = strchr(word, '=');
		if (value == NULL)
			return -1;
		*value++ = '\0';
		error = op ? read_arg(op, &step, word, value) :
		    read_config(&script->config, word, value);
		if (error < 0)
			return -1;
	}
	if (op != NULL) {
		step.op = (uint8_t)(op - ops);
		sim_script_add(script, &step);
	}
	return 0;
}

int
sim_script_read(struct sim_script *script, const char *path)
{
	FILE *in = fopen(path, "r");
	unsigned n = 0;
	char line[512];
	int error = 0;

	memset(script, 0, sizeof *script);
	if (in == NULL) {
		perror(path);
		return -1;
	}
	while (error == 0 && fgets(line, sizeof line, in) != NULL) {
		n++;
		error = read_line(script, line);
	}
	fclose(in);
	if (error < 0)
		fprintf(stderr, "sim: %s:%u: not a step\n", path, n);
	return error;
}
