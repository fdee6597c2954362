/*
 * template.h - the templates of -f: "%a %8v\n".
 *
 *	%a address	%v value	%r value, strings unquoted
 *	%k verb		%t Unix time	%T ISO time
 *	%d seconds since the line before
 *	%n revision	%w writer	%j JSON		%l the line	%%
 *	\n \t \0 \\	and \c at the end: no LF of its own
 *
 * A number after '%' pads to that many characters, on the left; with '-' on
 * the right.
 */
#ifndef CLASP_TOOL_TEMPLATE_H
#define CLASP_TOOL_TEMPLATE_H

#include "wire/line.h"

struct cli_template;

/* What one message is printed from. */
struct cli_template_args {
	const struct clasp_line *line;	/* with all it has */
	const struct clasp_line *shown;	/* as -o text would print it */
	uint32_t	 item;		/* which message of the line */
	unsigned	 flags;		/* CLASP_LINE_EXACT, _ESCAPE */
	int64_t		 time_us;	/* Unix */
	int64_t		 since_us;	/* the line before */
};

/* NULL when text is no template (or there is no memory); *why tells. */
struct cli_template *cli_template_new(const char *text, const char **why);
void	cli_template_free(struct cli_template *t);
/* Does it ask for what is shown only with -v: %n, %w? */
bool	cli_template_info(const struct cli_template *t);
/* Add the text for one message: 0 or CLASP_ENOMEM. */
int	cli_template_put(struct clasp_buf *out, struct cli_template *t,
	    const struct cli_template_args *args);
/* Add "2026-11-22T19:03:49.000000+01:00" in local time. */
int	cli_iso_put(struct clasp_buf *out, int64_t unix_us);

#endif
