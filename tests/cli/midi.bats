# clasp-midi-in: bytes in, lines out, on everything that can be a port.

setup() {
	load helper
	common_setup
}

teardown() {
	common_teardown
}

midi() {
	printf "$1" | clasp-midi-in -d - "${@:2}"
}

# pair: a pseudo-terminal pair; the program's end is A, ours B.
pair() {
	socat pty,raw,echo=0,link=A pty,raw,echo=0,link=B 2>socat.log 3>&- &
	SOCAT=$!
	BG_PIDS+=("$SOCAT")
	wait_until 5 test -e A
	wait_until 5 test -e B
}

# The speed of a line, also one that has no name (TCGETS2).
speed() {
	python3 -c '
import fcntl, os, struct, sys
fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
print(struct.unpack("11I", fcntl.ioctl(fd, 0x802C542A, bytes(44)))[10])
' "$1"
}

@test "three bytes are a line" {
	run -0 --separate-stderr midi '\260\007\177'
	[ "$output" = '/midi/default/ch/0/cc/7 127' ]
	[ -z "$stderr" ]
}

@test "notes, transport and program are events" {
	run -0 midi '\220\074\144\200\074\100\372\305\052'
	assert_output '/midi/default/ch/0/note event {"note":60,"on":true,"velocity":100}
/midi/default/ch/0/note event {"note":60,"on":false,"velocity":64}
/midi/default/transport event "start"
/midi/default/ch/5/program event 42'
}

@test "clock, SysEx and time code only when asked for" {
	local bytes='\370\360\103\367\361\000\361\020\361\040\361\060\361\100\361\120\361\140\361\166'

	run -0 midi "$bytes"
	assert_output ''
	run -0 midi "$bytes" --clock --sysex --mtc
	assert_output '/midi/default/clock event
/midi/default/sysex event x"f043f7"
/midi/default/mtc event {"frame":0,"hour":0,"minute":0,"rate":30,"second":0}'
}

@test "names and namespaces" {
	run -0 midi '\260\007\177' --as 'My Keys (2)'
	assert_output '/midi/my_keys_2/ch/0/cc/7 127'
	run -0 midi '\260\007\177' --prefix /stage/m --as k
	assert_output '/stage/m/k/ch/0/cc/7 127'
	run -2 midi '\260\007\177' --as '/'
	run -2 midi '\260\007\177' --prefix stage
	assert_line --index 0 'clasp-midi-in: --prefix: no namespace: stage'
}

@test "the documented profile" {
	run -0 midi '\260\007\177\220\074\000\305\052\340\000\100' \
	    --profile doc
	assert_output '/midi/ch/1/cc/7 1.0
/midi/ch/1/note/60 event 0.0
/midi/ch/6/program 42
/midi/ch/1/pitch 0.5000305194408838'
	run -0 midi '\260\007\177' --profile doc --as k
	assert_output '/midi/k/ch/1/cc/7 1.0'
	run -2 midi '' --profile other
}

@test "14-bit controllers and parameters" {
	run -0 midi '\260\001\100\260\041\005' --cc14 0-1,7
	assert_output '/midi/default/ch/0/cc14/1 8192
/midi/default/ch/0/cc14/1 8197'
	run -0 midi '\260\143\001\142\002\006\100\046\005' --nrpn
	assert_output '/midi/default/ch/0/nrpn/130 8192
/midi/default/ch/0/nrpn/130 8197'
	run -0 midi '\260\143\001\142\002\006\100\046\005' --nrpn=7
	assert_output '/midi/default/ch/0/nrpn/130 64'
	run -0 midi '\260\145\000\144\000\006\002' --rpn
	assert_output '/midi/default/ch/0/rpn/0 256'
	for list in 32 1- 3-1 a 1,, ''; do
		run -2 midi '' --cc14 "$list"
	done
	run -2 midi '' --nrpn=8
	run -2 midi '' --ttl 1.5s
}

@test "a file is read to its end" {
	printf '\260\007\001\007\002' >bytes
	for port in "$WORK/bytes" raw:bytes ./bytes; do
		run -0 --separate-stderr clasp-midi-in -d "$port"
		[ "$output" = "/midi/default/ch/0/cc/7 1
/midi/default/ch/0/cc/7 2" ]
		[ -z "$stderr" ]
	done
	clasp-midi-in -d raw:- <bytes >out
	[ "$(wc -l <out)" = 2 ]
	clasp-midi-in -d - </dev/null >out
	[ ! -s out ]
}

@test "a FIFO gives lines as they come, and ends with its writer" {
	mkfifo port
	bg_ready out clasp-midi-in -d ./port
	exec 5>port
	printf '\220\074' >&5
	printf '\144' >&5
	wait_for_lines out 1
	printf '\260\007\177' >&5
	wait_for_lines out 2
	exec 5>&-
	finish
	[ "$status" = 0 ]
}

@test "a pseudo-terminal passes every byte unchanged" {
	pair
	bg_ready out clasp-midi-in -d raw:A --sysex
	# what a line discipline would eat: CR, LF, ^C, ^D, ^S, ^Q, 0x7f
	printf '\360\015\012\003\004\021\023\177\377\367' >B
	wait_for_line out sysex
	assert_equal "$(grep -o 'x".*"' out)" 'x"f00d0a030411137ff7"'
	kill "$BG_PID"
	finish
	[ "$status" = 143 ]
}

@test "a serial line at 31250 baud or another" {
	pair
	bg_ready out clasp-midi-in -d serial:A
	printf '\260\007\177' >B
	wait_for_lines out 1
	assert_equal "$(speed A)" 31250
	kill "$BG_PID"
	finish
	bg_ready out clasp-midi-in -d serial:A@38400
	assert_equal "$(speed A)" 38400
	kill "$BG_PID"
	finish
	run -2 clasp-midi-in -d serial:A@fast
}

@test "unplugged and back" {
	pair
	bg_ready out clasp-midi-in -d ./A
	printf '\220\074' >B		# half a message is forgotten
	kill "$SOCAT"
	gone "$SOCAT"
	wait_for_line out.log '^clasp-midi-in: ./A: gone'
	pair
	wait_for_line out.log '^clasp-midi-in: ./A: back'
	printf '\144\260\007\001' >B
	wait_for_lines out 1
	assert_equal "$(cat out)" '/midi/default/ch/0/cc/7 1'
	[ "$(grep -c gone out.log)" = 1 ]
}

@test "--exit-on-loss ends with 3" {
	pair
	bg_ready out clasp-midi-in -d ./A --exit-on-loss
	kill "$SOCAT"
	finish
	[ "$status" = 3 ]
	grep -q '^clasp-midi-in: ./A: gone$' out.log
}

@test "a port that is not there: 3, or --wait" {
	run -3 clasp-midi-in -d raw:nowhere
	assert_output 'clasp-midi-in: nowhere: no such file or directory'
	run -3 clasp-midi-in -d raw:.
	assert_output 'clasp-midi-in: .: is a directory'
	bg out clasp-midi-in -d raw:port --wait
	wait_for_line out.log 'no such file or directory; tried again'
	printf '\260\007\001' >port
	finish
	[ "$status" = 0 ]
	[ "$(cat out)" = '/midi/default/ch/0/cc/7 1' ]
}

@test "a port is used by one program" {
	pair
	bg_ready out clasp-midi-in -d ./A
	run -3 clasp-midi-in -d ./A
	assert_output 'clasp-midi-in: ./A: in use by another program'
}

@test "a device that another program has says so" {
	: >port
	# open() answers as for a raw MIDI device that is in use
	python3 -c '
import fcntl, os, signal, time
signal.signal(signal.SIGIO, signal.SIG_IGN)
fd = os.open("port", os.O_RDWR)
fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
open("leased", "w").close()
signal.pause()' 3>&- &
	BG_PIDS+=($!)
	wait_until 5 test -e leased
	run -3 clasp-midi-in -d ./port
	assert_output 'clasp-midi-in: ./port: in use by another program'
}

# with_ports N COMMAND: with so many raw MIDI devices, in a namespace of
# mounts of our own.
with_ports() {
	mkdir -p /dev/snd
	unshare -m bash -c '
		mount -t tmpfs none /dev/snd || exit 99
		for ((i = 0; i < $1; i++)); do
			printf "\260\007\00$i" >/dev/snd/midiC${i}D0
		done
		shift
		"$@"' ports "$@"
}

@test "without -d: the only port, or the list" {
	run -3 with_ports 0 clasp-midi-in
	assert_output 'clasp-midi-in: no MIDI ports (no ALSA sequencer on this machine)'
	run -0 with_ports 0 clasp-midi-in --list
	assert_output ''
	run -0 with_ports 1 clasp-midi-in
	assert_output '/midi/default/ch/0/cc/7 0'
	run -3 with_ports 2 clasp-midi-in
	assert_line --index 0 'clasp-midi-in: several MIDI ports, choose one with -d:'
	assert_line --index 1 --partial /dev/snd/midiC0D0
	assert_line --index 2 --partial /dev/snd/midiC1D0
	run -0 with_ports 2 clasp-midi-in --list
	assert_line --index 1 $'/dev/snd/midiC1D0\tmidiC1D0'
	run -0 with_ports 2 clasp-midi-in -d midic1
	assert_output '/midi/default/ch/0/cc/7 1'
	run -3 with_ports 2 clasp-midi-in -d nano
	assert_line --index 0 'clasp-midi-in: nano: no such MIDI port; there are:'
}

@test "what is dropped is counted and told" {
	run -0 --separate-stderr midi '\100\100\220\074\260\007\001'
	[ "$output" = '/midi/default/ch/0/cc/7 1' ]
	[[ $stderr == *'stdin: dropped: data byte without a status (2 so far)'* ]]
	[[ $stderr == *'stdin: dropped: message cut short (1 so far)'* ]]
	run -0 --separate-stderr midi '\100\260\007\001' -q
	[ -z "$stderr" ]
	mkfifo port
	bg_ready out clasp-midi-in -d ./port
	exec 5>port
	printf '\100\260\007\001' >&5
	wait_for_lines out 1
	kill -USR1 "$BG_PID"
	wait_for_line out.log 'data byte without a status: 1 dropped'
	exec 5>&-
	finish
}

@test "-n, -T, -t and -o" {
	run -0 midi '\260\007\001\007\002\007\003' -n 2
	[ "${#lines[@]}" = 2 ]
	run -1 midi '\260\007\001' -n 2
	mkfifo port
	exec 5<>port
	run -124 clasp-midi-in -d ./port -T 50ms
	run -0 midi '\260\007\001' -t
	[[ $output =~ ^[0-9]+\.[0-9]{6}\ /midi/default/ch/0/cc/7\ 1$ ]]
	run -0 midi '\260\007\001' -o json
	assert_output '{"type":"set","addr":"/midi/default/ch/0/cc/7","value":1}'
}

@test "rules are applied on the way" {
	run -0 midi '\260\007\177\007\000' \
	    --map '/midi/*/ch/*/cc/* /dmx/1/$3 scale:0,127,0,255 int'
	assert_output '/dmx/1/7 255
/dmx/1/7 0'
	echo '/midi/** /only event' >rules
	run -0 midi '\260\007\177' -m rules
	assert_output '/only event 127'
	run -2 midi '' --map '/a nonsense:1'
	run -3 midi '' -m nowhere
	# what "every" holds back comes at the end
	run -0 midi '\260\007\001\007\002' --map '/** every:10'
	assert_output '/midi/default/ch/0/cc/7 1
/midi/default/ch/0/cc/7 2'
}

@test "a reader that goes away is not an error" {
	head -c 300000 /dev/zero | tr '\0' '\100' >data
	(printf '\220'; cat data) >bytes
	set -o pipefail
	run -0 bash -o pipefail -c 'clasp-midi-in -d ./bytes | head -n 1'
	assert_output '/midi/default/ch/0/note event {"note":64,"on":true,"velocity":64}'
	run -3 bash -c 'clasp-midi-in -d ./bytes >/dev/full'
}

@test "with -u values and events go to the relay" {
	start_relay
	bg_ready got clasp-sub -N '/midi/**'
	mkfifo keys
	bg_ready out clasp-midi-in -d ./keys -u "$CLASP_URL"
	exec 5>keys
	printf '\260\007\001\220\074\144' >&5
	wait_for_lines got 2
	assert_equal "$(sed 's/ ttl=never//' got | sort)" '/midi/default/ch/0/cc/7 1
/midi/default/ch/0/note event {"note":60,"on":true,"velocity":100}'
	# many values of one address are thinned, the last one counts
	for ((i = 0; i < 127; i++)); do
		printf '\260\012'"\\$(printf %o $i)"
	done >&5
	wait_for_line got '/cc/10 .*126'
	(($(grep -c '/cc/10 ' got) < 60))
	[ ! -s out ]
	run -0 clasp-get /midi/default/ch/0/cc/10
	assert_output 126
	# they do not expire, unless asked for
	grep -q '/cc/10 ttl=never' got
	printf '\260\013\005' | clasp-midi-in -d - -u "$CLASP_URL" --ttl 2m
	wait_for_line got '/cc/11 ttl=120 5'
	exec 5>&-
	finish
	[ "$status" = 0 ]
}

@test "a relay that is restarted gets all values again" {
	start_relay
	mkfifo keys
	bg_ready out clasp-midi-in -d ./keys -u "$CLASP_URL"
	exec 5>keys
	printf '\260\007\001\010\002' >&5
	wait_until 5 eval '[ "$(clasp-get /midi/default/ch/0/cc/8)" = 2 ]'
	stop_relay
	clasp-relay -p "$RELAY_PORT" >relay2.log 2>&1 3>&- 5>&- &
	BG_PIDS+=($!)
	wait_until 10 eval '[ "$(clasp-get /midi/default/ch/0/cc/7 2>&1)" = 1 ]'
	wait_until 5 eval '[ "$(clasp-get /midi/default/ch/0/cc/8 2>&1)" = 2 ]'
	exec 5>&-
	finish
}

@test "a relay that is lost before it has confirmed all is exit 3" {
	start_relay
	mkfifo keys
	bg_ready out clasp-midi-in -d ./keys -u "$CLASP_URL" -vv
	local program=$BG_PID
	exec 5>keys
	kill -STOP "$RELAY_PID"
	printf '\260\007\177' >&5
	exec 5>&-
	waits() {
		sed -n '/ sent set/,$p' out.log | grep -q ' sent ping'
	}
	wait_until 5 waits
	kill -KILL "$RELAY_PID"
	finish "$program"
	assert_equal "$status" 3
	grep -q 'lost before it had confirmed everything$' out.log
}

@test "the first Ctrl-C ends --retry, its input long gone" {
	bg out clasp-midi-in -d - -u ws://127.0.0.1:1 --retry
	wait_until 10 catches_int "$BG_PID"
	kill -INT "$BG_PID"
	finish
	[ "$status" -eq 130 ]
}

@test "a standard input that cannot be read is exit 3" {
	run -3 sh -c 'exec clasp-midi-in -d - <&-'
	assert_output 'clasp-midi-in: stdin: not open for reading'
	run -3 sh -c 'exec clasp-midi-in -d - <.'
	assert_output 'clasp-midi-in: stdin: is a directory'
	# a file whose start is no memory of anybody
	run -3 clasp-midi-in -d raw:/proc/self/mem
	assert_output 'clasp-midi-in: /proc/self/mem: input/output error'
	run -3 sh -c 'exec clasp-dmx-in -d - <&-'
	assert_output 'clasp-dmx-in: stdin: not open for reading'
}

@test "a port without its path is a usage error" {
	for p in clasp-midi-in clasp-midi-out; do
		for d in raw: serial: serial:@31250; do
			run -2 "$p" -d "$d" </dev/null
			assert_equal "${lines[0]}" \
			    "$p: ${d%%:*}: needs a path behind it"
		done
	done
}

@test "--max-rate thins lines on stdout, too" {
	# a hundred moves at once: the first and, in its time, the last
	run -0 --separate-stderr bash -c 'for ((i = 1; i <= 100; i++)); do
		printf "\\xb0\\x07\\x$(printf %02x $i)"; done |
	    clasp-midi-in -d - --max-rate 1'
	assert_output $'/midi/default/ch/0/cc/7 1\n/midi/default/ch/0/cc/7 100'
}

@test "random bytes, as an independent reader has them" {
	local options seed=0

	while read -r options; do
		seed=$((seed + 1))
		# shellcheck disable=SC2086
		python3 "$TOP/tests/cli/midi_oracle.py" in $seed 4000 $options
	done <<'END'

--profile=doc
--clock --sysex --mtc
--nrpn
--rpn --mtc
--nrpn --rpn --cc14=0-31
--nrpn=7 --rpn=7 --profile=doc --sysex
END
}
