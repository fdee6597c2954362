#!/usr/bin/env bats
# relay_figures.bats - what clasp-relay tells of itself under /$relay, and who
# did what, as seen with the programs.

setup() {
	load helper
	common_setup
}

teardown() {
	common_teardown
}

@test "figures: they can be got, and are in no other snapshot" {
	start_relay -n stage --max-params 2
	clasp-set /a 1
	clasp-set /b 2
	clasp-set /c 3
	assert_equal "$(clasp-get '/$relay/name')" stage
	assert_equal "$(clasp-get '/$relay/params')" 2
	assert_equal "$(clasp-get '/$relay/evictions')" 1
	assert_equal "$(clasp-get '/$relay/version')" "$(<"$TOP/VERSION")"
	((4096 < $(clasp-get '/$relay/memory')))
	assert_equal "$(clasp-sub -S '/**')" $'/b 2\n/c 3'
	run -1 --separate-stderr clasp-get '/$relay/none'
	assert_equal "$stderr" 'clasp-get: /$relay/none: no value'
}

@test "figures: every one is in the page, and the page has no other" {
	start_relay
	clasp-get '/$relay/**' | sed 's| .*||; s|/sessions/.*|/sessions/ID|' |
	    sort -u >have
	sed -n 's/^\.It \(Pa .*\)/\1/p' "$TOP/man/clasp-relay.1" |
	    tr -d ' ' | sed 's/Pa//g' | tr , '\n' | grep '^/\$relay' |
	    sort -u >page
	diff have page
}

@test "figures: they cannot be written, alone or in a bundle" {
	start_relay
	run -4 --separate-stderr clasp-set '/$relay/uptime' 1
	[[ $stderr == *'/$relay/uptime'*'cannot be written'* ]]
	run -4 clasp-pub '/$relay/x' event
	run -4 clasp-pub <<<'/ok 1 ; /$relay/x 1'
	run -1 clasp-get /ok
}

@test "figures: while somebody subscribes they are told as they change" {
	start_relay
	bg_ready got clasp-sub -N -n 3 -T 20s '/$relay/params'
	for n in 1 2 3; do
		clasp-set "/p/$n" 1
		wait_for_line got "^/\\\$relay/params $n\$"
	done
	finish
	assert_equal "$status" 0
}

@test "figures: the client that by= names is found, also when it has left" {
	start_relay
	clasp-set --name ghost /lights/front 0.5
	by=$(clasp-sub -v -S /lights/front | sed 's/.* by=\([^ ]*\).*/\1/')
	run clasp-get -o json "/\$relay/sessions/$by"
	assert_output --partial '"name":"ghost"'
	assert_output --partial '"left":'
	clasp-get '/$relay/sessions/**' >all
	grep "/$by .*\"name\":\"ghost\"" all
	grep '"address":"127.0.0.1:[0-9]*"' all
}

@test "figures: who moves the light? (S15)" {
	start_relay
	bg ghost sh -c 'while sleep 0.05; do
		clasp-set --name ghost /lights/front 0.$(($(date +%N | cut -c1) + 1))
	done'
	run clasp-sub -n3 -T 20s -v /lights/front
	assert_equal "$(grep -c ' by=' <<<"$output")" 3
}

@test "figures: a lock stands with its holder, until that one is gone" {
	start_relay
	clasp-set /mix/1 1
	bg holder clasp-lock /mix/1 -- sh -c 'echo $$; exec sleep 60'
	wait_for holder
	run clasp-get '/$relay/locks'
	assert_output --regexp '^\{"/mix/1":"[0-9a-f-]{36}"\}$'
	by=$(sed 's/.*:"\(.*\)".*/\1/' <<<"$output")
	run -5 --separate-stderr clasp-set /mix/1 2
	[[ $stderr == *"$by"* ]]
	clasp-get "/\$relay/sessions/$by" | grep '"locks":1'
	# without a word of goodbye
	kill -9 "$BG_PID"
	free() { [ "$(clasp-get '/$relay/locks')" = '{}' ]; }
	wait_until 10 free
	clasp-set /mix/1 3
	kill "$(<holder)"
}

@test "evictions and expiries: one line in the log, with an address" {
	start_relay --max-params 2
	for p in a b c d; do clasp-set "/$p" 1; done
	wait_for_line relay.log 'had to leave for others; the last param was /'
	assert_equal "$(grep -c 'had to leave' relay.log)" 1
}
