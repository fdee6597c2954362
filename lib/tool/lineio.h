/*
 * lineio.h - lines in and out of a program, as every tool does it.
 *
 * Reading is fed with bytes, so that a filter (read(2)) and a program on an
 * event loop share it.  Writing collects a batch and puts it out at once;
 * what form it takes is said by the shared options (-o, -f, -t, -v, --exact).
 */
#ifndef CLASP_TOOL_LINEIO_H
#define CLASP_TOOL_LINEIO_H

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "wire/line.h"

/* ------------------------------------------------------------- reading */

struct cli_in;

/*
 * Called for each good line, comments and marks included, blanks not.
 * `line` is good until it returns.  Return 0 to go on, 1 to stop.
 */
typedef int (*cli_line_fn)(const struct clasp_line *line, void *user);

/* name is what complaints begin with ("-" for stdin). */
struct cli_in *cli_in_new(const char *name, cli_line_fn fn, void *user);
/*
 * Take n bytes as they come.  Bad lines are reported as
 * "NAME:LINE:COLUMN: reason" on stderr, counted, remembered with
 * cli_fail(CLI_DATA) and passed over; with --strict the first one stops.
 * An input whose first byte is 'S' is binary frames where binary is allowed.
 * Returns 0, or 1 when fn or --strict stopped (what is left is dropped).
 */
int	cli_in_feed(struct cli_in *in, const void *bytes, size_t n);
/* The input has ended: a last line without LF is a line too, except in a
 * recording (header seen), where it is torn: warned of and dropped. */
int	cli_in_end(struct cli_in *in);
void	cli_in_allow_frames(struct cli_in *in);
unsigned long cli_in_line_number(const struct cli_in *in);
const char *cli_in_name(const struct cli_in *in);
/* The input whose line fn is being given; NULL outside of fn. */
struct cli_in *cli_in_current(void);
/* Complain about the line just given to fn, as for a bad one. */
void	cli_in_complain(struct cli_in *in, unsigned column, const char *why);
/* Why a message cannot become a frame, with its size when that is why. */
void	cli_in_why(char *why, size_t cap, int error,
	    const struct clasp_msg *msg);
void	cli_in_free(struct cli_in *in);

/*
 * For filters: read stdin (or the named files in order, "-" is stdin) to the
 * end, feeding fn; flush the output whenever no more input is waiting.
 * wait_until_us (may be NULL) tells when to be called back at the latest
 * (monotonic us, UINT64_MAX: never), due is called then.  A file that cannot
 * be read is reported, remembered (exit 3), and the next one is taken.
 * Sets up the signals.  Returns 0 at the end of the input, 1 when fn or
 * --strict stopped, a signal came or stdout's reader went.
 */
int	cli_filter_run(char **files, int nfiles, cli_line_fn fn, void *user,
	    uint64_t (*wait_until_us)(void *user),
	    void (*due)(void *user));
/* Before cli_filter_run: its inputs may be binary frames. */
void	cli_filter_allow_frames(void);
/* Between the files of cli_filter_run: called before each with its name. */
void	cli_filter_on_file(void (*begin)(const char *name, void *user));

/* ------------------------------------------------------------- writing */

/*
 * Collect one line for stdout in the form the options ask for: text, json,
 * tsv, values, addresses, frames, or the template of -f.
 *
 * received_us is the Unix time at which it came from a relay or a device: it
 * is what -t shows, and rev=, ts= of sets and by= are printed only with -v.
 * With 0 the line is one that a filter passes on: nothing is left out, and
 * -t shows the present.  A line that has a time in front keeps it.  The forms
 * values, addresses and -f print one line for each message of a bundle.
 */
void	cli_out_line(const struct clasp_line *line, uint64_t received_us);
/* Collect bytes as they are. */
void	cli_out_bytes(const void *p, size_t n);
/*
 * Put out what was collected.  A closed stdout ends the program quietly
 * (exit 0, after cli_at_exit); another failure is reported, exit 3.
 */
void	cli_out_flush(void);
/* The same without ever blocking: returns the bytes still waiting.  For
 * programs on a loop: wait until the descriptor is writable, try again. */
size_t	cli_out_try_flush(void);
/* True when stdout's reader has gone (a pipe hung up), also while idle. */
bool	cli_out_reader_gone(void);

/* Check -o and -f once; a usage error when they make no sense. */
void	cli_out_check(void);
/* Are revision and writer asked for: by -v, or by -f with %n or %w? */
bool	cli_out_info(void);

#endif
