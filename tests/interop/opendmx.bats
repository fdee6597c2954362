# Open DMX: what the serial line is told and when, on a pseudo-terminal with
# modem lines; and what becomes of it when nobody reads or it goes away.

setup() {
	load ../cli/helper
	common_setup
	cc -shared -fPIC -o lines.so "$TOP/tests/interop/modemlines.c" -ldl
}

teardown() {
	exec 5>&- 6>&-
	common_teardown
}

# A line at A whose bytes go to line.bin.
line() {
	socat -u pty,raw,echo=0,link=A OPEN:line.bin,creat,append 3>&- 5>&- &
	LINE=$!
	BG_PIDS+=("$LINE")
	wait_until 5 test -e A
}

# The last whole frames of 513 bytes, their first three slots, each once.
looks() {
	xxd -p -c 513 line.bin | cut -c 1-8 | uniq
}
looks_end_with() {
	[ "$(looks | tail -n 1)" = "$1" ]
}

# Figures of a log: frames, least, median and longest break, mean period.
figures() {
	awk '$3 == "begins" { if (t) { p += $1 - t; n++ }; t = $1 }
	    $3 == "ends" { print $1 - t >"breaks" }
	    END { printf "%d %.0f\n", n + 1, p / n }' "$1" >periods
	sort -n breaks >sorted
	FRAMES=$(cut -d' ' -f1 periods) PERIOD=$(cut -d' ' -f2 periods)
	LEAST=$(head -n 1 sorted) LONGEST=$(tail -n 1 sorted)
	MEDIAN=$(sed -n "$(($(wc -l <sorted) / 2 + 1))p" sorted)
	echo "# $FRAMES frames, break $LEAST/$MEDIAN/$LONGEST us," \
	    "period $PERIOD us" >&3
}

many() {
	(($(grep -c begins log) > 200))
}

@test "250000 baud, two stop bits, legal breaks, 40 frames a second" {
	# the sanitizers' library must be the first one preloaded
	[[ ${BUILD:-} != *san* ]] || skip 'not with a preloaded sanitizer'
	line
	touch log
	mkfifo in
	exec 5<>in
	unshare -m bash -c 'mount --bind "$1" /dev/ttyS0 || exit 99
	    exec 5>&- env LD_PRELOAD="$2" MODEMLINES_LOG=log \
	    LIBSERIALPORT_DEBUG=1 clasp-dmx-out --driver opendmx \
	    -d /dev/ttyS0 <in' x "$(readlink A)" "$WORK/lines.so" \
	    2>port.log 3>&- &
	BG_PIDS+=($!)
	echo '/dmx/1 [1,2,3]' >&5
	wait_until 20 many
	# without a word more: the signal goes on
	exec 5>&-
	grep -q 'sp_open returning SP_OK' port.log
	assert_equal "$(awk '$2 == "speed"' log | tail -n 1 | cut -d' ' -f2-)" \
	    'speed 250000 bits 8 stop 2'
	figures log
	((LEAST >= 92 && MEDIAN <= 2000))
	((PERIOD >= 23000 && PERIOD <= 27000))
	assert_equal "$(looks)" 00010203
}

@test "a path that libserialport refuses, changes, blackout at the end" {
	line
	mkfifo in
	exec 5<>in
	bg_ready out bash -c 'exec 5>&-; exec clasp-dmx-out --driver opendmx \
	    -d A --on-exit blackout "$@" <in' out
	echo '/dmx/1 [1,2,3]' >&5
	wait_until 5 looks_end_with 00010203
	echo '/dmx/1/2 9' >&5
	wait_until 5 looks_end_with 00010903
	exec 5>&-
	finish
	[ "$status" = 0 ]
	wait_until 5 looks_end_with 00000000
	# three dark frames at least, whole ones
	assert_equal "$(($(stat -c %s line.bin) % 513))" 0
	(($(xxd -p -c 513 line.bin | grep -c '^00000000') >= 3))
}

@test "one frame with --once" {
	line
	echo '/dmx/1 [5]' | clasp-dmx-out --driver opendmx -d A --once
	wait_until 5 looks_end_with 00050000
	assert_equal "$(stat -c %s line.bin)" 513
}

@test "unplugged and back: the newest look" {
	line
	mkfifo in
	exec 5<>in
	bg_ready out bash -c 'exec 5>&-; exec clasp-dmx-out --driver opendmx \
	    -d A "$@" <in' out
	echo '/dmx/1 [1,2,3]' >&5
	wait_until 5 looks_end_with 00010203
	kill "$LINE"
	gone "$LINE"
	wait_for_line out.log '^clasp-dmx-out: A: gone'
	echo '/dmx/1/1 7' >&5
	rm -f line.bin
	line
	wait_until 5 looks_end_with 00070203
	wait_for_line out.log '^clasp-dmx-out: A: back'
	assert_equal "$(looks)" 00070203
	kill "$BG_PID"
	finish
	[ "$status" = 143 ]
}

# CPU time of a process in clock ticks (100 a second).
cpu() {
	awk '{ print $14 + $15 }' "/proc/$1/stat"
}

@test "nobody reads: lines are taken, no CPU, told once, an end in time" {
	local before

	# the far side is open and never read
	python3 -c 'import os, tty, signal
m, s = os.openpty()
tty.setraw(s)
os.symlink(os.ttyname(s), "A")
signal.pause()' 3>&- &
	BG_PIDS+=($!)
	wait_until 5 test -L A
	mkfifo in
	exec 5<>in
	bg_ready out bash -c 'exec 5>&-; exec clasp-dmx-out --driver opendmx \
	    -d A "$@" <in' out
	before=$(cpu "$BG_PID")
	echo '/dmx/1 [1,2,3]' >&5
	wait_for_line out.log 'A: takes no data' 10
	(($(cpu "$BG_PID") - before < 30 * SLOW))
	echo '/dmx/1 [4,5,6]' >&5
	kill "$BG_PID"
	finish
	[ "$status" = 143 ] || [ "$status" = 3 ]
	[ "$(grep -c 'takes no data' out.log)" -le 2 ]
}

# slow DRIVER OPTION ...: a line or widget that tells what it has not sent
# yet, and takes fifty bytes a second; the program, fed by descriptor 5.
slow() {
	[[ ${BUILD:-} != *san* ]] || skip 'not with a preloaded sanitizer'
	mkfifo ctl in
	python3 "$TOP/tests/cli/widget.py" A w.txt ctl taken=taken "${@:2}" \
	    >widget.log 2>&1 3>&- 5>&- &
	BG_PIDS+=($!)
	wait_until 5 test -e A
	exec 6<>ctl
	exec 5<>in
	preloaded MODEMLINES_TAKEN=taken "$1"
}

# preloaded VARIABLE=VALUE DRIVER: the program, on such a line.
preloaded() {
	bg_ready out bash -c 'exec 5>&- 6>&-; exec env LD_PRELOAD="$1" "$2" \
	    clasp-dmx-out --driver "$3" -d A "${@:4}" <in' out \
	    "$WORK/lines.so" "$@"
}

# Has the far side read more than N bytes?
has_taken() {
	(($(od -An -tu8 taken) > $1))
}

# Has the program taken all lines?
all_read() {
	python3 -c 'import fcntl, struct, sys, termios
n = fcntl.ioctl(5, termios.FIONREAD, bytes(4))
sys.exit(struct.unpack("i", n)[0] > 0)'
}

# hundred N: a look; when more than N bytes were taken a hundred others, and
# then the line is fast.
hundred() {
	local i

	echo '/dmx/1 [1,2,3]' >&5
	wait_until 10 has_taken "$1"
	for i in {1..100}; do
		echo "/dmx/1/1 $((100 + i))"
	done >&5
	wait_until 5 all_read
	wait_until 20 has_taken 250
	echo 'rate 0' >&6
}

@test "a slow line: of a hundred looks the first and the newest" {
	slow opendmx bytes=line.bin
	# it is not stalled: it takes ten seconds for a frame
	echo 'rate 50' >&6
	hundred 10
	wait_until 5 looks_end_with 00c80203
	assert_equal "$(looks | xargs)" '00010203 00c80203'
	run ! grep -q . out.log
}

@test "a slow widget: of a hundred frames the first and the newest" {
	slow enttec-pro mute
	wait_for_line w.txt ' 78 '
	echo 'rate 50' >&6
	hundred 30
	wait_for_line w.txt ' 6 00c80203'
	assert_equal "$(awk '$2 == 6 { print substr($3, 1, 8) }' w.txt |
	    uniq | xargs)" '00010203 00c80203'
	run ! grep -v 'does not answer' out.log
}

@test "a device that cannot be closed: lines are taken all the same" {
	[[ ${BUILD:-} != *san* ]] || skip 'not with a preloaded sanitizer'
	local driver i

	mkfifo ctl in
	for driver in enttec-pro opendmx; do
		touch hold
		python3 "$TOP/tests/cli/widget.py" A w.txt ctl off \
		    bytes=$driver.bin >widget.log 2>&1 3>&- 5>&- 6>&- &
		BG_PIDS+=($!)
		wait_until 5 test -e A
		exec 6<>ctl 5<>in
		preloaded MODEMLINES_HOLD=hold $driver
		# changes, so that it is soon full
		i=0
		feed() {
			i=$((i + 1))
			echo "/dmx/1/1 $((i % 200))" >&5
			grep -q 'takes no data' out.log
		}
		wait_until 20 feed
		for i in {1..100}; do
			echo "/dmx/1/1 $i"
		done >&5
		wait_until 5 all_read
		echo '/dmx/1 [251,252,253]' >&5
		rm hold
		echo go >&6
		wait_until 5 eval \
		    'xxd -p $driver.bin | tr -d "\n" | grep -q 00fbfcfd'
		exec 5>&-
		finish
		[ "$status" = 0 ]
		echo quit >&6
		wait_until 5 test ! -L A
	done
}

@test "never there, --wait, in use" {
	run -3 clasp-dmx-out --driver opendmx -d A </dev/null
	assert_output 'clasp-dmx-out: A: no such file or directory'
	mkfifo in
	exec 5<>in
	bg waiting bash -c 'exec 5>&-; exec clasp-dmx-out --driver opendmx \
	    -d A --wait --exit-on-loss <in'
	wait_for_line waiting.log 'no such file or directory; tried again'
	echo '/dmx/1 [8]' >&5
	line
	wait_until 5 looks_end_with 00080000
	run -3 clasp-dmx-out --driver opendmx -d A </dev/null
	assert_output 'clasp-dmx-out: A: in use by another program'
	kill "$LINE"
	finish
	[ "$status" = 3 ]
}
