/*
 * promise.h - what a relay promises, how often each promise was at stake,
 * and the first one that was broken.
 *
 * "At stake" is counted where a relay that breaks the promise would be seen
 * to: the model expects something because of it, and looks.
 */
#ifndef TESTS_SIM_PROMISE_H
#define TESTS_SIM_PROMISE_H

#include <stdbool.h>
#include <stdint.h>

/*
 *	name, where, what is promised,
 *	how often it has to be at stake in 100,000 steps
 *
 * "relay" and "state" are the chapters on the relay and on the parameters in
 * the protocol's description; docs/simulator.md has the table.
 */
#define SIM_PROMISES(X) \
X(HANDSHAKE,	"relay 2.1",  "no HELLO in time: closed", 20) \
X(ROOM,		"relay 2.2",  "one session too many: 501 and closed", 20) \
X(GARBAGE,	"relay 2.3",  "garbage first: closed without a word", 20) \
X(FIRST,	"relay 2.4",  "first comes HELLO, or 101 and closed", 20) \
X(VERSION,	"relay 2.5",  "version 0: 102 and closed", 10) \
X(WELCOME,	"relay 2.9",  "WELCOME, then SNAPSHOT, then the rest", 300) \
X(HELLO2,	"relay 2.11", "a second HELLO: 101 and nothing else", 50) \
X(IGNORED,	"relay 2.12", "a relay's messages: ignored", 20) \
X(MALFORMED,	"relay 2.13", "malformed: few errors, closed at 100", 100) \
X(LEAVE,	"relay 2.18", "who has left gets and holds nothing", 300) \
X(SET,		"relay 3",    "a SET that is accepted has its ACK", 1000) \
X(GET,		"relay 3",    "GET: the value, or 201", 300) \
X(SYNC,		"relay 3",    "SYNC: when read, when answered", 100) \
X(ADDRESS,	"relay 3",    "bad addresses: 200, nothing happens", 100) \
X(SIZE,		"relay 4.4",  "too large: 402, nothing happens", 10) \
X(FIGURES,	"relay 12",   "figures are those of the tables", 1000) \
X(ORDERED,	"relay 4.2",  "snapshots ascend by address", 200) \
X(SUBLIMIT,	"relay 5.1",  "subscriptions: a limit, 429", 50) \
X(REPLACE,	"relay 5.2",  "an id used again replaces", 100) \
X(MATCH,	"relay 5.3",  "patterns match as they say", 1000) \
X(PATTERN,	"relay 5.4",  "bad patterns: 202, nothing happens", 50) \
X(FILTER,	"relay 5.5",  "kinds that are not wanted do not come", 200) \
X(ONCE,		"relay 5.6",  "one copy however many patterns match", 200) \
X(PACE,		"relay 5.8",  "not more often than the rate", 100) \
X(TRAIL,	"relay 5.8",  "the last value always arrives", 50) \
X(EPSILON,	"relay 5.8",  "what is near the last does not come", 50) \
X(ECHO,		"relay 6.1",  "a SET reaches its sender, too", 200) \
X(NO_ECHO,	"relay 6.1",  "a PUBLISH does not", 200) \
X(BEFORE_ACK,	"relay 6.2",  "the echo stands before the ACK", 200) \
X(REPLIES,	"relay 6.3",  "a reply is never dropped", 50) \
X(ATOMIC,	"relay 6.4",  "a snapshot is the state, not older", 200) \
X(ORDER,	"relay 6.5",  "a sender's messages stay in order", 1000) \
X(RISING,	"relay 6.5",  "revisions rise for every recipient", 1000) \
X(VISIBLE,	"relay 6.6",  "after the ACK everybody sees it", 100) \
X(BARRIER,	"relay 6.7",  "PONG comes behind all answers", 100) \
X(BURST,	"relay 7.1",  "only what the socket refused counts", 20) \
X(DROP,		"relay 7.2",  "no room: the newest is dropped", 100) \
X(MISSED,	"relay 7.2",  "a missed SET's newest value follows", 50) \
X(FINAL,	"relay 7.2",  "in the end everybody has the values", 300) \
X(COUNTED,	"relay 7.3",  "every drop is counted", 100) \
X(NOTICE,	"relay 7.3",  "100 drops in 10 s: told once, 503", 3) \
X(PAUSE,	"relay 7.4",  "no room for replies: nothing is read", 50) \
X(RESUME,	"relay 7.4",  "read again when half has left", 20) \
X(STUCK,	"relay 7.5",  "30 s full and not a byte: closed", 3) \
X(APART,	"relay 7.6",  "a slow reader delays nobody", 100) \
X(MEMBERS,	"relay 8.1",  "only SET and PUBLISH in a bundle", 10) \
X(WHOLE,	"relay 8.2",  "a refused bundle changes nothing", 100) \
X(CONTIGUOUS,	"relay 8.4",  "members in order, nothing between", 200) \
X(BUNDLE_ACK,	"relay 8.5",  "one ACK with the last revision", 100) \
X(PUNCTUAL,	"relay 8.6",  "a scheduled bundle is never early", 50) \
X(EQUAL,	"relay 8.6",  "equal deadlines: as they came", 20) \
X(CUE,		"relay 8.6",  "it fires though its sender left", 10) \
X(RECHECK,	"relay 8.6",  "checked again when its time comes", 10) \
X(AHEAD,	"relay 8.6",  "beyond a day: 402; too many: 429", 20) \
X(WAKE,		"relay 8.6",  "the timer is asked for in time", 1000) \
X(START,	"relay 9.2",  "a start goes at once, moves before it", 50) \
X(HELD,		"relay 9.3",  "moves are held, the last one counts", 50) \
X(LATE,		"relay 9.3",  "a move without start goes at once", 20) \
X(END,		"relay 9.4",  "the last move, then the end", 20) \
X(FLUSH,	"relay 9.5",  "a move waits one interval at most", 20) \
X(CANCEL,	"relay 9.6",  "who leaves: moves, then cancels", 10) \
X(IDLE,		"relay 9.7",  "idle gestures are flushed and gone", 2) \
X(TIMELINE,	"relay 9.8",  "timelines are kept for who comes", 20) \
X(SIGNAL,	"relay 10",   "signals reach one peer or 404", 30) \
X(HONEST,	"relay 10",   "nobody signals as somebody else", 10) \
X(APPEAR,	"relay 10",   "announcing passes type filters", 10) \
X(RATE,		"relay 11",   "too fast: not done, 429 once a second", 50) \
X(GESTURES,	"relay 11",   "256 open gestures: the oldest goes", 1) \
X(REVISION,	"state 3",    "conditions are kept, 400", 100) \
X(LOCKED,	"state 3",    "a lock keeps others out, 401", 50) \
X(RANGE,	"state 3",    "outside the range: 402", 20) \
X(STRATEGY,	"state 4",    "max and min: 400 unless it wins", 20) \
X(UNLOCK,	"state 5",    "a foreign unlock opens nothing", 10) \
X(RELEASE,	"state 5",    "locks go with their session", 10) \
X(SLIDING,	"state 6",    "sliding: each access puts it off", 10) \
X(ABSOLUTE,	"state 6",    "absolute: counted from the write", 10) \
X(AT_ONCE,	"state 6",    "absolute 0: told and not kept", 10) \
X(EXPIRED,	"state 6",    "what has expired is absent at once", 50) \
X(HELD_ALIVE,	"state 6",    "what is locked does not expire", 10) \
X(EVICT,	"state 7",    "full: the right one leaves", 50) \
X(REJECT,	"state 7",    "full: 501, existing ones go on", 10) \
X(KEEP_LOCKED,	"state 7",    "the locked leave last", 5) \
X(SIGNALS,	"state 8",    "what was announced is found", 30) \
X(FORGET,	"state 8",    "signals expire, the oldest leaves", 5)

enum sim_promise {
#define X(name, where, text, least) P_##name,
	SIM_PROMISES(X)
#undef X
	PROMISES
};

/* It is at stake once more. */
void	sim_stake(enum sim_promise p);
/* Games that are played again are not counted. */
void	sim_stakes_count(bool on);
uint64_t sim_stakes(enum sim_promise p);

/* It is broken; only the first breach of a game is kept. */
void	sim_broken(enum sim_promise p, const char *format, ...)
	    __attribute__((format(printf, 2, 3)));
void	sim_whole(void);	/* a new game */
/* PROMISES while nothing is broken. */
enum sim_promise sim_breach(void);
const char *sim_breach_text(void);

const char *sim_promise_name(enum sim_promise p);
const char *sim_promise_where(enum sim_promise p);
const char *sim_promise_text(enum sim_promise p);
/* How often it has to be at stake in so many steps. */
uint64_t sim_promise_least(enum sim_promise p, uint64_t steps);

#endif
