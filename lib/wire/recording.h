/*
 * recording.h - a recording is lines with a header, a few directives and an
 * end; this keeps track while they are read and writes the directives.
 *
 *	#clasp 1 epoch=1795345429.000000
 *	#snapshot 2
 *	0.000000 /lights/front 0.5
 *	0.000000 /lights/left 1.0
 *	1.500000 /cue/go event {"id":1}
 *	#gap 2.000000
 *	#end 4.000000 lines=3
 *
 * No file, no clock: a reader is fed the lines as clasp_line_parse() gives
 * them, a writer gets directive lines to put between its own.  Lines without
 * any header are a stream whose epoch is 1970: everything works the same.
 */
#ifndef CLASP_WIRE_RECORDING_H
#define CLASP_WIRE_RECORDING_H

#include "wire/line.h"

#define CLASP_RECORDING_VERSION	1

/* What a line means for whoever reads a recording. */
enum clasp_moment_kind {
	CLASP_MOMENT_COMMENT,	/* blank, comment, unknown or late directive */
	CLASP_MOMENT_LINE,	/* data, control or frame line: play it */
	CLASP_MOMENT_MARK,	/* a mark; its name is line->text */
	CLASP_MOMENT_HEADER,	/* #clasp: version and epoch are known now */
	CLASP_MOMENT_SNAPSHOT,	/* #snapshot: count lines of state follow */
	CLASP_MOMENT_GAP,	/* #gap: nothing was heard for span_us */
	CLASP_MOMENT_DROP,	/* #drop: count messages are missing here */
	CLASP_MOMENT_END	/* #end: the last line, unless one follows */
};

struct clasp_moment {
	enum clasp_moment_kind kind;
	/* the line has a time, or is #end */
	bool		 timed;
	/* microseconds since the epoch, "+D" added up; for a line without a
	 * time that of the timed line before it (0 when there is none) */
	int64_t		 time_us;
	bool		 snapshot;	/* one of the lines #snapshot counts */
	uint64_t	 count;		/* SNAPSHOT, DROP; END: its lines= */
	int64_t		 span_us;	/* GAP */
};

/* Reading.  Zero-initialised (or init) is "before the first line". */
struct clasp_recording {
	bool		 header;	/* the first line was #clasp */
	int64_t		 epoch_us;	/* Unix time of 0; 0 without header */
	bool		 ended;		/* the last line so far is #end */
	int64_t		 end_us;	/* its T */
	uint64_t	 end_lines;	/* its lines= */
	uint64_t	 lines;		/* data, control, frame lines, marks */
	uint64_t	 snapshot_left;	/* lines of the snapshot to come */
	int64_t		 time_us;	/* of the last line with a time */
	int64_t		 last_us;	/* the greatest time so far */
	bool		 begun;		/* a line that is not blank was seen */
};

void	clasp_recording_init(struct clasp_recording *rec);
/*
 * Take the next line and tell what it is.  Returns 0, or CLASP_EINVAL when
 * it is the header of a version above CLASP_RECORDING_VERSION (*version,
 * which may be NULL, tells which): such a file is refused as a whole.
 */
int	clasp_recording_take(struct clasp_recording *rec,
	    const struct clasp_line *line, struct clasp_moment *out,
	    uint64_t *version);
/*
 * After the last line: true when there was a header but #end is not the last
 * line: the recording was cut off.
 */
bool	clasp_recording_cut_off(const struct clasp_recording *rec);
/* When the recording is over: #end's T when it stands last, else the
 * greatest time seen. */
int64_t	clasp_recording_length_us(const struct clasp_recording *rec);

/*
 * Writing: add one directive line, LF included.  The header comes first, the
 * end last with the number of data, control and frame lines and marks.
 * Return 0 or CLASP_ENOMEM.
 */
int	clasp_recording_put_header(struct clasp_buf *buf, int64_t epoch_us);
int	clasp_recording_put_snapshot(struct clasp_buf *buf, uint64_t lines);
int	clasp_recording_put_gap(struct clasp_buf *buf, int64_t span_us);
int	clasp_recording_put_drop(struct clasp_buf *buf, uint64_t messages);
int	clasp_recording_put_end(struct clasp_buf *buf, int64_t time_us,
	    uint64_t lines);

#endif
