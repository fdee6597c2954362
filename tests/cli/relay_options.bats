#!/usr/bin/env bats
# relay_options.bats - every option that launchers and service files of
# relays pass: it does what it says, is true already, or is refused by name.

setup() {
	load helper
	common_setup
}

teardown() {
	common_teardown
}

# Option and value, as they are passed; all of them together must start.
# Listeners and files of their own are tested in relay.bats, tls.bats, ...
ACCEPTED='
--host 127.0.0.1
--name Stage
--log-level info
--max-sessions 0
--max-clients 1000
--session-timeout 300
--param-ttl 3600
--signal-ttl 3600
--no-ttl
--max-params 100000
--max-signals 100000
--max-subscriptions 100
--queue-size 1000
--rate-limit 0
--gesture-interval 16
--no-gesture-coalescing
--health-port 0
--metrics-port 0
--drain-timeout 30
--no-mdns
--no-broadcast
--rendezvous-port 0
--evict lru
--verbose
'

# Parts that are not built in.
REFUSED='
--persist x
--persist-interval 30
--journal x
--journal-memory
--journal-batch-size 100
--journal-flush-ms 50
--journal-backend sqlite
--fsync always
--store redis://x
--rules x
--auth-port 7350
--auth-db x
--cors-origin x
--admin-token x
--token-ttl 86400
--tokens x
--jwt-secret-file x
--jwt-issuer x
--trust-anchor x
--cap-max-depth 5
--registry-db x
--hub ws://x
--federation-hub ws://x
--federation-id x
--federation-namespace /x/**
--federation-token x
--http
--quic-port 7331
--quic-self-signed
--mqtt-port 1883
--mqtt-namespace /mqtt
--osc-port 9000
--osc-namespace /osc
--udp-plain-auth
--broadcast-port 7331
--rendezvous-url http://x
--rendezvous-port 7340
--rendezvous-refresh 60
--rendezvous-tag x
--rendezvous-per-source 5
--rendezvous-ttl 300
--public-host x
--lenses x
'

@test "what is accepted starts, with a blank and with an equals sign" {
	args=() joined=()
	while read -r option value; do
		[[ -n $option ]] || continue
		args+=("$option" ${value:+"$value"})
		joined+=("$option${value:+=$value}")
	done <<<"$ACCEPTED"
	start_relay "${args[@]}"
	clasp-set /a 1
	stop_relay
	start_relay "${joined[@]}"
	clasp-set /a 1
	stop_relay
	# and each by itself
	while read -r option value; do
		[[ -n $option ]] || continue
		run -2 timeout 5 clasp-relay "$option" ${value:+"$value"} \
		    --no-such-thing
		assert_line 'clasp-relay: --no-such-thing: unknown option'
	done <<<"$ACCEPTED"
}

@test "what is not built in is refused by name, exit 2, nothing done" {
	while read -r option value; do
		[[ -n $option ]] || continue
		for form in "$option${value:+ $value}" \
		    "$option${value:+=$value}"; do
			# shellcheck disable=SC2086
			run -2 --separate-stderr timeout 5 clasp-relay -p 0 \
			    --port-file port $form
			assert_equal "${stderr_lines[0]}" \
			    "clasp-relay: $option: not built into this relay"
			[ -z "$output" ]
			[ ! -e port ]
		done
	done <<<"$REFUSED"
}

@test "the tables above are those of the program and of its page" {
	clasp-relay --options | cut -f 2 | sort -u >has
	# tested here by name, or in a file of their own
	{ sed -n 's/^--\([a-z-]*\).*/\1/p' <<<"$ACCEPTED"
	  printf '%s\n' ws-port port listen port-file log-file no-websocket \
	    ready-fd app-config cert cert-path key key-path tls-only \
	    quiet color config help version; } | sort -u >known
	run diff known has
	assert_success
	sed -n '/^These options ask for parts/,/^\.Sh/p' \
	    "$TOP/man/clasp-relay.1" | sed -n 's/^\.Fl -\([a-z-]*\).*/\1/p' |
	    sort -u >page
	sed -n 's/^--\([a-z-]*\).*/\1/p' <<<"$REFUSED" |
	    grep -vx rendezvous-port | sort -u >refused
	run diff refused page
	assert_success
}

@test "the WebSocket port by each of its names" {
	for option in -p --port --ws-port; do
		rm -f port
		bg relay clasp-relay "$option" 0 --port-file port
		wait_for port
		assert_equal "$(curl -s "http://127.0.0.1:$(<port)/")" ok
		kill "$BG_PID"
		finish
		assert_equal "$status" 0
	done
}

@test "--no-websocket: an error when nothing else listens" {
	run -2 timeout 5 clasp-relay --no-websocket
	assert_line 'clasp-relay: --no-websocket leaves nothing to listen on'
	run -2 timeout 5 clasp-relay --no-websocket --health-port 0
	assert_line 'clasp-relay: --no-websocket leaves nothing to listen on'
	bg relay clasp-relay --no-websocket --listen unix:sock
	wait_for_line relay.log 'accepting connections'
	clasp-set -u unix:sock /a 1
}

@test "--name: what clients are told" {
	start_relay --name 'Stage left'
	run clasp-set -vv /a 1
	assert_output --partial '"name":"Stage left"'
}

@test "--max-sessions: one too many is told so, 0 is no limit" {
	start_relay --max-clients=1
	bg_ready sub clasp-sub /a
	run -3 --separate-stderr clasp-set /a 1
	assert_output ''
	assert_regex "$stderr" 'maximum number of sessions reached'
	kill "$BG_PID"
	finish
	wait_until 5 clasp-set /a 1
	start_relay --max-sessions 0
	bg_ready sub clasp-sub /a
	clasp-set /a 1
}

@test "numbers and durations that are none, or out of range" {
	for wrong in --max-sessions=-1 --max-sessions=x --queue-size=0 \
	    --max-params=1.5 --drain-timeout=soon --param-ttl=-1 \
	    --health-port=65536 --metrics-port=-1 --ws-port= \
	    --gesture-interval=16ms --log-level=loud --host= \
	    --session-timeout=100000000h; do
		run -2 --separate-stderr timeout 5 clasp-relay "$wrong"
		assert_regex "${stderr_lines[0]}" "^clasp-relay: ${wrong%%=*}: "
		assert_equal "${#stderr_lines[@]}" 2
	done
	run -2 timeout 5 clasp-relay --no-ttl=yes
	assert_line 'clasp-relay: --no-ttl: takes no argument'
	run -2 timeout 5 clasp-relay --drain-timeout
	assert_line --partial 'clasp-relay: --drain-timeout: needs an argument'
}

@test "--host that has no address: exit 3, and why" {
	run -3 --separate-stderr timeout 20 clasp-relay -p 0 --host no.such.invalid
	assert_regex "$stderr" '^clasp-relay: no.such.invalid port 0: cannot listen: [a-z]'
	run -3 --separate-stderr timeout 5 clasp-relay -p 0 --host 192.0.2.1
	assert_regex "$stderr" 'cannot listen: cannot assign requested address$|cannot listen: address not available$'
}
