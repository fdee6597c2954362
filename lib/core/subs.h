/*
 * subs.h - who wants what: the index of all subscriptions.
 *
 * Patterns are kept as a trie of segments.  A lookup walks the address once,
 * with the set of nodes that still agree with it, so it takes at most (nodes
 * that agree) x (segments) steps however many "**" there are.  Results are
 * cached by address in a bounded table; any change of the index makes all of
 * them void.
 */
#ifndef CLASP_CORE_SUBS_H
#define CLASP_CORE_SUBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct clasp_pace;
struct clasp_subs;
struct clasp_subs_node;

/* Embedded in whoever subscribes; zero-initialised. */
struct clasp_subscriber {
	struct clasp_sub *first;	/* its subscriptions, newest first */
	uint32_t	 count;
	uint32_t	 paced;		/* of these, with a rate or epsilon */
	uint32_t	 index;		/* in the result being collected */
	uint64_t	 stamp;		/* which result that is */
};

struct clasp_sub {
	struct clasp_subscriber *owner;
	struct clasp_sub *next, **back;		/* of the same owner */
	struct clasp_sub *next_here, **back_here; /* of the same pattern */
	struct clasp_subs_node *node;
	uint32_t	 id;		/* the client's */
	struct clasp_pace *pace;	/* rate and epsilon; NULL: none */
	uint8_t		 types;		/* 1 << enum clasp_kind; never 0 */
	uint32_t	 history;	/* entries */
	uint32_t	 window;	/* ms */
	uint16_t	 pattern_len;
	char		 pattern[];	/* trimmed */
};

static inline struct clasp_str
clasp_sub_pattern(const struct clasp_sub *sub)
{
	return clasp_str_of(sub->pattern, sub->pattern_len);
}

/* One subscriber that wants an address, once however many patterns match. */
struct clasp_match {
	struct clasp_subscriber *owner;
	struct clasp_sub *only;		/* that matches; NULL: several */
	uint8_t		 types;		/* of all its subscriptions there */
	uint8_t		 paced;		/* of those with a rate or epsilon */
};

#define CLASP_SUBS_OWN	"$relay"	/* a segment no wildcard takes */
#define CLASP_SUB_TYPES	0x1f		/* all five kinds */

struct clasp_subs *clasp_subs_new(void);
/* All subscriptions must have been removed. */
void	clasp_subs_free(struct clasp_subs *subs);

/*
 * Subscribe.  The pattern must be valid; types 0 is all.  NULL: no memory.
 * Options of the result may be set by the caller, before anything is looked
 * up.
 */
struct clasp_sub *clasp_subs_add(struct clasp_subs *subs,
	    struct clasp_subscriber *owner, uint32_t id,
	    struct clasp_str pattern, uint8_t types);
/* Take one out and free it; its pace ends. */
void	clasp_subs_remove(struct clasp_subs *subs, struct clasp_sub *sub);
/* All of one owner: as many steps as it has subscriptions. */
void	clasp_subs_remove_all(struct clasp_subs *subs,
	    struct clasp_subscriber *owner);
/* The owner's subscription with this id, or NULL. */
struct clasp_sub *clasp_subscriber_find(const struct clasp_subscriber *owner,
	    uint32_t id);
/* Does any of its subscriptions want this kind of this address? */
bool	clasp_subscriber_wants(const struct clasp_subscriber *owner,
	    struct clasp_str address, uint8_t types);

/*
 * Who wants an address: *out and its length, which are good until the next
 * call.  hash is clasp_hash(address).  -1: no memory.  An address that begins
 * with CLASP_SUBS_OWN is seen only by patterns that begin with it, too.
 */
int	clasp_subs_match(struct clasp_subs *subs, struct clasp_str address,
	    uint64_t hash, const struct clasp_match **out);
/* The same without the cache. */
int	clasp_subs_lookup(struct clasp_subs *subs, struct clasp_str address,
	    const struct clasp_match **out);

uint32_t clasp_subs_count(const struct clasp_subs *subs);

#endif
