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
X(HANDSHAKE,	"relay 2.1",  "no HELLO in time: closed", 30) \
X(ROOM,		"relay 2.2",  "one session too many: 501 and closed", 60) \
X(GARBAGE,	"relay 2.3",  "garbage first: closed without a word", 10) \
X(FIRST,	"relay 2.4",  "first comes HELLO, or 101 and closed", 95) \
X(VERSION,	"relay 2.5",  "version 0: 102 and closed", 35) \
X(WELCOME,	"relay 2.9",  "WELCOME, then SNAPSHOT, then the rest", 550) \
X(HELLO2,	"relay 2.11", "a second HELLO: 101 and nothing else", 85) \
X(IGNORED,	"relay 2.12", "a relay's messages: ignored", 5) \
X(MALFORMED,	"relay 2.13", "malformed: few errors, closed at 100", 250) \
X(LEAVE,	"relay 2.18", "who has left gets and holds nothing", 250) \
X(SET,		"relay 3",    "a SET that is accepted has its ACK", 2000) \
X(GET,		"relay 3",    "GET: the value, or 201", 950) \
X(SYNC,		"relay 3",    "SYNC: when read, when answered", 40) \
X(ADDRESS,	"relay 3",    "bad addresses: 200, nothing happens", 100) \
X(CURSOR,	"relay 4.3",  "a large snapshot comes by and by", 300) \
X(SIZE,		"relay 4.4",  "too large: 402, nothing happens", 5) \
X(FIGURES,	"relay 12",   "figures are those of the tables", 22500) \
X(ORDERED,	"relay 4.2",  "snapshots ascend by address", 500) \
X(SUBLIMIT,	"relay 5.1",  "subscriptions: a limit, 429", 25) \
X(REPLACE,	"relay 5.2",  "an id used again replaces", 200) \
X(MATCH,	"relay 5.3",  "patterns match as they say", 23500) \
X(PATTERN,	"relay 5.4",  "bad patterns: 202, nothing happens", 50) \
X(FILTER,	"relay 5.5",  "kinds that are not wanted do not come", 2000) \
X(ONCE,		"relay 5.6",  "one copy however many patterns match", 4000) \
X(PACE,		"relay 5.8",  "not more often than the rate", 400) \
X(TRAIL,	"relay 5.8",  "the last value always arrives", 100) \
X(EPSILON,	"relay 5.8",  "what is near the last does not come", 75) \
X(ECHO,		"relay 6.1",  "a SET reaches its sender, too", 1000) \
X(NO_ECHO,	"relay 6.1",  "a PUBLISH does not", 1500) \
X(BEFORE_ACK,	"relay 6.2",  "the echo stands before the ACK", 1500) \
X(REPLIES,	"relay 6.3",  "a reply is never dropped", 100) \
X(ATOMIC,	"relay 6.4",  "a snapshot is the state, not older", 1000) \
X(ORDER,	"relay 6.5",  "a sender's messages stay in order", 20000) \
X(RISING,	"relay 6.5",  "revisions rise for every recipient", 3500) \
X(VISIBLE,	"relay 6.6",  "after the ACK everybody sees it", 1000) \
X(BARRIER,	"relay 6.7",  "PONG comes behind all answers", 400) \
X(BURST,	"relay 7.1",  "only what the socket refused counts", 200) \
X(DROP,		"relay 7.2",  "no room: the newest is dropped", 350) \
X(MISSED,	"relay 7.2",  "a missed SET's newest value follows", 95) \
X(FINAL,	"relay 7.2",  "in the end everybody has the values", 17000) \
X(COUNTED,	"relay 7.3",  "every drop is counted", 400) \
X(NOTICE,	"relay 7.3",  "100 drops in 10 s: told once, 503", 1) \
X(PAUSE,	"relay 7.4",  "no room for replies: nothing is read", 20) \
X(RESUME,	"relay 7.4",  "read again when half has left", 9) \
X(STUCK,	"relay 7.5",  "30 s full and not a byte: closed", 10) \
X(APART,	"relay 7.6",  "a slow reader delays nobody", 500) \
X(MEMBERS,	"relay 8.1",  "only SET and PUBLISH in a bundle", 5) \
X(WHOLE,	"relay 8.2",  "a refused bundle changes nothing", 200) \
X(CONTIGUOUS,	"relay 8.4",  "members in order, nothing between", 200) \
X(BUNDLE_ACK,	"relay 8.5",  "one ACK with the last revision", 400) \
X(PUNCTUAL,	"relay 8.6",  "a scheduled bundle is never early", 300) \
X(EQUAL,	"relay 8.6",  "equal deadlines: as they came", 150) \
X(CUE,		"relay 8.6",  "it fires though its sender left", 15) \
X(RECHECK,	"relay 8.6",  "checked again when its time comes", 5) \
X(AHEAD,	"relay 8.6",  "beyond a day: 402; too many: 429", 20) \
X(WAKE,		"relay 8.6",  "the timer is asked for in time", 1000) \
X(START,	"relay 9.2",  "a start goes at once, moves before it", 750) \
X(HELD,		"relay 9.3",  "moves are held, the last one counts", 400) \
X(LATE,		"relay 9.3",  "a move without start goes at once", 60) \
X(END,		"relay 9.4",  "the last move, then the end", 300) \
X(FLUSH,	"relay 9.5",  "a move waits one interval at most", 150) \
X(CANCEL,	"relay 9.6",  "who leaves: moves, then cancels", 200) \
X(IDLE,		"relay 9.7",  "idle gestures are flushed and gone", 10) \
X(TIMELINE,	"relay 9.8",  "timelines are kept for who comes", 100) \
X(SIGNAL,	"relay 10",   "signals reach one peer or 404", 35) \
X(HONEST,	"relay 10",   "nobody signals as somebody else", 15) \
X(APPEAR,	"relay 10",   "announcing passes type filters", 25) \
X(RATE,		"relay 11",   "too fast: not done, 429 once a second", 200) \
X(GESTURES,	"relay 11",   "256 open gestures: the oldest goes", 15) \
X(REVISION,	"state 3",    "conditions are kept, 400", 950) \
X(LOCKED,	"state 3",    "a lock keeps others out, 401", 850) \
X(RANGE,	"state 3",    "outside the range: 402", 75) \
X(STRATEGY,	"state 4",    "max and min: 400 unless it wins", 10) \
X(UNLOCK,	"state 5",    "a foreign unlock opens nothing", 40) \
X(RELEASE,	"state 5",    "locks go with their session", 100) \
X(HOLDERS,	"state 6",    "/$relay/locks tells who holds what", 30) \
X(SLIDING,	"state 6",    "sliding: each access puts it off", 100) \
X(ABSOLUTE,	"state 6",    "absolute: counted from the write", 100) \
X(AT_ONCE,	"state 6",    "absolute 0: told and not kept", 60) \
X(EXPIRED,	"state 6",    "what has expired is absent at once", 550) \
X(HELD_ALIVE,	"state 6",    "what is locked does not expire", 150) \
X(EVICT,	"state 7",    "full: the right one leaves", 250) \
X(REJECT,	"state 7",    "full: 501, existing ones go on", 150) \
X(KEEP_LOCKED,	"state 7",    "the locked leave last", 200) \
X(SIGNALS,	"state 8",    "what was announced is found", 95) \
X(FORGET,	"state 8",    "signals expire, the oldest leaves", 15)

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
