/*
 * legacy.h - messages as MessagePack maps, which older clients send.
 *
 * Read only.  Everything such a map can say has a binary form; a timeline,
 * which has its own fields there, becomes the map that stands for it.
 */
#ifndef CLASP_WIRE_LEGACY_H
#define CLASP_WIRE_LEGACY_H

#include "wire/codec.h"
#include "wire/message.h"

/* Is this first byte of a payload that of a MessagePack map? */
static inline bool
clasp_legacy_starts(uint8_t byte)
{
	return (byte & 0xf0) == 0x80 || byte == 0xde || byte == 0xdf;
}

/*
 * Read one message; what is wrong is noted in d.  The raw bytes of a
 * bundle's messages are not given: they could not be sent on.
 */
void	clasp_legacy_decode(struct clasp_decoder *d, struct clasp_msg *msg);

/* Equal keys: the last revision, in the first one's place. */
uint32_t clasp_msg_unique_revisions(struct clasp_decoder *d,
	    struct clasp_revision *list, uint32_t count);

#endif
