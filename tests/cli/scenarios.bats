#!/usr/bin/env bats
# What people type, and what they must see: each a job somebody has.

setup() {
	load helper
	common_setup
	start_relay
}
teardown() { common_teardown; }

# Run the script on stdin as somebody would type it; $output is its stdout,
# what it says to people goes to the file err.
typed() {
	cat >script
	run --separate-stderr timeout "$((20 * SLOW))" bash script
	printf '%s\n' "$stderr" >err
}

@test "the first five minutes" {
	typed <<'END'
clasp-set /lights/front/level 0.75; echo $?
clasp-get /lights/front/level;      echo $?
clasp-get /lights/back/level;       echo $?
clasp-set /show/name Hamlet; clasp-get -o text /show/name
END
	assert_output - <<'END'
0
0.75
0
1
/show/name "Hamlet"
END
	[ "$(cat err)" = 'clasp-get: /lights/back/level: no value' ]
}

@test "the first five minutes, without a relay" {
	stop_relay
	typed <<<'clasp-get /a; echo $?'
	assert_output 3
	[ "$(cat err)" = "clasp-get: $CLASP_URL: connection refused" ]
}

@test "arriving late" {
	typed <<'END'
clasp-set /lights/b 2 /lights/a 1.0 /audio/gain -3
clasp-sub -S '/lights/**'; echo $?
END
	assert_output $'/lights/a 1.0\n/lights/b 2\n0'
	[ ! -s <(grep . err) ]
}

@test "waiting for a cue" {
	typed <<'END'
clasp-sub -n1 -T 5s --type event --ready-fd 3 '/cue/**' 3>ready >got & 
while [ ! -s ready ]; do sleep 0.02; done
clasp-pub /cue/go event '{"id":"intro"}'; wait $!; echo $?; cat got
clasp-sub -n1 -T 200ms '/cue/**'; echo $?
END
	assert_output $'0\n/cue/go event {"id":"intro"}\n124'
}

@test "a MIDI controller to fixtures, with no relay at all" {
	for tool in clasp-midi-in clasp-map clasp-dmx-out; do
		[[ -x $BIN/$tool ]] || skip "no $tool"
	done
	stop_relay
	typed <<'END'
printf '\260\007\177' | clasp-midi-in -d - | tee lines |
  clasp-map '/midi/*/ch/*/cc/*' '/dmx/1/$3' scale:0,127,0,255 int |
  clasp-dmx-out -d - --once | tee packet | od -An -tx1 -N12
cat lines
wc -c < packet
tail -c1 packet | od -An -tx1
END
	assert_output - <<'END'
 7e 06 01 02 00 00 00 00 00 00 00 ff
/midi/default/ch/0/cc/7 127
518
 e7
END
}

@test "a phone with an OSC app" {
	[[ -x $BIN/clasp-osc2clasp ]] || skip 'no clasp-osc2clasp'
	command -v oscsend >/dev/null || skip 'no oscsend'
	typed <<'END'
clasp-osc2clasp -p 9761 -n4 -T 5s --ready-fd 3 3>ready >got &
while [ ! -s ready ]; do sleep 0.02; done
oscsend 127.0.0.1 9761 /fader1 f 0.1
oscsend 127.0.0.1 9761 /page i 2
oscsend 127.0.0.1 9761 /say s 'two "words"'
oscsend 127.0.0.1 9761 /xy fF 0.5
wait $!; cat got
END
	assert_output - <<'END'
/osc/fader1 0.1
/osc/page 2
/osc/say "two \"words\""
/osc/xy [0.5,false]
END
}

@test "both lights on the beat" {
	typed <<'END'
clasp-sub -N -n2 -T 5s -t --ready-fd 3 '/l/**' 3>ready >got &
while [ ! -s ready ]; do sleep 0.02; done
date +%s.%6N > sent; echo '/l/a at=+0.300 1 ; /l/b 1' | clasp-pub; clasp-get /l/a; echo $?; wait $!; sleep 0.05; cut -d' ' -f2- got
END
	assert_output $'1\n/l/a 1\n/l/b 1'
	# not before its time; how soon after it depends on the machine
	run awk -v limit="$((3 * SLOW))" 'NR == 1 { t = $1; next }
	    $1 - t < 0.3 || $1 - t > limit { print "at", $1 - t }' sent got
	assert_output ''
}

@test "record it, play it back" {
	typed <<'END'
clasp-record -o take.clasp -n3 --ready-fd 3 '/lights/**' 3>ready &
while [ ! -s ready ]; do sleep 0.02; done
clasp-set /lights/a 1; sleep 0.3; clasp-set /lights/a 2; sleep 0.3; clasp-set /lights/b 0.5; wait $!
head -c 8 take.clasp; echo; tail -n1 take.clasp | cut -d' ' -f1
clasp-fmt --no-time take.clasp | grep -v '^#'
clasp-sub -N -n3 -T 5s -t=rel --ready-fd 3 '/lights/**' 3>ready2 >again &
while [ ! -s ready2 ]; do sleep 0.02; done
clasp-play take.clasp; wait $!
END
	assert_output - <<'END'
#clasp 1
#end
/lights/a 1
/lights/a 2
/lights/b 0.5
END
	run cut -d' ' -f2- again
	assert_output $'/lights/a 1\n/lights/a 2\n/lights/b 0.5'
	grep -v '^#' take.clasp >want
	run awk -v limit="$((10 * SLOW))" '
	    NR == FNR { t[FNR] = $1; next }
	    FNR > 1 {
		gap = (($1 - last) - (t[FNR] - t[FNR - 1])) * 1000
		all = (($1 - first) - (t[FNR] - t[1])) * 1000
		if (gap * gap > limit * limit || all * all > limit * limit)
			print "line " FNR " is off by " gap " and " all " ms"
	    }
	    FNR == 1 { first = $1 }
	    { last = $1 }' want again
	assert_output ''
	run clasp-play --speed 0 -o text take.clasp
	assert_output $'/lights/a 1\n/lights/a 2\n/lights/b 0.5'
}

@test "sensors to jq" {
	command -v jq >/dev/null || skip 'no jq'
	typed <<'END'
clasp-set /sensor/a/temp 19.5 /sensor/b/temp 23.5 /sensor/c/temp 31.25
clasp-sub -S -o json '/sensor/*/temp' | jq -r 'select(.value>20) | "\(.addr) \(.value)"'
END
	assert_output $'/sensor/b/temp 23.5\n/sensor/c/temp 31.25'
}

@test "blackout" {
	bg_ready seen clasp-sub -N -n1030 -T 20 '/dmx/1/*' /other
	typed <<'END'
seq 1 512 | sed 's#.*#/dmx/1/& 255#' | clasp-pub; echo $?
(for i in 1 2 3 4 5 6; do clasp-set /other $i; done) &
clasp-set -g '/dmx/1/*' 0;                       echo $?
wait
clasp-get '/dmx/1/*' | awk '{s+=$2; n++} END {print n, s}'
END
	assert_output $'0\n0\n512 0'
	finish
	# the zeros stand together: no other write is between them
	run bash -c "grep -n ' 0\$' seen | cut -d: -f1 | sed -n '1p;\$p'"
	((lines[1] - lines[0] == 511))
}

@test "two desks, one fader" {
	typed <<'END'
clasp-set /mix/1 1; clasp-get -o text -v /mix/1 | grep -o 'rev=[0-9]*'
clasp-set --if-rev 1 /mix/1 2; echo $?
clasp-set --if-rev 1 /mix/1 3; echo $?
clasp-lock /mix/1 -- sh -c 'clasp-set /mix/1 9; echo "other desk: $?"'; echo $?
clasp-set /mix/1 4; echo $?
clasp-get /mix/1
END
	assert_output $'rev=1\n0\n5\nother desk: 5\n0\n0\n4'
	run cat err
	assert_line --index 0 --regexp '^clasp-set: /mix/1: .*expected 1, actual 2'
	assert_line --index 1 --regexp '^clasp-set: /mix/1: locked by session .* \(clasp-lock@'
}

@test "who moves the front light?" {
	typed <<'END'
(while sleep 0.05; do clasp-set --name ghost /lights/front 0.$((RANDOM%9+1)); done) & g=$!
clasp-sub -n3 -v /lights/front | grep -c ' by='
kill $g
END
	assert_output 3
}

@test "head, pipefail, and other people's scripts" {
	typed <<'END'
set -o pipefail
yes '/a 1' | head -n 20000 | clasp-pub & clasp-sub '/a' | head -n 1; echo $?
echo '/a 1
what is this
/b 2' | clasp-pub; echo $?
clasp-get '/*' ; clasp-sub --nonsense 2>&1 | tail -n1; clasp-sub --help | head -n 1 | cut -c1-6
END
	assert_output - <<'END'
/a 1
0
6
/a 1
/b 2
try 'clasp-sub --help'
Usage:
END
	run grep -c '^-:2:1: ' err
	assert_output 1
}
