#!/usr/bin/env bats
# clasp-play

setup() {
	load helper
	common_setup
	cat >show <<'END'
#clasp 1 epoch=1795345429.000000
#snapshot 1
0.000000 /l/front 0.0
0.100000 /cue/go event {"id":1}
0.150000 /l/front 0.5
0.200000 mark "chorus"
0.250000 /l/left 1.0 ; /l/right 0.0
0.350000 mark "verse"
0.400000 /name "a b ; c"
#end 0.500000 lines=7
END
}
teardown() { common_teardown; }

# The gaps between the times in file $1 are those of the list $2..., to 10 ms
# (times SLOW), and so is each time from the start: no drift.
assert_times() {
	local file=$1

	shift
	awk -v want="$*" -v slow="$SLOW" '
	    { n = split(want, t, " "); got[NR] = $1 }
	    END {
		if (NR != n) { print NR " lines, not " n; exit 1 }
		for (i = 2; i <= n; i++) {
			d = (got[i] - got[i-1]) - (t[i] - t[i-1])
			e = (got[i] - got[1]) - (t[i] - t[1])
			if (d * d > 1e-4 * slow || e * e > 1e-4 * slow) {
				print "line " i " is off by " d " and " e
				exit 1
			}
		}
	    }' "$file"
}

@test "-o text prints in its own time" {
	clasp-play -o text -t=rel show >got
	run cut -d' ' -f2- got
	assert_output - <<'END'
/l/front 0.0
/cue/go event {"id":1}
/l/front 0.5
/l/left 1.0 ; /l/right 0.0
/name "a b ; c"
END
	assert_times got 0 0.1 0.15 0.25 0.4
}

@test "--speed: twice as fast, or all at once" {
	clasp-play -o text -t=rel --speed 2 show >got
	assert_times got 0 0.05 0.075 0.125 0.2
	run clasp-play -o json --speed 0 show
	assert_line --index 3 --partial '{"type":"bundle"'
}

@test "sends to the relay, in order, and ends when all is there" {
	start_relay
	bg_ready got clasp-sub -N -n6 -T 10 -t=rel '/**'
	clasp-play show
	finish
	[ "$status" -eq 0 ]
	run cut -d' ' -f2- got
	assert_output - <<'END'
/l/front 0.0
/cue/go event {"id":1}
/l/front 0.5
/l/left 1.0
/l/right 0.0
/name "a b ; c"
END
	assert_times got 0 0.1 0.15 0.25 0.25 0.4
}

@test "--from and --to, by time and by mark" {
	run clasp-play -o text --speed 0 --from chorus --to verse show
	assert_output $'/l/front 0.0\n/l/left 1.0 ; /l/right 0.0'
	run clasp-play -o text --speed 0 --from 0.12 --to 0.15 \
	    --no-snapshot show
	assert_output '/l/front 0.5'
	run -1 --separate-stderr clasp-play -o text --speed 0 --from nowhere \
	    --no-snapshot show
	[ "$stderr" = "clasp-play: show: nothing at 'nowhere'" ]
	# it begins at once, not after the time that is left out
	clasp-play -o text -t=rel --from 0.25 --no-snapshot show >got
	assert_times got 0.25 0.4
}

@test "--loop plays again, each round as long as the recording" {
	clasp-play -o text -t=rel --loop=2 show >got
	assert_times got 0 0.1 0.15 0.25 0.4 0.5 0.6 0.65 0.75 0.9
	run -2 sh -c 'cat show | clasp-play -o text --loop -'
	run sh -c 'clasp-play -o text --loop=3 --speed 0 <show | wc -l'
	assert_output 15
	: >empty
	run -0 clasp-play -o text --loop empty
}

@test "--shift plays later, or earlier" {
	start=$(date +%s%N)
	run clasp-play -o text -n1 --shift 200ms show
	assert_output '/l/front 0.0'
	(($(date +%s%N) - start >= 200000000))
	clasp-play -o text -t=rel --shift -0.2s show >got
	assert_times got 0 0 0 0.05 0.2
}

@test "lines without a header, relative times, a pipe still written" {
	mkfifo pipe
	exec 7<>pipe
	clasp-play -o text - <pipe >got 3>&- 7>&- &
	BG_PIDS+=($!)
	printf '%s\n' '1795345429.5 /a 1' '+0.05 /b 2' '/c 3' >&7
	wait_for_lines got 3
	echo '+0.01 /d 4' >&7
	wait_for_lines got 4
	exec 7>&-
	finish "${BG_PIDS[0]}"
	[ "$status" -eq 0 ]
	run cat got
	assert_output $'/a 1\n/b 2\n/c 3\n/d 4'
}

@test "a recording cut at any byte plays its whole lines" {
	local size n want

	size=$(wc -c <show)
	for ((n = 0; n < size; n += 7)); do
		head -c "$n" show >cut
		want=$(head -c "$n" show | grep -c '[^#]*/[a-z].*
' || true)
		run --separate-stderr clasp-play -o text --speed 0 cut
		assert_success
		want=$(head -c "$n" show |
		    awk 'BEGIN { RS = "\n" } /^[0-9].*\// { n++ }
			END { print n + 0 }')
		# the torn last line does not count
		[ "$(head -c "$n" show | tail -c1)" = "" ] ||
		    [[ $(tail -n1 cut) != [0-9]*/* ]] || ((want--)) || true
		[ "${#lines[@]}" -eq "$want" ] ||
		    { echo "at $n: ${#lines[@]} lines, not $want"; false; }
	done
	[[ $stderr == *'cut off'* || $n -ge $size ]]
}

@test "a bad line is reported, the rest is played" {
	sed -i '5s/.*/0.150000 what is this/' show
	run -6 --separate-stderr clasp-play -o text --speed 0 show
	[[ $stderr == show:5:10:* ]]
	[ "${#lines[@]}" -eq 4 ]
}

@test "--map and -m change what is played" {
	run clasp-play -o text --speed 0 --no-snapshot -n3 \
	    --map '/l/* /dmx/$1 scale:0,1,0,100 int' show
	assert_output $'/cue/go event {"id":1}\n/dmx/front 50\n/dmx/left 100 ; /dmx/right 0'
	run -2 clasp-play --map nonsense show
}

@test "what only lines carry is printed, and sent" {
	printf '%s\n' '0.1 /a ts=5 rev=3 new=7 {"b":1,"a":2}' \
	    '0.1 /b qos=commit 1' '/c at=+5 1' >attrs
	run -0 --separate-stderr clasp-play --speed 0 -o text attrs
	assert_line -n 0 '/a ts=5.000000 rev=3 new=7 {"a":2,"b":1}'
	assert_line -n 1 '/b qos=commit 1'
	[[ ${lines[2]} == '/c at='1* ]]
	start_relay
	bg_ready all clasp-sub -n3 '/**'
	head -n 2 attrs | clasp-play
	clasp-set /c 1
	finish
	assert_equal "$(cut -d' ' -f1 all | tr '\n' ' ')" '/a /b /c '
}

@test "Ctrl-C ends it although the relay does not answer" {
	start_relay
	bg play clasp-play --loop --speed 0 --ready-fd 9 show 9>ready
	wait_for ready
	kill -STOP "$RELAY_PID"
	kill -INT "$BG_PID"
	finish
	kill -CONT "$RELAY_PID"
	[ "$status" -eq 130 ]
}

@test "a later version is refused" {
	run -6 --separate-stderr clasp-play -o text --speed 0 \
	    <<<$'#clasp 2 epoch=0\n0.0 /a 1'
	assert_output ''
	[[ $stderr == *'version 2'* ]]
}

@test "a hundred thousand lines at once" {
	start_relay
	(echo '#clasp 1 epoch=0'
	seq 1 100000 | sed 's#.*#0.000001 /n/& &#'
	echo '#end 0.1 lines=100000') >big
	clasp-play big
	run bash -c "clasp-get '/n/*' | wc -l"
	assert_output 100000
}

@test "no file, no relay" {
	run -3 --separate-stderr clasp-play nothing
	[ "$stderr" = 'clasp-play: nothing: no such file or directory' ]
	run -3 --separate-stderr clasp-play -u unix:/nowhere/socket show
	[ "$stderr" = 'clasp-play: unix:/nowhere/socket: no such file or directory' ]
	run -2 clasp-play show show
}
