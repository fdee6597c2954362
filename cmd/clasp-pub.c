/* clasp-pub - sends one message, or the lines of stdin, to a relay. */
#include <stdlib.h>

#include "base/error.h"
#include "client/pump.h"
#include "tool/cli.h"
#include "tool/lineio.h"
#include "wire/line.h"

enum { OPT_CAS = CLI_OWN, OPT_KEEP_GOING, OPT_STRING };

static const struct cli_option own[] = {
	{ OPT_CAS, 0, "cas", NULL,
	    "rev= is a condition: the revision a param must have", 0, 0,
	    NULL },
	{ OPT_KEEP_GOING, 0, "keep-going", NULL,
	    "pass over bad lines, exit 6 at the end (the default)", 0, 0,
	    NULL },
	{ OPT_STRING, 's', "string", NULL,
	    "take VALUE as a string, whatever it looks like", 0, 0, NULL },
	{ 0, 0, NULL, NULL, NULL, 0, 0, NULL }
};
static const struct cli_option *const tables[] = {
	own, cli_input_options, cli_wait_options, cli_stop_options,
	cli_run_options, cli_link_options, cli_basic_options, NULL
};
static const char *const examples[] = {
	"one event", "clasp-pub /cue/go event '{\"id\":\"intro\"}'",
	"512 channels to full",
	"seq 1 512 | sed 's#.*#/dmx/1/& 255#' | clasp-pub",
	"two that change together", "echo '/l/a 1 ; /l/b 0' | clasp-pub -",
	NULL
};
static const struct cli_tool tool = {
	.name = "clasp-pub",
	.operands = "[ADDRESS [VERB] [VALUE]]",
	.summary = "send messages to a relay",
	.tables = tables,
	.examples = examples,
	.operand_complete = CLI_COMPLETE_ADDRESS
};

static bool as_string, ended;

/* ------------------------------------------------- one message, as words */

static void
put_value(struct clasp_buf *text, const char *word, struct clasp_arena *arena)
{
	struct clasp_str s = clasp_str_c(word);
	struct clasp_line_error e;
	struct clasp_value v;
	int r = as_string ? CLASP_ESYNTAX :
	    clasp_value_parse(s, arena, &v, &e);

	if (r == 0)
		clasp_value_format(text, &v, CLASP_LINE_EXACT);
	else if (as_string || (r != CLASP_ERANGE && r != CLASP_EDEPTH &&
	    !cli.strict))
		clasp_string_format(text, s);
	else
		cli_die(CLI_USAGE, word, "%s", e.reason);
}

/* Words between address and value; one that ends the message without any
 * value is a verb, or an attribute. */
static bool
is_verb(const char *word)
{
	static const char *const verbs[] = { "set", "event", "stream",
		"samples", "gesture", "timeline", "lock", "unlock" };
	size_t i;

	for (i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (strcmp(word, verbs[i]) == 0)
			return true;
	return false;
}

/* The operands as a line; dies when they are none. */
static void
take_words(struct clasp_line *line, struct clasp_buf *text,
    struct clasp_arena *arena)
{
	char **words = cli_operands();
	int n = cli_operand_count(), i;
	struct clasp_line_error e;

	cli_check_address(words[0]);
	if (n == 1)
		cli_usage("%s: no VALUE given", words[0]);
	clasp_string_format(text, clasp_str_c(words[0]));
	for (i = 1; i < n - 1; i++)
		clasp_buf_printf(text, " %s", words[i]);
	clasp_buf_add_u8(text, ' ');
	/* The last one is the value, unless it can only be a word. */
	if (!as_string && (is_verb(words[n - 1]) || (n > 2 &&
	    strncmp(words[n - 1], "phase=", 6) == 0)))
		clasp_buf_add_c(text, words[n - 1]);
	else
		put_value(text, words[n - 1], arena);
	if (clasp_line_parse(clasp_buf_str(text), arena, line, &e) < 0)
		cli_die(CLI_USAGE, words[0], "%s", e.reason);
	if (line->kind != CLASP_LINE_DATA || line->count != 1)
		cli_die(CLI_USAGE, words[0], "not one message");
}

/* --------------------------------------------------------------- sending */

static void
on_line(struct clasp_pump *p, const struct clasp_line *line, bool snapshot,
    void *user)
{
	(void)snapshot;
	(void)user;
	clasp_pump_emit(p, line);
}

static void
on_barrier(struct clasp_client *c, const struct clasp_reply *reply,
    void *user)
{
	(void)c;
	(void)reply;
	clasp_pump_stop(user);
}

/* All is handed over: leave when the relay has worked it off. */
static void
on_end(struct clasp_pump *p, void *user)
{
	struct clasp_client *c = clasp_pump_client(p);

	(void)user;
	if (ended)
		return;
	ended = true;
	if ((cli.no_wait && clasp_client_connected(c)) ||
	    clasp_client_barrier(c, on_barrier, p) < 0)
		clasp_pump_stop(p);
}

static void
on_finish(struct clasp_pump *p, void *user)
{
	if (cli_signal() || cli_exit_code() == CLI_TIMEOUT)
		clasp_pump_stop(p);
	else
		on_end(p, user);
}

int
main(int argc, char **argv)
{
	struct clasp_pump_config config = {
		.source = true,
		.relay = true,
		.input = true,
		.line = on_line,
		.end = on_end,
		.finish = on_finish,
		.ttl_as_given = true
	};
	struct clasp_buf text = { 0 };
	struct clasp_arena arena;
	struct clasp_line line;
	struct clasp_pump *p;
	int id, n;

	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0) {
		config.cas |= id == OPT_CAS;
		as_string |= id == OPT_STRING;
	}
	n = cli_operand_count();
	config.sink = n == 0 || (n == 1 && strcmp(*cli_operands(), "-") == 0);
	clasp_arena_init(&arena, NULL, 0, 64u << 20);
	if (!config.sink)
		take_words(&line, &text, &arena);
	cli.reconnect = false;
	p = clasp_pump_new(uv_default_loop(), &config);
	if (!config.sink) {
		clasp_pump_emit(p, &line);
		on_end(p, NULL);
	}
	clasp_pump_ready(p);
	clasp_pump_run(p);
	clasp_arena_clear(&arena);
	clasp_buf_clear(&text);
	cli_end();
}
