/* test_transform.c - rules, steps, curves and expressions. */
#include "t.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "proto/curve.h"
#include "proto/expr.h"
#include "proto/rules.h"

static struct clasp_buf out;
static bool test_all, test_only;

static void
take(const struct clasp_line *line, void *user)
{
	(void)user;
	if (clasp_line_format(&out, line, 0) < 0)
		abort();
}

/* Feed the lines in text (apart by LF), each a second behind the last. */
static void
feed(struct clasp_rules *rules, const char *text)
{
	struct clasp_arena arena;
	struct clasp_line line;
	struct clasp_line_error err;
	uint64_t now = 1000000;
	size_t n;

	clasp_arena_init(&arena, NULL, 0, 64 << 20);
	for (; *text != '\0'; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		if (clasp_line_parse(clasp_str_of(text, n), &arena, &line,
		    &err) < 0) {
			t_check(0, "%.*s: %s", (int)n, text, err.reason);
			break;
		}
		clasp_rules_apply(rules, &line, now);
		clasp_arena_reset(&arena);
		now += 1000000;
	}
	clasp_arena_clear(&arena);
}

/* What rules (one a line) make of the lines. */
static const char *
map(const char *text, const char *lines)
{
	struct clasp_rules *rules = clasp_rules_new(take, NULL);
	struct clasp_rule_error err;
	size_t n;

	clasp_buf_reset(&out);
	clasp_rules_all(rules, test_all);
	clasp_rules_only(rules, test_only);
	for (; *text != '\0'; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		if (clasp_rules_add(rules, clasp_str_of(text, n), &err) < 0)
			t_check(0, "%.*s: column %u: %s", (int)n, text,
			    err.column, err.reason);
	}
	feed(rules, lines);
	clasp_rules_finish(rules);
	clasp_rules_free(rules);
	return clasp_buf_cstr(&out);
}

struct row {
	const char *id, *rule, *in, *out;
};

static void
check_rows(const struct row *row)
{
	char want[4096];

	for (; row->id != NULL; row++) {
		snprintf(want, sizeof want, "%s%s", row->out,
		    row->out[0] ? "\n" : "");
		t_eq_str(map(row->rule, row->in), want, "%s: %s", row->id,
		    row->rule);
	}
}

/* ------------------------------------------------------------- examples */

static const struct row examples[] = {
	{ "MAP-01", "/m/cc/* /f/$1 scale:0,127,0,1", "/m/cc/7 127",
	    "/f/7 1.0" },
	{ "MAP-02", "/a scale:0,127,0,1", "/a 63.5", "/a 0.5" },
	{ "MAP-03", "/a scale:0,127,0,1 curve:ease-in", "/a 63.5",
	    "/a 0.25" },
	{ "MAP-05", "/a clamp:0,1", "/a 1.5", "/a 1.0" },
	{ "MAP-06", "/a invert", "/a 0.25", "/a 0.75" },
	{ "MAP-07", "/a int", "/a -2.9", "/a -2" },
	{ "MAP-08", "/a expr:x*2+10", "/a 5.0", "/a 20.0" },
	{ "MAP-10", "/a lookup:0=\"off\",1=\"on\",*=\"unknown\"", "/a 99",
	    "/a \"unknown\"" },
	{ "MAP-11", "/a smooth:0.5", "/a 1.0\n/a 0.0\n/a 0.0",
	    "/a 1.0\n/a 0.5\n/a 0.25" },
	{ "MAP-12", "/a slew:0.1", "/a 0.0\n/a 1.0", "/a 0.0\n/a 0.1" },
	{ "MAP-14", "/a ma:3", "/a 1.0\n/a 2.0\n/a 3.0\n/a 4.0",
	    "/a 1.0\n/a 1.5\n/a 2.0\n/a 3.0" },
	{ "MAP-15", "/a above:0.5", "/a 0.5", "/a 0.0" },
	{ "MAP-16", "/a if:x>0.5?expr:1:expr:0", "/a 0.7", "/a 1.0" },
	{ "MAP-17", "/a quantize:4", "/a 0.6", "/a 0.5" },
	{ "MAP-19", "/a hyst:0.3,0.7", "/a 0.5\n/a 0.8\n/a 0.5\n/a 0.2",
	    "/a 0.0\n/a 1.0\n/a 1.0\n/a 0.0" },
	{ "MAP-20", "/a scale:0,1,0,10", "/a \"x\"", "/a \"x\"" },
	{ "MAP-21", "/a scale:0,1,0,255 int", "/a [0.0,0.5,1.0]",
	    "/a [0,127,255]" },
	{ "MAP-22", "/a get:.pos[1]", "/a {\"pos\":[3,4]}", "/a 4" },
	{ "MAP-24", "/a changed", "/a 1\n/a 1\n/a 2", "/a 1\n/a 2" },
	{ "MAP-25", "/x/** /y/$1", "/x/a/b 1", "/y/a/b 1" },
	{ "MAP-26", "/a curve:bounce-out", "/a 0.5", "/a 0.765625" },
	{ "MAP-27", "/a mod:1", "/a 2.25", "/a 0.25" },
	{ "MAP-29", "/b drop", "/a 1\n/b 2", "/a 1" },
	{ "MAP-30", "/a/* /b/$1", "/a/x 1 ; /c 2", "/b/x 1 ; /c 2" },
	{ "MAP-31", "/a bit:2", "/a 6", "/a 1" },
	{ NULL, NULL, NULL, NULL }
};

static void
the_worked_examples(void)
{
	check_rows(examples);
}

static const struct row addresses[] = {
	{ "no target", "/a - invert", "/a 0.0", "/a 1.0" },
	{ "whole", "/a/* /x$0", "/a/b 1", "/x/a/b 1" },
	{ "two", "/midi/*/ch/*/cc/* /dmx/$2/$3", "/midi/d/ch/4/cc/7 1",
	    "/dmx/4/7 1" },
	{ "part", "/f*r /g/$1", "/fade-r 1", "/g/ade- 1" },
	{ "none taken", "/x/** /y/$1", "/x 1", "/y 1" },
	{ "none taken within", "/x/**/z /y/$1/z", "/x/z 1", "/y/z 1" },
	{ "none taken, star", "/a* /b/$1/c", "/a 1", "/b/c 1" },
	{ "to one", "/a/** /one", "/a/b 1\n/a/c 2", "/one 1\n/one 2" },
	{ "a dollar", "/a /$relay/x$", "/a 1", "/$relay/x$ 1" },
	{ "anchored", "/a*b /x", "/q/acb 1\n/acb/q 1\n/acb 1",
	    "/q/acb 1\n/acb/q 1\n/x 1" },
	{ "quoted", "\"/my light\" \"/our light\" int", "\"/my light\" 1.5",
	    "\"/our light\" 1" },
	{ "first wins", "/a/* /x\n/a/** /y", "/a/b 1\n/a/b/c 2",
	    "/x 1\n/y 2" },
	{ "comment", "# /a /x\n\n/a /y  # why", "/a 1", "/y 1" },
	{ "passes", "/a /b", "/c 1", "/c 1" },
	{ "pattern of the input", "/a /b\n/b /c", "/a 1", "/b 1" },
	{ NULL, NULL, NULL, NULL }
};

static void
targets_are_made_of_what_the_wildcards_took(void)
{
	check_rows(addresses);
}

static void
all_and_only(void)
{
	test_all = true;
	t_eq_str(map("/a /x\n/* /y\n/b /z", "/a 1\n/c 2\n/d/e 3"),
	    "/x 1\n/y 1\n/y 2\n/d/e 3\n", "every match");
	t_eq_str(map("/a /x\n/* /y", "+1 /a 1\n+1 /q 2"),
	    "+1.000000 /x 1\n+0.000000 /y 1\n+1.000000 /y 2\n",
	    "the copies have one time");
	t_eq_str(map("/a /x\n/* /y", "/a 1 ; /q/r 2"),
	    "/x 1 ; /y 1 ; /q/r 2\n", "one bundle");
	test_only = true;
	t_eq_str(map("/a /x\n/* /y", "# hello\n/a 1\n/c/d 2\nping {}"),
	    "# hello\n/x 1\n/y 1\n", "only what matches");
	test_all = false;
	t_eq_str(map("/a /x", "/a 1 ; /b 2\n/b 1 ; /b 2\n/a 3 ;"),
	    "/x 1 ;\n/x 3 ;\n", "a bundle stays one");
	test_only = false;
}

/* ----------------------------------------------------------------- steps */

static const struct row steps[] = {
	{ "scale flat", "/a scale:5,5,7,9", "/a 3", "/a 7.0" },
	{ "scale beyond", "/a scale:0,1,0,10", "/a 2\n/a -1",
	    "/a 20.0\n/a -10.0" },
	{ "scale down", "/a scale:0,1,1,0", "/a 0.25", "/a 0.75" },
	{ "scale inf", "/a clamp:0,inf", "/a -3\n/a 1e30",
	    "/a 0.0\n/a 1e30" },
	{ "point first", "/a clamp:.25,+.5", "/a 0\n/a 1",
	    "/a 0.25\n/a 0.5" },
	{ "invert", "/a invert:0,127", "/a 27", "/a 100.0" },
	{ "int", "/a int", "/a 2.9\n/a 1e300\n/a -1e300\n/a nan\n/a true\n"
	    "/a \"x\"\n/a 9223372036854775807",
	    "/a 2\n/a 9223372036854775807\n/a -9223372036854775808\n/a 0\n"
	    "/a 1\n/a \"x\"\n/a 9223372036854775807" },
	{ "float", "/a float", "/a 2\n/a false\n/a x\"00\"",
	    "/a 2.0\n/a 0.0\n/a x\"00\"" },
	{ "bool", "/a bool", "/a 0\n/a 0.5\n/a \"\"\n/a nan",
	    "/a false\n/a true\n/a \"\"\n/a true" },
	{ "str", "/a str", "/a 1\n/a 1.0\n/a true\n/a \"x\"\n/a x\"0a\"\n"
	    "/a null\n/a [1,\"b\"]\n/a {\"k\":1}",
	    "/a \"1\"\n/a \"1.0\"\n/a \"true\"\n/a \"x\"\n"
	    "/a \"x\\\"0a\\\"\"\n/a null\n/a [\"1\",\"b\"]\n/a {\"k\":1}" },
	{ "num", "/a num", "/a \"12\"\n/a \"1.5e1\"\n/a \"12x\"\n/a \"\"\n"
	    "/a \"-inf\"\n/a 3", "/a 12\n/a 15.0\n/a \"12x\"\n/a \"\"\n"
	    "/a -inf\n/a 3" },
	{ "round", "/a round", "/a 2.5\n/a -2.5\n/a 3",
	    "/a 3.0\n/a -3.0\n/a 3.0" },
	{ "round digits", "/a round:2", "/a 3.14159\n/a 1e308",
	    "/a 3.14\n/a 1e308" },
	{ "round tens", "/a round:-1", "/a 126", "/a 130.0" },
	{ "abs neg", "/a abs\n/b neg", "/a -3\n/a -2.5\n/b 3\n/b -0.0\n"
	    "/a -9223372036854775808", "/a 3\n/a 2.5\n/b -3\n/b 0.0\n"
	    "/a 9.223372036854776e18" },
	{ "mod", "/a mod:3\n/b mod:0", "/a -4\n/a 4.5\n/b 7",
	    "/a -1.0\n/a 1.5\n/b 7.0" },
	{ "pow", "/a pow:2\n/b pow:0.5", "/a 3\n/b 9\n/b -1",
	    "/a 9.0\n/b 3.0\n/b -1.0" },
	{ "log", "/a log:10\n/b log", "/a 1000\n/a 0\n/b 1\n/b -2.5",
	    "/a 2.9999999999999996\n/a 0.0\n/b 0.0\n/b -2.5" },
	{ "deadzone", "/a deadzone:0.1\n/b deadzone:0.4,0.6",
	    "/a 0.05\n/a -0.1\n/b 0.6\n/b 0.7",
	    "/a 0.0\n/a -0.1\n/b 0.0\n/b 0.7" },
	{ "compare", "/a above:1\n/b below:1\n/c equal:1\n/d equal:1,0.5",
	    "/a 2\n/b 1\n/b 0\n/c 1\n/c 1.01\n/d 1.25",
	    "/a 1.0\n/b 0.0\n/b 1.0\n/c 1.0\n/c 0.0\n/d 1.0" },
	{ "gate", "/a gate\n/b trigger\n/c step",
	    "/a -1\n/a 2\n/b -1\n/b 0\n/c 0.5\n/c 0.6",
	    "/a 0.0\n/a 1.0\n/b 1.0\n/b 0.0\n/c 0.0\n/c 1.0" },
	{ "toggle", "/a toggle", "/a 1\n/a 0\n/a 1\n/a 1\n/a 0.2\n/a 0.6",
	    "/a 1.0\n/a 1.0\n/a 0.0\n/a 0.0\n/a 0.0\n/a 1.0" },
	{ "lowpass", "/a lowpass:0.75", "/a 1\n/a 0\n/a 0",
	    "/a 1.0\n/a 0.75\n/a 0.5625" },
	{ "slew down", "/a slew:2", "/a 10\n/a 0\n/a 7.5",
	    "/a 10.0\n/a 8.0\n/a 7.5" },
	{ "nan passes", "/a smooth:0.5", "/a 1\n/a nan\n/a 0",
	    "/a 1.0\n/a nan\n/a 0.5" },
	{ "lookup", "/a lookup:1=one,1.0=\"one dot\",true=[1,2],go={\"a\":1},"
	    "\"=\"=1.5", "/a 1\n/a 1.0\n/a true\n/a \"go\"\n/a \"=\"\n/a 2\n"
	    "/a null", "/a \"one\"\n/a \"one dot\"\n/a [1,2]\n/a {\"a\":1}\n"
	    "/a 1.5\n/a 2\n/a null" },
	{ "lookup words", "/a lookup:a=true,b=nan,c=null,d=x\"00\"",
	    "/a \"a\"\n/a \"b\"\n/a \"c\"\n/a \"d\"",
	    "/a true\n/a nan\n/a null\n/a x\"00\"" },
	{ "lookup each", "/a lookup:1=x,*=y", "/a [1,2,\"3\"]",
	    "/a [\"x\",\"y\",\"y\"]" },
	{ "curve clamps", "/a curve:linear", "/a 2\n/a -1",
	    "/a 1.0\n/a 0.0" },
	{ "bits", "/a and:0x0f\n/b or:1\n/c xor:3\n/d not\n/e shl:4\n"
	    "/f shr:1\n/g setbit:63\n/h clrbit:0",
	    "/a 255\n/a 18.9\n/b 2\n/c 1\n/d 0\n/e 1\n/f -4\n/g 0\n/h 3",
	    "/a 15\n/a 2\n/b 3\n/c 2\n/d -1\n/e 16\n/f -2\n"
	    "/g -9223372036854775808\n/h 2" },
	{ "shifts", "/a shl:64\n/b shr:64\n/c shl:63", "/a 1\n/b -5\n/b 5\n"
	    "/c 1\n/c 2", "/a 0\n/b -1\n/b 0\n/c -9223372036854775808\n"
	    "/c 0" },
	{ "get", "/a get:.a.b[-1]", "/a {\"a\":{\"b\":[1,\"z\"]}}\n"
	    "/a {\"a\":1}\n/a [1]\n/a \"s\"\n/a {}",
	    "/a \"z\"\n/a null\n/a null\n/a \"s\"\n/a null" },
	{ "get quoted", "/a get:.\"a b\"[0]", "/a {\"a b\":[7]}", "/a 7" },
	{ "get index", "/a get:[1] scale:0,1,0,10", "/a [1,2]", "/a 20.0" },
	{ "key", "/a key:level\n/b key:\"a b\"", "/a 1\n/b [1,2]\n/a null",
	    "/a {\"level\":1}\n/b {\"a b\":[1,2]}\n/a null" },
	{ "if", "/a if:x>2&&x<5?str:-\n/b if:x?-:drop",
	    "/a 3\n/a 7\n/b 1\n/b 0", "/a \"3\"\n/a 7\n/b 1" },
	{ "if in if", "/a if:x>0?if:x>1?expr:2:expr:1:expr:0",
	    "/a 5\n/a 0.5\n/a -1", "/a 2.0\n/a 1.0\n/a 0.0" },
	{ "if with ?:", "/a if:(x>0?x>5:x<-5)?expr:x?1:0:str",
	    "/a 7\n/a -7\n/a 3", "/a 1.0\n/a 1.0\n/a \"3\"" },
	{ "if in an array", "/a if:x>1?expr:x*10:-", "/a [1,2,\"x\"]",
	    "/a [1,20.0,\"x\"]" },
	{ "if, verbs", "/a if:x>1?event:-", "/a 1\n/a 2\n/a [3,0]",
	    "/a 1\n/a event 2\n/a event [3,0]" },
	{ "windows", "/a avg\n/b sum:2\n/c min:2\n/d max\n/e count:2\n"
	    "/f first:2\n/g last\n/h stddev",
	    "/a 1\n/a 2\n/b 1\n/b 2\n/b 3\n/c 1\n/c 2\n/c 3\n/d 2\n/d 1\n"
	    "/e 9\n/e 9\n/e 9\n/f 1\n/f 2\n/f 3\n/g 4\n/g 5\n/h 2\n/h 4",
	    "/a 1.0\n/a 1.5\n/b 1.0\n/b 3.0\n/b 5.0\n/c 1.0\n/c 1.0\n"
	    "/c 2.0\n/d 2.0\n/d 2.0\n/e 1.0\n/e 2.0\n/e 2.0\n/f 1.0\n"
	    "/f 1.0\n/f 2.0\n/g 4.0\n/g 5.0\n/h 0.0\n/h 1.0" },
	{ "rate by own time", "/a rate", "1.0 /a 5\n1.5 /a 6\n1.5 /a 9\n"
	    "2.5 /a 7", "1.000000 /a 0.0\n1.500000 /a 2.0\n"
	    "1.500000 /a 0.0\n2.500000 /a -2.0" },
	{ "rate by arrival", "/a rate", "/a 5\n/a 7", "/a 0.0\n/a 2.0" },
	{ "changed, whatever the order of keys", "/a changed",
	    "/a {\"b\":1,\"a\":2}\n/a {\"a\":2,\"b\":1}\n"
	    "/a {\"a\":2,\"c\":1}", "/a {\"a\":2,\"b\":1}\n"
	    "/a {\"a\":2,\"c\":1}" },
	{ "changed", "/a changed:0.5\n/b changed",
	    "/a 0\n/a 0.3\n/a 0.6\n/a 0.9\n/b \"x\"\n/b \"x\"\n/b 1\n"
	    "/b 1.0\n/b [1,2]\n/b [1,2]\n/b [1,3]\n/b null\n/b null",
	    "/a 0\n/a 0.6\n/b \"x\"\n/b 1\n/b [1,2]\n/b [1,3]\n/b null\n"
	    "/b null" },
	{ "verbs", "/a event\n/b set\n/c stream\n/d event\n/e set",
	    "/a rev=4 ttl=5 1\n/b event 2\n/c 3\n/b event\n/b samples rate=5 "
	    "[1.0]\n/d gesture id=7 phase=move 1\n/e stream rate=3 1",
	    "/a event 1\n/b 2\n/c stream 3\n/b null\n/b [1.0]\n/d event 1\n"
	    "/e 1" },
	{ "attributes stay", "/a invert", "3.5 /a rev=7 color=red 0.5\n"
	    "/a at=12.000000 1.0 ; /b 0", "3.500000 /a rev=7 color=red "
	    "0.5\n/a at=12.000000 0.0 ; /b 0" },
	{ "events without value", "/a scale:0,1,0,5", "/a event\n"
	    "/a event null\n/a event 1", "/a event\n/a event null\n"
	    "/a event 5.0" },
	{ "samples", "/a scale:0,1,0,10\n/b smooth:0.5\n/c int\n/d get:[1]",
	    "/a samples rate=60 [0.5,1.0]\n/b samples [1.0,0.0]\n"
	    "/c samples [1.5]\n/d samples [1.0,2.0]",
	    "/a samples rate=60 [5.0,10.0]\n/b samples [1.0,0.5]\n"
	    "/c samples [1.0]\n/d stream 2.0" },
	{ "timeline", "/a scale:0,1,0,255", "/a timeline loop=1 [[0,0.0],"
	    "[2000000,1.0,\"ease-out\"]]", "/a timeline loop=1 [[0,0.0],"
	    "[2000000,255.0,\"ease-out\"]]" },
	{ "timeline, its values as a whole", "/a get:.x neg\n/b key:v",
	    "/a timeline [[0,{\"x\":1}],[9,{}]]\n/b timeline [[0,1]]",
	    "/a timeline [[0,-1],[9,null]]\n/b timeline [[0,{\"v\":1}]]" },
	{ "nested arrays", "/a scale:0,1,0,2", "/a [1,[2,[3]],{\"x\":1}]",
	    "/a [2.0,[4.0,[6.0]],{\"x\":1}]" },
	{ "places have their own memory", "/a smooth:0.5",
	    "/a [0.0,1.0]\n/a [1.0,0.0]", "/a [0.0,1.0]\n/a [0.5,0.5]" },
	{ "addresses have their own memory", "/* /x smooth:0.5 smooth:0.5",
	    "/a 1\n/b 0\n/a 0\n/b 1", "/x 1.0\n/x 0.0\n/x 0.75\n/x 0.25" },
	{ "bools pass", "/a scale:0,1,0,9", "/a true", "/a true" },
	{ "narrow numbers", "/a neg\n/b -", "/a i8:5\n/b i8:5",
	    "/a -5\n/b 5" },
	{ NULL, NULL, NULL, NULL }
};

static void
every_step_does_its_formula(void)
{
	check_rows(steps);
}

static void
relative_times_stay_true(void)
{
	t_eq_str(map("/b drop", "+1 /a 1\n+1 /b 2\n+1 /a 3"),
	    "+1.000000 /a 1\n+2.000000 /a 3\n", "a line is gone");
	t_eq_str(map("/b drop", "5 /b 1\n+1 /a 2"), "+6.000000 /a 2\n",
	    "the absolute one is gone");
}

/* ----------------------------------------------------------------- every */

static void
every_sends_the_newest_at_the_end(void)
{
	t_eq_str(map("/a every:1", "0.0 /a 1\n0.1 /a 2\n0.2 /a 3\n1.5 /a 4\n"
	    "2.5 /a 5"), "0.000000 /a 1\n1.000000 /a 3\n2.000000 /a 4\n"
	    "3.000000 /a 5\n", "by the lines' time");
	t_eq_str(map("/* every:10", "/a 1\n/b 2\n/a 3\n/a \"four\""),
	    "/a 1\n/b 2\n/a \"four\"\n", "by arrival");
	t_eq_str(map("/a every:1 ma:9", "0 /a 1\n0.1 /a 50\n0.2 /a 3\n"),
	    "0.000000 /a 1.0\n1.000000 /a 2.0\n", "steps behind it see less");
	t_eq_str(map("/* /x/$1 every:1", "0 /a 1\n0 /b 2 ; /a 3\n5 /c 1"),
	    "0.000000 /x/a 1\n0.000000 /x/b 2 ;\n1.000000 /x/a 3\n"
	    "5.000000 /x/c 1\n", "out of a bundle");
	t_eq_str(map("/a every:1", "0 /a event 1\n0.1 /a event {\"b\":[1]}\n"
	    "0.2 /b 1\n#end 0.3 lines=3"), "0.000000 /a event 1\n"
	    "0.200000 /b 1\n1.000000 /a event {\"b\":[1]}\n"
	    "#end 0.3 lines=3\n", "before the end");
}

static void
every_comes_due(void)
{
	struct clasp_rules *rules = clasp_rules_new(take, NULL);
	struct clasp_rule_error err;

	clasp_buf_reset(&out);
	t_eq_int(clasp_rules_add(rules, CLASP_STR("/* every:2.5"), &err), 0);
	t_check(clasp_rules_due(rules) == UINT64_MAX);
	feed(rules, "/a 1\n/a 2");
	t_eq_int(clasp_rules_due(rules), 3500000);
	clasp_rules_take_due(rules, 3499999);
	t_eq_str(clasp_buf_cstr(&out), "/a 1\n");
	clasp_rules_take_due(rules, 3500000);
	t_eq_str(clasp_buf_cstr(&out), "/a 1\n/a 2\n");
	t_check(clasp_rules_due(rules) == UINT64_MAX);

	/* timed lines wait for lines, or for as long while none comes */
	clasp_buf_reset(&out);
	feed(rules, "100 /b 1\n101 /b 2");
	t_eq_int(clasp_rules_due(rules), 3500000);
	clasp_rules_take_due(rules, 3500000);
	t_eq_str(clasp_buf_cstr(&out),
	    "100.000000 /b 1\n102.500000 /b 2\n");
	clasp_rules_free(rules);
}

static void
memory_is_bounded(void)
{
	struct clasp_rules *rules = clasp_rules_new(take, NULL);
	struct clasp_rule_error err;
	char line[64];
	int i;

	t_eq_int(clasp_rules_add(rules, CLASP_STR("/b/* every:1000"), &err),
	    0);
	t_eq_int(clasp_rules_add(rules, CLASP_STR("/* smooth:0.5"), &err), 0);
	clasp_buf_reset(&out);
	/* held back, and let go early when its memory is needed */
	feed(rules, "/b/1 1\n/b/1 2\n/first 1");
	t_eq_str(clasp_buf_cstr(&out), "/b/1 1\n/first 1.0\n");
	for (i = 0; i < CLASP_MEMORY_ENTRIES; i++) {
		clasp_buf_reset(&out);
		snprintf(line, sizeof line, "/x%d 1", i);
		feed(rules, line);
		if (i == CLASP_MEMORY_ENTRIES - 2)
			t_eq_str(clasp_buf_cstr(&out), "/x99998 1.0\n/b/1 2\n");
	}
	clasp_buf_reset(&out);
	/* forgotten: begins anew; the newest are still known */
	feed(rules, "/first 0\n/x99999 0");
	t_eq_str(clasp_buf_cstr(&out), "/first 0.0\n/x99999 0.5\n");
	clasp_rules_free(rules);
}

/* ----------------------------------------------------------- expressions */

static double
eval(const char *text, double x)
{
	struct clasp_expr_input in = { .x = x, .t = 2, .i = 3 };
	struct clasp_expr_error err;
	const struct clasp_expr *expr;
	struct clasp_arena arena;
	double y = -12345;

	clasp_arena_init(&arena, NULL, 0, 1 << 20);
	if (clasp_expr_compile(clasp_str_c(text), &arena, &expr, &err) == 0)
		y = clasp_expr_run(expr, &in);
	else
		t_check(0, "%s: column %u: %s", text, err.column, err.reason);
	clasp_arena_clear(&arena);
	return y;
}

static const struct {
	const char *text;
	double x, y;
} values[] = {
	{ "1+2*3", 0, 7 }, { "(1+2)*3", 0, 9 }, { "-2^2", 0, -4 },
	{ "2^3^2", 0, 512 }, { "2^-1", 0, 0.5 }, { "(-2)^2", 0, 4 },
	{ "-x^2", 3, -9 }, { "!x^2", 0, 1 }, { "2*-3", 0, -6 },
	{ "--3", 0, 3 }, { "+x", 4, 4 }, { "10%4", 0, 2 }, { "-5%3", 0, -2 },
	{ "7/2", 0, 3.5 }, { "10-4-3", 0, 3 }, { "100/10/5", 0, 2 },
	{ "x>1", 2, 1 }, { "x>1", 1, 0 }, { "x>=1", 1, 1 }, { "x<=1", 2, 0 },
	{ "x==1", 1, 1 }, { "x!=1", 1, 0 }, { "1<2==1", 0, 1 },
	{ "x&&2", 5, 1 }, { "x&&2", 0, 0 }, { "x||0", 0, 0 },
	{ "x||0", 9, 1 }, { "0||1&&0", 0, 0 }, { "!0", 0, 1 },
	{ "!x", 7, 0 }, { "x?10:20", 1, 10 }, { "x?10:20", 0, 20 },
	{ "x>1?1:x>0?2:3", 0.5, 2 }, { "x?x>5?1:2:3", 4, 2 },
	{ "1?2:0+5", 0, 2 }, { "value*2", 4, 8 }, { "t+i", 0, 5 },
	{ "min(3,1,2)", 0, 1 }, { "max(3,x)", 9, 9 }, { "min(4)", 0, 4 },
	{ "clamp(x,0,1)", 5, 1 }, { "clamp(x,0,1)", -5, 0 },
	{ "pow(2,10)", 0, 1024 }, { "abs(-3)", 0, 3 }, { "floor(-1.5)", 0,
	    -2 }, { "ceil(1.2)", 0, 2 }, { "round(2.5)", 0, 3 },
	{ "trunc(-2.7)", 0, -2 }, { "sqrt(16)", 0, 4 }, { "exp(0)", 0, 1 },
	{ "ln(1)", 0, 0 }, { "log10(100)", 0, 2 }, { "log2(8)", 0, 3 },
	{ "sign(-3)", 0, -1 }, { "sign(0)", 0, 0 }, { "sin(0)", 0, 0 },
	{ "cos(0)", 0, 1 }, { "tan(0)", 0, 0 }, { "asin(0)", 0, 0 },
	{ "acos(1)", 0, 0 }, { "atan(0)", 0, 0 }, { "atan2(0,1)", 0, 0 },
	{ "PI>3.14&&PI<3.15", 0, 1 }, { "E>2.71&&E<2.72", 0, 1 },
	{ ".5+1e1", 0, 10.5 }, { " x * 2 + 1 ", 3, 7 }, { "1e-3*1E3", 0, 1 },
	{ "x<0?-1:x<0.5?0:1", 0.5, 1 },
};

static void
expressions_compute(void)
{
	char deep[512];
	size_t i;

	for (i = 0; i < sizeof values / sizeof values[0]; i++) {
		double y = eval(values[i].text, values[i].x);

		t_check(fabs(y - values[i].y) < 1e-12, "%s is %g",
		    values[i].text, y);
	}
	t_check(isnan(eval("0/0", 0)));
	t_check(isinf(eval("1/0", 0)));
	memset(deep, '(', 64);
	deep[64] = 'x';
	memset(deep + 65, ')', 64);
	deep[129] = '\0';
	t_eq_int(eval(deep, 7), 7, "64 deep");
}

static const struct {
	const char *text;
	unsigned column;
} wrong[] = {
	{ "", 1 }, { "x+", 3 }, { "x*/2", 3 }, { "(x", 3 }, { "x)", 2 },
	{ "foo(x)", 1 }, { "sin x", 5 }, { "sin(x,2)", 1 }, { "pow(2)", 1 },
	{ "clamp(1,2)", 1 }, { "x=1", 2 }, { "1 2", 3 }, { "2x", 2 },
	{ "x?1", 4 }, { "@", 1 }, { "min()", 5 }, { "1e999", 1 },
	{ "x y", 3 }, { "1..2", 1 }, { "system(1)", 1 }, { "x;1", 2 },
};

static void
wrong_expressions_tell_the_column(void)
{
	struct clasp_expr_error err;
	const struct clasp_expr *expr;
	struct clasp_arena arena;
	char deep[512];
	size_t i;

	clasp_arena_init(&arena, NULL, 0, 4 << 20);
	for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		t_eq_int(clasp_expr_compile(clasp_str_c(wrong[i].text),
		    &arena, &expr, &err), CLASP_ESYNTAX, "%s", wrong[i].text);
		t_eq_int(err.column, wrong[i].column, "%s: %s",
		    wrong[i].text, err.reason);
		t_check(err.reason[0] != '\0');
	}
	memset(deep, '(', 65);
	deep[65] = 'x';
	memset(deep + 66, ')', 65);
	t_eq_int(clasp_expr_compile(clasp_str_of(deep, 131), &arena, &expr,
	    &err), CLASP_ESYNTAX, "65 deep");
	memset(deep, '-', 400);
	t_eq_int(clasp_expr_compile(clasp_str_of(deep, 400), &arena, &expr,
	    &err), CLASP_ESYNTAX, "400 signs");
	clasp_arena_clear(&arena);
}

static const struct row expr_rows[] = {
	{ "nan passes", "/a expr:ln(x)", "/a -1\n/a 1", "/a -1\n/a 0.0" },
	{ "inf passes", "/a expr:1/x", "/a 0\n/a 4", "/a 0\n/a 0.25" },
	{ "i", "/* expr:i", "/a 7\n/a 7\n/b 7\n/a [1,1]",
	    "/a 0.0\n/a 1.0\n/b 0.0\n/a [2.0,2.0]" },
	{ "i counts what passes, too", "/a if:x>0?expr:i:-",
	    "/a \"x\"\n/a 0\n/a 5\n/a null\n/a [1,2]",
	    "/a \"x\"\n/a 0\n/a 2.0\n/a null\n/a [4.0,4.0]" },
	{ "i of what was held", "/a every:1 expr:i",
	    "0 /a 7\n0.1 /a 7\n0.2 /a 7\n1.5 /a 7\n2.5 /a 7",
	    "0.000000 /a 0.0\n1.000000 /a 2.0\n2.000000 /a 3.0\n"
	    "3.000000 /a 4.0" },
	{ "t", "/a expr:t", "10 /a 1\n10.5 /a 1\n+1 /a 1",
	    "10.000000 /a 0.0\n10.500000 /a 0.5\n+1.000000 /a 1.5" },
	{ "t of a recording", "/a expr:t", "#clasp 1 epoch=5\n10 /a 1",
	    "#clasp 1 epoch=5\n10.000000 /a 10.0" },
	{ "t of arrival", "/a expr:t", "/a 1\n/a 1", "/a 0.0\n/a 1.0" },
	{ "strings pass", "/a expr:x+1", "/a \"x\"\n/a true",
	    "/a \"x\"\n/a true" },
	{ NULL, NULL, NULL, NULL }
};

static void
expressions_as_steps(void)
{
	struct clasp_rules *rules = clasp_rules_new(take, NULL);
	struct clasp_rule_error err;

	check_rows(expr_rows);
	clasp_rules_add(rules, CLASP_STR("/a expr:1/x"), &err);
	feed(rules, "/a 0\n/a [0,0,1]");
	t_eq_int(clasp_rules_counts(rules)->not_finite, 3);
	clasp_rules_free(rules);
}

/* ---------------------------------------------------------------- curves */

static void
curves_end_where_they_should(void)
{
	const struct clasp_curve *c;
	const char *name;
	unsigned i;

	for (i = 0; (name = clasp_curve_name(i)) != NULL; i++) {
		c = clasp_curve_by_name(clasp_str_c(name));
		t_check(fabs(clasp_curve_at(c, 0)) < 1e-3, "%s", name);
		t_check(fabs(clasp_curve_at(c, 1) - 1) < 1e-3, "%s", name);
		t_check(clasp_curve_at(c, 7) == clasp_curve_at(c, 1));
		t_check(clasp_curve_at(c, -7) == clasp_curve_at(c, 0));
	}
	t_eq_int(i, 24);
	t_check(clasp_curve_by_name(CLASP_STR("wobble")) == NULL);
}

static const struct {
	const char *name;
	double t, y;
} points[] = {
	{ "linear", 0.25, 0.25 }, { "ease-in", 0.25, 0.0625 },
	{ "ease-out", 0.25, 0.4375 }, { "ease-in-out", 0.25, 0.125 },
	{ "ease-in-out", 0.75, 0.875 }, { "quad-in", 0.5, 0.25 },
	{ "quad-out", 0.5, 0.75 }, { "quad-in-out", 0.75, 0.875 },
	{ "cubic-in", 0.5, 0.125 }, { "cubic-out", 0.5, 0.875 },
	{ "cubic-in-out", 0.25, 0.0625 }, { "cubic-in-out", 0.75, 0.9375 },
	{ "expo-in", 0.5, 0.03125 }, { "expo-in", 0, 0 },
	{ "expo-out", 0.5, 0.96875 }, { "expo-out", 1, 1 },
	{ "expo-in-out", 0.25, 0.015625 }, { "expo-in-out", 0.75, 0.984375 },
	{ "sine-in", 0.5, 0.2928932188134524 },
	{ "sine-out", 0.5, 0.7071067811865476 },
	{ "sine-in-out", 0.25, 0.1464466094067262 },
	{ "circ-in", 0.5, 0.1339745962155614 },
	{ "circ-out", 0.5, 0.8660254037844386 },
	{ "circ-in-out", 0.25, 0.0669872981077807 },
	{ "circ-in-out", 0.75, 0.9330127018922193 },
	{ "elastic-in", 0.5, -0.015625 }, { "elastic-out", 0.5, 1.015625 },
	{ "bounce-out", 0.25, 0.47265625 }, { "bounce-out", 0.5, 0.765625 },
	{ "bounce-out", 0.8, 0.94 }, { "bounce-out", 0.95, 0.98453125 },
	{ "exponential", 0.5, 0.03125 },
	{ "logarithmic", 0.5, 0.6201145069582775 },
};

static void
curves_go_through_known_points(void)
{
	static const double ease[4] = { 0.25, 0.1, 0.25, 1 };
	static const double flat[4] = { 1, 0, 0, 1 };
	static const double line[4] = { 0.3, 0.3, 0.7, 0.7 };
	double x, y;
	size_t i;

	for (i = 0; i < sizeof points / sizeof points[0]; i++) {
		y = clasp_curve_at(clasp_curve_by_name(
		    clasp_str_c(points[i].name)), points[i].t);
		t_check(fabs(y - points[i].y) < 1e-9, "%s at %g is %.12g",
		    points[i].name, points[i].t, y);
	}
	t_check(fabs(clasp_curve_bezier(ease, 0.5) - 0.8024033877) < 1e-5);
	t_check(fabs(clasp_curve_bezier(flat, 0.5) - 0.5) < 1e-5);
	t_check(clasp_curve_bezier(ease, 0) == 0);
	t_check(clasp_curve_bezier(ease, 2) == 1);
	for (x = 0; x <= 1; x += 0.01)
		t_check(fabs(clasp_curve_bezier(line, x) - x) < 1e-5);
}

/* ----------------------------------------------------------- wrong rules */

static const struct {
	const char *text;
	unsigned column;
	const char *reason;		/* its beginning */
} refused[] = {
	{ "a/b", 1, "pattern must start with /" },
	{ "/a//b", 1, "pattern " },
	{ "/a /b/$1", 7, "$1: the pattern has 0 wildcards" },
	{ "/*/a /b/$2", 9, "$2: the pattern has 1 wildcard" },
	{ "/a**b /b/$2", 10, "$2: the pattern has 1 wildcard" },
	{ "/a /b//c", 4, "target " },
	{ "/a /b*", 4, "target " },
	{ "/* $1", 4, "target " },
	{ "/a scael:0,1", 4, "unknown step 'scael'" },
	{ "/a scale:0,1", 4, "'scale' takes 4 numbers" },
	{ "/a scale:0,1,0,1,2", 18, "'scale' takes at most 4" },
	{ "/a scale:0,one,0,1", 12, "'scale': a number belongs here" },
	{ "/a scale", 4, "'scale' takes 4 numbers" },
	{ "/a scale:", 10, "'scale': a number belongs here" },
	{ "/a clamp:1,0", 10, "'clamp': the lower limit" },
	{ "/a int:1", 8, "'int' takes no arguments" },
	{ "/a invert:1", 11, "'invert' takes two" },
	{ "/a quantize:0", 13, "'quantize' takes" },
	{ "/a log:1", 8, "'log' takes a base" },
	{ "/a hyst:0.7,0.3", 9, "'hyst': the lower" },
	{ "/a ma:0", 7, "'ma' takes a count" },
	{ "/a ma:1.5", 7, "'ma' takes a count" },
	{ "/a ma", 4, "'ma' takes 1 number" },
	{ "/a every:0", 10, "'every' takes" },
	{ "/a curve:wobble", 10, "unknown curve 'wobble'" },
	{ "/a curve", 9, "unknown curve" },
	{ "/a bezier:2,0,0,1", 11, "'bezier': x1" },
	{ "/a bit:64", 8, "'bit' takes a bit" },
	{ "/a and:x", 8, "'and' takes one integer" },
	{ "/a lookup:1", 12, "'lookup': KEY=VALUE" },
	{ "/a lookup:1=\"x", 13, "" },
	{ "/a lookup:", 11, "'lookup': KEY" },
	{ "/a get:x", 8, "'get': " },
	{ "/a get:.a[x]", 10, "'get': [INDEX]" },
	{ "/a key:", 8, "'key': a name" },
	{ "/a expr:x*+*2", 12, "a value belongs here" },
	{ "/a expr", 8, "'expr': an expression" },
	{ "/a if:x?str", 7, "'if' is COND?STEP:STEP" },
	{ "/a if:x>?str:-", 9, "a value is missing" },
	{ "/a if:x?foo:-", 9, "unknown step 'foo'" },
	{ "/a str # /b", 0, NULL },
};

static void
wrong_rules_are_refused_with_their_column(void)
{
	struct clasp_rules *rules = clasp_rules_new(take, NULL);
	struct clasp_rule_error err;
	size_t i;
	int r;

	for (i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		r = clasp_rules_add(rules, clasp_str_c(refused[i].text),
		    &err);
		if (refused[i].reason == NULL) {
			t_eq_int(r, 0, "%s", refused[i].text);
			continue;
		}
		t_check(r < 0, "%s", refused[i].text);
		t_eq_int(err.column, refused[i].column, "%s: %s",
		    refused[i].text, err.reason);
		t_check(strncmp(err.reason, refused[i].reason,
		    strlen(refused[i].reason)) == 0, "%s: %s",
		    refused[i].text, err.reason);
	}
	t_eq_int(clasp_rules_count(rules), 1);
	clasp_rules_free(rules);
}

static void
words_and_files_give_rules(void)
{
	static const char *const words[] = { "/my light", "/x",
		"expr:x * 2", "lookup:6.0=a b" };
	struct clasp_rules *rules = clasp_rules_new(take, NULL);
	struct clasp_rule_error err;
	char path[] = "/tmp/clasp-rules-XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");

	t_eq_int(clasp_rules_add_words(rules, words, 4, &err), 0, "%s",
	    err.reason);
	clasp_buf_reset(&out);
	feed(rules, "\"/my light\" 3");
	t_eq_str(clasp_buf_cstr(&out), "/x \"a b\"\n");

	fputs("# knobs\n/a /b\r\n\n/c drop\n/d frobnicate:1\n/e /f\n", f);
	fclose(f);
	t_check(clasp_rules_load(rules, path, &err) < 0);
	t_eq_int(err.line, 5);
	t_eq_int(err.column, 4);
	t_eq_int(clasp_rules_count(rules), 3);
	t_check(clasp_str_eq(clasp_rules_moved(rules, 0),
	    CLASP_STR("/my light")));
	t_eq_int(clasp_rules_moved(rules, 2).len, 0);
	unlink(path);
	t_eq_int(clasp_rules_load(rules, path, &err), CLASP_EIO);
	t_eq_int(err.line, 0);
	t_check(err.reason[0] != '\0');
	clasp_rules_free(rules);
}

static void
a_target_too_long_is_dropped_and_counted(void)
{
	struct clasp_rules *rules = clasp_rules_new(take, NULL);
	struct clasp_rule_error err;
	char line[1100];

	clasp_rules_add(rules, CLASP_STR("/** /a/$1/$1"), &err);
	memset(line, 'x', sizeof line);
	line[0] = '/';
	memcpy(line + 1000, " 1", 3);
	clasp_buf_reset(&out);
	feed(rules, line);
	t_eq_str(clasp_buf_cstr(&out), "");
	t_eq_int(clasp_rules_counts(rules)->bad_address, 1);
	clasp_rules_free(rules);
	clasp_rules_free(NULL);
}

int
main(void)
{
	t_run(the_worked_examples);
	t_run(targets_are_made_of_what_the_wildcards_took);
	t_run(all_and_only);
	t_run(every_step_does_its_formula);
	t_run(relative_times_stay_true);
	t_run(every_sends_the_newest_at_the_end);
	t_run(every_comes_due);
	t_run(memory_is_bounded);
	t_run(expressions_compute);
	t_run(wrong_expressions_tell_the_column);
	t_run(expressions_as_steps);
	t_run(curves_end_where_they_should);
	t_run(curves_go_through_known_points);
	t_run(wrong_rules_are_refused_with_their_column);
	t_run(words_and_files_give_rules);
	t_run(a_target_too_long_is_dropped_and_counted);
	clasp_buf_clear(&out);
	return t_end();
}
