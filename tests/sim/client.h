/*
 * client.h - what a client says, and what it knows from what it has read.
 *
 * It reads what its socket took, no more, and keeps for each address the
 * value that reached it last.
 */
#ifndef TESTS_SIM_CLIENT_H
#define TESTS_SIM_CLIENT_H

#include "base/arena.h"
#include "base/buf.h"
#include "link.h"
#include "oracle.h"
#include "script.h"
#include "wire/message.h"

#define FLOOD_KINDS	9
#define FLOOD_FILL	7	/* large params */
#define FLOOD_CHURN	8	/* many that live for a second */
#define CLIENT_MEMBERS	48	/* of a bundle it composes */

struct sim_known {
	struct oracle_text address;
	struct oracle_value value;
	uint64_t	 revision;
};

struct sim_client {
	char		 id[40];	/* of its WELCOME; "": none yet */
	char		 old_id[40];	/* of the connection before */
	struct sim_known *known;	/* owned */
	uint32_t	 nknown;
	bool		 composing;
	struct sim_step	 members[CLIENT_MEMBERS];
	uint32_t	 nmembers;
};

void	sim_client_forget(struct sim_client *c);	/* a new connection */
void	sim_client_read(struct sim_client *c, struct sim_link *link);
const struct sim_known *sim_client_knows(const struct sim_client *c,
	    struct clasp_str address);

/*
 * The frames of a step, appended to *out as one unit; false when the client
 * says nothing (yet).  all: every client, for their ids.
 */
bool	sim_client_say(struct sim_client *all, const struct sim_step *step,
	    uint64_t now_us, struct clasp_buf *out);
/* Number i of a flood. */
void	sim_client_flood(struct sim_client *all, const struct sim_step *step,
	    uint32_t i, uint64_t now_us, struct clasp_buf *out);

#endif
