# OLA's own driver for the widget accepts the stand-in that the other tests
# use; what it sends and what it hears is what ours send and hear.
#
# olad does not run as root and has fixed ports: it gets a user, a network
# namespace and a configuration of its own.

setup() {
	load ../cli/helper
	common_setup
	chmod 755 "$WORK" "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR" \
	    "$BATS_RUN_TMPDIR/test" 2>/dev/null || true
	mkdir conf ports
	mkfifo ctl
	local plugin
	for plugin in artnet dummy e131 espnet ftdidmx gpio karate kinet \
	    milinst nanoleaf opendmx openpixelcontrol osc pathport renard \
	    sandnet shownet spi spidmx stageprofi uartdmx usbdmx; do
		echo 'enabled = false' >conf/ola-$plugin.conf
	done
	cat >conf/ola-usbserial.conf <<-END
		enabled = true
		device_dir = $WORK/ports
		device_prefix = ttyCLASP
	END
	chown -R olad conf
	chmod 755 ports
}

teardown() {
	exec 6>&-
	common_teardown
	rm -f /var/lock/LCK..ttyCLASP0
}

widget() {
	python3 "$TOP/tests/cli/widget.py" ports/ttyCLASP0 w.txt ctl \
	    >widget.log 2>&1 3>&- &
	BG_PIDS+=($!)
	exec 6<>ctl
	wait_until 5 test -e ports/ttyCLASP0
}

# The namespace lives as long as the process NS.
olad_start() {
	unshare -n sh -c 'ip link set lo up; echo up >up; exec sleep 1000' \
	    3>&- 6>&- &
	NS=$!
	BG_PIDS+=("$NS")
	wait_for up
	nsenter -t "$NS" -n setpriv --reuid=olad --regid=nogroup \
	    --clear-groups olad -c "$WORK/conf" -l 3 \
	    --no-register-with-dns-sd --no-http >olad.log 2>&1 3>&- 6>&- &
	OLAD=$!
	BG_PIDS+=("$OLAD")
	wait_until 20 has_widget
}

ola() {
	timeout 10 nsenter -t "$NS" -n "$@" 3>&-
}

has_widget() {
	ola ola_dev_info >info 2>/dev/null && grep -q 'ENTTEC' info
}

@test "OLA finds the widget by its answers" {
	widget
	olad_start
	cat info
	grep -q 'ENTTEC - DMX USB PRO, Serial #: 12345678, firmware 1.68' info
}

@test "OLA sends the frame that we send" {
	widget
	olad_start
	ola ola_patch -d 1 -p 0 -u 1
	ola ola_set_dmx -u 1 -d 255,128,64
	wait_for_line w.txt ' 6 00ff8040$'
	kill "$OLAD"
	gone "$OLAD"
	echo '/dmx/1 [255,128,64]' |
	    clasp-dmx-out -d ports/ttyCLASP0 --once
	wait_for_line w.txt " 6 00ff8040$(printf '00%.0s' {1..509})\$"
}

@test "OLA and clasp-dmx-in hear the same frame" {
	widget
	olad_start
	ola ola_patch -i -d 1 -p 0 -u 2
	nsenter -t "$NS" -n ola_recorder -r rec -u 2 >recorder.log 2>&1 3>&- &
	local recorder=$! i
	BG_PIDS+=("$recorder")
	# the recorder subscribes some time after its start, and writes what
	# changes
	heard() {
		i=$((i + 1))
		printf '5 0000%02x%02x\n' $((i % 256)) 200 >&6
		sleep 0.1
		[ -s rec ] && grep -q "^2 [0-9]*,200" rec
	}
	wait_until 20 heard
	kill -INT "$recorder"
	gone "$recorder"
	kill "$OLAD"
	gone "$OLAD"
	bg_ready got clasp-dmx-in -d ports/ttyCLASP0
	wait_for_line w.txt ' 8 00'
	echo '5 000001c8' >&6
	wait_for_lines got 1
	assert_equal "$(cat got)" '/dmx/1/1 1 ; /dmx/1/2 200'
}

@test "a desk is seen by who subscribes" {
	local frame

	widget
	olad_start
	ola ola_patch -d 1 -p 0 -u 1
	ola ola_set_dmx -u 1 -d 9,8,255
	wait_for_line w.txt ' 6 000908ff$'
	# the cable: what the desk's widget sends is what another receives
	frame=$(awk '$2 == 6 { f = $3 } END { print f }' w.txt)
	mkfifo far.ctl
	python3 "$TOP/tests/cli/widget.py" far far.txt far.ctl \
	    >far.log 2>&1 3>&- 6>&- &
	BG_PIDS+=($!)
	wait_until 5 test -e far
	start_relay 6>&-
	bg_ready in clasp-dmx-in -d far -u "$CLASP_URL"
	bg_ready got clasp-sub '/dmx/**'
	wait_for_line far.txt ' 8 00'
	echo "5 00$frame" >far.ctl
	wait_for_line got '^/dmx/1/3 .*255$'
	sed 's/ttl=never //' got >plain
	run -0 head -n 3 plain
	assert_output $'/dmx/1/1 9\n/dmx/1/2 8\n/dmx/1/3 255'
}
