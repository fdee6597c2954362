#!/usr/bin/env bats
# relay_config.bats - the app config of clasp-relay: how params are treated,
# wrong files, and SIGHUP.

setup() {
	load helper
	common_setup
}

teardown() {
	common_teardown
}

@test "app config: max refuses what is less, a range what is outside" {
	cat >app.json <<-'END'
	{"params": [
		{"path": "/peak/*", "strategy": "max"},
		{"path": "/fader/**", "range": [0, 1]}
	]}
	END
	start_relay --app-config app.json
	clasp-set /peak/left 0.75 /fader/a 1 /free 7
	run -5 --separate-stderr clasp-set /peak/left 0.5
	[[ $stderr == *'refused by strategy: max'* ]]
	run -5 --separate-stderr clasp-set /fader/a 1.5
	[[ $stderr == *'value out of range: 0 to 1 is allowed'* ]]
	run -5 --separate-stderr clasp-set /fader/new -1
	assert_equal "$(clasp-get /peak/left /fader/a)" $'0.75\n1'
}

@test "app config: with only scopes the relay starts, and says so" {
	echo '{"scopes": []}' >app.json
	start_relay --app-config app.json
	run cat relay.log
	assert_line 'clasp-relay: warning: app.json:1: scopes: not built into this relay, ignored'
	clasp-set /a 1
}

@test "app config: a wrong file is one line with its place, exit 2 or 3" {
	printf '{\n"params": [\n{"path": "/a", "strategy": "best"}\n]}' >app.json
	run -2 --separate-stderr clasp-relay -p 0 --app-config app.json
	assert_equal "$stderr" 'clasp-relay: app.json:3: params[0].strategy: must be one of "lww", "max", "min", "lock", "merge"'
	echo '{' >app.json
	run -2 --separate-stderr clasp-relay -p 0 --app-config app.json
	[[ $stderr == 'clasp-relay: app.json:'[0-9]': '* ]]
	[[ $(wc -l <<<"$stderr") == 1 ]]
	run -3 --separate-stderr clasp-relay -p 0 --app-config none.json
	assert_equal "$stderr" 'clasp-relay: none.json: No such file or directory'
}

@test "app config: the only file of ./config is found" {
	[ ! -d /etc/clasp ] || skip 'this machine has an /etc/clasp'
	mkdir config
	echo '{"params": [{"path": "/a", "range": [0, 1]}]}' >config/app.json
	start_relay
	run -5 clasp-set /a 2
	mv config elsewhere
	kill -HUP "$RELAY_PID"
	wait_for_line relay.log \
	    'warning: no app config is found any more, going on without'
	clasp-set /a 2
	stop_relay
	mv elsewhere config
	# of two none is the one
	cp config/app.json config/other.json
	start_relay
	clasp-set /a 2
}

@test "app config: SIGHUP reads it again; a bad file keeps the old one" {
	echo '{"params": [{"path": "/a/*", "range": [0, 1]}]}' >app.json
	start_relay --app-config app.json
	run -5 clasp-set /a/one 2
	echo '{"params": [{"path": "/a/*", "range": [0, 9]}]}' >app.json
	kill -HUP "$RELAY_PID"
	wait_until 10 clasp-set -q /a/two 2
	echo '{"params": 1}' >app.json
	kill -HUP "$RELAY_PID"
	wait_for_line relay.log \
	    'error: app.json:1: params: must be a list, in brackets; going on with the old app config'
	clasp-set /a/three 9
	run -5 clasp-set /a/four 10
	rm app.json
	kill -HUP "$RELAY_PID"
	wait_for_line relay.log 'error: app.json: No such file or directory; going'
	run -5 clasp-set /a/four 10
}
