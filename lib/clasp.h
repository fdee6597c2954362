/* clasp.h - everything of libclasp a program may use, in one include. */
#ifndef CLASP_H
#define CLASP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "client/client.h"
#include "wire/address.h"
#include "wire/frame.h"
#include "wire/framing.h"
#include "wire/line.h"
#include "wire/message.h"
#include "wire/recording.h"
#include "wire/timeline.h"
#include "wire/value.h"

#endif
