#!/usr/bin/env bats
# clasp-pub

setup() {
	load helper
	common_setup
}
teardown() { common_teardown; }

@test "one message from its operands" {
	start_relay
	bg_ready live clasp-sub -N -n7 -T 10 '/**'
	clasp-pub /a 1
	clasp-pub /cue/go event '{"id":"intro"}'
	clasp-pub /cue/stop event
	clasp-pub /imu stream 0.5
	clasp-pub /pad gesture id=7 phase=move '{"x":0.5}'
	clasp-pub /name Hamlet
	clasp-pub -s /year 1984
	finish
	run cat live
	assert_output - <<'END'
/a 1
/cue/go event {"id":"intro"}
/cue/stop event
/imu stream 0.5
/pad gesture id=7 phase=move {"x":0.5}
/name "Hamlet"
/year "1984"
END
}

@test "lines of stdin, whatever it is: pipe, file, /dev/null" {
	start_relay
	echo '/a 1' | clasp-pub
	printf '/b 2\n/c 3' >file
	clasp-pub - <file
	clasp-pub </dev/null
	run clasp-get '/*'
	assert_output $'/a 1\n/b 2\n/c 3'
	run -3 --separate-stderr sh -c 'clasp-pub <&-'
	[[ $stderr == 'clasp-pub: stdin: '* ]]
}

@test "JSON, times, comments, marks and frames are taken" {
	start_relay
	clasp-pub <<'END'
#clasp 1 epoch=5
# a comment
12.5 /a 1
{"type":"set","addr":"/b","value":2}
13.0 mark "here"
+0.5 /c 3
END
	printf 'S\001\000\016\041\005\000\002/d\000\000\000\000\000\000\000\004' |
	    clasp-pub
	run clasp-get '/*'
	assert_output $'/a 1\n/b 2\n/c 3\n/d 4'
}

@test "a bundle is one step" {
	start_relay
	clasp-set /b 0
	echo '/a 1 ; /b 2 ; /e event' | clasp-pub
	run -5 --separate-stderr clasp-pub --cas <<<'/a 5 ; /b rev=9 5'
	[[ $stderr == 'clasp-pub: /b: '* ]]
	run clasp-get /a /b
	assert_output $'1\n2'
}

@test "a bad line is reported and passed over" {
	start_relay
	run -6 --separate-stderr clasp-pub <<<$'/a 1\nwhat is this\n/b 2'
	[[ $stderr == -:2:1:* ]]
	run clasp-get '/*'
	assert_output $'/a 1\n/b 2'
	run -6 clasp-pub --strict <<<$'/c 1\n/d 1e999\n/e 2'
	run clasp-get '/*'
	assert_output $'/a 1\n/b 2\n/c 1'
}

@test "rev= is not sent, unless --cas" {
	start_relay
	clasp-pub <<<'/a rev=17 1'
	run -5 --separate-stderr clasp-pub --cas <<<$'/a rev=17 2\n/b 1'
	[[ $stderr == 'clasp-pub: /a: '* ]]
	clasp-pub --cas <<<'/a rev=1 3'
	run clasp-get /a /b
	assert_output $'3\n1'
}

@test "what sub prints, pub takes" {
	start_relay
	clasp-set /a/1 1 /a/2 2.5 /a/3 '"x"' /a/4 '{"k":[1,null]}'
	clasp-sub -S -v '/a/**' >state
	sed -i 's#/a/#/b/#' state
	clasp-pub <state
	run bash -c "clasp-get '/b/*' | sed 's#/b/#/a/#'"
	assert_output "$(clasp-get '/a/*')"
}

@test "a lock lives as long as its line's program" {
	start_relay
	mkfifo pipe
	exec 7<>pipe
	clasp-pub <pipe 3>&- 4>&- 7>&- &
	BG_PIDS+=($!)
	echo '/f lock 1' >&7
	wait_until 5 clasp-get /f
	run -5 --separate-stderr clasp-set /f 2
	[[ $stderr == 'clasp-set: /f: '* ]]
	exec 7>&-
	wait_until 5 clasp-set /f 2
}

@test "a line too large for a frame is a bad line" {
	start_relay
	(echo '/a 1'; printf '/b "'; head -c 70000 /dev/zero | tr '\0' x
	echo '"'; echo '/c 3') >lines
	run -6 --separate-stderr clasp-pub <lines
	[ "$stderr" = '-:2:1: 70008 bytes do not fit in one frame, which holds 65535' ]
	run clasp-get '/*'
	assert_output $'/a 1\n/c 3'
}

@test "exit 0 comes only after the relay has it all" {
	start_relay
	seq 1 100000 | sed 's#.*#/n &#' | clasp-pub
	run clasp-get /n
	assert_output 100000
}

@test "a bundle for later is done later, though we have left" {
	start_relay
	clasp-pub <<<'/l at=+0.2 1'
	run -1 clasp-get /l
	wait_until 10 clasp-get -q /l
}

@test "a bundle for the day after tomorrow is refused, and said so" {
	start_relay
	run --separate-stderr clasp-pub <<<'/l at=+172800 1'
	assert_failure
	[[ $stderr == 'clasp-pub: '* ]]
	run -1 clasp-get /l
}

@test "-n, and what is missing" {
	start_relay
	clasp-pub -n2 <<<$'/a 1\n/b 2\n/c 3'
	run clasp-get '/*'
	assert_output $'/a 1\n/b 2'
	run -1 clasp-pub -n2 <<<'/a 1'
}

@test "a relay that goes away is exit 3" {
	start_relay
	mkfifo pipe
	exec 7<>pipe
	clasp-pub <pipe 2>err 3>&- 4>&- 7>&- &
	BG_PIDS+=($!)
	pub=$!
	echo '/a 1' >&7
	wait_until 5 clasp-get /a
	stop_relay
	finish "$pub"
	[ "$status" -eq 3 ]
	run cat err
	assert_output --partial "clasp-pub: $CLASP_URL: "
}

@test "usage" {
	export CLASP_URL=unix:/nowhere/socket
	run -2 clasp-pub /a
	assert_output --partial '/a: no VALUE given'
	run -2 clasp-pub 'a/*' 1
	run -2 clasp-pub /a nonsense 1
	run -3 --separate-stderr clasp-pub <<<'/a 1'
	[ "$stderr" = 'clasp-pub: unix:/nowhere/socket: no such file or directory' ]
}

@test "an empty bundle is a bad line" {
	start_relay
	printf '%s\n' ';' '/a 1' >lines
	run -6 --separate-stderr clasp-pub <lines
	[ "$stderr" = '-:1:1: an empty bundle says nothing' ]
	run clasp-get /a
	assert_output 1
}
