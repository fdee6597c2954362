/*
 * rules.h - rename and transform lines: PATTERN [TARGET] [STEP ...].
 *
 * Rules are compiled once and applied to any number of lines; a line may give
 * none, one, or (with clasp_rules_all) several.  The first rule whose pattern
 * matches the address wins.  A bundle is mapped member by member and stays
 * one bundle.  Lines that no rule matches pass unchanged.
 *
 * No clock is read: every call tells the time, in microseconds of any clock
 * that does not step.  Where a line has a time in front, that one counts
 * instead, so that a recording maps as it would have live.
 *
 *	rules = clasp_rules_new(on_line, user);
 *	if (clasp_rules_add(rules, CLASP_STR("/a scale:0,1,0,127"), &err) < 0)
 *		complain(err.column, err.reason);
 *	clasp_rules_apply(rules, &line, clasp_clock_mono_us());
 *	...
 *	clasp_rules_finish(rules);
 *	clasp_rules_free(rules);
 *
 * What is remembered of 100,000 addresses is kept; beyond that, of those used
 * last.  Lines that "every" holds back come out by clasp_rules_take_due(),
 * which is to be called at clasp_rules_due(), and by clasp_rules_finish().
 */
#ifndef CLASP_PROTO_RULES_H
#define CLASP_PROTO_RULES_H

#include <stdint.h>

#include "proto/transform.h"
#include "wire/line.h"

struct clasp_rules;

/* One line of the result, good until it returns. */
typedef void (*clasp_rules_fn)(const struct clasp_line *line, void *user);

struct clasp_rules_counts {
	unsigned long not_finite;	/* expr gave nan or inf: x passed */
	unsigned long bad_address;	/* a target made no address: dropped */
};

/* NULL when there is no memory. */
struct clasp_rules *clasp_rules_new(clasp_rules_fn fn, void *user);
void	clasp_rules_free(struct clasp_rules *rules);

/*
 * Add the rule that text holds; blank text and "# ..." add none.  Words are
 * apart by blanks that are not within double quotes.  Returns 0, or < 0 with
 * *err filled (its line is 0).
 */
int	clasp_rules_add(struct clasp_rules *rules, struct clasp_str text,
	    struct clasp_rule_error *err);
/* The same with the words already apart; columns count as if one blank stood
 * between them. */
int	clasp_rules_add_words(struct clasp_rules *rules,
	    const char *const *words, int nwords,
	    struct clasp_rule_error *err);
/* Add a file's rules, one a line: 0, or < 0 with err->line and err->column,
 * both 0 when the file cannot be read (CLASP_EIO). */
int	clasp_rules_load(struct clasp_rules *rules, const char *path,
	    struct clasp_rule_error *err);
unsigned clasp_rules_count(const struct clasp_rules *rules);
/* The pattern of rule i, from 0, when what it matches gets another address;
 * empty when the address stays.  It lives as long as the rules. */
struct clasp_str clasp_rules_moved(const struct clasp_rules *rules,
	    unsigned i);

/* Every rule that matches gives a line, not only the first. */
void	clasp_rules_all(struct clasp_rules *rules, bool all);
/* What no rule matches is dropped; comments and marks stay. */
void	clasp_rules_only(struct clasp_rules *rules, bool only);

/* Map one line; the results go to fn before it returns. */
void	clasp_rules_apply(struct clasp_rules *rules,
	    const struct clasp_line *line, uint64_t now_us);
/* When clasp_rules_take_due is to be called; UINT64_MAX: never. */
uint64_t clasp_rules_due(const struct clasp_rules *rules);
void	clasp_rules_take_due(struct clasp_rules *rules, uint64_t now_us);
/* The input has ended: give out all that is held back. */
void	clasp_rules_finish(struct clasp_rules *rules);

const struct clasp_rules_counts *clasp_rules_counts(
	    const struct clasp_rules *rules);

#endif
