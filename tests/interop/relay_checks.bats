#!/usr/bin/env bats
# relay_checks.bats - the relay as a stranger sees it: each test is a check
# of relay_checks.py, whose WebSocket and CLASP are its own.

setup() {
	load ../cli/helper
	common_setup
}

teardown() {
	common_teardown
}

CHECKS=$BATS_TEST_DIRNAME/relay_checks.py

relay() {
	start_relay --listen unix:sock "$@"
	export RELAY_PID SLOW RELAY_SOCKET=sock
}

# check NAME [OPTION ...]: one check, against a relay with these options,
# which must end well afterwards.
check() {
	local name=$1

	shift
	relay "$@"
	run timeout $((90 * SLOW)) python3 "$CHECKS" "$name"
	assert_success
	stop_relay
}

@test "every check is run" {
	for name in $(python3 "$CHECKS" --list); do
		grep -q "\(check\|asking\) $name\b\|\" $name\b" "$BATS_TEST_FILENAME" ||
		    fail "$name"
	done
}

@test "a SET before HELLO is neither applied nor acknowledged" {
	check set_before_hello
}

@test "HELLO brings WELCOME, then a SNAPSHOT, and no more" {
	check welcome_then_snapshot
}

@test "a second HELLO changes nothing" {
	check second_hello
}

@test "session ids are random UUIDs, new with each connection" {
	check session_ids
}

@test "one session too many is told 501 and 1013" {
	check at_most_three_sessions --max-sessions 3
}

@test "garbage before HELLO gets no frame, only the close" {
	check garbage_before_hello
}

@test "HELLO of any version but 0" {
	check versions
}

@test "HELLO with names of all kinds and lengths" {
	check long_names
}

@test "HELLO with a token nobody asked for" {
	check hello_with_token
}

@test "newcomers see what was set, and by whom" {
	check state_for_newcomers
}

@test "messages that only a relay sends are ignored" {
	check server_messages_are_ignored
}

@test "undecodable frames: one ERROR a second, 100 or 101" {
	check undecodable_frames
}

@test "a hundred undecodable frames end the connection" {
	check hundred_undecodable_frames
}

@test "QoS 3, version bits and times of frames do not matter" {
	check reserved_bits_of_frames
}

@test "the silent are closed: before HELLO and after" {
	check silent_peers --session-timeout 1
}

# ------------------------------------------------------------------

@test "GET, HEAD, POST and OPTIONS of any path are answered ok" {
	check plain_http
}

@test "a request comes byte by byte, or without end" {
	check http_in_pieces
}

@test "peers that say nothing hold up nobody" {
	check silent_peer_blocks_nobody
}

@test "the subprotocol is echoed when it is offered" {
	check subprotocols
}

@test "HELLO may come in one segment with the upgrade" {
	check hello_with_the_upgrade
}

@test "several frames in one message, junk behind them" {
	check frames_in_one_message
}

@test "text messages are ignored" {
	check text_messages
}

@test "fragments are put together, pings between them answered" {
	check fragments
}

@test "broken and unmasked frames end with 1002, large with 1009" {
	check broken_websocket_frames
}

@test "65,547 bytes are accepted, whole and in fragments" {
	check largest_message
}

@test "pings are answered with what they carry" {
	check websocket_ping
}

@test "a goodbye is echoed, behind the replies that are due" {
	check goodbyes
}

@test "an answered goodbye ends the connection at once" {
	check answered_goodbyes
}

# ------------------------------------------------------------------

@test "every kind of value comes back as it went" {
	check kinds_of_values
}

@test "GET shows one parameter, or is told 201" {
	check set_get
}

@test "a SET is acknowledged with address and revision" {
	check unsubscribed_set_is_acknowledged
}

@test "addresses: what is legal, and 200 for the rest" {
	check addresses
}

@test "long byte strings" {
	check byte_strings
}

@test "a hundred SETs before the first ACK is read" {
	check sets_without_reading
}

@test "PUBLISH goes to the others, with its own QoS" {
	check publish_to_others
}

@test "PUBLISH arrives byte for byte" {
	check publish_is_verbatim
}

@test "PUBLISH has no reply, whatever its QoS" {
	check publish_has_no_reply
}

@test "SET is forwarded with lock, unlock and lifetime" {
	check set_is_forwarded_as_asked
}

@test "ANNOUNCE and QUERY" {
	check announce_and_query
}

@test "a RESULT too long for a message comes in several" {
	check long_results
}

@test "SYNC" {
	check clock
}

@test "REPLAY 501, FEDERATION_SYNC 403, /\$relay 301" {
	check what_is_not_there
}

# ------------------------------------------------------------------

@test "the last writer wins" {
	check last_writer_wins
}

@test "expected revisions" {
	check revisions
}

@test "locks keep others out, also those who send unlock" {
	check locks
}

@test "strategies and ranges of an app config" {
	cat >app.json <<-'END'
	{"params": [
		{"path": "/max/**", "strategy": "max"},
		{"path": "/min/**", "strategy": "min"},
		{"path": "/range/**", "range": [0, 1]}
	]}
	END
	check strategies_and_ranges --app-config app.json
}

@test "a range that was announced" {
	check announced_range
}

@test "an app config with only scopes: it starts, it serves (O8)" {
	echo '{"scopes": []}' >app.json
	check set_get --app-config app.json
}

@test "the relay's own figures" {
	check own_figures
}

@test "a lock ends with its session, silently" {
	check lock_of_one_who_left
}

@test "parameters expire, at once and silently" {
	check lifetimes
}

@test "ten writers of one address get a revision each" {
	check ten_clients_on_one_address
}

@test "5,000 parameters for a new subscriber" {
	check many_parameters
}

@test "snapshots: in order, at most 800 and 65,535 bytes" {
	check snapshots_in_chunks
}

@test "the largest value is seen by everybody, one byte more by none" {
	check largest_values
}

@test "a state of megabytes comes by and by, and is current" {
	check state_of_many_megabytes
}

# ------------------------------------------------------------------

@test "an exact address" {
	check exact_addresses
}

@test "a star stands for one segment" {
	check one_segment
}

@test "nothing comes after UNSUBSCRIBE" {
	check unsubscribed
}

@test "SUBSCRIBE shows what is there" {
	check state_on_subscribing
}

@test "each client gets its own" {
	check everybody_its_own
}

@test "the next frame after SUBSCRIBE is the first SET" {
	check next_frame_is_the_set
}

@test "a subscriber of everything sees its own SETs" {
	check subscriber_of_everything
}

@test "an id used again replaces its subscription" {
	check replaced_subscription
}

@test "a hundred subscriptions and not one more" {
	check hundred_subscriptions
}

@test "bad patterns are told 202" {
	check bad_patterns
}

@test "patterns match the same for state and for what comes" {
	check matching
}

@test "no pattern keeps the relay busy" {
	check costly_patterns
}

@test "one copy, however many subscriptions match" {
	check one_copy
}

@test "type filters" {
	check type_filters
}

@test "a rate: the first at once, the last when it is due" {
	check rate_of_a_subscription
}

@test "an epsilon: what has hardly moved is left out" {
	check epsilon_of_a_subscription
}

@test "a rate never comes in the way of revisions" {
	check rate_and_what_shows_the_value
}

# ------------------------------------------------------------------

@test "what chance does, six clients see as foreseen" {
	check random_world
}

@test "a hundred values of one address, in order" {
	check rising_in_order
}

@test "ten subscribers, nothing lost" {
	check ten_subscribers
}

@test "fifty come and go, one by one and together" {
	check come_and_go
}

@test "as fast as it can, each SET acknowledged" {
	check as_fast_as_it_can
}

@test "thousands of addresses, nothing lost" {
	check nothing_is_lost
}

@test "a thousand SETs, then GET, without waiting" {
	check thousand_without_waiting
}

@test "PONG comes after everything before its PING" {
	check ping_is_a_barrier
}

@test "four writers, fifteen readers, one order" {
	check many_writers_one_order
}

@test "a snapshot meets the updates without gap or overlap" {
	check snapshot_meets_updates
}

# ------------------------------------------------------------------

@test "a slow reader costs little and ends with the newest" {
	check slow_reader
}

@test "queues of twenty: readers now and then end with the newest" {
	check readers_with_short_queues --queue-size 20
}

@test "replies nobody reads: bounded, none lost" {
	check replies_to_one_who_does_not_read
}

@test "too many messages a second: 429, and on" {
	check rate_limit --rate-limit 50
}

# ------------------------------------------------------------------

@test "bundles are delivered as their members" {
	check bundle_of_sets
}

@test "bundles keep the order of their members" {
	check bundle_in_order
}

@test "bundles are all or nothing" {
	check bundle_all_or_nothing
}

@test "bundles stay together for each of 500 readers" {
	check bundles_are_not_torn
}

# ------------------------------------------------------------------

@test "gestures begin, move and end in order" {
	check gestures
}

@test "the last timeline waits for those to come" {
	check timelines
}

@test "offers and announcements of peers pass" {
	check signalling
}

# ------------------------------------------------------------------

@test "a whole session in MessagePack" {
	check legacy_session
}

@test "broken MessagePack is told 101" {
	check legacy_malformed
}

# ------------------------------------------------------------------

@test "unix: the same, with the length in front" {
	check unix_session
}

@test "unix: limits and ends" {
	check unix_limits
}

# ------------------------------------------------------------------

@test "process: it says that it listens, and where; --verbose says more" {
	relay --verbose
	run cat relay.log
	assert_line --regexp "listening on [^ ]*:$RELAY_PORT\$"
	assert_line --partial 'accepting connections'
	assert_output --partial DEBUG
	python3 "$CHECKS" versions
}

@test "process: SIGTERM tells everybody, then nobody is let in" {
	mkfifo said
	relay --drain-timeout 1
	timeout $((60 * SLOW)) python3 "$CHECKS" told_when_it_stops \
	    >said 2>check.log 3>&- 4>&- &
	BG_PIDS+=($!)
	read -r line <said
	assert_equal "$line" ready
	stop_relay
	finish "${BG_PIDS[-1]}"
	assert_equal "$status" 0
}

# ------------------------------------------------------------------

@test "10,000 who never finish their handshake lock nobody out" {
	check ten_thousand_silent
}

@test "when descriptors run out the newest are closed, not left" {
	ulimit -n 64
	relay
	ulimit -Sn 64
	run timeout $((60 * SLOW)) python3 "$CHECKS" few_descriptors
	assert_success
	# told at the start, and once when it came to that
	run grep -c warning: relay.log
	assert_output 2
	grep -q 'warning: 64 descriptors are too few for 1000 sessions' relay.log
	grep -q 'warning: all of 64 descriptors are in use' relay.log
	stop_relay
}

# asking NAME [OPTION ...]: begin a check that talks to us; what it says is
# read from $from, what we say goes to $to.
asking() {
	local name=$1

	shift
	relay "$@"
	mkfifo said heard
	timeout $((60 * SLOW)) python3 "$CHECKS" "$name" \
	    <heard >said 2>check.log 3>&- 4>&- &
	CHECK_PID=$!
	BG_PIDS+=($!)
	exec {to}>heard {from}<said
	read -r line <&"$from"
	assert_equal "$line" ready
}

@test "process: the goodbye stands behind what was queued" {
	asking goodbye_behind_the_queue
	kill "$RELAY_PID"
	finish "$CHECK_PID"
	assert_equal "$status" 0
	finish "$RELAY_PID"
	assert_equal "$status" 0
}

@test "process: what had arrived is worked off before the goodbye" {
	asking what_arrived_is_worked_off
	kill -STOP "$RELAY_PID"
	echo go >&"$to"
	read -r line <&"$from"
	assert_equal "$line" sent
	kill "$RELAY_PID"
	kill -CONT "$RELAY_PID"
	finish "$CHECK_PID"
	assert_equal "$status" 0
	finish "$RELAY_PID"
	assert_equal "$status" 0
}

@test "process: one who never reads holds up the end until --drain-timeout" {
	asking never_reads --drain-timeout 2 --health-port 0 --host 127.0.0.1
	health=$(sed -n 's/.* health at //p' relay.log)
	assert_equal "$(curl -s "${health}readyz")" ready
	kill "$RELAY_PID"
	wait_for_line relay.log 'shutting down'
	# alive, not ready, and nobody is let in
	assert_equal "$(curl -s "${health}readyz")" 'not ready'
	assert_equal "$(curl -s "${health}healthz")" ok
	run curl -s "http://127.0.0.1:$RELAY_PORT/"
	assert_failure 7
	finish "$RELAY_PID"
	assert_equal "$status" 0
}

@test "process: a second signal ends it at once, by that signal" {
	for signal in TERM:143 INT:130; do
		asking never_reads --drain-timeout 300
		kill -"${signal%:*}" "$RELAY_PID"
		wait_for_line relay.log 'shutting down'
		kill -"${signal%:*}" "$RELAY_PID"
		finish "$RELAY_PID"
		assert_equal "$status" "${signal#*:}"
		exec {to}>&- {from}<&-
		finish "$CHECK_PID"
		rm said heard
	done
}
