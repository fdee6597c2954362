# The named ports of clasp-midi-in and clasp-midi-out, by a stand-in for
# portmidi whose ports come and go; and --both.

setup() {
	load helper
	common_setup
	D=/midi/default
	cc -Wall -shared -fPIC -o standin.so \
	    "$TOP/tests/cli/portmidi_standin.c"
	mkdir ports
	export PORTMIDI_PORTS=$WORK/ports
}

teardown() {
	common_teardown
}

# ports COMMAND...: with the stand-in, and with something like a sequencer.  In
# a process of its own (run, bg), which becomes the command.
ports() {
	exec unshare -m bash -c '
		mkdir -p /dev/snd && mount -t tmpfs none /dev/snd || exit 99
		: >/dev/snd/seq
		# the sanitizers do not come first then, and know it
		export ASAN_OPTIONS=verify_asan_link_order=0:${ASAN_OPTIONS:-}
		export LD_PRELOAD=$1
		shift
		exec "$@"' ports "$WORK/standin.so" "$@"
}

# word HEX: an event of portmidi, low byte first
word() {
	xxd -r -p <<<"$1"
}

has() {
	[ "$(xxd -p -c 0 "$1")" = "$2" ]
}

@test "--list, by a part of the name, the first, and none" {
	run -0 ports clasp-midi-in --list
	assert_output ''
	run -3 ports clasp-midi-in
	assert_output 'clasp-midi-in: no MIDI port to read from'
	mkfifo "ports/nano KONTROL.in" ports/piano.in
	: >ports/piano.out
	run -0 ports clasp-midi-out --list
	assert_output $'nano KONTROL\tin\npiano\tin\npiano\tout'
	run -3 ports clasp-midi-in -d organ
	assert_line --index 0 'clasp-midi-in: organ: no such MIDI port; there are:'
	assert_line --index 2 $'piano\tin'
}

@test "a port that cannot be opened is named" {
	mkdir ports/piano.in
	run -3 ports clasp-midi-in -d piano
	assert_output 'clasp-midi-in: piano: portmidi: no such device'
}

@test "in: messages, and SysEx with a clock inside" {
	mkfifo "ports/nano KONTROL.in" ports/piano.in
	exec 5<>ports/piano.in
	bg_ready out ports clasp-midi-in -d PIA --sysex --clock
	word 903c6400f043010203f80405f7000000b0077f00 >&5
	word f8000000fa000000f07e7ff7c5050000 >&5
	wait_for_line out program
	assert_equal "$(cat out)" "$D/ch/0/note event {\"note\":60,\"on\":true,\"velocity\":100}
$D/clock event
$D/sysex event x\"f0430102030405f7\"
$D/ch/0/cc/7 127
$D/clock event
$D/transport event \"start\"
$D/sysex event x\"f07e7ff7\"
$D/ch/5/program event 5"
	[ ! -s out.log ]
	kill "$BG_PID"
	finish
	[ "$status" = 143 ]
}

@test "out: messages, SysEx, and notes off at the end" {
	: >ports/piano.out
	printf '%s\n' "$D/ch/0/note event {\"note\":60,\"velocity\":100}" \
	    "$D/sysex event x\"f0430102030405f7\"" "$D/ch/0/program 5" >lines
	run -0 ports bash -c 'clasp-midi-out --sysex <lines'
	assert_output ''
	has ports/piano.out 903c64f0430102030405f7c005803c40b07b00
}

@test "unplugged and back, by name" {
	mkfifo ports/piano.in
	exec 5<>ports/piano.in
	bg_ready out ports clasp-midi-in -d piano
	word b0070100 >&5
	wait_for_lines out 1
	rm ports/piano.in
	wait_for_line out.log 'piano: portmidi: no such device; tried again'
	exec 5>&-
	mkfifo ports/piano.in
	exec 5<>ports/piano.in
	wait_for_line out.log 'piano: back'
	word b0070200 >&5
	wait_for_lines out 2
	kill "$BG_PID"
	finish
	[ "$(grep -c 'tried again' out.log)" = 1 ]
}

@test "not there at first: --wait" {
	bg out ports clasp-midi-in -d piano --wait
	wait_for_line out.log 'piano: no such MIDI port; tried again'
	mkfifo ports/piano.in
	exec 5<>ports/piano.in
	word b0070100 >&5
	wait_for_lines out 1
	kill "$BG_PID"
	finish
	rm ports/piano.in
	mkfifo ports/piano.in
	bg_ready out ports clasp-midi-in -d piano --exit-on-loss
	rm ports/piano.in
	finish
	[ "$status" = 3 ]
}

@test "an output that is unplugged ends its notes when it is back" {
	: >ports/piano.out
	mkfifo in
	exec 5<>in
	bg_ready out ports bash -c 'exec clasp-midi-out "$@" <in' _ -d piano
	echo "$D/ch/0/note event {\"note\":60,\"velocity\":100}" >&5
	wait_until 5 has ports/piano.out 903c64
	rm ports/piano.out
	echo "$D/ch/0/cc/7 1" >&5
	wait_for_line out.log 'tried again'
	printf '%s\n' "$D/ch/0/cc/8 1" "$D/ch/0/cc/8 2" \
	    "$D/ch/0/note event {\"note\":62,\"velocity\":1}" >&5
	: >ports/piano.out
	wait_until 5 has ports/piano.out 803c40b07b00b00802
	kill "$BG_PID"
	finish
}

@test "--both: a fader is not fed its own past" {
	start_relay
	mkfifo ports/desk.in
	: >ports/desk.out
	exec 5<>ports/desk.in
	bg_ready out ports clasp-midi-in -d desk --both -u "$CLASP_URL"
	word b0070100b0070200 >&5
	wait_until 5 eval '[ "$(clasp-get $D/ch/0/cc/7)" = 2 ]'
	clasp-set $D/ch/0/cc/8 9
	wait_until 5 has ports/desk.out b00809
	kill "$BG_PID"
	finish
}

@test "--both, from one port to another" {
	start_relay
	mkfifo keys
	: >lamps
	exec 5<>keys
	bg_ready out clasp-midi-out --both --in-port raw:keys \
	    --out-port raw:lamps -u "$CLASP_URL"
	printf '\260\007\001' >&5
	wait_until 5 eval '[ "$(clasp-get $D/ch/0/cc/7)" = 1 ]'
	clasp-set $D/ch/0/cc/8 9
	wait_until 5 has lamps b00809
	kill "$BG_PID"
	finish
	run -2 clasp-midi-out --in-port raw:keys
	assert_line --index 0 'clasp-midi-out: --in-port is for --both'
}

@test "--both, from stdin to stdout" {
	start_relay
	mkfifo keys
	exec 5<>keys
	bg_ready lamps sh -c 'exec clasp-midi-in --both -d - -u "$CLASP_URL" \
	    "$@" <keys' sh
	printf '\260\007\001' >&5
	wait_until 5 eval '[ "$(clasp-get $D/ch/0/cc/7)" = 1 ]'
	clasp-set $D/ch/0/cc/8 9
	wait_until 5 has lamps b00809
	kill "$BG_PID"
	finish
}

# dev_snd COMMAND...: in the folder /dev/snd that BG_PID sees
dev_snd() {
	(cd "/proc/$BG_PID/root/dev/snd" && "$@")
}

@test "a device that leaves /dev/snd is missed, though nothing fails" {
	: >ports/silent
	: >ports/piano.out
	mkfifo ports/piano.in in
	exec 5<>ports/piano.in 6<>in
	bg_ready out ports bash -c 'exec clasp-midi-in "$@"' _ -d piano
	dev_snd touch midiC1D0 midiC2D0
	word b0070100 >&5
	wait_for_lines out 1
	# another one leaves: ours is opened again, in silence
	dev_snd rm midiC2D0
	word b0070200 >&5
	wait_for_lines out 2
	[ ! -s out.log ]
	rm ports/piano.in
	dev_snd rm midiC1D0
	wait_for_line out.log 'piano: gone; tried again'
	exec 5>&-
	mkfifo ports/piano.in
	exec 5<>ports/piano.in
	dev_snd touch midiC1D0
	wait_for_line out.log 'piano: back'
	word b0070300 >&5
	wait_for_lines out 3
	kill "$BG_PID"
	finish
}

@test "plugged and unplugged twenty times, with no descriptor lost" {
	local i before

	mkfifo ports/piano.in
	exec 5<>ports/piano.in
	bg_ready out ports clasp-midi-in -d piano
	before=$(ls "/proc/$BG_PID/fd" | wc -l)
	for ((i = 1; i <= 20; i++)); do
		rm ports/piano.in
		wait_for_lines out.log $((2 * i - 1))
		exec 5>&-
		mkfifo ports/piano.in
		exec 5<>ports/piano.in
		dev_snd touch "midiC${i}D0"
		wait_for_lines out.log $((2 * i))
		word b0070100 >&5
		wait_for_lines out "$i"
	done
	[ "$(ls "/proc/$BG_PID/fd" | wc -l)" = "$before" ]
	kill "$BG_PID"
	finish
}

@test "of two ports with one name the first is taken, then the other" {
	mkfifo "ports/a piano.in" "ports/b piano.in"
	exec 5<>"ports/a piano.in" 6<>"ports/b piano.in"
	bg_ready out ports clasp-midi-in -d piano
	word b0070200 >&6
	word b0070100 >&5
	wait_for_lines out 1
	rm "ports/a piano.in"
	wait_for_lines out 2
	assert_equal "$(cat out)" "$D/ch/0/cc/7 1
$D/ch/0/cc/7 2"
	kill "$BG_PID"
	finish
}

@test "a sequencer that comes later is waited for, with --wait" {
	bg out ports bash -c 'rm /dev/snd/seq; exec "$@"' _ \
	    clasp-midi-in -d piano --wait
	wait_for_line out.log 'piano: no MIDI ports (no ALSA sequencer on this machine); tried again'
	mkfifo ports/piano.in
	exec 5<>ports/piano.in
	dev_snd touch seq
	word b0070100 >&5
	wait_for_lines out 1
	kill "$BG_PID"
	finish
	[ "$status" = 143 ]
}

@test "a port that never takes what it was given does not keep us" {
	: >ports/piano.out
	mkfifo in
	exec 5<>in
	bg_ready out ports bash -c 'exec clasp-midi-out "$@" <in' _ -d piano
	echo "$D/ch/0/note event {\"note\":60,\"velocity\":100}" >&5
	wait_until 5 has ports/piano.out 903c64
	: >ports/stuck
	echo "$D/ch/0/cc/7 1" >&5
	kill "$BG_PID"
	finish
	[ "$status" = 143 ]
	grep -q 'piano: what waited for it could not be sent' out.log
}

@test "notes end on every way out" {
	local how note="$D/ch/0/note event {\"note\":60,\"velocity\":100}"

	for how in eof INT TERM "-T 4s" "-n 1" hold; do
		: >ports/piano.out
		rm -f in
		mkfifo in
		exec 5<>in
		bg_ready out ports bash -c 'exec clasp-midi-out "$@" <in 5>&-' _ \
		    -d piano $(case $how in
		    -*) echo "$how" ;;
		    hold) echo --on-exit hold ;;
		    esac)
		echo "$note" >&5
		wait_until 5 eval '[ "$(head -c 3 ports/piano.out |
		    xxd -p)" = 903c64 ]'
		case $how in
		INT | TERM) kill -s "$how" "$BG_PID" ;;
		eof | hold) exec 5>&- ;;
		esac
		finish
		exec 5>&-
		echo "$how: $status $(xxd -p ports/piano.out)"
		if [ "$how" = hold ]; then
			has ports/piano.out 903c64
		else
			has ports/piano.out 903c64803c40b07b00
		fi
	done
}
