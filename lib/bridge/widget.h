/*
 * widget.h - an ENTTEC DMX USB Pro, or a relative, as a bridge has it: its
 * port, what it is asked when it opens, and the words about its answers.
 *
 *	open --> asking --(answers, or 500 ms)--> ready
 *
 * Many relatives answer nothing and work all the same.  Bytes from standard
 * input or a file (config.raw) are read without a question.
 */
#ifndef CLASP_BRIDGE_WIDGET_H
#define CLASP_BRIDGE_WIDGET_H

#include "dev/port.h"
#include "proto/enttec.h"

struct clasp_widget;

struct clasp_widget_config {
	struct clasp_port_config port;	/* line.path: the device; the rest of
					 * the line is set here */
	const char	*subject;	/* in words to people */
};

/* What it said of itself. */
struct clasp_widget_info {
	bool	 has_params, has_serial;
	struct clasp_enttec_params params;
	char	 serial[9];
};

struct clasp_widget_events {
	/* as those of a port (dev/port.h); sent, end and taken may be NULL */
	void	(*open)(bool again, void *user);
	void	(*lost)(const char *why, void *user);
	void	(*sent)(void *user);
	void	(*end)(const char *why, void *user);	/* as a port's */
	/* it has answered, or will not */
	void	(*ready)(const struct clasp_widget_info *info, void *user);
	/* any message, answers too */
	void	(*message)(const struct clasp_enttec_msg *msg, void *user);
	/* all messages of one read were given */
	void	(*taken)(void *user);
};

/* As clasp_port_new(); *out is set before the first event. */
int	clasp_widget_new(uv_loop_t *loop,
	    const struct clasp_widget_config *config,
	    const struct clasp_widget_events *events, void *user,
	    struct clasp_widget **out, char why[CLASP_SERIAL_WHY]);
/* Close its port; NULL is fine. */
void	clasp_widget_close(struct clasp_widget *w);
/* The loop has ended and closed its handles: give back the memory. */
void	clasp_widget_free(struct clasp_widget *w);
void	clasp_widget_read(struct clasp_widget *w, bool on);
/* Open, asked, and with nothing on its way out? */
bool	clasp_widget_is_ready(struct clasp_widget *w);
/* True, or false when it is not ready. */
bool	clasp_widget_send(struct clasp_widget *w, const uint8_t *bytes,
	    size_t n);
/* Bytes that belong to no message; only rises. */
const unsigned long *clasp_widget_skipped(const struct clasp_widget *w);

#endif
