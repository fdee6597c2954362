/*
 * report.h - what programs say, and which exit code they remember, when the
 * relay cannot be reached or refuses something; and how the shared options
 * become a client's configuration.
 */
#ifndef CLASP_CLIENT_REPORT_H
#define CLASP_CLIENT_REPORT_H

#include "client/client.h"

/* Fill config from the shared options (struct cli_common). */
void	clasp_report_config(struct clasp_client_config *config);
/* The same, and the client; dies when the URL is no good. */
struct clasp_client *clasp_report_client(struct uv_loop_s *loop,
	    const struct clasp_client_config *config,
	    const struct clasp_client_events *events, void *user);
/* Why the connection is over, as told by `closed`; nothing for error 0. */
void	clasp_report_closed(int error, uint16_t code, const char *why);
/* The exit code for the relay's ERROR code. */
int	clasp_report_exit(uint16_t code);
/*
 * The relay refused what concerns the address: one line, and the exit code.
 * The address of the reply counts where it has one.
 */
void	clasp_report_refused(struct clasp_str address,
	    const struct clasp_reply *reply);

#endif
