#!/usr/bin/env bats
# The demo: its values come from a seed, and what it prints is what arrived.
# This file works the values out by itself and looks for them in the DMX
# packet at the far end.

bats_require_minimum_version 1.5.0

setup() {
	load helper
	common_setup
}

teardown() {
	common_teardown
}

# The channels a seed stands for, as the demo says it makes them.
expected() {
	python3 - "$1" <<'P'
import sys
r = int(sys.argv[1]) % 2147483648
out = []
for c in range(1, 9):
    r = (r * 1103515245 + 12345) % 2147483648
    v = (r >> 16) % (128 if c < 5 else 256)
    if c < 5:                           # MIDI: 0-127 scaled to 0-255
        out.append(v * 255 // 127)
    else:                               # OSC: a float of 0-1
        out.append(v)
print(*out)
P
}

demo() {
	DEMO_SEED=$1 DEMO_DIR=$PWD/demo "$TOP/scripts/demo" 3>&- </dev/null
}

@test "the values of a seed stand in the last DMX packet" {
	seed=$((RANDOM * 32768 + RANDOM))
	echo "seed $seed"
	run demo "$seed"
	[ "$status" -eq 0 ]
	got=$(tail -c 518 demo/dmx.bin | od -An -v -tu1 -w518 |
	    awk '{print $1, $2, $518, $6, $7, $8, $9, $10, $11, $12, $13}')
	[ "$got" = "126 6 231 $(expected "$seed")" ]
	# and in what it prints
	shown=$(printf '%s\n' "$output" | awk '$1 == "channel" {print $3}' |
	    tr '\n' ' ')
	[ "$shown" = "$(expected "$seed") " ]
}

@test "another seed gives other values" {
	run demo 1
	[ "$status" -eq 0 ]
	one=$(tail -c 518 demo/dmx.bin | cksum)
	rm -r demo
	run demo 2
	[ "$status" -eq 0 ]
	[ "$(tail -c 518 demo/dmx.bin | cksum)" != "$one" ]
}

@test "the recording of the demo is whole and legal" {
	run demo 3
	[ "$status" -eq 0 ]
	clasp-fmt --check demo/take.clasp
	[ "$(tail -n 1 demo/take.clasp | cut -d' ' -f1)" = '#end' ]
}

@test "a seed that is no number is refused" {
	run -2 demo seven
}

@test "nothing is left running" {
	run demo 4
	[ "$status" -eq 0 ]
	! pgrep -f "$PWD/demo" >/dev/null
}

@test "in a terminal: its three lines work, and nothing stays" {
	# what is typed waits for its prompt
	mkfifo keys
	exec 7<>keys
	TERM=dumb script -qefc "DEMO_SEED=1 $TOP/scripts/demo" /dev/null <keys \
	    >screen 3>&- 7>&- &
	BG_PIDS+=($!)
	wait_for_line screen 'exit ends the demo' 60
	printf '%s\n' "clasp-set /dmx/1/1 200; clasp-get '/dmx/1/*'" >&7
	wait_for_line screen '^/dmx/1/1 200'
	printf '%s\n' "clasp-sub '/**' & echo pid=\$!" "man -w clasp" >&7
	wait_for_line screen '^pid=[0-9]'
	wait_for_line screen '/clasp[.]7'
	printf 'exit\n' >&7
	finish "${BG_PIDS[0]}"
	exec 7>&-
	pid=$(sed -n 's/^pid=\([0-9]*\).*/\1/p' screen)
	wait_until 5 ended "$pid"
}
