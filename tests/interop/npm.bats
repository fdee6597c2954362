#!/usr/bin/env bats
# npm.bats - @clasp-to/core from the npm registry, unchanged, against our
# relay.  It is installed once into $BUILD/npm.

npm_folder() {
	local build=${BUILD:-build}
	[[ $build == /* ]] || build=$TOP/$build
	echo "$build/npm"
}

setup_file() {
	TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	CLASP_NPM=$(npm_folder)
	export CLASP_NPM
	mkdir -p "$CLASP_NPM"
	[[ -e $CLASP_NPM/node_modules/@clasp-to/core/package.json &&
	    -e $CLASP_NPM/node_modules/ws/package.json ]] ||
	    npm install --silent --no-audit --no-fund --prefix "$CLASP_NPM" \
		@clasp-to/core@3.3.2 ws@8 >"$CLASP_NPM/install.log" 2>&1 3>&- ||
	    { cat "$CLASP_NPM/install.log" >&2; return 1; }
}

setup() {
	load ../cli/helper
	common_setup
	start_relay
	export RELAY_PID SLOW
}

teardown() {
	common_teardown
}

js() {
	run timeout $((40 * SLOW)) node "$BATS_TEST_DIRNAME/client.mjs" "$1"
	assert_success
}

@test "the client is the published one" {
	run jq -r '.name, .version' \
	    "$CLASP_NPM/node_modules/@clasp-to/core/package.json"
	assert_output "@clasp-to/core
3.3.2"
}

@test "npm client: connect" {
	js connect
}

@test "npm client: set and get, every kind of value" {
	js 'set and get'
}

@test "npm client: on with wildcards" {
	js 'on with wildcards'
}

@test "npm client: a late subscriber gets the state" {
	js 'late subscriber'
}

@test "npm client: emit and stream, never to the sender" {
	js 'emit and stream'
}

@test "npm client: gesture" {
	js gesture
}

@test "npm client: bundle, in order" {
	js bundle
}

@test "npm client: time" {
	js time
}

@test "npm client: two clients" {
	js 'two clients'
}

@test "npm client: comes back after the relay was killed" {
	js reconnect
}

@test "npm client: locks" {
	js locks
}

@test "npm client: params that expire" {
	js ttl
}

@test "npm client: a bundle for later" {
	js 'scheduled bundle'
}

@test "npm client: SYNC" {
	js 'time sync'
}

@test "npm client: thirty of them, a relay killed ten times" {
	js 'reconnect storm'
}

@test "npm client: the same under TLS" {
	load ../cli/ca
	ca root
	issue good root DNS:localhost
	stop_relay
	start_relay --host 127.0.0.1 --cert good.pem --key good.key --tls-only
	export CLASP_URL=wss://localhost:$RELAY_PORT
	export NODE_EXTRA_CA_CERTS=$WORK/root.pem
	js connect
	js 'set and get'
	js 'two clients'
	unset NODE_EXTRA_CA_CERTS
	run timeout $((40 * SLOW)) node "$BATS_TEST_DIRNAME/client.mjs" connect
	assert_failure
}

last_level_is() {
	awk '$2 == 6 { s = substr($3, 15, 2) } END { print s }' w.txt |
	    grep -qx "$1"
}

@test "npm client: a fader reaches the fixture" {
	mkfifo ctl
	python3 "$TOP/tests/cli/widget.py" W w.txt ctl >widget.log 2>&1 3>&- &
	BG_PIDS+=($!)
	wait_until 5 test -e W
	bg_ready out clasp-dmx-out -d W -u "$CLASP_URL"
	js fader
	wait_until 5 last_level_is c8
	# on the way, never back
	awk '$2 == 6 { print substr($3, 15, 2) }' w.txt | sort -c
	(($(awk '$2 == 6 { print substr($3, 15, 2) }' w.txt | uniq | wc -l) > 2))
}

@test "npm client: a web page plays a synthesizer" {
	local bytes

	: >synth
	bg_ready out clasp-midi-out -d raw:./synth -u "$CLASP_URL"
	js synthesizer
	wait_until 5 eval '[ "$(tail -c 1 synth | xxd -p)" = fa ]'
	bytes=$(xxd -p -c 0 synth)
	# the fader only rises and ends at the top; all else is there, in order
	[[ $bytes == *b0077fe30000992464892400fa ]]
	clasp-midi-in -d ./synth | awk '/cc\/7 / { print $2 }' | sort -n -c
	kill "$BG_PID"
	finish
	[ "$status" = 143 ]
	[ ! -s out.log ]
}
