#!/usr/bin/env bats
# clasp-fmt: checks and converts lines, JSON and frames; cuts and joins.

setup() {
	load helper
	common_setup
	cat >show.clasp <<'END'
#clasp 1 epoch=1795345429.000000
0.000000 /lights/front 0.0
1.500000 /cue/go event {"id":1}
1.520000 /lights/front 0.5
1.540000 /lights/front 1.0
3.000000 /lights/left 1.0 ; /lights/right 0.0
4.000000 /show/name "a b ; c"
END
	cat >full.clasp <<'END'
#clasp 1 epoch=1795345429.000000
#snapshot 1
0.000000 /a 1
# by hand
1.000000 mark "verse"
2.000000 /a 2
#gap 0.500000
3.000000 mark "chorus"
4.000000 /a 3
#end 5.000000 lines=5
END
}

teardown() {
	common_teardown
}

# same A B: two files are the same, byte for byte
same() {
	cmp "$1" "$2" || diff "$1" "$2"
}

@test "a recording in canonical form is not changed" {
	clasp-fmt show.clasp >out
	same out show.clasp
	clasp-fmt <full.clasp >out
	same out full.clasp
}

@test "relative times and absolute ones turn into each other" {
	run clasp-fmt --relative show.clasp
	assert_success
	assert_line -n 3 '+0.020000 /lights/front 0.5'
	clasp-fmt --relative full.clasp | clasp-fmt --absolute >out
	same out full.clasp
}

@test "what would count backwards stays absolute" {
	printf '5 /a 1\n2 /b 1\n3 /c 1\n' >in
	run clasp-fmt --relative in
	assert_output '+5.000000 /a 1
2.000000 /b 1
+1.000000 /c 1'
	clasp-fmt --relative in | clasp-fmt --absolute >out
	clasp-fmt in | same - out
}

@test "times can be left out" {
	run clasp-fmt --no-time full.clasp
	assert_line -n 2 '/a 1'
	assert_line -n 4 'mark "verse"'
}

@test "JSON and tsv lead there and back" {
	for form in json tsv; do
		clasp-fmt -o $form full.clasp | clasp-fmt >out
		same out full.clasp
		clasp-fmt -o $form show.clasp | clasp-fmt >out
		same out show.clasp
	done
	run bash -c "clasp-fmt -o json show.clasp |
	    jq -c 'select(.type==\"bundle\") | [.messages[].addr]'"
	assert_output '["/lights/left","/lights/right"]'
	[ "$(clasp-fmt -o tsv show.clasp | grep -v '^#' | cut -f2,3 |
	    head -n 2 | tr '\t\n' '  ')" = '/lights/front set /cue/go event ' ]
}

@test "frames lead there and back" {
	clasp-fmt -o frames show.clasp >frames
	[ "$(head -c 1 frames)" = S ]
	clasp-fmt frames >out
	clasp-fmt --no-time show.clasp | grep -v '^#' | same - out
	clasp-fmt -o frames out | same - frames
}

@test "with --exact every frame comes back byte for byte" {
	jq -r .frame_hex "$TOP"/tests/vectors/messages.jsonl |
		xxd -r -p >frames
	clasp-fmt --exact frames | clasp-fmt --exact -o frames >again
	same frames again
	clasp-fmt --exact -o json frames | clasp-fmt -o frames >again
	same frames again
	clasp-fmt frames >text
	clasp-fmt text | same - text
}

@test "a frame line shows what it holds where it can" {
	run clasp-fmt <<<'1 frame x"5301000141"'
	assert_output '1.000000 ping {}'
	run clasp-fmt <<<'frame x"53010008210100032f612a01"'
	assert_output 'frame x"53010008210100032f612a01"'
}

@test "a bad line is named and passed over" {
	printf '/a 1\n/b 1;\n\n/c 2\n' >in
	run --separate-stderr clasp-fmt in
	assert_failure 6
	assert_output $'/a 1\n/c 2'
	[ "$stderr" = 'in:2:5: not expected behind a value' ]
	run --separate-stderr clasp-fmt --strict in
	assert_failure 6
	assert_output '/a 1'
}

@test "nothing from outside reaches stderr raw" {
	printf '/a \033]0;x\007\n\033[2J\n' >in
	run --separate-stderr clasp-fmt in
	assert_failure 6
	[[ $stderr != *$'\033'* ]]
}

@test "a broken frame is named, and reading goes on" {
	{
		clasp-fmt -o frames <<<'/a 1'
		printf 'Sgarbage'
		clasp-fmt -o frames <<<'/b 2'
	} >frames
	n=$(clasp-fmt -o frames <<<'/a 1' | wc -c)
	run --separate-stderr clasp-fmt frames
	assert_failure 6
	assert_output $'/a 1\n/b 2'
	[[ ${stderr_lines[0]} == "frames:@$n: "* ]]
	[ ${#stderr_lines[@]} -eq 1 ]
}

@test "--check prints nothing and tells by its exit code" {
	run clasp-fmt --check full.clasp
	assert_success
	refute_output
	echo '/a' >bad
	run --separate-stderr clasp-fmt --check full.clasp bad
	assert_failure 6
	refute_output
	[ "$stderr" = 'bad:1:3: set needs a value' ]
}

@test "a later version of recordings is refused" {
	printf '#clasp 2 epoch=0\n/a 1\n' >later
	run --separate-stderr clasp-fmt later
	assert_failure 6
	refute_output
	[[ $stderr == later:1:*version* ]]
}

@test "a torn last line of a recording is left out with a warning" {
	head -c -7 show.clasp >torn
	run --separate-stderr clasp-fmt torn
	assert_success
	head -n -1 show.clasp | diff - <(echo "$output")
	[[ $stderr == torn:7:* ]]
}

@test "a recording cut at any byte keeps its whole lines" {
	size=$(wc -c <show.clasp)
	for ((n = 33; n < size; n += 3)); do
		head -c $n show.clasp >cut
		clasp-fmt cut >out 2>err
		whole=$(grep -c '' <(head -c $n show.clasp | tr -cd '\n'))
		[ "$(wc -l <out)" = "$whole" ]
	done
}

@test "--append makes one recording of two" {
	clasp-fmt --append full.clasp full.clasp >out
	cat >want <<'END'
#clasp 1 epoch=1795345429.000000
#snapshot 1
0.000000 /a 1
# by hand
1.000000 mark "verse"
2.000000 /a 2
#gap 0.500000
3.000000 mark "chorus"
4.000000 /a 3
5.000000 /a 1
# by hand
6.000000 mark "verse"
7.000000 /a 2
#gap 0.500000
8.000000 mark "chorus"
9.000000 /a 3
#end 10.000000 lines=10
END
	same out want
	printf '1000.5 /x 1\n1001 /x 2\n' >bare
	run clasp-fmt --append full.clasp bare
	assert_line -n 9 '5.000000 /x 1'
	assert_line -n 10 '5.500000 /x 2'
}

@test "--from and --to cut; header, snapshot and times stay" {
	run clasp-fmt --from 2 --to 4 full.clasp
	assert_output '#clasp 1 epoch=1795345429.000000
#snapshot 1
0.000000 /a 1
# by hand
2.000000 /a 2
#gap 0.500000
3.000000 mark "chorus"
#end 4.000000 lines=3'
}

@test "--from and --to take marks" {
	run clasp-fmt --from verse --to chorus full.clasp
	assert_line '1.000000 mark "verse"'
	assert_line '2.000000 /a 2'
	refute_line '4.000000 /a 3'
	run --separate-stderr clasp-fmt --from bridge full.clasp
	assert_failure 1
	[ "$stderr" = 'clasp-fmt: --from: no mark "bridge" was found' ]
}

@test "a relative line behind a cut counts from the line before it" {
	printf '1 /a 1\n+1 /a 2\n+1 /a 3\n' >in
	run clasp-fmt --from 3 in
	assert_output '+3.000000 /a 3'
}

@test "at=+D is written absolute" {
	now=$(date +%s)
	at=$(clasp-fmt <<<'/a at=+100 1' | sed 's/.*at=\([0-9]*\).*/\1/')
	[ "$at" -ge $((now + 100)) ]
	[ "$at" -le $((now + 200)) ]
}

@test "a message that fits in no frame is told with its size" {
	{ printf '/a "'; head -c 70000 /dev/zero | tr '\0' x; echo '"'; } >in
	run --separate-stderr clasp-fmt -o frames in
	assert_failure 6
	[ "$stderr" = 'in:1:1: 70008 bytes do not fit in one frame, which holds 65535' ]
	clasp-fmt in | same - in
}

@test "a file that is not there is exit 3, and the others are read" {
	run --separate-stderr clasp-fmt missing show.clasp
	assert_failure 3
	assert_line -n 1 '0.000000 /lights/front 0.0'
	[[ $stderr == 'clasp-fmt: missing: '* ]]
}

@test "options that exclude each other are a usage error" {
	run clasp-fmt --relative --absolute
	assert_failure 2
	run clasp-fmt -o xml
	assert_failure 2
}

@test "a full disk is an error" {
	[ -e /dev/full ] || skip 'no /dev/full'
	run --separate-stderr sh -c 'clasp-fmt show.clasp >/dev/full'
	assert_failure 3
	[[ $stderr == 'clasp-fmt: stdout: '* ]]
}

@test "a reader that goes away is no error" {
	run bash -c 'set -o pipefail
	    yes "/a 1" | head -n 200000 >in
	    clasp-fmt in | head -n 1'
	assert_success
	assert_output '/a 1'
}

@test "control characters are escaped on a terminal only" {
	printf '# \033[2J\n' >in
	clasp-fmt in | same - in
	run script -qec 'clasp-fmt in' /dev/null
	[[ $output != *$'\033'* ]]
}
