/*
 * number.h - numbers as text, exactly.
 *
 * A float is written with the fewest digits that read back to the same bits;
 * short decimals (mantissa below 2^53, power of ten up to 22) take a fast
 * path in exact arithmetic, all others the C library.  Neither depends on
 * the locale.
 */
#ifndef CLASP_BASE_NUMBER_H
#define CLASP_BASE_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define CLASP_NUMBER_MAX 40	/* bytes any of these can write */

/*
 * Write v as the line format has it: always with '.' or 'e', plain notation
 * for decimal exponents -5 to 16, else d.ddde[-]NN; "nan", "inf", "-inf".
 * Returns the length; no NUL is added.
 */
size_t	clasp_float_format(char out[CLASP_NUMBER_MAX], double v);
/* The shortest that reads back to the same 32-bit float. */
size_t	clasp_float32_format(char out[CLASP_NUMBER_MAX], float v);
/* The same two by the C library alone; the tests hold both together. */
size_t	clasp_float_format_slow(char out[CLASP_NUMBER_MAX], double v);
size_t	clasp_int_format(char out[CLASP_NUMBER_MAX], int64_t v);
size_t	clasp_uint_format(char out[CLASP_NUMBER_MAX], uint64_t v);

/*
 * Read the JSON number at the start of s (digits, optional '-', fraction,
 * exponent).  Returns the bytes it took; then *is_float tells which of
 * *integer and *number holds it: an int has neither '.' nor 'e'.
 * CLASP_ESYNTAX: no number here.  CLASP_ERANGE: an int beyond 64 bits, or a
 * float that is not finite.
 */
int	clasp_number_parse(struct clasp_str s, int *is_float,
	    int64_t *integer, double *number);
/* The whole of s as a float by the C library alone: 0 or an error. */
int	clasp_float_parse_slow(struct clasp_str s, double *number);
/* A 64-bit float with the shortest decimal that still rounds to f. */
double	clasp_float32_to_double(float f);
/* The whole of s as a plain decimal unsigned number: 0 or an error. */
int	clasp_uint_parse(struct clasp_str s, uint64_t *out);

#endif
