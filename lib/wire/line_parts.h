/*
 * line_parts.h - what the files behind line.h share.  Not for others.
 *
 *	line.c		a line of text into its struct
 *	line_scan.c	values in, text and JSON
 *	line_put.c	values out, text and JSON
 *	line_format.c	a struct into a line, text and tsv
 *	line_json.c	the JSON twin of a line, both ways
 *	line_control.c	messages that are no signals <-> maps of plain values
 *	line_timeline.c	keyframe arrays <-> the map a timeline has on the wire
 *	line_frame.c	frames into lines and back
 */
#ifndef CLASP_WIRE_LINE_PARTS_H
#define CLASP_WIRE_LINE_PARTS_H

#include "wire/line.h"

/*
 * In value.narrow of the plain values of a control line: an int above
 * INT64_MAX, as revisions and times may be; .integer holds its bits.
 */
#define CLASP_NARROW_U64	0xff

/* ------------------------------------------------------------- reading */

struct clasp_scan {
	const char	*start;		/* column 1 */
	const char	*p;
	const char	*end;
	struct clasp_arena *arena;
	struct clasp_line_error *err;
	bool		 json;		/* strict JSON, {"$hex":...} */
	bool		 wide;		/* ints up to 2^64-1 are taken */
};

/* Fill *err for the byte at `at`; returns error. */
int	clasp_scan_fail(struct clasp_scan *s, const char *at, int error,
	    const char *format, ...) __attribute__((format(printf, 4, 5)));
int	clasp_scan_nomem(struct clasp_scan *s);
/* A value at s->p; depth is that of the containers around it. */
int	clasp_scan_value(struct clasp_scan *s, int depth,
	    struct clasp_value *out);
/* A JSON string at s->p, which stands on its first quote. */
int	clasp_scan_string(struct clasp_scan *s, struct clasp_str *out);
/* Go over a JSON value without looking closely: 0 or an error. */
int	clasp_scan_skip(struct clasp_scan *s);
/* Of equal keys the last value stays, in the first one's place. */
int	clasp_scan_unique(struct clasp_scan *s, struct clasp_entry *entries,
	    uint32_t *count);

static inline bool
clasp_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline void
clasp_scan_blanks(struct clasp_scan *s)
{
	while (s->p < s->end && clasp_is_blank(*s->p))
		s->p++;
}

/* An array that grows in an arena. */
struct clasp_pile {
	void		*items;
	uint32_t	 count, cap;
};

/* Room for one more item of `size` bytes, or NULL. */
void	*clasp_pile_add(struct clasp_pile *pile, struct clasp_arena *arena,
	    size_t size);

/*
 * Seconds as microseconds, exactly; exponent: "1e-06" is taken too (JSON).
 * 0, CLASP_ESYNTAX or CLASP_ERANGE.
 */
int	clasp_seconds_parse(struct clasp_str s, bool exponent, uint64_t *us);

/* What stands in a data message beside its address, as it is gathered. */
enum clasp_verb {
	CLASP_VERB_SET,
	CLASP_VERB_EVENT,
	CLASP_VERB_STREAM,
	CLASP_VERB_SAMPLES,
	CLASP_VERB_GESTURE,
	CLASP_VERB_TIMELINE,
	CLASP_VERB_COUNT
};

extern const char *const clasp_verb_names[CLASP_VERB_COUNT];
/* The verb of a word, or -1. */
int	clasp_verb_by_name(struct clasp_str word);
/* The verb that shows msg, a SET or PUBLISH; -1: none does. */
int	clasp_verb_of(const struct clasp_msg *msg);

struct clasp_parts {
	struct clasp_str address;
	uint8_t		 verb;
	bool		 has_value;
	bool		 first;		/* of its line: at= and qos= may come */
	bool		 loop;
	uint8_t		 phase;
	uint32_t	 seen;		/* attributes, one bit each */
	uint32_t	 id, rate, ttl;
	uint64_t	 ts_us, rev, start_us, dur_us;
	struct clasp_value value;
	struct clasp_str by;
	struct clasp_pile attrs;	/* struct clasp_attr */
};

/*
 * Take one attribute.  Line-wide ones go into *line.  at: where to point to
 * when it is wrong.  flag: it was the bare word (lock, unlock).
 */
int	clasp_parts_attr(struct clasp_scan *s, struct clasp_parts *parts,
	    struct clasp_line *line, const char *at, struct clasp_str key,
	    struct clasp_str value, bool flag);
/* All is gathered: make the message.  at: where its address stands. */
int	clasp_parts_finish(struct clasp_scan *s, struct clasp_parts *parts,
	    const char *at, struct clasp_item *item);
/* An address: 0 or an error that points to `at`. */
int	clasp_parts_address(struct clasp_scan *s, const char *at,
	    struct clasp_str address);
/* The bytes of a "frame" line. */
int	clasp_parts_frame(struct clasp_scan *s, const char *at,
	    struct clasp_str bytes, struct clasp_line *line);

/* The line's text as JSON; s->p stands on '{'. */
int	clasp_json_parse(struct clasp_scan *s, struct clasp_line *line);

/* ------------------------------------------------------------- writing */

/* Add what an attribute's value is written as: bare, or a JSON string. */
void	clasp_put_attr_value(struct clasp_buf *buf, struct clasp_str s,
	    bool escape);
/* True when s can be written as it is, as an address. */
bool	clasp_address_is_bare(struct clasp_str s);
/* True when s may be an attribute's name. */
bool	clasp_attr_key_ok(struct clasp_str s);
int	clasp_json_format(struct clasp_buf *buf,
	    const struct clasp_line *line, unsigned flags,
	    struct clasp_arena *arena);
/* Seconds of unsigned microseconds; short: without zeros at the end. */
void	clasp_put_seconds(struct clasp_buf *buf, uint64_t us, bool brief);
void	clasp_put_uint(struct clasp_buf *buf, uint64_t v);
/* "abs:5", "never", "60". */
void	clasp_put_ttl(struct clasp_buf *buf, uint32_t ttl);
const char *clasp_qos_name(uint8_t qos);
/* True when a line's qos= is to be written. */
bool	clasp_line_shows_qos(const struct clasp_line *line, unsigned flags);
/* Samples as an array value in the arena. */
int	clasp_samples_value(const struct clasp_publish *p,
	    struct clasp_arena *arena, struct clasp_value *out);

/* ------------------------------------------- timelines, control messages */

struct clasp_timeline_parts {
	struct clasp_value keyframes;	/* [[time, value, easing, bezier]] */
	bool		 loop, has_start, has_dur;
	uint64_t	 start_us, dur_us;
};

/* The map of a timeline on the wire; false when it is none. */
bool	clasp_timeline_split(const struct clasp_value *map,
	    struct clasp_arena *arena, struct clasp_timeline_parts *out);
/* The map from the parts.  0, or an error and *why. */
int	clasp_timeline_join(const struct clasp_timeline_parts *parts,
	    struct clasp_arena *arena, struct clasp_value *out,
	    const char **why);

/* A control message's fields as a map with sorted keys: 0 or ENOMEM. */
int	clasp_control_fields(const struct clasp_msg *msg,
	    struct clasp_arena *arena, struct clasp_value *out);
/* The message from its fields.  0, or an error and *why (in room). */
int	clasp_control_msg(uint8_t type, const struct clasp_value *fields,
	    struct clasp_arena *arena, struct clasp_msg *out, char *room,
	    size_t room_len);

#endif
