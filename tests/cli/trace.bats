#!/usr/bin/env bats
# trace.bats - -vv: every program that talks to a relay shows its frames.

setup() {
	load helper
	common_setup
}

teardown() {
	common_teardown
}

@test "-vv: what is sent and what came, one line each, on stderr" {
	start_relay
	run --separate-stderr clasp-set --name me -vv /a 1
	assert_success
	[ -z "$output" ]
	assert_equal "$(grep -c ': sent hello, fire, 13 bytes: hello {.*"name":"me"' <<<"$stderr")" 1
	grep -qx 'clasp-set: sent set, confirm, 18 bytes: /a 1' <<<"$stderr"
	grep -q '^clasp-set: got welcome, fire, [0-9]* bytes: welcome {.*"session":"' <<<"$stderr"
	grep -qx 'clasp-set: got ack, fire, 18 bytes: ack {"address":"/a","revision":1}' <<<"$stderr"
}

@test "-v and less show no frames, -vv adds nothing to stdout" {
	start_relay
	clasp-set /a 1
	run --separate-stderr clasp-get -v /a
	refute_regex "$stderr" 'bytes:'
	run --separate-stderr clasp-get /a
	[ -z "$stderr" ]
	run --separate-stderr clasp-get -vv -o values /a
	assert_output 1
	assert_regex "$stderr" 'sent get, fire, 9 bytes'
	assert_regex "$stderr" 'got snapshot, fire'
}

@test "-vv: of values and publishes, bundles, binary, long ones" {
	start_relay
	clasp-pub -vv 2>log <<<'/e event "x" ; /s stream 0.5
/b x"00ff"
/g gesture id=7 phase=start [1,2]'
	grep -q 'sent bundle, commit, [0-9]* bytes: /e event "x" ; /s stream 0.5$' log
	grep -q 'sent set, confirm, [0-9]* bytes: /b x"00ff"$' log
	grep -q 'sent publish, fire, [0-9]* bytes: /g gesture id=7 phase=start \[1, *2\]$' log
	clasp-set -vv /long "\"$(head -c 20000 /dev/zero | tr '\0' y)\"" 2>log
	line=$(grep 'sent set' log)
	assert_regex "$line" '20... bytes: /long "y*y \.\.\.$'
	((${#line} < 600))
}

@test "-vv: a token is never shown" {
	start_relay
	run --separate-stderr clasp-set -vv --token hush-hush /a 1
	assert_success
	refute_regex "$stderr" hush
	assert_regex "$stderr" '"token":"\*\*\*"'
}

@test "-vv: after a reconnect the beginning is shown again" {
	start_relay
	bg sub clasp-sub -vv /a
	wait_for_line sub.log 'got pong'
	old=$RELAY_PORT
	stop_relay
	wait_for_line sub.log ': lost'
	bg again clasp-relay -p "$old"
	wait_until 10 eval '(($(grep -c "sent hello" sub.log) == 2))'
	wait_until 10 eval '(($(grep -c "sent subscribe" sub.log) == 2))'
	kill "$BG_PID"
}

# Each program that has -u, with what makes it connect and leave.
@test "-vv: in every program with a connection" {
	start_relay
	clasp-set /a 1
	n=0
	for program in "$BIN"/clasp-*; do
		name=${program##*/}
		"$program" --options | cut -f 2 | grep -qx url || continue
		args=(-vv -u "$CLASP_URL")
		case $name in
		clasp-sub)	args+=(-S /a) ;;
		clasp-get)	args+=(/a) ;;
		clasp-set)	args+=(/a 1) ;;
		clasp-pub)	args+=(/a event 1) ;;
		clasp-record)	args+=(-n 1 -o out /a) ;;
		clasp-play)	args+=(in) ;;
		clasp-ping)	args+=(-n 1) ;;
		clasp-fade)	args+=(/a 0 1 50ms) ;;
		clasp-lock)	args+=(/a -- true) ;;
		*)		continue ;;
		esac
		echo '/a 1' >in
		timeout 20 "$program" "${args[@]}" >out 2>log </dev/null ||
		    { cat log; false; }
		grep -q "^$name: sent hello" log || { cat log; false; }
		grep -q "^$name: got welcome" log || { cat log; false; }
		n=$((n + 1))
	done
	((n == 9))
}

@test "a URL with a fragment, or port 0, is none of a relay" {
	for url in 'ws://127.0.0.1:0/clasp' 'ws://127.0.0.1:7330/clasp#x' \
	    'ws://localhost:0'; do
		run -2 --separate-stderr clasp-set -u "$url" /a 1
		assert_equal "$stderr" "clasp-set: $url: not a URL of a relay"
	done
}
