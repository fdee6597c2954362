#!/bin/bash
# What a one-shot tool costs: start to exit of clasp-set with the relay on the
# same machine, on an empty relay and on one with 100,000 params, next to
# /bin/true (any process).
cd "$(dirname "$0")/.." || exit 2
PATH=$PWD/${BUILD:-build}/bin:$PATH
dir=$(mktemp -d)
clasp-relay --host 127.0.0.1 -p 0 --port-file "$dir/port" \
    --max-params 200000 2>"$dir/err" &
relay=$!
trap 'kill $relay 2>/dev/null; wait $relay 2>/dev/null; rm -rf "$dir"' EXIT
for i in $(seq 200); do [ -s "$dir/port" ] && break; sleep 0.02; done
[ -s "$dir/port" ] || { cat "$dir/err" >&2; exit 1; }
export CLASP_URL=ws://127.0.0.1:$(cat "$dir/port")/clasp

# median COMMAND...: milliseconds of one run, of 31
median() {
	local i a b
	for i in $(seq 31); do
		a=${EPOCHREALTIME/./}
		"$@" || exit 1
		b=${EPOCHREALTIME/./}
		echo $((b - a))
	done | sort -n | awk 'NR == 16 { printf "%.2f", $1 / 1000 }'
}
row() { printf '%s\t%s\t%s\t%s\t%s\n' "$@"; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f", a / b }'; }

true=$(median /bin/true)
one=$(median clasp-set /bench/a 1)
row 'clasp-set, start to exit' "$one ms" "$true ms (/bin/true)" \
    "$(ratio "$one" "$true")" '6 ms'
a=${EPOCHREALTIME/./}
for i in $(seq 100); do clasp-set /bench/a "$i" || exit 1; done
b=${EPOCHREALTIME/./}
row '100 clasp-set in a shell loop' "$(((b - a) / 1000)) ms" - - '1000 ms'
seq 100000 | sed 's#.*#/bench/many/& 0.5#' | clasp-pub || exit 1
full=$(median clasp-set /bench/a 1)
row 'clasp-set with 100,000 params in the relay' "$full ms" \
    "$one ms (empty relay)" "$(ratio "$full" "$one")" '1.0'
