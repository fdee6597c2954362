/*
 * snapshot.h - the state as SNAPSHOT messages.
 *
 * A snapshot is cut into chunks of at most 800 entries and 65,535 bytes.  Up
 * to 4 MiB go into the queue at once.  More is sent by a job: a cursor over
 * the addresses that makes the next chunk when the queue has nearly drained.
 * While a job runs, nothing else the client asked is worked on (reading
 * pauses), and a SET of an address the cursor has not reached is not sent to
 * this client: its chunk will carry it.
 *
 * The chunks made last are kept, so that all who join in the same state share
 * one encoding.
 */
#ifndef CLASP_CORE_SNAPSHOT_H
#define CLASP_CORE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "core/outq.h"
#include "core/store.h"
#include "wire/address.h"

#define CLASP_SNAPSHOT_ENTRIES	800
/* Which of the optional fields of an entry are there. */
#define CLASP_SNAPSHOT_WRITER	0x01
#define CLASP_SNAPSHOT_TIME	0x02
#define CLASP_SNAPSHOT_AT_ONCE	(4u << 20)	/* bytes */

struct clasp_router;
struct clasp_session;

/* A whole SNAPSHOT frame; none when count is 0. */
struct clasp_chunk {
	struct clasp_span span;
	uint32_t	 count;		/* entries */
	bool		 more;		/* it is not the last one */
	char		*last;		/* owned: the last address looked at */
	uint32_t	 last_len;
};

/* The chunks of one pattern in one state of the store, from the front. */
struct clasp_snapshots {
	struct clasp_slabs slabs;
	struct clasp_chunk *chunks;	/* owned, each with a reference */
	uint32_t	 count, cap;
	size_t		 bytes;
	char		*pattern;	/* owned */
	uint32_t	 pattern_len;
	uint8_t		 framing;
	uint64_t	 generation;
	uint64_t	 until_us;	/* something in it expires then */
	uint64_t	 used_us;
};

void	clasp_snapshots_init(struct clasp_snapshots *snapshots);
void	clasp_snapshots_clear(struct clasp_snapshots *snapshots);
/* Forget what has not been used for a second.  Returns when to look again. */
uint64_t clasp_snapshots_tick(struct clasp_snapshots *snapshots,
	    uint64_t now_us);

/* A snapshot on its way to one session. */
struct clasp_job {
	struct clasp_str pattern;	/* owned, behind the struct */
	uint32_t	 sub_id;	/* it belongs to; if has_sub */
	bool		 has_sub;
	bool		 empty;		/* if nothing matches, say so */
	uint32_t	 sent;		/* entries */
	uint32_t	 index;		/* of the next chunk */
	uint32_t	 last_len;	/* cursor: the last address sent */
	char		 last[CLASP_ADDRESS_MAX];
};

/* Will the job bring this address in a chunk to come? */
bool	clasp_job_awaits(const struct clasp_job *job,
	    struct clasp_str address);

/*
 * Send the parameters a pattern matches, at once or by a job.  When there is
 * none, one empty SNAPSHOT if `empty`, else nothing.  The timelines of the
 * subscription sub_id points to follow.
 */
void	clasp_snapshot_send(struct clasp_session *s,
	    struct clasp_str pattern, bool empty, const uint32_t *sub_id,
	    uint64_t now_us);
/* Go on with the session's job, if there is room for it. */
void	clasp_snapshot_step(struct clasp_session *s, uint64_t now_us);
/*
 * A job whose pattern matches little may look at many records for nothing
 * to send, and then no socket calls for more.  The first such has its turn:
 * true when there are still some.
 */
bool	clasp_snapshot_search(struct clasp_router *router, uint64_t now_us);
/* The session is no longer one of them. */
void	clasp_snapshot_leave(struct clasp_session *s);
/* Send the timelines a subscription wants. */
void	clasp_snapshot_timelines(struct clasp_session *s, uint32_t sub_id,
	    uint64_t now_us);
/* Send one parameter. */
void	clasp_snapshot_one(struct clasp_session *s,
	    const struct clasp_record *record);

#endif
