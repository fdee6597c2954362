/*
 * error.h - every error the library can return, as one list.
 *
 * Functions return 0 or a count when all is well and one of these negative
 * numbers when not.  The library never prints, exits or logs by itself.
 */
#ifndef CLASP_BASE_ERROR_H
#define CLASP_BASE_ERROR_H

/*	name		number	text for people */
#define CLASP_ERRORS(X) \
	X(ENOMEM,	-1,	"out of memory") \
	X(EINVAL,	-2,	"invalid argument") \
	X(ENOSPC,	-3,	"buffer too small") \
	X(ETOOBIG,	-4,	"too large for one frame") \
	/* frames and payloads, in the order a decoder meets them */ \
	X(EINCOMPLETE,	-10,	"incomplete frame") \
	X(EMAGIC,	-11,	"bad magic byte") \
	X(EEMPTY,	-12,	"empty payload") \
	X(ETRUNCATED,	-13,	"truncated message") \
	X(EMESSAGE,	-14,	"unknown message type") \
	X(EVALUETYPE,	-15,	"unknown value type") \
	X(EUTF8,	-16,	"invalid UTF-8") \
	X(EENUM,	-17,	"bad enumeration value") \
	X(EDEPTH,	-18,	"nested too deeply") \
	X(ELEGACY,	-19,	"malformed MessagePack") \
	X(ESHAPE,	-20,	"missing or ill-typed field") \
	X(ELEGACYTYPE,	-21,	"unknown message type name") \
	/* names and text */ \
	X(EADDRESS,	-30,	"invalid address") \
	X(EPATTERN,	-31,	"invalid pattern") \
	X(ESYNTAX,	-32,	"syntax error") \
	X(ERANGE,	-33,	"number out of range") \
	/* the parameter store */ \
	X(EREVISION,	-40,	"revision conflict") \
	X(ELOCKED,	-41,	"locked by another session") \
	X(EVALUE,	-42,	"value refused") \
	X(ENOENT,	-43,	"no such parameter") \
	X(EFULL,	-44,	"state store full") \
	X(ESTRATEGY,	-45,	"refused by strategy") \
	/* links and connections */ \
	X(EURL,		-50,	"invalid URL") \
	X(ECONNECT,	-51,	"cannot connect") \
	X(ECLOSED,	-52,	"connection closed") \
	X(ETIMEOUT,	-53,	"timed out") \
	X(EPROTO,	-54,	"protocol error") \
	X(EBIND,	-55,	"cannot listen") \
	X(EREFUSED,	-56,	"refused by the relay") \
	X(EDROPPED,	-57,	"messages were dropped") \
	X(EIO,		-58,	"input or output failed") \
	X(EMISSING,	-59,	"not built into this program") \
	X(ECERT,	-60,	"certificate not accepted")

enum clasp_error {
#define CLASP_ERROR_ENUM(name, number, text) CLASP_##name = number,
	CLASP_ERRORS(CLASP_ERROR_ENUM)
#undef CLASP_ERROR_ENUM
	CLASP_OK = 0
};

/* What went wrong, lower case, no full stop.  Never NULL. */
const char	*clasp_strerror(int error);
/* The name in the list, "CLASP_EMAGIC"; "CLASP_OK" for 0 and above. */
const char	*clasp_error_name(int error);

#endif
