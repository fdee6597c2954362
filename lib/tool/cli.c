/*
 * cli.c - the command line: cut into options and operands at once, then laid
 * over the environment and the configuration file.
 */
#include "tool/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "tool/complete.h"
#include "tool/config.h"
#include "tool/help.h"
#include "tool/lineio.h"
#include "tool/message.h"
#include "tool/option.h"
#include "tool/shared.h"
#include "tool/token.h"
#include "wire/address.h"

/* An option that was given, wherever. */
struct given {
	const struct cli_option *option;
	const char	*arg;		/* NULL: none */
	const char	*as;		/* "--count", "-n", "FILE:1: count" */
};

struct cli_common cli;

static const struct cli_tool *tool;
static struct given *given;	/* the command line's, in order */
static size_t ngiven;
static struct given *own;	/* what cli_next hands out */
static size_t nown, next_own;
static struct given current;
static char **operands;
static int noperands;
static const char *config_path;
static struct cli_config config;

static void *
must(void *p)
{
	if (p == NULL)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	return p;
}

static const char *text_of(const char *format, ...)
	    __attribute__((format(printf, 1, 2)));

/* Text that lives as long as the program: what an option is called. */
static const char *
text_of(const char *format, ...)
{
	static char **kept;
	static size_t nkept;
	va_list ap;
	char *text;
	int n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	if (n < 0)
		text = NULL;
	kept = must(realloc(kept, (nkept + 1) * sizeof *kept));
	kept[nkept++] = must(text);
	return text;
}

static void
push(struct given **list, size_t *n, struct given g)
{
	*list = must(realloc(*list, (*n + 1) * sizeof g));
	(*list)[(*n)++] = g;
}

/* ---------------------------------------------------- the command line */

/* "-3", "-.5" and "-inf" are arguments, not options. */
static bool
is_operand(const char *word)
{
	return word[0] != '-' || word[1] == '\0' ||
	    (word[1] >= '0' && word[1] <= '9') || word[1] == '.' ||
	    strncmp(word + 1, "inf", 3) == 0;
}

/* A secret is kept, and taken out of what ps(1) shows. */
static const char *
keep_secret(char *arg)
{
	char *copy = must(strdup(arg));

	memset(arg, ' ', strlen(arg));
	return copy;
}

static void
take(const struct cli_option *o, char *arg, const char *as)
{
	const char *value = arg;

	if (arg != NULL && (o->flags & CLI_SECRET))
		value = keep_secret(arg);
	push(&given, &ngiven, (struct given){ o, value, as });
}

/* Names that begin so, for a message. */
static void
ambiguous(struct clasp_str name)
{
	struct clasp_buf names = { 0 };
	const struct cli_option *o;
	int table = 0, row = 0;

	while ((o = cli_option_next(tool, &table, &row)) != NULL)
		if (o->name != NULL && !(o->flags & CLI_HIDDEN) &&
		    clasp_str_starts(clasp_str_c(o->name), name))
			clasp_buf_printf(&names, "%s--%s",
			    names.len ? ", " : "", o->name);
	cli_usage("--%.*s: could be %s", CLASP_STR_ARG(name),
	    clasp_buf_cstr(&names));
}

/* "--name", "--name=value", "--name value"; returns words used. */
static int
take_long(char **words, int left)
{
	char *text = words[0] + 2, *equals = strchr(text, '=');
	struct clasp_str name = clasp_str_of(text,
	    equals ? (size_t)(equals - text) : strlen(text));
	const struct cli_option *o;
	const char *as;
	int others = 0;

	o = cli_option_by_name(tool, name, &others);
	if (o == NULL && others > 0)
		ambiguous(name);
	if (o == NULL)
		cli_usage("--%.*s: unknown option", CLASP_STR_ARG(name));
	as = text_of("--%s", o->name);
	if (equals != NULL && !(o->flags & (CLI_ARG | CLI_ARG_MAYBE)))
		cli_usage("%s: takes no argument", as);
	if (equals != NULL || !(o->flags & CLI_ARG)) {
		take(o, equals ? equals + 1 : NULL, as);
		return 1;
	}
	if (left < 2)
		cli_usage("%s: needs an argument (%s)", as, o->arg);
	take(o, words[1], as);
	return 2;
}

/* "-qn1", "-n 1", "-t=rel"; returns words used. */
static int
take_short(char **words, int left)
{
	char *at = words[0] + 1;
	const struct cli_option *o;
	const char *as;

	for (; *at != '\0'; at++) {
		as = text_of("-%c", *at);
		o = cli_option_by_letter(tool, *at);
		if (o == NULL)
			cli_usage("%s: unknown option", as);
		if ((o->flags & CLI_ARG_MAYBE) && at[1] == '=') {
			take(o, at + 2, as);
			return 1;
		}
		if (!(o->flags & CLI_ARG)) {
			if (at[1] == '=')
				cli_usage("%s: takes no argument", as);
			take(o, NULL, as);
			continue;
		}
		if (at[1] != '\0') {
			take(o, at + 1, as);
			return 1;
		}
		if (left < 2)
			cli_usage("%s: needs an argument (%s)", as, o->arg);
		take(o, words[1], as);
		return 2;
	}
	return 1;
}

static void
put_and_exit(struct clasp_buf *text)
{
	cli_out_bytes(text->data, text->len);
	clasp_buf_clear(text);
	cli_end();
}

/* The hidden options, which stand in no table. */
static void
hidden(const char *word)
{
	struct clasp_buf text = { 0 };

	if (strcmp(word, "--options") == 0)
		cli_options_list(&text, tool);
	else if (strcmp(word, "--mdoc") == 0)
		cli_options_mdoc(&text, tool);
	else if (strncmp(word, "--completion=", 13) == 0) {
		if (!cli_completion(&text, tool, word + 13))
			cli_usage("%s: bash, zsh or fish", word);
	} else
		return;
	put_and_exit(&text);
}

static void
cut(int argc, char **argv)
{
	bool ended = false;
	int i = 1;

	operands = must(calloc((size_t)argc + 1, sizeof *operands));
	while (i < argc) {
		if (ended || is_operand(argv[i])) {
			operands[noperands++] = argv[i++];
		} else if (strcmp(argv[i], "--") == 0) {
			ended = true;
			i++;
		} else if (argv[i][1] == '-') {
			hidden(argv[i]);
			i += take_long(argv + i, argc - i);
		} else {
			i += take_short(argv + i, argc - i);
		}
	}
}

/* ------------------------------------------------- where things come from */

/* --help and --version win over everything but an unknown option. */
static void
answer_help(void)
{
	struct clasp_buf text = { 0 };
	size_t i;

	for (i = 0; i < ngiven; i++) {
		if (given[i].option->id == CLI_CONFIG)
			config_path = given[i].arg;
		if (given[i].option->id == CLI_HELP)
			cli_help(&text, tool);
		else if (given[i].option->id == CLI_VERSION)
			cli_version(&text, tool);
		if (text.len > 0)
			put_and_exit(&text);
	}
}

static bool
on_command_line(const struct cli_option *o)
{
	size_t i;

	for (i = 0; i < ngiven; i++)
		if (given[i].option == o)
			return true;
	return false;
}

/* One line of the configuration that is ours. */
static void
apply_setting(const struct cli_setting *s, const struct cli_option *o)
{
	struct given g = { o, s->value, NULL };
	int on = -1;

	g.as = text_of("%s: %s", s->where, s->key);
	if (!(o->flags & CLI_ARG)) {
		on = s->value[0] == '\0' ? 1 : cli_config_switch(s->value);
		if (on == 0)
			return;
		if (on == 1)
			g.arg = NULL;
		else if (!(o->flags & CLI_ARG_MAYBE))
			cli_die(CLI_USAGE, g.as, "yes or no");
	}
	current = g;
	if (cli_shared_apply(o, g.arg, s->where))
		return;
	if (!on_command_line(o))
		push(&own, &nown, g);
}

static void
apply_section(const char *section)
{
	const struct cli_setting *s;
	const struct cli_option *o;
	size_t i;

	for (i = 0; i < config.count; i++) {
		s = &config.settings[i];
		o = s->option;
		if (o != NULL && strcmp(s->section, section) == 0)
			apply_setting(s, o);
	}
}

/* -u @NAME, $CLASP_URL or the file's url: whichever counts. */
static const char *
wanted_url(void)
{
	const char *url = getenv("CLASP_URL");
	size_t i;

	if (url == NULL || url[0] == '\0')
		url = cli.url;
	for (i = 0; i < ngiven; i++)
		if (given[i].option->id == CLI_URL)
			url = given[i].arg;
	return url;
}

/* "@NAME" stands for a section of the configuration. */
static const char *
relay_section(void)
{
	const char *url = wanted_url();
	const char *section;

	if (url == NULL || url[0] != '@')
		return NULL;
	section = text_of("relay %s", url + 1);
	if (!cli_config_has(&config, section))
		cli_die(CLI_USAGE, url, "no section [%s] in %s", section,
		    config_path ? config_path : "the configuration");
	return section;
}

static void
apply_environment(void)
{
	static const struct {
		const char	*variable;
		int		 id;
	} rows[] = {
		{ "CLASP_CACERT", CLI_CACERT },
		{ "CLASP_TOKEN_FILE", CLI_TOKEN_FILE },
		{ "CLASP_TOKEN", CLI_TOKEN },
		{ "CLASP_URL", CLI_URL },
	};
	const struct cli_option *o;
	const char *value;
	const char *as;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		value = getenv(rows[i].variable);
		if (value == NULL || value[0] == '\0')
			continue;
		for (o = cli_link_options; o->id != rows[i].id; o++)
			continue;
		if (!cli_option_listed(tool, o->id))
			continue;
		as = text_of("$%s", rows[i].variable);
		current = (struct given){ o, value, as };
		cli_shared_apply(o, value, as);
	}
}

static void
apply_command_line(void)
{
	size_t i;

	for (i = 0; i < ngiven; i++) {
		current = given[i];
		if (!cli_shared_apply(current.option, current.arg, NULL))
			push(&own, &nown, current);
	}
}

/* From the weakest source to the strongest; each overrides. */
static void
settle(void)
{
	const char *section;

	cli_shared_defaults();
	cli_config_read(&config, tool, config_path);
	apply_section("");
	apply_section(tool->name);
	section = relay_section();
	apply_environment();
	apply_command_line();
	if (section != NULL) {
		/* stronger than the rest of the file, weaker than the others:
		 * so once more from there */
		nown = 0;
		cli_shared_defaults();
		apply_section("");
		apply_section(tool->name);
		cli.url = NULL;
		apply_section(section);
		if (cli.url == NULL || cli.url[0] == '@')
			cli_die(CLI_USAGE, NULL, "[%s] has no url", section);
		cli_shared_keep_url();
		apply_environment();
		apply_command_line();
	}
	cli_shared_finish(tool);
}

/*
 * A descriptor that is closed at start must not become a socket's; it stands
 * on something that fails as a closed one does.  Before main, since a loop
 * opens descriptors too.
 */
__attribute__((constructor)) static void
guard_descriptors(void)
{
	int fd, flags;

	for (fd = 0; fd <= 2; fd++) {
		flags = fd == 0 ? O_WRONLY : fd == 1 ? O_RDONLY : O_RDWR;
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", flags) != fd)
			_exit(CLI_UNREACHABLE);
	}
}

/*
 * A stream that is closed at the start would go to the next file or socket we
 * open.  Keep its number taken by something that cannot be used: reading
 * stdin and writing the others fails, and is reported.
 */
static void
keep_streams(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY :
		    O_RDONLY) < 0)
			return;
}

void
cli_begin(const struct cli_tool *t, int argc, char **argv)
{
	tool = t;
	keep_streams();
	signal(SIGPIPE, SIG_IGN);
	cli_message_name(t->name);
	cut(argc, argv);
	answer_help();
	settle();
	current = (struct given){ 0 };
}

/* ----------------------------------------------------- what the tool asks */

int
cli_next(void)
{
	if (next_own == nown) {
		current = (struct given){ 0 };
		return 0;
	}
	current = own[next_own++];
	return current.option->id;
}

const char *
cli_arg(void)
{
	return current.arg;
}

int
cli_arg_word(void)
{
	const char *word = current.option->words, *end;
	char must[200] = "";
	size_t len = 0;
	int n = 0;

	for (;; word = end + 1, n++) {
		end = word + strcspn(word, " ");
		if (clasp_str_is(clasp_str_of(word, (size_t)(end - word)),
		    current.arg))
			return n;
		if (len < sizeof must)
			len += (size_t)snprintf(must + len, sizeof must - len,
			    "%s%.*s", n == 0 ? "" : *end ? ", " : " or ",
			    (int)(end - word), word);
		if (*end == '\0')
			break;
	}
	cli_arg_bad("'%s' is not %s", current.arg, must);
}

char **
cli_operands(void)
{
	return operands;
}

int
cli_operand_count(void)
{
	return noperands;
}

void
cli_arg_bad(const char *why, ...)
{
	struct clasp_buf text = { 0 };
	va_list ap;

	va_start(ap, why);
	clasp_buf_vprintf(&text, why, ap);
	va_end(ap);
	if (current.as != NULL && current.as[0] != '-')
		cli_die(CLI_USAGE, current.as, "%s", clasp_buf_cstr(&text));
	cli_usage("%s: %s", current.as ? current.as : "",
	    clasp_buf_cstr(&text));
}

long
cli_arg_number(long min, long max)
{
	long value;
	int e = cli_number(current.arg, &value);

	if (e == CLASP_ESYNTAX)
		cli_arg_bad("'%s' is not a whole number", current.arg);
	if (e == 0 && value >= min && value <= max)
		return value;
	if (max == LONG_MAX)
		cli_arg_bad("'%s' is below %ld", current.arg, min);
	cli_arg_bad("'%s' is not between %ld and %ld", current.arg, min, max);
}

double
cli_arg_float(double min, double max)
{
	double value;

	if (cli_float(current.arg, &value) != 0)
		cli_arg_bad("'%s' is not a number", current.arg);
	if (value < min || value > max)
		cli_arg_bad("'%s' is not between %g and %g", current.arg, min,
		    max);
	return value;
}

uint64_t
cli_arg_duration_us(void)
{
	uint64_t value;

	if (cli_duration_us(current.arg, &value) != 0)
		cli_arg_bad("'%s' is not a duration such as 250ms, 2s, 1.5m",
		    current.arg);
	return value;
}

double
cli_arg_rate(void)
{
	double value;

	if (cli_rate(current.arg, &value) != 0)
		cli_arg_bad("'%s' is not a rate such as 30 or 30/s",
		    current.arg);
	return value;
}

const char *
cli_arg_file(void)
{
	if (cli_word_listed("text json tsv values addresses frames",
	    clasp_str_c(current.arg)))
		cli_arg_bad("'%s' is an output form: write ./%s for a file",
		    current.arg, current.arg);
	return current.arg;
}
