/*
 * utf8.h - strict UTF-8: no overlong forms, no surrogates, nothing above
 * U+10FFFF.  U+0000 and a leading U+FEFF are ordinary characters.
 */
#ifndef CLASP_BASE_UTF8_H
#define CLASP_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True when all n bytes are strict UTF-8. */
bool	clasp_utf8_valid(const void *p, size_t n);
/*
 * Read one character from the n bytes at p (n >= 1) into *c.
 * Returns its length, 1 to 4, or 0 when there is no valid one.
 */
size_t	clasp_utf8_get(const void *p, size_t n, uint32_t *c);
/* Write c (up to U+10FFFF, no surrogate) to out[4]; returns 1 to 4, else 0. */
size_t	clasp_utf8_put(uint32_t c, void *out);
/* Does it do something to a terminal instead of showing there: move the
 * cursor, turn text around, or hide? */
bool	clasp_utf8_steers(uint32_t c);
/* The longest length <= n that does not cut a character of valid text. */
size_t	clasp_utf8_cut(const void *p, size_t n);

#endif
