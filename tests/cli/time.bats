#!/usr/bin/env bats
# The clocks of relay and clients: what is scheduled, when they do not agree
# and when somebody sets one of them.

HOUR=3600000000

setup() {
	load helper
	common_setup
	cc -shared -fPIC -o wallclock.so "$TOP/tests/cli/wallclock.c"
	set_clock relay 0
	set_clock mine 0
}

teardown() {
	common_teardown
}

# set_clock FILE US: it is so much ahead from now on.  (The file is written
# over, not made anew: it is mapped.)
set_clock() {
	python3 -c 'import struct, sys
open(sys.argv[1], "ab").close()
f = open(sys.argv[1], "r+b", buffering=0)
f.write(struct.pack("=q", int(sys.argv[2])))' "$1" "$2"
}

# What runs a command by the clock of that file.  (env makes way for it: what
# is started so in the background has the process id of the command.)
clock() {
	# the sanitizers' library is not the first one then, and knows it
	CLOCK=(env "WALLCLOCK=$WORK/$1" "LD_PRELOAD=$WORK/wallclock.so"
	    "ASAN_OPTIONS=verify_asan_link_order=0:${ASAN_OPTIONS:-}")
}

# A relay by its own clock.
start_relay_with_clock() {
	rm -f port
	clock relay
	"${CLOCK[@]}" clasp-relay -p 0 --port-file port \
	    >relay.out.log 2>relay.log 3>&- 4>&- </dev/null &
	RELAY_PID=$!
	BG_PIDS+=("$RELAY_PID")
	wait_for port || return 1
	export CLASP_URL=ws://127.0.0.1:$(<port)/clasp
}

ts_of() {
	clasp-get -v -o text "$1" | sed 's/.* ts=\([0-9.]*\).*/\1/'
}

@test "the stand-in for the wall clock works" {
	set_clock mine "$HOUR"
	now=$(date +%s)
	clock mine
	[ "$("${CLOCK[@]}" date +%s)" -ge $((now + 3600)) ]
	start_relay_with_clock
	clasp-set /a 1
	[ "$(ts_of /a | cut -d. -f1)" -lt $((now + 600)) ]
	stop_relay
	set_clock relay "$HOUR"
	start_relay_with_clock
	clasp-set /a 1
	[ "$(ts_of /a | cut -d. -f1)" -ge $((now + 3600)) ]
}

@test "at= is by our clock, when the relay's is ahead" {
	set_clock relay "$HOUR"
	start_relay_with_clock
	# taken for the relay's own, these moments would be over
	clasp-pub <<<"/b at=$(($(date +%s) + 2 * SLOW + 3)) 2"
	clasp-pub <<<"/a at=+$((SLOW + 1)) 1 ; /c 3"
	run -1 clasp-get /a
	run -1 clasp-get /b
	bg_ready got clasp-sub -N -n3 '/*'
	finish
	run cat got
	assert_output $'/a 1\n/c 3\n/b 2'
}

@test "at= is by our clock, when the relay's is behind" {
	set_clock relay "-$HOUR"
	start_relay_with_clock
	bg_ready got clasp-sub -N -n3 '/*'
	# taken for the relay's own, these moments would be in an hour
	clasp-pub <<<"/b at=$(($(date +%s) + 1)).5 2
/a at=+0.2 1 ; /c 3"
	finish
	run cat got
	assert_output $'/a 1\n/c 3\n/b 2'
}

@test "what is sent behind a cue comes behind it, however much it is" {
	set_clock relay "$HOUR"
	start_relay_with_clock
	{ echo '/l at=+0.01 1'; seq 1 50000 | sed 's#^#/n #'; } | clasp-pub
	run clasp-get /n
	assert_output 50000
	wait_until 10 clasp-get -q /l
	# --no-wait leaves before the clock is known: its greeting must do
	clasp-pub --no-wait <<<'/m at=+0.01 1'
	wait_until 10 clasp-get -q /m
}

@test "what is scheduled does not move with the relay's wall clock" {
	start_relay_with_clock
	clasp-pub <<<"/a at=+$((2 * SLOW)) 1"
	set_clock relay "$HOUR"
	clasp-set /now 1
	run -1 clasp-get /a
	set_clock relay "-$HOUR"
	clasp-pub <<<'/b at=+0.3 1'
	wait_until 10 clasp-get -q /a
	wait_until 10 clasp-get -q /b
}

@test "the times of values only rise, whatever the wall clock does" {
	start_relay_with_clock
	clasp-set /a 1
	set_clock relay "-$HOUR"
	clasp-set /b 1
	set_clock relay "$HOUR"
	clasp-set /c 1
	for p in /a /b /c; do ts_of $p; done >times
	run sort -n -c times
	assert_success
	run awk 'NR == 1 { t = $1 } $1 - t > 600' times
	assert_output ''
}

@test "a sender whose wall clock is set sends on at the right time" {
	start_relay
	mkfifo pipe
	exec 7<>pipe
	clock mine
	"${CLOCK[@]}" clasp-pub <pipe 2>err 3>&- 4>&- 7>&- &
	BG_PIDS+=($!)
	echo '/first at=+0.01 1' >&7
	wait_until 10 clasp-get -q /first
	set_clock mine "$HOUR"
	echo '/b at=+0.02 1' >&7
	wait_until 10 clasp-get -q /b
	# an hour from now by the clock that was set: now
	echo "/c at=$(($(date +%s) + 3600)) 1" >&7
	wait_until 10 clasp-get -q /c
	set_clock mine "-$HOUR"
	echo '/d at=+0.02 1' >&7
	wait_until 10 clasp-get -q /d
}

@test "what waits is dropped with the relay, and counted" {
	start_relay
	clasp-pub <<<$'/a at=+60 1\n/b at=+61 1\n/c at=+62 1'
	stop_relay
	run cat relay.log
	assert_output --partial '3 scheduled bundles will not run'
}
