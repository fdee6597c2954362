# clasp-dmx-out and clasp-dmx-in, against a stand-in widget on a
# pseudo-terminal: frames, start-up, faults, the relay.

setup() {
	load helper
	common_setup
	mkfifo ctl
}

teardown() {
	exec 5>&- 6>&-
	common_teardown
}

# widget [OPTION ...]: W is its port, w.txt what it got, descriptor 6 its
# control.
widget() {
	python3 "$TOP/tests/cli/widget.py" W w.txt ctl "$@" \
	    >widget.log 2>&1 3>&- 5>&- &
	WIDGET=$!
	BG_PIDS+=("$WIDGET")
	exec 6<>ctl
	wait_until 5 test -e W
	touch w.txt
}

unplug() {
	echo quit >&6
	gone "$WIDGET"
}

# out OPTION ...: the program, fed by descriptor 5.
out() {
	rm -f in
	mkfifo in
	exec 5<>in
	bg_ready out bash -c 'exec 5>&- 6>&-; exec clasp-dmx-out "$@" <in' \
	    out "$@"
}

# The first N levels of the last frame the widget got.
levels() {
	awk -v n="$1" '$2 == 6 { s = substr($3, 3, 2 * n) } END { print s }' \
	    w.txt
}
levels_are() {
	[ "$(levels $((${#1} / 2)))" = "$1" ]
}
frames() {
	grep -c ' 6 ' w.txt
}
frames_above() {
	(($(frames) > $1))
}

@test "one packet on stdout" {
	run -0 --separate-stderr bash -c \
	    'echo "/dmx/1/7 255" | clasp-dmx-out -d - --once | xxd -p -c 600'
	assert_equal "${#output}" 1036
	[[ $output == 7e06010200000000000000ff*00e7 ]]
	[ -z "$stderr" ]
}

# example LINES PACKET OPTIONS: universe 0, 24 slots.
example() {
	run -0 bash -c 'printf "%s\n" "$1" | clasp-dmx-out -d - -U 0 \
	    --slots 24 "${@:2}" 2>/dev/null | xxd -p -c 600' x "$1" "${@:3}"
	assert_output "$2"
}

@test "lines become levels" {
	local z=00000000000000000000000000000000000000000000

	example '/dmx/0/1 255 ; /dmx/0/2 128 ; /dmx/0/3 64' \
	    7e06190000ff8040${z:2}e7
	example '/dmx/0/12 0.5' \
	    7e0619000000000000000000000000007f000000000000000000000000e7
	example '/dmx/0/1 300 ; /dmx/0/2 -5' 7e06190000ff0000${z:2}e7
	example '/dmx/0 [1,2,3]' 7e06190000010203${z:2}e7
	example '/dmx/0 stream x"010203"' 7e06190000010203${z:2}e7
	example '/dmx/0/1 1.0' 7e06190000010000${z:2}e7 --scale raw
	example '/dmx/0/1 1' 7e06190000ff0000${z:2}e7 --scale unit
	example '/dmx/2 7' 7e06190000000700${z:2}e7 --flat
	example '/x/0/2 7' 7e06190000000700${z:2}e7 --prefix /x
	example '/f 0.5' 7e061900007f0000${z:2}e7 \
	    --map '/f /dmx/0/1 scale:0,1,0,255 int'
	example '/dmx/0/1 0' 7e06190000000000${z:2}e7
}

@test "nothing in, nothing out; with --once a dark frame" {
	run -0 bash -c 'clasp-dmx-out -d - </dev/null | wc -c'
	assert_output 0
	run -0 bash -c 'clasp-dmx-out -d - --once </dev/null | wc -c'
	assert_output 518
}

@test "what is no channel of ours is counted and told" {
	printf '%s\n' '/dmx/1/0 1' '/dmx/1/513 1' '/dmx/1/01 1' '/dmx/2/1 1' \
	    '/dmx/1/1 null' '/x 1' '/dmx/1/2 9' >lines
	run -0 --separate-stderr bash -c \
	    'clasp-dmx-out -d - --slots 24 -v <lines | xxd -p -c 600'
	[[ $output == 7e061900000009* ]]
	[[ $stderr == *'no such channel: 3 dropped'* ]]
	[[ $stderr == *'another universe: 1 dropped'* ]]
	[[ $stderr == *'value is no level: 1 dropped'* ]]
	[[ $stderr == *'outside the namespace: 1 dropped'* ]]
	# others' lines pass by in a pipe: nothing is said of them
	run -0 --separate-stderr bash -c \
	    'echo "/x 1" | clasp-dmx-out -d - >/dev/null'
	[ -z "$stderr" ]
}

@test "a large float makes levels of floats, and it is said once" {
	printf '%s\n' '/dmx/1/1 128.0' '/dmx/1/1 1.0' '/dmx/1/2 9.0' >lines
	run -0 --separate-stderr bash -c \
	    'clasp-dmx-out -d - --slots 24 <lines | xxd -p -c 600'
	[[ $output == 7e06190000010900* ]]
	[ "${#stderr_lines[@]}" = 1 ]
	[[ $stderr == 'clasp-dmx-out: /dmx/1/1: a float above 1.0'* ]]
}

@test "bad lines cost one message each: exit 6" {
	printf '%s\n' 'what is this' '/dmx/1/1 7' >lines
	run -6 --separate-stderr bash -c 'set -o pipefail
	    clasp-dmx-out -d - --slots 24 <lines | xxd -p -c 600'
	[[ $output == 7e0619000007* ]]
	[[ $stderr == '-:1:1: '* ]]
}

@test "usage" {
	run -2 clasp-dmx-out
	assert_line --index 0 --partial 'no device given'
	for driver in opendmx udmx; do
		run -2 clasp-dmx-out -d - --driver $driver
		assert_line --index 0 "clasp-dmx-out: -d: this driver needs a \
device, not stdout"
		run -2 clasp-dmx-in -d - --driver $driver
		assert_line --index 0 \
		    "clasp-dmx-in: --driver: $driver only sends"
	done
	run -2 clasp-dmx-out --driver opendmx -d W --break 91
	run -2 clasp-dmx-out --driver opendmx -d W --mab 11
	run -2 clasp-dmx-out --driver udmx --break 176
	run -2 clasp-dmx-out --driver opendmx -d W -U 1,2
	run -2 clasp-dmx-out -d W -U 1-3
	run -2 clasp-dmx-in -d - --both
	assert_line --index 0 --partial '--both: one DMX interface has one'
	run -2 clasp-dmx-out -d - --driver nonsense
	run -2 clasp-dmx-out -d - --slots 23
	run -2 clasp-dmx-out -d - --slots 513
	run -2 clasp-dmx-out -d - --rate 45
	run -2 clasp-dmx-out -d - --rate 0
	run -2 clasp-dmx-out -d - --on-exit fade
	run -2 clasp-dmx-out -d - --scale half
	run -2 clasp-dmx-out -d - --once --hold
	run -2 clasp-dmx-out -d - --prefix dmx
	run -2 clasp-dmx-out -d - extra
	run -2 clasp-dmx-out -d - --both
	assert_line --index 0 --partial '--both: one DMX interface has one'
	run -2 clasp-dmx-in -d - --mode half
	run -2 clasp-dmx-in -d - --slots 24
	assert_line --index 0 --partial 'only with --driver raw'
	run -2 clasp-dmx-out -d W --force
	assert_line --index 0 'clasp-dmx-out: --force: only with --driver udmx'
	run -2 script -qec 'clasp-dmx-out -d -' /dev/null
	assert_line --index 0 --partial 'packets do not belong on a terminal'
}

@test "the widget is asked, answers are told with -v" {
	widget
	run -0 --separate-stderr bash -c \
	    'echo "/dmx/1/1 255" | clasp-dmx-out -d W --once -v'
	[[ $stderr == *'W: firmware 1.68, break 96.0 us, MAB 10.7 us, 40 Hz'* ]]
	[[ $stderr == *'W: serial 12345678'* ]]
	[[ $stderr == *'W: made by ENTTEC'* ]]
	[[ $stderr == *'W: named DMX USB PRO'* ]]
	wait_until 5 levels_are ff0000
	assert_equal "$(awk '{ print $2 }' w.txt | xargs)" '10 3 77 78 6'
	awk '$2 == 3 { exit $3 != "0000" }' w.txt
}

@test "a silent widget is used all the same" {
	widget mute
	run -0 --separate-stderr bash -c \
	    'echo "/dmx/1/1 255" | clasp-dmx-out -d W --once'
	[[ $stderr == *'W: the widget does not answer; going on' ]]
	wait_until 5 levels_are ff
}

@test "break, mark and rate are set when given" {
	widget
	echo '/dmx/1/1 1' | clasp-dmx-out -d W --once --break 176 --mab 16
	wait_until 5 levels_are 01
	assert_equal "$(awk '$2 == 4 { print $3 }' w.txt)" 0000100128
	echo '/dmx/1/1 2' | clasp-dmx-out -d W --once --rate 30
	wait_until 5 levels_are 02
	assert_equal "$(awk '$2 == 4 { print $3 }' w.txt | tail -n 1)" \
	    000009011e
}

@test "changes at ticks, repeats every second, hold at the end" {
	widget
	out -d W --hold
	echo '/dmx/1/1 10' >&5
	wait_until 5 levels_are 0a
	for ((i = 1; i <= 200; i++)); do
		echo "/dmx/1/2 $i"
	done >&5
	wait_until 5 levels_are 0ac8
	# 201 lines in a moment are a few frames
	(($(frames) < 50))
	exec 5>&-
	local n
	n=$(frames)
	wait_until 5 frames_above $((n + 1))	# keep-alive goes on
	kill "$BG_PID"
	finish
	[ "$status" = 143 ]
	levels_are 0ac8
	# none further apart than a second, and a little
	awk '$2 == 6 { if (t && $1 - t > 1.2) exit 1; t = $1 }' w.txt
}

@test "the end of the input leaves the last frame, or darkness" {
	widget
	echo '/dmx/1/1 10' | clasp-dmx-out -d W
	wait_until 5 levels_are 0a
	[ "$(frames)" = 1 ]
	echo '/dmx/1/1 10' | clasp-dmx-out -d W --on-exit blackout
	wait_until 5 levels_are 00
	[ "$(frames)" = 5 ]
	out -d W --on-exit blackout
	echo '/dmx/1/1 11' >&5
	wait_until 5 levels_are 0b
	kill "$BG_PID"
	finish
	[ "$status" = 143 ]
	wait_until 5 levels_are 00
}

@test "unplugged and back: the whole frame first" {
	widget
	out -d W
	echo '/dmx/1/1 10' >&5
	wait_until 5 levels_are 0a
	unplug
	wait_for_line out.log '^clasp-dmx-out: W: gone'
	echo '/dmx/1/2 20' >&5		# lines are taken meanwhile
	: >w.txt
	widget
	wait_until 5 levels_are 0a14
	assert_equal "$(awk '{ print $2 }' w.txt | head -n 5 | xargs)" '10 3 77 78 6'
	wait_for_line out.log '^clasp-dmx-out: W: back'
	[ "$(grep -c gone out.log)" = 1 ]
	exec 5>&-
	finish
	[ "$status" = 0 ]
}

@test "--exit-on-loss, never there, --wait, locked" {
	run -3 clasp-dmx-out -d W </dev/null
	assert_output 'clasp-dmx-out: W: no such file or directory'
	run -3 clasp-dmx-out -d /dev/null </dev/null
	assert_output 'clasp-dmx-out: /dev/null: not a serial port'

	mkfifo in
	exec 5<>in
	bg waiting bash -c 'exec 5>&- 6>&-
	    exec clasp-dmx-out -d W --wait --exit-on-loss <in'
	wait_for_line waiting.log 'no such file or directory; tried again'
	widget
	echo '/dmx/1/1 9' >&5
	wait_until 5 levels_are 09
	run -3 clasp-dmx-out -d W </dev/null
	assert_output 'clasp-dmx-out: W: in use by another program'
	unplug
	finish
	[ "$status" = 3 ]
}

@test "a LCK.. file of a living process is respected" {
	local lock

	widget
	lock=/var/lock/LCK..$(basename "$(readlink W)")
	printf '%10d\n' $$ >"$lock"
	run -3 clasp-dmx-out -d W --once </dev/null
	rm "$lock"
	assert_output "clasp-dmx-out: W: in use by process $$"
	# one that a dead process left is not
	sh -c 'printf "%10d\n" $$' >"$lock"
	run -0 clasp-dmx-out -d W --once </dev/null
	rm "$lock"
}

# CPU time of a process in clock ticks (100 a second).
cpu() {
	awk '{ print $14 + $15 }' "/proc/$1/stat"
}
later() {
	(($(date +%s%3N) >= $1))
}

# stalled [OPTION ...]: a widget that does not read for a while.
#
# The first frame after that is the newest one, but for those that the far
# side had in its own hands: 4 KB of a pseudo-terminal, seven frames, which
# nobody who writes to it gets back.
stalled() {
	local before i

	widget off "$@"
	out -d W
	before=$(cpu "$BG_PID")
	for ((i = 0; i < 150; i++)); do
		echo "/dmx/1/1 $((i % 100 + 1)) ; /dmx/1/2 $i"
		sleep 0.02
	done >&5
	# three seconds in which the buffer filled and nothing moved
	(($(cpu "$BG_PID") - before < 15 * SLOW))
	wait_for_line out.log 'takes no data' 10
	echo '/dmx/1 [201,202]' >&5
	# given up and opened again, what was not taken is dropped; and again
	wait_until 10 later $(($(date +%s%3N) + 5000))
	echo go >&6
	wait_until 10 levels_are c9ca
	[ "$(grep -c 'takes no data' out.log)" = 1 ]
	# what it had: seven frames at most
	(($(awk '$2 == 6 { if ($3 ~ /^00c9ca/) exit; n++ }
	    END { print n + 0 }' w.txt) <= 7))
	# then the questions of the new opening, and the newest frame
	assert_equal "$(awk '$2 == 10 { n = 0 }
	    $2 == 6 { if ($3 ~ /^00c9ca/) exit; n++ }
	    END { print n + 0 }' w.txt)" 0
	# the signal goes on
	echo '/dmx/1 [203]' >&5
	wait_until 5 levels_are cbca
	exec 5>&-
	finish
	[ "$status" = 0 ]
}

@test "a device that does not read: lines are taken, no CPU, newest frame" {
	stalled
}

@test "the same with one that never answers" {
	stalled mute
}

@test "a relay's snapshot is one frame, then what comes live" {
	start_relay
	clasp-set /dmx/1/1 11 /dmx/1/2 22 /dmx/2/1 99
	widget
	bg_ready out clasp-dmx-out -d W -u "$CLASP_URL"
	wait_until 5 frames_above 0
	assert_equal "$(awk '$2 == 6 { print substr($3, 3, 6); exit }' w.txt)" \
	    0b1600
	clasp-set /dmx/1/3 33
	wait_until 5 levels_are 0b1621
	# a relay that forgot all does not clear what stands
	stop_relay
	clasp-relay -p "$RELAY_PORT" >relay2.log 2>&1 3>&- 5>&- 6>&- &
	BG_PIDS+=($!)
	wait_for_line out.log 'back after'
	clasp-set /dmx/1/4 44
	wait_until 5 levels_are 0b16212c
	kill "$BG_PID"
	finish
}

@test "a rule brings what a relay has outside of the namespace" {
	start_relay
	clasp-set /fader/1 11 /dmx/1/2 22 /fader/3 33 /other 44
	run -0 bash -c 'clasp-dmx-out -d - --once -u "$CLASP_URL" \
	    --map "/fader/1 /dmx/1/1" --map "/dmx/1/2 neg neg" \
	    --map "/fader/* /dmx/1/\$1" --map "/other int" | xxd -p -c 600'
	[[ $output == 7e060102000b16210000* ]]
	# more rules than a relay has room for subscriptions
	seq 1 300 | sed 's#.*#/fader/& /dmx/1/&#' >rules
	run -0 bash -c 'clasp-dmx-out -d - --once -u "$CLASP_URL" -m rules |
	    xxd -p -c 600'
	[[ $output == 7e060102000b16210000* ]]
	# and what comes live
	widget
	bg_ready out clasp-dmx-out -d W -u "$CLASP_URL" \
	    --map '/fader/* /dmx/1/$1'
	wait_until 5 levels_are 0b1621
	clasp-set /fader/1 12
	wait_until 5 levels_are 0c1621
	clasp-set /dmx/1/2 23
	wait_until 5 levels_are 0c1721
	kill "$BG_PID"
	finish
}

# Seconds between the frames that begin with these levels: the longest.
longest_gap() {
	awk -v s="00$1" '$2 == 6 && index($3, s) == 1 { if (t && $1 - t > g)
	    g = $1 - t; t = $1 } END { printf "%d\n", g * 1000 }' w.txt
}

@test "a relay that is killed for five seconds: the look stands" {
	local since

	start_relay
	clasp-set /dmx/1/1 11 /dmx/1/2 22
	widget
	bg_ready out clasp-dmx-out -d W -u "$CLASP_URL"
	wait_until 5 levels_are 0b16
	: >w.txt
	kill -9 "$RELAY_PID"
	since=$(date +%s%3N)
	wait_until 10 later $((since + 5000))
	# keep-alives went on, nothing else was seen
	(($(frames) >= 4))
	run -1 bash -c "grep ' 6 ' w.txt | grep -v ' 6 000b16'"
	clasp-relay -p "$RELAY_PORT" >relay2.log 2>&1 3>&- 5>&- 6>&- &
	BG_PIDS+=($!)
	wait_for_line out.log 'back after'
	clasp-set /dmx/1/3 33
	wait_until 5 levels_are 0b1621
	# no longer without a signal than receivers wait
	(($(longest_gap 0b16) < 1200 * SLOW))
}

@test "SIGTERM holds the look or darkens it; SIGKILL leaves it" {
	local before

	widget
	out -d W --on-exit hold
	echo '/dmx/1/1 10' >&5
	wait_until 5 levels_are 0a
	kill "$BG_PID"
	finish
	[ "$status" = 143 ]
	levels_are 0a
	out -d W
	echo '/dmx/1/1 11' >&5
	wait_until 5 levels_are 0b
	before=$(frames)
	kill -9 "$BG_PID"
	gone "$BG_PID"
	levels_are 0b
	# it can be opened again at once
	echo '/dmx/1/1 12' | clasp-dmx-out -d W --once
	wait_until 5 levels_are 0c
	(($(frames) <= before + 2))
}

@test "a slow device: frames are replaced, not queued" {
	local i

	widget off
	out -d W
	(while sleep 0.2; do echo go; sleep 0.01; echo stop; done >ctl) 3>&- \
	    5>&- 6>&- &
	BG_PIDS+=($!)
	for ((i = 1; i <= 100; i++)); do
		echo "/dmx/1/1 $i"
		sleep 0.01
	done >&5
	echo '/dmx/1/1 250' >&5
	wait_until 10 levels_are fa
}

@test "with -u and --once the snapshot is one frame" {
	start_relay
	clasp-set /dmx/1/1 11
	run -0 bash -c 'clasp-dmx-out -d - --once --slots 24 \
	    -u "$CLASP_URL" | xxd -p -c 600'
	[[ $output == 7e061900000b00* ]]
	[ "${#output}" = 60 ]
}

@test "two universes go to the two outputs of an ultraDMX" {
	widget
	echo '/dmx/3/1 10 ; /dmx/5/1 20 ; /dmx/4/1 30' |
	    clasp-dmx-out -d W -U 3,5 --once --slots 24
	wait_for_line w.txt ' 101 0014'
	wait_for_line w.txt ' 100 000a'
	run -1 grep ' 6 ' w.txt
}

@test "raw frames have nothing around them, both ways" {
	run -0 bash -c 'echo "/dmx/1 [1,2,3]" |
	    clasp-dmx-out -d - --driver raw --once --slots 4 | xxd -p'
	assert_output 0001020300
	run -0 bash -c 'echo "/dmx/1 [1,2,3]" |
	    clasp-dmx-out -d - --driver raw --once |
	    clasp-dmx-in -d - --driver raw -U 2 | cut -c 1-20'
	assert_output '/dmx/2/1 1 ; /dmx/2/'
	# another start code, and a frame that is cut
	run -0 --separate-stderr bash -c "xxd -r -p <<<dd0102000304000 |
	    clasp-dmx-in -d - --driver raw --slots 2 -v"
	assert_output '/dmx/1/1 3 ; /dmx/1/2 4'
	[[ $stderr == *'start code is not 0: 1 dropped'* ]]
	[[ $stderr == *'message too short: 1 dropped'* ]]
	# to a device: the bytes as they are
	socat -u pty,raw,echo=0,link=R OPEN:r.bin,creat 3>&- &
	BG_PIDS+=($!)
	wait_until 5 test -e R
	echo '/dmx/1 [7,8]' | clasp-dmx-out -d R --driver raw --slots 3 --once
	wait_until 5 eval '[ "$(xxd -p r.bin)" = 00070800 ]'
}

@test "a widget of RDM firmware is not asked for changes" {
	widget rdm
	bg_ready got clasp-dmx-in -d W
	wait_for_line w.txt ' 78 '
	echo '5 000001' >&6
	wait_for_lines got 1
	echo '5 000002' >&6
	wait_for_lines got 2
	run -1 grep ' 8 ' w.txt
}

@test "joining late: a param is newer than the timeline before it" {
	start_relay
	clasp-fade --timeline /dmx/1/1 0 100 100ms
	clasp-fade --timeline /dmx/1/2 0 100 100ms
	clasp-fade --timeline /dmx/1/3 0 100 30s &
	BG_PIDS+=($!)
	clasp-set /dmx/1/2 7
	wait_until 5 eval 'clasp-sub -u "$CLASP_URL" -T 300ms "/dmx/**" |
	    grep -q "/dmx/1/3 timeline"'
	clasp-set /dmx/1/3 9
	widget
	bg_ready out clasp-dmx-out -d W -u "$CLASP_URL"
	wait_until 5 levels_are 640709
	clasp-set /dmx/1/4 1
	wait_until 5 levels_are 64070901
}

# ---------------------------------------------------------------- dmx-in

@test "--once without any frame is exit 1" {
	run -1 clasp-dmx-in -d - --once </dev/null
	assert_output ''
	run -0 bash -c 'printf "\176\005\003\0\0\0\7\347" |
	    clasp-dmx-in -d - --once'
	assert_output '/dmx/1/1 7'
}

@test "packets on stdin, in order" {
	local packets=7e0505000000010203e77e0505000000010903e7

	packets+=7e0505000100010903e77e0908000006000000000a14e7
	packets+=7e0305004401090128e77e0a040078563412e7
	packets+=00ff7e050300000007e77e05ffff7e050300000008e7
	run -0 --separate-stderr bash -c "xxd -r -p <<<$packets |
	    clasp-dmx-in -d - -U 0 -v"
	[ "$output" = '/dmx/0/1 1 ; /dmx/0/2 2 ; /dmx/0/3 3
/dmx/0/2 9
/dmx/0/1 10 ; /dmx/0/2 20
/dmx/0/1 7
/dmx/0/1 8' ]
	[[ $stderr == *'frame lost in the widget: 1 dropped'* ]]
	[[ $stderr == *'firmware 1.68, break 96.0 us, MAB 10.7 us, 40 Hz'* ]]
	[[ $stderr == *'serial 12345678'* ]]
	run -0 bash -c "xxd -r -p <<<$packets |
	    clasp-dmx-in -d - --mode universe -n 2 2>/dev/null"
	assert_output '/dmx/1 stream x"010203"
/dmx/1 stream x"010903"'
	run -0 bash -c "xxd -r -p <<<$packets |
	    clasp-dmx-in -d - --flat --once 2>/dev/null"
	assert_output '/dmx/1 1 ; /dmx/2 2 ; /dmx/3 3'
	run -1 bash -c "xxd -r -p <<<7e050300000007e7 |
	    clasp-dmx-in -d - -n 2"
}

@test "every frame first, then only changes are asked for" {
	widget
	bg_ready got clasp-dmx-in -d W
	wait_for_line w.txt ' 8 00'
	echo '5 0000010203' >&6
	wait_for_lines got 1
	wait_for_line w.txt ' 8 01'
	echo '9 0006000000000a14' >&6
	wait_for_lines got 2
	assert_equal "$(cat got)" '/dmx/1/1 1 ; /dmx/1/2 2 ; /dmx/1/3 3
/dmx/1/1 10 ; /dmx/1/2 20'
	assert_equal "$(awk '{ print $2 }' w.txt | xargs)" '10 3 77 78 8 8'
	unplug
	wait_for_line got.log '^clasp-dmx-in: W: gone'
	widget
	wait_for_line got.log '^clasp-dmx-in: W: back'
	wait_until 5 eval '[ "$(grep -c " 8 00" w.txt)" = 2 ]'
	# the first frame after a loss is whole again
	echo '5 00000a1403' >&6
	wait_for_lines got 3
	assert_equal "$(tail -n 1 got)" '/dmx/1/1 10 ; /dmx/1/2 20 ; /dmx/1/3 3'
}

@test "--every-frame never asks for changes" {
	widget
	bg_ready got clasp-dmx-in -d W --every-frame --mode universe
	wait_for_line w.txt ' 8 00'
	printf '5 00000102\n5 00000102\n' >&6
	wait_for_lines got 2
	run -0 grep -c ' 8 ' w.txt
	assert_output 1
}

@test "received levels go to a relay" {
	start_relay
	xxd -r -p <<<7e050300000007e7 |
	    clasp-dmx-in -d - -U 9 -u "$CLASP_URL"
	run -0 clasp-get /dmx/9/1
	assert_output 7
	widget mute
	bg_ready out clasp-dmx-in -d W -u "$CLASP_URL"
	wait_for_line w.txt ' 8 00'
	echo '5 0000010203' >&6
	wait_until 5 eval '[ "$(clasp-get /dmx/1/3 2>&1)" = 3 ]'
	stop_relay
	clasp-relay -p "$RELAY_PORT" >relay2.log 2>&1 3>&- 5>&- 6>&- &
	BG_PIDS+=($!)
	wait_until 10 eval '[ "$(clasp-get /dmx/1/2 2>&1)" = 2 ]'
	[ ! -s out ]
}

@test "--max-rate with -u: whole frames are thinned, the newest comes" {
	start_relay
	widget mute
	bg_ready live clasp-sub -u "$CLASP_URL" --no-snapshot '/dmx/1/*'
	bg_ready out clasp-dmx-in -d W -u "$CLASP_URL" --max-rate 2
	wait_for_line w.txt ' 8 00'
	for i in {10..99}; do
		echo "5 0000$i$i" >&6
	done
	wait_for_line live '/dmx/1/2 ttl=never 153'
	wait_for_line live '/dmx/1/1 ttl=never 153'
	(($(wc -l <live) < 60))
}

@test "a timeline is played on the frame tick, to its end" {
	local packets

	# half a second from 0 to 100, and a value that was there before
	packets=$(echo '/dmx/1/2 7 ; /dmx/1/1 timeline [[0,0],[500000,100]]' |
	    clasp-dmx-out -d - --slots 24 | xxd -p -c 30 | cut -c 11-14)
	# 500 ms at 40 Hz; each change was a frame of its own
	(($(sort -u <<<"$packets" | wc -l) > 10))
	assert_equal "$(tail -n 1 <<<"$packets")" 6407
	assert_equal "$packets" "$(sort <<<"$packets")"
	# the newest wins, whatever it is
	run -0 bash -c '{ echo "/dmx/1/1 timeline [[0,0],[1000000,100]]"
	    echo "/dmx/1/1 5"; } | clasp-dmx-out -d - --slots 24 --once |
	    xxd -p -c 30 | cut -c 11-12'
	assert_output 05
}
