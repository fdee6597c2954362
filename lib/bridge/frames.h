/*
 * frames.h - the way of levels out of a bridge: lines change universes, and
 * at each tick those that changed are sent, and those that did not when it is
 * time to keep them alive.
 *
 *	lines --> proto/dmx --tick--> ready()? --> send() ... sent()
 *
 * What there is to it is here, once for DMX, Art-Net and sACN: the relay's
 * snapshot as one frame, --rate, --once, --hold, --on-exit, --show,
 * timelines, what a relay is asked for, and how it all ends.  The program only
 * turns one universe into one packet.
 * Nothing is queued: what changes while the device is not ready is in the
 * next frame.
 *
 *	frames = clasp_frames_new(&config);	takes the sink's part:
 *	clasp_frames_attach(frames, &bridging);
 *	bridge = clasp_bridge_new(&bridging);
 *	clasp_frames_start(frames, bridge);
 *	... open the device: clasp_frames_device_open()
 *	clasp_bridge_run(bridge);
 *	clasp_frames_free(frames);
 */
#ifndef CLASP_BRIDGE_FRAMES_H
#define CLASP_BRIDGE_FRAMES_H

#include "bridge/bridge.h"
#include "proto/dmx.h"

#define CLASP_FRAMES_LAST	3	/* dark frames or goodbyes at the end */

struct clasp_frames;

struct clasp_frames_config {
	const char	*base;		/* namespace, without --prefix */
	struct clasp_dmx_config model;	/* but for prefix and scale, which the
					 * options say */
	const struct clasp_bridge_options *options;
	double		 rate_hz;	/* without --rate */
	uint64_t	 keepalive_us;	/* an unchanged frame so often */
	unsigned	 slots;		/* shown by --show; 0: 512 */
	unsigned	 repeats;	/* ticks at which a changed one is
					 * sent again; sACN: 3 */
	void		*user;

	/* May frames be sent at this tick?  Not while the device is away or
	 * still takes the one before.  NULL: always. */
	bool	(*ready)(void *user);
	/* Send u's levels.  False: not taken; it is tried at the next tick. */
	bool	(*send)(struct clasp_universe *u, uint64_t tick_us,
		    void *user);
	/* All n (1 and more) universes of this tick have been given to send:
	 * a sync packet, or one write for all.  May be NULL. */
	void	(*sent)(unsigned n, void *user);
	/* Say that u will be sent no more; called CLASP_FRAMES_LAST times, a
	 * tick apart, with --on-exit release. */
	void	(*release)(struct clasp_universe *u, void *user);
	/* The last frame is out, or cannot get out: close the device, then
	 * call clasp_bridge_leave(). */
	void	(*done)(void *user);
	/* The loop has ended: close the device's handles. */
	void	(*close)(void *user);
};

/* Ends the program when the namespace is none, or there is no memory. */
struct clasp_frames *clasp_frames_new(
	    const struct clasp_frames_config *config);
/* The levels.  Universes that are made before the start are sent from it. */
struct clasp_dmx *clasp_frames_dmx(const struct clasp_frames *f);
/*
 * Be the sink of a bridge to be made, whose device is filled in: base,
 * patterns, line, batch_end, ended, finish, close and user are set.  What is
 * a source too has its own state in source_user.
 */
void	clasp_frames_attach(struct clasp_frames *f,
	    struct clasp_bridge_config *bridging);
/* The bridge is there: count what is dropped, and tick. */
void	clasp_frames_start(struct clasp_frames *f,
	    struct clasp_bridge *bridge);
/* Like clasp_bridge_device_open(); what was sent before goes out whole. */
void	clasp_frames_device_open(struct clasp_frames *f, bool again);
/* Like clasp_bridge_device_lost(), and the end when only the last frame was
 * waited for. */
void	clasp_frames_device_lost(struct clasp_frames *f, const char *why);
/* --show was given: levels are drawn, stdout is not for packets. */
bool	clasp_frames_shown(const struct clasp_frames *f);
/* Is it on its way to the end? */
bool	clasp_frames_leaving(const struct clasp_frames *f);
/* After clasp_bridge_run(). */
void	clasp_frames_free(struct clasp_frames *f);

#endif
