# OSC in and out, with liblo's programs and library as the other side.

setup() {
	load helper
	common_setup
}

teardown() {
	common_teardown
}

# osc_in OPTION...: clasp-osc2clasp on a free port, its number in $PORT;
# what it prints goes to the file got.
osc_in() {
	bg_ready got clasp-osc2clasp -p 0 --port-file port -T 10s "$@"
	PORT=$(<port)
}

# datagram HEX...: send raw bytes
datagram() {
	xxd -r -p <<<"$*" >datagram
	socat -b 70000 -u FILE:datagram "UDP4-SENDTO:127.0.0.1:$PORT"
}

# dump URL: oscdump into the file dump, once it listens there
dump() {
	stdbuf -oL oscdump -L "$1" >dump 2>dump.log 3>&- </dev/null &
	BG_PIDS+=("$!")
}

# A port that nobody has, as far as one can know.
free_port() {
	python3 -c 'import socket; s = socket.socket(socket.AF_INET, '"$1"')
s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Is somebody listening on this port?
listening() {
	ss -Hln"$1" "sport = :$2" | grep -q .
}

# without the time that oscdump puts in front
dumped() {
	cut -d' ' -f2- dump
}

@test "oscsend: every type it has" {
	osc_in -n9
	oscsend 127.0.0.1 "$PORT" /fader1 f 0.1
	oscsend 127.0.0.1 "$PORT" /page i 2
	oscsend 127.0.0.1 "$PORT" /say s 'two "words"'
	oscsend 127.0.0.1 "$PORT" /xy fF 0.5
	oscsend 127.0.0.1 "$PORT" /big h 9223372036854775807
	oscsend 127.0.0.1 "$PORT" /d d 2.5
	oscsend 127.0.0.1 "$PORT" /c c A
	oscsend 127.0.0.1 "$PORT" /m TFNI
	oscsend 127.0.0.1 "$PORT" /none
	finish
	[ "$status" = 0 ]
	[ ! -e port ]
	diff got - <<-'END'
	/osc/fader1 0.1
	/osc/page 2
	/osc/say "two \"words\""
	/osc/xy [0.5,false]
	/osc/big 9223372036854775807
	/osc/d 2.5
	/osc/c "A"
	/osc/m [true,false,null,inf]
	/osc/none null
	END
}

@test "raw datagrams: what oscsend cannot send" {
	osc_in -n3
	datagram 2f6200002c6200000000000301020300
	datagram 2f7700002c695b69695d690000000001000000020000000300000004
	datagram 2362756e646c650000000000000000010000000c2f6100002c69000000000001 \
	    0000000c2f6200002c69000000000002
	finish
	diff got - <<-'END'
	/osc/b x"010203"
	/osc/w [1,[2,3],4]
	/osc/a 1 ; /osc/b 2
	END
}

@test "malformed packets are dropped, counted, told, and survived" {
	osc_in -n1 -v
	datagram 2f6b00002c6600003f40
	datagram 2f2a00002c69000000000001
	datagram 2362756e646c65000000000000000001000000102f610000
	datagram 2f6400002c7a0000
	head -c 65507 /dev/urandom >noise
	socat -b 70000 -u FILE:noise "UDP4-SENDTO:127.0.0.1:$PORT"
	oscsend 127.0.0.1 "$PORT" /alive i 1
	finish
	[ "$status" = 0 ]
	[ "$(<got)" = '/osc/alive 1' ]
	grep 'unknown type tag: 1 dropped' got.log
	grep 'address that is a pattern or illegal: [12] dropped' got.log
	grep 'bundle element of a wrong size: 1 dropped' got.log
}

@test "IPv6, a namespace, events and rules" {
	osc_in -n3 --prefix /phone --event '/phone/cue/**' \
	    --map '/phone/f* /dmx/1/$1 scale:0,1,0,255 int'
	printf '/b\0\0,T\0\0' | socat -u - "UDP6-SENDTO:[::1]:$PORT"
	oscsend 127.0.0.1 "$PORT" /cue/go i 1
	oscsend 127.0.0.1 "$PORT" /f7 f 0.5
	finish
	diff got - <<-'END'
	/phone/b true
	/phone/cue/go event 1
	/dmx/1/7 127
	END
}

@test "TCP: lengths and SLIP, several senders at once" {
	osc_in --tcp -n5
	oscsend "osc.tcp://127.0.0.1:$PORT" /a i 42
	wait_for_lines got 1
	printf '\xc0/b\0\0,T\0\0\xc0' | socat -u - "TCP6:[::1]:$PORT"
	wait_for_lines got 2
	# one stays in the middle of a packet while another sends
	exec 7<>"/dev/tcp/127.0.0.1/$PORT"
	printf '\0\0\0\x08/c\0' >&7
	oscsend "osc.tcp://127.0.0.1:$PORT" /d i 1
	wait_for_lines got 3
	printf '\0,F\0\0\0\0\0\x08/e\0\0,N\0\0' >&7
	exec 7>&-
	finish
	diff got - <<-'END'
	/osc/a 42
	/osc/b true
	/osc/d 1
	/osc/c false
	/osc/e null
	END
}

@test "a TCP stream that is no OSC is left, others go on" {
	osc_in --tcp -n1
	printf 'GET / HTTP/1.1\r\n\r\n' | socat -u - "TCP4:127.0.0.1:$PORT"
	wait_for_line got.log 'TCP stream that is no OSC'
	oscsend "osc.tcp://127.0.0.1:$PORT" /a i 1
	finish
	[ "$(<got)" = '/osc/a 1' ]
}

@test "a timed bundle of liblo has its time" {
	osc_in -n1
	/usr/bin/python3 - "$PORT" <<-'END' >sent
	import liblo, sys
	t = liblo.time() + 1.0
	liblo.send(("127.0.0.1", int(sys.argv[1])), liblo.Bundle(t,
	    liblo.Message("/a", 1), liblo.Message("/b", 2.5)))
	print("%.6f" % (t - 2208988800))
	END
	finish
	grep -E '^/osc/a at=[0-9]+\.[0-9]{6} 1 ; /osc/b 2.5$' got
	at=$(sed 's/.*at=\([^ ]*\).*/\1/' got)
	awk -v a="$at" -v b="$(<sent)" \
	    'BEGIN { d = a - b; exit !(d < 0.001 && d > -0.001) }'
}

@test "10,000 messages: none lost, in order" {
	osc_in -n10000
	python3 - "$PORT" <<-'END'
	import socket, struct, sys, time
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	start = time.monotonic()
	for i in range(10000):
	    s.sendto(b"/n\0\0,i\0\0" + struct.pack(">i", i),
	        ("127.0.0.1", int(sys.argv[1])))
	    if i % 50 == 0:
	        time.sleep(max(0, start + i / 5000 - time.monotonic()))
	END
	finish
	seq 0 9999 | sed 's#^#/osc/n #' | cmp - got
}

@test "the port is told and a port in use is exit 3" {
	osc_in -v
	grep -q "udp port $PORT: listening" got.log
	run -3 --separate-stderr clasp-osc2clasp -p "$PORT"
	[ "$stderr" = \
	    "clasp-osc2clasp: udp port $PORT: address already in use" ]
}

@test "the counts on SIGUSR1" {
	osc_in -n1
	datagram 2f2a00002c69000000000001
	wait_for_line got.log 'pattern or illegal (1 so far)'
	kill -USR1 "$BG_PID"
	wait_for_line got.log 'pattern or illegal: 1 dropped'
	kill "$BG_PID"
	finish
	[ "$status" = 143 ]
}

@test "usage errors" {
	run -2 clasp-osc2clasp -p 99999
	run -2 clasp-osc2clasp --both
	run -2 clasp-osc2clasp --to 127.0.0.1:9
	run -2 clasp-osc2clasp --prefix osc
	run -2 clasp-osc2clasp --event cue
	run -2 clasp-osc2clasp --map '/a frob'
	run -2 clasp-clasp2osc
	run -2 clasp-clasp2osc --to localhost
	run -2 clasp-clasp2osc --to 127.0.0.1:9 extra
}

# ------------------------------------------------------------------- out

@test "oscdump sees every value" {
	port=$(free_port socket.SOCK_DGRAM)
	dump "$port"
	wait_until 5 listening u "$port"
	clasp-clasp2osc --to "127.0.0.1:$port" <<-'END'
	/osc/i 42
	/osc/h 9223372036854775807
	/osc/f 0.5
	/osc/s "hello"
	/osc/mix [1,0.5,"go",true,false,null,[2]]
	/osc/none null
	/elsewhere 1
	/osc/cue event "intro"
	/osc/map {"y":1,"x":0.5}
	/osc/b x"0102"
	END
	wait_for_lines dump 9
	dumped | sed 's/ $//' | diff - <(cat <<-'END'
	/i i 42
	/h h 9223372036854775807
	/f f 0.500000
	/s s "hello"
	/mix ifsTFNi 1 0.500000 "go" #T #F Nil 2
	/none
	/cue s "intro"
	/map s "{"x":0.5,"y":1}"
	/b b [2b 0x1 0x2]
	END
	) || { cat dump; false; }
}

@test "by TCP, in both framings" {
	port=$(free_port socket.SOCK_STREAM)
	dump "osc.tcp://:$port"
	wait_until 5 listening t "$port"
	printf '%s\n' '/osc/a 1' '/osc/b 2.5' |
	    clasp-clasp2osc --tcp --to "127.0.0.1:$port"
	wait_for_lines dump 2
	echo '/osc/c 3' | clasp-clasp2osc --slip --to "127.0.0.1:$port"
	wait_for_lines dump 3
	dumped | diff - <(printf '%s\n' '/a i 1' '/b f 2.500000' '/c i 3')
}

@test "nobody there: TCP is exit 3, UDP is not" {
	port=$(free_port socket.SOCK_STREAM)
	run -3 --separate-stderr clasp-clasp2osc --tcp \
	    --to "127.0.0.1:$port" <<<'/osc/a 1'
	[ "$stderr" = \
	    "clasp-clasp2osc: 127.0.0.1:$port: connection refused" ]
	run -0 clasp-clasp2osc --to "127.0.0.1:$port" <<<'/osc/a 1'
}

@test "what goes out comes in again, to several targets" {
	osc_in -n5
	first=$BG_PID first_port=$PORT
	mv port port1
	bg_ready got2 clasp-osc2clasp -p 0 --port-file port -n5 -T 10s
	cat >lines <<-'END'
	/osc/a 1
	/osc/b 0.1
	/osc/c "text"
	/osc/d [true,null,x"00ff"]
	/osc/e 9223372036854775807
	END
	clasp-clasp2osc --to "127.0.0.1:$first_port" --to "[::1]:$(<port)" \
	    <lines
	finish "$first"
	finish
	diff lines got
	diff lines got2
}

@test "what is too large or not for OSC is told" {
	osc_in
	{
		echo '/osc/a[1] 1'
		printf '/osc/s "%s"\n' "$(printf 'x%.0s' {1..2000})"
		echo '/osc/ok 1'
	} | clasp-clasp2osc --to "127.0.0.1:$PORT" 2>err
	wait_for_lines got 1
	[ "$(<got)" = '/osc/ok 1' ]
	grep 'address that OSC cannot have (1 so far)' err
	grep 'packet above --max-size (1 so far)' err
	printf '/osc/s "%s"\n' "$(printf 'x%.0s' {1..2000})" |
	    clasp-clasp2osc --to "127.0.0.1:$PORT" --max-size 4000
	wait_for_lines got 2
}

# ------------------------------------------------------------- with a relay

@test "into a relay and out of one" {
	start_relay
	bg_ready got clasp-osc2clasp -p 0 --port-file port -u "$CLASP_URL" \
	    --event '/osc/cue/*'
	PORT=$(<port)
	bg_ready sub clasp-sub -n2 -T 10s '/osc/**'
	oscsend 127.0.0.1 "$PORT" /level f 0.75
	oscsend 127.0.0.1 "$PORT" /cue/go i 1
	finish
	diff sub - <<-'END'
	/osc/level ttl=never 0.75
	/osc/cue/go event 1
	END
	out=$(free_port socket.SOCK_DGRAM)
	dump "$out"
	wait_until 5 listening u "$out"
	bg_ready none clasp-clasp2osc -u "$CLASP_URL" --to "127.0.0.1:$out"
	wait_for_line dump '/level f 0.750000'
	clasp-set /osc/page 3 /else 1
	wait_for_line dump '/page i 3'
}

@test "--both with --no-snapshot sends only what comes" {
	start_relay
	clasp-set /osc/old 1
	out=$(free_port socket.SOCK_DGRAM)
	dump "$out"
	wait_until 5 listening u "$out"
	bg_ready got clasp-osc2clasp -p 0 -u "$CLASP_URL" --both \
	    --no-snapshot --to "127.0.0.1:$out"
	clasp-set /osc/new 2
	wait_for_line dump '/new i 2'
	run ! grep /old dump
}

@test "--both answers the sender and does not echo" {
	start_relay
	bg_ready got clasp-osc2clasp -p 0 --port-file port -u "$CLASP_URL" \
	    --both --max-rate 0
	PORT=$(<port)
	cat >peer.py <<-'END'
	import socket, struct, sys
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.settimeout(10)
	to = ("127.0.0.1", int(sys.argv[1]))
	for i in range(20):
	    s.sendto(b"/f\0\0,i\0\0" + struct.pack(">i", i), to)
	print("sent", flush=True)
	print(s.recv(999)[:2].decode(), flush=True)
	END
	bg peer python3 peer.py "$PORT"
	wait_for peer
	value_is() { [ "$(clasp-get /osc/f 2>/dev/null)" = "$1" ]; }
	wait_until 5 value_is 19
	clasp-set /osc/g 1
	finish
	# the first thing it hears is what somebody else has set
	[ "$(tail -n 1 peer)" = /g ]
}

@test "what rules could not do is counted" {
	osc_in -n2 -v --map '/osc/f expr:1/x'
	oscsend 127.0.0.1 "$PORT" /f f 0
	oscsend 127.0.0.1 "$PORT" /f f 2
	finish
	[ "$status" = 0 ]
	diff got - <<-'END'
	/osc/f 0.0
	/osc/f 0.5
	END
	grep 'rules: result of an expr that is no number: 1 dropped' got.log
}

# taker PORT BYTES: take a connection, and close it after so many bytes; what
# came is in the file taken.
taker() {
	python3 - "$@" >>taken 2>taker.log 3>&- 5>&- <<-'END' &
	import socket, sys
	s = socket.socket()
	s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	s.bind(('127.0.0.1', int(sys.argv[1])))
	s.listen()
	c, n = s.accept()[0], 0
	while n < int(sys.argv[2]):
	    d = c.recv(int(sys.argv[2]) - n)
	    if not d:
	        break
	    n += len(d)
	    print(d.hex(), end='', flush=True)
	END
	TAKER=$!
	BG_PIDS+=("$TAKER")
}
taken_is() {
	[ "$(<taken)" = "$1" ]
}

@test "--wait: what was sent before waits, and after a loss too" {
	local port first second
	port=$(free_port socket.SOCK_STREAM)
	first=0000000c2f6100002c69000000000001
	second=0000000c2f6200002c69000000000002
	: >taken
	mkfifo in
	exec 5<>in
	clasp-clasp2osc --tcp --wait -t "127.0.0.1:$port" <in >out 2>out.log \
	    3>&- 5>&- &
	BG_PID=$!
	BG_PIDS+=("$BG_PID")
	wait_for_line out.log 'connection refused; tried again every second'
	echo '/osc/a 1' >&5
	taker "$port" 16
	wait_until 5 taken_is "$first"
	wait_for_line out.log 'end of file; tried again every second'
	echo '/osc/b 2' >&5
	taker "$port" 16
	wait_until 5 taken_is "$first$second"
	wait_for_line out.log ': back'
	# all was taken: the end of the input is the end
	exec 5>&-
	finish
	[ "$status" = 0 ]
}

@test "--wait outlasts the input; what nobody took is exit 3" {
	local port
	port=$(free_port socket.SOCK_STREAM)
	: >taken
	clasp-clasp2osc --tcp --wait -t "127.0.0.1:$port" <<<'/osc/a 1' \
	    >out 2>out.log 3>&- &
	BG_PID=$!
	BG_PIDS+=("$BG_PID")
	wait_for_line out.log 'connection refused; tried again every second'
	taker "$port" 16
	finish
	[ "$status" = 0 ]
	wait_until 5 taken_is 0000000c2f6100002c69000000000001
	gone "$TAKER"
	clasp-clasp2osc --tcp --wait -t "127.0.0.1:$port" -T 0.3 \
	    <<<'/osc/a 1' >out 2>out.log 3>&- &
	finish $!
	[ "$status" != 0 ]
	grep 'what waited for it could not be sent' out.log
}

@test "a target whose port is none is a usage error" {
	for to in 127.0.0.1:99999 127.0.0.1:x 127.0.0.1: 127.0.0.1; do
		run -2 clasp-clasp2osc --to "$to" </dev/null
		assert_equal "${lines[0]}" \
		    "clasp-clasp2osc: --to: '$to' is not HOST:PORT"
	done
}
