#!/usr/bin/env bats
# clasp-sub

setup() {
	load helper
	common_setup
}
teardown() { common_teardown; }

@test "-S prints the state, sorted, and ends" {
	start_relay
	clasp-set /lights/b 2 /lights/a 1.0 /audio/gain -3
	run -0 clasp-sub -S '/lights/**'
	assert_output $'/lights/a 1.0\n/lights/b 2'
	run -0 clasp-sub -S '/nothing/**'
	assert_output ''
}

@test "what several patterns match is printed once" {
	start_relay
	clasp-set /l/b 2 /l/a 1
	run -0 clasp-sub -S /l/a '/l/*' '/**'
	assert_output $'/l/a 1\n/l/b 2'
	bg_ready live clasp-sub -N -n2 -T 10 /l/a '/l/*' '/**'
	clasp-set /l/a 3
	clasp-set /k 4
	finish
	run cat live
	assert_output $'/l/a 3\n/k 4'
}

@test "first the state, then live; lines are out at once" {
	start_relay
	clasp-set /l/a 1
	bg_ready live clasp-sub '/l/**'
	wait_for_lines live 1
	clasp-pub /l/cue event '{"id":1}'
	wait_for_lines live 2
	clasp-pub /l/x stream 0.5
	wait_for_lines live 3
	kill "$BG_PID"
	finish
	[ "$status" -eq 143 ]
	run cat live
	assert_output $'/l/a 1\n/l/cue event {"id":1}\n/l/x stream 0.5'
	[ ! -s live.log ]
}

@test "-n, -T, --idle and --type" {
	start_relay
	clasp-set /l/a 1 /l/b 2
	run -0 clasp-sub -n1 '/l/**'
	assert_output '/l/a 1'
	run -124 clasp-sub -T 100ms '/nothing/**'
	run -0 clasp-sub --idle 100ms '/l/**'
	assert_output $'/l/a 1\n/l/b 2'
	run -124 clasp-sub --type event,gesture -T 100ms '/l/**'
	assert_output ''
	run -1 clasp-sub -S -n3 '/l/**'
}

@test "-t puts times in front" {
	start_relay
	clasp-set /a 1
	run clasp-sub -St /a
	assert_output --regexp '^[0-9]{10}\.[0-9]{6} /a 1$'
	run clasp-sub -S -t=rel /a
	assert_output '0.000000 /a 1'
}

@test "-v names the writer of every line, in order" {
	start_relay
	bg_ready live clasp-sub -v -n4 -T 10 '/w/**'
	clasp-set /w/1 5
	clasp-pub /w/e event
	printf '/w/1 6\n/w/2 7\n' | clasp-pub
	finish
	[ "$status" -eq 0 ]
	run sed 's/by=[0-9a-f-]\{36\}/by=ID/' live
	assert_output - <<'END'
/w/1 rev=1 by=ID 5
/w/e event
/w/1 rev=2 by=ID 6
/w/2 rev=1 by=ID 7
END
}

@test "--exec runs a command for each line, one after the other" {
	start_relay
	clasp-set /x/1 '"a b"' /x/2 2.0
	bg_ready got clasp-sub -n4 -T 10 \
	    --exec 'echo "$CLASP_KIND $CLASP_ADDRESS [$CLASP_VALUE]"' '/x/**'
	clasp-pub /x/e event
	clasp-set /x/1 7
	finish
	[ "$status" -eq 0 ]
	run cat got
	assert_output - <<'END'
param /x/1 ["a b"]
param /x/2 [2.0]
event /x/e []
param /x/1 [7]
END
}

@test "--all shows every message" {
	start_relay
	clasp-set /a 1
	run -0 clasp-sub -S --all '/**'
	assert_line --index 0 --partial 'welcome {'
	assert_output --partial 'snapshot {"params":[{"address":"/a"'
	assert_output --partial 'pong {}'
}

@test "--epsilon leaves small changes out" {
	start_relay
	bg_ready live clasp-sub -n2 -T 10 --epsilon 0.1 /f
	printf '/f %s\n' 0.5 0.55 0.45 0.75 | clasp-pub
	finish
	run cat live
	assert_output $'/f 0.5\n/f 0.75'
}

@test "--max-rate lets the last value out" {
	start_relay
	bg_ready live clasp-sub -n2 -T 10 --max-rate 5/s /f
	seq 1 1000 | sed 's#^#/f #' | clasp-pub
	finish
	[ "$status" -eq 0 ]
	run tail -n1 live
	assert_output '/f 1000'
}

@test "a pattern that the shell has expanded" {
	start_relay
	mkdir d
	ln -s nowhere d/link
	touch d/file
	run -2 clasp-sub "$WORK"/d/*
	assert_line --index 0 \
	    'clasp-sub: 2 files where a pattern belongs: quote the pattern'
	# with one that is none behind it, and more than may be subscribed
	(cd d && touch $(seq 150))
	run -2 clasp-sub "$WORK"/d/* '/lights/**'
	assert_line --index 0 \
	    'clasp-sub: 152 files where a pattern belongs: quote the pattern'
	# one alone may be an address
	clasp-set "$WORK/d/file" 1
	run -0 clasp-sub -S "$WORK/d/file"
	assert_output "$WORK/d/file 1"
}

@test "--max-rate and --epsilon with a relay that knows neither" {
	bg relay python3 "$TOP/tests/cli/deaf_relay.py" "$WORK/sock" /f 100
	wait_until 10 test -S sock
	# the second shows that the rate is ours to keep
	run -0 clasp-sub -u unix:sock -n3 -T 20 --max-rate 1 --epsilon 2 /f
	assert_output $'/f 1\n/f 3\n/f 100'
}

@test "--max-rate and --epsilon: the relay sends no more than that" {
	start_relay
	clasp-set /f 0
	bg_ready live clasp-sub --max-rate 2 --epsilon 10 --stats /f
	seq 1 1000 | sed 's#^#/f #' | clasp-pub
	wait_for_line live '^/f 1000$'
	# the state, the first, the last; in between what a slow machine takes
	[ "$(wc -l <live)" -lt 50 ]
	kill "$BG_PID"
	finish
	run head -n2 live
	assert_output $'/f 0\n/f 1'
}

@test "-f: %n and %w are there without -v, %l stays plain" {
	start_relay
	clasp-set /a 1
	run clasp-get -f '%a %n %l' /a
	assert_output '/a 1 /a 1'
	bg_ready out clasp-sub -n2 -f '%n|%w|%l' /a
	clasp-set /a 2
	finish
	run sed 's/|[0-9a-f-]*|/|WRITER|/' out
	assert_output $'1|WRITER|/a 1\n2|WRITER|/a 2'
	run grep -c '|[0-9a-f-]\{36\}|' out
	assert_output 2
}

@test "a reader that goes away ends it, without a word" {
	start_relay
	clasp-set /a 1
	set -o pipefail
	run -0 --separate-stderr bash -c \
	    'set -o pipefail; clasp-sub "/**" | head -n1'
	assert_output '/a 1'
	[ -z "$stderr" ]
	# while nothing comes, too
	run -0 bash -c 'set -o pipefail; clasp-sub -N -T 20 "/**" | :'
}

@test "a slow reader loses nothing and holds nobody up" {
	start_relay
	mkfifo pipe
	clasp-sub -N -n 100000 -T 30 --ready-fd 9 '/s/*' >pipe 2>err 9>r \
	    3>&- &
	BG_PIDS+=($!)
	exec 8<pipe
	wait_for r
	seq 1 50000 | sed 's#.*#/s/& event#' | clasp-pub
	seq 50001 100000 | sed 's#.*#/s/& event#' >rest
	# nobody has read yet, and the relay has taken it all
	cat <&8 >got 3>&- &
	BG_PIDS+=($!)
	clasp-pub <rest
	wait_for_lines got 1
	exec 8<&-
	wait_until 20 ended "${BG_PIDS[1]}"
	run sh -c 'wc -l <got; cat err'
	assert_line --index 0 --regexp '^[0-9]+$'
	run bash -c 'awk -F"[/ ]" "\$3 <= last {bad++} {last = \$3}
	    END {print bad + 0}" got'
	assert_output 0
}

@test "a stuck reader: a signal, or -T, ends it in about a second" {
	local how

	start_relay
	seq -f '/big/%g "0123456789012345678901234567890123456789"' 4000 |
	    clasp-pub -
	mkfifo fifo
	exec 7<>fifo
	for how in TERM INT; do
		bg_ready out sh -c 'exec clasp-sub "$@" >fifo' sh '/**'
		kill -"$how" "$BG_PID"
		finish
		[ "$status" -eq $((128 + $(kill -l $how))) ]
	done
	bg out sh -c 'exec clasp-sub -T 100ms "/**" >fifo'
	finish
	[ "$status" -eq 124 ]
	exec 7>&-
}

@test "comes back to a relay that was started again, tells only news" {
	url=unix:$WORK/socket
	start_relay --listen "$url"
	clasp-set -u "$url" /l/a 1 /l/b 2
	bg_ready live clasp-sub -u "$url" '/l/**'
	wait_for_lines live 2
	kill "$RELAY_PID"
	wait_for_line live.log 'lost'
	gone "$RELAY_PID"
	rm -f socket
	start_relay --listen "$url"
	clasp-set -u "$url" /l/a 9
	wait_for_line live.log 'back after'
	wait_for_lines live 3
	clasp-set -u "$url" /l/c 3
	wait_for_lines live 4
	run cat live
	assert_output $'/l/a 1\n/l/b 2\n/l/a 9\n/l/c 3'
	run grep -c . live.log
	assert_output 2
}

@test "--no-reconnect: a loss is the end" {
	start_relay
	bg_ready live clasp-sub --no-reconnect '/l/**'
	stop_relay
	finish
	[ "$status" -eq 3 ]
}

@test "--retry waits for the first connection" {
	bg live clasp-sub --retry -n1 -u "unix:$WORK/socket" /a
	start_relay --listen "unix:$WORK/socket"
	clasp-set /a 1
	finish
	[ "$status" -eq 0 ]
	run cat live
	assert_output '/a 1'
}

@test "--stats is one line at the end" {
	start_relay
	clasp-set /a 1
	run -0 --separate-stderr clasp-sub -S --stats /a
	[[ $stderr == 'clasp-sub: 1 lines in '* ]]
}

@test "usage" {
	run -2 --separate-stderr clasp-sub
	[ "${stderr_lines[0]}" = 'clasp-sub: no PATTERN given' ]
	run -2 --separate-stderr clasp-sub 'lights/*'
	[ "$stderr" = 'clasp-sub: lights/*: pattern must start with /' ]
	run -2 clasp-sub -S -N /a
	run -2 clasp-sub --max-rate 0.1 /a
	run -3 --separate-stderr clasp-sub -u unix:/nowhere/socket /a
	[ "$stderr" = 'clasp-sub: unix:/nowhere/socket: no such file or directory' ]
}

@test "a full disk is an error" {
	start_relay
	clasp-set /a 1
	run -3 sh -c 'clasp-sub -S /a >/dev/full'
}
