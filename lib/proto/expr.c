/*
 * expr.c - expressions as a small stack program.
 *
 * The parser climbs precedences and writes instructions as it goes; the
 * branches of ?: jump, so only the chosen one is run.  The deepest the stack
 * can get is known when compiling is done, and is limited.
 */
#include "proto/expr.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/number.h"

#define STACK_MAX	256

enum op {
	OP_NUMBER, OP_X, OP_T, OP_I,
	OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_MOD, OP_POW,
	OP_LT, OP_LE, OP_GT, OP_GE, OP_EQ, OP_NE,
	OP_NEG, OP_NOT, OP_BOOL,
	OP_CALL1, OP_CALL2, OP_CLAMP,
	OP_JUMP,		/* to */
	OP_UNLESS,		/* pop; jump when it is 0 */
	OP_AND,			/* 0 on top: leave it and jump; else pop */
	OP_OR,			/* not 0 on top: make it 1 and jump; else pop */
	OP_END
};

struct code {
	enum op	 op;
	union {
		double	 number;
		double	 (*call1)(double);
		double	 (*call2)(double, double);
		unsigned to;
	};
};

struct clasp_expr {
	unsigned	 len;
	struct code	 code[];
};

struct parser {
	const char	*start, *p, *end;
	struct code	*code;
	unsigned	 len, cap;
	unsigned	 stack, depth;
	struct clasp_expr_error *err;
	int		 failed;	/* 0 or CLASP_E... */
};

/* ----------------------------------------------------------- functions */

static double
sign(double x)
{
	return x > 0 ? 1 : x < 0 ? -1 : x;
}

static double
least(double a, double b)
{
	return b < a || isnan(b) ? b : a;
}

static double
most(double a, double b)
{
	return b > a || isnan(b) ? b : a;
}

static const struct function {
	const char	*name;
	unsigned	 least, most;	/* arguments */
	double		(*call1)(double);
	double		(*call2)(double, double);
} functions[] = {
	{ "sin",	1, 1,	sin,	NULL },
	{ "cos",	1, 1,	cos,	NULL },
	{ "tan",	1, 1,	tan,	NULL },
	{ "asin",	1, 1,	asin,	NULL },
	{ "acos",	1, 1,	acos,	NULL },
	{ "atan",	1, 1,	atan,	NULL },
	{ "atan2",	2, 2,	NULL,	atan2 },
	{ "sqrt",	1, 1,	sqrt,	NULL },
	{ "abs",	1, 1,	fabs,	NULL },
	{ "floor",	1, 1,	floor,	NULL },
	{ "ceil",	1, 1,	ceil,	NULL },
	{ "round",	1, 1,	round,	NULL },
	{ "trunc",	1, 1,	trunc,	NULL },
	{ "min",	1, 99,	NULL,	least },
	{ "max",	1, 99,	NULL,	most },
	{ "pow",	2, 2,	NULL,	pow },
	{ "exp",	1, 1,	exp,	NULL },
	{ "ln",		1, 1,	log,	NULL },
	{ "log10",	1, 1,	log10,	NULL },
	{ "log2",	1, 1,	log2,	NULL },
	{ "clamp",	3, 3,	NULL,	NULL },
	{ "sign",	1, 1,	sign,	NULL },
};

/* ------------------------------------------------------------- writing */

static int __attribute__((format(printf, 3, 4)))
fail(struct parser *ps, const char *at, const char *why, ...)
{
	va_list ap;

	if (ps->failed)
		return ps->failed;
	ps->failed = CLASP_ESYNTAX;
	ps->err->column = (unsigned)(at - ps->start) + 1;
	va_start(ap, why);
	vsnprintf(ps->err->reason, sizeof ps->err->reason, why, ap);
	va_end(ap);
	return ps->failed;
}

/* What an instruction does to the height of the stack. */
static int
effect(enum op op)
{
	switch (op) {
	case OP_NUMBER: case OP_X: case OP_T: case OP_I:
		return 1;
	case OP_NEG: case OP_NOT: case OP_BOOL: case OP_CALL1:
	case OP_JUMP: case OP_END:
		return 0;
	case OP_CLAMP:
		return -2;
	default:
		return -1;
	}
}

/* Write one instruction; returns its place, to be patched. */
static unsigned
emit(struct parser *ps, struct code code)
{
	if (ps->failed)
		return 0;
	/* One instruction for each byte of text and some: always enough. */
	if (ps->len == ps->cap) {
		fail(ps, ps->p, "too long");
		return 0;
	}
	ps->stack += effect(code.op);
	if (ps->stack > STACK_MAX)
		fail(ps, ps->p, "too deep");
	ps->code[ps->len] = code;
	return ps->len++;
}

static void
emit_op(struct parser *ps, enum op op)
{
	emit(ps, (struct code){ .op = op });
}

/* ------------------------------------------------------------- reading */

static void ternary(struct parser *ps);

static void
skip_blanks(struct parser *ps)
{
	while (ps->p < ps->end && (*ps->p == ' ' || *ps->p == '\t'))
		ps->p++;
}

static bool
take(struct parser *ps, const char *token)
{
	size_t n = strlen(token);

	skip_blanks(ps);
	if ((size_t)(ps->end - ps->p) < n || memcmp(ps->p, token, n) != 0)
		return false;
	ps->p += n;
	return true;
}

/* The same, but not when the next byte makes it another operator. */
static bool
take_not(struct parser *ps, const char *token, char next)
{
	const char *p = ps->p;

	if (!take(ps, token))
		return false;
	if (ps->p < ps->end && *ps->p == next) {
		ps->p = p;
		return false;
	}
	return true;
}

/* Read a part that stands inside the one being read. */
static void
inside(struct parser *ps, void (*part)(struct parser *))
{
	if (++ps->depth > CLASP_EXPR_DEPTH)
		fail(ps, ps->p, "nested more than %d deep", CLASP_EXPR_DEPTH);
	if (!ps->failed)
		part(ps);
	ps->depth--;
}

static bool
is_word(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	    (!first && c >= '0' && c <= '9');
}

static void
number(struct parser *ps)
{
	char text[64];
	size_t n, skip;
	double v;
	int64_t integer;
	int is_float, r;

	/* the shared reader wants a digit before the point */
	text[0] = '0';
	skip = *ps->p == '.' ? 1 : 0;
	n = (size_t)(ps->end - ps->p);
	if (n > sizeof text - 1)
		n = sizeof text - 1;
	memcpy(text + skip, ps->p, n);
	r = clasp_number_parse(clasp_str_of(text, n + skip), &is_float,
	    &integer, &v);
	if (r == CLASP_ERANGE) {
		fail(ps, ps->p, "number out of range");
		return;
	}
	if (r <= (int)skip) {
		fail(ps, ps->p, "bad number");
		return;
	}
	if (!is_float)
		v = (double)integer;
	ps->p += (size_t)r - skip;
	/* "5." is a number too */
	if (!is_float && ps->p < ps->end && *ps->p == '.')
		ps->p++;
	if (ps->p < ps->end && (is_word(*ps->p, false) || *ps->p == '.')) {
		fail(ps, ps->p, "an operator belongs here");
		return;
	}
	emit(ps, (struct code){ .op = OP_NUMBER, .number = v });
}

static void
call(struct parser *ps, const char *at, const struct function *f)
{
	unsigned n = 0;

	if (!take(ps, "(")) {
		fail(ps, ps->p, "'(' belongs behind '%s'", f->name);
		return;
	}
	do {
		inside(ps, ternary);
		if (ps->failed)
			return;
		n++;
		if (n > 1 && f->call2 != NULL && f->most > 2)
			emit(ps, (struct code){ .op = OP_CALL2,
			    .call2 = f->call2 });
	} while (n < f->most && take(ps, ","));
	skip_blanks(ps);
	if (n < f->least || (ps->p < ps->end && *ps->p == ',')) {
		fail(ps, at, "'%s' takes %u argument%s", f->name, f->least,
		    f->least == 1 ? "" : "s");
		return;
	}
	if (!take(ps, ")")) {
		fail(ps, ps->p, "')' is missing");
		return;
	}
	if (f->call1 != NULL)
		emit(ps, (struct code){ .op = OP_CALL1, .call1 = f->call1 });
	else if (f->call2 == NULL)
		emit_op(ps, OP_CLAMP);
	else if (f->most == 2)
		emit(ps, (struct code){ .op = OP_CALL2, .call2 = f->call2 });
}

static void
name(struct parser *ps)
{
	const char *at = ps->p;
	struct clasp_str word;
	size_t i;

	while (ps->p < ps->end && is_word(*ps->p, ps->p == at))
		ps->p++;
	word = clasp_str_of(at, (size_t)(ps->p - at));
	if (clasp_str_is(word, "x") || clasp_str_is(word, "value"))
		emit_op(ps, OP_X);
	else if (clasp_str_is(word, "t"))
		emit_op(ps, OP_T);
	else if (clasp_str_is(word, "i"))
		emit_op(ps, OP_I);
	else if (clasp_str_is(word, "PI"))
		emit(ps, (struct code){ .op = OP_NUMBER, .number = M_PI });
	else if (clasp_str_is(word, "E"))
		emit(ps, (struct code){ .op = OP_NUMBER, .number = M_E });
	else {
		for (i = 0; i < sizeof functions / sizeof functions[0]; i++)
			if (clasp_str_is(word, functions[i].name)) {
				call(ps, at, &functions[i]);
				return;
			}
		fail(ps, at, "unknown name '%.*s'",
		    (int)(word.len < 32 ? word.len : 32), word.p);
	}
}

static void
primary(struct parser *ps)
{
	skip_blanks(ps);
	if (ps->failed)
		return;
	if (ps->p == ps->end)
		fail(ps, ps->p, "a value is missing at the end");
	else if (take(ps, "(")) {
		inside(ps, ternary);
		if (!ps->failed && !take(ps, ")"))
			fail(ps, ps->p, "')' is missing");
	} else if ((*ps->p >= '0' && *ps->p <= '9') || *ps->p == '.')
		number(ps);
	else if (is_word(*ps->p, true))
		name(ps);
	else
		fail(ps, ps->p, "a value belongs here");
}

static void
unary(struct parser *ps)
{
	if (take(ps, "-")) {
		inside(ps, unary);
		emit_op(ps, OP_NEG);
	} else if (take(ps, "+")) {
		inside(ps, unary);
	} else if (take_not(ps, "!", '=')) {
		inside(ps, unary);
		emit_op(ps, OP_NOT);
	} else {
		primary(ps);
		if (!ps->failed && take(ps, "^")) {
			/* to the right, and takes a minus */
			inside(ps, unary);
			emit_op(ps, OP_POW);
		}
	}
}

/* The operators of one level, and what stands a level below. */
static const struct level {
	struct {
		const char	*token;
		enum op		 op;
	} ops[5];
} levels[] = {
	{ { { "==", OP_EQ }, { "!=", OP_NE } } },
	{ { { "<=", OP_LE }, { ">=", OP_GE }, { "<", OP_LT },
	    { ">", OP_GT } } },
	{ { { "+", OP_ADD }, { "-", OP_SUB } } },
	{ { { "*", OP_MUL }, { "/", OP_DIV }, { "%", OP_MOD } } },
};
#define NLEVELS (sizeof levels / sizeof levels[0])

static void
binary(struct parser *ps, unsigned level)
{
	unsigned i;

	if (level == NLEVELS) {
		unary(ps);
		return;
	}
	binary(ps, level + 1);
	for (i = 0; !ps->failed && levels[level].ops[i].token != NULL; i++)
		if (take(ps, levels[level].ops[i].token)) {
			binary(ps, level + 1);
			emit_op(ps, levels[level].ops[i].op);
			i = (unsigned)-1;	/* all of them again */
		}
}

/* && and ||: the right side is run only when it counts. */
static void
logic(struct parser *ps, bool is_or)
{
	unsigned jump;

	if (is_or)
		logic(ps, false);
	else
		binary(ps, 0);
	while (!ps->failed && take(ps, is_or ? "||" : "&&")) {
		jump = emit(ps, (struct code){ .op = is_or ? OP_OR : OP_AND });
		if (is_or)
			logic(ps, false);
		else
			binary(ps, 0);
		emit_op(ps, OP_BOOL);
		if (!ps->failed)
			ps->code[jump].to = ps->len;
	}
}

static void
ternary(struct parser *ps)
{
	unsigned other, end;

	logic(ps, true);
	if (!ps->failed && take(ps, "?")) {
		other = emit(ps, (struct code){ .op = OP_UNLESS });
		inside(ps, ternary);
		if (!ps->failed && !take(ps, ":"))
			fail(ps, ps->p, "':' is missing");
		end = emit(ps, (struct code){ .op = OP_JUMP });
		if (ps->failed)
			return;
		ps->code[other].to = ps->len;
		ps->stack--;		/* one of the two is run */
		inside(ps, ternary);
		if (!ps->failed)
			ps->code[end].to = ps->len;
	}
}

int
clasp_expr_compile(struct clasp_str text, struct clasp_arena *arena,
    const struct clasp_expr **out, struct clasp_expr_error *err)
{
	struct parser ps = { .start = text.p, .p = text.p,
	    .end = text.p + text.len, .err = err };
	struct clasp_expr *expr;

	err->column = 1;
	err->reason[0] = '\0';
	if (text.len > CLASP_EXPR_MAX)
		return fail(&ps, ps.p, "longer than %d bytes",
		    CLASP_EXPR_MAX);
	if (text.len == 0)
		return fail(&ps, ps.p, "an expression is missing");
	/* each token is at most one instruction, ?: is two for two bytes,
	 * && is two for two */
	ps.cap = (unsigned)text.len + 1;
	expr = clasp_arena_alloc(arena, sizeof *expr +
	    ps.cap * sizeof expr->code[0]);
	if (expr == NULL)
		return CLASP_ENOMEM;
	ps.code = expr->code;
	ternary(&ps);
	skip_blanks(&ps);
	if (!ps.failed && ps.p < ps.end)
		fail(&ps, ps.p, "an operator belongs here");
	if (ps.failed)
		return ps.failed;
	emit_op(&ps, OP_END);
	expr->len = ps.len;
	*out = expr;
	return ps.failed;
}

bool
clasp_expr_counts(const struct clasp_expr *expr)
{
	unsigned i;

	for (i = 0; i < expr->len; i++)
		if (expr->code[i].op == OP_I)
			return true;
	return false;
}

/* ------------------------------------------------------------- running */

/* Two operands: what the instruction makes of them. */
static double
combine(const struct code *c, double a, double b)
{
	switch (c->op) {
	case OP_ADD: return a + b;
	case OP_SUB: return a - b;
	case OP_MUL: return a * b;
	case OP_DIV: return a / b;
	case OP_MOD: return fmod(a, b);
	case OP_POW: return pow(a, b);
	case OP_LT: return a < b;
	case OP_LE: return a <= b;
	case OP_GT: return a > b;
	case OP_GE: return a >= b;
	case OP_EQ: return a == b;
	case OP_NE: return a != b;
	default: return c->call2(a, b);
	}
}

static double
variable(const struct code *c, const struct clasp_expr_input *in)
{
	return c->op == OP_X ? in->x : c->op == OP_T ? in->t : in->i;
}

double
clasp_expr_run(const struct clasp_expr *expr,
    const struct clasp_expr_input *in)
{
	double stack[STACK_MAX + 1], *top = stack;
	const struct code *c = expr->code;

	for (;; c++)
		switch (c->op) {
		case OP_NUMBER:
			*++top = c->number;
			break;
		case OP_X:
		case OP_T:
		case OP_I:
			*++top = variable(c, in);
			break;
		case OP_NEG:
			*top = -*top;
			break;
		case OP_NOT:
			*top = *top == 0;
			break;
		case OP_BOOL:
			*top = *top != 0;
			break;
		case OP_CALL1:
			*top = c->call1(*top);
			break;
		case OP_CLAMP:
			top -= 2;
			*top = least(most(top[0], top[1]), top[2]);
			break;
		case OP_JUMP:
			c = expr->code + c->to - 1;
			break;
		case OP_UNLESS:
			if (*top-- == 0)
				c = expr->code + c->to - 1;
			break;
		case OP_AND:
			if (*top == 0)
				c = expr->code + c->to - 1;
			else
				top--;
			break;
		case OP_OR:
			if (*top != 0) {
				*top = 1;
				c = expr->code + c->to - 1;
			} else
				top--;
			break;
		case OP_END:
			return *top;
		default:
			top--;
			*top = combine(c, top[0], top[1]);
			break;
		}
}
