#!/usr/bin/env bats
# clasp-fade

setup() {
	load helper
	common_setup
}
teardown() { common_teardown; }

# watch OUT PATTERN: what comes live, until clasp-fade's end is there.
watch() {
	bg_ready "$1" clasp-sub -N "$2"
}

@test "a fade is steps on a line, and ends on exactly its end" {
	start_relay
	watch got /a
	clasp-fade /a 0.0 1.0 200ms
	run clasp-get /a
	assert_output 1.0
	wait_for_line got '^/a 1\.0$'
	# the first is the start, the last the end, all between on multiples
	# of 25 ms; a busy machine may leave some out
	[ "$(head -n1 got)" = '/a 0.0' ]
	[ "$(tail -n1 got)" = '/a 1.0' ]
	run awk '{ k = $2 * 8; if (k - int(k + 0.5) > 1e-9 ||
	    int(k + 0.5) - k > 1e-9) print } $2 < last { print "back", $2 }
	    { last = $2 }' got
	assert_output ''
	[ "$(sort -u got | wc -l)" -eq "$(wc -l <got)" ]
}

@test "without FROM it starts where the param is" {
	start_relay
	clasp-set /a 0.5
	watch got /a
	clasp-fade /a 1.5 100ms
	wait_for_line got '^/a 1\.5$'
	# the start is there already
	run awk '$2 <= 0.5 || $2 > 1.5' got
	assert_output ''
}

@test "without any value to start from it is exit 1" {
	start_relay
	run -1 --separate-stderr clasp-fade /a 1.0 10s
	[ "$stderr" = 'clasp-fade: /a: no value to fade from' ]
	run -1 clasp-get /a
}

@test "ints stay ints, rounded" {
	start_relay
	watch got /a
	clasp-fade /a 10 -10 150ms
	wait_for_line got '^/a -10$'
	run grep -v -E '^/a -?[0-9]+$' got
	assert_output ''
	# 20 in six frames: 6.67 is 7, 3.33 is 3, 0 ...
	run awk '$2 != 10 && $2 != 7 && $2 != 3 && $2 != 0 && $2 != -3 &&
	    $2 != -7 && $2 != -10' got
	assert_output ''
	# an int and a float go as floats
	watch more /b
	clasp-fade /b 0 4.0 100ms
	wait_for_line more '^/b 4\.0$'
	run grep -v -E '^/b [0-9]\.[0-9]+$' more
	assert_output ''
}

@test "arrays fade item by item" {
	start_relay
	watch got /rgb
	clasp-fade -r 20 /rgb '[0,255,0.0]' '[200,55,1.0]' 200ms
	wait_for_line got '\[200,55,1.0\]'
	run grep -v -x -F -e '/rgb [0,255,0.0]' -e '/rgb [50,205,0.25]' \
	    -e '/rgb [100,155,0.5]' -e '/rgb [150,105,0.75]' \
	    -e '/rgb [200,55,1.0]' got
	assert_output ''
	run -2 --separate-stderr clasp-fade /rgb '[0,1]' '[2]' 1s
	[ "$stderr" = 'clasp-fade: /rgb: no way from [0,1] to [2]' ]
}

@test "easings" {
	start_relay
	watch got '/*'
	clasp-fade -r 10 /in 0.0 100.0 400ms ease-in
	clasp-fade -r 10 /out 0.0 100.0 400ms ease-out
	clasp-fade -r 10 /both 0.0 100.0 400ms ease-in-out
	clasp-fade -r 10 /step 0.0 100.0 400ms step
	clasp-fade -r 10 /css 0.0 100.0 400ms \
	    cubic-bezier:0.25,0.1,0.25,1
	clasp-set /end 1
	wait_for_line got '^/end'
	# quarter, half, three quarters of the way
	cat >table <<'END'
/in 0 6.25 25 56.25 100
/out 0 43.75 75 93.75 100
/both 0 12.5 50 87.5 100
/step 0 0 0 0 100
/css 0 40.8511 80.2403 96.0459 100
END
	run awk 'NR == FNR { for (i = 2; i <= NF; i++) want[$1, i] = $i; next }
	    $1 == "/end" { next }
	    { ok = 0; for (i = 2; i <= 6; i++) { d = $2 - want[$1, i];
	    if (d < 0.001 && d > -0.001) ok = 1 } if (!ok) print }' table got
	assert_output ''
	run -2 --separate-stderr clasp-fade /a 0 1 1s ease
	[[ $stderr == 'clasp-fade: ease: not an easing: '* ]]
	# what begins with no letter was meant as a duration
	run -2 --separate-stderr clasp-fade /a 0 1 -1s
	assert_equal "$stderr" \
	    'clasp-fade: -1s: not a duration such as 250ms, 2s, 1.5m'
	run -2 clasp-fade /a 0 1 1s cubic-bezier
	run -2 clasp-fade /a 0 1 1s linear:1
	run -2 clasp-fade /a 0 1 1s cubic-bezier:1,2,3
	run -2 clasp-fade /a 0 1 1s cubic-bezier:2,0,0,1
	run -2 clasp-fade /a 0 1 1s 'cubic-bezier:1],[2'
}

@test "--timeline: one timeline, and the end when it is over" {
	start_relay
	bg_ready got clasp-sub -N -n2 /a
	clasp-fade --timeline /a 0.0 1.0 150ms ease-out
	finish
	run cat got
	assert_line --index 0 --regexp \
	    '^/a timeline start=[0-9]+\.[0-9]{6} \[\[0,0\.0,"ease-out"\],\[150000,1\.0\]\]$'
	assert_line --index 1 '/a 1.0'
	# its start is about now, by the relay's clock, which is ours here
	at=$(sed -n 's/.*start=\([0-9]*\).*/\1/p' got)
	[ $(($(date +%s) - at)) -lt 60 ]
	bg_ready curve clasp-sub -N -n2 /b
	clasp-fade --timeline /b 0 4 50ms cubic-bezier:0.1,0,1,0.5
	finish
	run sed 's/start=[^ ]* //' curve
	assert_output '/b timeline [[0,0,"cubic-bezier",[0.1,0.0,1.0,0.5]],[50000,4]]
/b 4'
}

@test "a signal stops it where it is" {
	start_relay
	for way in '' --timeline; do
		rm -f got
		watch got /a
		clasp-fade $way /a 0.0 1.0 1h 2>err 3>&- 4>&- &
		pid=$!
		BG_PIDS+=("$pid")
		wait_for got
		kill -INT "$pid"
		finish "$pid"
		[ "$status" -eq 130 ]
		run -0 clasp-get /a
		[[ $output == 0.0* ]] || [[ $output == [0-9]*e-* ]]
		clasp-set /a 2.0
	done
	# who plays it is told to stop
	wait_for_line got '^/a 2\.0$'
	run cat got
	assert_line --index 1 '/a timeline []'
}

@test "a lock that another holds is exit 5" {
	start_relay
	bg_ready held clasp-lock /a
	run -5 --separate-stderr clasp-fade /a 0 1 1h
	[[ $stderr == 'clasp-fade: /a: locked by session '* ]]
	run -5 clasp-fade --timeline /a 0 1 1ms
}

@test "a value that cannot fade is exit 5" {
	start_relay
	clasp-set -s /a hello
	run -5 --separate-stderr clasp-fade /a 1.0 1h
	[ "$stderr" = 'clasp-fade: /a: no way from "hello" to 1.0' ]
	run clasp-get /a
	assert_output hello
}

@test "nothing to wait for, and no time at all" {
	start_relay
	clasp-fade /a 0.5 1.0 0
	run clasp-get /a
	assert_output 1.0
	clasp-fade --no-wait /a 0.5 2.0 1ms
	holds() { [ "$(clasp-get /a)" = 2.0 ]; }
	wait_until 5 holds
	run -124 clasp-fade -T 100ms /a 0 1 1h
}

@test "usage" {
	export CLASP_URL=unix:/nowhere/socket
	run -2 clasp-fade
	assert_output --partial 'no ADDRESS given'
	run -2 clasp-fade /a 1
	assert_output --partial 'no DURATION given'
	run -2 clasp-fade '/a/*' 1 1s
	run -2 clasp-fade /a on 1s
	run -2 clasp-fade /a '"x"' 1s
	run -2 clasp-fade /a 1 2 3s linear 5
	run -2 clasp-fade /a 1 2 soon linear
	run -2 clasp-fade -r 0 /a 1 2 1s
	run -2 clasp-fade -r 2000 /a 1 2 1s
	run -3 --separate-stderr clasp-fade /a 1 2 1s
	[ "$stderr" = 'clasp-fade: unix:/nowhere/socket: no such file or directory' ]
}

@test "a relay that goes away is exit 3" {
	start_relay
	watch got /a
	clasp-fade /a 0.0 1.0 1h 2>err 3>&- 4>&- &
	pid=$!
	BG_PIDS+=("$pid")
	wait_for got
	stop_relay
	finish "$pid"
	[ "$status" -eq 3 ]
}
