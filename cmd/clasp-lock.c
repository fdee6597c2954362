/*
 * clasp-lock - holds the lock of an address while a command runs.
 *
 * A lock is taken by a SET, and a SET writes.  So the value is asked for and
 * written again, on condition that its revision is still the same; the same
 * once more with `unlock` at the end.  A lock that ends with its session is
 * given back without a word, which is why a waiter looks again every second,
 * beside at once when it sees an unlock.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "client/holder.h"
#include "client/pump.h"
#include "client/report.h"
#include "tool/cli.h"
#include "wire/line.h"

#define AGAIN_MS	1000	/* a lock may have gone without a word */
#define LEAVE_MS	2000	/* for giving it back */
#define TRIES_MAX	1000	/* against others who write all the time */
#define NO_REVISION	UINT64_MAX

enum { OPT_WAIT = CLI_OWN, OPT_PUB };

static const struct cli_option own[] = {
	{ OPT_WAIT, 'w', "wait", "D",
	    "wait up to D for a lock that another holds", CLI_ARG, 0, NULL },
	{ OPT_PUB, 0, "pub", NULL,
	    "send the lines of stdin while the lock is held", 0, 0, NULL },
	{ CLI_STRICT, 0, "strict", NULL,
	    "with --pub: stop at the first bad line", 0, 0, NULL },
	{ CLI_READY_FD, 0, "ready-fd", "N",
	    "write 'ready' to descriptor N when the lock is held", CLI_ARG,
	    0, NULL },
	{ 0, 0, NULL, NULL, NULL, 0, 0, NULL }
};
static const struct cli_option *const tables[] = {
	own, cli_link_options, cli_basic_options, NULL
};
static const char *const examples[] = {
	"nobody moves the fader while a command runs",
	"clasp-lock /mix/1 -- clasp-get /mix/1",
	"wait for it, ten seconds at most",
	"clasp-lock -w 10s /mix/1 -- clasp-get /mix/1",
	"a fade nobody can disturb",
	"seq 0 100 | sed 's#^#/mix/1 #' | clasp-lock --pub /mix/1",
	NULL
};
static const struct cli_tool tool = {
	.name = "clasp-lock",
	.operands = "ADDRESS [-- CMD ...]",
	.summary = "hold the lock of an address",
	.tables = tables,
	.examples = examples,
	.operand_complete = CLI_COMPLETE_ADDRESS
};

enum state {
	ASKING,		/* for the value, then for the lock */
	WAITING,	/* somebody else holds it */
	HELD,
	LEAVING		/* giving it back */
};

struct lock {
	struct clasp_pump *pump;
	struct clasp_client *client;
	const char	*name;		/* the address */
	struct clasp_str address;
	char		**command;	/* NULL: none */
	bool		 pub;
	enum state	 state;
	uint64_t	 revision;	/* what the value asked for has */
	uint64_t	 refused;	/* at this one; NO_REVISION: none */
	unsigned	 tries;
	uint64_t	 until_us;	/* patience, monotonic */
	int		 watch;		/* subscription; 0: none */
	bool		 was_held;
	bool		 told;		/* who has it since it was lost */
	uv_timer_t	 timer;
	uv_async_t	 poke;		/* a signal for the command */
	uv_signal_t	 chld;
	pid_t		 child;		/* 0: not running */
	int		 code;		/* of the command */
};

static void take(struct lock *l);
static void on_timer(uv_timer_t *timer);

/* ------------------------------------------------------------- the end */

static void
stop(struct lock *l)
{
	uv_handle_t *handles[] = { (uv_handle_t *)&l->timer,
	    (uv_handle_t *)&l->poke, (uv_handle_t *)&l->chld };
	size_t i;

	for (i = 0; i < sizeof handles / sizeof *handles; i++)
		if (!uv_is_closing(handles[i]))
			uv_close(handles[i], NULL);
	clasp_pump_stop(l->pump);
}

static void
on_left(struct clasp_client *c, const struct clasp_reply *reply, void *user)
{
	(void)c;
	(void)reply;
	stop(user);
}

/* The value stays as it is; observers see that the lock is free. */
static void
on_last_value(struct clasp_client *c, const struct clasp_reply *reply,
    void *user)
{
	struct lock *l = user;
	struct clasp_msg msg = { .type = CLASP_SET };

	if (reply->error == 0) {
		msg.set.address = l->address;
		msg.set.value = reply->msg->snapshot.params[0].value;
		msg.set.unlock = true;
		msg.set.has_revision = true;
		msg.set.revision = reply->msg->snapshot.params[0].revision;
		if (clasp_client_send(c, &msg, NULL, on_left, l) == 0)
			return;
	}
	stop(l);
}

static void
leave(struct lock *l)
{
	if (l->state == LEAVING)
		return;
	if (l->state != HELD || !clasp_client_connected(l->client)) {
		stop(l);
		return;
	}
	l->state = LEAVING;
	uv_timer_start(&l->timer, on_timer, LEAVE_MS, 0);
	if (clasp_client_get(l->client, l->address, on_last_value, l) < 0)
		stop(l);
}

/* ---------------------------------------------------------- the command */

/* The loop that a signal wakes up for the command. */
static struct lock *awake;
static volatile sig_atomic_t pending[NSIG];

static void
on_signal(int number, siginfo_t *info, void *context)
{
	int saved = errno;

	(void)context;
	/* what is typed at a terminal goes to the command by itself */
	if (info->si_code != SI_KERNEL && awake) {
		pending[number] = 1;
		uv_async_send(&awake->poke);
	}
	errno = saved;
}

static const int forwarded[] = { SIGINT, SIGTERM, SIGHUP };

static void
catch_signals(void)
{
	struct sigaction action = { .sa_sigaction = on_signal,
	    .sa_flags = SA_SIGINFO | SA_RESTART }, before;
	size_t i;

	sigemptyset(&action.sa_mask);
	for (i = 0; i < sizeof forwarded / sizeof *forwarded; i++)
		if (sigaction(forwarded[i], NULL, &before) == 0 &&
		    before.sa_handler != SIG_IGN)
			sigaction(forwarded[i], &action, NULL);
}

/* Those that were caught are as they had been. */
static void
drop_signals(void)
{
	struct sigaction now;
	size_t i;

	for (i = 0; i < sizeof forwarded / sizeof *forwarded; i++)
		if (sigaction(forwarded[i], NULL, &now) == 0 &&
		    (now.sa_flags & SA_SIGINFO))
			signal(forwarded[i], SIG_DFL);
}

/* None of them comes until the mask is put back. */
static void
hold_signals(sigset_t *mask)
{
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < sizeof forwarded / sizeof *forwarded; i++)
		sigaddset(&set, forwarded[i]);
	sigprocmask(SIG_BLOCK, &set, mask);
}

static void
on_poke(uv_async_t *poke)
{
	struct lock *l = poke->data;
	size_t i;

	for (i = 0; i < sizeof forwarded / sizeof *forwarded; i++)
		if (pending[forwarded[i]]) {
			pending[forwarded[i]] = 0;
			if (l->child)
				kill(l->child, forwarded[i]);
		}
}

static void
on_chld(uv_signal_t *chld, int number)
{
	struct lock *l = chld->data;
	int status;

	(void)number;
	if (!l->child || waitpid(l->child, &status, WNOHANG) != l->child)
		return;
	l->child = 0;
	l->code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
	    WEXITSTATUS(status);
	if (l->state != HELD || !clasp_client_connected(l->client))
		cli_fail(CLI_UNREACHABLE);
	/* from now on a signal ends us, and with us the lock */
	drop_signals();
	leave(l);
}

static void
become_command(struct lock *l, int out, const sigset_t *mask)
{
	int null, error;

	/* what came since the fork ends it now, and is not lost in ours */
	drop_signals();
	sigprocmask(SIG_SETMASK, mask, NULL);
	signal(SIGPIPE, SIG_DFL);
	dup2(out, STDOUT_FILENO);
	if (l->pub) {
		null = open("/dev/null", O_RDONLY | O_CLOEXEC);
		dup2(null, STDIN_FILENO);
	}
	execvp(l->command[0], l->command);
	error = errno;
	cli_warn(l->command[0], "%s", cli_strerror(error));
	_exit(error == ENOENT ? 127 : 126);
}

/* The stdout that the command gets; ours is of no use to us, and must not
 * end us when its reader goes. */
static int command_out = -1;

static void
hand_over_stdout(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	command_out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (null < 0 || command_out < 0 || dup2(null, STDOUT_FILENO) < 0)
		cli_die(CLI_UNREACHABLE, "stdout", "%s", cli_strerror(errno));
	close(null);
}

static void
run_command(struct lock *l)
{
	sigset_t mask;

	awake = l;
	hold_signals(&mask);
	catch_signals();
	l->child = fork();
	if (l->child == 0)
		become_command(l, command_out, &mask);
	if (l->child < 0) {
		cli_warn(l->command[0], "%s", cli_strerror(errno));
		l->child = 0;
		l->code = 126;
		drop_signals();
		sigprocmask(SIG_SETMASK, &mask, NULL);
		leave(l);
		return;
	}
	sigprocmask(SIG_SETMASK, &mask, NULL);
	close(command_out);
	/* one that came before is meant for it, too */
	if (cli_signal())
		kill(l->child, cli_signal());
	cli_signal_forget();
}

/* ---------------------------------------------------- somebody else's lock */

static void
on_holder(struct clasp_client *c, const char *words, void *user)
{
	struct lock *l = user;

	(void)c;
	cli_warn(l->name, "%s", words);
	cli_fail(CLI_STATE);
	if (!l->child)
		stop(l);
}

static void
on_watched(struct clasp_client *c, const struct clasp_delivery *d,
    void *user)
{
	struct lock *l = user;

	(void)c;
	if (l->state == WAITING && !d->snapshot && d->msg->set.unlock)
		take(l);
}

/* Look again in a while, or when patience ends. */
static void
look_again(struct lock *l)
{
	uint64_t now = clasp_clock_mono_us(), ms = AGAIN_MS;

	if (!l->was_held && l->until_us < now + AGAIN_MS * 1000)
		ms = l->until_us > now ? (l->until_us - now) / 1000 + 1 : 0;
	uv_timer_start(&l->timer, on_timer, ms, 0);
}

static void
on_held_by_other(struct lock *l, struct clasp_str text)
{
	bool patient = clasp_clock_mono_us() < l->until_us;

	l->state = WAITING;
	if (!l->was_held && !patient) {
		clasp_holder_ask(l->client, text, on_holder, l);
		return;
	}
	/* lost with the connection; the command goes on */
	if (l->was_held && !l->told) {
		l->told = true;
		clasp_holder_ask(l->client, text, on_holder, l);
	} else if (!l->watch) {
		cli_verbose(l->name, "waiting: %.*s", CLASP_STR_ARG(text));
	}
	if (!l->watch)
		l->watch = clasp_client_subscribe(l->client, l->address,
		    1u << CLASP_PARAM, on_watched, l);
	look_again(l);
}

static void
on_timer(uv_timer_t *timer)
{
	struct lock *l = timer->data;

	if (l->state == LEAVING) {
		stop(l);
	} else if (clasp_client_connected(l->client)) {
		if (l->state == WAITING)
			take(l);
	} else if (l->was_held || clasp_clock_mono_us() < l->until_us) {
		look_again(l);
	} else {
		cli_die(CLI_UNREACHABLE, cli.url, "not back in time");
	}
}

/* --------------------------------------------------------------- taking */

static void
on_held(struct lock *l)
{
	bool first = !l->was_held;

	l->state = HELD;
	l->was_held = true;
	l->tries = 0;
	uv_timer_stop(&l->timer);
	if (l->watch > 0)
		clasp_client_unsubscribe(l->client, (uint32_t)l->watch);
	l->watch = 0;
	if (!first) {
		l->told = false;
		cli_note(l->name, "locked again");
		return;
	}
	clasp_pump_ready(l->pump);
	if (l->command)
		run_command(l);
	if (l->pub)
		clasp_pump_read(l->pump, true);
}

static void
give_up(struct lock *l)
{
	if (!l->child)
		stop(l);
}

static void
on_taken(struct clasp_client *c, const struct clasp_reply *reply, void *user)
{
	struct lock *l = user;

	(void)c;
	if (reply->error == CLASP_ECLOSED)
		return;			/* asked again when it is back */
	if (reply->error == 0) {
		on_held(l);
	} else if (reply->code == 401) {
		on_held_by_other(l, reply->text);
	} else if (reply->code == 400 && l->revision != l->refused &&
	    ++l->tries < TRIES_MAX) {
		/* written by another in between, unless it still is the same
		 * revision */
		l->refused = l->revision;
		take(l);
	} else {
		clasp_report_refused(l->address, reply);
		give_up(l);
	}
}

static void
on_value(struct clasp_client *c, const struct clasp_reply *reply, void *user)
{
	struct lock *l = user;
	struct clasp_msg msg = { .type = CLASP_SET };

	if (reply->error == CLASP_ECLOSED)
		return;
	if (reply->error && reply->error != CLASP_ENOENT) {
		clasp_report_refused(l->address, reply);
		give_up(l);
		return;
	}
	l->revision = 0;
	if (reply->error == 0) {
		l->revision = reply->msg->snapshot.params[0].revision;
		msg.set.value = reply->msg->snapshot.params[0].value;
	}
	msg.set.address = l->address;
	msg.set.lock = true;
	msg.set.has_revision = true;
	msg.set.revision = l->revision;
	if (clasp_client_send(c, &msg, NULL, on_taken, l) < 0)
		give_up(l);
}

static void
take(struct lock *l)
{
	l->state = ASKING;
	if (clasp_client_get(l->client, l->address, on_value, l) < 0)
		give_up(l);
}

/* --------------------------------------------------------- of the pump */

static void
on_line(struct clasp_pump *p, const struct clasp_line *line, bool snapshot,
    void *user)
{
	(void)snapshot;
	(void)user;
	clasp_pump_emit(p, line);
}

static void
on_sent(struct clasp_client *c, const struct clasp_reply *reply, void *user)
{
	(void)c;
	(void)reply;
	leave(user);
}

/* stdin has ended, or the relay is gone for good. */
static void
on_end(struct clasp_pump *p, void *user)
{
	struct lock *l = user;

	if (l->child)
		return;			/* it goes on, lock or not */
	if (clasp_pump_gone(p) ||
	    clasp_client_barrier(l->client, on_sent, l) < 0)
		stop(l);
}

static void
on_finish(struct clasp_pump *p, void *user)
{
	struct lock *l = user;

	(void)p;
	if (l->child)
		return;
	if (l->state == LEAVING)
		stop(l);
	else
		leave(l);
}

static void
on_again(struct clasp_pump *p, void *user)
{
	struct lock *l = user;

	(void)p;
	if (l->state == LEAVING) {
		stop(l);
		return;
	}
	/* it was not held for a while: that is no success any more */
	if (l->was_held)
		cli_fail(CLI_UNREACHABLE);
	l->refused = NO_REVISION;
	take(l);
}

/* ----------------------------------------------------------------- main */

static void
begin(struct lock *l, const struct clasp_pump_config *config)
{
	uv_loop_t *loop = uv_default_loop();

	if (l->command)
		hand_over_stdout();
	uv_timer_init(loop, &l->timer);
	uv_async_init(loop, &l->poke, on_poke);
	uv_signal_init(loop, &l->chld);
	l->timer.data = l->poke.data = l->chld.data = l;
	uv_signal_start(&l->chld, on_chld, SIGCHLD);
	l->refused = NO_REVISION;
	l->pump = clasp_pump_new(loop, config);
	l->client = clasp_pump_client(l->pump);
	if (l->pub)
		clasp_pump_read(l->pump, false);
	take(l);
}

int
main(int argc, char **argv)
{
	static struct lock l;
	struct clasp_pump_config config = {
		.source = true,
		.relay = true,
		.input = true,
		.line = on_line,
		.end = on_end,
		.finish = on_finish,
		.again = on_again,
		.ttl_as_given = true,
		.user = &l
	};
	int id;

	cli_begin(&tool, argc, argv);
	l.until_us = clasp_clock_mono_us();
	while ((id = cli_next()) != 0)
		switch (id) {
		case OPT_WAIT:
			l.until_us = clasp_clock_mono_us() +
			    cli_arg_duration_us();
			break;
		case OPT_PUB:
			l.pub = true;
			break;
		}
	cli_check_count(1, -1, "ADDRESS");
	l.name = cli_operands()[0];
	cli_check_address(l.name);
	l.address = clasp_str_c(l.name);
	if (cli_operand_count() > 1)
		l.command = cli_operands() + 1;
	config.sink = l.pub;
	begin(&l, &config);
	clasp_pump_run(l.pump);
	if (l.code)
		exit(l.code);
	cli_end();
}
