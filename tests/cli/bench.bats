#!/usr/bin/env bats
# clasp-bench

setup() {
	load helper
	common_setup
}
teardown() { common_teardown; }

# bench OPTION...: the figures go to the file json.
bench() {
	timeout $((30 * SLOW)) clasp-bench -o json "$@" >json
}

figure() {
	jq -r "$1" json
}

@test "everything that was sent came, in order, and is counted" {
	start_relay
	bench --rate 500 --time 600ms --pub 3 --sub 4 --addresses 2
	run jq -c '[.pub, .sub, .rate, .addresses, .lost, .out_of_order,
	    .refused, .sent <= 300, .sent > 10, .received == .sent * 4]' json
	assert_output '[3,4,500,2,0,0,0,true,true,true]'
}

@test "the quantiles rise, and end with the largest" {
	start_relay
	bench --time 200ms
	run jq -c '[.latency_us, .answer_us | [.p50, .p90, .p99, ."p99.9",
	    .max] | . == sort and .[0] > 0]' json
	assert_output '[true,true]'
}

@test "without --rate no more than --window is under way" {
	start_relay
	bench --window 1 --time 200ms --sub 0
	# one after the other: the sum of all answers fits into the time
	run jq -r '.sent > 1 and .latency_us == null and
	    .answer_us.p50 / 1e6 * .sent / 2 <= .seconds * 1.1' json
	assert_output true
}

@test "a relay that stands still has delayed all that was due" {
	start_relay
	bg out clasp-bench -o json --rate 500 --time 3s
	wait_until 5 clasp-get '/bench/**' >/dev/null
	kill -STOP "$RELAY_PID"
	sleep 1		# the load, not a wait for something
	kill -CONT "$RELAY_PID"
	finish
	[ "$status" -eq 0 ]
	# a third of all messages was due in that second
	run jq -r '.latency_us.p90 > 400000 and .latency_us.max > 900000 and
	    .lost == 0 and .sent == 1500' out
	assert_output true
}

@test "values have the size that was asked for" {
	start_relay
	bg_ready seen clasp-sub -N -n 1 -T 20 -o values '/bench/**'
	bench --size 100 --rate 50 --time 100ms
	finish
	run cat seen
	assert_output --regexp '^x"[0-9a-f]{200}"$'
	bench --size 65000 --rate 50 --time 100ms
	run figure '[.size, .lost] | @csv'
	assert_output 65000,0
}

@test "it leaves nothing behind for long, and others alone" {
	start_relay
	clasp-set /other 1
	bg_ready seen clasp-sub -N -n 1 -T 20 '/bench/**'
	bench --rate 100 --time 50ms
	run clasp-get -o addresses '/**'
	assert_line /other
	assert_line --regexp '^/bench/[0-9]+/0/0$'
	finish
	run grep -c 'ttl=60' seen
	refute_output 0
}

@test "what the relay refuses is counted, exit 5" {
	start_relay --rate-limit 50
	run -5 --separate-stderr clasp-bench --rate 1000 --time 200ms
	assert_line --regexp '^refused +[0-9]+$'
	[[ $stderr == *'Rate limit exceeded'* ]]
}

@test "the figures for people stand in columns" {
	start_relay
	run -0 --separate-stderr clasp-bench --rate 100 --time 200ms
	[ -z "$stderr" ]
	assert_line --index 0 '1 publisher, 1 subscriber, values of 8 bytes, 100/s asked for, 0.20 s'
	for name in sent received lost 'out of order' ms delivery answer; do
		assert_line --regexp "^$name +[0-9p]"
	done
	run awk 'NR > 5 { print NF }' <<<"$output"
	assert_output $'6\n6\n6'
}

@test "a signal ends it, with the figures until then" {
	start_relay
	bg out clasp-bench --rate 100 --time 1h
	wait_until 5 clasp-get '/bench/**' >/dev/null
	kill -INT "$BG_PID"
	finish
	[ "$status" -eq 130 ]
	run cat out
	assert_line --regexp '^delivery +[0-9.]+'
}

@test "a relay that goes away is exit 3" {
	start_relay
	bg out clasp-bench --rate 100 --time 1h
	wait_until 5 clasp-get '/bench/**' >/dev/null
	kill -9 "$RELAY_PID"
	finish
	[ "$status" -eq 3 ]
	run cat out.log
	assert_line --regexp '^clasp-bench: ws://'
	[ "${#lines[@]}" -eq 1 ]
}

@test "usage" {
	run -2 clasp-bench --size 7
	run -2 clasp-bench --pub 0
	run -2 clasp-bench --rate 0
	run -2 clasp-bench --time 0
	run -2 clasp-bench -o tsv
	run -2 clasp-bench operand
	run -3 clasp-bench -u unix:nowhere
}
