/*
 * dmxin.h - a universe of DMX512 as programs that receive it show it.
 *
 * Frames (or parts of them) go in, lines come out: the first frame gives
 * every slot in it, later ones only those that changed.  One frame gives one
 * line, a bundle, so that a colour is never seen half changed.
 */
#ifndef CLASP_PROTO_DMXIN_H
#define CLASP_PROTO_DMXIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/dmx.h"
#include "wire/line.h"

#define CLASP_DMXIN_PREFIX_MAX	64	/* so that a bundle fits in a frame */

struct clasp_dmxin_config {
	struct clasp_str prefix;	/* copied */
	unsigned	 universe;
	bool		 flat;		/* PREFIX/C instead of PREFIX/U/C */
	bool		 whole;		/* PREFIX/U stream x"..", all slots */
	bool		 repeat;	/* with whole: also when nothing changed */
};

typedef void (*clasp_dmxin_fn)(const struct clasp_line *line, void *user);

struct clasp_dmxin;

/* NULL when there is no memory or the prefix is too long. */
struct clasp_dmxin *clasp_dmxin_new(const struct clasp_dmxin_config *config,
	    clasp_dmxin_fn fn, void *user);
void	clasp_dmxin_free(struct clasp_dmxin *in);
/* A frame with n slots (0-512), without its start code. */
void	clasp_dmxin_frame(struct clasp_dmxin *in, const uint8_t *slots,
	    size_t n);
/* Single slots, channel from 1; clasp_dmxin_flush ends the frame. */
void	clasp_dmxin_slot(struct clasp_dmxin *in, unsigned channel,
	    uint8_t level);
void	clasp_dmxin_flush(struct clasp_dmxin *in);
/* Forget all: the next frame is a first one again. */
void	clasp_dmxin_forget(struct clasp_dmxin *in);
/* Say all that is known again, as one line; nothing when nothing is. */
void	clasp_dmxin_repeat(struct clasp_dmxin *in);

#endif
