#!/usr/bin/env bats
# pypi.bats - clasp-to from the Python package index, unchanged, against our
# relay.  It is installed once into $BUILD/python; see client.py for what the
# client itself cannot do.

VERSIONS='clasp-to==4.2.0 websockets==13.1 msgpack==1.1.0'

venv_folder() {
	local build=${BUILD:-build}
	[[ $build == /* ]] || build=$TOP/$build
	echo "$build/python"
}

setup_file() {
	TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	CLASP_VENV=$(venv_folder)
	export CLASP_VENV
	[[ $(cat "$CLASP_VENV/installed" 2>/dev/null) == "$VERSIONS" ]] &&
	    return
	rm -rf "$CLASP_VENV"
	{ python3 -m venv "$CLASP_VENV" && "$CLASP_VENV/bin/pip" install \
	    --quiet --disable-pip-version-check $VERSIONS; } \
	    >"$CLASP_VENV.log" 2>&1 3>&- ||
	    { cat "$CLASP_VENV.log" >&2; return 1; }
	echo "$VERSIONS" >"$CLASP_VENV/installed"
}

setup() {
	load ../cli/helper
	common_setup
	start_relay
	export SLOW
}

teardown() {
	common_teardown
}

CLIENT=$BATS_TEST_DIRNAME/client.py

py() {
	run timeout $((60 * SLOW)) "$CLASP_VENV/bin/python" "$CLIENT" "$1"
	assert_success
}

@test "every test is run" {
	for name in $("$CLASP_VENV/bin/python" "$CLIENT" --list); do
		grep -q "^	py $name\$" "$BATS_TEST_FILENAME" || fail "$name"
	done
}

@test "Python client: connect" {
	py connect
}

@test "Python client: set and get, every kind of value" {
	py set_and_get
}

@test "Python client: wildcards, and the state on subscribing" {
	py wildcards_and_state
}

@test "Python client: emit and stream, never to the sender" {
	py emit_and_stream
}

@test "Python client: gesture" {
	py gesture
}

@test "Python client: bundle, which it sends in MessagePack" {
	py bundle
}

@test "Python client: a bundle for later" {
	py bundle_for_later
}

@test "Python client: ttl" {
	py ttl
}

@test "Python client: epsilon" {
	py options
}

@test "Python client: signals" {
	py signals
}

@test "Python client: it does not know ACK, and hears nothing after one" {
	py deaf
}
