#!/usr/bin/env bats
# clasp-set

setup() {
	load helper
	common_setup
}
teardown() { common_teardown; }

@test "a value is set when the program ends" {
	start_relay
	run --separate-stderr clasp-set /lights/a 0.75
	assert_success
	assert_output ''
	[ -z "$stderr" ]
	run clasp-get /lights/a
	assert_output 0.75
}

@test "types are what they look like, -s makes strings" {
	start_relay
	clasp-set /a 1 /b 1.0 /c Hamlet /d '"two words"' /e '[1,{"x":null}]' \
	    /f x'"00ff"' /g -3
	clasp-set -s /h 1984
	run clasp-get -o text /a /b /c /d /e /f /g /h
	assert_success
	assert_output - <<'END'
/a 1
/b 1.0
/c "Hamlet"
/d "two words"
/e [1,{"x":null}]
/f x"00ff"
/g -3
/h "1984"
END
}

@test "--strict takes no word for a string" {
	run -2 --separate-stderr clasp-set --strict /a Hamlet
	[[ $stderr == 'clasp-set: Hamlet: '* ]]
}

@test "a number that no int can hold is an error, never a string" {
	run -2 clasp-set -u unix:nowhere /a 99999999999999999999
	assert_output --partial '99999999999999999999'
}

@test "several pairs are one bundle: a refused one refuses all" {
	start_relay
	mkfifo pipe
	exec 7<>pipe
	clasp-pub <pipe 3>&- 4>&- 7>&- &
	BG_PIDS+=($!)
	echo '/b lock 1' >&7
	wait_until 5 clasp-get /b
	run -5 --separate-stderr clasp-set /a 1 /b 2
	[[ $stderr == 'clasp-set: /b: '* ]]
	run -1 clasp-get /a
	# the lock ends with its holder
	exec 7>&-
	wait_until 5 clasp-set /a 1 /b 2
}

@test "-g sets what exists, in one bundle" {
	start_relay
	seq 1 100 | sed 's#.*#/dmx/1/& 255#' | clasp-pub
	clasp-set /dmx/2/1 255
	bg_ready live clasp-sub -N -n100 -T 10 '/dmx/1/*'
	clasp-set -g '/dmx/1/*' 0
	finish
	[ "$status" -eq 0 ]
	run awk '$2 != 0' live
	assert_output ''
	run clasp-get /dmx/2/1
	assert_output 255
}

@test "-g with several patterns, some of the same params" {
	start_relay
	clasp-set /a/1 1 /a/2 1 /b/1 1
	clasp-set -g '/a/*' 5 '/**/1' 6
	run clasp-get '/**'
	assert_output - <<'END'
/a/1 6
/a/2 5
/b/1 6
END
}

@test "-g without anything to set is a clean no" {
	start_relay
	run -1 --separate-stderr clasp-set -g '/nothing/*' 0
	[ "$stderr" = 'clasp-set: /nothing/*: no param to set' ]
}

@test "too much for one bundle: nothing is sent, unless --split" {
	start_relay
	big=$(printf 'x%.0s' {1..30000})
	run -2 --separate-stderr clasp-set /a "$big" /b "$big" /c "$big"
	[[ $stderr == *'3 values take 90'*'one bundle holds 65535'*'--split' ]]
	run -1 clasp-get /a
	clasp-set --split /a "$big" /b "$big" /c "$big"
	run bash -c "clasp-get '/*' | wc -l"
	assert_output 3
}

@test "a value that fits into no frame at all is a usage error" {
	head -c 70000 /dev/zero | tr '\0' x >big
	run -2 --separate-stderr clasp-set -u unix:nowhere /a "$(<big)"
	[[ $stderr == 'clasp-set: '*'does not fit into one frame' ]]
}

@test "--if-rev compares, and tells the revision there is" {
	start_relay
	clasp-set /mix/1 1
	clasp-set --if-rev 1 /mix/1 2
	run -5 --separate-stderr clasp-set --if-rev 1 /mix/1 3
	[ "$stderr" = \
	    'clasp-set: /mix/1: revision conflict: expected 1, actual 2' ]
	run clasp-get /mix/1
	assert_output 2
}

@test "--if-rev goes with one pair only" {
	run -2 clasp-set --if-rev 1 /a 1 /b 2
	run -2 clasp-set --if-rev x /a 1
	run -2 clasp-set --if-rev 1 -g '/*' 1
}

@test "--ttl lets a value expire, in whole seconds" {
	start_relay
	clasp-set --ttl 1 /short 1
	clasp-set --ttl 1h /long 1
	run clasp-get /long
	assert_output 1
	run -2 --separate-stderr clasp-set --ttl 1.5 /a 1
	[[ $stderr == *'whole seconds'* ]]
	# nothing reads it: a read would give it one second more
	SECONDS=0
	wait_until 10 test_passed 2
	run -1 clasp-get /short
}
test_passed() { ((SECONDS > $1)); }

@test "what is not right is said before anything is sent" {
	export CLASP_URL=unix:nowhere
	run -2 --separate-stderr clasp-set
	[ "${stderr_lines[0]}" = 'clasp-set: no ADDRESS given' ]
	run -2 clasp-set /a
	assert_output --partial '/a: no VALUE given'
	run -2 clasp-set a 1
	assert_output --partial 'clasp-set: a: address must start with /'
	run -2 clasp-set '/a/*' 1
	run -2 clasp-set --nonsense /a 1
	assert_output --partial "try 'clasp-set --help'"
}

@test "no relay: exit 3, with the URL" {
	start_relay
	stop_relay
	SECONDS=0
	run -3 --separate-stderr clasp-set /a 1
	assert_output ''
	[ "$stderr" = "clasp-set: $CLASP_URL: connection refused" ]
	((SECONDS <= 2 * SLOW))
}

@test "--retry waits for the relay" {
	bg out clasp-set --retry -u "unix:$WORK/socket" /a 7
	start_relay --listen "unix:$WORK/socket"
	finish
	[ "$status" -eq 0 ]
	run clasp-get /a
	assert_output 7
}

@test "--retry=N gives up" {
	run -3 clasp-set --retry=2 -u "unix:$WORK/socket" /a 7
	assert_output --partial 'no such file'
}

@test "--no-wait sends all the same" {
	start_relay
	clasp-set --no-wait /a 3
	wait_until 5 clasp-get /a
}

@test "-T ends a wait" {
	# something that takes connections and never answers
	bg peer socat -u "UNIX-LISTEN:$WORK/mute,fork" OPEN:/dev/null
	wait_until 5 socat -u OPEN:/dev/null "UNIX-CONNECT:$WORK/mute"
	run -124 clasp-set -T 100ms -u "unix:$WORK/mute" /a 1
	run -3 --separate-stderr clasp-set --connect-timeout 100ms \
	    -u "unix:$WORK/mute" /a 1
	[[ $stderr == "clasp-set: unix:$WORK/mute: "* ]]
}
