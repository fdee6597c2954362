# OLA, the Open Lighting Architecture, finds our node and sends to it, and
# hears what we send to it; tshark finds nothing malformed in our packets.
#
# Two network namespaces that a cable joins: OLA in one, under its own user,
# our programs in the other.  Needs root, and fails without.

setup() {
	load ../cli/helper
	common_setup
	chmod 755 "$WORK" "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR" \
	    "$BATS_RUN_TMPDIR/test" 2>/dev/null || true
	mkdir conf
	local plugin
	for plugin in dummy e131 espnet ftdidmx gpio karate kinet milinst \
	    nanoleaf opendmx openpixelcontrol osc pathport renard sandnet \
	    shownet spi spidmx stageprofi uartdmx usbdmx usbserial; do
		echo 'enabled = false' >conf/ola-$plugin.conf
	done
	cat >conf/ola-artnet.conf <<-END
		enabled = true
		ip = 10.77.0.2
		net = 0
		subnet = 0
		output_ports = 4
		always_broadcast = false
	END
	chown -R olad conf
	cable
}

teardown() {
	exec 5>&- 6>&-
	common_teardown
}

# The namespaces A (ours) and B (OLA's) live as long as these processes.
cable() {
	unshare -n sh -c 'echo up >upA; exec sleep 1000' 3>&- &
	A=$!
	unshare -n sh -c 'echo up >upB; exec sleep 1000' 3>&- &
	B=$!
	BG_PIDS+=("$A" "$B")
	wait_for upA
	wait_for upB
	at "$A" ip link add va type veth peer name vb netns "$B"
	plug "$A" va 10.77.0.1
	plug "$B" vb 10.77.0.2
}
plug() {
	at "$1" ip addr add "$3/24" brd 10.77.0.255 dev "$2"
	at "$1" ip link set lo up
	at "$1" ip link set "$2" up
}
at() {
	local ns=$1

	shift
	nsenter -t "$ns" -n "$@" 3>&-
}

ours() {
	bg_ready "$1" nsenter -t "$A" -n "${@:2}"
}

olad_start() {
	nsenter -t "$B" -n setpriv --reuid=olad --regid=nogroup \
	    --clear-groups olad -c "$WORK/conf" -l 3 \
	    --no-register-with-dns-sd --no-http >olad.log 2>&1 3>&- &
	OLAD=$!
	BG_PIDS+=("$OLAD")
	wait_until 20 has_device
}
ola() {
	timeout 10 nsenter -t "$B" -n "$@" 3>&-
}
has_device() {
	ola ola_dev_info >info 2>/dev/null && grep -q 'ArtNet' info
}

# Everything on our end of the cable, to the end of the test.
capture() {
	nsenter -t "$A" -n tshark -q -i va -w packets.pcap udp port 6454 \
	    >/dev/null 2>tshark.log 3>&- &
	CAPTURE=$!
	BG_PIDS+=("$CAPTURE")
	wait_for_line tshark.log 'Capturing on'
}
nothing_malformed() {
	kill -INT "$CAPTURE"
	gone "$CAPTURE"
	run -0 --separate-stderr tshark -r packets.pcap -T fields -e ip.src \
	    -e artnet.header.opcode -e _ws.malformed
	echo "$output" | sort | uniq -c
	[ -z "$(cut -s -f 3 <<<"$output" | tr -d '\n')" ]
}
# How many frames of levels were captured that far.
frames() {
	tshark -r packets.pcap -Y 'artnet.header.opcode == 0x5000' \
	    -T fields -e frame.number 2>/dev/null | wc -l
}
# What was captured is written some time later.
captured() {
	tshark -r packets.pcap -T fields -e ip.src -e artnet.header.opcode \
	    2>/dev/null | grep -q "^10.77.0.1	$1"
}
sent_ours() {
	wait_until 10 captured "$1"
}

# OLA sends what is set, again and again, until it is heard: it finds our
# node only when it polls.
setting() {
	ola ola_set_dmx -u 4 -d "$1" >/dev/null 2>&1
	has_line got "$2"
}

@test "OLA finds our node and sends to it" {
	capture
	ours got clasp-artnet-in -U 4 --source 'our node'
	olad_start
	ola ola_patch -d 1 -p 0 -u 4
	wait_until 30 setting 1,2,3,255 '/artnet/4/4 255'
	assert_equal "$(head -n 1 got)" \
	    '/artnet/4/1 1 ; /artnet/4/2 2 ; /artnet/4/3 3 ; /artnet/4/4 255'
	wait_until 10 setting 1,9,3,255 '^/artnet/4/2 9$'
	# a second source of that universe: the highest level counts
	at "$B" python3 "$TOP/tests/cli/artnet.py" send 10.77.0.1:6454 \
	    4172742d4e6574000050000e00010400000408c80000
	wait_for_line got '^/artnet/4/1 8 ; /artnet/4/2 200$'
	wait_until 10 setting 1,9,77,255 '^/artnet/4/3 77$'
	# our reply
	sent_ours 0x2100
	nothing_malformed
}

@test "OLA hears what we send to nodes that are found" {
	capture
	olad_start
	ola ola_patch -i -d 1 -p 0 -u 3
	mkfifo in
	ours out bash -c 'exec clasp-artnet-out "$@" <>in' out --sync
	nsenter -t "$B" -n ola_recorder -r rec -u 3 >recorder.log 2>&1 3>&- &
	local recorder=$! i=0
	BG_PIDS+=("$recorder")
	# the recorder subscribes some time after its start, and writes what
	# changes
	heard() {
		i=$((i + 1))
		echo "/artnet/3 [$((i % 256)),200,7]" >in
		sleep 0.1
		[ -s rec ] && grep -q '^3 [0-9]*,200,7,0' rec
	}
	wait_until 30 heard
	# and again each second, while nothing changes
	i=$(frames)
	more() {
		(($(frames) >= i + 4))
	}
	wait_until 15 more
	kill -INT "$recorder"
	gone "$recorder"
	# polls, levels, sync, all of them ours
	sent_ours 0x2000
	sent_ours 0x5000
	sent_ours 0x5200
	nothing_malformed
	# levels by unicast to OLA alone
	run -0 --separate-stderr tshark -r packets.pcap -T fields -e ip.dst \
	    -Y 'artnet.header.opcode == 0x5000 && ip.src == 10.77.0.1'
	assert_equal "$(sort -u <<<"$output")" 10.77.0.2
	run -0 --separate-stderr tshark -r packets.pcap -T fields -e artnet.output.universe \
	    -e artnet.output.length \
	    -Y 'artnet.header.opcode == 0x5000 && ip.src == 10.77.0.1'
	assert_line -n 0 -e '^3	512$'
}

@test "one node in both directions, with a relay" {
	capture
	olad_start
	ola ola_patch -d 1 -p 0 -u 4
	ours relay.out clasp-relay -p 7399
	export CLASP_URL=ws://127.0.0.1:7399/clasp
	ours both clasp-artnet-out --both -U 3,4 -u "$CLASP_URL"
	ours got clasp-sub '/artnet/4/**'
	wait_until 30 setting 1,2,3,255 '/artnet/4/4 .*255'
	sent_ours 0x2100
	nothing_malformed
	# it did not go back
	run -0 --separate-stderr tshark -r packets.pcap -T fields -e ip.src \
	    -Y 'artnet.header.opcode == 0x5000'
	refute_output --partial 10.77.0.1
}
