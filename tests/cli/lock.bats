#!/usr/bin/env bats
# clasp-lock

setup() {
	load helper
	common_setup
}
teardown() { common_teardown; }

# Hold a lock in the background until it is killed.
holder() {
	bg_ready "$1" clasp-lock --name "$1" "$2"
}

@test "the lock is held while the command runs, and is free after it" {
	start_relay
	clasp-set /mix/1 1
	run --separate-stderr clasp-lock /mix/1 -- sh -c \
	    'clasp-set /mix/1 9; echo "other desk: $?"; clasp-get /mix/1'
	assert_success
	assert_output $'other desk: 5\n1'
	[[ $stderr == 'clasp-set: /mix/1: locked by session '* ]]
	clasp-set /mix/1 4
	run clasp-get /mix/1
	assert_output 4
}

@test "the exit code is the command's" {
	start_relay
	run -9 clasp-lock /a -- sh -c 'exit 9'
	run -137 clasp-lock /a -- sh -c 'kill -9 $$'
	run -127 --separate-stderr clasp-lock /a -- no-such-program -x
	[[ $stderr == 'clasp-lock: no-such-program: '* ]]
	touch plain
	run -126 --separate-stderr clasp-lock /a -- ./plain
	run -0 clasp-lock /a -- true
}

@test "a lock that another holds is exit 5, and nothing is run" {
	start_relay
	holder desk /mix/1
	run -5 --separate-stderr clasp-lock /mix/1 -- touch ran
	[[ $stderr == 'clasp-lock: /mix/1: locked by session '*' (desk)' ]]
	[ ! -e ran ]
	run -5 --separate-stderr clasp-set /mix/1 1
	[[ $stderr == 'clasp-set: /mix/1: locked by session '*' (desk)' ]]
	run -5 clasp-lock -w 100ms /mix/1 -- touch ran
	[ ! -e ran ]
}

@test "the value stays; an address without one gets null" {
	start_relay
	clasp-set /a '{"x":[1,2.5,null]}'
	bg_ready seen clasp-sub -n2 -T 20 -N '/**'
	clasp-lock /a -- true
	finish
	run cat seen
	assert_output $'/a lock {"x":[1,2.5,null]}\n/a unlock {"x":[1,2.5,null]}'
	run -1 clasp-get /b
	clasp-lock /b -- true
	run -0 clasp-get /b
	assert_output null
}

@test "-w is woken up by the unlock, and by an end without a word" {
	start_relay
	for sig in TERM KILL; do
		holder first /a
		bg got clasp-lock -v -w 30 /a -- echo "after $sig"
		wait_for_line got.log 'waiting: locked by'
		kill -s $sig "${BG_PIDS[-2]}"
		finish
		[ "$status" -eq 0 ]
		run cat got
		assert_output "after $sig"
	done
}

@test "many who wait get it one after the other" {
	start_relay
	clasp-set /n 0
	for i in 1 2 3 4 5 6; do
		bg "out$i" clasp-lock -w 60 /lock -- sh -c \
		    'n=$(clasp-get /n); sleep 0.05; clasp-set /n $((n + 1))'
	done
	for pid in "${BG_PIDS[@]:1}"; do
		finish "$pid"
		[ "$status" -eq 0 ]
	done
	run clasp-get /n
	assert_output 6
}

@test "a writer in between does not stop it, nor is it overwritten" {
	start_relay
	clasp-set /a 0
	bg writer sh -c 'i=0; while clasp-set /a $i; do i=$((i+1)); done'
	run -0 clasp-lock /a -- sh -c \
	    'clasp-get /a; while kill -0 '"$BG_PID"' 2>/dev/null; do
	    sleep 0.05; done; clasp-get /a'
	[ "${lines[0]}" = "${lines[1]}" ]
}

@test "--pub: lines of stdin go out from the session that holds it" {
	start_relay
	bg_ready seen clasp-sub -N -n103 -T 20 /mix/1
	seq 0 100 | sed 's#^#/mix/1 #' | clasp-lock --pub /mix/1
	finish
	run sed -n '1p;2p;102p;103p' seen
	assert_output $'/mix/1 lock null\n/mix/1 0\n/mix/1 100\n/mix/1 unlock 100'
	mkfifo pipe
	clasp-lock --pub /mix/1 -- sh -c 'echo running >begun
	    while [ "$(clasp-get /mix/1)" != 55 ]; do sleep 0.02; done
	    cat; clasp-set /mix/1 3; echo $?' <pipe >out 2>err 3>&- 4>&- &
	BG_PIDS+=($!)
	exec 7>pipe
	wait_for begun
	echo '/mix/1 55' >&7
	finish "${BG_PIDS[-1]}"
	exec 7>&-
	[ "$status" -eq 0 ]
	run cat out
	assert_output 5
}

@test "--pub: a bad line is exit 6" {
	start_relay
	run -6 --separate-stderr clasp-lock --pub /a <<<$'/a 1\nwhat\n/a 2'
	[[ $stderr == '-:2:'* ]]
	run clasp-get /a
	assert_output 2
}

@test "without a command it is held until a signal, and died of it" {
	start_relay
	holder one /a
	run -5 clasp-set /a 1
	kill -INT "$BG_PID"
	finish
	[ "$status" -eq 130 ]
	run -0 clasp-set /a 1
}

@test "signals go to the command; the lock is kept until it has ended" {
	start_relay
	bg out clasp-lock /a -- sh -c 'trap "clasp-set /a 1; echo \$?
	    exit 3" TERM; echo on; while :; do sleep 0.05; done'
	wait_for out
	kill "$BG_PID"
	finish
	[ "$status" -eq 3 ]
	run cat out
	assert_output $'on\n5'
	run -0 clasp-set /a 1
}

@test "signals typed at a terminal reach the command once" {
	start_relay
	cat >count <<-'END'
		n=0
		trap 'n=$((n + 1)); echo "int $n" >>ints' INT
		echo on >on
		while [ ! -e enough ]; do sleep 0.05; done
		exit 4
	END
	tmux -S sock new-session -d "CLASP_URL=$CLASP_URL PATH=$PATH \
	    clasp-lock /a -- sh count; echo \$? >code" 3>&- 4>&-
	wait_for on
	tmux -S sock send-keys C-c
	wait_for_lines ints 1
	tmux -S sock send-keys C-c
	wait_for_lines ints 2
	run -5 clasp-set /a 1
	touch enough
	wait_for code
	run cat ints code
	assert_output $'int 1\nint 2\n4'
}

@test "the reader of its stdout may go: the command has it, not we" {
	start_relay
	run -0 bash -o pipefail -c \
	    "clasp-lock /a -- sh -c 'echo 1; sleep 0.2; clasp-set /a 2 ||
	    exit 0' | head -n 1"
	assert_line 1
}

@test "a lost connection: said, taken again, and no success" {
	start_relay
	clasp-set /a 1
	bg out clasp-lock /a -- sh -c \
	    'touch begun; while [ ! -e enough ]; do sleep 0.02; done'
	wait_until 10 test -e begun
	kill -9 "$RELAY_PID"
	wait_for_line out.log ': lost: '
	clasp-relay -p "$RELAY_PORT" >relay2.log 2>&1 3>&- 4>&- </dev/null &
	BG_PIDS+=($!)
	wait_for_line out.log '/a: locked again'
	run -5 clasp-set /a 1
	touch enough
	finish "${BG_PIDS[-2]}"
	[ "$status" -eq 3 ]
}

@test "a lost connection, and then somebody else was first" {
	start_relay
	bg out clasp-lock /a -- sh -c \
	    'touch begun; while [ ! -e enough ]; do sleep 0.02; done'
	local first=$BG_PID
	wait_until 10 test -e begun
	kill -STOP "$first"
	kill -9 "$RELAY_PID"
	wait "$RELAY_PID" || true
	clasp-relay -p "$RELAY_PORT" >relay2.log 2>&1 3>&- 4>&- </dev/null &
	BG_PIDS+=($!)
	bg_ready other clasp-lock --retry /a
	kill -CONT "$first"
	wait_for_line out.log '/a: locked by session'
	touch enough
	finish "$first"
	[ "$status" -eq 3 ]
	kill "$BG_PID"
}

@test "the relay is gone for good: the command runs on, exit 3" {
	start_relay
	bg out clasp-lock --no-reconnect /a -- sh -c \
	    'touch begun; while [ ! -e enough ]; do sleep 0.02; done; echo done'
	wait_until 10 test -e begun
	stop_relay
	wait_for_line out.log '^clasp-lock: ws://'
	touch enough
	finish
	[ "$status" -eq 3 ]
	run cat out
	assert_output done
}

@test "usage" {
	run -2 --separate-stderr clasp-lock
	[[ $stderr == 'clasp-lock: no ADDRESS given'* ]]
	run -2 clasp-lock 'lights' -- true
	run -2 clasp-lock '/lights/*' -- true
	run -2 clasp-lock -w soon /a -- true
	run -3 --separate-stderr clasp-lock -u unix:nowhere /a -- touch ran
	[ ! -e ran ]
}

@test "a signal in the very moment the command starts is not lost" {
	start_relay
	# at once when the lock is held: before, in and after the fork
	run -0 python3 - <<'PY'
import os, signal, subprocess, sys, time

for i in range(30):
    r, w = os.pipe()
    p = subprocess.Popen(
        ["clasp-lock", "--ready-fd", str(w), "/a", "--", "sleep", "60"],
        pass_fds=[w])
    os.close(w)
    os.read(r, 10)
    os.close(r)
    end = time.monotonic() + i % 15 * 0.0001
    while time.monotonic() < end:
        pass
    p.send_signal(signal.SIGTERM)
    try:
        code = p.wait(20)
    except subprocess.TimeoutExpired:
        p.kill()
        sys.exit("round %d: the command goes on" % i)
    if code not in (143, -15):
        sys.exit("round %d: %d" % (i, code))
PY
}
