# clasp-midi-out: lines in, bytes out, on everything that can be a port.

setup() {
	load helper
	common_setup
	D=/midi/default
	ON="$D/ch/0/note event {\"note\":60,\"on\":true,\"velocity\":100}"
}

teardown() {
	common_teardown
}

# out LINE [OPTION ...]: the bytes of a line, in hex
out() {
	local -
	set -o pipefail
	printf '%s\n' "$1" | clasp-midi-out -d - "${@:2}" | xxd -p -c 0
}

# pair: a pseudo-terminal pair; the program's end is A, ours B.
pair() {
	socat pty,raw,echo=0,link=A pty,raw,echo=0,link=B 2>socat.log 3>&- &
	SOCAT=$!
	BG_PIDS+=("$SOCAT")
	wait_until 5 test -e A
	wait_until 5 test -e B
}

# has FILE HEX: so far FILE has these bytes
has() {
	[ "$(xxd -p -c 0 "$1")" = "$2" ]
}

@test "every message" {
	local line hex

	while read -r hex line; do
		run -0 --separate-stderr out "$D$line" \
		    --clock --sysex --mtc --on-exit hold
		[ "$output" = "$hex" ] || { echo "$line: $output"; return 1; }
		[ -z "$stderr" ]
	done <<'END'
903c64 /ch/0/note event {"note":60,"on":true,"velocity":100}
823c40 /ch/2/note event {"note":60,"on":false,"velocity":64}
914001 /ch/1/note event {"note":64,"velocity":1}
b04a7f /ch/0/cc/74 300
b30740 /ch/3/cc/7 64.4
b30741 /ch/3/cc/7 64.5
c52a /ch/5/program event 42
c52a /ch/5/program 42
e07f7f /ch/0/bend 9000
e00040 /ch/0/bend 0
d364 /ch/3/pressure 100
a23c50 /ch/2/poly/60 80
f0437f01f7 /sysex event x"f0437f01f7"
b00140b02105 /ch/0/cc14/1 8197
b06301b06202b00640b02605 /ch/0/nrpn/130 8197
b06500b06400b00602b02600 /ch/0/rpn/0 256
f8 /clock event
fa /transport event "start"
fb /transport "continue"
fc /transport event "stop"
f20140 /songpos event 8193
f305 /songselect event 5
f6 /tune event
ff /reset event
f104f111f12af130f14bf151f165f170 /mtc event {"frame":20,"hour":5,"minute":27,"rate":24,"second":10}
END
}

@test "at the end every note that sounds is ended" {
	run -0 out "$ON"
	assert_output 903c64803c40b07b00
	run -0 out "$ON
$D/ch/0/note event {\"note\":60,\"on\":false,\"velocity\":0}"
	assert_output 903c64803c00
	run -0 out "$ON" --on-exit hold
	assert_output 903c64
	run -2 out "$ON" --on-exit blackout
}

@test "on a signal, too" {
	local signal status

	for signal in TERM INT HUP; do
		rm -f in bytes
		mkfifo in
		exec 5<>in
		bg_ready bytes bash -c 'exec clasp-midi-out "$@" <in' _ -d -
		echo "$ON" >&5
		wait_until 5 has bytes 903c64
		kill -s "$signal" "$BG_PID"
		finish
		exec 5>&-
		[ "$status" -gt 128 ]
		has bytes 903c64803c40b07b00
	done
}

@test "a FIFO waits for its reader" {
	mkfifo port
	echo "$ON" >lines
	bg log bash -c 'exec clasp-midi-out "$@" <lines' _ -d raw:port
	wait_for_line log.log 'nobody reads it; tried again'
	cat port >bytes
	finish
	[ "$status" = 0 ]
	has bytes 903c64803c40b07b00
}

@test "a file is overwritten only if that was said" {
	echo precious >file
	run -2 out "$ON" -d ./file
	assert_output \
	    'clasp-midi-out: ./file: is a file and no device; to overwrite it: raw:./file'
	run cat file
	assert_output precious
	run -0 out "$ON" -d raw:./file
	has file 903c64803c40b07b00
}

@test "a serial line, 31250 baud, and notes off when the input ends" {
	pair
	cat B >bytes 3>&- &
	BG_PIDS+=($!)
	printf '%s\n' "$ON" "$D/ch/0/cc/7 1" >lines
	run -0 clasp-midi-out -d serial:A <lines
	wait_until 5 has bytes 903c64b00701803c40b07b00
}

@test "terminals are spared; a port that is not there is 3" {
	run -3 out '' -d raw:nowhere
	assert_output 'clasp-midi-out: nowhere: no such file or directory'
	run -2 script -qec "clasp-midi-out -d -" /dev/null
	assert_output --partial 'MIDI does not belong on a terminal'
	run -3 bash -c 'echo "/midi/default/ch/0/cc/7 1" |
	    clasp-midi-out -d - >/dev/full'
}

@test "with -u: what the relay knows, what comes, and notes off without it" {
	start_relay
	clasp-set $D/ch/0/cc/7 1 $D/ch/0/cc/8 2
	bg_ready bytes clasp-midi-out -d - -u "$CLASP_URL" --no-reconnect
	wait_until 5 has bytes b00701b00802
	echo "$ON" | clasp-pub
	wait_until 5 has bytes b00701b00802903c64
	stop_relay
	finish
	[ "$status" = 3 ]
	has bytes b00701b00802903c64803c40b07b00
}

@test "notes end when the relay is lost, too, if they are not to be held" {
	local hold

	for hold in '' '--on-exit hold'; do
		start_relay
		# shellcheck disable=SC2086
		bg_ready bytes clasp-midi-out -d - -u "$CLASP_URL" $hold
		echo "$ON" | clasp-pub
		wait_until 5 has bytes 903c64
		stop_relay
		wait_for_line bytes.log ': lost: '
		[ -n "$hold" ] || wait_until 5 has bytes 903c64803c40b07b00
		clasp-relay -p "$RELAY_PORT" >relay2.log 2>&1 3>&- &
		BG_PIDS+=($!)
		wait_for_line bytes.log ': back after '
		clasp-set $D/ch/0/cc/7 1
		wait_until 5 eval 'xxd -p -c 0 bytes | grep -q b00701$'
		kill "$BG_PID"
		finish
		[ -z "$hold" ] || has bytes 903c64b00701
	done
}

@test "what is dropped is said once and counted; other lines pass by" {
	printf '%s\n' "$D/ch/0/cc/200 1" "$D/sysex event x\"f0f7\"" /lights/a \
	    '/lights/a 1' "$D/ch/0/cc/1 \"x\"" >lines
	run -6 --separate-stderr clasp-midi-out -d - -v <lines
	[ -z "$output" ]
	[[ $stderr == *'address that means nothing in MIDI: 1 dropped'* ]]
	[[ $stderr == *'SysEx, without --sysex: 1 dropped'* ]]
	[[ $stderr == *'value that cannot be sent: 1 dropped'* ]]
	[[ $stderr == *'address outside the namespace: 1 dropped'* ]]
}

@test "a slow reader: values are thinned, notes and events are not" {
	local i

	for ((i = 0; i < 6000; i++)); do
		echo "$D/ch/0/cc/$((i % 32)) $((i % 128))"
		((i % 10)) || echo "$D/ch/1/note event {\"note\":$((
		    i % 128)),\"on\":true,\"velocity\":1}"
	done >lines
	mkfifo port
	bg out bash -c 'exec clasp-midi-out "$@" <lines' _ -d ./port \
	    --on-exit hold
	# nobody reads before as much waits as can
	wait_for_line out.log 'values, too many waiting'
	cat port >bytes
	finish
	[ "$status" = 0 ]
	diff <(grep note lines) <(clasp-midi-in -d ./bytes | grep note)
	clasp-midi-in -d ./bytes | grep '/cc/' >values
	(($(wc -l <values) < 6000))
	# the last value of each is the newest
	for ((i = 0; i < 32; i++)); do
		assert_equal "$(grep "/cc/$i " values | tail -n 1)" \
		    "$(grep "/cc/$i " lines | tail -n 1)"
	done
}

@test "a serial line that takes nothing blocks neither words nor the end" {
	local port

	for port in serial:A ./A; do
		pair
		kill -STOP "$SOCAT"
		{
			echo /lights/a 1
			awk -v d="$D" 'BEGIN { for (i = 0; i < 20000; i++)
			    print d "/ch/" i % 16 "/cc/" i % 61, i % 128 }'
			echo "$ON"
		} >lines
		bg_ready out bash -c 'exec clasp-midi-out "$@" <lines' _ -d "$port"
		wait_for_line out.log 'values, too many waiting'
		kill -USR1 "$BG_PID"
		wait_for_line out.log 'outside the namespace: 1 dropped'
		kill "$BG_PID"
		finish
		[ "$status" = 143 ]
		grep -q 'what waited for it could not be sent' out.log
		kill -KILL "$SOCAT"
		gone "$SOCAT"
		rm -f A B
	done
}

@test "a full disk is told, and is exit 3" {
	run -3 clasp-midi-out -d raw:/dev/full \
	    <<<'/midi/default/ch/0/cc/7 1'
	[[ ${lines[0]} == 'clasp-midi-out: /dev/full: no space left on device'* ]]
}

@test "random lines, as an independent writer has them" {
	local options seed=0

	while read -r options; do
		seed=$((seed + 1))
		# shellcheck disable=SC2086
		python3 "$TOP/tests/cli/midi_oracle.py" out $seed 3000 $options
	done <<'END'

--profile=doc
--clock --sysex
--nrpn=7 --rpn=7 --sysex
--running-status --sysex --clock
--running-status --profile=doc
END
}
