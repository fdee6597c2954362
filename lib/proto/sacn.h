/*
 * sacn.h - the packets of streaming ACN (ANSI E1.31-2018), to bytes and back.
 *
 * Levels of one universe, the word to show levels that were held back
 * (synchronisation), and the list of the universes a source sends
 * (discovery).  Bytes only: no socket, no clock, no memory.
 *
 * A packet is three layers inside each other; the length of each counts from
 * its own length field to the end.  What lies behind the outermost is passed
 * over.
 */
#ifndef CLASP_PROTO_SACN_H
#define CLASP_PROTO_SACN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define CLASP_SACN_PORT		5568
#define CLASP_SACN_UNIVERSE_MAX	63999
#define CLASP_SACN_DISCOVERY	64214	/* the universe of discovery's group */
#define CLASP_SACN_PRIORITY_MAX	200
#define CLASP_SACN_CID		16	/* bytes of a source's UUID */
#define CLASP_SACN_NAME		64	/* bytes, the NUL included */
#define CLASP_SACN_PAGE		512	/* universes in a discovery packet */
#define CLASP_SACN_MAX		(120 + 2 * CLASP_SACN_PAGE)	/* longest */

/* options */
#define CLASP_SACN_PREVIEW	0x80	/* not for the stage */
#define CLASP_SACN_TERMINATED	0x40	/* the source ends this universe */
#define CLASP_SACN_FORCE	0x20	/* go on without synchronisation */

/* start codes */
#define CLASP_SACN_LEVELS	0x00
#define CLASP_SACN_PRIORITIES	0xdd	/* one for each slot */

enum clasp_sacn_kind {
	CLASP_SACN_DATA,
	CLASP_SACN_SYNC,
	CLASP_SACN_LIST,	/* discovery */
	CLASP_SACN_OLD_LIST	/* of an older draft: nothing but the CID */
};

/* Which fields count depends on the kind. */
struct clasp_sacn {
	enum clasp_sacn_kind kind;
	uint8_t		 cid[CLASP_SACN_CID];
	struct clasp_str name;		/* data, list; a view; valid UTF-8 */
	uint8_t		 sequence;	/* data, sync */
	uint16_t	 sync;		/* data: 0 is none; sync: 1-63999 */
	/* data */
	uint8_t		 priority;	/* 0-200 */
	uint8_t		 options;
	uint16_t	 universe;	/* 1-63999 */
	uint8_t		 start;		/* code; with no slots at all: 0 */
	uint16_t	 count;		/* slots, 0-512; list: universes */
	const uint8_t	*slots;		/* a view; list: two bytes each */
	/* list */
	uint8_t		 page, last_page;
};

/* Why a datagram is no packet. */
enum clasp_sacn_error {
	CLASP_SACN_ESHORT = 1,	/* cut short, or its lengths do not agree */
	CLASP_SACN_EROOT,	/* no E1.31 at all */
	CLASP_SACN_EVECTOR,	/* a kind we do not know */
	CLASP_SACN_EFORM,	/* addresses, increment, count */
	CLASP_SACN_EUNIVERSE,	/* 0, or above 63999 */
	CLASP_SACN_EPRIORITY,	/* above 200 */
	CLASP_SACN_ERRORS
};
const char *clasp_sacn_error_name(enum clasp_sacn_error error);

/* Read a datagram.  0, or one of the errors above. */
int	clasp_sacn_decode(const uint8_t *p, size_t len,
	    struct clasp_sacn *out);
/*
 * Write a packet of its kind (not of an old list), to out of CLASP_SACN_MAX
 * bytes.  A name that is too long is cut.  Returns the length, 0 when the
 * packet cannot be written: too many slots or universes.
 */
size_t	clasp_sacn_encode(uint8_t *out, const struct clasp_sacn *packet);

/* The n-th universe of a list. */
unsigned clasp_sacn_listed(const struct clasp_sacn *list, unsigned n);
/* The group of a universe, as a number: 239.255.0.1 is 0xefff0001. */
uint32_t clasp_sacn_group(unsigned universe);

/* A CID and its text, "00112233-4455-6677-8899-aabbccddeeff".  Reading takes
 * it without hyphens too; 0 or CLASP_ESYNTAX. */
int	clasp_sacn_cid_parse(const char *text, uint8_t cid[CLASP_SACN_CID]);
#define CLASP_SACN_CID_TEXT	37	/* with NUL */
void	clasp_sacn_cid_format(const uint8_t cid[CLASP_SACN_CID],
	    char out[CLASP_SACN_CID_TEXT]);

#endif
