# The worked examples of the bridges (tests/vectors/bridges.jsonl), each
# through the program itself: as pipes, in pieces, and through a relay.

setup() {
	load helper
	common_setup
	export SLOW
}

teardown() {
	common_teardown
}

examples() {
	run -0 python3 "$TOP/tests/cli/examples.py" "$1"
	assert_output ''
}

@test "rules" { examples map; }
@test "OSC in" { examples osc-in; }
@test "OSC in, through a relay" { examples osc-in-relay; }
@test "OSC out" { examples osc-out; }
@test "OSC out, from a relay" { examples osc-out-relay; }
@test "MIDI in, whole and in every pair of pieces" { examples midi-in; }
@test "MIDI in, through a relay" { examples midi-in-relay; }
@test "DMX in, whole and byte by byte" { examples dmx-in; }
@test "DMX in, through a relay" { examples dmx-in-relay; }
@test "DMX out" { examples dmx-out; }
@test "DMX out, from a relay" { examples dmx-out-relay; }
@test "what a widget is asked" { examples dmx-asks; }
@test "sACN in" { examples sacn-in; }
@test "sACN in, through a relay" { examples sacn-in-relay; }
@test "sACN out" { examples sacn-out; }
@test "sACN out, from a relay" { examples sacn-out-relay; }
@test "each bridge announces itself once" { examples announce; }
