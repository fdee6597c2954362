/*
 * gather.h - a snapshot on its way to the screen: params are collected until
 * the last is there, then given in the order of their addresses, each once,
 * and behind them what came live in the meantime.
 */
#ifndef CLASP_CLIENT_GATHER_H
#define CLASP_CLIENT_GATHER_H

#include "base/arena.h"
#include "base/buf.h"
#include "wire/message.h"

struct clasp_gather {
	struct clasp_param *params;	/* owned, views into the arena */
	size_t		 count, cap;
	struct clasp_arena arena;
	struct clasp_buf live;		/* whole frames */
};

void	clasp_gather_init(struct clasp_gather *g);
void	clasp_gather_clear(struct clasp_gather *g);
/* Keep a copy: 0 or CLASP_ENOMEM. */
int	clasp_gather_param(struct clasp_gather *g,
	    const struct clasp_param *param);
int	clasp_gather_live(struct clasp_gather *g, struct clasp_str frame);
/* Put the params in order and drop all but the newest of each address. */
void	clasp_gather_sort(struct clasp_gather *g);

#endif
