/*
 * test_cli.c - the command line: every case is a run of this program by
 * itself, which says what it was given.
 */
#include "t.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "tool/cli.h"
#include "tool/message.h"

enum { OPT_ALL = CLI_OWN, OPT_RATE, OPT_WHERE, OPT_SECRET };

static const struct cli_option own[] = {
	{ OPT_ALL, 'a', "all", NULL, "all", 0, 0, NULL },
	{ OPT_RATE, 'r', "max-rate", "R", "rate", CLI_ARG, 0, NULL },
	{ OPT_WHERE, 'w', "where", "W", "where", CLI_ARG_MAYBE, 0, NULL },
	{ OPT_SECRET, 'x', "hid", NULL, "hidden", CLI_HIDDEN, 0, NULL },
	{ 0 }
};
static const struct cli_option *const tables[] = {
	own, cli_stop_options, cli_type_options, cli_output_options,
	cli_run_options, cli_link_options, cli_basic_options, NULL
};
static const char *const examples[] = { "one", "clasp-test", NULL };
static const struct cli_tool tool = {
	.name = "clasp-test", .operands = "[THING ...]", .summary = "tests",
	.tables = tables, .examples = examples
};

static char self[PATH_MAX];
static char folder[] = "/tmp/test_cli.XXXXXX";

/* ------------------------------------------------------ the program run */

static void
say_option(int id)
{
	switch (id) {
	case OPT_ALL:
		printf("all ");
		break;
	case OPT_RATE:
		printf("rate=%g ", cli_arg_rate());
		break;
	case OPT_WHERE:
		printf("where=%s ", cli_arg() ? cli_arg() : "-");
		break;
	case OPT_SECRET:
		printf("hidden ");
		break;
	}
}

static int
child(int argc, char **argv)
{
	int id, i;

	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0)
		say_option(id);
	if (cli.count >= 0)
		printf("n=%ld ", cli.count);
	if (cli.timeout_us != 0)
		printf("T=%llu ", (unsigned long long)cli.timeout_us);
	if (cli.time != NULL)
		printf("t=%s ", cli.time);
	if (cli.output != NULL)
		printf("o=%s ", cli.output);
	if (cli.types != 0)
		printf("types=%u ", cli.types);
	if (cli.retry)
		printf("retry=%ld ", cli.retry_max);
	if (cli.token != NULL)
		printf("token=%s ", cli.token);
	if (cli.verbose != 0 || cli.quiet)
		printf("v=%d q=%d ", cli.verbose, cli.quiet);
	if (strcmp(cli.url, "ws://127.0.0.1:7330/clasp") != 0)
		printf("u=%s%s ", cli.url, cli.url_given ? "!" : "");
	for (i = 0; i < cli_operand_count(); i++)
		printf("[%s]", cli_operands()[i]);
	for (i = 1; i < argc; i++)
		if (strstr(argv[i], "sesame") != NULL)
			printf("(seen)");
	cli_end();
}

/* Run with the words of a line (blanks between); gives "CODE:what came out
 * of stdout and stderr", without the last line feed. */
static const char *
run(const char *words)
{
	static struct clasp_buf out;
	char *argv[32] = { self, NULL }, *copy = strdup(words), *word, block[512];
	int fds[2], n = 1, status;
	ssize_t got;
	pid_t pid;

	for (word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[n++] = word;
	argv[n] = NULL;
	clasp_buf_clear(&out);
	fflush(stdout);
	if (pipe(fds) != 0 || (pid = fork()) < 0)
		return "cannot run";
	if (pid == 0) {
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		close(fds[0]);
		close(fds[1]);
		execv(self, argv);
		_exit(99);
	}
	close(fds[1]);
	clasp_buf_add_c(&out, "?:");
	while ((got = read(fds[0], block, sizeof block)) > 0)
		clasp_buf_add(&out, block, (size_t)got);
	close(fds[0]);
	waitpid(pid, &status, 0);
	out.data[0] = (uint8_t)('0' + (WIFEXITED(status) ?
	    WEXITSTATUS(status) : 9));
	while (out.len > 2 && strchr(" \n", out.data[out.len - 1]))
		out.len--;
	free(copy);
	return clasp_buf_cstr(&out);
}

/* ---------------------------------------------------------------- tests */

struct row {
	const char *words, *want;
};

static void
check_rows(const struct row *row, size_t n)
{
	for (; n-- > 0; row++)
		t_eq_str(run(row->words), row->want, "%s", row->words);
}
#define CHECK(rows) check_rows(rows, sizeof rows / sizeof rows[0])

static void
words_become_options_and_operands(void)
{
	static const struct row rows[] = {
		{ "", "0:" },
		{ "-a x -n 3 y", "0:all n=3 [x][y]" },
		{ "-an3", "0:all n=3" },
		{ "-aqn1 z", "0:all n=1 v=0 q=1 [z]" },
		{ "--count=7", "0:n=7" },
		{ "--count 7", "0:n=7" },
		{ "--cou 7", "0:n=7" },
		{ "--all --al", "0:all all" },
		{ "-t", "0:t=unix" },
		{ "-t=rel", "0:t=rel" },
		{ "--time=iso", "0:t=iso" },
		{ "-tn1", "0:n=1 t=unix" },
		{ "-t rel", "0:t=unix [rel]" },
		{ "-w -w=x --where --where=", "0:where=- where=x where=- where=" },
		{ "-3 -.5 -inf -infinite -", "0:[-3][-.5][-inf][-infinite][-]" },
		{ "-n 1 -- -n --all --", "0:n=1 [-n][--all][--]" },
		{ "-r 30/s -r .5", "0:rate=30 rate=0.5" },
		{ "-n1 -n2", "0:n=2" },
		{ "-vv -q", "0:v=0 q=1" },
		{ "--hid -x", "0:hidden hidden" },
		{ "--type param,stream", "0:types=5" },
		{ "-T 1.5m", "0:T=90000000" },
		{ "--retry", "0:retry=-1" },
		{ "--retry=4", "0:retry=4" },
		{ "-u unix:/x", "0:u=unix:/x!" },
		{ "--token=sesame2", "0:token=sesame2" },
		{ "--token sesame3 z", "0:token=sesame3 [z]" },
	};

	CHECK(rows);
}

static void
mistakes_are_named(void)
{
#define TRY "\ntry 'clasp-test --help'"
	static const struct row rows[] = {
		{ "-z", "2:clasp-test: -z: unknown option" TRY },
		{ "-az", "2:clasp-test: -z: unknown option" TRY },
		{ "--zoo=1", "2:clasp-test: --zoo: unknown option" TRY },
		{ "--hi", "2:clasp-test: --hi: unknown option" TRY },
		{ "--co 1", "2:clasp-test: --co: could be --count, "
		    "--connect-timeout, --color, --config" TRY },
		{ "--all=1", "2:clasp-test: --all: takes no argument" TRY },
		{ "-a=1", "2:clasp-test: -a: takes no argument" TRY },
		{ "-n", "2:clasp-test: -n: needs an argument (N)" TRY },
		{ "--count", "2:clasp-test: --count: needs an argument (N)"
		    TRY },
		{ "-n x", "2:clasp-test: -n: 'x' is not a whole number" TRY },
		{ "-n 1.5", "2:clasp-test: -n: '1.5' is not a whole number"
		    TRY },
		{ "--count 0", "2:clasp-test: --count: '0' is below 1" TRY },
		{ "-r fast", "2:clasp-test: -r: 'fast' is not a rate such as "
		    "30 or 30/s" TRY },
		{ "-T soon", "2:clasp-test: -T: 'soon' is not a duration such "
		    "as 250ms, 2s, 1.5m" TRY },
		{ "-T 0", "2:clasp-test: -T: must be more than nothing" TRY },
		{ "-t=noon", "2:clasp-test: -t: 'noon' is not one of: unix "
		    "rel delta iso" TRY },
		{ "--ready-fd 77", "2:clasp-test: --ready-fd: descriptor 77 "
		    "is not open" TRY },
		{ "-u @stage", "2:clasp-test: @stage: no section [relay stage]"
		    " in the configuration" },
	};

	CHECK(rows);
}

/* Write a file in the test's folder. */
static void
file(const char *name, mode_t mode, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	t_check(fd >= 0 && write(fd, text, strlen(text)) ==
	    (ssize_t)strlen(text), "%s", name);
	fchmod(fd, mode);
	close(fd);
}

static void
settings_come_in_order(void)
{
	static const struct row file_rows[] = {
		{ "--config c", "0:rate=7 o=json retry=3 u=ws://one/clasp" },
		{ "--config c -r 9", "0:rate=9 o=json retry=3 "
		    "u=ws://one/clasp" },
		{ "--config c -o tsv -u tcp://x", "0:rate=7 o=tsv retry=3 "
		    "u=tcp://x!" },
		{ "--config c -u @two", "0:rate=7 o=json retry=-1 "
		    "token=sesame u=ws://two/clasp!" },
	};
	static const struct row env_rows[] = {
		{ "--config c", "0:rate=7 o=json retry=3 token=abc "
		    "u=unix:/env" },
		{ "--config c -u @two --token-file tok", "0:rate=7 o=json "
		    "retry=-1 token=sesame u=ws://two/clasp!" },
	};

	file("c", 0600, "# ours\n\nurl = ws://one/clasp\noutput=json\n"
	    "  retry = 3  \nquiet = no\nstrict = yes\n"
	    "[relay two]\nurl = ws://two/clasp\ntoken-file = tok\n"
	    "retry = yes\n[clasp-test]\nmax-rate = 7\n[clasp-other]\n"
	    "whatever = 1\n");
	file("tok", 0600, "  sesame  \nrest\n");
	CHECK(file_rows);
	setenv("CLASP_URL", "unix:/env", 1);
	setenv("CLASP_TOKEN", "abc", 1);
	CHECK(env_rows);
	unsetenv("CLASP_URL");
	unsetenv("CLASP_TOKEN");
}

static void
the_users_file_is_found(void)
{
	mkdir("clasp", 0700);
	file("clasp/config", 0600, "count = 5\n");
	setenv("XDG_CONFIG_HOME", folder, 1);
	t_eq_str(run(""), "0:n=5");
	file("clasp/config", 0600, "");
	t_eq_str(run(""), "0:");
}

static void
bad_configurations_are_named_with_their_line(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "url\n", "2:clasp-test: c:1: expected 'key = value'" },
		{ "\nbogus = 1\n", "2:clasp-test: c:2: unknown key 'bogus'" },
		{ "[relay a]\ncount = 1\n",
		    "2:clasp-test: c:2: unknown key 'count'" },
		{ "[clasp-test]\nbogus = 1\n",
		    "2:clasp-test: c:2: unknown key 'bogus'" },
		{ "[else]\n", "2:clasp-test: c:1: expected '[relay NAME]' or "
		    "the name of a program" },
		{ "help = yes\n", "2:clasp-test: c:1: 'help' is for the "
		    "command line only" },
		{ "count = many\n", "2:clasp-test: c:1: count: 'many' is not "
		    "a whole number" },
		{ "insecure = perhaps\n",
		    "2:clasp-test: c:1: insecure: yes or no" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		file("c", 0600, rows[i].text);
		t_eq_str(run("--config c"), rows[i].want, "%s", rows[i].text);
	}
	t_eq_str(run("--config nowhere"),
	    "3:clasp-test: nowhere: no such file or directory");
}

static void
token_files_are_private(void)
{
	file("tok", 0644, "sesame\n");
	t_eq_str(run("--token-file tok"),
	    "0:clasp-test: tok: others can read this token: chmod 600\n"
	    "token=sesame");
	file("tok", 0600, "\nsesame\n");
	t_eq_str(run("--token-file tok"),
	    "2:clasp-test: tok: no token in the first line");
	t_eq_str(run("--token-file gone"),
	    "3:clasp-test: gone: no such file or directory");
}

static void
tokens_are_never_shown(void)
{
	file("c", 0600, "token = sesame-c\n");
	t_check(strstr(run("-vv --token sesame-o"), "token: (not shown), from "
	    "command line") != NULL, "%s", run("-vv --token sesame-o"));
	t_check(strstr(run("-vv --config c"), "token: (not shown), from c:1")
	    != NULL, "%s", run("-vv --config c"));
	t_check(strstr(run("-vv"), "url: ws://127.0.0.1:7330/clasp, from "
	    "default") != NULL, "%s", run("-vv"));
}

static void
quantities(void)
{
	static const struct {
		const char *text;
		int	 error;
		uint64_t us;
	} rows[] = {
		{ "250ms", 0, 250000 }, { "2s", 0, 2000000 },
		{ "1.5m", 0, 90000000 }, { "2h", 0, UINT64_C(7200000000) },
		{ "7d", 0, UINT64_C(604800000000) }, { "0.000001", 0, 1 },
		{ "3", 0, 3000000 }, { "", CLASP_ESYNTAX, 0 },
		{ "s", CLASP_ESYNTAX, 0 }, { "-1", CLASP_ESYNTAX, 0 },
		{ "1 s", CLASP_ESYNTAX, 0 }, { "1x", CLASP_ESYNTAX, 0 },
		{ "1.2.3", CLASP_ESYNTAX, 0 }, { "inf", CLASP_ESYNTAX, 0 },
		{ "1e3", CLASP_ESYNTAX, 0 }, { "0x10", CLASP_ESYNTAX, 0 },
		{ "99999999999999999d", CLASP_ESYNTAX, 0 },
	};
	uint64_t us;
	double rate;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		us = 0;
		t_eq_int(cli_duration_us(rows[i].text, &us), rows[i].error,
		    "%s", rows[i].text);
		t_eq_int(us, rows[i].us, "%s", rows[i].text);
	}
	t_eq_int(cli_rate("30/s", &rate), 0);
	t_check(rate > 29.99 && rate < 30.01);
	t_eq_int(cli_rate("30/m", &rate), CLASP_ESYNTAX);
}

static void
what_steers_a_terminal_is_escaped(void)
{
	struct clasp_buf buf = { 0 };

	cli_escape(&buf, CLASP_STR("a\x1b[2J\n\t\x7f\xc2\x9b\xff"
	    "\xe2\x80\xae\xc3\xa4"));
	t_eq_str(clasp_buf_cstr(&buf), "a\\u001b[2J\\n\\t\\u007f\\u009b\\xff"
	    "\\u202e\xc3\xa4");
	clasp_buf_clear(&buf);
}

/* Last: it leaves its mark on this process. */
static void
the_most_important_code_wins(void)
{
	static const int order[] = { 1, 7, 124, 6, 5, 4, 3, 2 };
	size_t i;

	t_eq_int(cli_exit_code(), 0);
	for (i = 0; i < sizeof order / sizeof order[0]; i++) {
		cli_fail((enum cli_exit)order[i]);
		t_eq_int(cli_exit_code(), order[i]);
		cli_fail(CLI_NO);
		t_eq_int(cli_exit_code(), order[i]);
	}
}

int
main(int argc, char **argv)
{
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (getenv("TEST_CLI_CHILD") != NULL)
		return child(argc, argv);
	if (n < 0 || mkdtemp(folder) == NULL || chdir(folder) != 0)
		return 1;
	setenv("TEST_CLI_CHILD", "1", 1);
	setenv("HOME", folder, 1);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("CLASP_URL");
	unsetenv("CLASP_TOKEN");
	unsetenv("CLASP_TOKEN_FILE");
	unsetenv("CLASP_CACERT");
	t_run(words_become_options_and_operands);
	t_run(mistakes_are_named);
	t_run(settings_come_in_order);
	t_run(the_users_file_is_found);
	t_run(bad_configurations_are_named_with_their_line);
	t_run(token_files_are_private);
	t_run(tokens_are_never_shown);
	t_run(quantities);
	t_run(what_steers_a_terminal_is_escaped);
	t_run(the_most_important_code_wins);
	unlink("clasp/config");
	rmdir("clasp");
	unlink("c");
	unlink("tok");
	if (chdir("/") == 0)
		rmdir(folder);
	return t_end();
}
