/*
 * out.h - what was collected for stdout, and how it gets there; without any
 * idea of lines.  The functions of lineio.h that move bytes are here.
 */
#ifndef CLASP_TOOL_OUT_H
#define CLASP_TOOL_OUT_H

#include "base/buf.h"
#include "tool/lineio.h"

/* Where to add; what is added goes out with the next flush. */
struct clasp_buf *cli_out_buf(void);
/* Bytes collected and not yet out. */
size_t	cli_out_waiting(void);
/* What waits is not wanted any more. */
void	cli_out_drop(void);
/* Drop what a failed addition left, or die when there is no memory. */
void	cli_out_memory(void);

#endif
