/* log.h - severity of a line for the operator. */
#ifndef CLASP_BASE_LOG_H
#define CLASP_BASE_LOG_H

enum clasp_log_level {
	CLASP_LOG_ERROR,
	CLASP_LOG_WARN,
	CLASP_LOG_INFO,
	CLASP_LOG_DEBUG,
	CLASP_LOG_TRACE
};

#endif
