/* sacn.c - the packets of streaming ACN, to bytes and back. */

#include "proto/sacn.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/utf8.h"

/* preamble size, postamble size, "ASC-E1.17" with three NULs */
static const uint8_t root[16] = "\x00\x10\x00\x00" "ASC-E1.17\0\0";

#define ROOT_DATA	4
#define ROOT_EXTENDED	8
#define FRAME_DATA	2
#define FRAME_SYNC	1
#define FRAME_LIST	2
#define FRAME_OLD_LIST	4
#define LIST		1
#define DMP_SET		2
#define DMP_TYPE	0xa1
#define SLOTS_MAX	512

static const char *const error_names[CLASP_SACN_ERRORS] = {
	[0] = "",
	[CLASP_SACN_ESHORT] = "packet cut short, or of wrong lengths",
	[CLASP_SACN_EROOT] = "no sACN packet",
	[CLASP_SACN_EVECTOR] = "sACN packet of an unknown kind",
	[CLASP_SACN_EFORM] = "sACN packet of another form",
	[CLASP_SACN_EUNIVERSE] = "no such universe",
	[CLASP_SACN_EPRIORITY] = "priority above 200",
};

const char *
clasp_sacn_error_name(enum clasp_sacn_error error)
{
	return error_names[error];
}

/* ---------------------------------------------------------------- reading */

/*
 * A layer's flags and length: the reader then ends where the layer does.
 * False: it reaches over the layer around it.
 */
static bool
enter(struct clasp_reader *r)
{
	const uint8_t *from = r->p;
	uint16_t word = clasp_get_u16(r);
	size_t len = word & 0xfff;

	if (r->truncated || word >> 12 != 7 || len < 2 ||
	    len > (size_t)(r->end - from))
		return false;
	r->end = from + len;
	return true;
}

/* 64 bytes with NULs behind the text; what is no text is nothing. */
static struct clasp_str
get_name(struct clasp_reader *r)
{
	const uint8_t *p = clasp_get_bytes(r, CLASP_SACN_NAME);
	size_t n = p ? strnlen((const char *)p, CLASP_SACN_NAME) : 0;

	if (n > 0 && !clasp_utf8_valid(p, n))
		n = 0;
	return clasp_str_of(n > 0 ? (const char *)p : "", n);
}

static int
get_slots(struct clasp_reader *r, struct clasp_sacn *out)
{
	unsigned vector, type, first, step, count;

	if (!enter(r))
		return CLASP_SACN_ESHORT;
	vector = clasp_get_u8(r);
	type = clasp_get_u8(r);
	first = clasp_get_u16(r);
	step = clasp_get_u16(r);
	count = clasp_get_u16(r);
	if (r->truncated)
		return CLASP_SACN_ESHORT;
	if (vector != DMP_SET)
		return CLASP_SACN_EVECTOR;
	if (type != DMP_TYPE || first != 0 || step != 1 || count < 1 ||
	    count > SLOTS_MAX + 1)
		return CLASP_SACN_EFORM;
	out->start = clasp_get_u8(r);
	out->count = (uint16_t)(count - 1);
	out->slots = clasp_get_bytes(r, out->count);
	return r->truncated ? CLASP_SACN_ESHORT : 0;
}

static int
get_data(struct clasp_reader *r, struct clasp_sacn *out)
{
	int error;

	out->kind = CLASP_SACN_DATA;
	out->name = get_name(r);
	out->priority = clasp_get_u8(r);
	out->sync = clasp_get_u16(r);
	out->sequence = clasp_get_u8(r);
	out->options = clasp_get_u8(r);
	out->universe = clasp_get_u16(r);
	error = r->truncated ? CLASP_SACN_ESHORT : get_slots(r, out);
	if (error)
		return error;
	if (out->universe < 1 || out->universe > CLASP_SACN_UNIVERSE_MAX ||
	    out->sync > CLASP_SACN_UNIVERSE_MAX)
		return CLASP_SACN_EUNIVERSE;
	return out->priority > CLASP_SACN_PRIORITY_MAX ?
	    CLASP_SACN_EPRIORITY : 0;
}

static int
get_sync(struct clasp_reader *r, struct clasp_sacn *out)
{
	out->kind = CLASP_SACN_SYNC;
	out->sequence = clasp_get_u8(r);
	out->sync = clasp_get_u16(r);
	if (r->truncated)
		return CLASP_SACN_ESHORT;
	return out->sync < 1 || out->sync > CLASP_SACN_UNIVERSE_MAX ?
	    CLASP_SACN_EUNIVERSE : 0;
}

static int
get_list(struct clasp_reader *r, struct clasp_sacn *out)
{
	size_t n;

	out->kind = CLASP_SACN_LIST;
	out->name = get_name(r);
	clasp_get_u32(r);	/* reserved */
	if (r->truncated || !enter(r))
		return CLASP_SACN_ESHORT;
	if (clasp_get_u32(r) != LIST)
		return r->truncated ? CLASP_SACN_ESHORT : CLASP_SACN_EVECTOR;
	out->page = clasp_get_u8(r);
	out->last_page = clasp_get_u8(r);
	n = clasp_reader_left(r);
	if (r->truncated || n % 2 != 0)
		return CLASP_SACN_ESHORT;
	if (n / 2 > CLASP_SACN_PAGE || out->page > out->last_page)
		return CLASP_SACN_EFORM;
	out->count = (uint16_t)(n / 2);
	out->slots = clasp_get_bytes(r, n);
	return 0;
}

int
clasp_sacn_decode(const uint8_t *p, size_t len, struct clasp_sacn *out)
{
	struct clasp_reader r = clasp_reader_on(p, len);
	const uint8_t *head, *cid;
	uint32_t outer, inner;

	memset(out, 0, sizeof *out);
	head = clasp_get_bytes(&r, sizeof root);
	if (!head)
		return CLASP_SACN_ESHORT;
	if (memcmp(head, root, sizeof root) != 0)
		return CLASP_SACN_EROOT;
	if (!enter(&r))
		return CLASP_SACN_ESHORT;
	outer = clasp_get_u32(&r);
	cid = clasp_get_bytes(&r, CLASP_SACN_CID);
	if (!cid || !enter(&r))
		return CLASP_SACN_ESHORT;
	memcpy(out->cid, cid, CLASP_SACN_CID);
	inner = clasp_get_u32(&r);
	if (r.truncated)
		return CLASP_SACN_ESHORT;
	if (outer == ROOT_DATA && inner == FRAME_DATA)
		return get_data(&r, out);
	if (outer == ROOT_EXTENDED && inner == FRAME_SYNC)
		return get_sync(&r, out);
	if (outer == ROOT_EXTENDED && inner == FRAME_LIST)
		return get_list(&r, out);
	if (outer != ROOT_DATA || inner != FRAME_OLD_LIST)
		return CLASP_SACN_EVECTOR;
	out->kind = CLASP_SACN_OLD_LIST;
	return 0;
}

/* ---------------------------------------------------------------- writing */

/* A layer begins: its length is filled in by leave(). */
static uint8_t *
begin(struct clasp_writer *w)
{
	return clasp_put_room(w, 2);
}

static void
leave(const struct clasp_writer *w, uint8_t *from)
{
	clasp_store16(from, (uint16_t)(0x7000 | (w->p - from)));
}

static void
put_name(struct clasp_writer *w, struct clasp_str name)
{
	uint8_t *p = clasp_put_room(w, CLASP_SACN_NAME);
	size_t n = name.len;

	if (n > CLASP_SACN_NAME - 1)
		n = clasp_utf8_cut(name.p, CLASP_SACN_NAME - 1);
	memset(p, 0, CLASP_SACN_NAME);
	memcpy(p, name.p, n);
}

static void
put_data(struct clasp_writer *w, const struct clasp_sacn *packet)
{
	uint8_t *layer;

	put_name(w, packet->name);
	clasp_put_u8(w, packet->priority);
	clasp_put_u16(w, packet->sync);
	clasp_put_u8(w, packet->sequence);
	clasp_put_u8(w, packet->options);
	clasp_put_u16(w, packet->universe);
	layer = begin(w);
	clasp_put_u8(w, DMP_SET);
	clasp_put_u8(w, DMP_TYPE);
	clasp_put_u16(w, 0);
	clasp_put_u16(w, 1);
	clasp_put_u16(w, (uint16_t)(packet->count + 1));
	clasp_put_u8(w, packet->start);
	clasp_put_bytes(w, packet->slots, packet->count);
	leave(w, layer);
}

static void
put_list(struct clasp_writer *w, const struct clasp_sacn *packet)
{
	uint8_t *layer;

	put_name(w, packet->name);
	clasp_put_u32(w, 0);
	layer = begin(w);
	clasp_put_u32(w, LIST);
	clasp_put_u8(w, packet->page);
	clasp_put_u8(w, packet->last_page);
	clasp_put_bytes(w, packet->slots, 2u * packet->count);
	leave(w, layer);
}

size_t
clasp_sacn_encode(uint8_t *out, const struct clasp_sacn *packet)
{
	struct clasp_writer w = clasp_writer_on(out, CLASP_SACN_MAX);
	bool data = packet->kind == CLASP_SACN_DATA;
	uint8_t *outer, *inner;

	if (packet->count > SLOTS_MAX || packet->kind == CLASP_SACN_OLD_LIST)
		return 0;
	clasp_put_bytes(&w, root, sizeof root);
	outer = begin(&w);
	clasp_put_u32(&w, data ? ROOT_DATA : ROOT_EXTENDED);
	clasp_put_bytes(&w, packet->cid, CLASP_SACN_CID);
	inner = begin(&w);
	if (data) {
		clasp_put_u32(&w, FRAME_DATA);
		put_data(&w, packet);
	} else if (packet->kind == CLASP_SACN_SYNC) {
		clasp_put_u32(&w, FRAME_SYNC);
		clasp_put_u8(&w, packet->sequence);
		clasp_put_u16(&w, packet->sync);
		clasp_put_u16(&w, 0);
	} else {
		clasp_put_u32(&w, FRAME_LIST);
		put_list(&w, packet);
	}
	leave(&w, inner);
	leave(&w, outer);
	return w.full ? 0 : (size_t)(w.p - out);
}

/* ------------------------------------------------------- names, addresses */

unsigned
clasp_sacn_listed(const struct clasp_sacn *list, unsigned n)
{
	return clasp_load16(list->slots + 2u * n);
}

uint32_t
clasp_sacn_group(unsigned universe)
{
	return 0xefff0000u | (universe & 0xffff);
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
clasp_sacn_cid_parse(const char *text, uint8_t cid[CLASP_SACN_CID])
{
	unsigned n = 0;
	int d;

	for (; *text; text++) {
		if (*text == '-' && n > 0 && n < 2 * CLASP_SACN_CID)
			continue;
		d = digit(*text);
		if (d < 0 || n == 2 * CLASP_SACN_CID)
			return CLASP_ESYNTAX;
		cid[n / 2] = (uint8_t)(n % 2 ? cid[n / 2] | d : d << 4);
		n++;
	}
	return n == 2 * CLASP_SACN_CID ? 0 : CLASP_ESYNTAX;
}

void
clasp_sacn_cid_format(const uint8_t cid[CLASP_SACN_CID],
    char out[CLASP_SACN_CID_TEXT])
{
	int i, n = 0;

	for (i = 0; i < CLASP_SACN_CID; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			out[n++] = '-';
		n += snprintf(out + n, 3, "%02x", cid[i]);
	}
}
