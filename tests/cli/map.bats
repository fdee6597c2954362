# clasp-map as people type it; the steps themselves are in
# tests/unit/test_transform.c.

setup() {
	load helper
	common_setup
}

teardown() {
	common_teardown
}

# maps RULE IN OUT: one line in, through a rule that is one word a word.
maps() {
	local got

	read -ra words <<<"$1"
	got=$(printf '%s\n' "$2" | clasp-map "${words[@]}") || return 1
	[ "$got" = "$3" ] || { echo "$1: $2 gave '$got'"; return 1; }
}

@test "the worked examples" {
	maps '/m/cc/* /f/$1 scale:0,127,0,1' '/m/cc/7 127' '/f/7 1.0'
	maps '/a scale:0,127,0,1 curve:ease-in' '/a 63.5' '/a 0.25'
	maps '/a int' '/a -2.9' '/a -2'
	maps '/a expr:x*2+10' '/a 5.0' '/a 20.0'
	maps '/a lookup:0="off",1="on",*="unknown"' '/a 99' '/a "unknown"'
	maps '/a smooth:0.5' $'/a 1.0\n/a 0.0\n/a 0.0' \
	    $'/a 1.0\n/a 0.5\n/a 0.25'
	maps '/a if:x>0.5?expr:1:expr:0' '/a 0.7' '/a 1.0'
	maps '/a scale:0,1,0,255 int' '/a [0.0,0.5,1.0]' '/a [0,127,255]'
	maps '/x/** /y/$1' '/x/a/b 1' '/y/a/b 1'
	maps '/b drop' $'/a 1\n/b 2' '/a 1'
	maps '/a/* /b/$1' '/a/x 1 ; /c 2' '/b/x 1 ; /c 2'
}

@test "a whole rule in one word, and several with --map" {
	run -0 clasp-map '/m/* /f/$1 scale:0,127,0,1' <<<'/m/7 127'
	assert_output '/f/7 1.0'
	run -0 clasp-map --map '/a /x' --map '/b /y int' <<<$'/a 1\n/b 2.5'
	assert_output $'/x 1\n/y 2'
}

@test "rules from a file" {
	printf '%s\n' '# show' '/a /b invert' '' '/c drop # no' >show.map
	run -0 clasp-map -m show.map <<<$'/a 0.25\n/c 1\n/d 2'
	assert_output $'/b 0.75\n/d 2'
}

@test "--all and --only" {
	run -0 clasp-map --all --map '/a /x' --map '/* /y' <<<$'/a 1\n/q/r 2'
	assert_output $'/x 1\n/y 1\n/q/r 2'
	run -0 clasp-map --only /a /x <<<$'/a 1\n/b 2\n# note'
	assert_output $'/x 1\n# note'
}

@test "a wrong rule is exit 2 and says where" {
	run -2 --separate-stderr clasp-map /a 'expr:x*+*2'
	[ -z "$output" ]
	[ "$stderr" = \
	    'clasp-map: expr:x*+*2: column 9: a value belongs here' ]
	run -2 --separate-stderr clasp-map a/b int
	[ "$stderr" = 'clasp-map: a/b: column 1: pattern must start with /' ]
	run -2 --separate-stderr clasp-map /a scael:1
	[ "$stderr" = "clasp-map: scael:1: column 1: unknown step 'scael'" ]
	printf '%s\n' '/a /b' '/c scale:1' >bad.map
	run -2 --separate-stderr clasp-map -m bad.map
	[ "$stderr" = "clasp-map: bad.map:2:4: 'scale' takes 4 numbers" ]
	run -2 --separate-stderr clasp-map
	[[ $stderr == 'clasp-map: no rule given'* ]]
	# a rule from a variable that is not set
	run -2 --separate-stderr clasp-map --map '' /a int
	[ "${stderr_lines[0]}" = 'clasp-map: --map: a pattern is missing' ]
	run -3 --separate-stderr clasp-map -m nothing.map
	[ "$stderr" = 'clasp-map: nothing.map: no such file or directory' ]
}

@test "every program with rules says the same of a wrong one" {
	local p

	printf '%s\n' '/a /b' '/c scale:1' >bad.map
	for p in osc2clasp clasp2osc midi-in midi-out dmx-in dmx-out \
	    artnet-in artnet-out sacn-in sacn-out play map; do
		run -2 --separate-stderr clasp-$p --map '/a expr:x*'
		assert_equal "$stderr" "clasp-$p: /a expr:x*: column 11: a \
value is missing at the end"
		run -2 --separate-stderr clasp-$p -m bad.map
		assert_equal "$stderr" \
		    "clasp-$p: bad.map:2:4: 'scale' takes 4 numbers"
	done
}

@test "a bad line is told, the others are mapped, exit 6" {
	run -6 --separate-stderr clasp-map /a /b <<<$'/a 1\nwhat is this\n/a 2'
	[ "$output" = $'/b 1\n/b 2' ]
	[[ $stderr == *:2:1:* ]]
}

@test "a target that is no address is told, exit 6" {
	long=/$(printf 'x%.0s' {1..700})
	run -6 --separate-stderr clasp-map '/*' '/a/$1/$1' <<<"$long 1"
	[ -z "$output" ]
	[[ $stderr == *'1 line dropped'* ]]
}

@test "a recording stays one" {
	cat >in.clasp <<-'END'
	#clasp 1 epoch=1795345429.000000
	0.000000 /a 1.0
	0.500000 /b 2
	1.000000 /a 3.0
	#end 2.000000 lines=3
	END
	run -0 clasp-map --map '/b drop' --map '/a expr:t' <in.clasp
	assert_output - <<-'END'
	#clasp 1 epoch=1795345429.000000
	0.000000 /a 0.0
	1.000000 /a 1.0
	#end 2.000000 lines=2
	END
}

@test "a recording ends with its last line, not before" {
	run -0 clasp-map /a every:1 <<-'END'
	#clasp 1 epoch=1795345429.000000
	0.000000 /a 1
	0.250000 /a 2
	#end 0.500000 lines=2
	END
	assert_output - <<-'END'
	#clasp 1 epoch=1795345429.000000
	0.000000 /a 1
	1.000000 /a 2
	#end 1.000000 lines=2
	END
}

@test "the snapshot of a recording counts what is left of it" {
	cat >in.clasp <<-'END'
	#clasp 1 epoch=1795345429.000000
	#snapshot 3
	0.000000 /a i8:1
	0.000000 /b 2
	0.000000 /c "x"
	1.000000 /a 3
	#end 2.000000 lines=4
	END
	run -0 clasp-map --map '/b drop' --map '/c /d' <in.clasp
	assert_output - <<-'END'
	#clasp 1 epoch=1795345429.000000
	#snapshot 2
	0.000000 /a 1
	0.000000 /d "x"
	1.000000 /a 3
	#end 2.000000 lines=3
	END
	# cut off within it
	run -0 clasp-map /b drop < <(head -n 4 in.clasp)
	assert_output - <<-'END'
	#clasp 1 epoch=1795345429.000000
	#snapshot 1
	0.000000 /a 1
	END
}

@test "every: the newest comes by itself while no line does" {
	mkfifo in
	clasp-map /a every:0.2 <in >got 3>&- &
	BG_PIDS+=("$!")
	exec 8>in
	printf '/a 1\n/a 2\n/a 3\n' >&8
	wait_for_lines got 2
	exec 8>&-
	run -0 cat got
	assert_output $'/a 1\n/a 3'
}

@test "each line is out at once" {
	mkfifo in
	clasp-map /a /b <in >got 3>&- &
	BG_PIDS+=("$!")
	exec 8>in
	echo '/a 1' >&8
	wait_for_line got '^/b 1$'
	exec 8>&-
}

@test "other forms of output" {
	run -0 clasp-map -o json /a /b <<<'/a 1'
	assert_output '{"type":"set","addr":"/b","value":1}'
	run -0 clasp-map -o values /a neg <<<'/a 1'
	assert_equal "$output" -1
}
