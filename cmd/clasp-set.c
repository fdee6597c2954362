/* clasp-set - sets params on a relay. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "client/holder.h"
#include "client/once.h"
#include "client/report.h"
#include "tool/cli.h"
#include "wire/address.h"
#include "wire/line.h"

enum { OPT_STRING = CLI_OWN, OPT_GLOB, OPT_TTL, OPT_IF_REV, OPT_SPLIT };

static const struct cli_option own[] = {
	{ OPT_STRING, 's', "string", NULL,
	    "take each VALUE as a string, whatever it looks like", 0, 0, NULL },
	{ OPT_GLOB, 'g', "glob", NULL,
	    "set every param that exists under each pattern", 0, 0, NULL },
	{ OPT_TTL, 0, "ttl", "D",
	    "let the value expire D after its last use (whole seconds)",
	    CLI_ARG, 0, NULL },
	{ OPT_IF_REV, 0, "if-rev", "N",
	    "only if the param's revision is N", CLI_ARG, 0, NULL },
	{ OPT_SPLIT, 0, "split", NULL,
	    "send more than one bundle holds as several", 0, 0, NULL },
	{ CLI_STRICT, 0, "strict", NULL,
	    "a VALUE that is no value is an error, not a string", 0, 0, NULL },
	{ CLI_TIMEOUT_OPT, 'T', "timeout", "D",
	    "give up after D, exit 124", CLI_ARG, 0, NULL },
	{ 0, 0, NULL, NULL, NULL, 0, 0, NULL }
};
static const struct cli_option *const tables[] = {
	own, cli_wait_options, cli_link_options, cli_basic_options, NULL
};
static const char *const examples[] = {
	"a light at three quarters", "clasp-set /lights/front/level 0.75",
	"several at once, as one bundle", "clasp-set /mix/1 0.5 /mix/2 0.25",
	"all that exist to zero", "clasp-set -g '/dmx/1/*' 0",
	NULL
};
static const struct cli_tool tool = {
	.name = "clasp-set",
	.operands = "ADDRESS VALUE ...",
	.summary = "set params",
	.tables = tables,
	.examples = examples,
	.operand_complete = CLI_COMPLETE_ADDRESS
};

/* The SETs to send. */
static struct clasp_msg *sets;
static size_t nsets, cap;
static struct clasp_arena arena;

static bool as_string, glob, split, has_ttl, has_rev;
static uint32_t ttl;
static uint64_t if_rev;

static size_t unanswered;	/* messages, or -g patterns */

static void
add(struct clasp_str address, struct clasp_value value)
{
	struct clasp_msg *msg;

	if (nsets == cap) {
		cap = cap ? cap * 2 : 16;
		sets = realloc(sets, cap * sizeof *sets);
		if (!sets)
			cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	}
	msg = &sets[nsets++];
	*msg = (struct clasp_msg){ .type = CLASP_SET };
	msg->set.address = address;
	msg->set.value = value;
	msg->set.has_ttl = has_ttl;
	msg->set.ttl = ttl;
	msg->set.has_revision = has_rev;
	msg->set.revision = if_rev;
}

static struct clasp_value
value_of(const char *text)
{
	struct clasp_str s = clasp_str_c(text);
	struct clasp_line_error e;
	struct clasp_value v;
	int r;

	if (as_string)
		return clasp_string(s);
	r = clasp_value_parse(s, &arena, &v, &e);
	if (r == 0)
		return v;
	if (cli.strict || r == CLASP_ERANGE || r == CLASP_EDEPTH)
		cli_die(CLI_USAGE, text, "%s", e.reason);
	return clasp_string(s);
}

/* -------------------------------------------------------------- answers */

static void
answered(struct clasp_client *c)
{
	if (--unanswered == 0)
		clasp_client_close(c);
}

/* A refused SET; a relay may leave out how the param stands now. */
static char refused_address[CLASP_ADDRESS_MAX + 1];
static char refused_text[300];

static void
on_now(struct clasp_client *c, const struct clasp_reply *reply, void *user)
{
	const struct clasp_param *param;

	(void)user;
	if (reply->error == 0) {
		param = &reply->msg->snapshot.params[0];
		cli_warn(refused_address, "%s (it has revision %llu now)",
		    refused_text, (unsigned long long)param->revision);
	} else if (reply->error == CLASP_ENOENT) {
		cli_warn(refused_address, "%s (it has no value now)",
		    refused_text);
	} else {
		cli_warn(refused_address, "%s", refused_text);
	}
	answered(c);
}

static void
on_holder(struct clasp_client *c, const char *words, void *user)
{
	(void)user;
	cli_warn(refused_address, "%s", words);
	answered(c);
}

static void
on_reply(struct clasp_client *c, const struct clasp_reply *reply, void *user)
{
	struct clasp_str address = reply->address;

	(void)user;
	if (reply->error == CLASP_EREFUSED && address.p)
		snprintf(refused_address, sizeof refused_address, "%.*s",
		    CLASP_STR_ARG(address));
	if (reply->error == CLASP_EREFUSED && reply->code == 401 &&
	    address.p && unanswered == 1) {
		cli_fail(clasp_report_exit(reply->code));
		clasp_holder_ask(c, reply->text, on_holder, NULL);
		return;
	}
	snprintf(refused_text, sizeof refused_text, "%.*s",
	    CLASP_STR_ARG(reply->text));
	if (reply->error == CLASP_EREFUSED && reply->code == 400 &&
	    address.p && has_rev && !strstr(refused_text, "actual ")) {
		cli_fail(clasp_report_exit(reply->code));
		if (clasp_client_get(c, address, on_now, NULL) == 0)
			return;
	} else if (reply->error) {
		clasp_report_refused(nsets == 1 ? sets[0].set.address :
		    CLASP_STR_NONE, reply);
	}
	answered(c);
}

/* -------------------------------------------------------------- sending */

/*
 * How many of the SETs from the first on one bundle holds; their bytes go to
 * *bytes.
 */
static size_t
fit(size_t first, size_t *bytes)
{
	static uint8_t room[CLASP_PAYLOAD_MAX];
	size_t total = 4, i;
	int n;

	for (i = first; i < nsets; i++) {
		n = clasp_msg_encode(room, sizeof room, &sets[i]);
		if (n < 0 && n != CLASP_ETOOBIG && n != CLASP_ENOSPC)
			cli_die(CLI_USAGE, NULL, "%s", clasp_strerror(n));
		if (n < 0 || (size_t)n + 6 > CLASP_PAYLOAD_MAX)
			cli_die(CLI_USAGE, NULL, "a value of about %zu bytes "
			    "does not fit into one frame",
			    clasp_value_size(&sets[i].set.value));
		if (total + (size_t)n + 2 > CLASP_PAYLOAD_MAX)
			break;
		total += (size_t)n + 2;
	}
	*bytes = total;
	return i - first;
}

static void
send_one(struct clasp_client *c, const struct clasp_msg *msg)
{
	int r = clasp_client_send(c, msg, NULL, on_reply, NULL);

	if (r < 0)
		cli_die(CLI_USAGE, NULL, "%s", clasp_strerror(r));
	unanswered++;
}

/* All of them: one SET, one bundle, or with --split several. */
static void
send_all(struct clasp_client *c)
{
	struct clasp_msg bundle = { .type = CLASP_BUNDLE };
	size_t at, n, bytes, needed = 0;

	if (nsets == 1) {
		fit(0, &bytes);
		send_one(c, &sets[0]);
		return;
	}
	for (at = 0; !split && at < nsets; at += n) {
		n = fit(at, &bytes);
		needed += bytes;
	}
	if (!split && needed > CLASP_PAYLOAD_MAX)
		cli_die(CLI_USAGE, NULL, "%zu values take %zu bytes, one "
		    "bundle holds %d: nothing sent, try --split", nsets,
		    needed, CLASP_PAYLOAD_MAX);
	for (at = 0; at < nsets; at += n) {
		n = fit(at, &bytes);
		bundle.bundle.count = (uint32_t)n;
		bundle.bundle.messages = sets + at;
		send_one(c, &bundle);
	}
}

/* ------------------------------------------------------------------- -g */

struct target {
	const char	*pattern;
	struct clasp_value value;
};

static void
on_param(struct clasp_client *c, const struct clasp_delivery *d, void *user)
{
	const struct target *target = user;
	struct clasp_str address;

	(void)c;
	if (!d->snapshot)
		return;
	address = clasp_arena_dup(&arena, d->param->address);
	if (!address.p)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	add(address, target->value);
}

static int
by_address(const void *a, const void *b)
{
	const struct clasp_msg *p = a, *q = b;

	return clasp_str_cmp(p->set.address, q->set.address);
}

/* Patterns may overlap; each address is set once, to the last value. */
static void
unique(void)
{
	size_t i, kept = 0;

	qsort(sets, nsets, sizeof *sets, by_address);
	for (i = 0; i < nsets; i++)
		if (i + 1 == nsets || !clasp_str_eq(sets[i].set.address,
		    sets[i + 1].set.address))
			sets[kept++] = sets[i];
	nsets = kept;
}

static void
on_snapshot(struct clasp_client *c, const struct clasp_reply *reply,
    void *user)
{
	const struct target *target = user;

	if (reply->error == CLASP_ECLOSED)
		return;
	if (reply->error)
		clasp_report_refused(clasp_str_c(target->pattern), reply);
	if (--unanswered > 0)
		return;
	if (nsets == 0 && cli_exit_code() == CLI_OK) {
		cli_warn(target->pattern, "no param to set");
		cli_fail(CLI_NO);
	}
	if (cli_exit_code() != CLI_OK) {
		clasp_client_close(c);
		return;
	}
	unique();
	send_all(c);
}

static void
find(struct clasp_client *c)
{
	struct clasp_subscribe ask = { .types = 1u << CLASP_PARAM };
	int i, n = cli_operand_count() / 2;
	struct target *targets;

	targets = clasp_arena_alloc(&arena, (size_t)n * sizeof *targets);
	if (!targets)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	unanswered = (size_t)n;
	for (i = 0; i < n; i++) {
		targets[i].pattern = cli_operands()[2 * i];
		targets[i].value = value_of(cli_operands()[2 * i + 1]);
		ask.pattern = clasp_str_c(targets[i].pattern);
		if (clasp_client_subscribe_with(c, &ask, on_param,
		    on_snapshot, &targets[i]) < 0)
			cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	}
}

static void
begin(struct clasp_client *c, void *user)
{
	(void)user;
	if (glob)
		find(c);
	else
		send_all(c);
}

/* ----------------------------------------------------------------- main */

static void
take_ttl(void)
{
	uint64_t us = cli_arg_duration_us();

	if (us % 1000000 != 0)
		cli_arg_bad("'%s' is not whole seconds", cli_arg());
	if (us / 1000000 >= CLASP_TTL_ABSOLUTE)
		cli_arg_bad("too long");
	has_ttl = true;
	ttl = (uint32_t)(us / 1000000);
}

static void
take_options(int argc, char **argv)
{
	int id;

	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0)
		switch (id) {
		case OPT_STRING:
			as_string = true;
			break;
		case OPT_GLOB:
			glob = true;
			break;
		case OPT_TTL:
			take_ttl();
			break;
		case OPT_IF_REV:
			has_rev = true;
			if (clasp_uint_parse(clasp_str_c(cli_arg()),
			    &if_rev) < 0)
				cli_arg_bad("'%s' is not a revision",
				    cli_arg());
			break;
		case OPT_SPLIT:
			split = true;
			break;
		}
}

int
main(int argc, char **argv)
{
	char **operands;
	int i, n;

	take_options(argc, argv);
	operands = cli_operands();
	n = cli_operand_count();
	if (n == 0)
		cli_usage(glob ? "no PATTERN given" : "no ADDRESS given");
	if (n % 2)
		cli_usage("%s: no VALUE given", operands[n - 1]);
	if (has_rev && (glob || n != 2))
		cli_usage("--if-rev goes with one ADDRESS and VALUE");
	clasp_arena_init(&arena, NULL, 0, (size_t)1 << 30);
	for (i = 0; i < n; i += 2) {
		if (glob) {
			cli_check_pattern(operands[i]);
			value_of(operands[i + 1]);
			continue;
		}
		cli_check_address(operands[i]);
		add(clasp_str_c(operands[i]), value_of(operands[i + 1]));
	}
	clasp_once(begin, NULL);
	free(sets);
	clasp_arena_clear(&arena);
	cli_end();
}
