# clasp-filter

setup() {
	load helper
	common_setup
	cat >show <<-'END'
	/lights/a 0.5
	/lights/b 1
	/cue/go event {"id":1}
	/lights/a 0.5 ; /audio/gain -3
	/imu stream 1.5
	END
}

teardown() {
	common_teardown
}

@test "--match and --not choose addresses, in bundles too" {
	run -0 clasp-filter --match '/lights/**' --not /lights/b show
	assert_output - <<-'END'
	/lights/a 0.5
	/lights/a 0.5 ;
	END
}

@test "several --match: any will do" {
	run -0 clasp-filter --match '/cue/*' --match /imu show
	assert_output - <<-'END'
	/cue/go event {"id":1}
	/imu stream 1.5
	END
}

@test "--type chooses kinds" {
	run -0 clasp-filter --type event,stream show
	assert_output - <<-'END'
	/cue/go event {"id":1}
	/imu stream 1.5
	END
}

@test "a kind that is none is exit 2" {
	run -2 --separate-stderr clasp-filter --type param,evnt show
	[ "${stderr_lines[0]}" = "clasp-filter: --type: 'evnt' is not one of \
param, event, stream, gesture, timeline" ]
}

@test "a bad pattern is exit 2" {
	run -2 --separate-stderr clasp-filter --match 'lights/*' show
	[ "$stderr" = 'clasp-filter: lights/*: pattern must start with /' ]
}

@test "--changed drops what says nothing new, but no events" {
	run -0 clasp-filter --changed <<-'END'
	/a 1
	/a 1
	/b 1
	/e event 1
	/e event 1
	/a 1.0
	/a 1
	END
	assert_output - <<-'END'
	/a 1
	/b 1
	/e event 1
	/e event 1
	/a 1.0
	/a 1
	END
}

@test "--epsilon compares with what got out last" {
	run -0 clasp-filter --epsilon 0.5 <<-'END'
	/a 1.0
	/a 1.25
	/a 1.4
	/a 1.5
	/a "x"
	/a 1.5
	/c [0,0.0]
	/c [0,0.4]
	/c [0,0.5]
	END
	assert_output - <<-'END'
	/a 1.0
	/a 1.5
	/a "x"
	/a 1.5
	/c [0,0.0]
	/c [0,0.5]
	END
}

@test "--max-rate goes by the time in front; the last value gets out" {
	run -0 clasp-filter --max-rate 10 <<-'END'
	1.000000 /a 0
	1.020000 /a 1
	1.030000 /b 5
	1.040000 /a 2
	1.050000 /a event 7
	1.300000 /a 3
	1.310000 /a 4
	END
	assert_output - <<-'END'
	1.000000 /a 0
	1.030000 /b 5
	1.050000 /a event 7
	1.100000 /a 2
	1.300000 /a 3
	1.310000 /a 4
	END
}

@test "relative times stay true where lines are left out" {
	run -0 clasp-filter --not /b <<-'END'
	1.000000 /a 0
	+0.500000 /b 1
	+0.250000 /a 2
	END
	assert_output - <<-'END'
	1.000000 /a 0
	+0.750000 /a 2
	END
}

@test "--max-rate without times goes by arrival" {
	mkfifo in
	bg out clasp-filter --max-rate 4 in
	exec 8>in
	printf '/a 1\n/a 2\n/a 3\n' >&8
	wait_for_lines out 2
	printf '/a 4\n' >&8
	exec 8>&-
	finish
	[ "$status" = 0 ]
	run cat out
	assert_output $'/a 1\n/a 3\n/a 4'
}

@test "a recording stays one: its end has the new number of lines" {
	run -0 clasp-filter --not /b <<-'END'
	#clasp 1 epoch=5.000000
	0.000000 /a 1
	0.500000 /b 2
	1.000000 mark "x"
	#end 1.500000 lines=3
	END
	assert_output - <<-'END'
	#clasp 1 epoch=5.000000
	0.000000 /a 1
	1.000000 mark "x"
	#end 1.500000 lines=2
	END
}

@test "bad lines are named, passed over, and the exit code is 6" {
	printf '/a 1\nwhat is this\n/b {"x":\n/c 2\n' >in
	run -6 --separate-stderr clasp-filter in
	[ "$output" = $'/a 1\n/c 2' ]
	[[ ${stderr_lines[0]} == in:2:1:* ]]
	[[ ${stderr_lines[1]} == in:3:* ]]
	[ ${#stderr_lines[@]} = 2 ]
}

@test "--strict stops at the first bad line" {
	run -6 --separate-stderr clasp-filter --strict <<<$'/a 1\nbad\n/b 2'
	[ "$output" = '/a 1' ]
	[[ $stderr == -:2:1:* ]]
}

@test "CRLF, a byte order mark, a last line without its end" {
	run -0 clasp-filter < <(printf '\357\273\277/a 1\r\n\r\n  /b 2')
	assert_output $'/a 1\n/b 2'
}

@test "a line above 1 MiB is a bad line, the next one is read" {
	{ printf '/a "'; head -c 1100000 /dev/zero | tr '\0' x; echo '"'
	  echo '/b 1'; } >in
	run -6 --separate-stderr clasp-filter in
	[ "$output" = '/b 1' ]
	[ "$stderr" = 'in:1:1048577: line longer than 1 MiB' ]
}

@test "a torn last line of a recording is left out with a warning" {
	printf '#clasp 1 epoch=0.000000\n0.000000 /a 1\n0.500000 /a 2' >in
	run -0 --separate-stderr clasp-filter in
	[ "$output" = $'#clasp 1 epoch=0.000000\n0.000000 /a 1' ]
	[ "$stderr" = 'in:3:1: torn last line left out' ]
}

@test "a recording of a later version is refused" {
	run -6 --separate-stderr clasp-filter <<<'#clasp 2 epoch=0.000000'
	[ -z "$output" ]
	[[ $stderr == '-:1:1: recording of version 2;'* ]]
}

@test "output forms" {
	echo '2.5 /a/b "x\ty" ; /c 1' >in
	run -0 clasp-filter -o json in
	assert_output '{"t":2.5,"type":"bundle","messages":[{"type":"set",'\
'"addr":"/a/b","value":"x\ty"},{"type":"set","addr":"/c","value":1}]}'
	run -0 clasp-filter -o values in
	assert_output $'x\\ty\n1'
	run -0 clasp-filter -o addresses in
	assert_output $'/a/b\n/c'
	run -0 clasp-filter -t -o addresses in
	assert_output $'2.500000 /a/b\n2.500000 /c'
	run -0 clasp-filter -f '%-6a|%5v|%r|%k|%t%%' in
	assert_output $'/a/b  |"x\\ty"|x\\ty|set|2.500000%\n'\
$'/c    |    1|1|set|2.500000%'
	run -0 bash -c "clasp-filter -f '%a\\0\\c' in | od -An -c | tr -s ' '"
	assert_output ' / a / b \0 / c \0'
}

@test "frames out" {
	run -0 bash -c "echo /a 1 | clasp-filter -o frames | xxd -p"
	assert_output 5341000e210500022f610000000000000001
}

@test "-o and -f that make no sense are exit 2" {
	run -2 clasp-filter -o xml show
	run -2 clasp-filter -f '%z' show
	run -2 clasp-filter -f '\q' show
	run -2 clasp-filter -o json -f %a show
	run -2 clasp-filter -o json -t=iso show
	run -2 clasp-filter -t=never show
}

@test "a file that is not there is exit 3, the others are read" {
	run -3 --separate-stderr clasp-filter nowhere show
	[ ${#lines[@]} = 5 ]
	[ "$stderr" = 'clasp-filter: nowhere: no such file or directory' ]
}

@test "a reader that goes while nothing comes ends it quietly" {
	mkfifo in out
	cat out >first 3>&- &
	reader=$!
	clasp-filter in >out 2>err 3>&- &
	pid=$!
	BG_PIDS+=("$pid" "$reader")
	exec 8>in
	echo /a 1 >&8
	wait_for first
	kill "$reader"
	wait_until 5 ended "$pid"
	wait "$pid"
	[ ! -s err ]
	exec 8>&-
}

@test "the first signal ends it, by that signal" {
	mkfifo in
	bg out clasp-filter in
	exec 8>in
	echo /a 1 >&8
	wait_for out
	kill -TERM "$BG_PID"
	finish
	[ "$status" = 143 ]
	exec 8>&-
}

@test "a terminal gets no frames, and no control characters" {
	command -v script >/dev/null || skip "no script(1) here"
	printf '# \033[2J\n/a 1\n' >in
	run -2 script -qec 'clasp-filter -o frames in' /dev/null
	assert_line --partial 'clasp-filter: -o frames: not on a terminal'
	run -0 script -qec 'clasp-filter in' /dev/null
	[ "${lines[0]%$'\r'}" = '# \u001b[2J' ]
	[ "${lines[1]%$'\r'}" = '/a 1' ]
}
