/* log.h - a line for the operator: how severe, and about whom. */
#ifndef CLASP_BASE_LOG_H
#define CLASP_BASE_LOG_H

#include "base/str.h"

enum clasp_log_level {
	CLASP_LOG_ERROR,
	CLASP_LOG_WARN,
	CLASP_LOG_INFO,
	CLASP_LOG_DEBUG,
	CLASP_LOG_TRACE
};

/* What the line's text says, once more for programs; absent: not known. */
struct clasp_log_about {
	struct clasp_str session;	/* id */
	struct clasp_str name;		/* of the client */
	struct clasp_str peer;		/* its address */
};

#endif
