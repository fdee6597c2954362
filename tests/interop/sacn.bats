# sACN against OLA, both ways, by multicast in a network namespace of its own;
# and tshark, which takes our packets apart.
#
# olad does not run as root and has fixed ports: it gets a user, a namespace
# and a configuration of its own.  It and we are two hosts, with a cable
# between them.

setup() {
	load ../cli/helper
	common_setup
	((EUID == 0)) || { echo 'this needs root' >&2; return 1; }
	chmod 755 "$WORK" "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR" \
	    "$BATS_RUN_TMPDIR/test" 2>/dev/null || true
	export XDG_STATE_HOME=$WORK/state
}

teardown() {
	common_teardown
}

# Two hosts: theirs, 10.77.0.2, where OLA lives, and ours, 10.77.0.1.
network() {
	local name

	for name in ours theirs; do
		unshare -n sh -c "ip link set lo up; echo up >$name.up
		    exec sleep 1000" 3>&- &
		eval "${name^^}=$!"
		BG_PIDS+=("$!")
		wait_for "$name.up"
	done
	ours ip link add vA type veth peer name vB netns "$THEIRS"
	ours ip addr add 10.77.0.1/24 dev vA
	theirs ip addr add 10.77.0.2/24 dev vB
	ours ip link set vA up
	theirs ip link set vB up
	theirs ip route add 224.0.0.0/4 dev vB
}
ours() {
	nsenter -t "$OURS" -n "$@" 3>&-
}
theirs() {
	timeout 20 nsenter -t "$THEIRS" -n "$@" 3>&-
}

olad_start() {
	local plugin

	mkdir conf
	for plugin in artnet dummy espnet ftdidmx gpio karate kinet milinst \
	    nanoleaf opendmx openpixelcontrol osc pathport renard sandnet \
	    shownet spi spidmx stageprofi uartdmx usbdmx usbserial; do
		echo 'enabled = false' >conf/ola-$plugin.conf
	done
	printf '%s\n' 'enabled = true' 'ip = 10.77.0.2' 'input_ports = 5' \
	    'output_ports = 5' 'ignore_preview = true' 'revision = 0.46' \
	    >conf/ola-e131.conf
	chown -R olad conf
	network
	nsenter -t "$THEIRS" -n setpriv --reuid=olad --regid=nogroup \
	    --clear-groups olad -c "$WORK/conf" -l 3 \
	    --no-register-with-dns-sd --no-http >olad.log 2>&1 3>&- &
	OLAD=$!
	BG_PIDS+=("$OLAD")
	wait_until 20 has_device
}
has_device() {
	theirs ola_dev_info >info 2>/dev/null && grep -q 'E1.31' info
}

# Both play one universe for as long as the recorder needs to begin.
record() {
	bg recorder nsenter -t "$THEIRS" -n ola_recorder -r rec -u "$1"
	RECORDER=$BG_PID
}

# What we say comes to OLA: lines until it is in the recording.
tell() {
	mkfifo in
	bg out nsenter -t "$OURS" -n bash -c \
	    'exec clasp-sacn-out --interface vA "$@" <>in' x "$@"
	SENDER=$BG_PID
	exec 7>in
}

@test "OLA hears us, and who has the say" {
	olad_start
	theirs ola_patch -i -d 1 -p 0 -u 5
	tell -U 5 --source desk
	record 5
	local i=0
	told() {
		i=$((i % 250 + 1))
		echo "/sacn/5 [$i,50,0]" >&7
		sleep 0.05
		grep -q '^5 [0-9]*,50,0' rec 2>/dev/null
	}
	wait_until 20 told
	echo '/sacn/5 [10,20,30]' >&7
	wait_for_line rec '^5 10,20,30,0'
	# a higher priority, then its goodbye
	nsenter -t "$OURS" -n clasp-sacn-out --interface vA -U 5 \
	    --source other --priority 150 < <(echo '/sacn/5 [5,50,0]'
	    wait_for_line rec '^5 5,50,0') 3>&- 7>&-
	echo '/sacn/5 [12,20,30]' >&7
	wait_for_line rec '^5 12,20,30,0'
	exec 7>&-
	kill "$SENDER"
	gone "$SENDER"
	kill -INT "$RECORDER"
	gone "$RECORDER"
	run ! grep -q 'Old packet' olad.log
}

@test "we hear OLA, and its goodbye" {
	olad_start
	theirs ola_patch -d 1 -p 0 -u 6
	bg_ready got nsenter -t "$OURS" -n clasp-sacn-in -U 6 -v --status
	theirs ola_set_dmx -u 6 -d 9,8,7
	wait_for_line got '^/sacn/6/1 by=\("[^"]*"\|[^ ]*\) 9 ; .* 8 ; .* 7$'
	wait_for_line got '^/sacn/6/status {"priority":100,.*"name":'
	theirs ola_set_dmx -u 6 -d 9,8,1
	wait_for_line got '^/sacn/6/3 .*1$'
	theirs ola_patch -r -d 1 -p 0
	wait_for_line got '^/sacn/6/status {"priority":0,"sources":\[\]}$'
	kill "$BG_PID"
	gone "$BG_PID"
	# its discovery is of an older draft: no fault
	run ! grep -q 'no sACN packet\|unknown kind\|another form' got.log
}

@test "a desk is seen by who subscribes" {
	olad_start
	theirs ola_patch -d 1 -p 0 -u 6
	start_relay --listen "unix:$WORK/relay"
	bg_ready in nsenter -t "$OURS" -n clasp-sacn-in -U 6 --prefix /desk \
	    -u "unix:$WORK/relay"
	bg_ready got clasp-sub '/desk/**'
	theirs ola_set_dmx -u 6 -d 9,8,7
	wait_for_line got '^/desk/6/1 .*9$'
	theirs ola_set_dmx -u 6 -d 9,8,255
	wait_for_line got '^/desk/6/3 .*255$'
	# who comes late finds the look
	run -0 clasp-get -o text '/desk/6/*'
	assert_line --regexp '^/desk/6/2 .*8$'
	assert_line --regexp '^/desk/6/3 .*255$'
	# all of the first frame, only what changed of the second
	assert_equal "$(grep -c '^/desk/6/3 ' got)" 2
	assert_equal "$(grep -c '^/desk/6/2 ' got)" 1
}

@test "tshark finds nothing malformed" {
	network
	bg capture nsenter -t "$OURS" -n dumpcap -P -i vA -w f.pcap -f udp
	wait_for_line capture.log 'File: '
	bg out nsenter -t "$OURS" -n bash -c 'exec clasp-sacn-out "$@" < <(
	    for ((i = 1; i <= 40; i++)); do echo "/sacn/1/1 $i"; sleep 0.03
	    done; sleep 0.2)' x --interface vA -U 1 --priority 120 \
	    --source "the desk"
	finish
	fields() {
		tshark -r f.pcap --enable-heuristic acn -o acn.dmx_enable:TRUE \
		    -Y 'ip.dst == 239.255.0.1' -T fields -e acn.dmx.universe \
		    -e acn.dmx.priority -e acn.dmx.source_name \
		    -e acn.dmx.count -e _ws.malformed -e acn.dmx.seq_number \
		    -e acn.dmx.options 2>tshark.log >packets
		(($(wc -l <packets) >= 40)) && ends
	}
	ends() {
		[ "$(tail -n 3 packets | cut -f7 | sort -u)" = 64 ]
	}
	wait_until 20 fields || { cat packets; false; }
	run -0 bash -c 'cut -f1-5 packets | sort -u'
	assert_output --regexp $'^(1|0x0001)\t120\tthe desk\t(513|0x0201)\t?$'
	run -0 awk -F'\t' '$6 != (NR - 1) % 256 { print }' packets
	assert_output ''
}
