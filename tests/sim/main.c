/*
 * main.c - sim: the relay's promises, played for.
 *
 *	sim [--seed N] [--steps N] [--game N] [--print]
 *	sim --replay FILE
 *	sim --promises
 *
 * A run is a number of games, each with limits and steps of its own, made
 * from one seed; without --seed a fresh one is taken and told.  Each promise
 * is one line of TAP: "ok" when nobody broke it and it was at stake often
 * enough.  A game that breaks one is printed as a short script, which
 * --replay plays again.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "game.h"
#include "generate.h"
#include "promise.h"
#include "script.h"
#include "shrink.h"

static const struct option options[] = {
	{ "seed", required_argument, NULL, 's' },
	{ "steps", required_argument, NULL, 'n' },
	{ "game", required_argument, NULL, 'g' },
	{ "replay", required_argument, NULL, 'r' },
	{ "print", no_argument, NULL, 'p' },
	{ "shrink", required_argument, NULL, 'k' },
	{ "promises", no_argument, NULL, 't' },
	{ NULL, 0, NULL, 0 }
};

static const char usage[] =
    "Usage: sim [--seed N] [--steps N] [--game N] [--shrink N] [--print]\n"
    "       sim --replay FILE [--shrink N]\n"
    "       sim --promises\n"
    "  --seed N     the same games again; without it fresh ones\n"
    "  --steps N    steps in all (100000)\n"
    "  --game N     steps of one game (1000)\n"
    "  --shrink N   games spent on a shorter script (2000); 0: none\n"
    "  --print      print the scripts, play nothing\n"
    "  --replay F   play one script, or the one in a log\n"
    "  --promises   what is promised, as a table\n";

/* Large games cost more. */
#define LARGE_EVERY	20

static uint64_t
number(const char *text)
{
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0) {
		fprintf(stderr, "sim: %s: not a number\n", text);
		exit(2);
	}
	return n;
}

static void
tell_breach(const struct sim_script *script)
{
	enum sim_promise p = sim_breach();

	printf("# broken: %s, %s: %s\n", sim_promise_name(p),
	    sim_promise_where(p), sim_promise_text(p));
	printf("# seen:   %s\n", sim_breach_text());
	printf("# the script, for --replay:\n");
	sim_script_print(stdout, script, SIM_IN_LOG);
	fflush(stdout);
}

/* What a run has come to. */
struct outcome {
	enum sim_promise broken;	/* PROMISES: none */
	uint64_t	 seed, step;
	struct sim_script script;	/* that breaks it */
};

/* One line of TAP for each promise; before the broken one, how. */
static int
table(uint64_t steps, const struct outcome *outcome)
{
	enum sim_promise p;
	uint64_t least;
	int bad = 0;
	bool ok;

	for (p = 0; p < PROMISES; p++) {
		least = outcome->broken == PROMISES ?
		    sim_promise_least(p, steps) : 0;
		ok = p != outcome->broken && sim_stakes(p) >= least;
		bad += !ok;
		if (p == outcome->broken) {
			printf("# seed %" PRIu64 ": step %" PRIu64 " breaks "
			    "a promise\n", outcome->seed, outcome->step);
			tell_breach(&outcome->script);
		}
		printf("%sok %d - %-11s %-40s at stake %" PRIu64,
		    ok ? "" : "not ", (int)p + 1, sim_promise_where(p),
		    sim_promise_text(p), sim_stakes(p));
		if (!ok && p != outcome->broken)
			printf(", at least %" PRIu64 " are wanted", least);
		printf("\n");
	}
	printf("1..%d\n", PROMISES);
	return bad ? 1 : 0;
}

static int
replay(const char *path, uint32_t shrink)
{
	struct sim_script script;
	int64_t at;

	if (sim_script_read(&script, path) < 0)
		return 3;
	at = sim_play(&script);
	if (at >= 0) {
		printf("# step %" PRId64 " of %u\n", at + 1, script.count);
		if (shrink > 0)
			sim_shrink(&script, shrink);
		tell_breach(&script);
	} else {
		printf("%u steps, no promise broken\n", script.count);
	}
	sim_script_clear(&script);
	return at >= 0;
}

/* For docs/simulator.md, which is compared with it. */
static void
print_promises(void)
{
	int p;

	for (p = 0; p < PROMISES; p++)
		printf("| %s | %s | %s |\n",
		    sim_promise_name((enum sim_promise)p),
		    sim_promise_where((enum sim_promise)p),
		    sim_promise_text((enum sim_promise)p));
}

/* All games of a run, until one breaks a promise. */
static void
run(struct outcome *outcome, uint64_t steps, uint32_t each, uint32_t shrink,
    bool print)
{
	struct sim_script *script = &outcome->script;
	uint64_t done;
	int64_t at;

	for (done = 0; done < steps; done += each) {
		if (each > steps - done)
			each = (uint32_t)(steps - done);
		sim_generate(script, outcome->seed + done, each, done / each %
		    LARGE_EVERY == LARGE_EVERY / 2);
		if (print) {
			sim_script_print(stdout, script, "");
		} else if ((at = sim_play(script)) >= 0) {
			outcome->broken = sim_breach();
			outcome->step = done + (uint64_t)at + 1;
			script->count = (uint32_t)at + 1;
			if (shrink > 0)
				sim_shrink(script, shrink);
			return;
		}
		sim_script_clear(script);
	}
}

int
main(int argc, char **argv)
{
	struct outcome outcome = { .broken = PROMISES };
	uint64_t steps = 100000, each = 1000, shrink = 2000;
	const char *file = NULL;
	bool print = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (c) {
		case 's':
			outcome.seed = number(optarg);
			break;
		case 'n':
			steps = number(optarg);
			break;
		case 'g':
			each = number(optarg);
			break;
		case 'k':
			shrink = number(optarg);
			break;
		case 'r':
			file = optarg;
			break;
		case 'p':
			print = true;
			break;
		case 't':
			print_promises();
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	if (optind < argc || each == 0 || each > 1000000) {
		fputs(usage, stderr);
		return 2;
	}
	if (file != NULL)
		return replay(file, (uint32_t)shrink);
	if (outcome.seed == 0 && getrandom(&outcome.seed, 5, 0) < 0)
		outcome.seed = (uint64_t)time(NULL);
	if (!print)
		printf("# sim --seed %" PRIu64 " --steps %" PRIu64 "\n",
		    outcome.seed, steps);
	fflush(stdout);
	run(&outcome, steps, (uint32_t)each, (uint32_t)shrink, print);
	c = print ? 0 : table(steps, &outcome);
	sim_script_clear(&outcome.script);
	return c;
}
