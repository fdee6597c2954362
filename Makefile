# clasp-tools
#
#	make			library and programs, in build/
#	make check		unit tests, program tests, pages
#	make bench		one table of figures
#	make fuzz FUZZ_SECONDS=600
#	make san		everything again under ASan and UBSan
#	make install DESTDIR=... PREFIX=/usr/local
#
# V=1 shows the commands.  A library that is missing leaves out the parts
# that need it, with one line that says so.

PREFIX		?= /usr/local
DESTDIR		?=
BUILD		?= build
CC		?= cc
AR		?= ar
PKG_CONFIG	?= pkg-config
CFLAGS		?= -O2 -g
VERSION		:= $(shell cat VERSION)

BINDIR		?= $(PREFIX)/bin
LIBDIR		?= $(PREFIX)/lib
INCLUDEDIR	?= $(PREFIX)/include
MANDIR		?= $(PREFIX)/share/man
BASHDIR		?= $(PREFIX)/share/bash-completion/completions
ZSHDIR		?= $(PREFIX)/share/zsh/site-functions
FISHDIR		?= $(PREFIX)/share/fish/vendor_completions.d
DOCDIR		?= $(PREFIX)/share/doc/clasp-tools
UNITDIR		?= $(PREFIX)/lib/systemd/system
UDEVDIR		?= $(PREFIX)/lib/udev/rules.d

WARN	= -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion \
	  -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	  -Wwrite-strings -Wvla
WERROR	?=
STD	= -std=c11 -D_GNU_SOURCE
CPPFLAGS += -Ilib -DCLASP_VERSION='"$(VERSION)"'

ifeq ($(V),1)
Q	=
SAY	= @:
else
Q	= @
SAY	= @printf '  %-5s %s\n'
endif

# ------------------------------------------------------------- libraries

have	= $(shell $(PKG_CONFIG) --exists $(1) 2>/dev/null && echo yes)
NET_PC	= libuv libwebsockets
TLS_PC	= openssl
DEV_PC	= libserialport
USB_PC	= libusb-1.0
HAVE_NET := $(call have,$(NET_PC))
HAVE_TLS := $(call have,$(TLS_PC))
HAVE_DEV := $(call have,$(DEV_PC))
HAVE_USB := $(call have,$(USB_PC))
# portmidi has no .pc file.
HAVE_PORTMIDI := $(shell echo '\#include <portmidi.h>' | \
	$(CC) $(CPPFLAGS) -E - >/dev/null 2>&1 && echo yes)

RUNGS	= base wire tool proto core
PC	=
# Files in JSON: the app-config file of the relay.
HAVE_JSON := $(call have,jansson)
ifeq ($(HAVE_JSON),yes)
RUNGS	+= auth
PC	+= jansson
else
CPPFLAGS += -DCLASP_WITHOUT_JSON
$(info make: jansson not found: left out --app-config of clasp-relay)
endif
ifeq ($(HAVE_NET),yes)
RUNGS	+= net client dev relay bridge
PC	+= $(NET_PC)
ifeq ($(HAVE_TLS),yes)
PC	+= $(TLS_PC)
else
$(info make: $(TLS_PC) not found: left out TLS (wss:// and tls://))
endif
ifeq ($(HAVE_DEV),yes)
PC	+= $(DEV_PC)
ifeq ($(HAVE_USB),yes)
PC	+= $(USB_PC)
else
CPPFLAGS += -DCLASP_WITHOUT_USB
$(info make: $(USB_PC) not found: left out --driver udmx of clasp-dmx-out)
endif
endif
endif
ifneq ($(PC),)
DEP_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PC))
DEP_LIBS := $(shell $(PKG_CONFIG) --libs $(PC))
endif
ifeq ($(HAVE_PORTMIDI),yes)
DEP_LIBS += -lportmidi
else
$(info make: portmidi not found: left out the named ports of clasp-midi-in clasp-midi-out)
endif
LIBS	= -Wl,--as-needed $(DEP_LIBS) -lm

# Programs that need more than libc.
NET_PROGRAMS = clasp-relay clasp-sub clasp-get clasp-set clasp-pub \
	clasp-lock clasp-bench clasp-ping clasp-fade \
	clasp-record clasp-play clasp-osc2clasp clasp-clasp2osc \
	clasp-sacn-in clasp-sacn-out clasp-artnet-in clasp-artnet-out
DEV_PROGRAMS = clasp-midi-in clasp-midi-out clasp-dmx-in clasp-dmx-out
# ... and the sources that do: a port may be a serial line.
DEV_SOURCES = lib/dev/serial.% lib/dev/port.% lib/dev/opendmx.% \
	lib/dev/dmxthread.% lib/bridge/widget.% lib/bridge/dmxsink.% \
	lib/bridge/midiport.% lib/bridge/midisides.%
USB_SOURCES = lib/dev/udmx.%
TLS_SOURCES = lib/net/tls.c lib/net/tls_context.c lib/net/tls_parts.h

# --------------------------------------------------------------- sources

WITHOUT	:= $(if $(HAVE_DEV),,$(DEV_SOURCES)) \
	$(if $(and $(HAVE_DEV),$(HAVE_USB)),,$(USB_SOURCES)) \
	$(if $(HAVE_PORTMIDI),lib/dev/pmport_none.c,lib/dev/pmport.c) \
	$(if $(HAVE_TLS),lib/net/tls_none.c,$(TLS_SOURCES))
LIB_SRC	:= $(filter-out $(WITHOUT),$(foreach r,$(RUNGS),$(wildcard lib/$(r)/*.c)))
LIB_OBJ	:= $(LIB_SRC:%.c=$(BUILD)/obj/%.o)
LIB	= $(BUILD)/libclasp.a

ALL_PROGRAMS := $(patsubst cmd/%.c,%,$(wildcard cmd/clasp-*.c))
LEFT_OUT :=
ifneq ($(HAVE_NET),yes)
LEFT_OUT += $(NET_PROGRAMS) $(DEV_PROGRAMS)
$(info make: $(NET_PC) not found: left out $(NET_PROGRAMS) $(DEV_PROGRAMS))
else ifneq ($(HAVE_DEV),yes)
LEFT_OUT += $(DEV_PROGRAMS)
$(info make: $(DEV_PC) not found: left out $(DEV_PROGRAMS))
endif
PROGRAMS := $(filter-out $(LEFT_OUT),$(ALL_PROGRAMS))
BIN	:= $(PROGRAMS:%=$(BUILD)/bin/%)

UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT	:= $(UNIT_SRC:tests/unit/%.c=$(BUILD)/test/%)
BENCH_SRC := $(wildcard bench/bench_*.c)
BENCH	:= $(BENCH_SRC:bench/%.c=$(BUILD)/bench/%)
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ	:= $(FUZZ_SRC:tests/fuzz/%.c=$(BUILD)/fuzz/%)

.PHONY: all docs lib programs check unit bench fuzz san soak install uninstall \
	clean \
	layers fuzz-build bench-build completions sim sim-mutants
all: lib programs
lib: $(LIB)
programs: $(BIN)
.SECONDARY:

$(BUILD)/obj/%.o: %.c Makefile VERSION
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) $(STD) $(CPPFLAGS) $(DEP_CFLAGS) $(WARN) $(WERROR) \
	    $(CFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(LIB_OBJ)
	@mkdir -p $(@D)
	$(SAY) AR $@
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/bin/%: $(BUILD)/obj/cmd/%.o $(LIB)
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(LIB) $(LIBS)

# This one says when there is no memory.
$(BUILD)/test/test_memory: LDFLAGS += -Wl,--wrap=malloc -Wl,--wrap=calloc \
	-Wl,--wrap=realloc -Wl,--wrap=posix_memalign

# Unit tests read the vectors with jansson.
$(BUILD)/test/%: tests/unit/%.c $(LIB) Makefile
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(CC) $(STD) $(CPPFLAGS) -Itests/unit $(DEP_CFLAGS) $(WARN) \
	    $(WERROR) $(CFLAGS) $(LDFLAGS) -MMD -MP -MF $@.d -o $@ $< \
	    $(LIB) $(LIBS) $(shell $(PKG_CONFIG) --libs jansson) -lpthread

# What benchmarks share.
BENCH_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,\
	$(filter-out $(BENCH_SRC),$(wildcard bench/*.c)))
$(BUILD)/bench/%: bench/%.c $(BENCH_OBJ) $(LIB) Makefile
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(CC) $(STD) $(CPPFLAGS) -Ibench $(DEP_CFLAGS) $(WARN) \
	    $(WERROR) $(CFLAGS) $(LDFLAGS) -MMD -MP -MF $@.d -o $@ $< \
	    $(BENCH_OBJ) $(LIB) $(LIBS) -lpthread

# The simulator needs the library up to the core, and nothing else.
SIM_OBJ	:= $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/sim/*.c))
SIM_LIB	:= $(filter $(foreach r,base wire core,$(BUILD)/obj/lib/$(r)/%),\
	$(LIB_OBJ))
$(BUILD)/test/sim: $(SIM_OBJ) $(SIM_LIB)
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lm
sim: $(BUILD)/test/sim
# Does it see what is wrong?  Each patch is one bug, on a copy of the tree.
sim-mutants:
	$(Q)scripts/sim-mutants

unit: $(UNIT)
bench-build: all $(BENCH)

layers:
	$(Q)scripts/check-layers

check: all layers unit sim
	$(Q)scripts/run-tests

bench: bench-build
	$(Q)scripts/run-bench

# One libFuzzer binary for each decoder, with everything it needs compiled
# for coverage and under the sanitizers.
FUZZ_SECONDS ?= 60
FUZZ_CC	?= clang
FUZZ_LIB_SRC := $(foreach r,base wire tool proto core,$(wildcard lib/$(r)/*.c))
FUZZ_OBJ := $(FUZZ_LIB_SRC:%.c=$(BUILD)/fuzz/obj/%.o)
FUZZ_FLAGS = -g -O1 -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=undefined
$(BUILD)/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	$(SAY) FUZZ $<
	$(Q)$(FUZZ_CC) $(STD) $(CPPFLAGS) $(FUZZ_FLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/fuzz/%: tests/fuzz/%.c $(FUZZ_OBJ)
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(FUZZ_CC) $(STD) $(CPPFLAGS) $(FUZZ_FLAGS) -fsanitize=fuzzer \
	    -o $@ $< $(FUZZ_OBJ) -lm
fuzz-build: $(FUZZ)
fuzz: fuzz-build
	$(Q)FUZZ_SECONDS=$(FUZZ_SECONDS) BUILD=$(BUILD) scripts/run-fuzz

# A relay under a steady load, its memory and descriptors watched.
SOAK_SECONDS ?= 60
soak: all
	$(Q)SOAK_SECONDS=$(SOAK_SECONDS) BUILD=$(BUILD) scripts/run-tests soak

SAN_FLAGS = -O1 -g -fsanitize=address,undefined -fno-omit-frame-pointer \
	-fno-sanitize-recover=undefined
san:
	$(Q)$(MAKE) BUILD=$(BUILD)/san CFLAGS='$(SAN_FLAGS)' all unit sim
	$(Q)BUILD=$(BUILD)/san scripts/run-tests

completions: programs
	$(Q)scripts/make-completions $(BUILD)/bin completions

# The picture in README, from a run of the program.
docs: programs
	$(Q)BUILD=$(BUILD) scripts/make-picture docs/show.svg

# --------------------------------------------------------------- install

HEADERS := $(patsubst lib/%,%,$(filter-out $(WITHOUT),$(foreach r,$(RUNGS),\
	$(wildcard lib/$(r)/*.h))))

RULES	:= $(if $(and $(HAVE_USB),$(filter clasp-dmx-out,$(PROGRAMS))),\
	70-clasp-dmx.rules)
UNITS	:= $(if $(filter clasp-relay,$(PROGRAMS)),clasp-relay.service)

install: all
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)/pkgconfig \
	    $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5 \
	    $(DESTDIR)$(MANDIR)/man7 $(DESTDIR)$(BASHDIR) \
	    $(DESTDIR)$(ZSHDIR) $(DESTDIR)$(FISHDIR) $(DESTDIR)$(DOCDIR)
	install -m 755 $(BIN) $(DESTDIR)$(BINDIR)
	install -m 644 $(LIB) $(DESTDIR)$(LIBDIR)
	for h in clasp.h $(HEADERS); do \
	    install -D -m 644 lib/$$h $(DESTDIR)$(INCLUDEDIR)/clasp/$$h || \
	    exit 1; done
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
	    -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@VERSION@|$(VERSION)|' \
	    -e 's|@REQUIRES@|$(PC)|' clasp.pc.in \
	    > $(DESTDIR)$(LIBDIR)/pkgconfig/clasp.pc
	for s in 1 5 7; do for m in man/*.$$s; do [ -f $$m ] || continue; \
	    install -m 644 $$m $(DESTDIR)$(MANDIR)/man$$s || exit 1; \
	    done; done
	for p in $(PROGRAMS); do \
	    install -m 644 completions/$$p.bash $(DESTDIR)$(BASHDIR)/$$p && \
	    install -m 644 completions/_$$p $(DESTDIR)$(ZSHDIR)/_$$p && \
	    install -m 644 completions/$$p.fish $(DESTDIR)$(FISHDIR)/$$p.fish \
	    || exit 1; done
	for u in $(UNITS); do install -d $(DESTDIR)$(UNITDIR) && \
	    sed 's|@BINDIR@|$(BINDIR)|' systemd/$$u.in \
	    > $(DESTDIR)$(UNITDIR)/$$u || exit 1; done
	for r in $(RULES); do install -D -m 644 udev/$$r \
	    $(DESTDIR)$(UDEVDIR)/$$r || exit 1; done
	install -m 644 README.md LICENSE $(DESTDIR)$(DOCDIR)
	install -d $(DESTDIR)$(DOCDIR)/docs $(DESTDIR)$(DOCDIR)/examples
	install -m 644 docs/* $(DESTDIR)$(DOCDIR)/docs
	install -m 644 examples/*.c $(DESTDIR)$(DOCDIR)/examples

uninstall:
	for p in $(PROGRAMS); do rm -f $(DESTDIR)$(BINDIR)/$$p \
	    $(DESTDIR)$(BASHDIR)/$$p $(DESTDIR)$(ZSHDIR)/_$$p \
	    $(DESTDIR)$(FISHDIR)/$$p.fish; done
	for u in $(UNITS); do rm -f $(DESTDIR)$(UNITDIR)/$$u; done
	for r in $(RULES); do rm -f $(DESTDIR)$(UDEVDIR)/$$r; done
	rm -f $(DESTDIR)$(LIBDIR)/libclasp.a \
	    $(DESTDIR)$(LIBDIR)/pkgconfig/clasp.pc
	for m in man/*.[157]; do \
	    rm -f $(DESTDIR)$(MANDIR)/man$${m##*.}/$${m#man/}; done
	rm -rf $(DESTDIR)$(INCLUDEDIR)/clasp $(DESTDIR)$(DOCDIR)

clean:
	rm -rf $(BUILD)

-include $(LIB_OBJ:.o=.d) $(BIN:$(BUILD)/bin/%=$(BUILD)/obj/cmd/%.d) \
	$(UNIT:=.d) $(SIM_OBJ:.o=.d) $(BENCH:=.d) $(FUZZ_OBJ:.o=.d)
