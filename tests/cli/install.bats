#!/usr/bin/env bats
# An installed tree is all that a program of somebody else needs.

setup() {
	load helper
	common_setup
}
teardown() { common_teardown; }

# Installs once for all tests of this file.
install_tree() {
	TREE=$BATS_FILE_TMPDIR/tree
	[[ -e $TREE/done ]] && return
	make -s -C "$TOP" BUILD="${BUILD:-build}" PREFIX="$TREE/usr" install \
	    >"$WORK/install.log" 2>&1 3>&- || { cat "$WORK/install.log"; return 1; }
	touch "$TREE/done"
}

@test "the example builds with nothing but pkg-config, and works" {
	[[ ${BUILD:-} != *san* ]] || skip 'a sanitized library'
	install_tree
	export PKG_CONFIG_PATH=$TREE/usr/lib/pkgconfig
	cp "$TOP/examples/light.c" .
	(($(wc -l <light.c) <= 40))
	# shellcheck disable=SC2046
	cc -std=c11 -Wall -Wextra -Werror light.c \
	    $(pkg-config --cflags --libs clasp) -o light
	start_relay
	run ./light "$CLASP_URL"
	assert_success
	assert_output '/lights/front is 0.5'
	run clasp-get /lights/front
	assert_output 0.5
	run ./light nonsense
	assert_failure
	assert_output 'light: invalid URL'
}

@test "DESTDIR goes before everything, and nothing of it is written down" {
	make -s -C "$TOP" BUILD="${BUILD:-build}" DESTDIR="$WORK/dest" \
	    PREFIX=/opt/clasp install >install.log 2>&1 3>&- ||
	    { cat install.log; false; }
	[ -x dest/opt/clasp/bin/clasp-set ]
	[ -f dest/opt/clasp/include/clasp/clasp.h ]
	[ -f dest/opt/clasp/share/man/man1/clasp-set.1 ]
	# what the README points to came along
	sed -n 's/.*](\([^):]*\)).*/\1/p' "$TOP/README.md" >links
	[ -s links ]
	while read -r link; do
		[ -e "dest/opt/clasp/share/doc/clasp-tools/$link" ]
	done <links
	run grep -r "$WORK" dest/opt/clasp/lib/pkgconfig
	assert_failure
	make -s -C "$TOP" BUILD="${BUILD:-build}" DESTDIR="$WORK/dest" \
	    PREFIX=/opt/clasp uninstall >>install.log 2>&1 3>&-
	run find dest -type f
	assert_output ''
}

@test "every header stands by itself" {
	for h in $(cd "$TOP/lib" && ls clasp.h client/client.h client/pump.h \
	    wire/*.h base/*.h); do
		echo "#include \"$h\"" >one.c
		cc -std=c11 -D_GNU_SOURCE -I"$TOP/lib" -Wall -Wextra -Werror \
		    -fsyntax-only one.c
	done
}

@test "without libserialport only what needs a serial line is left out" {
	printf '%s\n' '#!/bin/sh' 'case "$*" in *serialport*) exit 1;; esac' \
	    'exec pkg-config "$@"' >some-config
	chmod +x some-config
	run make -n -C "$TOP" PKG_CONFIG="$WORK/some-config" \
	    BUILD="$WORK/none" programs
	assert_success
	assert_line 'make: libserialport not found: left out clasp-midi-in clasp-midi-out clasp-dmx-in clasp-dmx-out'
	assert_output --regexp '-o [^ ]*/bin/clasp-osc2clasp'
	assert_output --regexp '-o [^ ]*/bin/clasp-clasp2osc'
	refute_output --partial bin/clasp-dmx-out
	refute_output --partial lib/dev/serial.c
	refute_output --partial -lserialport
}

@test "the relay's unit is installed, correct and locked up" {
	command -v systemd-analyze >/dev/null || skip 'no systemd-analyze'
	install_tree
	unit=$TREE/usr/lib/systemd/system/clasp-relay.service
	grep -qx "ExecStart=$TREE/usr/bin/clasp-relay \$CLASP_RELAY_OPTIONS" \
	    "$unit"
	run systemd-analyze verify --man=no "$unit"
	assert_success
	refute_output --partial clasp-relay.service
	# the score of a service nothing is forbidden to is 96
	run systemd-analyze security --offline=true --threshold=20 "$unit"
	assert_success
}

@test "the unit follows the prefix, and goes with it" {
	make -s -C "$TOP" BUILD="${BUILD:-build}" DESTDIR="$WORK/dest" \
	    PREFIX=/opt/clasp install >install.log 2>&1 3>&- ||
	    { cat install.log; false; }
	unit=dest/opt/clasp/lib/systemd/system/clasp-relay.service
	grep -q '^ExecStart=/opt/clasp/bin/clasp-relay ' "$unit"
	run ! grep -q "$WORK" "$unit"
	run ! grep -q @ <(grep -v '@[a-z]' "$unit")
	make -s -C "$TOP" BUILD="${BUILD:-build}" DESTDIR="$WORK/dest" \
	    PREFIX=/opt/clasp uninstall >>install.log 2>&1 3>&-
	[ ! -e "$unit" ]
}
