/*
 * midiqueue.c - MIDI messages that wait for a slow line.
 *
 *	take <-- [head ... ] <-- add, or in place of an equal param
 */
#include "proto/midiqueue.h"

#include <stdlib.h>
#include <string.h>

#define CHANNELS	16
#define NOTES		128
#define HARD_MAX	65536		/* messages, whatever they are */
#define BYTES_MAX	(16u << 20)	/* of SysEx */
#define RELEASE		64		/* velocity of a note off we make */
#define ALL_NOTES_OFF	123

struct item {
	enum clasp_midiout_kind kind;
	uint32_t key;
	int8_t	 channel;
	uint8_t	 len;			/* of bytes */
	uint8_t	 bytes[CLASP_MIDIOUT_BYTES];
	uint8_t	*sysex;			/* NULL: bytes has it all */
	size_t	 sysex_len;
};

struct clasp_midiqueue {
	struct item *items;		/* a ring of cap */
	size_t	 cap, head, count;
	size_t	 sysex_at;		/* bytes of the head's SysEx taken */
	size_t	 sysex_bytes;		/* of all that wait */
	size_t	 events;		/* system ones, not a clock */
	unsigned clocks;		/* that go before everything */
	bool	 running, gone;
	uint8_t	 status;		/* running status at the other end */
	uint64_t sounding[CHANNELS][NOTES / 64];
	unsigned long thinned, missed, lost;
};

struct clasp_midiqueue *
clasp_midiqueue_new(bool running)
{
	struct clasp_midiqueue *q = calloc(1, sizeof *q);

	if (q)
		q->running = running;
	return q;
}

static struct item *
at(const struct clasp_midiqueue *q, size_t i)
{
	return &q->items[(q->head + i) % q->cap];
}

/* Is it for the whole line, as transport is? */
static bool
is_system(const struct item *item)
{
	return item->channel < 0 && item->kind == CLASP_MIDIOUT_EVENT;
}

/* Forget what item i is, before its place is used for something else. */
static void
forget(struct clasp_midiqueue *q, struct item *item)
{
	q->events -= is_system(item);
	q->sysex_bytes -= item->sysex_len;
	free(item->sysex);
	item->sysex = NULL;
	item->sysex_len = 0;
}

static void
drop_head(struct clasp_midiqueue *q)
{
	forget(q, at(q, 0));
	q->head = (q->head + 1) % q->cap;
	q->count--;
	q->sysex_at = 0;
}

void
clasp_midiqueue_free(struct clasp_midiqueue *q)
{
	if (!q)
		return;
	while (q->count > 0)
		drop_head(q);
	free(q->items);
	free(q);
}

/* ----------------------------------------------------------------- adding */

static bool
grow(struct clasp_midiqueue *q)
{
	size_t cap = q->cap ? 2 * q->cap : 64, i;
	struct item *items;

	if (q->count < q->cap)
		return true;
	if (cap > HARD_MAX)
		return false;
	items = calloc(cap, sizeof *items);
	if (!items)
		return false;
	for (i = 0; i < q->count; i++)
		items[i] = *at(q, i);
	free(q->items);
	q->items = items;
	q->cap = cap;
	q->head = 0;
	return true;
}

/* Must what comes after it stay there?  A note of the same channel, or a
 * reset or SysEx for all of them. */
static bool
is_barrier(const struct item *item, int channel)
{
	return item->kind != CLASP_MIDIOUT_PARAM &&
	    (item->channel == channel || is_system(item));
}

/* The waiting message that a newer one may replace where it stands. */
static struct item *
older(const struct clasp_midiqueue *q, const struct clasp_midiout_msg *msg)
{
	struct item *item;
	size_t i;

	for (i = q->count; i-- > 0;) {
		item = at(q, i);
		if (item->key == msg->key && item->channel == msg->channel)
			return item;
		if (!q->gone && is_barrier(item, msg->channel))
			return NULL;
	}
	return NULL;
}

/* Make room: the oldest param goes, else the oldest controller. */
static void
drop_param(struct clasp_midiqueue *q)
{
	enum clasp_midiout_kind kind = CLASP_MIDIOUT_PARAM;
	size_t i;

	for (;; kind = CLASP_MIDIOUT_STATE) {
		for (i = 0; i < q->count && at(q, i)->kind != kind; i++)
			;
		if (i < q->count || kind == CLASP_MIDIOUT_STATE)
			break;
	}
	if (i == q->count)
		return;
	q->thinned++;
	forget(q, at(q, i));
	for (; i > 0; i--)
		*at(q, i) = *at(q, i - 1);
	at(q, 0)->sysex = NULL;
	q->head = (q->head + 1) % q->cap;
	q->count--;
}

static void
write_item(struct item *item, const struct clasp_midiout_msg *msg)
{
	item->kind = msg->kind;
	item->key = msg->key;
	item->channel = (int8_t)msg->channel;
	item->len = 0;
	if (msg->len <= CLASP_MIDIOUT_BYTES && msg->bytes[0] !=
	    CLASP_MIDI_SYSEX) {
		item->len = (uint8_t)msg->len;
		memcpy(item->bytes, msg->bytes, msg->len);
	}
}

static void
append(struct clasp_midiqueue *q, const struct clasp_midiout_msg *msg)
{
	struct item *item;
	uint8_t *copy = NULL;
	bool sysex = msg->bytes[0] == CLASP_MIDI_SYSEX;

	if (sysex && q->sysex_bytes + msg->len <= BYTES_MAX)
		copy = malloc(msg->len);
	if ((sysex && !copy) || !grow(q)) {
		free(copy);
		q->lost++;
		return;
	}
	item = at(q, q->count++);
	memset(item, 0, sizeof *item);
	write_item(item, msg);
	q->events += is_system(item);
	if (!copy)
		return;
	memcpy(copy, msg->bytes, msg->len);
	item->sysex = copy;
	item->sysex_len = msg->len;
	q->sysex_bytes += msg->len;
}

/* While the line is away: a value that still counts when it is back? */
static bool
is_kept(const struct clasp_midiout_msg *msg)
{
	return msg->kind == CLASP_MIDIOUT_PARAM ||
	    msg->kind == CLASP_MIDIOUT_STATE ||
	    (msg->bytes[0] & 0xf0) == CLASP_MIDI_PROGRAM;
}

void
clasp_midiqueue_add(struct clasp_midiqueue *q,
    const struct clasp_midiout_msg *msg)
{
	struct item *old = NULL;

	if (q->gone && !is_kept(msg)) {
		q->missed++;
		return;
	}
	if (msg->kind == CLASP_MIDIOUT_CLOCK && q->events == 0 &&
	    q->count > 0) {
		q->clocks++;
		return;
	}
	if (msg->kind == CLASP_MIDIOUT_PARAM || q->gone)
		old = older(q, msg);
	if (old) {
		write_item(old, msg);
		return;
	}
	if (q->count >= CLASP_MIDIQUEUE_MAX)
		drop_param(q);
	append(q, msg);
}

bool
clasp_midiqueue_full(const struct clasp_midiqueue *q)
{
	return q->count >= CLASP_MIDIQUEUE_MAX && !q->gone;
}

bool
clasp_midiqueue_empty(const struct clasp_midiqueue *q)
{
	return q->count == 0 && q->clocks == 0;
}

/* ----------------------------------------------------------------- taking */

static void
note(struct clasp_midiqueue *q, const uint8_t *p)
{
	uint64_t *word = &q->sounding[p[0] & 0x0f][p[1] >> 6];
	uint64_t bit = UINT64_C(1) << (p[1] & 63);

	switch (p[0] & 0xf0) {
	case CLASP_MIDI_NOTE_ON:
		*word |= bit;
		break;
	case CLASP_MIDI_NOTE_OFF:
		*word &= ~bit;
		break;
	}
}

/* Copy whole messages, each without its status where it still holds. */
static size_t
put_messages(struct clasp_midiqueue *q, uint8_t *out,
    const struct item *item)
{
	size_t i, n = 0, len;
	uint8_t status;

	for (i = 0; i < item->len; i += len) {
		status = item->bytes[i];
		len = clasp_midi_data_len(status) > 0 ?
		    1 + (size_t)clasp_midi_data_len(status) : 1;
		note(q, item->bytes + i);
		if (!q->running || status != q->status || status >= 0xf0)
			out[n++] = status;
		memcpy(out + n, item->bytes + i + 1, len - 1);
		n += len - 1;
		if (status < CLASP_MIDI_CLOCK)
			q->status = status < 0xf0 ? status : 0;
	}
	return n;
}

size_t
clasp_midiqueue_take(struct clasp_midiqueue *q, uint8_t *out, size_t cap)
{
	const struct item *item;
	size_t n = 0, piece;

	for (; q->clocks > 0 && n < cap; q->clocks--)
		out[n++] = CLASP_MIDI_CLOCK;
	while (q->count > 0 && n < cap) {
		item = at(q, 0);
		if (!item->sysex) {
			if (cap - n < item->len)
				break;
			n += put_messages(q, out + n, item);
			drop_head(q);
			continue;
		}
		piece = item->sysex_len - q->sysex_at;
		if (piece > cap - n)
			piece = cap - n;
		memcpy(out + n, item->sysex + q->sysex_at, piece);
		n += piece;
		q->sysex_at += piece;
		q->status = 0;
		if (q->sysex_at == item->sysex_len)
			drop_head(q);
	}
	return n;
}

/* ---------------------------------------------------------------- silence */

static void
add_event(struct clasp_midiqueue *q, int channel, const uint8_t *bytes,
    size_t len)
{
	struct clasp_midiout_msg msg = {
		.kind = CLASP_MIDIOUT_EVENT,
		.key = UINT32_MAX,
		.channel = channel,
		.bytes = bytes,
		.len = len
	};

	append(q, &msg);
}

void
clasp_midiqueue_end_notes(struct clasp_midiqueue *q)
{
	int channel, key;
	bool any;

	for (channel = 0; channel < CHANNELS; channel++) {
		any = false;
		for (key = 0; key < NOTES; key++) {
			if (!(q->sounding[channel][key >> 6] >> (key & 63) &
			    1))
				continue;
			any = true;
			add_event(q, channel, (uint8_t[]){ (uint8_t)
			    (CLASP_MIDI_NOTE_OFF | channel), (uint8_t)key,
			    RELEASE }, 3);
		}
		if (any)
			add_event(q, channel, (uint8_t[]){ (uint8_t)
			    (CLASP_MIDI_CC | channel), ALL_NOTES_OFF, 0 }, 3);
	}
}

void
clasp_midiqueue_silence(struct clasp_midiqueue *q, bool off)
{
	static const uint8_t end = CLASP_MIDI_SYSEX_END;
	bool cut = q->sysex_at > 0;

	while (q->count > 0)
		drop_head(q);
	q->clocks = 0;
	if (cut)
		add_event(q, -1, &end, 1);
	if (off)
		clasp_midiqueue_end_notes(q);
}

void
clasp_midiqueue_gone(struct clasp_midiqueue *q)
{
	size_t i, n = q->count;
	struct item item;
	struct clasp_midiout_msg msg;

	if (q->gone)
		return;
	q->gone = true;
	q->clocks = 0;
	q->status = 0;
	/* each once through: the newest of a key stays */
	for (i = 0; i < n; i++) {
		item = *at(q, 0);
		at(q, 0)->sysex = NULL;
		q->events -= is_system(&item);
		q->head = (q->head + 1) % q->cap;
		q->count--;
		q->sysex_at = 0;
		msg = (struct clasp_midiout_msg){ item.kind, item.key,
		    item.channel, item.sysex ? item.sysex : item.bytes,
		    item.sysex ? item.sysex_len : item.len };
		q->sysex_bytes -= item.sysex_len;
		clasp_midiqueue_add(q, &msg);
		free(item.sysex);
	}
}

void
clasp_midiqueue_back(struct clasp_midiqueue *q)
{
	size_t before = q->count, i;

	if (!q->gone)
		return;
	q->gone = false;
	clasp_midiqueue_end_notes(q);
	memset(q->sounding, 0, sizeof q->sounding);
	/* what was known goes behind them */
	for (i = 0; i < before; i++) {
		*at(q, q->count) = *at(q, 0);
		q->head = (q->head + 1) % q->cap;
	}
}

unsigned long *
clasp_midiqueue_thinned(struct clasp_midiqueue *q)
{
	return &q->thinned;
}

unsigned long *
clasp_midiqueue_missed(struct clasp_midiqueue *q)
{
	return &q->missed;
}

unsigned long *
clasp_midiqueue_lost(struct clasp_midiqueue *q)
{
	return &q->lost;
}
