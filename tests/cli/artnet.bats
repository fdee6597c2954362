# clasp-artnet-in and clasp-artnet-out: each other, a node and a controller in
# Python, the relay; and broadcasts, in a network namespace of its own.

setup() {
	load helper
	common_setup
	ID=4172742d4e657400
}

teardown() {
	exec 5>&- 6>&-
	common_teardown
}

# receiver OPTION ...: clasp-artnet-in in the background, its lines in got,
# its port in $P.
receiver() {
	rm -f port
	bg_ready got clasp-artnet-in --interface 127.0.0.1 -p 0 \
	    --port-file port "$@"
	RECEIVER=$BG_PID
	P=$(<port)
}

# listener: packets as lines in heard, the port in $P.
listener() {
	rm -f port
	bg heard python3 "$TOP/tests/cli/artnet.py" listen port
	wait_for port
	P=$(<port)
}

# sender OPTION ...: clasp-artnet-out in the background, fed by `say`; not at
# Art-Net's own port, which another program may have.
sender() {
	[[ " $* " == *' -p '* ]] || set -- -p "$(free_port)" "$@"
	rm -f in
	mkfifo in
	bg_ready out bash -c 'exec clasp-artnet-out "$@" <>in' out "$@"
	SENDER=$BG_PID
}
say() {
	echo "$1" >in
}

heard() {
	(($(grep -c -e "$2" heard) >= $1))
}

send() {
	python3 "$TOP/tests/cli/artnet.py" send "$P" "$@"
}

# A port that is free now: both ends of a conversation must know it.
free_port() {
	python3 -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 0))
print(s.getsockname()[1])'
}

# example LINES UNIVERSE-AND-BYTES OPTION ...: what one frame is.
example() {
	echo "$1" | clasp-artnet-out --to "127.0.0.1:$P" --once "${@:3}"
	wait_for_line heard " dmx $2\$"
	: >heard
}

@test "what goes in comes out" {
	receiver
	echo '/artnet/0/1 255' | clasp-artnet-out --once --to "127.0.0.1:$P"
	wait_for_lines got 1
	[[ $(<got) == '/artnet/0/1 255 ; /artnet/0/2 0 ; '* ]]
	assert_equal "$(tr ';' '\n' <got | wc -l)" 512
	kill "$RECEIVER"
	gone "$RECEIVER"
	assert_equal "$(wc -l <got)" 1
}

@test "lines become packets" {
	listener
	example '/artnet/0/1 255' '0 seq=1 phys=0 2 ff' --slots 2
	example '/artnet/0/1 255' '0 seq=1 phys=0 512 ff'
	example '/artnet/1/2 0.5' '1 seq=1 phys=0 2 007f' --slots 2
	example '/artnet/3 stream x"010203"' '3 seq=1 phys=0 4 010203' --slots 4
	example '/artnet/3 [9,8]' '3 seq=1 phys=0 2 0908' --slots 2
	example '/artnet/1/2/3/1 7' '291 seq=1 phys=0 2 07' --slots 2 --split
	example '/lights/1 7' '0 seq=1 phys=0 2 07' --slots 2 \
	    --map '/lights/* /artnet/0/1'
	example '/stage/32767/1 7' '32767 seq=1 phys=0 2 07' --slots 2 \
	    --prefix /stage
}

@test "packets become lines" {
	receiver
	send ${ID}0050000e000004000004010203ff \
	    ${ID}0050000e0100040000020405 ${ID}0050000e0200040000020506 \
	    ${ID}0050000e0100040000020909 ${ID}0050000e0a00230100020700 \
	    ${ID}0050000e0b0000000003010203 \
	    ${ID}0050000e01000000020000000000 \
	    4172742d4e7574000050000e0000000000020101 \
	    ${ID}0050000e0c0000000002010207
	wait_for_line got '/artnet/0/1 1'
	send ${ID}0050000e0d0000000002090207
	wait_for_line got '/artnet/0/1 9'
	run -0 cat got
	assert_output "/artnet/4/1 1 ; /artnet/4/2 2 ; /artnet/4/3 3 ; /artnet/4/4 255
/artnet/4/1 4 ; /artnet/4/2 5
/artnet/4/1 5 ; /artnet/4/2 6
/artnet/291/1 7 ; /artnet/291/2 0
/artnet/0/1 1 ; /artnet/0/2 2 ; /artnet/0/3 3
/artnet/0/1 9"
	# what was dropped is told
	wait_for_line got.log 'late frames'
	wait_for_line got.log 'a length that is not there'
	wait_for_line got.log 'not Art-Net'
}

@test "whole universes, split addresses, a choice of universes" {
	receiver --mode universe --split -U 291
	send ${ID}0050000e000004000004010203ff \
	    ${ID}0050000e0100230100020405
	wait_for_lines got 1
	assert_equal "$(<got)" '/artnet/1/2/3 stream x"0405"'
}

@test "once is one frame" {
	receiver --once
	send ${ID}0050000e010000000002040500 ${ID}0050000e020000000002060500
	finish "$RECEIVER"
	assert_equal "$status" 0
	assert_equal "$(<got)" '/artnet/0/1 4 ; /artnet/0/2 5'
}

@test "a frame waits for its sync" {
	receiver
	# by one socket: they arrive in this order
	send ${ID}0050000e0000000000020101 ${ID}0052000e0000 \
	    ${ID}0050000e0000000000020201 ${ID}0050000e0000000000020301 \
	    ${ID}0052000e0000
	wait_for_lines got 2
	assert_equal "$(<got)" '/artnet/0/1 1 ; /artnet/0/2 1
/artnet/0/1 3'
}

@test "the highest level of two ports, or the newest change" {
	receiver
	send ${ID}0050000e0000000000026400 ${ID}0050000e00010000000232c8
	wait_for_lines got 2
	assert_equal "$(tail -n 1 got)" '/artnet/0/2 200'
	kill "$RECEIVER"
	gone "$RECEIVER"
	receiver --merge ltp -v
	send ${ID}0050000e0000000000026400 ${ID}0050000e00010000000232c8 \
	    ${ID}0050000e0002000000020101
	wait_for_lines got 2
	assert_equal "$(tail -n 1 got)" \
	    '/artnet/0/1 by=127.0.0.1/1 50 ; /artnet/0/2 by=127.0.0.1/1 200'
	kill -USR1 "$RECEIVER"
	wait_for_line got.log 'frames of a third source'
}

@test "who asks is answered within a second" {
	receiver -U 3,16-21 --source desk
	send ${ID}0050000e0300110000026400
	wait_for_lines got 1
	run -0 python3 "$TOP/tests/cli/artnet.py" ask "$P"
	assert_equal "${#lines[@]}" 3
	assert_line -n 0 -e 'reply net=0 sub=0 index=1 types=80 in=00 out=03 good=00 desk$'
	assert_line -n 1 -e 'sub=1 index=2 types=80808080 in=00000000 out=00010203 good=00800000 desk$'
	assert_line -n 2 -e 'sub=1 index=3 types=8080 in=0000 out=0405 good=0000 desk$'
	# who looks for another universe is not
	run -0 python3 "$TOP/tests/cli/artnet.py" ask "$P" \
	    ${ID}0020000e20000002 # cut: no targets
	assert_output ''
	run -0 python3 "$TOP/tests/cli/artnet.py" ask "$P" \
	    ${ID}0020000e200000150014
	assert_equal "${#lines[@]}" 1
}

@test "an output has ports too, and answers" {
	local p

	p=$(free_port)
	sender --to 127.0.0.1:9 -p "$p" -U 5
	run -0 python3 "$TOP/tests/cli/artnet.py" ask "$p"
	assert_line -n 0 -e 'reply net=0 sub=0 index=1 types=40 in=05 out=00 good=00 clasp-artnet-out$'
}

@test "levels go to the nodes that take them" {
	local p

	p=$(free_port)
	# another address of this machine, the same port
	bg heard python3 "$TOP/tests/cli/artnet.py" node portfile \
	    127.0.0.2 "$p" 127.255.255.255 4
	wait_for portfile
	sender --interface 127.0.0.1 -p "$p" --slots 2
	wait_until 10 heard 1 ' poll 0200'
	say '/artnet/4/1 9 ; /artnet/5/1 9'
	wait_for_line heard ' dmx 4 seq=1 phys=0 2 09$'
	# nobody has 5, and that is said
	wait_for_line out.log 'no node takes universe 5'
	wait_until 10 heard 2 ' poll '
}

@test "--once to nobody is an error" {
	local p

	p=$(free_port)
	run -3 --separate-stderr bash -c "echo '/artnet/4/1 9' |
	    clasp-artnet-out --interface 127.0.0.1 -p $p --once"
	assert_equal "$stderr" "clasp-artnet-out: port $p: no node takes universe 4; --to or --broadcast sends it all the same"
}

@test "numbers begin again at 1, unchanged frames come again" {
	listener
	sender --to "127.0.0.1:$P" --slots 2 --rate 44
	say '/artnet/0/1 1'
	wait_until 10 heard 2 ' dmx 0 seq=[12] phys=0 2 01$'
	# a second, not less
	run -0 awk '/ dmx / { if (n++) print ($1 - t > 0.9); t = $1 }' heard
	assert_line -n 0 1
	timeline() { for i in {1..300}; do echo "/artnet/0/1 $((i % 250))"; sleep 0.024; done; }
	timeline >in
	wait_until 15 heard 2 ' dmx 0 seq=1 '
	run ! grep -q 'seq=0 ' heard
	grep -q 'seq=255 ' heard
}

@test "a sync follows the frames" {
	listener
	sender --to "127.0.0.1:$P" --slots 2 --sync
	say '/artnet/0/1 1 ; /artnet/1/1 1'
	wait_for_line heard sync
	run -0 awk '{ print $2 }' heard
	assert_line -n 0 dmx
	assert_line -n 1 dmx
	assert_line -n 2 sync
}

@test "the end: hold, blackout" {
	listener
	echo '/artnet/0/1 7' | clasp-artnet-out --to "127.0.0.1:$P" --slots 2 \
	    -p "$(free_port)"
	wait_for_lines heard 1
	assert_equal "$(cut -d' ' -f 2- heard)" 'dmx 0 seq=1 phys=0 2 07'
	: >heard
	echo '/artnet/0/1 7' | clasp-artnet-out --to "127.0.0.1:$P" --slots 2 \
	    -p "$(free_port)" --on-exit blackout
	wait_for_lines heard 4
	assert_equal "$(cut -d' ' -f 7 heard | tr '\n' .)" '07....'
}

@test "with a relay: the snapshot is one frame, levels go both ways" {
	local p

	start_relay
	clasp-set /artnet/0/1 10
	clasp-set /artnet/0/2 20
	listener
	p=$(free_port)
	bg_ready both clasp-artnet-out --both -U 0-1 -u "$CLASP_URL" -p "$p" \
	    --to "127.0.0.1:$P" --slots 2
	wait_for_lines heard 1
	assert_equal "$(head -n 1 heard | cut -d' ' -f 3,7)" '0 0a14'
	bg_ready seen clasp-sub -u "$CLASP_URL" '/artnet/1/**'
	P=$p send ${ID}0050000e0000010000024001
	wait_for_lines seen 2
	run -0 sort seen
	assert_output '/artnet/1/1 ttl=never 64
/artnet/1/2 ttl=never 1'
	# it did not go round
	clasp-set /artnet/0/1 11
	wait_for_line heard ' 0 .* 0b14$'
	run ! grep -q ' dmx 1 ' heard
	# one node
	run -0 python3 "$TOP/tests/cli/artnet.py" ask "$p"
	assert_equal "${#lines[@]}" 1
	assert_line -n 0 -e 'types=c0c0 in=0001 out=0001 good=0080'
}

@test "a port that another program has" {
	receiver
	run -3 --separate-stderr clasp-artnet-in --interface 127.0.0.1 -p "$P"
	[[ $stderr == "clasp-artnet-in: port $P: "*'--both'* ]]
	# another address of this machine is free
	bg_ready more clasp-artnet-in --interface lo -p "$(free_port)"
}

@test "bad options" {
	run -2 --separate-stderr clasp-artnet-out --slots 3
	[[ $stderr == *'--slots: must be even'* ]]
	run -2 --separate-stderr clasp-artnet-in -U 32768
	run -2 --separate-stderr clasp-artnet-out --both -U 0
	[[ $stderr == *'--both needs a relay'* ]]
	start_relay
	run -2 --separate-stderr clasp-artnet-out --both -u "$CLASP_URL"
	run -3 --separate-stderr clasp-artnet-in --interface nowhere0
	[[ $stderr == *"nowhere0: no such interface"* ]]
}

@test "the screen at the end" {
	receiver --show --once
	send ${ID}0050000e0000000000020aff
	finish "$RECEIVER"
	grep -q '0A FF\|0a ff\|0Aff\|0AFF\|0aff' got
}

@test "dark when the last source is silent" {
	receiver --on-loss blackout
	send ${ID}0050000e0000000000026432
	wait_for_line got '/artnet/0/2 50'
	wait_for_line got '^/artnet/0/1 0 ; /artnet/0/2 0$' 20
}

@test "no more than 44 frames a second" {
	local t0

	listener
	sender --to "127.0.0.1:$P" --slots 2
	t0=${EPOCHREALTIME/./}
	for i in {1..600}; do echo "/artnet/0/1 $((i % 250))"; done >in
	for i in {1..120}; do say "/artnet/0/1 $((i % 250))"; sleep 0.005; done
	say '/artnet/0/1 255'
	wait_for_line heard ' ff$'
	t0=$((${EPOCHREALTIME/./} - t0))
	(($(wc -l <heard) <= t0 * 44 / 1000000 + 2))
}

@test "a relay that is gone: the look stays, and the new one comes" {
	local port

	start_relay
	port=${CLASP_URL##*:}
	port=${port%%/*}
	clasp-set /artnet/0/1 10
	listener
	bg_ready out clasp-artnet-out -u "$CLASP_URL" --to "127.0.0.1:$P" \
	    -p "$(free_port)" --slots 2
	wait_for_line heard ' 0a$'
	kill -KILL "$RELAY_PID"
	gone "$RELAY_PID"
	: >heard
	# repeated every second, without anybody to say so
	wait_until 15 heard 3 ' dmx 0 .* 0a$'
	start_relay -p "$port"
	clasp-set /artnet/0/2 20
	# what stood there stays: the relay that began again knows nothing
	wait_for_line heard ' 0a14$' 20
	# (where it was emptied there are zeros: -a)
	run ! grep -a -q -v ' 2 0a\(14\)\?$' heard
	wait_for_line out.log 'back after'
}

@test "signals leave the last look standing, or dark" {
	local how

	for how in TERM KILL; do
		listener
		sender --to "127.0.0.1:$P" -p "$(free_port)" --slots 2
		say '/artnet/0/1 7'
		wait_for_line heard ' 07$'
		kill -$how "$SENDER"
		gone "$SENDER"
		run ! grep -q -v ' 07$' heard
	done
	listener
	sender --to "127.0.0.1:$P" -p "$(free_port)" --slots 2 \
	    --on-exit blackout
	say '/artnet/0/1 7'
	wait_for_line heard ' 07$'
	kill "$SENDER"
	gone "$SENDER"
	wait_until 5 heard 3 ' 2 $'
	assert_equal "$(grep -c ' 2 $' heard)" 3
}

@test "a port that another program shares" {
	bg other python3 "$TOP/tests/cli/artnet.py" listen port 0.0.0.0
	wait_for port
	P=$(<port)
	bg_ready got clasp-artnet-in -p "$P"
	assert_equal "$(<got.log)" "clasp-artnet-in: port $P: another program has this port, too: what is sent to this machine alone now comes here and not there"
}

# ------------------------------------------------- a network of two machines

# Ours: 10.77.0.1 on va, commands in it: net; other machines at 10.77.0.2 to 4
# on the other end of a cable: far.  There is no way out of it.
network() {
	local user=() i

	((EUID == 0)) || user=(-r)
	unshare "${user[@]}" -n sh -c 'echo up >upA; exec sleep 1000' 3>&- &
	BG_PIDS+=("$!")
	wait_for upA
	NET=(nsenter -t "$!" -n)
	((EUID == 0)) || NET=(nsenter -t "$!" -U --preserve-credentials -n)
	"${NET[@]}" unshare -n sh -c 'echo $$ >upB; exec sleep 1000' 3>&- &
	BG_PIDS+=("$!")
	wait_for upB
	FAR=("${NET[@]}" nsenter -t "$(<upB)" -n)
	"${NET[@]}" ip link add va type veth peer name vb netns "$(<upB)"
	"${NET[@]}" ip addr add 10.77.0.1/24 brd 10.77.0.255 dev va
	for i in 2 3 4; do
		"${FAR[@]}" ip addr add "10.77.0.$i/24" brd 10.77.0.255 dev vb
	done
	"${NET[@]}" ip link set lo up
	"${NET[@]}" ip link set va up
	"${FAR[@]}" ip link set vb up
	"${FAR[@]}" ip route add 255.255.255.255 dev vb
}

# far OUT COMMAND ...: artnet.py on the other machines, in the background.
far() {
	rm -f "$1.port"
	bg "$1" "${FAR[@]}" python3 "$TOP/tests/cli/artnet.py" "$2" \
	    "$1.port" "${@:3}"
	wait_for "$1.port"
}
# Who hears what is sent to all, by both ways, and to 10.77.0.2.
all_ears() {
	far heard listen 10.77.0.2 6454
	far directed listen 10.77.0.255 6454
	far limited listen 255.255.255.255 6454
}
# The kinds of packets in a file.
kinds() {
	cut -d' ' -f 2 "$1" | tr '\n' ' '
}
# net OUT PROGRAM ...: in the background, fed by `say`.
net() {
	rm -f in
	mkfifo in
	bg_ready "$1" "${NET[@]}" bash -c 'exec "$@" <>in' "${@:1}"
	NET_PID=$BG_PID
}

@test "broadcasts go to the network, or to all networks" {
	local once=(clasp-artnet-out --slots 2 --once -p 6454)

	network
	all_ears
	"${NET[@]}" "${once[@]}" --broadcast --sync <<<'/artnet/0/1 1'
	wait_for_lines directed 2
	assert_equal "$(kinds directed)" 'dmx sync '
	: >directed
	# no route leads there: the interface is named
	"${NET[@]}" "${once[@]}" --broadcast --limited-broadcast \
	    <<<'/artnet/0/1 1'
	wait_for_lines limited 1
	"${NET[@]}" "${once[@]}" --broadcast --limited-broadcast \
	    --interface 10.77.0.1 <<<'/artnet/0/1 2'
	wait_for_lines limited 2
	assert_equal "$(kinds limited)" 'dmx dmx '
	[ ! -s directed ]
	[ ! -s heard ]
	# to one, and to all
	"${NET[@]}" "${once[@]}" --broadcast --to 10.77.0.2 <<<'/artnet/0/1 3'
	wait_for_lines directed 1
	wait_for_lines heard 1
	assert_equal "$(kinds heard)$(kinds directed)" 'dmx dmx '
}

@test "questions and answers by broadcast" {
	network
	all_ears
	net out clasp-artnet-out --reply-broadcast --limited-broadcast
	wait_for_line limited ' poll 0200$'
	[ ! -s directed ]
	kill "$NET_PID"
	gone "$NET_PID"
	: >limited
	net out clasp-artnet-out --to 10.77.0.2 -U 5 --reply-broadcast
	"${FAR[@]}" python3 "$TOP/tests/cli/artnet.py" from 10.77.0.3 \
	    10.77.0.1:6454 ${ID}0020000e0200
	wait_for_line directed ' reply .* types=40 in=05'
	kill "$NET_PID"
	gone "$NET_PID"
	: >directed
	net out clasp-artnet-in -U 9 --reply-broadcast
	"${FAR[@]}" python3 "$TOP/tests/cli/artnet.py" from 10.77.0.3 \
	    10.77.0.1:6454 ${ID}0020000e0200
	wait_for_line directed ' reply .* types=80 in=00 out=09'
	[ ! -s heard ]
	[ ! -s limited ]
}

@test "what is broadcast is heard, by an interface too" {
	local at i=0

	network
	for at in '' '--interface va' '--interface 10.77.0.1'; do
		net got clasp-artnet-in $at
		for to in 10.77.0.255 255.255.255.255 10.77.0.1; do
			i=$((i + 1))
			"${FAR[@]}" python3 "$TOP/tests/cli/artnet.py" send \
			    "$to:6454" ${ID}0050000e00000$((i % 9))000002010$i
			wait_for_line got "/artnet/$((i % 9))/2 $i\$"
		done
		assert_equal "$(wc -l <got)" 3	# each once
		kill "$NET_PID"
		gone "$NET_PID"
	done
}

@test "our own broadcasts do not come back" {
	network
	bg_ready relay "${NET[@]}" clasp-relay -p 7399
	export CLASP_URL=ws://127.0.0.1:7399/clasp
	far directed listen 10.77.0.255 6454
	net both clasp-artnet-out --both -U 0 --broadcast --sync --slots 2 \
	    -u "$CLASP_URL"
	bg_ready seen "${NET[@]}" clasp-sub '/artnet/**'
	"${NET[@]}" clasp-set /artnet/0/1 7
	wait_until 10 has_lines directed 4	# and repeated once
	# another program's levels on this machine do come, and at once: our
	# own sync is none of theirs
	"${NET[@]}" python3 "$TOP/tests/cli/artnet.py" send 10.77.0.1:6454 \
	    ${ID}0050000e0000000000020809
	wait_for_line seen '/artnet/0/2 .*9$'
	wait_until 10 has_lines directed 8
	"${NET[@]}" python3 "$TOP/tests/cli/artnet.py" send 10.77.0.1:6454 \
	    ${ID}0050000e000000000002080a ${ID}0050000e000000000002080b
	wait_for_line seen '/artnet/0/2 .*11$'
	run -0 grep -c '/artnet/0/1 ' seen
	assert_output 2	# as set, and 8
}

@test "an interface must be chosen where there are several" {
	network
	"${NET[@]}" ip link add vc type veth peer name vd
	"${NET[@]}" ip addr add 10.88.0.1/32 dev vc
	"${NET[@]}" ip link set vc up
	for options in '' --broadcast '--broadcast --to 10.77.0.2'; do
		run -2 --separate-stderr "${NET[@]}" clasp-artnet-out $options
		[[ $stderr == *'several interfaces fit: va (10.77.0.1), vc (10.88.0.1); choose one with --interface'* ]]
	done
	run -2 --separate-stderr "${NET[@]}" clasp-artnet-in --reply-broadcast
	run -0 "${NET[@]}" clasp-artnet-in --list
	assert_line $'vc\t10.88.0.1\tmulticast'
	# a network of one address has no broadcast of its own
	run -124 --separate-stderr "${NET[@]}" clasp-artnet-in --interface vc \
	    -T 0.1
	assert_equal "$stderr" ''
}

@test "a cable that is out is told once" {
	network
	far heard listen 10.77.0.2 6454
	net out clasp-artnet-out --to 10.77.0.2 --slots 2
	say '/artnet/0/1 1'
	wait_for_line heard ' 01$'
	"${NET[@]}" ip link set va down
	for i in {2..9}; do
		say "/artnet/0/1 $i"
		sleep 0.3
	done
	wait_for_line out.log 'packets cannot be sent: network is unreachable'
	: >heard
	"${NET[@]}" ip link set va up
	# the newest, and nothing of before
	wait_for_line heard ' 09$'
	wait_for_line out.log 'packets are sent again'
	run ! grep -a -q -v ' 09$' heard
	assert_equal "$(wc -l <out.log)" 2
	# and no success
	run -3 --separate-stderr "${NET[@]}" clasp-artnet-out --once -p 6455 \
	    --to 192.0.2.1 <<<'/artnet/0/1 1'
	assert_equal "$stderr" 'clasp-artnet-out: port 6455: packets cannot be sent: network is unreachable'
}

@test "the last frame goes to every node, not the first that answers" {
	network
	far first node 10.77.0.2 6454 10.77.0.255 4
	far second node 10.77.0.3 6454 10.77.0.255 4 0.3
	"${NET[@]}" clasp-artnet-out --slots 2 --once <<<'/artnet/4/1 9'
	wait_for_line first ' dmx 4 seq=1 .* 09$'
	wait_for_line second ' dmx 4 seq=1 .* 09$'
	"${NET[@]}" clasp-artnet-out --slots 2 <<<'/artnet/4/1 8'
	wait_for_line first ' 08$'
	wait_for_line second ' 08$'
	# one that comes later gets its universe then
	net out clasp-artnet-out --slots 2
	say '/artnet/4/1 7'
	wait_for_line first ' 07$'
	far third node 10.77.0.4 6454 10.77.0.255 4
	wait_for_line third ' dmx 4 .* 07$'
}

@test "a node that is gone is forgotten, which is told" {
	local node

	network
	far node node 10.77.0.2 6454 10.77.0.255 4
	node=$BG_PID
	net out clasp-artnet-out --slots 2
	say '/artnet/4/1 9'
	wait_for_line node ' dmx 4 .* 09$'
	kill "$node"
	gone "$node"
	wait_for_line out.log 'no node takes universe 4' 20
	far again listen 10.77.0.2 6454
	say '/artnet/4/1 10 ; /artnet/5/1 1'
	wait_for_line out.log 'no node takes universe 5'
	[ ! -s again ]
}
