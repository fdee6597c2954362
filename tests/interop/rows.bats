#!/usr/bin/env bats
# rows.bats - what a relay must do to pass for one, each row by its name; the
# table is among the comments of the output.

ROWS=$BATS_TEST_DIRNAME/rows.py

setup() {
	load ../cli/helper
	common_setup
	export SLOW
}

teardown() {
	common_teardown
}

rows() {
	run timeout $((100 * SLOW)) python3 "$ROWS" "$BIN/clasp-relay" "$@"
	printf '%s\n' "${lines[@]/#/# }" >&3
	assert_success
	assert_equal "$(grep -c ' ok  ' <<<"$output")" $#
}

@test "every row is run" {
	run python3 "$ROWS" --list
	for name in "${lines[@]}"; do
		grep -q "^	rows .*\<$name\>" "$BATS_TEST_FILENAME" ||
		    fail "$name"
	done
}

@test "rows H: handshake and sessions" {
	rows H1 H2 H3 H4 H5 H6 H7 H8 H9 H10 H11 H12
}

@test "rows M: messages and values" {
	rows M1 M2 M3 M4 M5 M6 M7 M8
}

@test "rows S: state and locks" {
	rows S1 S2 S3 S4 S5 S6 S7 S8
}

@test "rows U: subscriptions" {
	rows U1 U2 U3 U4 U5 U6 U7 U8 U9 U10 U11 U12
}

@test "rows T: ordering and load" {
	rows T1 T2 T3 T4 T5 T6 T7 T8
}

@test "rows B, G, P: bundles, gestures, timelines, peers" {
	rows B1 B2 B3 B4 G1 G2 G3 P1 P2
}

@test "rows X, O: open mode, the process" {
	rows X11 O1 O2 O3 O4 O5 O6 O8 O9
}
