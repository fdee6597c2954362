/*
 * option.h - the tables of options: the shared ones, and how to find a row
 * in those that a program lists.
 */
#ifndef CLASP_TOOL_OPTION_H
#define CLASP_TOOL_OPTION_H

#include "tool/cli.h"

/* A shared table with the heading it has in --help. */
struct cli_option_group {
	const struct cli_option *table;
	const char	*title;
	bool		 bridges;	/* only they have it: not a key that
					 * stands for all programs */
};

/* All shared tables; ended by a NULL table. */
extern const struct cli_option_group cli_option_groups[];

/* The row with this letter; NULL when there is none. */
const struct cli_option *cli_option_by_letter(const struct cli_tool *tool,
	    char letter);
/*
 * The row with this long name, or with the one name that begins so (not for
 * hidden rows).  NULL when there is none; *others (may be NULL) is then the
 * number of names that begin so: 0, or 2 and more.
 */
const struct cli_option *cli_option_by_name(const struct cli_tool *tool,
	    struct clasp_str name, int *others);
/* The row of this very name in a table; NULL when there is none. */
const struct cli_option *cli_option_in(const struct cli_option *table,
	    struct clasp_str name);
/* True when some shared table has a row of this name. */
bool	cli_option_is_shared(struct clasp_str name);
/* True when the program lists a row with this id. */
bool	cli_option_listed(const struct cli_tool *tool, int id);

/*
 * Walk the rows a program shows, each name once (a row in an earlier table
 * hides later ones of the same name).  Start with both at 0; NULL at the
 * end.
 */
const struct cli_option *cli_option_next(const struct cli_tool *tool,
	    int *table, int *row);

/* True when word is one of list's, which have blanks between them. */
bool	cli_word_listed(const char *list, struct clasp_str word);

#endif
