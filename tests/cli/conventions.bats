# What all programs do alike.

setup() {
	load helper
	common_setup
	PROGRAMS=$(cd "$BIN" && ls | grep '^clasp-')
}

teardown() {
	common_teardown
}

none() {
	[[ -z $(<"$1") ]] || { cat "$1"; return 1; }
}

# code N COMMAND...: say so when the exit code is another.
code() {
	local want=$1 rc=0

	shift
	"$@" || rc=$?
	((rc == want)) || echo "${*}: exit $rc" >>bad
}

@test "--help and -h print the usage on stdout, exit 0" {
	for p in $PROGRAMS; do
		for o in --help -h --hel; do
			code 0 "$p" $o >out 2>err
			[[ $(head -n 1 out) == "Usage: $p "* && ! -s err ]] ||
			    echo "$p $o" >>bad
		done
	done
	touch bad
	none bad
}

@test "a heading of --help stands once" {
	for p in $PROGRAMS; do
		"$p" --help | sed -n '/^Examples:/q; /^[A-Z].*:$/p' | sort |
		    uniq -d | sed "s/^/$p: /" >>bad
	done
	none bad
}

@test "--version is one line" {
	for p in $PROGRAMS; do
		code 0 "$p" --version >out 2>err
		[[ $(<out) == "$p $(<"$TOP/VERSION")" && ! -s err ]] ||
		    echo "$p --version: $(<out)" >>bad
		code 0 "$p" -V >out
	done
	touch bad
	none bad
}

@test "an unknown option is named, with where to look, exit 2" {
	for p in $PROGRAMS; do
		code 2 "$p" --nonsense >out 2>err
		printf '%s\n' "$p: --nonsense: unknown option" \
		    "try '$p --help'" >want
		cmp -s want err || { echo "$p:"; cat err; } >>bad
		[[ ! -s out ]] || echo "$p: stdout" >>bad
	done
	touch bad
	none bad
}

@test "a missing argument is named, exit 2" {
	for p in $PROGRAMS; do
		code 2 "$p" --color >out 2>err
		[[ $(head -n 1 err) == "$p: --color: needs an argument "* ]] ||
		    cat err >>bad
		code 2 "$p" --quiet=1 >out 2>err
		[[ $(head -n 1 err) == "$p: --quiet: takes no argument" ]] ||
		    cat err >>bad
	done
	touch bad
	none bad
}

@test "a full disk is an error, never a silence" {
	for p in $PROGRAMS; do
		code 3 "$p" --help >/dev/full 2>err
		[[ $(<err) == "$p: stdout: no space left on device" ]] ||
		    cat err >>bad
	done
	touch bad
	none bad
}

@test "a closed stdout is an error" {
	for p in $PROGRAMS; do
		code 3 "$p" --version >&- 2>err
		[[ $(<err) == "$p: stdout: not open" ]] ||
		    cat err >>bad
	done
	touch bad
	none bad
}

@test "a reader that goes away is no error" {
	for p in $PROGRAMS; do
		mkfifo pipe
		exec 8<>pipe 9>pipe 8<&-
		code 0 "$p" --help >&9 2>err
		exec 9>&-
		cat err >>bad
		rm pipe
	done
	touch bad
	none bad
}

@test "an unknown key of the configuration is named with its line" {
	printf '# ours\nquiet = yes\nnonsense = 1\n' >config
	for p in $PROGRAMS; do
		code 2 "$p" --config config </dev/null >out 2>err
		[[ $(<err) == "$p: config:3: unknown key 'nonsense'" ]] ||
		    cat err >>bad
		code 0 "$p" --config config --help >out
	done
	touch bad
	none bad
}

@test "a configuration that was asked for must be there" {
	for p in $PROGRAMS; do
		code 3 "$p" --config nowhere </dev/null >out 2>err
		[[ $(<err) == "$p: nowhere: no such file or directory" ]] ||
		    cat err >>bad
	done
	touch bad
	none bad
}

@test "nothing from outside reaches stderr raw" {
	for p in $PROGRAMS; do
		code 2 "$p" $'--non\e[2Jsense' >out 2>err
		grep -q $'\e' err && echo "$p" >>bad
	done
	touch bad
	none bad
}
