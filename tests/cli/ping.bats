#!/usr/bin/env bats
# clasp-ping

setup() {
	load helper
	common_setup
}
teardown() { common_teardown; }

LINE='^seq=[0-9]+ rtt=[0-9]+\.[0-9]{6} offset=[-+][0-9]+\.[0-9]{6}$'
SUMMARY='sent, [0-9]+ answered, [0-9]+% lost, rtt min/avg/max/jitter'
SUMMARY+=' ([0-9]+\.[0-9]{6}/){3}[0-9]+\.[0-9]{6} s,'
SUMMARY+=' offset [-+][0-9]+\.[0-9]{6} s$'

@test "a line for each answer, and a summary" {
	start_relay
	run -0 --separate-stderr clasp-ping -n 4 -i 0.01
	[ "${#lines[@]}" -eq 4 ]
	for i in 1 2 3 4; do
		[[ ${lines[i - 1]} =~ $LINE ]]
		[[ ${lines[i - 1]} == "seq=$i "* ]]
	done
	[[ $stderr == "clasp-ping: $CLASP_URL: 4 sent, 4 answered, 0% lost"* ]]
	[[ $stderr =~ $SUMMARY ]]
	# the numbers of the summary are those of the lines
	printf '%s\n' "${lines[@]}" | sed 's/.*rtt=\([0-9.]*\) .*/\1/' |
	    sort -n >rtts
	min=$(head -n 1 rtts) max=$(tail -n 1 rtts)
	[[ $stderr == *" $min/"* ]]
	[[ $stderr == *"/$max/"* ]]
}

@test "one after the other, and quietly" {
	start_relay
	run -0 --separate-stderr clasp-ping -q -n 200 -i 0
	[ "${#lines[@]}" -eq 200 ]
	[[ ${lines[199]} == 'seq=200 '* ]]
	[ -z "$stderr" ]
}

@test "-o json" {
	start_relay
	clasp-ping -q -n 3 -i 0 -o json >got
	run jq -c '[.seq, (.rtt | type), (.offset | type)]' got
	assert_output $'[1,"number","number"]\n[2,"number","number"]
[3,"number","number"]'
	run -2 clasp-ping -o tsv
}

@test "the offset is the relay's clock less ours" {
	cc -shared -fPIC -o wallclock.so "$TOP/tests/cli/wallclock.c"
	printf '\0\0\0\0\0\0\0\0' >mine
	# 2^32 microseconds
	printf '\0\0\0\0\1\0\0\0' >relay
	WALLCLOCK=relay LD_PRELOAD=$WORK/wallclock.so \
	    ASAN_OPTIONS=verify_asan_link_order=0 clasp-relay -p 0 \
	    --port-file port >relay.out.log 2>relay.log 3>&- 4>&- \
	    </dev/null &
	BG_PIDS+=($!)
	wait_for port
	export CLASP_URL=ws://127.0.0.1:$(<port)/clasp
	run -0 --separate-stderr clasp-ping -n 5 -i 0 -o json
	printf '%s\n' "${lines[@]}" >got
	# by half of the round trip it may be wrong; clocks may be slewed
	run jq -e 'select((.offset - 4294.967296 | fabs) > .rtt / 2 + 0.1)' got
	assert_output ''
	[[ $stderr == *' offset +429'[45].*' s' ]]
}

@test "a signal ends it with a summary" {
	start_relay
	clasp-ping -i 0.01 >got 2>err 3>&- 4>&- &
	pid=$!
	BG_PIDS+=("$pid")
	wait_for_lines got 2
	kill -INT "$pid"
	finish "$pid"
	[ "$status" -eq 130 ]
	run cat err
	[[ $output =~ $SUMMARY ]]
	[[ $(tail -n1 got) =~ $LINE ]]
}

@test "-T, and --stats" {
	start_relay
	run -124 --separate-stderr clasp-ping -T 0.2 -i 0.05
	[ -z "$stderr" ]
	run -124 --separate-stderr clasp-ping --stats -T 0.2 -i 0.05
	[[ $stderr =~ $SUMMARY ]]
}

# A relay that greets and answers only every other SYNC, or none.
deaf_relay() {
	cat >deaf.py <<'END'
import os, socket, struct, sys
every = int(sys.argv[1])
s = socket.socket(socket.AF_UNIX)
s.bind("sock")
s.listen(1)
c, _ = s.accept()
def send(payload):
    frame = b"S\x01" + struct.pack(">H", len(payload)) + payload
    c.sendall(struct.pack(">I", len(frame)) + frame)
buf, seen = b"", 0
while True:
    data = c.recv(65536)
    if not data:
        break
    buf += data
    while len(buf) >= 4 and len(buf) >= 4 + struct.unpack(">I", buf[:4])[0]:
        n = struct.unpack(">I", buf[:4])[0]
        frame, buf = buf[4:4 + n], buf[4 + n:]
        kind = frame[4]
        if kind == 0x01:
            text = lambda t: struct.pack(">H", len(t)) + t
            send(b"\x02\x01\xf8" + struct.pack(">Q", 0) + text(b"id") +
                 text(b"deaf") + text(b""))
        elif kind == 0x41:
            send(b"\x42")
        elif kind == 0x40:
            seen += 1
            if every and seen % every == 0:
                t1 = frame[6:14]
                send(b"\x40\x03" + t1 + t1 + t1)
END
	python3 deaf.py "$1" 2>deaf.log 3>&- 4>&- &
	BG_PIDS+=($!)
	wait_until 5 test -S sock
	export CLASP_URL=unix:$WORK/sock
}

@test "what has no answer is lost, and told" {
	deaf_relay 2
	run -1 --separate-stderr clasp-ping -n 4 -i 0.01
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[0]} == 'seq=2 '* ]]
	[[ ${lines[1]} == 'seq=4 '* ]]
	[[ $stderr == *": no answer to seq=1"* ]]
	[[ $stderr == *": no answer to seq=3"* ]]
	[[ $stderr == *": 4 sent, 2 answered, 50% lost,"* ]]
}

@test "a relay that never answers is exit 1" {
	deaf_relay 0
	run -1 --separate-stderr clasp-ping -n 2 -i 0.01
	[ -z "$output" ]
	[[ $stderr == *": 2 sent, 0 answered, 100% lost" ]]
}

@test "a relay that goes away is exit 3" {
	start_relay
	clasp-ping -i 0.01 >got 2>err 3>&- 4>&- &
	pid=$!
	BG_PIDS+=("$pid")
	wait_for got
	stop_relay
	finish "$pid"
	[ "$status" -eq 3 ]
	run -3 --separate-stderr clasp-ping -n1
	[[ $stderr == "clasp-ping: $CLASP_URL: connection refused" ]]
}

@test "a reader that goes away ends it" {
	start_relay
	set -o pipefail
	clasp-ping -i 0.01 | head -n 1
	run -3 sh -c 'clasp-ping -n1 >/dev/full'
}

@test "a relay that stands still is waited for, and asked again" {
	start_relay
	bg got clasp-ping -vv -i 0.002
	wait_for_lines got 5
	kill -STOP "$RELAY_PID"
	unanswered() {
		(($(grep -c ' sent sync,' got.log) - $(wc -l <got) >= 64))
	}
	wait_until 10 unanswered
	before=$(wc -l <got)
	kill -CONT "$RELAY_PID"
	wait_for_lines got $((before + 100))
	kill -INT "$BG_PID"
	finish
	[ "$status" -eq 130 ]
	[[ $(<got.log) != *'no answer'* ]]
}
