# Help, manual page and completions of every program say what its parser
# does, and what they show works.

setup() {
	load ../cli/helper
	common_setup
	PROGRAMS=$(cd "$BIN" && ls | grep '^clasp-')
}

teardown() {
	common_teardown
}

# The options of a program's table: "-n" and "--count", one a line.
table() {
	"$1" --options | awk -F '\t' '
		$1 != "" { print "-" $1 }
		$2 != "" { print "--" $2 }' | sort
}

# The flags of the mdoc lines on stdin: words behind Fl up to the next macro
# ("Fl n , -count Ar N" has two).  Letters may stand together ("Fl qv").
flags() {
	sed 's/\\-/-/g; s/\\&//g' | awk '
		{
			flag = 0
			for (i = 1; i <= NF; i++) {
				if ($i == "Fl" || $i == ".Fl")
					flag = 1
				else if ($i ~ /^\.?[A-Z][a-z]$/)
					flag = 0
				else if (flag && $i ~ /^-/)
					print "-" $i
				else if (flag && $i ~ /^[A-Za-z0-9]+$/)
					for (k = 1; k <= length($i); k++)
						print "-" substr($i, k, 1)
			}
		}' | sort -u
}

# Those of the lists of its page.
page_options() {
	grep '^\.It Fl' "$TOP/man/$1.1" | flags
}

# Those of its SYNOPSIS.
synopsis_options() {
	awk '/^\.Sh/ { inside = $2 == "SYNOPSIS" } inside && /^\./' \
	    "$TOP/man/$1.1" | flags
}

# differ WHAT A B: say how two sorted lists differ.
differ() {
	diff "$2" "$3" >"$WORK/diff" && return 1
	echo "$1:"
	sed -n 's/^</only in the table: /p; s/^>/not in the table: /p' \
	    "$WORK/diff"
}

# complaints must be empty
none() {
	[[ -z $(<"$1") ]] || { cat "$1"; return 1; }
}

@test "there are programs" {
	[ -n "$PROGRAMS" ]
}

@test "--help fits 80 columns and ends with three examples" {
	for p in $PROGRAMS; do
		"$p" --help >help || echo "$p --help: exit $?"
		[[ $(head -n 1 help) == "Usage: $p"* ]] ||
		    echo "$p: $(head -n 1 help)"
		awk -v p="$p" 'length > 80 { print p ": too wide: " $0 }' help
		n=$(sed '1,/^Examples:/d' help | grep -c '^  # ')
		((n >= 3)) || echo "$p: $n examples"
	done >bad
	none bad
}

@test "--help names every option of the table" {
	for p in $PROGRAMS; do
		"$p" --help | sed '/^Examples:/,$d' |
		    grep -o -E '^  (-.,|   ) ?--?[-a-z0-9]+|^  -.' |
		    grep -o -E -e '--[-a-z0-9]+|-[^ ,-]' | sort -u >help
		table "$p" >table
		differ "$p --help" table help || true
	done >bad
	none bad
}

@test "every program has a manual page" {
	for p in $PROGRAMS; do
		[[ -s $TOP/man/$p.1 ]] || echo "man/$p.1 is missing"
	done >bad
	none bad
}

@test "the manual page lists exactly the options of the table" {
	for p in $PROGRAMS; do
		[[ -s $TOP/man/$p.1 ]] || continue
		table "$p" >table
		page_options "$p" >page
		differ "man/$p.1" table page || true
	done >bad
	none bad
}

@test "the SYNOPSIS names no option that is not there" {
	for p in $PROGRAMS; do
		[[ -s $TOP/man/$p.1 ]] || continue
		table "$p" >table
		synopsis_options "$p" | comm -13 table - |
		    sed "s/^/man\/$p.1: /"
	done >bad
	none bad
}

@test "pages have EXIT STATUS and EXAMPLES" {
	for p in $PROGRAMS; do
		[[ -s $TOP/man/$p.1 ]] || continue
		for s in NAME SYNOPSIS DESCRIPTION 'EXIT STATUS' EXAMPLES; do
			grep -q "^\.Sh $s" "$TOP/man/$p.1" ||
			    echo "man/$p.1: no $s"
		done
	done >bad
	none bad
}

@test "mandoc has nothing to say about any page" {
	cd "$TOP/man"
	run mandoc -Tlint -Wwarning ./*.[157]
	[ -z "$output" ] || { echo "$output"; false; }
}

@test "the NAME of a page is the summary of --help" {
	for p in $PROGRAMS; do
		[[ -s $TOP/man/$p.1 ]] || continue
		name=$(sed -n 's/^\.Nd //p' "$TOP/man/$p.1")
		help=$("$p" --help | awk '/^$/ { exit } NR > 1 {
			sub(/^ +/, ""); printf "%s%s", sep, $0; sep = " " }')
		# a long usage line goes on in the second one
		[[ $help == *"$name" ]] || echo "$p: '$name', '$help'"
	done >bad
	none bad
}

@test "the completions in the tree are those of the tables" {
	"$TOP/scripts/make-completions" "$BIN" new
	for f in new/*; do
		cmp "$f" "$TOP/completions/${f##*/}" || true
	done >bad 2>&1
	none bad
}

@test "the completions hold exactly the options of the table" {
	for p in $PROGRAMS; do
		table "$p" >table
		"$p" --completion=bash | sed -n "/compgen -W '\$/,/' --/p" |
		    sed "1d; s/' -- .*//" | tr -s ' \t' '\n' | grep '^-' |
		    sort >bash
		"$p" --completion=zsh |
		    sed -n "s/^\t    '\*\(-[^[+=:]*\).*/\1/p" | sort >zsh
		"$p" --completion=fish | awk '/^complete/ {
			for (i = 2; i < NF; i++) {
				if ($i == "-d") break
				if ($i == "-s") print "-" $(i + 1)
				if ($i == "-l") print "--" $(i + 1)
			} }' | sort >fish
		for shell in bash zsh fish; do
			differ "$p, $shell" table $shell || true
		done
	done >bad
	none bad
}

@test "the shells can read the completions" {
	for p in $PROGRAMS; do
		"$p" --completion=bash >c && bash -n c
		"$p" --completion=zsh >c && zsh -n c
		"$p" --completion=fish >c && fish -n c
	done >bad 2>&1
	none bad
}

@test "bash completes options, words and addresses" {
	[[ -x $BIN/clasp-get ]] || skip "no clasp-get here"
	start_relay
	clasp-set /lights/front 1 /lights/back 2 '/odd/$(>gone)' 3
	cat >try <<-'END'
	source "$1"
	COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2)) COMP_LINE="${*:2}"
	_clasp_get
	printf '%s\n' "${COMPREPLY[@]}"
	END
	clasp-get --completion=bash >c
	run -0 bash try c clasp-get --out
	assert_output --output
	run -0 bash try c clasp-get --output = js
	assert_output json
	run -0 bash try c clasp-get /lights/f
	assert_output /lights/front
	run -0 bash try c clasp-get "'/lights/b"
	assert_output /lights/back
	run -0 bash try c clasp-get /odd
	assert_output --partial '/odd/'
	[ ! -e gone ]
}

@test "fish completes options, words and addresses" {
	command -v fish >/dev/null || skip "no fish here"
	[[ -x $BIN/clasp-get ]] || skip "no clasp-get here"
	start_relay
	clasp-set /lights/front 1 /lights/back 2
	clasp-get --completion=fish >c
	run -0 fish -c 'source c; complete -C "clasp-get /lights/"'
	assert_output $'/lights/back\n/lights/front'
	run -0 fish -c 'source c; complete -C "clasp-get --exac"'
	assert_output --partial --exact
	run -0 fish -c 'source c; complete -C "clasp-get -o js"'
	assert_output --partial json
}

@test "devices and interfaces are completed from --list" {
	[[ -x $BIN/clasp-midi-in ]] || skip "no clasp-midi-in here"
	clasp-midi-in --completion=bash >c
	clasp-sacn-in --completion=bash >i
	clasp-midi-in --completion=fish >f
	mkdir shim && touch here
	cat >shim/clasp-midi-in <<-'END'
	#!/bin/sh
	printf 'nanoKONTROL $(touch gone)\tALSA\n/dev/midi9\tMPK\n'
	END
	printf '#!/bin/sh\nprintf "eth7\t10.0.0.1\n"\n' >shim/clasp-sacn-in
	chmod +x shim/*
	cat >try <<-'END'
	source "$2"
	COMP_WORDS=("${@:3}") COMP_CWORD=$(($# - 3)) COMP_LINE="${*:3}"
	"$1"
	printf '%s\n' "${COMPREPLY[@]}"
	END
	PATH=$PWD/shim:$PATH
	run -0 bash try _clasp_midi_in c clasp-midi-in -d na
	assert_output 'nanoKONTROL $(touch gone)'
	run -0 bash try _clasp_midi_in c clasp-midi-in --in-port = /dev/midi
	assert_output /dev/midi9
	run -0 bash try _clasp_midi_in c clasp-midi-in -d he
	assert_output here
	run -0 bash try _clasp_sacn_in i clasp-sacn-in --interface ''
	assert_output eth7
	[ ! -e gone ]
	command -v fish >/dev/null || skip "no fish here"
	run -0 fish -c 'source f; complete -C "clasp-midi-in -d nano"'
	assert_output --partial nanoKONTROL
	[ ! -e gone ]
}

@test "every example of the manual pages runs" {
	[[ -x $BIN/clasp-relay ]] || skip "no clasp-relay here"
	run "$TOP/tests/docs/run-examples" "$TOP"/man/*.[157]
	assert_success
}

@test "the tour of README runs and prints what it says" {
	[[ -x $BIN/clasp-relay ]] || skip "no clasp-relay here"
	run "$TOP/tests/docs/run-readme" "$TOP/README.md"
	assert_success
}

@test "the picture in README is what --show draws" {
	run -0 env BUILD="$BIN/.." "$TOP/scripts/make-picture" show.svg
	cmp "$TOP/docs/show.svg" show.svg
}

@test "the simulator's promises are those of its page" {
	[ -x "$BIN/../test/sim" ] || skip 'no simulator was built'
	"$BIN/../test/sim" --promises >promises
	[ -s promises ]
	awk '/^## What is promised/ { on = 1 } /^## What it does/ { on = 0 }
	    on && /^\| [A-Z]/' "$TOP/docs/simulator.md" >page
	diff promises page
}
