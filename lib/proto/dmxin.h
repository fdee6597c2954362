/*
 * dmxin.h - universes of DMX512 as programs that receive them show them.
 *
 * Frames (or parts of them) go in, lines come out: the first frame of a
 * universe gives every slot in it, later ones only those that changed.  One
 * frame gives one line, a bundle, so that a colour is never seen half
 * changed.
 */
#ifndef CLASP_PROTO_DMXIN_H
#define CLASP_PROTO_DMXIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/dmx.h"
#include "wire/line.h"

#define CLASP_DMXIN_PREFIX_MAX	64	/* so that a bundle fits in a frame */

/* What is known of one universe. */
struct clasp_dmxin_universe {
	unsigned	 number;
	unsigned	 slots;		/* known ones, up to the last */
	bool		 any;		/* some news */
	uint8_t		 level[CLASP_DMX_SLOTS];
	uint64_t	 known[CLASP_DMX_SLOTS / 64];
	uint64_t	 news[CLASP_DMX_SLOTS / 64];	/* not told yet */
	void		*user;		/* the program's: its merge */
};

struct clasp_dmxin_config {
	struct clasp_str prefix;	/* copied */
	bool		 flat;		/* PREFIX/C instead of PREFIX/U/C */
	bool		 split;		/* PREFIX/N/S/U/C; see dmx.h */
	bool		 whole;		/* PREFIX/U stream x"..", all slots */
	bool		 repeat;	/* with whole: unchanged ones, too */
	/* Who has the say on a channel (0: on all), for by=; an empty string
	 * is nobody.  NULL: lines have no by=. */
	struct clasp_str (*by)(const struct clasp_dmxin_universe *u,
			    unsigned channel, void *user);
};

/* One line, good until it returns. */
typedef void (*clasp_dmxin_fn)(const struct clasp_line *line, void *user);

struct clasp_dmxin;

/* NULL when there is no memory or the prefix is too long. */
struct clasp_dmxin *clasp_dmxin_new(const struct clasp_dmxin_config *config,
	    clasp_dmxin_fn fn, void *user);
void	clasp_dmxin_free(struct clasp_dmxin *in);
/* The universe of this number (at most 63999), made when it is not there;
 * NULL: no memory. */
struct clasp_dmxin_universe *clasp_dmxin_universe(struct clasp_dmxin *in,
	    unsigned number);
/* Walk them by number: *at is 0 at first; NULL at the end. */
struct clasp_dmxin_universe *clasp_dmxin_next(const struct clasp_dmxin *in,
	    unsigned *at);

/* A frame with n slots (0-512), without its start code. */
void	clasp_dmxin_frame(struct clasp_dmxin *in,
	    struct clasp_dmxin_universe *u, const uint8_t *slots, size_t n);
/* Single slots, channel from 1; clasp_dmxin_flush ends the frame. */
void	clasp_dmxin_slot(struct clasp_dmxin_universe *u, unsigned channel,
	    uint8_t level);
void	clasp_dmxin_flush(struct clasp_dmxin *in,
	    struct clasp_dmxin_universe *u);
/* Forget all: the next frame is a first one again. */
void	clasp_dmxin_forget(struct clasp_dmxin_universe *u);
/* Say all that is known again, one line for each universe. */
void	clasp_dmxin_repeat(struct clasp_dmxin *in);

#endif
