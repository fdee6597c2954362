#!/usr/bin/env bats
# clasp-record

setup() {
	load helper
	common_setup
}
teardown() { common_teardown; }

@test "header, state, lines with times, end" {
	start_relay
	clasp-set /l/b 2 /l/a 1
	bg_ready out clasp-record -o take.clasp -n4 -T 10 '/l/**'
	clasp-pub /l/cue event
	clasp-set /l/a 3
	finish
	[ "$status" -eq 0 ]
	run cat take.clasp
	assert_line --index 0 --regexp '^#clasp 1 epoch=[0-9]{10}\.[0-9]{6}$'
	assert_line --index 1 '#snapshot 2'
	assert_line --index 2 '0.000000 /l/a 1'
	assert_line --index 3 '0.000000 /l/b 2'
	assert_line --index 4 --regexp '^[0-9]+\.[0-9]{6} /l/cue event$'
	assert_line --index 5 --regexp '^[0-9]+\.[0-9]{6} /l/a 3$'
	assert_line --index 6 --regexp '^#end [0-9]+\.[0-9]{6} lines=4$'
}

@test "a signal writes the end, then it dies of it" {
	start_relay
	bg_ready out clasp-record '/l/**'
	clasp-set /l/a 1
	wait_for_lines out 2
	kill -TERM "$BG_PID"
	finish
	[ "$status" -eq 143 ]
	run tail -n1 out
	assert_output --regexp '^#end [0-9.]+ lines=1$'
}

@test "-N leaves the state out; -T is exit 124, with an end" {
	start_relay
	clasp-set /l/a 1
	run -124 clasp-record -N -T 100ms '/l/**'
	assert_line --index 0 --partial '#clasp 1'
	assert_line --index 1 --regexp '^#end [0-9.]+ lines=0$'
}

@test "a gap is noted, with what changed meanwhile behind it" {
	url=unix:$WORK/socket
	start_relay --listen "$url"
	clasp-set -u "$url" /l/a 1
	bg_ready out clasp-record -u "$url" '/l/**'
	wait_for_lines out 3
	kill "$RELAY_PID"
	gone "$RELAY_PID"
	wait_for_line out.log lost
	rm -f socket
	start_relay --listen "$url"
	clasp-set -u "$url" /l/a 2
	wait_for_line out '/l/a 2$'
	run tail -n2 out
	assert_line --index 0 --regexp '^#gap [0-9]+\.[0-9]{6}$'
	assert_line --index 1 --regexp '/l/a 2$'
}

@test "--exact keeps what the wire chose" {
	start_relay
	bg_ready out clasp-record --exact -n1 -T 10 '/l/**'
	clasp-pub <<<'/l/a event f32:0.5'
	finish
	run cat out
	assert_output --partial 'qos=confirm f32:0.5'
}

@test "a full disk is exit 3, naming the file" {
	start_relay
	run -3 --separate-stderr clasp-record -T 10 -o /dev/full '/l/**'
	[ "$stderr" = 'clasp-record: /dev/full: no space left on device' ]
	run -3 --separate-stderr sh -c \
	    "clasp-record -T 10 '/l/**' >/dev/full"
	[ "$stderr" = 'clasp-record: stdout: no space left on device' ]
}

@test "a full disk in the middle leaves whole lines" {
	start_relay
	seq 1 2000 | sed 's#.*#/l/& "some text"#' | clasp-pub
	run -3 --separate-stderr bash -c \
	    "ulimit -f 8; trap '' XFSZ; clasp-record -T 10 -o f '/l/**'"
	[[ $stderr == 'clasp-record: f: '* ]]
	run tail -c1 f
	assert_output ''
	clasp-play --speed 0 -o text f >lines 2>err
	run cat err
	assert_output --partial 'cut off'
}

@test "yesterday's file outlives a relay that is not there" {
	echo precious >take
	run -3 clasp-record -u unix:/nowhere/socket -o take '/**'
	run cat take
	assert_output precious
}

@test "-o FIFO: a reader that stops holds nothing up" {
	start_relay
	mkfifo fifo
	clasp-set /a 1
	bg rec clasp-record -o fifo '/**'
	head -n 3 <fifo >got
	finish
	[ "$status" -eq 0 ]
	assert_equal "$(sed -n 3p got)" '0.000000 /a 1'
	# nobody reads at all: the relay hears a goodbye all the same
	exec 7<>fifo
	bg_ready rec clasp-record -o fifo '/**'
	seq -f '/big/%g "0123456789012345678901234567890123456789"' 3000 |
	    clasp-pub -
	kill -TERM "$BG_PID"
	finish
	exec 7>&-
	[ "$status" -eq 143 ]
}

@test "-o FIFO without a reader: a signal ends it" {
	start_relay
	mkfifo fifo
	bg rec clasp-record -o fifo '/**'
	wait_until 10 catches_int "$BG_PID"
	kill -INT "$BG_PID"
	finish
	[ "$status" -eq 130 ]
}

@test "usage" {
	run -2 clasp-record
	run -2 clasp-record -o json '/**'
	assert_output --partial './json'
	start_relay
	run -3 --separate-stderr clasp-record -o /nowhere/file '/**'
	[ "$stderr" = \
	    'clasp-record: /nowhere/file: no such file or directory' ]
}
