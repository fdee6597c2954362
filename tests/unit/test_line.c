/*
 * test_line.c - the line format: a table for each rule, and every vector
 * frame through lines, tsv and JSON and back.
 */
#include <stdlib.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "t.h"
#include "wire/line.h"
#include "wire/recording.h"

#define ROOM_MAX	(256u << 20)

/* What a line says about itself once it was read and written again. */
static const char *
again(struct clasp_str text, unsigned flags)
{
	static struct clasp_buf out;
	struct clasp_line_error err = { 0, 0, "" };
	struct clasp_arena arena;
	struct clasp_line line;

	clasp_buf_reset(&out);
	clasp_arena_init(&arena, NULL, 0, ROOM_MAX);
	if (clasp_line_parse(text, &arena, &line, &err) < 0)
		clasp_buf_printf(&out, "%u: %s", err.column, err.reason);
	else if (clasp_line_format(&out, &line, flags) == 0 && out.len > 0)
		out.len--;		/* the LF */
	clasp_arena_clear(&arena);
	return clasp_buf_cstr(&out);
}

static void
check_line(const char *in, unsigned flags, const char *want)
{
	char got[8192];

	snprintf(got, sizeof got, "%s", again(clasp_str_c(in), flags));
	t_eq_str(got, want, "%s", in);
}

/* Canonical lines: reading and writing changes no byte, nor does the way
 * through tsv or JSON. */
static const char *const canonical[] = {
	"/lights/front/level 0.75",
	"/lights/front/name \"key light\"",
	"/cue/go event {\"id\":\"intro\"}",
	"12.500000 /lights/front/level 0.8",
	"/lights/left 1.0 ; /lights/right 0.0",
	"/imu/acc samples rate=60 [0.5,0.52,0.55]",
	"/pad/1 gesture id=7 phase=move {\"x\":0.5,\"y\":0.25}",
	"/lights/front timeline loop=1 [[0,0.0],[2000000,1.0,\"ease-out\"]]",
	"/t timeline [[0,0],[5,1,\"cubic-bezier\",[0.25,0.1,0.25,1.0]],[9,2]]",
	"/t timeline start=12.000000 dur=2.500000 []",
	"/t timeline [[0,null,\"cubic-bezier\"]]",
	"/lights/left at=1795345429.500000 1.0 ; /lights/right 0.0 ; "
	    "/cue/go event {\"id\":2}",
	"/a at=5.000000 1",
	"/a at=+0.200000 1",
	"/a 1 ;",
	";",
	"3.000000 ;",
	"+0.020000 /a 1",
	"0.000000 /a 1",
	"18446744.073709 /a 1",
	"/a qos=fire 1",
	"/a event qos=commit",
	"/a qos=fire 1 ; /b 2",
	"/a frame-ts=18446744073709.551615 1",
	"/a at=1.000000 qos=fire frame-ts=2.000000 ts=3.000000 rev=4 ttl=5 "
	    "lock unlock by=me 1",
	"/g gesture ts=1.000000 id=0 phase=cancel",
	"/s stream rate=44100 -1",
	"/a rev=18446744073709551615 1",
	"/a ttl=never 1", "/a ttl=60 1", "/a ttl=abs:0 1",
	"/a ttl=abs:2147483647 1",
	"/a event", "/a event null", "/p gesture phase=start",
	"/a new-key=x y2=\"a b\" z=\"\" 1",
	"\"/my lights/left\" 1", "\"/a;\" 1", "\"/say \\\"hi\\\"\" 1",
	"/a;b 1", "/a=b event 1", "/\xe7\x85\xa7\xe6\x98\x8e 1",
	"\"/c\\u0085\" 1",
	"/a null", "/a true", "/a false", "/a -12", "/a 0",
	"/a 9223372036854775807", "/a -9223372036854775808",
	"/a 1.0", "/a 1e-7", "/a -0.0", "/a 0.00001", "/a 1e-6",
	"/a 10000000000000000.0", "/a 1e17",
	"/a nan", "/a inf", "/a -inf",
	"/a \"two\\nlines\"", "/a \"\"", "/a \"a ; b\"",
	"/a \"\\b\\t\\n\\f\\r\\\"\\\\\\u0000\\u001b\\u007f\\u009f/\"",
	"/a \"\xc3\xa9\xf0\x9f\x8e\x9b\"",
	"/a x\"\"", "/a x\"00ff7e\"",
	"/a [1,2.5,\"a\",[],{}]", "/a []", "/a {}",
	"/a {\"\":1,\"\\u0000\":2,\"a\":[nan,x\"00\"]}",
	"/a {\"$hex\":\"00\"}", "/a {\"$x\":1}", "/a {\"$\":1}",
	"/a {\"$$a\":1,\"b\":2}", "/a [{\"$float\":\"nan\"}]",
	"# a comment", "#", "#clasp 1 epoch=1795345429.000000",
	"#end 4.000000 lines=2", "## two",
	"mark \"chorus\"", "12.500000 mark \"\"",
	"hello {\"features\":[\"param\",\"nostate\"],\"name\":\"a\","
	    "\"token\":\"s\",\"version\":1}",
	"hello qos=confirm {\"features\":[],\"name\":\"a\",\"version\":2}",
	"welcome {\"features\":[],\"name\":\"\",\"session\":\"s\","
	    "\"time\":18446744073709551615,\"version\":1}",
	"announce {\"namespace\":\"/n\",\"signals\":[{\"address\":\"/n/x\","
	    "\"datatype\":\"f32\",\"meta\":{\"default\":{\"a\":x\"00\"},"
	    "\"range\":[0.0,inf],\"unit\":\"m\"},\"signal\":\"param\"}]}",
	"federation {\"op\":\"revision_vector\",\"origin\":\"a\","
	    "\"patterns\":[\"/a/**\"],\"revisions\":[[\"/x\",1],[\"/y\","
	    "18446744073709551615]],\"since_revision\":7}",
	"subscribe {\"id\":1,\"pattern\":\"/lights/**\"}",
	"subscribe {\"id\":1,\"options\":{\"epsilon\":0.5,\"history\":1,"
	    "\"max_rate\":30,\"window\":9},\"pattern\":\"/a\",\"types\":["
	    "\"param\",\"timeline\"]}",
	"unsubscribe {\"id\":4294967295}",
	"get {\"address\":\"/a\"}",
	"snapshot {\"params\":[{\"address\":\"/a\",\"revision\":3,"
	    "\"timestamp\":5,\"value\":nan,\"writer\":\"w\"}]}",
	"snapshot {\"params\":[]}",
	"replay {\"from\":1,\"limit\":3,\"pattern\":\"/a\",\"to\":2}",
	"sync {\"t1\":1,\"t2\":2,\"t3\":3}",
	"ping {}", "1.000000 pong {}",
	"ack {\"address\":\"/a\",\"correlation_id\":1,\"holder\":\"\","
	    "\"locked\":true,\"revision\":2}",
	"ack {}",
	"error {\"address\":\"/admin\",\"code\":301,"
	    "\"message\":\"Forbidden\"}",
	"query {\"pattern\":\"/**\"}",
	"result {\"signals\":[{\"access\":\"r\",\"address\":\"/a\","
	    "\"signal\":\"timeline\"}]}",
	"frame x\"5301000141\"",
};

static void
canonical_lines_stay_as_they_are(void)
{
	size_t i;

	for (i = 0; i < sizeof canonical / sizeof *canonical; i++)
		check_line(canonical[i], 0, canonical[i]);
}

static void
tsv_and_json_are_the_same_lines(void)
{
	char middle[8192];
	unsigned flags;
	size_t i;

	for (i = 0; i < sizeof canonical / sizeof *canonical; i++)
		for (flags = CLASP_LINE_TSV; flags <= CLASP_LINE_JSON;
		    flags *= 2) {
			snprintf(middle, sizeof middle, "%s",
			    again(clasp_str_c(canonical[i]), flags));
			check_line(middle, 0, canonical[i]);
			check_line(middle, flags, middle);
		}
}

static void
tsv_has_five_fields(void)
{
	const char *p;
	size_t i, tabs;

	for (i = 0; i < sizeof canonical / sizeof *canonical; i++) {
		if (canonical[i][0] == '#')
			continue;
		tabs = 0;
		for (p = again(clasp_str_c(canonical[i]), CLASP_LINE_TSV); *p;
		    p++)
			tabs += *p == '\t';
		t_eq_int(tabs, 4, "%s", canonical[i]);
	}
	check_line("/a 1", CLASP_LINE_TSV, "\t/a\tset\t\t1");
	check_line("2.5 /a rev=1 lock 1", CLASP_LINE_TSV,
	    "2.500000\t/a\tset\trev=1 lock\t1");
	check_line("/a event", CLASP_LINE_TSV, "\t/a\tevent\t\t");
}

static void
loose_lines_become_canonical(void)
{
	static const char *const rows[][2] = {
		{ "/a set 1", "/a 1" },
		{ "  /a \t 1  ", "/a 1" },
		{ "/a 1\r", "/a 1" },
		{ "\t/a\tset\trev=4\t1", "/a rev=4 1" },
		{ "/a 1 ; ", "/a 1 ;" },
		{ "/a 1 ; /b 2 ;", "/a 1 ; /b 2" },
		{ "/a 1\t;\t/b 2", "/a 1 ; /b 2" },
		{ "/a lock rev=1 1", "/a rev=1 lock 1" },
		{ "/a qos=confirm 1", "/a 1" },
		{ "/a event qos=confirm", "/a event" },
		{ "/a qos=commit 1 ; /b 1", "/a 1 ; /b 1" },
		{ "/a { \"b\" : 1 , \"a\" : [ 1 , 2 ] }",
		    "/a {\"a\":[1,2],\"b\":1}" },
		{ "/a {\"a\":1,\"b\":2,\"a\":3}", "/a {\"a\":3,\"b\":2}" },
		{ "/a 1E5", "/a 100000.0" }, { "/a -0", "/a 0" },
		{ "/a 1.50", "/a 1.5" }, { "/a -0.0e3", "/a -0.0" },
		{ "/a \"\\u0041\\/\"", "/a \"A/\"" },
		{ "/a \"\\ud83c\\udf9b\"", "/a \"\xf0\x9f\x8e\x9b\"" },
		{ "/a x\"00FF\"", "/a x\"00ff\"" },
		{ "/a b64\"AP8=\"", "/a x\"00ff\"" },
		{ "/a b64\"AQL/\"", "/a x\"0102ff\"" },
		{ "/a b64\"\"", "/a x\"\"" },
		{ "/a i8:5", "/a 5" }, { "/a f32:0.5", "/a 0.5" },
		{ "/a f32:0.1", "/a 0.10000000149011612" },
		{ "/a f32:nan", "/a nan" }, { "/a f32:-inf", "/a -inf" },
		{ "12 /a 1", "12.000000 /a 1" },
		{ "12.1234567 /a 1", "12.123456 /a 1" },
		{ "12.123456999 /a 1", "12.123456 /a 1" },
		{ "+1.5 /a 1", "+1.500000 /a 1" },
		{ "/a ttl=0 1", "/a ttl=never 1" },
		{ "/a ts=5 1", "/a ts=5.000000 1" },
		{ "/g gesture", "/g gesture phase=start" },
		{ "/t timeline loop=0 [[0,1,\"linear\"]]",
		    "/t timeline [[0,1]]" },
		{ "/t timeline [[0,1,\"cubic-bezier\",[0,0,1,1]]]",
		    "/t timeline [[0,1,\"cubic-bezier\",[0.0,0.0,1.0,1.0]]]" },
		{ "/s samples [1,2.5]", "/s samples [1.0,2.5]" },
		{ "/a foo=1 foo=2 1", "/a foo=2 1" },
		{ "\"/plain\" 1", "/plain 1" },
		{ "ping", "ping {}" },
		{ "subscribe {\"types\":[],\"pattern\":\"/a\",\"options\":{}"
		    ",\"id\":1}",
		    "subscribe {\"id\":1,\"pattern\":\"/a\"}" },
		{ "", "" }, { "  \t ", "" },
		{ "# trailing  ", "# trailing" },
		/* JSON */
		{ "{\"t\":12.5,\"type\":\"set\",\"addr\":\"/lights/front/leve"
		    "l\","
		    "\"value\":0.8,\"rev\":4}",
		    "12.500000 /lights/front/level rev=4 0.8" },
		{ "{\"type\":\"event\",\"addr\":\"/cue/go\",\"value\":{\"id\""
		    ":\"intro\"}}",
		    "/cue/go event {\"id\":\"intro\"}" },
		{ "{\"type\":\"bundle\",\"at\":1795345429.5,\"messages\":"
		    "[{\"type\":\"set\",\"addr\":\"/a\",\"value\":1}]}",
		    "/a at=1795345429.500000 1" },
		{ " { \"value\" : 1 , \"addr\" : \"/a\" , \"type\" : \"set\" "
		    "} ",
		    "/a 1" },
		{ "{\"type\":\"set\",\"addr\":\"/a\",\"value\":1,\"value\":2}",
		    "/a 2" },
		{ "{\"t\":1e-06,\"type\":\"set\",\"addr\":\"/a\",\"value\":1}",
		    "0.000001 /a 1" },
		{ "{\"t\":1.25e2,\"type\":\"set\",\"addr\":\"/a\",\"value\":1}",
		    "125.000000 /a 1" },
		{ "{\"t\":0.30000000000000004,\"type\":\"event\",\"addr\":\"/"
		    "a\"}",
		    "0.300000 /a event" },
		{ "{\"t\":\"+0.02\",\"type\":\"event\",\"addr\":\"/a\"}",
		    "+0.020000 /a event" },
		{ "{\"t\":null,\"type\":\"event\",\"addr\":\"/a\",\"rev\":nul"
		    "l}",
		    "/a event" },
		{ "{\"type\":\"set\",\"addr\":\"/a\",\"value\":{\"$i8\":5},"
		    "\"lock\":true,\"unlock\":false,\"ttl\":\"abs:5\"}",
		    "/a ttl=abs:5 lock 5" },
		{ "{\"type\":\"set\",\"addr\":\"/a\",\"value\":1,\"$type\":\""
		    "x\"}",
		    "/a type=x 1" },
		{ "{\"type\":\"set\",\"addr\":\"/a\",\"value\":1,\"my\":5}",
		    "/a my=5 1" },
		{ "{\"t\":12.5,\"type\":\"mark\",\"name\":\"chorus\"}",
		    "12.500000 mark \"chorus\"" },
		{ "{\"comment\":\"# x\"}", "# x" },
		{ "{\"type\":\"ping\"}", "ping {}" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		check_line(rows[i][0], 0, rows[i][1]);
}

static void
bad_lines_say_where_and_why(void)
{
	static const char *const rows[][2] = {
		{ "Sfoo", "1: no line starts like this; an address starts wit"
		    "h /" },
		{ "*", "1: no line starts like this; an address starts with "
		    "/" },
		{ " # x", "2: no line starts like this; an address starts wit"
		    "h /" },
		{ "\t#x", "2: no line starts like this; an address starts wit"
		    "h /" },
		{ "lights/front 1", "1: an address must start with /" },
		{ "foo 1", "1: no such message: foo" },
		{ "publish {}", "1: no such message: publish" },
		{ "set /a 1", "1: the address comes before set" },
		{ "/a", "3: set needs a value" },
		{ "/s stream", "10: stream needs a value" },
		{ "/a Hamlet", "4: not a value; a string needs quotes" },
		{ "/a hamlet", "4: no such word: hamlet" },
		{ "/a rev 1", "4: rev needs a value" },
		{ "/a lock=1 1", "4: lock takes no value" },
		{ "/a rev= 1", "8: an attribute needs a value" },
		{ "/a rev=x 1", "4: bad value for rev" },
		{ "/a rev=1 rev=2 1", "10: rev is given twice" },
		{ "/a rev=1 event", "10: event belongs right behind the addre"
		    "ss" },
		{ "/a rate=5 1", "1: rate does not go with set" },
		{ "/a event rev=5", "1: rev does not go with event" },
		{ "/a 1 ; /b at=1 2", "11: at belongs to the first message" },
		{ "/a ttl=abs:2147483648 1", "4: bad value for ttl" },
		{ "/a qos=best 1", "4: bad value for qos" },
		{ "/a phase=up 1", "4: bad value for phase" },
		{ "/g gesture id=4294967296", "12: bad value for id" },
		{ "/a 1 2", "6: something follows the value" },
		{ "/a 1;", "5: not expected behind a value" },
		{ "/a 1 ;x", "6: something follows the value" },
		{ "/a; 1", "3: an address that ends in ';' is written in quot"
		    "es" },
		{ "; x", "3: an empty bundle is a ';' alone" },
		{ "/a*/b 1", NULL }, { "/a//b 1", NULL }, { "/a/ 1", NULL },
		{ "/ 1", NULL }, { "\"a\" 1", NULL }, { "\"/a*\" 1", NULL },
		{ "/a\x1b 1", "3: a control character in an address" },
		{ "/a\"b 1", "3: an address with a quote in it is written in "
		    "quotes" },
		{ "/\xff 1", "1: an address is not UTF-8" },
		{ "/a 9223372036854775808",
		    "4: an int does not fit in 64 bits" },
		{ "/a 1e400", "4: a float is too large" },
		{ "/a 01", "5: not expected behind a value" },
		{ "/a .5", "4: not a value; a string needs quotes" },
		{ "/a -", "4: not a number" },
		{ "/a \"\\ud800\"", "5: a lone surrogate is no character" },
		{ "/a \"\\udc00x\"", "5: a lone surrogate is no character" },
		{ "/a \"\\u12\"", "5: \\u takes four hex digits" },
		{ "/a \"\\x\"", "5: no such escape in a string" },
		{ "/a \"a\tb\"", "6: a control character in a string must be "
		    "escaped" },
		{ "/a \"a", "6: a string has no closing quote" },
		{ "/a \"a\\", "6: no such escape in a string" },
		{ "/a \"\xff\"", "5: a string is not UTF-8" },
		{ "/a x\"0\"", "4: bytes need an even number of hex digits" },
		{ "/a x\"0g\"", "4: bytes are written in hex digits" },
		{ "/a b64\"!\"", "4: not base64" }, { "/a b64\"A\"",
		    "4: not base64" },
		{ "/a i8:128", "4: an int does not fit in its type" },
		{ "/a i8:1.0", "4: i8, i16 and i32 take an int" },
		{ "/a i8:i8:1", "7: not a number" },
		{ "/a f32:1e300", "4: a float is too large for 32 bits" },
		{ "/a [1,2", "8: expected ',' or ']'" },
		{ "/a [1,]", "7: not a value; a string needs quotes" },
		{ "/a {\"a\"}", "8: expected ':' after a key" },
		{ "/a {a:1}", "5: a map needs a key in quotes here" },
		{ "12", "3: nothing follows the time" },
		{ "12.  /a 1", "1: not a time" }, { "1.1234567891 /a 1",
		    "1: not a time" },
		{ "99999999999999999999 /a 1", "1: a time is too large" },
		{ "+ /a 1", "1: not a time" },
		{ "/s samples 1", "13: samples need an array of numbers" },
		{ "/s samples [\"a\"]", "17: samples need an array of number"
		    "s" },
		{ "/t timeline 1", "14: a timeline needs an array of keyframe"
		    "s" },
		{ "/t timeline [[0.5,1]]",
		    "22: a keyframe's time is an int of microseconds" },
		{ "/t timeline [[0,1,\"bounce\"]]", "29: no such easing" },
		{ "subscribe {\"id\":1}", "11: pattern is missing" },
		{ "subscribe {\"id\":-1,\"pattern\":\"/a\"}",
		    "11: id is out of range" },
		{ "subscribe {\"id\":1,\"pattern\":\"/a\",\"x\":1}",
		    "11: no such field: x" },
		{ "subscribe 5", "11: the message's fields belong here: {..."
		    "}" },
		{ "ack 4x=1 {}", "5: the message's fields belong here: {..." "}" },
		{ "ping {} x", "9: something follows the message" },
		{ "snapshot {\"params\":[{\"address\":\"/a\",\"revision\":1,"
		    "\"value\":9223372036854775808}]}",
		    "10: an int does not fit in 64 bits" },
		{ "mark chorus", "6: mark takes a name in quotes" },
		{ "frame 5", "7: frame takes bytes: x\"53...\"" },
		{ "frame x\"00\"", "7: frame: bad magic byte" },
		{ "frame x\"5301000140ff\"", "7: more bytes than one frame" },
		{ "frame x\"53010001ff\"", NULL },
		{ "{", NULL }, { "{}", NULL }, { "{\"type\":\"set\"}", NULL },
		{ "{\"type\":\"set\",\"addr\":\"/a\",\"value\":nan}", NULL },
		{ "{\"type\":\"set\",\"addr\":\"/a\",\"value\":1,\"At\":1}",
		    NULL },
		{ "{\"type\":\"set\",\"addr\":\"/a\",\"value\":1}x", NULL },
		{ "{\"type\":\"bundle\",\"messages\":[{\"type\":\"bundle\"}]"
		    "}", NULL },
		{ "{\"type\":\"bundle\",\"messages\":[],\"at\":1}", NULL },
		{ "{\"type\":\"set\",\"addr\":\"/a\",\"value\":{\"$hex\":\""
		    "0\"}}", NULL },
		{ "{\"comment\":\"x\"}", NULL },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct clasp_line_error err = { 0, 0, "" };
		struct clasp_arena arena;
		struct clasp_line line;
		char got[200];
		int e;

		clasp_arena_init(&arena, NULL, 0, ROOM_MAX);
		e = clasp_line_parse(clasp_str_c(rows[i][0]), &arena, &line,
		    &err);
		clasp_arena_clear(&arena);
		t_check(e < 0 && e == err.error, "%s", rows[i][0]);
		t_check(err.column >= 1 && err.reason[0] != '\0', "%s",
		    rows[i][0]);
		if (rows[i][1] == NULL || e >= 0)
			continue;
		snprintf(got, sizeof got, "%u: %s", err.column, err.reason);
		t_eq_str(got, rows[i][1], "%s", rows[i][0]);
	}
}

static void
exact_keeps_what_the_wire_chose(void)
{
	static const char *const rows[] = {
		"/a i8:-128", "/a i16:5", "/a i32:5", "/a f32:0.5",
		"/a f32:0.1", "/a f32:nan", "/a f32:-inf", "/a qos=confirm 1",
		"/a {\"b\":i8:1,\"a\":[f32:0.5]}",
	};
	char json[1000];
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		check_line(rows[i], CLASP_LINE_EXACT, rows[i]);
		snprintf(json, sizeof json, "%s", again(clasp_str_c(rows[i]),
		    CLASP_LINE_EXACT | CLASP_LINE_JSON));
		check_line(json, CLASP_LINE_EXACT, rows[i]);
	}
	check_line("/a i8:5", CLASP_LINE_JSON | CLASP_LINE_EXACT,
	    "{\"type\":\"set\",\"addr\":\"/a\",\"value\":{\"$i8\":5}}");
}

static void
json_is_written_as_it_is_documented(void)
{
	static const char *const rows[][2] = {
		{ "12.5 /lights/front/level rev=4 0.8",
		    "{\"t\":12.5,\"type\":\"set\",\"addr\":\"/lights/front/le"
		    "vel\","
		    "\"value\":0.8,\"rev\":4}" },
		{ "/cue/go event {\"id\":\"intro\"}",
		    "{\"type\":\"event\",\"addr\":\"/cue/go\",\"value\":"
		    "{\"id\":\"intro\"}}" },
		{ "/a at=1795345429.5 1",
		    "{\"type\":\"bundle\",\"messages\":[{\"type\":\"set\","
		    "\"addr\":\"/a\",\"value\":1}],\"at\":1795345429.5}" },
		{ "+0.02 /a nan",
		    "{\"t\":\"+0.02\",\"type\":\"set\",\"addr\":\"/a\",\"valu"
		    "e\":"
		    "{\"$float\":\"nan\"}}" },
		{ "/a {\"$hex\":x\"00ff\"}",
		    "{\"type\":\"set\",\"addr\":\"/a\",\"value\":{\"$$hex\":"
		    "{\"$hex\":\"00ff\"}}}" },
		{ "12.5 mark \"chorus\"",
		    "{\"t\":12.5,\"type\":\"mark\",\"name\":\"chorus\"}" },
		{ "# c", "{\"comment\":\"# c\"}" },
		{ "error {\"code\":301,\"message\":\"no\"}",
		    "{\"type\":\"error\",\"code\":301,\"message\":\"no\"}" },
		{ "/t timeline loop=1 start=2 [[0,1]]",
		    "{\"type\":\"timeline\",\"addr\":\"/t\",\"value\":[[0,1]],"
		    "\"loop\":true,\"start\":2}" },
		{ "/a ttl=5 lock 1",
		    "{\"type\":\"set\",\"addr\":\"/a\",\"value\":1,\"ttl\":5,"
		    "\"lock\":true}" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		check_line(rows[i][0], CLASP_LINE_JSON, rows[i][1]);
}

static void
terminals_see_no_control_characters(void)
{
	check_line("# \x1b[2J\xc2\x9b", CLASP_LINE_ESCAPE,
	    "# \\u001b[2J\\u009b");
	check_line("/a foo=a\x1b" "b 1", CLASP_LINE_ESCAPE,
	    "/a foo=\"a\\u001bb\" 1");
	check_line("/a foo=a\x1b" "b 1", 0, "/a foo=a\x1b" "b 1");
	check_line("/a \"\xc2\x9b\"", 0, "/a \"\\u009b\"");
}

/* --------------------------------------------------------------- limits */

static void
values_nest_64_deep(void)
{
	struct clasp_line_error err;
	struct clasp_arena arena;
	struct clasp_line line;
	char text[400];
	int depth, e;

	for (depth = 63; depth <= 66; depth++) {
		memcpy(text, "/a ", 3);
		memset(text + 3, '[', (size_t)depth);
		text[3 + depth] = '1';
		memset(text + 4 + depth, ']', (size_t)depth);
		clasp_arena_init(&arena, NULL, 0, ROOM_MAX);
		e = clasp_line_parse(clasp_str_of(text,
		    4 + 2 * (size_t)depth), &arena, &line, &err);
		clasp_arena_clear(&arena);
		t_eq_int(e, depth <= 64 ? 0 : CLASP_EDEPTH, "%d", depth);
	}
}

static void
lines_are_at_most_a_mebibyte(void)
{
	size_t n = CLASP_LINE_MAX + 1, k;
	char *text = malloc(n);
	struct clasp_line_error err;
	struct clasp_arena arena;
	struct clasp_line line;

	for (k = 0; k < 2; k++) {
		memset(text, 'x', n);
		memcpy(text, "/a \"", 4);
		text[n - 2 + k] = '"';
		clasp_arena_init(&arena, NULL, 0, ROOM_MAX);
		t_eq_int(clasp_line_parse(clasp_str_of(text, n - 1 + k),
		    &arena, &line, &err), k ? CLASP_ERANGE : 0, "%zu", k);
		clasp_arena_clear(&arena);
	}
	free(text);
}

/* The most memory a line can ask for stays below what is promised. */
static void
no_line_needs_more_than_the_arena(void)
{
	static const char *const bits[] = {
		"1,", "[1],", "[],", "{\"\":1},", "[[1]],", "null,",
	};
	size_t n = CLASP_LINE_MAX, i, at, len;
	char *text = malloc(n);
	struct clasp_line_error err;
	struct clasp_arena arena;
	struct clasp_line line;

	for (i = 0; i < sizeof bits / sizeof *bits; i++) {
		len = strlen(bits[i]);
		memcpy(text, "/a [", 4);
		for (at = 4; at + len + 1 < n; at += len)
			memcpy(text + at, bits[i], len);
		text[at - 1] = ']';
		clasp_arena_init(&arena, NULL, 0, CLASP_LINE_ARENA_MAX);
		t_eq_int(clasp_line_parse(clasp_str_of(text, at), &arena,
		    &line, &err), 0, "%s", bits[i]);
		clasp_arena_clear(&arena);
	}
	for (at = 0; at + 7 < n; at += 7)
		memcpy(text + at, "/a 1 ; ", 7);
	clasp_arena_init(&arena, NULL, 0, CLASP_LINE_ARENA_MAX);
	t_eq_int(clasp_line_parse(clasp_str_of(text, at), &arena, &line,
	    &err), CLASP_ETOOBIG, "bundle");
	t_eq_int(clasp_line_parse(clasp_str_of(text, 7 * 65535), &arena,
	    &line, &err), 0, "bundle");
	clasp_arena_clear(&arena);
	free(text);
}

static void
many_equal_keys_are_one(void)
{
	struct clasp_buf text = { NULL, 0, 0, false };
	struct clasp_line_error err;
	struct clasp_arena arena;
	struct clasp_value v;
	int i;

	clasp_buf_add_u8(&text, '{');
	for (i = 0; i < 3000; i++)
		clasp_buf_printf(&text, "%s\"k%d\":%d", i ? "," : "",
		    (i * 7) % 1000, i);
	clasp_buf_add_u8(&text, '}');
	clasp_arena_init(&arena, NULL, 0, ROOM_MAX);
	t_eq_int(clasp_value_parse(clasp_buf_str(&text), &arena, &v, &err),
	    0, "map");
	t_eq_int(v.count, 1000, "keys");
	for (i = 0; i < 1000; i++) {
		t_check(v.entries[i].value.integer == 2000 + i, "%d", i);
		t_eq_int(atoi(v.entries[i].key.p + 1), (i * 7) % 1000, "%d",
		    i);
	}
	clasp_arena_clear(&arena);
	clasp_buf_clear(&text);
}

/* --------------------------------------------------------------- frames */

static uint8_t *
from_hex(const char *hex, size_t *len)
{
	size_t i;
	uint8_t *out;
	unsigned byte;

	*len = strlen(hex) / 2;
	out = malloc(*len + 1);
	for (i = 0; i < *len; i++) {
		sscanf(hex + 2 * i, "%2x", &byte);
		out[i] = (uint8_t)byte;
	}
	return out;
}

/* Maps sorted, NaNs alike, narrow types forgotten: what a line means. */
static int
by_key(const void *a, const void *b)
{
	const struct clasp_entry *x = a, *y = b;

	return clasp_str_cmp(x->key, y->key);
}

static void
plain_value(struct clasp_value *v)
{
	uint32_t i;

	v->narrow = 0;
	if (v->type == CLASP_FLOAT && v->number != v->number)
		v->number = __builtin_nan("");
	if (v->type == CLASP_ARRAY)
		for (i = 0; i < v->count; i++)
			plain_value((struct clasp_value *)
			    (uintptr_t)&v->items[i]);
	if (v->type == CLASP_MAP) {
		struct clasp_entry *e = (void *)(uintptr_t)v->entries;

		for (i = 0; i < v->count; i++)
			plain_value(&e[i].value);
		if (v->count > 0)
			qsort(e, v->count, sizeof *e, by_key);
	}
}

static void
plain_doubles(const double *d, uint32_t n)
{
	double *p = (void *)(uintptr_t)d;
	uint32_t i;

	for (i = 0; i < n; i++)
		if (p[i] != p[i])
			p[i] = __builtin_nan("");
}

static void
plain_msg(struct clasp_msg *msg)
{
	uint32_t i;

	switch (msg->type) {
	case CLASP_SET:
		plain_value(&msg->set.value);
		break;
	case CLASP_PUBLISH:
		if (msg->publish.content == CLASP_CONTENT_VALUE)
			plain_value(&msg->publish.value);
		else if (msg->publish.content == CLASP_CONTENT_SAMPLES)
			plain_doubles(msg->publish.samples,
			    msg->publish.nsamples);
		break;
	case CLASP_SNAPSHOT:
		for (i = 0; i < msg->snapshot.count; i++)
			plain_value((void *)(uintptr_t)
			    &msg->snapshot.params[i].value);
		break;
	case CLASP_ANNOUNCE:
		for (i = 0; i < msg->announce.count; i++)
			if (msg->announce.signals[i].has_default)
				plain_value((void *)(uintptr_t)
				    &msg->announce.signals[i].def);
		break;
	case CLASP_SUBSCRIBE:
		if (msg->subscribe.has_epsilon)
			plain_doubles(&msg->subscribe.epsilon, 1);
		break;
	case CLASP_BUNDLE:
		for (i = 0; i < msg->bundle.count; i++)
			plain_msg((void *)(uintptr_t)
			    &msg->bundle.messages[i]);
		break;
	}
}

/* The bytes a frame has once only its meaning is left. */
static void
plain_bytes(const uint8_t *raw, size_t len, struct clasp_buf *out)
{
	struct clasp_arena arena;
	struct clasp_frame frame;
	struct clasp_msg msg;

	clasp_buf_reset(out);
	clasp_arena_init(&arena, NULL, 0, ROOM_MAX);
	if (clasp_frame_decode(raw, len, &frame) < 0 ||
	    clasp_msg_decode(frame.payload, frame.len, &arena, 0, &msg) < 0)
		t_check(0, "does not decode");
	else {
		frame.version = 1;
		frame.encrypted = frame.compressed = false;
		plain_msg(&msg);
		t_check(clasp_frame_append(out, &msg, &frame) > 0, "encode");
	}
	clasp_arena_clear(&arena);
}

/* frame -> line (text, tsv or JSON by flags) -> frame */
static int
through_line(const uint8_t *raw, size_t len, unsigned flags,
    struct clasp_buf *text, struct clasp_buf *out)
{
	struct clasp_line_error err = { 0, 0, "" };
	struct clasp_arena arena;
	struct clasp_frame frame, head;
	struct clasp_line line, back;
	struct clasp_msg msg;
	int n, e;

	clasp_buf_reset(text);
	clasp_buf_reset(out);
	clasp_arena_init(&arena, NULL, 0, ROOM_MAX);
	n = clasp_frame_decode(raw, len, &frame);
	e = n < 0 ? n : clasp_msg_decode(frame.payload, frame.len, &arena,
	    flags & CLASP_LINE_EXACT ? CLASP_DECODE_EXACT : 0, &msg);
	if (e == 0)
		e = clasp_line_from_msg(&line, &msg, &frame,
		    clasp_str_of((const char *)raw, (size_t)n), &arena,
		    flags);
	if (e == 0)
		e = clasp_line_format(text, &line, flags);
	if (e == 0)
		e = clasp_line_parse(clasp_str_of((char *)text->data,
		    text->len - 1), &arena, &back, &err);
	t_check(e == 0, "%d %s: %.*s", e, err.reason, (int)text->len,
	    (char *)text->data);
	if (e == 0)
		e = clasp_line_to_msg(&back, &arena, &msg, &head);
	if (e == 0 && clasp_frame_append(out, &msg, &head) < 0)
		e = -1;
	/* a frame line gives its own bytes */
	if (e == 0 && back.kind == CLASP_LINE_FRAME) {
		clasp_buf_reset(out);
		clasp_buf_add_str(out, back.text);
	}
	clasp_arena_clear(&arena);
	return e;
}

static void
check_vector(const char *name, const char *hex, bool binary)
{
	static const unsigned forms[] = {
		0, CLASP_LINE_TSV, CLASP_LINE_JSON, CLASP_LINE_EXACT,
		CLASP_LINE_EXACT | CLASP_LINE_JSON
	};
	struct clasp_buf text = { 0 }, out = { 0 }, want = { 0 }, got = { 0 };
	struct clasp_frame frame;
	size_t len, i;
	uint8_t *raw = from_hex(hex, &len);
	int n = clasp_frame_decode(raw, len, &frame);

	for (i = 0; i < sizeof forms / sizeof *forms && n > 0; i++) {
		bool exact = (forms[i] & CLASP_LINE_EXACT) != 0;

		t_eq_int(through_line(raw, len, forms[i], &text, &out), 0,
		    "%s", name);
		if (exact && binary) {
			t_check(out.len == (size_t)n &&
			    memcmp(out.data, raw, out.len) == 0, "%s: %.*s",
			    name, (int)text.len, (char *)text.data);
			continue;
		}
		plain_bytes(raw, len, &want);
		plain_bytes(out.data, out.len, &got);
		t_check(want.len == got.len &&
		    memcmp(want.data, got.data, want.len) == 0, "%s: %.*s",
		    name, (int)text.len, (char *)text.data);
	}
	clasp_buf_clear(&text);
	clasp_buf_clear(&out);
	clasp_buf_clear(&want);
	clasp_buf_clear(&got);
	free(raw);
}

static void
check_file(const char *file, bool binary, int at_least)
{
	char *text = NULL;
	size_t room = 0;
	int count = 0;
	FILE *f = fopen(file, "r");

	t_check(f != NULL, "%s", file);
	while (f != NULL && getline(&text, &room, f) > 0) {
		json_t *row = json_loads(text, JSON_ALLOW_NUL, NULL);

		t_check(row != NULL, "%s", file);
		check_vector(json_string_value(json_object_get(row, "name")),
		    json_string_value(json_object_get(row, "frame_hex")),
		    binary);
		json_decref(row);
		count++;
	}
	t_check(count >= at_least, "%s: %d", file, count);
	free(text);
	if (f != NULL)
		fclose(f);
}

static void
every_vector_frame_survives_lines_and_json(void)
{
	check_file("tests/vectors/messages.jsonl", true, 100);
	check_file("tests/vectors/decode-only.jsonl", true, 10);
	check_file("tests/vectors/legacy.jsonl", false, 10);
}

static void
what_no_line_can_show_is_a_frame_line(void)
{
	static const char *const rows[][2] = {
		/* SET of an address with a wildcard */
		{ "53010008210100032f612a01",
		    "frame x\"53010008210100032f612a01\"\n" },
		/* PUBLISH of kind param */
		{ "53010007200000022f6100",
		    "frame x\"53010007200000022f6100\"\n" },
		/* event with phase "move" */
		{ "53010007202100022f6100",
		    "frame x\"53010007202100022f6100\"\n" },
		/* a timeline without data */
		{ "53810007208000022f6100",
		    "frame x\"53810007208000022f6100\"\n" },
		/* an event that is one, and one less sure than usual */
		{ "53410007202000022f6100", "/a event\n" },
		{ "53010007202000022f6100", "/a event qos=fire\n" },
		{ "5301000141", "ping {}\n" },
		/* ints of eight bits mean what others mean */
		{ "53410007210200022f6105", "/a 5\n" },
	};
	struct clasp_buf text = { 0 }, out = { 0 };
	size_t i, len;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t *raw = from_hex(rows[i][0], &len);

		through_line(raw, len, 0, &text, &out);
		t_eq_str(clasp_buf_cstr(&text), rows[i][1], "%s", rows[i][0]);
		free(raw);
	}
	clasp_buf_clear(&text);
	clasp_buf_clear(&out);
}

static void
lines_become_messages(void)
{
	struct clasp_line_error err;
	struct clasp_arena arena;
	struct clasp_frame head;
	struct clasp_line line;
	struct clasp_item item;
	struct clasp_msg msg;

	clasp_arena_init(&arena, NULL, 0, ROOM_MAX);
	clasp_line_parse(CLASP_STR("/a at=+0.2 1"), &arena, &line, &err);
	t_eq_int(clasp_line_to_msg(&line, &arena, &msg, &head),
	    CLASP_EINVAL, "relative");
	clasp_line_resolve(&line, 1000000);
	t_eq_int(clasp_line_to_msg(&line, &arena, &msg, &head), 0, "at");
	t_eq_int(msg.type, CLASP_BUNDLE, "at makes a bundle");
	t_check(msg.bundle.timestamp_us == 1200000, "at");
	t_eq_int(head.qos, CLASP_QOS_COMMIT, "qos");
	clasp_line_parse(CLASP_STR(";"), &arena, &line, &err);
	t_eq_int(clasp_line_to_msg(&line, &arena, &msg, NULL), 0, "empty");
	t_eq_int(msg.bundle.count, 0, "empty");
	clasp_line_parse(CLASP_STR("# x"), &arena, &line, &err);
	t_eq_int(clasp_line_to_msg(&line, &arena, &msg, NULL), CLASP_EINVAL,
	    "comment");
	clasp_line_parse(CLASP_STR("mark \"x\""), &arena, &line, &err);
	t_eq_int(clasp_line_to_msg(&line, &arena, &msg, NULL), CLASP_EINVAL,
	    "mark");
	clasp_line_parse(CLASP_STR("/a rev=1 ts=2 by=me 1"), &arena, &line,
	    &err);
	clasp_line_plain(&line);
	t_check(!line.items[0].msg.set.has_revision && !line.items[0].has_ts
	    && line.items[0].by.p == NULL, "plain");
	clasp_line_set(&line, &item, CLASP_STR("/b"), clasp_float(0.5));
	t_eq_int(clasp_line_to_msg(&line, &arena, &msg, NULL), 0, "set");
	t_check(msg.type == CLASP_SET && msg.set.value.number == 0.5, "set");
	clasp_arena_clear(&arena);
}

/* ----------------------------------------------------------- recordings */

static enum clasp_moment_kind
take(struct clasp_recording *rec, const char *text,
    struct clasp_moment *moment)
{
	struct clasp_line_error err;
	struct clasp_arena arena;
	struct clasp_line line;

	clasp_arena_init(&arena, NULL, 0, ROOM_MAX);
	t_eq_int(clasp_line_parse(clasp_str_c(text), &arena, &line, &err), 0,
	    "%s", text);
	t_eq_int(clasp_recording_take(rec, &line, moment, NULL), 0, "%s",
	    text);
	clasp_arena_clear(&arena);
	return moment->kind;
}

static void
a_recording_is_followed_line_by_line(void)
{
	struct clasp_recording rec;
	struct clasp_moment m;

	clasp_recording_init(&rec);
	t_eq_int(take(&rec, "", &m), CLASP_MOMENT_COMMENT, "blank");
	t_eq_int(take(&rec, "#clasp 1 epoch=1795345429.5 by=x", &m),
	    CLASP_MOMENT_HEADER, "header");
	t_check(rec.header && rec.epoch_us == 1795345429500000, "epoch");
	t_eq_int(take(&rec, "#snapshot 2", &m), CLASP_MOMENT_SNAPSHOT, "");
	t_eq_int(m.count, 2, "snapshot");
	take(&rec, "0.0 /a 1", &m);
	t_check(m.snapshot, "first");
	take(&rec, "0.0 mark \"x\"", &m);
	t_check(!m.snapshot && m.kind == CLASP_MOMENT_MARK, "mark");
	take(&rec, "0.0 /b 1", &m);
	t_check(m.snapshot, "second");
	take(&rec, "+1.5 /a 2", &m);
	t_check(!m.snapshot && m.timed && m.time_us == 1500000, "relative");
	take(&rec, "/a 3", &m);
	t_check(!m.timed && m.time_us == 1500000, "without a time");
	take(&rec, "+0.5 /a 2", &m);
	t_check(m.time_us == 2000000, "relative");
	t_eq_int(take(&rec, "#gap 2.25", &m), CLASP_MOMENT_GAP, "gap");
	t_check(m.span_us == 2250000, "gap");
	t_eq_int(take(&rec, "#drop 17", &m), CLASP_MOMENT_DROP, "drop");
	t_eq_int(m.count, 17, "drop");
	t_eq_int(take(&rec, "#clasp 9 epoch=1", &m), CLASP_MOMENT_COMMENT,
	    "a second header");
	t_eq_int(take(&rec, "#end x", &m), CLASP_MOMENT_COMMENT, "bad end");
	t_eq_int(take(&rec, "#end 5.0 lines=6", &m), CLASP_MOMENT_END, "");
	t_check(!clasp_recording_cut_off(&rec), "end");
	t_check(clasp_recording_length_us(&rec) == 5000000, "length");
	take(&rec, "1.0 /a 1", &m);
	t_check(clasp_recording_cut_off(&rec), "a line behind the end");
	t_check(clasp_recording_length_us(&rec) == 2000000, "length");
	t_eq_int(rec.lines, 7, "lines");
}

static void
a_later_version_is_refused(void)
{
	struct clasp_line line = { .kind = CLASP_LINE_DIRECTIVE,
	    .text = CLASP_STR("#clasp 2 epoch=1") };
	struct clasp_recording rec;
	struct clasp_moment m;
	uint64_t version = 0;

	clasp_recording_init(&rec);
	t_eq_int(clasp_recording_take(&rec, &line, &m, &version),
	    CLASP_EINVAL, "version 2");
	t_eq_int(version, 2, "version 2");
}

static void
directives_are_written(void)
{
	struct clasp_buf buf = { 0 };

	clasp_recording_put_header(&buf, 1795345429000000);
	clasp_recording_put_snapshot(&buf, 3);
	clasp_recording_put_gap(&buf, 1500000);
	clasp_recording_put_drop(&buf, 9);
	clasp_recording_put_end(&buf, 4000000, 12);
	t_eq_str(clasp_buf_cstr(&buf), "#clasp 1 epoch=1795345429.000000\n"
	    "#snapshot 3\n#gap 1.500000\n#drop 9\n#end 4.000000 lines=12\n",
	    "directives");
	clasp_buf_clear(&buf);
}

int
main(void)
{
	t_run(canonical_lines_stay_as_they_are);
	t_run(tsv_and_json_are_the_same_lines);
	t_run(tsv_has_five_fields);
	t_run(loose_lines_become_canonical);
	t_run(bad_lines_say_where_and_why);
	t_run(exact_keeps_what_the_wire_chose);
	t_run(json_is_written_as_it_is_documented);
	t_run(terminals_see_no_control_characters);
	t_run(values_nest_64_deep);
	t_run(lines_are_at_most_a_mebibyte);
	t_run(no_line_needs_more_than_the_arena);
	t_run(many_equal_keys_are_one);
	t_run(every_vector_frame_survives_lines_and_json);
	t_run(what_no_line_can_show_is_a_frame_line);
	t_run(lines_become_messages);
	t_run(a_recording_is_followed_line_by_line);
	t_run(a_later_version_is_refused);
	t_run(directives_are_written);
	return t_end();
}
