#!/bin/bash
# Breaks and period of --driver opendmx, by what a pseudo-terminal was told
# and when.  The limit is what the chip would need for the frame.
cd "$(dirname "$0")/.." || exit 2
PATH=$PWD/${BUILD:-build}/bin:$PATH
dir=$(mktemp -d)
trap 'kill $line 2>/dev/null; wait $line 2>/dev/null; rm -rf "$dir"' EXIT
cc -shared -fPIC -o "$dir/lines.so" tests/interop/modemlines.c -ldl || exit 1
socat -u "pty,raw,echo=0,link=$dir/A" "OPEN:/dev/null" &
line=$!
for i in $(seq 200); do [ -e "$dir/A" ] && break; sleep 0.02; done

row() { printf '%s\t%s\t%s\t%s\t%s\n' "$@"; }
# measure RATE: a log of ten seconds
measure() {
	rm -f "$dir/log"
	(echo '/dmx/1/1 1'; sleep 10) | LD_PRELOAD=$dir/lines.so \
	    MODEMLINES_LOG=$dir/log clasp-dmx-out --driver opendmx \
	    -d "$dir/A" --rate "$1" || exit 1
	awk '$3 == "begins" { if (t) { p += $1 - t; n++ } t = $1 }
	    $3 == "ends" { print $1 - t }
	    END { printf "%.2f\n", p / n / 1000 >"/dev/stderr" }' \
	    "$dir/log" 2>"$dir/period" | sort -n >"$dir/breaks"
	breaks=$(awk '{ b[NR] = $1 } END { printf "%d / %d / %d us", b[1],
	    b[int(NR / 2) + 1], b[NR] }' "$dir/breaks")
}
measure 40
row 'Open DMX, 40 Hz: period, mean' "$(cat "$dir/period") ms" '22.76 ms' - \
    '25 ms +/- 2'
row 'Open DMX: break, least / median / most' "$breaks" '176 us (asked)' - \
    '92 to 2000 us'
measure 44
row 'Open DMX, 44 Hz: period, mean' "$(cat "$dir/period") ms" '22.76 ms' - -
