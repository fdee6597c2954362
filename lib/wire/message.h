/*
 * message.h - the nineteen messages, in memory and as bytes.
 *
 * A payload is one message: a type byte and its fields in a fixed order, or
 * a MessagePack map (read only; "legacy").  Strings and blobs of a decoded
 * message are views into the payload; arrays and maps live in the arena.
 */
#ifndef CLASP_WIRE_MESSAGE_H
#define CLASP_WIRE_MESSAGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "wire/frame.h"
#include "wire/value.h"

/*	code	NAME		word on lines	default QoS */
#define CLASP_MESSAGES(X) \
	X(0x01,	HELLO,		"hello",	CLASP_QOS_FIRE) \
	X(0x02,	WELCOME,	"welcome",	CLASP_QOS_FIRE) \
	X(0x03,	ANNOUNCE,	"announce",	CLASP_QOS_FIRE) \
	X(0x04,	FEDERATION,	"federation",	CLASP_QOS_CONFIRM) \
	X(0x10,	SUBSCRIBE,	"subscribe",	CLASP_QOS_CONFIRM) \
	X(0x11,	UNSUBSCRIBE,	"unsubscribe",	CLASP_QOS_CONFIRM) \
	X(0x20,	PUBLISH,	"publish",	CLASP_QOS_FIRE) \
	X(0x21,	SET,		"set",		CLASP_QOS_CONFIRM) \
	X(0x22,	GET,		"get",		CLASP_QOS_FIRE) \
	X(0x23,	SNAPSHOT,	"snapshot",	CLASP_QOS_FIRE) \
	X(0x24,	REPLAY,		"replay",	CLASP_QOS_CONFIRM) \
	X(0x30,	BUNDLE,		"bundle",	CLASP_QOS_COMMIT) \
	X(0x40,	SYNC,		"sync",		CLASP_QOS_FIRE) \
	X(0x41,	PING,		"ping",		CLASP_QOS_FIRE) \
	X(0x42,	PONG,		"pong",		CLASP_QOS_FIRE) \
	X(0x50,	ACK,		"ack",		CLASP_QOS_FIRE) \
	X(0x51,	ERROR,		"error",	CLASP_QOS_FIRE) \
	X(0x60,	QUERY,		"query",	CLASP_QOS_FIRE) \
	X(0x61,	RESULT,		"result",	CLASP_QOS_FIRE)

enum clasp_msg_type {
#define CLASP_MSG_ENUM(code, NAME, word, qos) CLASP_##NAME = code,
	CLASP_MESSAGES(CLASP_MSG_ENUM)
#undef CLASP_MSG_ENUM
	CLASP_MSG_NONE = 0
};

/* Signal kinds. */
enum clasp_kind {
	CLASP_PARAM,
	CLASP_EVENT,
	CLASP_STREAM,
	CLASP_GESTURE,
	CLASP_TIMELINE
};

enum clasp_phase {
	CLASP_PHASE_START,
	CLASP_PHASE_MOVE,
	CLASP_PHASE_END,
	CLASP_PHASE_CANCEL
};

/* Feature bits of HELLO and WELCOME. */
#define CLASP_FEATURE_PARAM		0x80
#define CLASP_FEATURE_EVENT		0x40
#define CLASP_FEATURE_STREAM		0x20
#define CLASP_FEATURE_GESTURE		0x10
#define CLASP_FEATURE_TIMELINE		0x08
#define CLASP_FEATURE_FEDERATION	0x04
#define CLASP_FEATURE_NOSTATE		0x01	/* HELLO: no initial state */

/* Type masks: one bit a kind, 1 << enum clasp_kind; 0 is "all". */
#define CLASP_TYPES_ALL		0

/* TTL of a SET as on the wire: seconds, bit 31 absolute, 0 never. */
#define CLASP_TTL_NEVER		UINT32_C(0)
#define CLASP_TTL_ABSOLUTE	UINT32_C(0x80000000)

struct clasp_hello {
	uint8_t		 version;
	uint8_t		 features;
	struct clasp_str name;
	struct clasp_str token;		/* empty: none */
};

struct clasp_welcome {
	uint8_t		 version;
	uint8_t		 features;
	uint64_t	 time_us;	/* Unix, server clock */
	struct clasp_str session;
	struct clasp_str name;
	struct clasp_str token;		/* empty: none */
};

/* A signal as ANNOUNCE and RESULT carry it. */
struct clasp_signal {
	struct clasp_str address;	/* may be a pattern */
	uint8_t		 kind;		/* enum clasp_kind */
	bool		 has_meta;	/* ANNOUNCE only, the rest below */
	bool		 has_range;
	bool		 has_default;
	struct clasp_str datatype;	/* p NULL: absent */
	struct clasp_str access;	/* p NULL: absent */
	struct clasp_str unit;		/* p NULL: absent */
	struct clasp_str description;	/* p NULL: absent */
	double		 min, max;
	struct clasp_value def;
};

struct clasp_announce {
	struct clasp_str namespace_;
	uint32_t	 count;
	const struct clasp_signal *signals;
};

struct clasp_result {
	uint32_t	 count;
	const struct clasp_signal *signals;
};

enum clasp_federation_op {
	CLASP_FEDERATION_DECLARE = 1,
	CLASP_FEDERATION_REQUEST = 2,
	CLASP_FEDERATION_REVISIONS = 3,
	CLASP_FEDERATION_COMPLETE = 4
};

struct clasp_revision {
	struct clasp_str key;
	uint64_t	 revision;
};

struct clasp_federation {
	uint8_t		 op;		/* enum clasp_federation_op */
	bool		 has_since;
	uint32_t	 npatterns;
	uint32_t	 nrevisions;
	const struct clasp_str *patterns;
	const struct clasp_revision *revisions;
	uint64_t	 since;
	struct clasp_str origin;	/* p NULL: absent */
};

struct clasp_subscribe {
	uint32_t	 id;		/* unique in the connection */
	uint8_t		 types;		/* mask; CLASP_TYPES_ALL */
	bool		 has_max_rate, has_epsilon, has_history, has_window;
	struct clasp_str pattern;
	uint32_t	 max_rate;	/* Hz, 0 unlimited */
	uint32_t	 history;	/* entries */
	uint32_t	 window;	/* ms */
	double		 epsilon;
};

struct clasp_unsubscribe {
	uint32_t	 id;
};

enum clasp_content {
	CLASP_CONTENT_NONE,
	CLASP_CONTENT_VALUE,
	CLASP_CONTENT_SAMPLES
};

struct clasp_publish {
	uint8_t		 kind;		/* enum clasp_kind */
	uint8_t		 phase;		/* enum clasp_phase; always there */
	uint8_t		 content;	/* enum clasp_content */
	bool		 has_timestamp, has_id, has_rate;
	uint32_t	 id;		/* of a gesture */
	uint32_t	 rate;		/* samples a second */
	uint32_t	 nsamples;
	const double	*samples;
	struct clasp_str address;
	struct clasp_value value;	/* CLASP_CONTENT_VALUE */
	uint64_t	 timestamp_us;	/* server time */
};

struct clasp_set {
	bool		 has_revision, has_ttl, lock, unlock;
	uint32_t	 ttl;		/* see CLASP_TTL_ABSOLUTE */
	struct clasp_str address;
	struct clasp_value value;
	uint64_t	 revision;	/* to a relay: expected; from it: new */
};

struct clasp_get {
	struct clasp_str address;
};

struct clasp_query {
	struct clasp_str pattern;
};

struct clasp_param {
	struct clasp_str address;
	struct clasp_value value;
	uint64_t	 revision;
	bool		 has_timestamp;
	struct clasp_str writer;	/* p NULL: absent */
	uint64_t	 timestamp_us;
};

struct clasp_snapshot {
	uint32_t	 count;
	const struct clasp_param *params;
};

struct clasp_replay {
	uint8_t		 types;		/* mask; CLASP_TYPES_ALL */
	bool		 has_from, has_to, has_limit;
	uint32_t	 limit;
	struct clasp_str pattern;
	uint64_t	 from_us, to_us;	/* both included */
};

struct clasp_msg;

struct clasp_bundle {
	bool		 has_timestamp;
	uint32_t	 count;
	uint64_t	 timestamp_us;	/* server time to run at */
	const struct clasp_msg *messages;
	/* after a decode: each message's bytes as they came; NULL otherwise,
	 * and when they came as MessagePack */
	const struct clasp_str *raw;
};

struct clasp_sync {
	bool		 has_t2, has_t3;
	uint64_t	 t1, t2, t3;	/* microseconds */
};

struct clasp_ack {
	bool		 has_revision, has_locked, has_correlation;
	bool		 locked;
	uint32_t	 correlation;
	struct clasp_str address;	/* p NULL: absent */
	struct clasp_str holder;	/* p NULL: absent */
	uint64_t	 revision;
};

struct clasp_error_msg {
	uint16_t	 code;
	bool		 has_correlation;
	uint32_t	 correlation;
	struct clasp_str message;
	struct clasp_str address;	/* p NULL: absent */
};

struct clasp_msg {
	uint8_t type;			/* enum clasp_msg_type */
	union {
		struct clasp_hello	 hello;
		struct clasp_welcome	 welcome;
		struct clasp_announce	 announce;
		struct clasp_federation	 federation;
		struct clasp_subscribe	 subscribe;
		struct clasp_unsubscribe unsubscribe;
		struct clasp_publish	 publish;
		struct clasp_set	 set;
		struct clasp_get	 get;
		struct clasp_snapshot	 snapshot;
		struct clasp_replay	 replay;
		struct clasp_bundle	 bundle;
		struct clasp_sync	 sync;
		struct clasp_ack	 ack;
		struct clasp_error_msg	 error;
		struct clasp_query	 query;
		struct clasp_result	 result;
	};
};

#define CLASP_BUNDLE_DEPTH 8	/* BUNDLE headers inside each other */

/* "set", or NULL for a code that is no message. */
const char *clasp_msg_name(uint8_t type);
/* The code of such a word; 0 when there is none. */
uint8_t	 clasp_msg_by_name(struct clasp_str word);
/* The QoS a message has when nobody asks for another. */
uint8_t	 clasp_msg_qos(const struct clasp_msg *msg);
/* "param", "event", ...; NULL out of range.  By name: -1 when unknown. */
const char *clasp_kind_name(uint8_t kind);
int	 clasp_kind_by_name(struct clasp_str word);
const char *clasp_phase_name(uint8_t phase);
int	 clasp_phase_by_name(struct clasp_str word);

/*
 * Read a payload, binary or legacy, whichever its first byte tells.
 * flags: 0 or CLASP_DECODE_EXACT.
 * Returns 0 or CLASP_EEMPTY, ETRUNCATED, EMESSAGE, EVALUETYPE, EUTF8, EENUM,
 * EDEPTH, ELEGACY, ESHAPE, ELEGACYTYPE, ENOMEM, or ETOOBIG for more than
 * 65,535 bytes; on error *out is untouched.
 * Bytes behind the last field are ignored, except that four or more behind a
 * PUBLISH are its rate.  Needs at most 64 bytes of arena for each byte of
 * payload plus 4,096; SET and PUBLISH of a scalar need none.
 */
int	 clasp_msg_decode(const uint8_t *payload, size_t len,
	    struct clasp_arena *arena, unsigned flags, struct clasp_msg *out);
/* The same for binary only, as inside a bundle. */
int	 clasp_msg_decode_binary(const uint8_t *payload, size_t len,
	    struct clasp_arena *arena, unsigned flags, struct clasp_msg *out);

/*
 * Write a message as a payload.
 * Returns its length, or CLASP_ENOSPC (cap too small), ETOOBIG (over 65,535,
 * or a string or count over it), EDEPTH, EUTF8, EINVAL (a kind, phase or
 * operation out of range, bundles nested over 8).
 */
int	 clasp_msg_encode(uint8_t *buf, size_t cap,
	    const struct clasp_msg *msg);

/*
 * Write a whole frame.  head gives QoS, time and flag bits (payload and len
 * in it are not read); NULL is the default: the message's own QoS, version
 * 1, no time.  Returns the frame's length or an error as above.
 */
int	 clasp_frame_encode(uint8_t *buf, size_t cap,
	    const struct clasp_msg *msg, const struct clasp_frame *head);
/* The same behind what buf holds already. */
int	 clasp_frame_append(struct clasp_buf *buf,
	    const struct clasp_msg *msg, const struct clasp_frame *head);
/* Payload bytes a SET, PUBLISH or BUNDLE would take were there no limit, for
 * people to read; 0 for other messages. */
size_t	 clasp_msg_size(const struct clasp_msg *msg);

#endif
