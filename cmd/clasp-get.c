/* clasp-get - prints the values of params. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "client/gather.h"
#include "client/once.h"
#include "client/report.h"
#include "tool/cli.h"
#include "tool/lineio.h"
#include "wire/address.h"

static const struct cli_option own[] = {
	{ CLI_COUNT, 'n', "count", "N",
	    "print at most N lines", CLI_ARG, 0, NULL },
	{ CLI_TIMEOUT_OPT, 'T', "timeout", "D",
	    "give up after D, exit 124", CLI_ARG, 0, NULL },
	{ 0, 0, NULL, NULL, NULL, 0, 0, NULL }
};
static const struct cli_option *const tables[] = {
	own, cli_output_options, cli_link_options, cli_basic_options, NULL
};
static const char *const examples[] = {
	"the bare value", "clasp-get /lights/front/level",
	"all lights, as lines", "clasp-get '/lights/**'",
	"who wrote it, and when", "clasp-get -o text -v /mix/1",
	NULL
};
static const struct cli_tool tool = {
	.name = "clasp-get",
	.operands = "ADDRESS|'PATTERN' ...",
	.summary = "print values of params",
	.tables = tables,
	.examples = examples,
	.operand_complete = CLI_COMPLETE_ADDRESS
};

/* What came for one operand; printed in their order, when all is there. */
struct answer {
	const char	*operand;
	bool		 exact;		/* an address, not a pattern */
	bool		 refused;
	struct clasp_gather got;
};

static struct answer *answers;
static int unanswered;
static long printed;

static void
keep(struct answer *a, const struct clasp_param *param)
{
	if (clasp_gather_param(&a->got, param) < 0)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
}

static void
on_param(struct clasp_client *c, const struct clasp_delivery *d, void *user)
{
	(void)c;
	if (d->snapshot)
		keep(user, d->param);
}

static void
on_reply(struct clasp_client *c, const struct clasp_reply *reply, void *user)
{
	struct answer *a = user;

	if (reply->error == CLASP_EREFUSED) {
		clasp_report_refused(clasp_str_c(a->operand), reply);
		a->refused = true;
	} else if (reply->error == 0 && a->exact) {
		keep(a, &reply->msg->snapshot.params[0]);
	} else if (reply->error == CLASP_ECLOSED) {
		a->refused = true;
	}
	if (--unanswered == 0)
		clasp_client_close(c);
}

static void
begin(struct clasp_client *c, void *user)
{
	struct clasp_subscribe ask = { .types = 1u << CLASP_PARAM };
	int i, n = cli_operand_count(), r;
	struct answer *a;

	(void)user;
	unanswered = n;
	for (i = 0; i < n; i++) {
		a = &answers[i];
		ask.pattern = clasp_str_c(a->operand);
		if (a->exact)
			r = clasp_client_get(c, ask.pattern, on_reply, a);
		else
			r = clasp_client_subscribe_with(c, &ask, on_param,
			    on_reply, a);
		if (r < 0)
			cli_die(CLI_UNREACHABLE, NULL, "%s",
			    clasp_strerror(r));
	}
}

static void
print(const struct clasp_param *param)
{
	struct clasp_line line;
	struct clasp_item item;

	clasp_line_set(&line, &item, param->address, param->value);
	item.msg.set.has_revision = true;
	item.msg.set.revision = param->revision;
	item.by = param->writer;
	item.has_ts = param->has_timestamp;
	item.ts_us = param->timestamp_us;
	if (!cli_out_info())
		clasp_line_plain(&line);
	cli_out_line(&line, clasp_clock_unix_us());
}

static void
print_answer(struct answer *a)
{
	size_t i;

	if (a->got.count == 0 && !a->refused) {
		cli_warn(a->operand, "no value");
		cli_fail(CLI_NO);
	}
	clasp_gather_sort(&a->got);
	for (i = 0; i < a->got.count; i++) {
		if (cli.count >= 0 && printed >= cli.count)
			break;
		print(&a->got.params[i]);
		printed++;
	}
}

int
main(int argc, char **argv)
{
	bool lines = false;
	int i, n;

	cli_begin(&tool, argc, argv);
	while (cli_next() != 0)
		;
	n = cli_operand_count();
	cli_check_count(1, -1, "ADDRESS");
	cli_check_patterns(0);
	answers = calloc((size_t)n, sizeof *answers);
	if (!answers)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	for (i = 0; i < n; i++) {
		answers[i].operand = cli_operands()[i];
		answers[i].exact = clasp_pattern_literal(
		    clasp_str_c(answers[i].operand));
		clasp_gather_init(&answers[i].got);
		lines |= !answers[i].exact;
	}
	/* Who asks for addresses knows them: the bare values are enough. */
	if (!lines && !cli.output && !cli.format)
		cli.output = "values";
	cli_out_check();
	clasp_once(begin, NULL);
	for (i = 0; i < n; i++) {
		if (cli_exit_code() != CLI_TIMEOUT &&
		    cli_exit_code() != CLI_UNREACHABLE)
			print_answer(&answers[i]);
		clasp_gather_clear(&answers[i].got);
	}
	if (cli.count >= 0 && printed < cli.count)
		cli_fail(CLI_NO);
	free(answers);
	cli_end();
}
