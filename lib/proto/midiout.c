/*
 * midiout.c - CLASP messages as MIDI bytes.
 *
 * An address is BASE/leaf or BASE/ch/C/leaf or BASE/ch/C/leaf/N: two tables
 * say what each leaf takes and who makes bytes of it.
 */
#include "proto/midiout.h"

#include <math.h>
#include <string.h>

#include "wire/address.h"

#define WIDE_MAX	16383		/* 14 bits */
#define BEND_MIN	(-8192)
#define BEND_MAX	8191
#define VELOCITY	64		/* where none is given */
#define SEGMENTS	4		/* ch, C, leaf, N */

/* What is known while one message is translated. */
struct job {
	struct clasp_midiout *out;
	const struct clasp_value *value;	/* NULL: an event without */
	int	 channel;			/* 0-15, -1: none */
	int	 number;			/* N, -1: none */
	uint8_t	 status;
};

static const char *const drop_names[CLASP_MIDIOUT_DROPS] = {
	[CLASP_MIDIOUT_DROP_OUTSIDE] = "address outside the namespace",
	[CLASP_MIDIOUT_DROP_ADDRESS] = "address that means nothing in MIDI",
	[CLASP_MIDIOUT_DROP_VALUE] = "value that cannot be sent",
	[CLASP_MIDIOUT_DROP_MESSAGE] = "message that MIDI does not have",
	[CLASP_MIDIOUT_DROP_CLOCK] = "clock, without --clock",
	[CLASP_MIDIOUT_DROP_SYSEX] = "SysEx, without --sysex",
	[CLASP_MIDIOUT_DROP_MTC] = "time code, without --mtc",
};

const char *
clasp_midiout_drop_name(enum clasp_midiout_drop drop)
{
	return drop_names[drop];
}

void
clasp_midiout_init(struct clasp_midiout *out,
    const struct clasp_midimap_config *config, clasp_midiout_fn fn,
    void *user)
{
	memset(out, 0, sizeof *out);
	out->config = *config;
	out->base = clasp_str_c(config->base);
	out->fn = fn;
	out->user = user;
}

static bool
drop(struct clasp_midiout *out, enum clasp_midiout_drop why)
{
	out->drops[why]++;
	return true;
}

/* --------------------------------------------------------------- numbers */

/* A number rounded, half away from zero, and clamped; false: it is none. */
static bool
rounded(const struct clasp_value *v, int min, int max, int *result)
{
	double x;

	if (!v)
		return false;
	switch (v->type) {
	case CLASP_BOOL:
		*result = v->boolean ? max : 0;
		return true;
	case CLASP_INT:
		*result = v->integer < min ? min : v->integer > max ? max :
		    (int)v->integer;
		return true;
	case CLASP_FLOAT:
		if (isnan(v->number))
			return false;
		x = round(v->number);
		*result = x < min ? min : x > max ? max : (int)x;
		return true;
	default:
		return false;
	}
}

/* The same of a share: 0.0 to 1.0 of max; ints above 1 are raw. */
static bool
share(const struct clasp_value *v, int max, int *result)
{
	struct clasp_value scaled;

	if (v && v->type == CLASP_FLOAT)
		scaled = clasp_float(v->number * max);
	else if (v && v->type == CLASP_INT && v->integer == 1)
		scaled = clasp_int(max);
	else
		return rounded(v, 0, max, result);
	return rounded(&scaled, 0, max, result);
}

/* 0-127 as the profile has it. */
static bool
seven(const struct job *job, int *result)
{
	return job->out->config.doc ? share(job->value, 127, result) :
	    rounded(job->value, 0, 127, result);
}

/* --------------------------------------------------------------- sending */

static bool
send_bytes(const struct job *job, enum clasp_midiout_kind kind,
    const uint8_t *bytes, size_t len)
{
	struct clasp_midiout_msg msg = {
		.kind = kind,
		.key = (uint32_t)job->status << 24 |
		    (uint32_t)(job->channel & 0x0f) << 20 |
		    (uint32_t)(job->number & 0xfffff),
		.channel = job->channel,
		.bytes = bytes,
		.len = len
	};

	job->out->fn(&msg, job->out->user);
	return true;
}

/* A status with up to two data bytes. */
static bool
send_short(const struct job *job, enum clasp_midiout_kind kind,
    uint8_t status, int a, int b)
{
	uint8_t bytes[3] = { status, (uint8_t)a, (uint8_t)b };

	if (job->channel >= 0)
		bytes[0] = (uint8_t)(status | job->channel);
	return send_bytes(job, kind, bytes,
	    1 + (size_t)clasp_midi_data_len(bytes[0]));
}

/* Controllers in pairs of number and value. */
static bool
send_controllers(const struct job *job, const uint8_t *pairs, size_t n)
{
	uint8_t bytes[CLASP_MIDIOUT_BYTES];
	size_t i;

	for (i = 0; i < n; i++) {
		bytes[3 * i] = (uint8_t)(CLASP_MIDI_CC | job->channel);
		bytes[3 * i + 1] = pairs[2 * i];
		bytes[3 * i + 2] = pairs[2 * i + 1];
	}
	return send_bytes(job, CLASP_MIDIOUT_PARAM, bytes, 3 * n);
}

/* ------------------------------------------------------ channel messages */

static bool
note_velocity(const struct job *job, int key, int velocity, bool on)
{
	/* a note on with velocity 0 would be read as off; it is one */
	return send_short(job, CLASP_MIDIOUT_EVENT, on && velocity > 0 ?
	    CLASP_MIDI_NOTE_ON : CLASP_MIDI_NOTE_OFF, key, velocity);
}

/* {"note","velocity","on"} */
static bool
put_note(const struct job *job)
{
	const struct clasp_value *on, *velocity;
	int key, v = VELOCITY, flag;

	if (!job->value || job->value->type != CLASP_MAP ||
	    !rounded(clasp_map_get(job->value, CLASP_STR("note")), 0, 127,
	    &key))
		return false;
	on = clasp_map_get(job->value, CLASP_STR("on"));
	velocity = clasp_map_get(job->value, CLASP_STR("velocity"));
	if (velocity && !rounded(velocity, 0, 127, &v))
		return false;
	if (!on)
		return velocity && note_velocity(job, key, v, v > 0);
	if (!rounded(on, 0, 1, &flag))
		return false;
	return note_velocity(job, key, v, flag);
}

/* A velocity from 0.0 to 1.0; what sounds at all is not rounded to off. */
static bool
put_note_share(const struct job *job)
{
	int v;

	if (!share(job->value, 127, &v))
		return false;
	if (v == 0 && job->value->type == CLASP_FLOAT &&
	    job->value->number > 0)
		v = 1;
	return note_velocity(job, job->number, v, v > 0);
}

/* Controllers that others depend on must all come, and in order. */
static bool
is_state(int cc)
{
	return cc == 0 || cc == 32 || cc == 6 || cc == 38 ||
	    (cc >= 64 && cc <= 69) || (cc >= 96 && cc <= 101) || cc >= 120;
}

static bool
put_cc(const struct job *job)
{
	int v;

	return seven(job, &v) && send_short(job, is_state(job->number) ?
	    CLASP_MIDIOUT_STATE : CLASP_MIDIOUT_PARAM, CLASP_MIDI_CC,
	    job->number, v);
}

static bool
put_poly(const struct job *job)
{
	int v;

	return seven(job, &v) && send_short(job, CLASP_MIDIOUT_PARAM,
	    CLASP_MIDI_POLY, job->number, v);
}

static bool
put_pressure(const struct job *job)
{
	int v;

	return seven(job, &v) && send_short(job, CLASP_MIDIOUT_PARAM,
	    CLASP_MIDI_PRESSURE, v, 0);
}

static bool
put_program(const struct job *job)
{
	int v;

	return rounded(job->value, 0, 127, &v) && send_short(job,
	    CLASP_MIDIOUT_EVENT, CLASP_MIDI_PROGRAM, v, 0);
}

static bool
send_bend(const struct job *job, int raw)
{
	return send_short(job, CLASP_MIDIOUT_PARAM, CLASP_MIDI_BEND,
	    raw & 0x7f, raw >> 7);
}

static bool
put_bend(const struct job *job)
{
	int v;

	return rounded(job->value, BEND_MIN, BEND_MAX, &v) &&
	    send_bend(job, v - BEND_MIN);
}

static bool
put_pitch(const struct job *job)
{
	int v;

	return share(job->value, WIDE_MAX, &v) && send_bend(job, v);
}

static bool
put_cc14(const struct job *job)
{
	int v;
	uint8_t cc = (uint8_t)job->number;

	if (!rounded(job->value, 0, WIDE_MAX, &v))
		return false;
	return send_controllers(job, (uint8_t[]){ cc, (uint8_t)(v >> 7),
	    (uint8_t)(cc + 32), v & 0x7f }, 2);
}

/* Select, high half first, then data entry; 7 bit wide ones have no low. */
static bool
put_parameter(const struct job *job, uint8_t msb_cc, bool narrow)
{
	uint8_t high = (uint8_t)(job->number >> 7), low = job->number & 0x7f;
	int v;

	if (!rounded(job->value, 0, narrow ? 127 : WIDE_MAX, &v))
		return false;
	return send_controllers(job, (uint8_t[]){ msb_cc, high,
	    (uint8_t)(msb_cc - 1), low, 6, (uint8_t)(narrow ? v : v >> 7), 38,
	    v & 0x7f }, narrow ? 3 : 4);
}

static bool
put_nrpn(const struct job *job)
{
	return put_parameter(job, 99, job->out->config.nrpn7);
}

static bool
put_rpn(const struct job *job)
{
	return put_parameter(job, 101, job->out->config.rpn7);
}

/* ------------------------------------------------------- system messages */

static bool
put_clock(const struct job *job)
{
	if (!job->out->config.clock)
		return drop(job->out, CLASP_MIDIOUT_DROP_CLOCK);
	return send_short(job, CLASP_MIDIOUT_CLOCK, CLASP_MIDI_CLOCK, 0, 0);
}

static bool
put_tune(const struct job *job)
{
	return send_short(job, CLASP_MIDIOUT_EVENT, CLASP_MIDI_TUNE, 0, 0);
}

static bool
put_reset(const struct job *job)
{
	return send_short(job, CLASP_MIDIOUT_EVENT, CLASP_MIDI_RESET, 0, 0);
}

static bool
put_transport(const struct job *job)
{
	static const struct {
		struct clasp_str word;
		uint8_t status;
	} words[] = {
		{ { "start", 5 }, CLASP_MIDI_START },
		{ { "continue", 8 }, CLASP_MIDI_CONTINUE },
		{ { "stop", 4 }, CLASP_MIDI_STOP },
	};
	size_t i;

	if (!job->value || job->value->type != CLASP_STRING)
		return false;
	for (i = 0; i < sizeof words / sizeof words[0]; i++)
		if (clasp_str_eq(job->value->string, words[i].word))
			return send_short(job, CLASP_MIDIOUT_EVENT,
			    words[i].status, 0, 0);
	return false;
}

static bool
put_songpos(const struct job *job)
{
	int v;

	return rounded(job->value, 0, WIDE_MAX, &v) && send_short(job,
	    CLASP_MIDIOUT_EVENT, CLASP_MIDI_SONGPOS, v & 0x7f, v >> 7);
}

static bool
put_songselect(const struct job *job)
{
	int v;

	return rounded(job->value, 0, 127, &v) && send_short(job,
	    CLASP_MIDIOUT_EVENT, CLASP_MIDI_SONGSELECT, v, 0);
}

/* All of it, F0 to F7, with nothing but data between. */
static bool
put_sysex(const struct job *job)
{
	const uint8_t *p;
	size_t len, i;

	if (!job->value || job->value->type != CLASP_BYTES)
		return false;
	p = (const uint8_t *)job->value->string.p;
	len = job->value->string.len;
	if (len < 2 || len > CLASP_MIDI_SYSEX_MAX ||
	    p[0] != CLASP_MIDI_SYSEX || p[len - 1] != CLASP_MIDI_SYSEX_END)
		return false;
	for (i = 1; i < len - 1; i++)
		if (p[i] >= 0x80)
			return false;
	if (!job->out->config.sysex)
		return drop(job->out, CLASP_MIDIOUT_DROP_SYSEX);
	return send_bytes(job, CLASP_MIDIOUT_EVENT, p, len);
}

/* A part of a time; false where it is no number. */
static bool
part(const struct job *job, struct clasp_str name, int max, int *v)
{
	return rounded(clasp_map_get(job->value, name), 0, max, v);
}

/* The code of 24, 25, 29.97 or 30 frames a second. */
static bool
rate_code(const struct clasp_value *v, int *code)
{
	static const double rates[] = { 24, 25, 29.97, 30 };
	double x;

	if (!v || (v->type != CLASP_INT && v->type != CLASP_FLOAT))
		return false;
	x = v->type == CLASP_INT ? (double)v->integer : v->number;
	for (*code = 0; *code < 4; ++*code)
		if (fabs(x - rates[*code]) < 0.01)
			return true;
	return false;
}

/* A time is eight quarter frames of four bits each, low ones first. */
static bool
put_mtc(const struct job *job)
{
	uint8_t bytes[16];
	int frame, second, minute, hour, rate, i;

	if (!job->value || job->value->type != CLASP_MAP ||
	    !part(job, CLASP_STR("frame"), 29, &frame) ||
	    !part(job, CLASP_STR("second"), 59, &second) ||
	    !part(job, CLASP_STR("minute"), 59, &minute) ||
	    !part(job, CLASP_STR("hour"), 23, &hour) ||
	    !rate_code(clasp_map_get(job->value, CLASP_STR("rate")), &rate))
		return false;
	if (!job->out->config.mtc)
		return drop(job->out, CLASP_MIDIOUT_DROP_MTC);
	const int parts[4] = { frame, second, minute, hour | rate << 5 };

	for (i = 0; i < 8; i++) {
		bytes[2 * i] = CLASP_MIDI_MTC;
		bytes[2 * i + 1] = (uint8_t)(i << 4 |
		    (parts[i / 2] >> (i & 1 ? 4 : 0) & 0x0f));
	}
	return send_bytes(job, CLASP_MIDIOUT_EVENT, bytes, sizeof bytes);
}

/* -------------------------------------------------------------- addresses */

enum profile { BOTH, RAW, DOC };

static const struct leaf {
	struct clasp_str name;
	enum profile	 profile;
	bool		 channel;	/* below ch/C */
	int		 max;		/* of N, -1: there is none */
	bool		(*put)(const struct job *job);
} leaves[] = {
	{ { "cc", 2 }, BOTH, true, 127, put_cc },
	{ { "note", 4 }, RAW, true, -1, put_note },
	{ { "note", 4 }, DOC, true, 127, put_note_share },
	{ { "bend", 4 }, RAW, true, -1, put_bend },
	{ { "pitch", 5 }, DOC, true, -1, put_pitch },
	{ { "program", 7 }, BOTH, true, -1, put_program },
	{ { "pressure", 8 }, BOTH, true, -1, put_pressure },
	{ { "poly", 4 }, BOTH, true, 127, put_poly },
	{ { "cc14", 4 }, BOTH, true, 31, put_cc14 },
	{ { "nrpn", 4 }, BOTH, true, WIDE_MAX, put_nrpn },
	{ { "rpn", 3 }, BOTH, true, WIDE_MAX, put_rpn },
	{ { "clock", 5 }, BOTH, false, -1, put_clock },
	{ { "transport", 9 }, BOTH, false, -1, put_transport },
	{ { "sysex", 5 }, BOTH, false, -1, put_sysex },
	{ { "mtc", 3 }, BOTH, false, -1, put_mtc },
	{ { "songpos", 7 }, BOTH, false, -1, put_songpos },
	{ { "songselect", 10 }, BOTH, false, -1, put_songselect },
	{ { "tune", 4 }, BOTH, false, -1, put_tune },
	{ { "reset", 5 }, BOTH, false, -1, put_reset },
};

/* A plain decimal number up to max, or -1. */
static int
number(struct clasp_str s, int max)
{
	int n = 0;
	size_t i;

	if (s.len == 0 || s.len > 5 || (s.len > 1 && s.p[0] == '0'))
		return -1;
	for (i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		n = 10 * n + (s.p[i] - '0');
	}
	return n <= max ? n : -1;
}

/* The row for what stands below base; fills channel and number. */
static const struct leaf *
find(struct job *job, struct clasp_str below)
{
	struct clasp_str segments[SEGMENTS], *s = segments;
	bool doc = job->out->config.doc;
	const struct leaf *leaf;
	int n = clasp_segments(below, segments, SEGMENTS);

	job->channel = job->number = -1;
	if (n >= 3 && clasp_str_eq(s[0], CLASP_STR("ch"))) {
		job->channel = number(s[1], 15 + doc) - doc;
		if (job->channel < 0)
			return NULL;
		s += 2;
		n -= 2;
	}
	for (leaf = leaves; leaf < leaves + sizeof leaves / sizeof leaves[0];
	    leaf++) {
		if (leaf->channel != (job->channel >= 0) ||
		    leaf->profile == (doc ? RAW : DOC) ||
		    n != 1 + (leaf->max >= 0) ||
		    !clasp_str_eq(s[0], leaf->name))
			continue;
		if (leaf->max >= 0)
			job->number = number(s[1], leaf->max);
		return leaf->max >= 0 && job->number < 0 ? NULL : leaf;
	}
	return NULL;
}

static void
apply(struct clasp_midiout *out, struct clasp_str address,
    const struct clasp_value *value)
{
	struct job job = { .out = out, .value = value };
	const struct leaf *leaf;

	if (address.len <= out->base.len || address.p[out->base.len] != '/' ||
	    memcmp(address.p, out->base.p, out->base.len) != 0) {
		drop(out, CLASP_MIDIOUT_DROP_OUTSIDE);
		return;
	}
	leaf = find(&job, clasp_str_of(address.p + out->base.len,
	    address.len - out->base.len));
	if (!leaf) {
		drop(out, CLASP_MIDIOUT_DROP_ADDRESS);
		return;
	}
	job.status = (uint8_t)(leaf - leaves);
	if (!leaf->put(&job))
		drop(out, CLASP_MIDIOUT_DROP_VALUE);
}

void
clasp_midiout_apply(struct clasp_midiout *out, const struct clasp_msg *msg)
{
	const struct clasp_publish *publish = &msg->publish;
	uint32_t i;

	switch (msg->type) {
	case CLASP_SET:
		apply(out, msg->set.address, &msg->set.value);
		break;
	case CLASP_PUBLISH:
		if (publish->kind == CLASP_GESTURE ||
		    publish->kind == CLASP_TIMELINE)
			drop(out, CLASP_MIDIOUT_DROP_MESSAGE);
		else
			apply(out, publish->address, publish->content ==
			    CLASP_CONTENT_VALUE ? &publish->value : NULL);
		break;
	case CLASP_BUNDLE:
		for (i = 0; i < msg->bundle.count; i++)
			clasp_midiout_apply(out, &msg->bundle.messages[i]);
		break;
	default:
		drop(out, CLASP_MIDIOUT_DROP_MESSAGE);
		break;
	}
}
