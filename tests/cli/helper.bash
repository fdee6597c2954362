# helper.bash - what the tests of programs share.
#
#	setup() { load helper; common_setup; }
#	teardown() { common_teardown; }
#
# common_setup puts the programs of $BUILD (default build) first on PATH and
# goes to a fresh folder.  start_relay starts one and exports CLASP_URL; what
# is started with `bg` or start_relay is ended by common_teardown.  Nothing
# here waits for time to pass, only for a condition, with a limit.

bats_require_minimum_version 1.5.0
export BATS_LIB_PATH=${BATS_LIB_PATH:-/usr/lib/bats:/usr/local/lib/bats}
bats_load_library bats-support
bats_load_library bats-assert

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BG_PIDS=()

# Sanitizers and valgrind are slow: every limit is multiplied by this.
SLOW=${SLOW:-1}
[[ ${BUILD:-} == *san* ]] && SLOW=4

common_setup() {
	local build=${BUILD:-build}

	[[ $build == /* ]] || build=$TOP/$build
	BIN=$build/bin
	PATH=$BIN:$PATH
	WORK=$(mktemp -d "${BATS_TEST_TMPDIR:-${TMPDIR:-/tmp}}/work.XXXXXX")
	export HOME=$WORK LC_ALL=C.UTF-8
	unset CLASP_URL CLASP_TOKEN CLASP_TOKEN_FILE CLASP_CACERT NO_COLOR
	unset XDG_CONFIG_HOME
	cd "$WORK" || return 1
	BG_PIDS=()
	RELAY_PID=
}

common_teardown() {
	local pid

	if [[ -z ${BATS_TEST_COMPLETED:-} ]]; then
		for log in "$WORK"/*.log; do
			[[ -s $log ]] || continue
			echo "--- ${log##*/}"
			tail -n 20 "$log"
		done
	fi
	for pid in "${BG_PIDS[@]}"; do
		kill "$pid" 2>/dev/null
	done
	for pid in "${BG_PIDS[@]}"; do
		gone "$pid" || kill -9 "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	BG_PIDS=()
	cd / || return
}

# Has this process ended (or is it only waiting for our `wait`)?
ended() {
	local state

	state=$(ps -o stat= -p "$1" 2>/dev/null) || return 0
	[[ $state == Z* ]]
}

# Has the program a handler for SIGINT by now?  The shell that is to become it
# has one, too.
catches_int() {
	local mask

	[[ $(<"/proc/$1/comm") == clasp-* ]] || return 1
	mask=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$1/status")
	((16#${mask:-0} & 2))
}

# Wait until a process has ended; fails after five seconds.
gone() {
	wait_until 5 ended "$1"
}

# wait_until SECONDS COMMAND...: run it until it succeeds.
wait_until() {
	local limit=$1 end

	shift
	end=$((SECONDS + limit * SLOW + 1))
	while ! "$@"; do
		((SECONDS <= end)) || return 1
		sleep 0.02
	done
}

# Wait until a file has something in it.
wait_for() {
	wait_until "${2:-10}" test -s "$1" ||
	    { echo "nothing came to $1" >&2; return 1; }
}

# Wait until a file has a line that matches.
has_line() {
	grep -q -e "$2" "$1" 2>/dev/null
}
wait_for_line() {
	wait_until "${3:-10}" has_line "$1" "$2" ||
	    { echo "no line '$2' came to $1" >&2; cat "$1" >&2; return 1; }
}

# Wait until a file has at least this many lines.
has_lines() {
	[[ -e $1 ]] && (($(wc -l <"$1") >= $2))
}
wait_for_lines() {
	wait_until "${3:-10}" has_lines "$1" "$2" ||
	    { echo "not $2 lines in $1" >&2; cat "$1" >&2; return 1; }
}

# bg OUT COMMAND...: run in the background, stdout to OUT, stderr to
# OUT.log; its id is in $BG_PID.
bg() {
	local out=$1

	shift
	"$@" >"$out" 2>"$out.log" 3>&- 4>&- </dev/null &
	BG_PID=$!
	BG_PIDS+=("$BG_PID")
}

# bg_ready OUT COMMAND...: the same, and wait until it says that it is ready
# (the program must have --ready-fd).
bg_ready() {
	local out=$1

	shift
	rm -f "$out.ready"
	"$@" --ready-fd 9 >"$out" 2>"$out.log" 9>"$out.ready" 3>&- 4>&- \
	    </dev/null &
	BG_PID=$!
	BG_PIDS+=("$BG_PID")
	wait_for "$out.ready" || { cat "$out.log" >&2; return 1; }
}

# Wait for the background program BG_PID (or the given one) to end; its exit
# code is in $status.  Fails when it takes longer than 10 seconds.
finish() {
	local pid=${1:-$BG_PID}

	status=0
	wait_until 10 ended "$pid" ||
	    { echo "process $pid does not end" >&2; return 1; }
	wait "$pid" || status=$?
}

# start_relay [OPTION ...]
start_relay() {
	rm -f "$WORK/port"
	clasp-relay -p 0 --port-file "$WORK/port" "$@" \
	    >"$WORK/relay.out.log" 2>"$WORK/relay.log" 3>&- 4>&- </dev/null &
	RELAY_PID=$!
	BG_PIDS+=("$RELAY_PID")
	wait_for "$WORK/port" || return 1
	RELAY_PORT=$(<"$WORK/port")
	export CLASP_URL=ws://127.0.0.1:$RELAY_PORT/clasp
}

stop_relay() {
	kill "$RELAY_PID" || return
	gone "$RELAY_PID" || return
	wait "$RELAY_PID"
}
