#!/usr/bin/env bats
# clasp-get

setup() {
	load helper
	common_setup
}
teardown() { common_teardown; }

@test "addresses are answered with bare values, in their order" {
	start_relay
	clasp-set /b 2 /a Hamlet
	run clasp-get /b /a
	assert_success
	assert_output $'2\nHamlet'
}

@test "a pattern is answered with lines, sorted" {
	start_relay
	clasp-set /l/b 2 /l/a 1.0 /k 3
	run clasp-get '/l/**'
	assert_success
	assert_output $'/l/a 1.0\n/l/b 2'
}

@test "what has no value is named, the rest is printed" {
	start_relay
	clasp-set /a 1
	run -1 --separate-stderr clasp-get /nothing /a '/none/*'
	assert_output '/a 1'
	[ "${stderr_lines[0]}" = 'clasp-get: /nothing: no value' ]
	[ "${stderr_lines[1]}" = 'clasp-get: /none/*: no value' ]
}

@test "output forms" {
	start_relay
	clasp-set /a 1 /b 'x y'
	run clasp-get -o text /a
	assert_output '/a 1'
	run clasp-get -o json /b
	assert_output '{"type":"set","addr":"/b","value":"x y"}'
	run clasp-get -o values '/*'
	assert_output $'1\nx y'
	run clasp-get -o addresses '/*'
	assert_output $'/a\n/b'
	run clasp-get -f '%v <- %a' /a
	assert_output '1 <- /a'
	clasp-get -o frames /a >frame
	run clasp-fmt frame
	assert_output '/a 1'
}

@test "-v tells revision, time and writer" {
	start_relay
	clasp-set /a 1
	clasp-set /a 2
	run clasp-get -v -o text /a
	assert_output --regexp \
	    '^/a ts=[0-9]+\.[0-9]{6} rev=2 by=[0-9a-f-]{36} 2$'
	run clasp-get -o text /a
	assert_output '/a 2'
}

@test "-n stops, and tells when there were fewer" {
	start_relay
	clasp-set /l/b 2 /l/a 1 /l/c 3
	run -0 clasp-get -n2 '/l/*'
	assert_output $'/l/a 1\n/l/b 2'
	run -1 clasp-get -n4 '/l/*'
	assert_output $'/l/a 1\n/l/b 2\n/l/c 3'
}

@test "a hundred thousand params, all there, in order" {
	start_relay
	seq 100000 199999 | sed 's#.*#/big/& &#' >big
	clasp-pub <big
	clasp-get '/big/*' >got
	cmp big got
}

@test "usage" {
	export CLASP_URL=unix:nowhere
	run -2 --separate-stderr clasp-get
	[ "${stderr_lines[0]}" = 'clasp-get: no ADDRESS given' ]
	run -2 --separate-stderr clasp-get 'lights/*'
	[ "$stderr" = 'clasp-get: lights/*: pattern must start with /' ]
	touch one two
	run -2 clasp-get one two
	assert_output --partial 'quote the pattern'
}

@test "no relay: exit 3 within a second, with the URL" {
	run -3 --separate-stderr clasp-get -u unix:/nowhere/socket /a
	assert_output ''
	[ "$stderr" = 'clasp-get: unix:/nowhere/socket: no such file or directory' ]
}

@test "a full disk is an error" {
	start_relay
	clasp-set /a 1
	run -3 sh -c 'clasp-get /a >/dev/full'
	assert_output 'clasp-get: stdout: no space left on device'
}
