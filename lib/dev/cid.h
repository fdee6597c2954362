/*
 * cid.h - who a source is: a UUID that is the same after a restart.
 *
 * Each name has a file in the state directory ($XDG_STATE_HOME/clasp, or
 * ~/.local/state/clasp) with its UUID, made when it is first asked for.  It
 * is locked while somebody has it: whoever asks meanwhile gets one that is
 * made of the same UUID and a number (version 5), so that two programs are
 * never one source.
 */
#ifndef CLASP_DEV_CID_H
#define CLASP_DEV_CID_H

#include <stdint.h>

#define CLASP_CID_MANY	1000	/* programs of one name */

/*
 * The UUID of a name; it stays ours until the process ends.  Returns 0, or
 * CLASP_EIO when it could not be kept: then it is a random one, and why has
 * the reason.
 */
int	clasp_cid_take(const char *name, uint8_t cid[16], char why[200]);
/* UUID version 5: of another one and a text. */
void	clasp_cid_derive(const uint8_t of[16], const char *text,
	    uint8_t cid[16]);

#endif
