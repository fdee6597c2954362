/* error.c - names and texts of the error list. */
#include "base/error.h"

const char *
clasp_strerror(int error)
{
	switch (error) {
#define CLASP_ERROR_TEXT(name, number, text) case CLASP_##name: return text;
	CLASP_ERRORS(CLASP_ERROR_TEXT)
#undef CLASP_ERROR_TEXT
	default:
		return error >= 0 ? "no error" : "unknown error";
	}
}

const char *
clasp_error_name(int error)
{
	switch (error) {
#define CLASP_ERROR_NAME(name, number, text) \
	case CLASP_##name: return "CLASP_" #name;
	CLASP_ERRORS(CLASP_ERROR_NAME)
#undef CLASP_ERROR_NAME
	default:
		return error >= 0 ? "CLASP_OK" : "unknown";
	}
}
