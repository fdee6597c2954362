# A port that libserialport takes: a pseudo-terminal in the place of
# /dev/ttyS0 (in a mount namespace of our own), with modem lines.

setup() {
	load ../cli/helper
	common_setup
	cc -shared -fPIC -o lines.so "$TOP/tests/interop/modemlines.c" -ldl
	mkfifo ctl
	python3 "$TOP/tests/cli/widget.py" W w.txt ctl \
	    >widget.log 2>&1 3>&- &
	BG_PIDS+=($!)
	wait_until 5 test -e W
	touch w.txt
}

teardown() {
	common_teardown
}

# on_port COMMAND: with the widget at /dev/ttyS0.
on_port() {
	unshare -m bash -c 'mount --bind "$1" /dev/ttyS0 || exit 99
		exec env LIBSERIALPORT_DEBUG=1 ${2:+LD_PRELOAD="$2"} \
		    bash -c "$3" 2>port.log' x "$(readlink W)" \
	    "$WORK/lines.so" "$1" 3>&-
}

@test "frames go out through libserialport" {
	# the sanitizers' library must be the first one preloaded
	[[ ${BUILD:-} != *san* ]] || skip 'not with a preloaded sanitizer'
	on_port "echo '/dmx/1 [1,2,3]' |
	    clasp-dmx-out -d /dev/ttyS0 --once -v"
	grep -q 'sp_open returning SP_OK' port.log
	grep -q 'sp_set_baudrate(.*, 57600) called' port.log
	grep -q 'serial 12345678' port.log
	wait_for_line w.txt ' 6 00010203'
}

@test "MIDI speed, and a line that is well while nothing comes" {
	[[ ${BUILD:-} != *san* ]] || skip 'not with a preloaded sanitizer'
	mkfifo ready
	on_port 'exec clasp-midi-in -d serial:/dev/ttyS0 -n 1 \
	    --ready-fd 9 9>ready >got' &
	BG_PID=$!
	BG_PIDS+=("$BG_PID")
	read -r word <ready
	[ "$word" = ready ]
	exec 6<>ctl
	echo 'hex b00701' >&6
	finish
	[ "$status" = 0 ]
	assert_equal "$(cat got)" '/midi/default/ch/0/cc/7 1'
	grep -q 'sp_set_baudrate(.*, 31250) called' port.log
	run ! grep -q gone port.log
}
