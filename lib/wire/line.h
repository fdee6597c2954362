/*
 * line.h - the CLASP line format: one line of text is one frame.
 *
 *	[time] address [verb] [attribute ...] [value] [ ; message ...]
 *
 * Text in, struct out, and back, without I/O.  What is written is canonical:
 * reading it and writing it again changes no byte.  The JSON twin (one object
 * a line) and the tab-separated form carry the same struct.
 */
#ifndef CLASP_WIRE_LINE_H
#define CLASP_WIRE_LINE_H

#include "base/arena.h"
#include "base/buf.h"
#include "wire/message.h"

#define CLASP_LINE_MAX	(1024 * 1024)	/* bytes, without the LF */
/* Heap bytes an arena must allow so that no line of that length fails. */
#define CLASP_LINE_ARENA_MAX	(256 << 20)

enum clasp_line_kind {
	CLASP_LINE_BLANK,	/* nothing, or only blanks */
	CLASP_LINE_COMMENT,	/* "# ...", text is all of it */
	CLASP_LINE_DIRECTIVE,	/* "#word ...", text is all of it */
	CLASP_LINE_DATA,	/* SET or PUBLISH, or a bundle of them */
	CLASP_LINE_CONTROL,	/* any other message; items[0] */
	CLASP_LINE_FRAME,	/* "frame x"53.."": text is the bytes */
	CLASP_LINE_MARK		/* mark "NAME": text is the name */
};

/* An attribute the library does not know: kept, and written back. */
struct clasp_attr {
	struct clasp_str key;
	struct clasp_str value;		/* as its text means, not quoted */
};

/* One message of a line with what only lines carry. */
struct clasp_item {
	struct clasp_msg msg;
	struct clasp_str by;		/* writer's session; p NULL: absent */
	/* ts= of a SET: when it was written (snapshots, with -v) */
	bool		 has_ts;
	uint64_t	 ts_us;
	uint32_t	 nattrs;
	const struct clasp_attr *attrs;
};

struct clasp_line {
	enum clasp_line_kind kind;

	/* the time in front */
	bool		 timed;
	bool		 relative;	/* "+D": since the timed line before */
	int64_t		 time_us;	/* since the stream's epoch, or D */

	/* attributes of the whole frame */
	bool		 has_qos;
	uint8_t		 qos;
	bool		 has_frame_ts;
	uint64_t	 frame_ts_us;
	bool		 has_at;
	bool		 at_relative;	/* at=+D */
	uint64_t	 at_us;

	bool		 bundle;	/* also with one message, or none */
	uint32_t	 count;
	struct clasp_item *items;
	struct clasp_str text;		/* see the kinds */
};

struct clasp_line_error {
	int		 error;		/* CLASP_ESYNTAX, EADDRESS, ... */
	unsigned	 column;	/* bytes, from 1 */
	char		 reason[160];	/* for people; no control characters */
};

/*
 * Read one line: text or JSON, told apart by its first byte.  s holds no LF;
 * a CR at its end and blanks around it are dropped.  Views in *out point into
 * s or the arena.  Returns 0, or < 0 with *err filled.
 */
int	clasp_line_parse(struct clasp_str s, struct clasp_arena *arena,
	    struct clasp_line *out, struct clasp_line_error *err);

/*
 * Read one value that is the whole of s, as on a command line.
 * Returns 0 or < 0 with *err filled.
 */
int	clasp_value_parse(struct clasp_str s, struct clasp_arena *arena,
	    struct clasp_value *out, struct clasp_line_error *err);

/* flags of the writers */
#define CLASP_LINE_EXACT	0x01	/* narrow numbers, wire's map order */
#define CLASP_LINE_INFO		0x02	/* rev= ts= by= (-v); else left out of
					 * set lines that came from a relay */
#define CLASP_LINE_TSV		0x04
#define CLASP_LINE_JSON		0x08
#define CLASP_LINE_ESCAPE	0x10	/* terminals: comments, attributes */

/*
 * Add the line to buf, with its LF, in the form that flags ask for.
 * Without CLASP_LINE_INFO a SET's rev=, by= and ts= are still written: what
 * is in the struct is written; callers that print live traffic call
 * clasp_line_plain() first.  A blank line adds nothing.
 * Returns 0, CLASP_ENOMEM, or CLASP_EINVAL for a message that no line but a
 * "frame" line can show (clasp_line_from_msg() makes those).
 */
int	clasp_line_format(struct clasp_buf *buf, const struct clasp_line *line,
	    unsigned flags);
/* Take rev=, ts= of sets and by= away. */
void	clasp_line_plain(struct clasp_line *line);
/* Add a value's text; only CLASP_LINE_EXACT and CLASP_LINE_JSON count. */
int	clasp_value_format(struct clasp_buf *buf, const struct clasp_value *v,
	    unsigned flags);
/* Add s as a JSON string with every control character escaped. */
int	clasp_string_format(struct clasp_buf *buf, struct clasp_str s);
/* Add seconds with six decimals. */
int	clasp_time_format(struct clasp_buf *buf, int64_t time_us);
/*
 * Read "[+]SECONDS[.FRACTION]"; digits beyond six are cut off.
 * Returns 0 or < 0; *relative may be NULL when "+" is not allowed.
 */
int	clasp_time_parse(struct clasp_str s, bool *relative, int64_t *time_us);

/*
 * A frame as a line.  With CLASP_LINE_EXACT in flags (decode with
 * CLASP_DECODE_EXACT then) the line gives the same bytes back; what no other
 * form can carry becomes a "frame" line.  frame and raw (the frame's own
 * bytes) may be NULL when only msg is known.  Returns 0 or < 0.
 */
int	clasp_line_from_msg(struct clasp_line *line,
	    const struct clasp_msg *msg, const struct clasp_frame *frame,
	    struct clasp_str raw, struct clasp_arena *arena, unsigned flags);
/*
 * The line as one message: a bundle when the line is one.  What goes into
 * the frame's header goes to *head (NULL: not wanted).  Returns 0,
 * CLASP_EINVAL for lines that are no frame (comments, marks, an empty
 * bundle is one), or the error of a "frame" line's bytes.
 */
int	clasp_line_to_msg(const struct clasp_line *line,
	    struct clasp_arena *arena, struct clasp_msg *msg,
	    struct clasp_frame *head);

/* "at=+D" becomes absolute: now_us is server time.  Whoever sends or prints
 * a line that was read calls this; clasp_line_to_msg() refuses a line whose
 * at= is still relative (CLASP_EINVAL). */
void	clasp_line_resolve(struct clasp_line *line, uint64_t now_us);

/* A line of one SET, for programs that make lines. */
void	clasp_line_set(struct clasp_line *line, struct clasp_item *item,
	    struct clasp_str address, struct clasp_value value);

#endif
