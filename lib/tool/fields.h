/* fields.h - one message of a line as its columns, in text. */
#ifndef CLASP_TOOL_FIELDS_H
#define CLASP_TOOL_FIELDS_H

#include "wire/line.h"

/* As a line has them; each may be empty.  Views into the scratch buffer. */
struct cli_fields {
	struct clasp_str address;
	struct clasp_str verb;		/* "set" too; a control line's word */
	struct clasp_str value;
};

/*
 * Cut message number i of the line (any i of a control line) into columns.
 * scratch is overwritten.  Returns 0 or CLASP_ENOMEM.
 */
int	cli_fields_cut(struct cli_fields *out, const struct clasp_line *line,
	    uint32_t i, unsigned flags, struct clasp_buf *scratch);
/* A value without the quotes of a string; escapes stay. */
struct clasp_str cli_fields_raw(struct clasp_str value);

#endif
