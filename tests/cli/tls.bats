#!/usr/bin/env bats
# tls.bats - TLS, and one port for everything that speaks: the relay's side,
# the programs' side, and foreign peers (openssl, curl, Python).

setup() {
	load helper
	load ca
	common_setup
	[[ $(clasp-relay --cert no --key no 2>&1) == *'not built into'* ]] &&
	    skip 'built without TLS'
	ca root
	issue good root DNS:localhost,IP:127.0.0.1
}

teardown() {
	common_teardown
}

# tls_relay [OPTION ...]: with good.pem; TLS_URL is its wss: address.
tls_relay() {
	start_relay --host 127.0.0.1 --cert good.pem --key good.key "$@"
	TLS_URL=wss://localhost:$RELAY_PORT
}

# refused TEXT [OPTION ...]: clasp-get over TLS ends with exit 3 and TEXT.
refused() {
	local text=$1

	shift
	run -3 --separate-stderr timeout 10 clasp-get -u "$TLS_URL" "$@" /a
	[ -z "$output" ]
	assert_equal "$stderr" "clasp-get: $TLS_URL: $text"
}

# ------------------------------------------------------------- one port

@test "one port: WebSocket, bare frames, both under TLS, HTTP, HTTPS" {
	tls_relay
	export CLASP_CACERT=root.pem
	for scheme in ws wss tcp tls; do
		clasp-set -u "$scheme://localhost:$RELAY_PORT" "/$scheme" 1
	done
	for scheme in ws wss tcp tls; do
		run clasp-get -u "$scheme://127.0.0.1:$RELAY_PORT" '/*'
		assert_output $'/tcp 1\n/tls 1\n/ws 1\n/wss 1'
	done
	assert_equal "$(curl -s "http://localhost:$RELAY_PORT/x")" ok
	assert_equal "$(curl -s --cacert root.pem \
	    "https://localhost:$RELAY_PORT/x")" ok
}

@test "one port: all kinds at once see each other's values" {
	tls_relay
	export CLASP_CACERT=root.pem
	for scheme in ws wss tcp tls; do
		bg_ready "$scheme" clasp-sub -N -n 4 \
		    -u "$scheme://localhost:$RELAY_PORT" '/v/*'
		eval "pid_$scheme=$BG_PID"
	done
	for scheme in ws wss tcp tls; do
		clasp-set -u "$scheme://localhost:$RELAY_PORT" "/v/$scheme" 1
	done
	for scheme in ws wss tcp tls; do
		eval "finish \$pid_$scheme"
		assert_equal "$status" 0
		assert_equal "$(sort "$scheme")" \
		    $'/v/tcp 1\n/v/tls 1\n/v/ws 1\n/v/wss 1'
	done
}

@test "--listen: tcp, tls, wss take what they say and nothing else" {
	export CLASP_CACERT=root.pem
	for scheme in tcp tls wss; do
		start_relay --no-websocket --cert good.pem --key good.key \
		    --listen "$scheme://127.0.0.1:0"
		clasp-set -u "$scheme://localhost:$RELAY_PORT" /a 1
		run curl -s "http://localhost:$RELAY_PORT/"
		refute_output ok
		run -3 clasp-get -u "ws://localhost:$RELAY_PORT" /a
		case $scheme in
		tcp)	clasp-get -u "tls://localhost:$RELAY_PORT" /a ;;
		tls)	run -3 clasp-get -u "tcp://localhost:$RELAY_PORT" /a
			run -3 clasp-get -u "wss://localhost:$RELAY_PORT" /a ;;
		wss)	run -3 clasp-get -u "tcp://localhost:$RELAY_PORT" /a
			clasp-get -u "tls://localhost:$RELAY_PORT" /a ;;
		esac
		stop_relay
	done
}

@test "tcp: without any certificate, from every kind of program" {
	start_relay --listen tcp://127.0.0.1:0
	# ws: takes bare frames as well
	url=tcp://127.0.0.1:$RELAY_PORT
	bg_ready sub clasp-sub -n 2 -u "$url" '/a'
	clasp-set -u "$url" /a 1
	echo '/a 2' | clasp-pub -u "$url"
	finish
	assert_equal "$(<sub)" $'/a 1\n/a 2'
	url=tcp://127.0.0.1:$(sed -n 's/.* listening on 127.0.0.1://p' relay.log)
	assert_equal "$(clasp-get -u "$url" /a)" 2
}

# peer MODE: a client of bare frames, in Python.
peer() {
	timeout 30 python3 "$BATS_TEST_DIRNAME/rawtcp.py" "$RELAY_PORT" "$@"
}

@test "bare frames: byte by byte, and HELLO cut at every place" {
	start_relay
	run peer bytes
	assert_output ok
	run peer splits
	assert_output ok
}

@test "bare frames under TLS: byte by byte" {
	tls_relay
	run peer bytes root.pem
	assert_output ok
}

@test "bare frames: several in one length, and what is none" {
	start_relay
	run peer several
	assert_output ok
	run peer broken
	assert_output ok
}

@test "bare frames: the kernel looks after silent peers" {
	start_relay
	bg_ready sub clasp-sub -u "tcp://127.0.0.1:$RELAY_PORT" /a
	run ss -Htno state established "( dport = :$RELAY_PORT )"
	assert_output --partial 'timer:(keepalive,'
	run ss -Htno state established "( sport = :$RELAY_PORT )"
	assert_output --partial 'timer:(keepalive,'
}

@test "many silent and garbled greetings delay nobody" {
	tls_relay
	run peer rubbish
	assert_output ok
	run timeout 5 clasp-set -u "$TLS_URL" --cacert root.pem /a 1
	assert_success
}

# --------------------------------------------------------- certificates

@test "a certificate that is not for this name" {
	issue other root DNS:other.example
	start_relay --host 127.0.0.1 --cert other.pem --key other.key
	TLS_URL=wss://localhost:$RELAY_PORT
	refused 'certificate is for other.example, not localhost; use the name it was made for' \
	    --cacert root.pem
	TLS_URL=tls://127.0.0.1:$RELAY_PORT
	refused 'certificate is for other.example, not 127.0.0.1; use the name it was made for' \
	    --cacert root.pem
}

@test "an address stands for itself, not for its name" {
	issue number root IP:127.0.0.1
	start_relay --host 127.0.0.1 --cert number.pem --key number.key
	clasp-set -u "wss://127.0.0.1:$RELAY_PORT" --cacert root.pem /a 1
	TLS_URL=wss://localhost:$RELAY_PORT
	refused 'certificate is for 127.0.0.1, not localhost; use the name it was made for' \
	    --cacert root.pem
}

@test "an expired certificate, and one of tomorrow" {
	issue old root DNS:localhost 20200101000000Z 20210101000000Z
	start_relay --host 127.0.0.1 --cert old.pem --key old.key
	TLS_URL=wss://localhost:$RELAY_PORT
	refused 'certificate has expired (2021-01-01); the relay needs a new one' \
	    --cacert root.pem
	stop_relay
	issue new root DNS:localhost 20980101000000Z 20990101000000Z
	start_relay --host 127.0.0.1 --cert new.pem --key new.key
	TLS_URL=wss://localhost:$RELAY_PORT
	refused 'certificate is not valid before 2098-01-01; is the clock right?' \
	    --cacert root.pem
}

@test "a self-signed certificate, refused and trusted" {
	openssl req -x509 "${CURVE[@]}" -days 2 -subj /CN=localhost \
	    -addext subjectAltName=DNS:localhost -keyout self.key \
	    -out self.pem 2>/dev/null
	start_relay --host 127.0.0.1 --cert self.pem --key self.key
	TLS_URL=wss://localhost:$RELAY_PORT
	refused 'self-signed certificate; --cacert FILE trusts the one in FILE'
	clasp-set -u "$TLS_URL" --cacert self.pem /a 1
}

@test "an unknown CA; CLASP_CACERT and the configuration name it" {
	tls_relay
	refused 'certificate is signed by root, which is not trusted; --cacert FILE trusts the CA in FILE'
	CLASP_CACERT=root.pem clasp-set -u "$TLS_URL" /a 1
	printf '[relay r]\nurl = %s\ncacert = root.pem\n' "$TLS_URL" >conf
	assert_equal "$(clasp-get --config conf -u @r /a)" 1
	ca elsewhere
	refused 'certificate is signed by root, which is not trusted; --cacert FILE trusts the CA in FILE' \
	    --cacert elsewhere.pem
}

@test "the whole chain is sent" {
	ca middle root
	issue leaf middle DNS:localhost
	cat leaf.pem middle.pem >chain.pem
	start_relay --host 127.0.0.1 --cert-path chain.pem --key-path leaf.key
	TLS_URL=wss://localhost:$RELAY_PORT
	clasp-set -u "$TLS_URL" --cacert root.pem /a 1
	stop_relay
	start_relay --host 127.0.0.1 --cert leaf.pem --key leaf.key
	TLS_URL=wss://localhost:$RELAY_PORT
	refused 'certificate is signed by middle, which is not trusted; --cacert FILE trusts the CA in FILE' \
	    --cacert root.pem
}

@test "--insecure takes any certificate and warns each time" {
	issue other root DNS:other.example
	start_relay --host 127.0.0.1 --cert other.pem --key other.key
	for i in 1 2; do
		run --separate-stderr clasp-set --insecure \
		    -u "wss://localhost:$RELAY_PORT" /a 1
		assert_success
		assert_equal "$stderr" "clasp-set: --insecure: the relay's certificate is not checked"
	done
}

@test "what is not accepted is not tried again" {
	tls_relay
	run -3 timeout 10 clasp-sub --retry -u "$TLS_URL" /a
	assert_output --partial 'which is not trusted'
	bg_ready sub clasp-sub -u "$TLS_URL" --cacert root.pem /a
	port=$RELAY_PORT
	kill "$RELAY_PID"
	gone "$RELAY_PID"
	issue other root DNS:other.example
	bg relay2 clasp-relay --host 127.0.0.1 -p "$port" --cert other.pem \
	    --key other.key
	BG_PID=${BG_PIDS[-2]} finish
	assert_equal "$status" 3
	assert_equal "$(tail -n 1 sub.log)" "clasp-sub: $TLS_URL: certificate is for other.example, not localhost; use the name it was made for"
}

# -------------------------------------------------------- wrong schemes

@test "wss: and tls: to a plain port" {
	start_relay
	TLS_URL=wss://localhost:$RELAY_PORT
	refused 'no TLS spoken there: is it a plain port, ws:// or tcp://?'
	TLS_URL=tls://localhost:$RELAY_PORT
	refused 'no TLS spoken there: is it a plain port, ws:// or tcp://?'
}

@test "wss: to a server of something else" {
	bg other socat TCP-LISTEN:0,bind=127.0.0.1,fork \
	    SYSTEM:'printf "HTTP/1.1 400 no\r\n\r\n"'
	port() {
		PORT=$(ss -Htlnp | sed -n "s/.*127.0.0.1:\([0-9]*\) .*pid=$BG_PID,.*/\1/p")
		[[ -n $PORT ]]
	}
	wait_until 5 port
	TLS_URL=wss://localhost:$PORT
	refused 'no TLS spoken there: is it a plain port, ws:// or tcp://?'
}

@test "--tls-only: ws: is told the way, bare frames are closed" {
	tls_relay --tls-only
	clasp-set -u "$TLS_URL" --cacert root.pem /a 1
	run -3 clasp-get /a
	assert_output "clasp-get: $CLASP_URL: the port takes only TLS: use wss://"
	run -3 timeout 10 clasp-get -u "tcp://127.0.0.1:$RELAY_PORT" /a
	assert_output "clasp-get: tcp://127.0.0.1:$RELAY_PORT: connection closed without a word: does the port take only TLS, tls://?"
	run curl -s -D head "http://127.0.0.1:$RELAY_PORT/"
	assert_output --partial 'use wss://'
	assert_equal "$(head -n 1 head)" $'HTTP/1.1 426 Upgrade Required\r'
}

# ------------------------------------------------- the relay's own files

@test "certificate files that are no good: exit 3, file and reason" {
	bad() {
		local text=$1

		shift
		run -3 --separate-stderr timeout 10 clasp-relay -p 0 "$@"
		assert_equal "$stderr" "clasp-relay: $text"
	}
	issue second root DNS:localhost
	echo hello >text.pem
	: >empty.pem
	openssl ec -in good.key -aes128 -passout pass:x -out locked.key \
	    2>/dev/null
	bad 'none.pem: no such file or directory' \
	    --cert none.pem --key good.key
	bad 'none.key: no such file or directory' \
	    --cert good.pem --key none.key
	bad 'text.pem: no certificate in PEM form in it' \
	    --cert text.pem --key good.key
	bad 'empty.pem: the file is empty' --cert empty.pem --key good.key
	bad 'text.pem: no private key in PEM form in it' \
	    --cert good.pem --key text.pem
	bad 'second.key: the private key does not belong to the certificate in good.pem' \
	    --cert good.pem --key second.key
	bad 'locked.key: the private key is encrypted; store it without a passphrase' \
	    --cert good.pem --key locked.key
	bad '.: is a directory' --cert . --key good.key
}

@test "the options belong together: exit 2" {
	for o in '--cert good.pem:--cert needs --key' \
	    '--key good.key:--key needs --cert' \
	    '--tls-only:--tls-only needs --cert'; do
		run -2 --separate-stderr timeout 5 clasp-relay -p 0 ${o%%:*}
		assert_equal "${stderr_lines[0]}" "clasp-relay: ${o#*:}"
	done
	for u in wss://127.0.0.1:0 tls://127.0.0.1:0; do
		run -2 timeout 5 clasp-relay --listen "$u"
		assert_line "clasp-relay: $u: needs --cert and --key"
	done
}

@test "a client's own files that are no good: exit 3" {
	tls_relay
	run -3 --separate-stderr clasp-get -u "$TLS_URL" --cacert no.pem /a
	assert_equal "$stderr" 'clasp-get: no.pem: no such file or directory'
	run -3 --separate-stderr clasp-get -u "$TLS_URL" --cacert good.key /a
	assert_equal "$stderr" 'clasp-get: good.key: no certificate in PEM form in it'
	run -3 --separate-stderr clasp-get -u "$TLS_URL" --cacert root.pem \
	    --cert good.pem --key root.key /a
	assert_equal "$stderr" 'clasp-get: root.key: the private key does not belong to the certificate in good.pem'
}

# presented FILE: is this the certificate the relay shows?
presented() {
	[[ $(openssl x509 -in "$1" -noout -fingerprint) == "$(
	    openssl s_client -connect "127.0.0.1:$RELAY_PORT" </dev/null \
	    2>/dev/null | openssl x509 -noout -fingerprint)" ]]
}

@test "SIGHUP: new connections get the new certificate, old ones live on" {
	tls_relay
	bg_ready sub clasp-sub -n 3 -u "$TLS_URL" --cacert root.pem /a
	presented good.pem
	cp good.pem first.pem
	issue good root DNS:localhost
	kill -HUP "$RELAY_PID"
	wait_for_line relay.log 'good.pem: certificate read again'
	presented good.pem
	refute presented first.pem
	clasp-set -u "$TLS_URL" --cacert root.pem /a 1

	# files that are no good change nothing
	cp good.pem second.pem
	echo nonsense >good.pem
	kill -HUP "$RELAY_PID"
	wait_for_line relay.log 'error: good.pem: no certificate in PEM form in it; going on with the old certificate'
	presented second.pem
	clasp-set -u "$TLS_URL" --cacert root.pem /a 2
	cp second.pem good.pem
	cp root.key good.key
	kill -HUP "$RELAY_PID"
	wait_for_line relay.log 'error: good.key: the private key does not belong'
	presented second.pem
	clasp-set -u "$TLS_URL" --cacert root.pem /a 3
	finish
	assert_equal "$(<sub)" $'/a 1\n/a 2\n/a 3'
	run cat sub.log
	refute_output --partial lost
}

# ------------------------------------------------------------ foreigners

# s_client OPTION ...: openssl's client says nothing and leaves.
s_client() {
	timeout 10 openssl s_client -connect "127.0.0.1:$RELAY_PORT" "$@" \
	    </dev/null 2>&1
}

@test "TLS 1.2 and 1.3, nothing older, no renegotiation, no compression" {
	tls_relay
	run s_client -tls1_3 -CAfile root.pem
	assert_output --partial 'Verify return code: 0 (ok)'
	assert_output --partial 'TLSv1.3'
	run s_client -tls1_2 -CAfile root.pem
	assert_output --partial 'TLSv1.2'
	assert_output --partial 'Compression: NONE'
	for old in -tls1_1 -tls1; do
		run s_client "$old" -cipher DEFAULT:@SECLEVEL=0
		assert_output --partial 'alert protocol version'
	done
	run s_client -tls1_3 -early_data good.pem
	refute_output --partial 'Early data was accepted'
	run bash -c "(echo R; sleep 1) | timeout 10 openssl s_client -tls1_2 \
	    -connect 127.0.0.1:$RELAY_PORT 2>&1"
	refute_output --partial 'verify return:1'$'\n'*'RENEGOTIATING'*'verify'
	assert_output --partial 'RENEGOTIATING'
	assert_output --partial 'no renegotiation'
}

@test "many MiB over TLS, to one who reads slowly, arrive whole" {
	tls_relay
	export CLASP_CACERT=root.pem
	seq -f '/big/%05.0f "'"$(printf '%01000d' 0)"'"' 12000 >lines
	clasp-pub -u "$TLS_URL" <lines
	for url in "$TLS_URL" "tls://localhost:$RELAY_PORT"; do
		# the pipe is read in small pieces, with a stop at first
		clasp-sub -S -u "$url" '/big/*' | {
			head -c 100000
			wait_until 5 presented good.pem
			dd bs=4096 status=none
		} >out
		cmp lines out
	done
}

@test "SIGTERM: sessions under TLS are told and closed in order" {
	tls_relay
	bg_ready sub clasp-sub --no-reconnect -u "$TLS_URL" \
	    --cacert root.pem /a
	sub=$BG_PID
	bg raw timeout 30 python3 "$BATS_TEST_DIRNAME/rawtcp.py" \
	    "$RELAY_PORT" end root.pem
	wait_for_line raw there
	stop_relay
	finish
	assert_equal "$(<raw)" $'there\nok'
	finish "$sub"
	assert_equal "$status" 3
	run cat sub.log
	assert_output --partial 'shutting down'
}

# A relay with 50 kB under /big.
# asked N: so often has openssl asked for new keys.
asked() {
	(($(grep -c '>>> .*KeyUpdate' asked) >= $1))
}

# The relay is held meanwhile, so that it finds them all at once.
@test "one who keeps asking for new keys is closed, others are served" {
	tls_relay
	mkfifo keys
	openssl s_client -tls1_3 -msg -connect "127.0.0.1:$RELAY_PORT" <keys \
	    >asked 2>&1 3>&- &
	BG_PID=$!
	BG_PIDS+=("$BG_PID")
	exec 7>keys
	wait_for_line asked 'Verify return code'
	kill -STOP "$RELAY_PID"
	for ((i = 1; i <= 20; i++)); do
		echo K >&7
		wait_until 10 asked "$i"
	done
	kill -CONT "$RELAY_PID"
	gone "$BG_PID"
	exec 7>&-
	# it was answered at first, and not each time
	(($(grep -c '<<< .*KeyUpdate' asked) < 20))
	clasp-set -u "$TLS_URL" --cacert root.pem /a 1
}

big_relay() {
	tls_relay
	clasp-set /big "\"$(printf '%050000d' 0)\""
}

@test "one who asks and does not read costs little, and gets all answers" {
	big_relay
	for ca in '' root.pem; do
		run peer flood $ca
		assert_output ok
	done
	# 200 MB went out each time
	[[ $BIN == *san* ]] || (($(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' \
	    "/proc/$RELAY_PID/status") < 64000))
}

@test "SIGTERM: what is queued for a slow reader comes, then the goodbye" {
	big_relay
	for ca in '' root.pem; do
		[[ -n $RELAY_PID ]] || big_relay
		mkfifo go
		peer drain $ca <go >slow 2>&1 3>&- &
		BG_PID=$!
		BG_PIDS+=("$BG_PID")
		exec 7>go
		wait_for_line slow there
		kill "$RELAY_PID"
		wait_for_line relay.log 'shutting down'
		echo >&7
		exec 7>&-
		finish
		assert_equal "$(<slow)" $'there\nok'
		gone "$RELAY_PID"
		RELAY_PID=
		rm go slow
	done
}
