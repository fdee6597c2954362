/*
 * cli.h - what every program of the suite needs: options from one table,
 * words to people, exit codes, signals.  No network.
 *
 * A program describes itself once (struct cli_tool); parser, --help, the man
 * page's synopsis and the completions are made from it or checked against it.
 * These functions may print and exit; nothing else in the library does.
 */
#ifndef CLASP_TOOL_CLI_H
#define CLASP_TOOL_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Exit codes.  When several apply: the first of 2 3 4 5 6 124 7 1. */
enum cli_exit {
	CLI_OK = 0,
	CLI_NO = 1,		/* a clean "no" */
	CLI_USAGE = 2,
	CLI_UNREACHABLE = 3,	/* relay, port, device, file */
	CLI_REFUSED = 4,	/* not authenticated, not allowed */
	CLI_STATE = 5,		/* lock held, revision changed, ... */
	CLI_DATA = 6,		/* a bad line, frame, recording */
	CLI_DROPS = 7,
	CLI_TIMEOUT = 124
};

/* How an option takes its argument. */
#define CLI_ARG_NONE	0x00
#define CLI_ARG		0x01		/* must have one */
#define CLI_ARG_MAYBE	0x02		/* only after '=' */
#define CLI_HIDDEN	0x10		/* not in --help */
#define CLI_SECRET	0x20		/* blanked in argv at once */
#define CLI_NO_CONFIG	0x40		/* not a key of the config file */

/* What a completion offers for an argument. */
enum cli_complete {
	CLI_COMPLETE_NOTHING,
	CLI_COMPLETE_FILE,
	CLI_COMPLETE_LISTED,	/* the first column of the tool's --list */
	CLI_COMPLETE_DEVICE,	/* those, and files */
	CLI_COMPLETE_ADDRESS,	/* asks the relay */
	CLI_COMPLETE_WORDS	/* the words of `words` */
};

struct cli_option {
	int		 id;		/* what cli_next returns; > 0 */
	char		 letter;	/* 0: none */
	const char	*name;		/* without "--" */
	const char	*arg;		/* "N", "FILE"; NULL: takes none */
	const char	*help;		/* one line, lower case, no full stop */
	unsigned	 flags;
	enum cli_complete complete;
	const char	*words;		/* "text json tsv", blanks between */
};

struct cli_tool {
	const char	*name;		/* "clasp-sub" */
	const char	*operands;	/* "'PATTERN' ...", may be "" */
	const char	*summary;	/* as in the man page's NAME */
	const struct cli_option *const *tables;	/* NULL-terminated list of
					 * tables, each ended by id 0 */
	const char	*const *examples;	/* three or more pairs: what it
					 * does, command; NULL at the end */
	enum cli_complete operand_complete;
	/* without -u this program needs no relay: token and certificates are
	 * then not looked at */
	bool		 relay_optional;
};

/*
 * Every program also has hidden options: --options prints its table as TAB
 * lines, --mdoc the shared options as items for its man page (the script
 * scripts/make-man-options puts them between two marks there), and
 * --completion=bash|zsh|fish a completion script.
 */

/* Ids of options that all tools share; a tool's own start at CLI_OWN. */
enum cli_common_id {
	CLI_URL = 1, CLI_TOKEN_FILE, CLI_TOKEN, CLI_CACERT, CLI_CERT, CLI_KEY,
	CLI_INSECURE, CLI_NAME, CLI_CONNECT_TIMEOUT, CLI_RETRY,
	CLI_NO_RECONNECT, CLI_COUNT, CLI_TIMEOUT_OPT, CLI_IDLE, CLI_TYPE,
	CLI_OUTPUT, CLI_FORMAT, CLI_TIME, CLI_EXACT, CLI_STRICT, CLI_READY_FD,
	CLI_STATS, CLI_COLOR, CLI_CONFIG, CLI_QUIET, CLI_VERBOSE, CLI_HELP,
	CLI_VERSION, CLI_NO_WAIT, CLI_MAP, CLI_MAP_FILE,
	/* of the bridges; see cli_bridge_options */
	CLI_PREFIX, CLI_MAX_RATE, CLI_TTL, CLI_NO_SNAPSHOT, CLI_BOTH,
	CLI_LIST, CLI_WAIT, CLI_EXIT_ON_LOSS, CLI_SCALE, CLI_RATE, CLI_ONCE,
	CLI_HOLD, CLI_ON_EXIT, CLI_SHOW, CLI_INTERFACE, CLI_RCVBUF,
	CLI_OWN = 100
};

/* The shared tables; a tool lists those it honours. */
extern const struct cli_option cli_basic_options[];	/* -q -v --config
				 * --color --help --version */
extern const struct cli_option cli_link_options[];	/* -u --token ... */
extern const struct cli_option cli_output_options[];	/* -o -f -t --exact */
extern const struct cli_option cli_stop_options[];	/* -n -T --idle */
extern const struct cli_option cli_input_options[];	/* --strict */
extern const struct cli_option cli_run_options[];	/* --ready-fd --stats */
extern const struct cli_option cli_type_options[];	/* --type */
extern const struct cli_option cli_wait_options[];	/* --no-wait */
/* --map RULE and -m FILE: cli_next returns CLI_MAP and CLI_MAP_FILE. */
extern const struct cli_option cli_map_options[];
/* Without -u a bridge works with lines: it hides the row of the others. */
#define CLI_BRIDGE_URL { CLI_URL, 'u', "url", "URL", "work with this relay, " \
	    "or with @NAME from the configuration, instead of lines", CLI_ARG, \
	    0, NULL }
/* What bridges share: cli_next returns their ids, and clasp_bridge_option()
 * of bridge/options.h takes them. */
extern const struct cli_option cli_bridge_options[];	/* -u --prefix */
extern const struct cli_option cli_bridge_in_options[];	/* --max-rate --ttl */
extern const struct cli_option cli_bridge_out_options[]; /* --no-snapshot */
extern const struct cli_option cli_bridge_both_options[]; /* --both */
extern const struct cli_option cli_device_options[];	/* --list --wait
				 * --exit-on-loss */
extern const struct cli_option cli_frame_options[];	/* --scale --rate
				 * --once --hold --on-exit */
extern const struct cli_option cli_show_options[];	/* --show */
extern const struct cli_option cli_network_options[];	/* --interface --list */
extern const struct cli_option cli_network_in_options[]; /* --rcvbuf */

/* What the shared options came to; filled by cli_next. */
struct cli_common {
	const char	*url;		/* never NULL after parsing */
	bool		 url_given;	/* on the command line: -u */
	const char	*token;		/* NULL: none */
	const char	*cacert, *cert, *key;
	bool		 insecure;
	const char	*client_name;	/* NULL: tool@host:pid */
	uint64_t	 connect_timeout_us;
	bool		 retry;
	long		 retry_max;	/* -1: for ever */
	bool		 reconnect;
	long		 count;		/* -n; -1: not given */
	uint64_t	 timeout_us;	/* 0: none */
	uint64_t	 idle_us;	/* 0: none */
	uint8_t		 types;		/* mask; 0: all */
	const char	*output;	/* -o; NULL: not given */
	const char	*format;	/* -f; NULL: not given */
	const char	*time;		/* -t: "unix" ...; NULL: not given */
	bool		 exact, strict;
	int		 ready_fd;	/* -1: none */
	bool		 stats;
	bool		 no_wait;
	int		 verbose;	/* 0, 1, 2 */
	bool		 quiet;
	bool		 color_stdout, color_stderr;
};
extern struct cli_common cli;

/*
 * A table of the program's own may have a row with the id of a shared option
 * (to say another help text): it is handled as the shared one.  For another
 * meaning of the same letter or name (-o FILE of a recorder) use an id of
 * its own.
 *
 * Begin: remembers the tool, reads environment and configuration file,
 * handles --help and --version.  Then each call of cli_next returns the id
 * of the next option that is the tool's own (shared ones are handled inside)
 * and 0 at the end of options; operands are then cli_operands()[0 ..
 * cli_operand_count() - 1], in order; options and operands may be mixed.
 * A usage error prints one line and exits 2.
 */
void	cli_begin(const struct cli_tool *tool, int argc, char **argv);
int	cli_next(void);
/* The argument of the option just returned; NULL when it has none. */
const char *cli_arg(void);
char	**cli_operands(void);
int	cli_operand_count(void);

/* The argument as what it must be; else one line and exit 2. */
long	cli_arg_number(long min, long max);
double	cli_arg_float(double min, double max);
int	cli_arg_word(void);	/* which of the words of its row, from 0 */
uint64_t cli_arg_duration_us(void);	/* 250ms 2s 1.5m 2h 7d, bare: s */
double	cli_arg_rate(void);		/* 30/s or 30 */
/* The same for any text: 0 or CLASP_ESYNTAX. */
int	cli_duration_us(const char *text, uint64_t *out);
int	cli_rate(const char *text, double *out);
int	cli_number(const char *text, long *out);	/* or CLASP_ERANGE */
int	cli_float(const char *text, double *out);	/* or CLASP_ERANGE */
/* The argument just returned is no good: "--option: why", exit 2. */
void	cli_arg_bad(const char *why, ...)
	    __attribute__((format(printf, 1, 2), noreturn));
/* The argument names a file: dies when it is the name of an output form. */
const char *cli_arg_file(void);

/*
 * Checks of operands; they die with exit 2.  A pattern or address that is
 * none; several files where patterns belong ("quote the pattern", for
 * operands from the given one on); too few or too many operands (max -1: no
 * limit; what is "PATTERN" in "no PATTERN given").
 */
void	cli_check_pattern(const char *text);
void	cli_check_address(const char *text);
void	cli_check_patterns(int from);
void	cli_check_count(int min, int max, const char *what);

/* "tool: subject: why" on stderr; subject may be NULL.  Control characters
 * in subject are shown escaped. */
void	cli_warn(const char *subject, const char *why, ...)
	    __attribute__((format(printf, 2, 3)));
/* The same unless -q / only with -v / only with -vv. */
void	cli_note(const char *subject, const char *why, ...)
	    __attribute__((format(printf, 2, 3)));
void	cli_verbose(const char *subject, const char *why, ...)
	    __attribute__((format(printf, 2, 3)));
void	cli_debug(const char *subject, const char *why, ...)
	    __attribute__((format(printf, 2, 3)));
/* Warn and exit. */
void	cli_die(enum cli_exit code, const char *subject, const char *why, ...)
	    __attribute__((format(printf, 3, 4), noreturn));
/* cli_die with exit 2 and, on a second line, "try 'clasp-sub --help'". */
void	cli_usage(const char *why, ...)
	    __attribute__((format(printf, 1, 2), noreturn));

/* strerror(3) in lower case. */
const char *cli_strerror(int error);

/* Remember that a code applies; keeps the most important one. */
void	cli_fail(enum cli_exit code);
/* The code to exit with, by what was remembered. */
int	cli_exit_code(void);

/*
 * SIGINT and SIGTERM set a mark (and call `woken` from the handler, which
 * may only do what is safe there: write to a pipe); a second one ends at
 * once.  SIGPIPE is ignored.
 */
void	cli_signals(void (*woken)(int signal));
/* Before the second one ends the program, in its handler, call fn. */
void	cli_on_kill(void (*fn)(void));
/* The signal that came, or 0. */
int	cli_signal(void);
/* As if none had come: for a program that exits 0 on a signal. */
void	cli_signal_forget(void);
/* Flush stdout and check it; report a full disk (exit 3); then exit with
 * cli_exit_code(), or die of the signal that came. */
void	cli_end(void) __attribute__((noreturn));
/* Tell --ready-fd; once. */
void	cli_ready(void);

#endif
