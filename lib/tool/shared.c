/* shared.c - the options all programs share. */
#include "tool/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "tool/message.h"
#include "tool/option.h"
#include "tool/token.h"
#include "wire/message.h"

#define DEFAULT_URL "ws://127.0.0.1:7330/clasp"

static const char *color;
static const char *token_file;
static const char *kept_url;
/* where each setting came from; NULL: default */
static const char *origin[CLI_OWN];
static bool typed[CLI_OWN];

void
cli_shared_defaults(void)
{
	memset(&cli, 0, sizeof cli);
	memset(origin, 0, sizeof origin);
	memset(typed, 0, sizeof typed);
	cli.connect_timeout_us = 5000000;
	cli.retry_max = -1;
	cli.reconnect = true;
	cli.count = -1;
	cli.ready_fd = -1;
	color = "auto";
	token_file = NULL;
}

bool
cli_shared_typed(int id)
{
	return typed[id];
}

void
cli_shared_keep_url(void)
{
	kept_url = cli.url;
}

static uint64_t
positive_duration(void)
{
	uint64_t us = cli_arg_duration_us();

	if (us == 0)
		cli_arg_bad("must be more than nothing");
	return us;
}

static uint8_t
types_of(const char *list)
{
	unsigned mask = 0;
	size_t n;
	int kind;

	for (;; list += n + 1) {
		n = strcspn(list, ",");
		kind = clasp_kind_by_name(clasp_str_of(list, n));
		if (kind < 0)
			cli_arg_bad("'%.*s' is not one of param, event, "
			    "stream, gesture, timeline", (int)n, list);
		mask |= 1u << kind;
		if (list[n] == '\0')
			return (uint8_t)mask;
	}
}

static const char *
one_of(const struct cli_option *o, const char *arg)
{
	if (o->words != NULL && !cli_word_listed(o->words, clasp_str_c(arg)))
		cli_arg_bad("'%s' is not one of: %s", arg, o->words);
	return arg;
}

static int
descriptor(void)
{
	int fd = (int)cli_arg_number(0, INT_MAX);

	if (fcntl(fd, F_GETFD) < 0)
		cli_arg_bad("descriptor %d is not open", fd);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

static void
set_url(const char *arg)
{
	if (arg[0] == '\0')
		cli_arg_bad("no URL given");
	cli.url = arg[0] == '@' && kept_url != NULL ? kept_url : arg;
}

/* Options about the connection; false: not one. */
static bool
apply_link(const struct cli_option *o, const char *arg)
{
	switch (o->id) {
	case CLI_URL:
		set_url(arg);
		return true;
	case CLI_TOKEN_FILE:
		token_file = arg;
		cli.token = NULL;
		origin[CLI_TOKEN] = NULL;
		return true;
	case CLI_TOKEN:
		cli.token = arg;
		token_file = NULL;
		origin[CLI_TOKEN_FILE] = NULL;
		return true;
	case CLI_CACERT:
		cli.cacert = arg;
		return true;
	case CLI_CERT:
		cli.cert = arg;
		return true;
	case CLI_KEY:
		cli.key = arg;
		return true;
	case CLI_INSECURE:
		cli.insecure = true;
		return true;
	case CLI_NAME:
		cli.client_name = arg;
		return true;
	case CLI_CONNECT_TIMEOUT:
		cli.connect_timeout_us = positive_duration();
		return true;
	case CLI_RETRY:
		cli.retry = true;
		cli.retry_max = arg ? cli_arg_number(1, LONG_MAX) : -1;
		return true;
	case CLI_NO_RECONNECT:
		cli.reconnect = false;
		return true;
	}
	return false;
}

/* Options about lines and the run; false: not one. */
static bool
apply_lines(const struct cli_option *o, const char *arg)
{
	switch (o->id) {
	case CLI_COUNT:
		cli.count = cli_arg_number(1, LONG_MAX);
		return true;
	case CLI_TIMEOUT_OPT:
		cli.timeout_us = positive_duration();
		return true;
	case CLI_IDLE:
		cli.idle_us = positive_duration();
		return true;
	case CLI_TYPE:
		cli.types = types_of(arg);
		return true;
	case CLI_OUTPUT:
		cli.output = one_of(o, arg);
		return true;
	case CLI_FORMAT:
		cli.format = arg;
		return true;
	case CLI_TIME:
		cli.time = arg ? one_of(o, arg) : "unix";
		return true;
	case CLI_EXACT:
		cli.exact = true;
		return true;
	case CLI_STRICT:
		cli.strict = true;
		return true;
	case CLI_READY_FD:
		cli.ready_fd = descriptor();
		return true;
	case CLI_STATS:
		cli.stats = true;
		return true;
	case CLI_NO_WAIT:
		cli.no_wait = true;
		return true;
	}
	return false;
}

bool
cli_shared_apply(const struct cli_option *o, const char *arg,
    const char *where)
{
	if (o->id >= CLI_OWN)
		return false;
	origin[o->id] = where ? where : "command line";
	typed[o->id] |= where == NULL;
	if (apply_link(o, arg) || apply_lines(o, arg))
		return true;
	switch (o->id) {
	case CLI_COLOR:
		color = one_of(o, arg);
		return true;
	case CLI_QUIET:
		cli.quiet = true;
		cli.verbose = 0;
		return true;
	case CLI_VERBOSE:
		cli.quiet = false;
		if (cli.verbose < 2)
			cli.verbose++;
		return true;
	case CLI_CONFIG:
	case CLI_HELP:
	case CLI_VERSION:
		return true;
	}
	return false;
}

static bool
colored(int fd)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (strcmp(color, "never") == 0)
		return false;
	/* data that is piped is never colored */
	if (fd == STDOUT_FILENO && !isatty(fd))
		return false;
	if (strcmp(color, "always") == 0)
		return true;
	return isatty(fd) && (no == NULL || no[0] == '\0') &&
	    term != NULL && strcmp(term, "dumb") != 0;
}

/* The value of a setting as -vv shows it; NULL: a switch. */
static const char *
shown(int id)
{
	switch (id) {
	case CLI_URL:
		return cli.url;
	case CLI_TOKEN_FILE:
		return token_file;
	case CLI_TOKEN:
		return "(not shown)";
	case CLI_CACERT:
		return cli.cacert;
	case CLI_CERT:
		return cli.cert;
	case CLI_KEY:
		return cli.key;
	case CLI_NAME:
		return cli.client_name;
	case CLI_OUTPUT:
		return cli.output;
	case CLI_FORMAT:
		return cli.format;
	case CLI_TIME:
		return cli.time;
	case CLI_COLOR:
		return color;
	}
	return NULL;
}

static void
show_origins(const struct cli_tool *tool)
{
	const struct cli_option *o;
	int table = 0, row = 0;
	const char *from, *value;

	while ((o = cli_option_next(tool, &table, &row)) != NULL) {
		if (o->id >= CLI_OWN)
			continue;
		from = origin[o->id];
		if (from == NULL && o->id != CLI_URL)
			continue;
		value = shown(o->id);
		cli_debug(o->name, "%s%sfrom %s", value ? value : "",
		    value ? ", " : "", from ? from : "default");
	}
}

void
cli_shared_finish(const struct cli_tool *tool)
{
	bool relay = cli_option_listed(tool, CLI_URL);

	cli.url_given = typed[CLI_URL];
	if (cli.url == NULL)
		cli.url = DEFAULT_URL;
	if (tool->relay_optional && !cli.url_given)
		relay = false;
	cli.color_stdout = colored(STDOUT_FILENO);
	cli.color_stderr = colored(STDERR_FILENO);
	if (cli.verbose >= 2)
		show_origins(tool);
	if (relay && token_file != NULL)
		cli.token = cli_token_read(token_file);
	if (relay && cli.insecure)
		cli_warn(NULL, "--insecure: the relay's certificate is not "
		    "checked");
}

void
cli_ready(void)
{
	if (cli.ready_fd < 0)
		return;
	while (write(cli.ready_fd, "ready\n", 6) < 0 && errno == EINTR)
		continue;
	close(cli.ready_fd);
	cli.ready_fd = -1;
}
