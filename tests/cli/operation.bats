#!/usr/bin/env bats
# operation.bats - what those see who run the relay: health, metrics, the
# service manager, and an orderly end.

setup() {
	load helper
	common_setup
}

teardown() {
	common_teardown
}

# The relay with both ports; HEALTH and METRICS are their HOST:PORT.
watched_relay() {
	start_relay --host 127.0.0.1 --health-port 0 --metrics-port 0 "$@"
	HEALTH=$(sed -n 's|.* health at http://\(.*\)/$|\1|p' relay.log)
	METRICS=$(sed -n 's|.* metrics at http://\(.*\)/$|\1|p' relay.log)
	[[ $HEALTH == 127.0.0.1:* && $METRICS == 127.0.0.1:* ]]
}

# status METHOD URL
status() {
	curl -s -m 5 -o body -w '%{http_code}' -X "$1" "http://$2"
}

# metric NAME: its value.
metric() {
	curl -s -m 5 "http://$METRICS/metrics" | awk -v n="$1" '$1 == n { print $2 }'
}

is_metric() {
	[[ $(metric "$1") == "$2" ]]
}

@test "health and readiness" {
	watched_relay
	assert_equal "$(status GET "$HEALTH/healthz")" 200
	assert_equal "$(<body)" ok
	assert_equal "$(status GET "$HEALTH/readyz?x=1")" 200
	assert_equal "$(<body)" ready
	run curl -s -m 5 -I "http://$HEALTH/healthz"
	assert_line --partial '200 OK'
	assert_line --partial 'Content-Length: 3'
	refute_line ok
}

@test "other paths are 404, other methods 405, nonsense 400" {
	watched_relay
	for path in / /health /healthz/ /metrics; do
		assert_equal "$(status GET "$HEALTH$path")" 404
	done
	assert_equal "$(status GET "$METRICS/healthz")" 404
	for method in POST PUT DELETE OPTIONS; do
		assert_equal "$(status "$method" "$HEALTH/healthz")" 405
	done
	for request in 'GET\r\n\r\n' 'GET /healthz\r\n\r\n' '\r\n\r\n' \
	    'GET healthz HTTP/1.1\r\n\r\n' ' /healthz HTTP/1.1\r\n\r\n' \
	    'GET /healthz HTTP/2.0\r\n\r\n' '\x16\x03\x01\0\r\n\r\n'; do
		run bash -c "printf '$request' |
		    timeout 5 socat -t 5 - TCP:$HEALTH"
		assert_line --partial 'HTTP/1.1 400 Bad Request'
	done
	head -c 9000 /dev/zero | tr '\0' A >long
	run timeout 5 socat -t 5 - "TCP:$HEALTH" <long
	assert_line --partial ' 431 '
	assert_equal "$(status GET "$HEALTH/healthz")" 200
}

@test "a slow or silent peer holds up nobody; too many are cut off" {
	watched_relay
	for i in {1..70}; do
		exec {fd}<>"/dev/tcp/${METRICS/://}"
		((i > 1)) || first=$fd
		((i % 2)) || printf 'GET /met' >&"$fd"
	done
	assert_equal "$(status GET "$METRICS/metrics")" 200
	assert_equal "$(status GET "$HEALTH/healthz")" 200
	clasp-set /a 1
	# 64 at a time: the first ones have been closed
	run timeout 5 cat <&"$first"
	assert_success
	# the last one is still served
	printf 'rics HTTP/1.1\r\n\r\n' >&"$fd"
	run timeout 5 cat <&"$fd"
	assert_line --partial '200 OK'
}

@test "a peer that does not ask is closed by itself" {
	watched_relay
	exec {silent}<>"/dev/tcp/${HEALTH/://}" {half}<>"/dev/tcp/${HEALTH/://}"
	printf 'GET /healthz HTTP/1.1\r\n' >&"$half"
	run timeout $((20 * SLOW)) cat <&"$silent"
	assert_success
	assert_output ''
	run timeout $((20 * SLOW)) cat <&"$half"
	assert_success
	assert_output ''
}

@test "a port in use, or one that is none" {
	watched_relay
	run -3 timeout 5 clasp-relay -p 0 --host 127.0.0.1 \
	    --health-port "${HEALTH##*:}"
	assert_line "clasp-relay: --health-port: port ${HEALTH##*:}: cannot listen: address already in use"
	run -2 timeout 5 clasp-relay --metrics-port 65536
}

@test "metrics: names, kinds and figures" {
	watched_relay
	clasp-set /a 1
	clasp-set /b 2
	run -1 clasp-get /none
	bg_ready sub clasp-sub /a
	is_metric clasp_sessions_active 1
	is_metric clasp_subscriptions_active 1
	is_metric clasp_state_params_active 2
	is_metric clasp_signals_active 0
	is_metric clasp_bundles_scheduled 0
	is_metric 'clasp_messages_total{type="set"}' 2
	is_metric 'clasp_messages_total{type="get"}' 1
	is_metric 'clasp_errors_total{code="201"}' 1
	is_metric clasp_drops_total 0
	is_metric clasp_evictions_total 0
	is_metric clasp_expired_total 0
	clasp-set /a 3
	wait_until 5 is_metric 'clasp_broadcast_fanout_bucket{le="0"}' 2
	is_metric 'clasp_broadcast_fanout_bucket{le="1"}' 3
	is_metric 'clasp_broadcast_fanout_bucket{le="+Inf"}' 3
	is_metric clasp_broadcast_fanout_count 3
	is_metric clasp_broadcast_fanout_sum 1
	(($(metric clasp_bytes_in_total) > 0))
	(($(metric clasp_bytes_out_total) > 0))
	kill "$BG_PID"
	finish
	wait_until 5 is_metric clasp_subscriptions_active 0
	is_metric clasp_sessions_active 0
}

@test "metrics: evictions" {
	watched_relay --max-params 1
	clasp-set /a 1
	clasp-set /b 1
	is_metric clasp_evictions_total 1
	is_metric clasp_state_params_active 1
}

@test "metrics: each type of message is there after its first" {
	watched_relay
	clasp-set /a 1
	clasp-get /a
	curl -s "http://$METRICS/metrics" >page
	for type in hello set get; do
		grep -q "^clasp_message_latency_seconds_count{type=\"$type\"} " \
		    page
	done
}

@test "metrics: a page that parses, histograms that add up" {
	watched_relay
	for i in {1..300}; do echo "/a $i"; done | clasp-pub
	curl -s "http://$METRICS/metrics" >page
	run python3 - page <<-'END'
		import re, sys
		kinds, last, seen = {}, {}, set()
		for line in open(sys.argv[1]):
		    m = re.fullmatch(r"# TYPE (\w+) (counter|gauge|histogram)\n", line)
		    if m:
		        assert m[1] not in kinds, line
		        kinds[m[1]] = m[2]
		    if line[0] == "#":
		        continue
		    m = re.fullmatch(r'(\w+)(\{(\w+="[^"\\]*",?)+\})? (\S+)\n', line)
		    assert m, line
		    float(m[4])
		    assert (m[1], m[2]) not in seen, line
		    seen.add((m[1], m[2]))
		    base = re.sub("_(bucket|sum|count)$", "", m[1])
		    assert m[1] in kinds or kinds[base] == "histogram", line
		    if m[1].endswith("_bucket"):
		        key = base, re.sub(r',?le="[^"]*"', "", m[2])
		        assert int(m[4]) >= last.get(key, 0), line
		        last[key] = int(m[4])
		    if m[1].endswith("_count"):
		        assert last[base, m[2] or "{}"] == int(m[4]), line
		types = {t for n, t in seen if n == "clasp_message_latency_seconds_count"}
		assert '{type="set"}' in types, types
		print(*sorted(kinds))
	END
	assert_success
	assert_output 'clasp_broadcast_fanout clasp_bundles_scheduled clasp_bytes_in_total clasp_bytes_out_total clasp_drops_total clasp_errors_total clasp_evictions_total clasp_expired_total clasp_message_latency_seconds clasp_messages_total clasp_sessions_active clasp_signals_active clasp_state_params_active clasp_subscriptions_active clasp_undecodable_total'
}

# --------------------------------------------------- the service manager

# Datagrams to the socket `notify`, one after the other, in the file told.
notify_socket() {
	bg listener socat -u UNIX-RECV:notify OPEN:told,creat,append
	wait_until 5 test -S notify
	export NOTIFY_SOCKET=$PWD/notify
}

@test "a log that nobody reads holds up nobody, and says what is missing" {
	mkfifo pipe
	exec 7<>pipe
	bg relay bash -c 'exec clasp-relay -vv -p 0 --port-file port 2>pipe 7>&-'
	wait_for port
	export CLASP_URL=ws://127.0.0.1:$(<port)/clasp
	seq 3000 | sed 's,^,/n ,' | timeout 20 clasp-pub
	assert_equal "$(timeout 5 clasp-get /n)" 3000
	cat <&7 >read 3>&- &
	BG_PIDS+=("$!")
	wait_for_line read 'accepting connections'
	timeout 5 clasp-get /n
	wait_for_line read 'warning: [0-9]* lines of the log could not be written'
	exec 7>&-
}

@test "a log file on a full disk is told once" {
	bg relay clasp-relay -v -p 0 --port-file port --log-file /dev/full
	wait_for port
	export CLASP_URL=ws://127.0.0.1:$(<port)/clasp
	clasp-set /n 1
	diff relay.log - <<-'END'
	clasp-relay: /dev/full: the log cannot be written: no space left on device
	END
}

@test "sd_notify: ready, status, stopping" {
	notify_socket
	start_relay
	wait_for_line told '^READY=1$'
	grep -q '^STATUS=' told
	run ! grep -q WATCHDOG told
	stop_relay
	wait_for_line told '^STOPPING=1$'
}

@test "sd_notify: the watchdog is fed twice as often as it asks" {
	notify_socket
	WATCHDOG_USEC=100000 start_relay
	wait_until 5 eval '(($(grep -c "^WATCHDOG=1" told) >= 3))'
	grep -q 'STATUS=0 sessions, 0 params' told
}

@test "sd_notify: an abstract socket" {
	name=clasp-test-$$-$RANDOM
	bg listener socat -u "ABSTRACT-RECV:$name" OPEN:told,creat,append
	wait_until 5 grep -q "@$name\$" /proc/net/unix
	NOTIFY_SOCKET=@$name start_relay
	wait_for_line told '^READY=1$'
}

@test "sd_notify: a watchdog for another process is not ours" {
	notify_socket
	WATCHDOG_PID=1 WATCHDOG_USEC=20000 start_relay
	clasp-set /a 1
	stop_relay
	wait_for_line told '^STOPPING=1$'
	run ! grep -q WATCHDOG told
}

@test "sd_notify: a socket that is none does no harm" {
	NOTIFY_SOCKET=/no/such/socket start_relay
	stop_relay
	NOTIFY_SOCKET=nonsense start_relay
	stop_relay
	printf -v NOTIFY_SOCKET '/%0200d' 0
	export NOTIFY_SOCKET
	start_relay
	stop_relay
}
