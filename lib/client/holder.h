/*
 * holder.h - who holds a lock?  A relay that refuses a write names the
 * session; a person wants its name, which some relays know.
 */
#ifndef CLASP_CLIENT_HOLDER_H
#define CLASP_CLIENT_HOLDER_H

#include "client/client.h"

typedef void (*clasp_holder_fn)(struct clasp_client *c, const char *words,
	    void *user);

/*
 * words: the text of the relay's ERROR, copied.  fn is called once, at once
 * or later, with the same words and, where it was to be learnt, the name of
 * the session in parentheses behind them; good until it returns.
 */
void	clasp_holder_ask(struct clasp_client *c, struct clasp_str words,
	    clasp_holder_fn fn, void *user);

#endif
