#!/usr/bin/env bats
# relay.bats - clasp-relay as a process: options, ports, files, signals, and
# peers that do not behave.  What it does with messages is tested in
# tests/unit; the clients' view in the files of the other programs.

setup() {
	load helper
	common_setup
}

teardown() {
	common_teardown
}

# http REQUEST: what the relay's port answers to these bytes.
http() {
	printf "$1" | timeout 5 socat -t 5 - "TCP:127.0.0.1:$RELAY_PORT"
}

OK=$'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok'

# Frames with their length in front, as unix: has them.
HELLO='\0\0\0\x0d\x53\x01\0\x09\x01\x01\x80\0\x02c1\0\0'
PING='\0\0\0\x05\x53\x01\0\x01\x41'
PONG=53010001 # and 42

# over_unix BYTES: send them, read until the relay closes; hex.
over_unix() {
	printf "$1" | timeout 10 socat -t 10 - UNIX-CONNECT:sock |
	    xxd -p | tr -d '\n'
}

unix_relay() {
	bg relay clasp-relay --no-websocket --listen unix:sock "$@"
	RELAY_PID=$BG_PID
	wait_for_line relay.log 'accepting connections'
}

# ------------------------------------------------------------ beginning

@test "start: lines for launchers, the bound port, the port file" {
	start_relay
	run cat relay.log
	assert_line "clasp-relay: WebSocket server listening on 0.0.0.0:$RELAY_PORT"
	assert_line 'clasp-relay: accepting connections'
	[ ! -s relay.out.log ]
	run ls
	refute_output --partial 'port.'
}

@test "start: --host, IPv4 and IPv6, names, both by default" {
	start_relay --host 127.0.0.1
	assert_equal "$(grep -o 'on 127.0.0.1:.*' relay.log)" \
	    "on 127.0.0.1:$RELAY_PORT"
	stop_relay
	start_relay --host localhost
	assert_equal "$(curl -s "http://127.0.0.1:$RELAY_PORT/")" ok
	stop_relay
	start_relay
	assert_equal "$(curl -s "http://127.0.0.1:$RELAY_PORT/")" ok
	[ -e /proc/net/if_inet6 ] || return 0
	assert_equal "$(curl -s "http://[::1]:$RELAY_PORT/")" ok
	stop_relay
	start_relay --host ::1
	assert_equal "$(grep -o 'on \[::1\]:.*' relay.log)" \
	    "on [::1]:$RELAY_PORT"
	assert_equal "$(curl -s "http://[::1]:$RELAY_PORT/")" ok
}

@test "start: --listen, several, besides or instead of the default" {
	start_relay --listen ws://127.0.0.1:0 --listen unix:sock
	assert_equal "$(grep -c ' listening on ' relay.log)" 3
	[ -S sock ]
	stop_relay
	bg one clasp-relay --listen ws://127.0.0.1:0 --port-file other
	wait_for other
	assert_equal "$(grep -c ' listening on ' one.log)" 1
	assert_equal "$(curl -s "http://127.0.0.1:$(<other)/x")" ok
}

@test "start: --ready-fd" {
	bg_ready relay clasp-relay -p 0
	assert_equal "$(<relay.ready)" ready
}

@test "start: a port in use is exit 3 and says so" {
	start_relay --host 127.0.0.1
	run -3 --separate-stderr timeout 5 clasp-relay \
	    --host 127.0.0.1 -p "$RELAY_PORT"
	assert_equal "$stderr" "clasp-relay: 127.0.0.1 port $RELAY_PORT: cannot listen: address already in use"
	[ -z "$output" ]
}

@test "start: a port file that cannot be written is exit 3" {
	run -3 timeout 5 clasp-relay -p 0 --port-file no/such/port
	assert_output --partial 'no/such/port: no such file or directory'
}

@test "a port file of a run before is gone, and its own goes at the end" {
	echo 1 >port
	run -3 timeout 5 clasp-relay --listen unix:no/such/folder/s \
	    --port-file port
	[ ! -e port ]
	start_relay
	mv port kept
	bg other clasp-relay -p 0 --port-file port
	wait_for port
	[ "$(<port)" != "$RELAY_PORT" ]
	stop_relay		# the file is the other one's by now
	[ -s port ]
	kill "$BG_PID"
	gone "$BG_PID"
	[ ! -e port ]
}

@test "the same port again at once, after connections" {
	start_relay
	clasp_port=$RELAY_PORT
	http 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' >/dev/null
	stop_relay
	run timeout 2 curl -s "http://127.0.0.1:$clasp_port/"
	assert_failure 7
	bg again clasp-relay -p "$clasp_port"
	wait_for_line again.log 'accepting connections'
	assert_equal "$(curl -s "http://127.0.0.1:$clasp_port/")" ok
}

# --------------------------------------------------------------- options

@test "addresses of transports that are not built in are refused" {
	for u in quic://127.0.0.1 udp://127.0.0.1:0 serial:/dev/x; do
		run -2 timeout 5 clasp-relay --listen "$u"
		assert_line "clasp-relay: $u: not built into this relay"
	done
}

@test "a full relay forgets by its policy" {
	start_relay --max-params 2 --evict lru
	clasp-set /a 1
	clasp-set /b 1
	clasp-get /a
	clasp-set /c 1
	run clasp-get '/**'
	assert_output "$(printf '/a 1\n/c 1')"
	start_relay --max-params 2 --evict=oldest
	clasp-set /a 1
	clasp-set /b 1
	clasp-get /a
	clasp-set /c 1
	run clasp-get '/**'
	assert_output "$(printf '/b 1\n/c 1')"
	start_relay --max-params 1 --evict reject
	clasp-set /a 1
	run ! clasp-set /b 1
	clasp-set /a 2
}

@test "of the moves of a gesture the last one comes" {
	start_relay --gesture-interval 0
	bg_ready got clasp-sub -n3 -T 20s '/pad'
	clasp-pub <<<$'/pad gesture id=7 phase=start 0\n/pad gesture id=7 phase=move 1\n/pad gesture id=7 phase=move 2\n/pad gesture id=7 phase=end 3'
	wait_for_lines got 3
	run cat got
	assert_output $'/pad gesture id=7 phase=start 0\n/pad gesture id=7 phase=move 2\n/pad gesture id=7 phase=end 3'
}

@test "usage errors name what is wrong and do nothing" {
	run -2 timeout 5 clasp-relay --gesture-interval 1s
	run -2 timeout 5 clasp-relay --evict random
	assert_line "clasp-relay: --evict: 'random' is not one of lru, oldest, reject"
	run -2 timeout 5 clasp-relay --nonsense
	assert_line --partial "--nonsense"
	assert_line "try 'clasp-relay --help'"
	run -2 timeout 5 clasp-relay -p 65536
	run -2 timeout 5 clasp-relay -p x
	run -2 timeout 5 clasp-relay --queue-size 0
	run -2 timeout 5 clasp-relay --log-level loud
	run -2 timeout 5 clasp-relay --no-websocket
	run -2 timeout 5 clasp-relay --listen nonsense
	assert_output 'clasp-relay: nonsense: invalid URL'
	run -2 timeout 5 clasp-relay operand
}

# ------------------------------------------------------------------ HTTP

@test "HTTP: every method a probe uses gets ok" {
	start_relay
	for m in GET HEAD POST OPTIONS; do
		run http "$m /any/path HTTP/1.1\r\nHost: x\r\n\r\n"
		assert_output "$OK"
	done
	run http 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n'
	assert_output "$OK"
	run http 'GET / HTTP/1.0\r\n\r\n'
	assert_output "$OK"
	run http 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody'
	assert_output "$OK"
	run http 'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n'
	assert_output "$OK"
}

UPGRADE='Host: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n'

# upgrade PATH HEADERS: the answer's head without CR, then a close.
upgrade() {
	{ printf "GET $1 HTTP/1.1\r\n$UPGRADE$2\r\n"
	  printf '\x88\x80\0\0\0\0'; } |
	    timeout 5 socat -t 5 - "TCP:127.0.0.1:$RELAY_PORT" |
	    tr -d '\r' | grep -a ':\|HTTP'
}

@test "upgrade: any path; the sub-protocol is echoed when it was listed" {
	start_relay
	for path in / /clasp /any/thing?x=1; do
		run upgrade "$path" 'Sec-WebSocket-Protocol: foo, clasp\r\n'
		assert_line 'HTTP/1.1 101 Switching Protocols'
		assert_line 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo='
		assert_line 'Sec-WebSocket-Protocol: clasp'
	done
	run upgrade / ''
	assert_line 'HTTP/1.1 101 Switching Protocols'
	refute_output --partial Protocol:
	run upgrade / 'Sec-WebSocket-Extensions: permessage-deflate\r\n'
	assert_line 'HTTP/1.1 101 Switching Protocols'
	refute_output --partial Extensions
}

@test "upgrade: a request that is none is refused and closed" {
	start_relay
	run http 'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'
	assert_output --partial 'HTTP/1.1 400 '
}

@test "what is not HTTP is closed without an answer" {
	start_relay
	for bytes in '\0\0\0\x05' '\x16\x03\x01' '\xde\xad\xbe\xef' 'hello\n'; do
		run http "$bytes"
		assert_success
		assert_output ''
	done
	assert_equal "$(curl -s "http://127.0.0.1:$RELAY_PORT/")" ok
}

@test "a request of more than 8 KB is closed" {
	start_relay
	head -c 9000 /dev/zero | tr '\0' A |
	    timeout 5 socat -t 5 - "TCP:127.0.0.1:$RELAY_PORT" >got || true
	[ ! -s got ]
	assert_equal "$(curl -s "http://127.0.0.1:$RELAY_PORT/")" ok
}

@test "silent peers and half requests delay nobody" {
	start_relay
	for i in 1 2 3 4 5 6 7 8; do
		exec {fd}<>"/dev/tcp/127.0.0.1/$RELAY_PORT"
		((i % 2)) || printf 'GET / HTTP/1.1\r\nHo' >&"$fd"
	done
	assert_equal "$(curl -s -m 2 "http://127.0.0.1:$RELAY_PORT/")" ok
	# and they cost nothing while they wait
	before=$(awk '{ print $14 + $15 }' "/proc/$RELAY_PID/stat")
	curl -s "http://127.0.0.1:$RELAY_PORT/" >/dev/null
	after=$(awk '{ print $14 + $15 }' "/proc/$RELAY_PID/stat")
	((after - before < 50))
	# the half request can still be finished
	printf 'st: x\r\n\r\n' >&"$fd"
	run timeout 5 cat <&"$fd"
	assert_output "$OK"
}

# ------------------------------------------------------------------ unix

@test "unix: frames both ways" {
	unix_relay
	run over_unix "$HELLO$PING"
	assert_success
	assert_output --regexp '^000000..53......02'	# WELCOME
	assert_output --partial "00000005${PONG}42"
}

@test "unix: the socket file goes with the relay" {
	unix_relay
	[ -S sock ]
	kill "$RELAY_PID"
	finish
	assert_equal "$status" 0
	[ ! -e sock ]
}

@test "unix: a left-over file is taken over, a living one is not" {
	unix_relay
	run -3 timeout 5 clasp-relay --no-websocket --listen unix:sock
	assert_line 'clasp-relay: unix:sock: cannot listen: another program listens there'
	kill -9 "$RELAY_PID"
	gone "$RELAY_PID"
	[ -S sock ]
	unix_relay
	run over_unix "$HELLO$PING"
	assert_output --partial "${PONG}42"
	echo file >plain
	run -3 timeout 5 clasp-relay --no-websocket --listen unix:plain
	assert_line 'clasp-relay: unix:plain: cannot listen: the file exists and is no socket'
	assert_equal "$(<plain)" file
}

@test "unix: lengths of nothing and of too much close the connection" {
	unix_relay
	run over_unix "$HELLO"'\0\0\0\0'
	assert_success
	run over_unix "$HELLO"'\0\x01\0\x0c'
	assert_success
	run over_unix "$HELLO$PING"
	assert_output --partial "${PONG}42"
}

@test "garbage before HELLO gets no frame" {
	unix_relay
	run over_unix '\0\0\0\x04\xde\xad\xbe\xef'
	assert_output ''
	run over_unix '\0\0\0\x04\x53\x01\xff\xff'
	assert_output ''
	# another message gets ERROR 101: message 81, code 0065
	run over_unix "$PING"
	assert_output --regexp '^000000..53......510065'
}

# --------------------------------------------------------------- the end

@test "SIGTERM and SIGINT: sessions are told, exit 0" {
	for signal in TERM INT; do
		unix_relay
		coproc PEER { socat - UNIX-CONNECT:sock; }
		exec {to}>&"${PEER[1]}" {from}<&"${PEER[0]}"
		printf "$HELLO" >&"$to"
		# WELCOME is there when its first bytes are
		timeout 5 head -c 4 <&"$from" >/dev/null
		kill -"$signal" "$RELAY_PID"
		timeout 5 cat <&"$from" | xxd -p | tr -d '\n' >got
		finish "$RELAY_PID"
		assert_equal "$status" 0
		# ERROR 501: 51 01f5, and its text
		grep -q '5101f5' got
		grep -q "$(printf 'shutting down' | xxd -p)" got
		exec {to}>&- {from}<&-
	done
}

@test "a peer that never reads does not hold up the end" {
	unix_relay
	coproc PEER { socat -u EXEC:'sleep 60' UNIX-CONNECT:sock; }
	kill "$RELAY_PID"
	finish "$RELAY_PID"
	assert_equal "$status" 0
	kill "$PEER_PID" 2>/dev/null || true
}

# ------------------------------------------------------------------- log

@test "-v: DEBUG before it listens, a line for each connection" {
	start_relay -v
	head -n 1 relay.log | grep -q DEBUG
	http '\xde\xad' >/dev/null
	wait_for_line relay.log 'DEBUG connection from 127.0.0.1:'
	upgrade / '' >/dev/null
	wait_for_line relay.log 'DEBUG connection closed'
}

@test "-vv: a line for each message that comes" {
	start_relay -vv
	clasp-set /a 1
	wait_for_line relay.log 'has left'
	grep -q 'TRACE connection: got hello, [0-9]* bytes$' relay.log
	grep -q 'TRACE session [0-9a-f-]*: got set, 18 bytes$' relay.log
	start_relay -v
	clasp-set /a 1
	wait_for_line relay.log 'has left'
	run ! grep -q TRACE relay.log
}

@test "LOG_FORMAT=json: each line is an object" {
	LOG_FORMAT=json start_relay -v
	run jq -r .level relay.log
	assert_success
	assert_line debug
	assert_line info
}

@test "-q: silence" {
	start_relay -q
	[ ! -s relay.log ]
}

@test "LOG_FORMAT=json: fields, and any name a client may have" {
	LOG_FORMAT=json start_relay -v
	name=$'q"\\b\nn\tt\x7f\u009b\u202e\u00e9'
	clasp-set --name "$name" /a 1
	wait_for_line relay.log 'has left'
	run jq -s -r '.[] | select(.fields.name) | .fields.name' relay.log
	assert_success
	assert_equal "$output" "$name"$'\n'"$name"
	run jq -s -r 'map(select(.fields.session)) |
	    .[0].fields.session == .[1].fields.session' relay.log
	assert_output true
	run jq -s -r '.[] | select(.fields.peer) | .fields.peer' relay.log
	assert_line --regexp '^127\.0\.0\.1:[0-9]+$'
}

@test "the log: what a client is called cannot move the cursor" {
	start_relay -v
	clasp-set --name $'a\e[2J\nclasp-relay: b\xc2\x9bc' /a 1
	wait_for_line relay.log 'has left'
	grep -q 'is "a\\x1b\[2J\\x0aclasp-relay: b\\x9bc"' relay.log
	run ! grep -q $'[\e\x9b]' relay.log
}

@test "--log-file: SIGHUP opens it again, the relay goes on" {
	start_relay --log-file log
	grep -q 'accepting connections' log
	[ ! -s relay.log ]
	mv log log.1
	kill -HUP "$RELAY_PID"
	wait_for log
	wait_for_line log.1 'SIGHUP'
	clasp-set /a 1
	# it cannot be opened: on with the one there is
	rm log
	mkdir log
	kill -HUP "$RELAY_PID"
	clasp-set /a 2
	rmdir log
	kill -HUP "$RELAY_PID"
	wait_until 5 test -f log
	stop_relay
	grep -q 'shutting down' log
	run -3 timeout 5 clasp-relay -p 0 --log-file no/such/log
	assert_output 'clasp-relay: no/such/log: no such file or directory'
}
