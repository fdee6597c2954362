/*
 * artnode.h - ourselves as an Art-Net node: which universes we take and give,
 * and what controllers that ask are told, when.
 *
 * No I/O and no clock.  A poll is answered after a random part of a second,
 * so that many nodes do not answer at once: one reply for each four
 * universes of a sub-net, told apart by their bind index.  Who asked to hear
 * of changes hears of new universes without asking again.
 */
#ifndef CLASP_PROTO_ARTNODE_H
#define CLASP_PROTO_ARTNODE_H

#include "base/numset.h"
#include "proto/artnet.h"

#define CLASP_ARTNODE_ASKERS	64	/* at once; more are not answered */
#define CLASP_ARTNODE_DELAY_US	1000000	/* a poll's answer: at most */
#define CLASP_ARTNODE_CHANGE_US	100000	/* news are gathered for so long */
#define CLASP_ARTNODE_ASKED_US	30000000 /* a poll counts for so long */
#define CLASP_ARTNODE_ALL	0	/* as an address: broadcast it */

struct clasp_artnode_config {
	uint32_t	 ip;		/* ours */
	uint16_t	 port;		/* of all nodes; ours, too */
	uint8_t		 mac[6];
	struct clasp_str name;
	bool		 broadcast;	/* answers go to all */
	/* 0 to 2^32 - 1, by chance */
	uint32_t	(*random)(void);
	/* GoodInput and GoodOutput of a universe */
	uint8_t		(*good_input)(unsigned universe, void *user);
	uint8_t		(*good_output)(unsigned universe, void *user);
	/* Our address as this one sees it; NULL: always `ip` */
	uint32_t	(*own)(uint32_t ip, void *user);
	void		(*send)(uint32_t ip, uint16_t port, const uint8_t *p,
			    size_t len, void *user);
	void		*user;
};

struct clasp_artnode_asker {
	uint32_t	 ip;
	uint16_t	 port;
	bool		 on_change;
	unsigned	 bottom, top;	/* the universes it asked for */
	uint64_t	 seen_us;	/* its last poll; 0: nobody here */
	uint64_t	 due_us;	/* of the answer; 0: answered */
};

struct clasp_artnode {
	struct clasp_artnode_config config;
	struct clasp_numset takes, gives;
	struct clasp_artnode_asker askers[CLASP_ARTNODE_ASKERS];
	unsigned	 reports;
	unsigned long	 unanswered;	/* polls of askers beyond the most */
};

void	clasp_artnode_init(struct clasp_artnode *node,
	    const struct clasp_artnode_config *config);
/* We turn this universe into something else, or feed the network with it. */
void	clasp_artnode_take(struct clasp_artnode *node, unsigned universe,
	    uint64_t now_us);
void	clasp_artnode_give(struct clasp_artnode *node, unsigned universe,
	    uint64_t now_us);
/* A poll came. */
void	clasp_artnode_poll(struct clasp_artnode *node,
	    const struct clasp_artnet_poll *poll, uint32_t ip, uint16_t port,
	    uint64_t now_us);
/* When clasp_artnode_run is to be called; UINT64_MAX: never. */
uint64_t clasp_artnode_due(const struct clasp_artnode *node);
/* Send the answers that are due. */
void	clasp_artnode_run(struct clasp_artnode *node, uint64_t now_us);

#endif
