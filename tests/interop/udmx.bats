# uDMX: libusb, a device that umockdev makes, and a recording of what it must
# be sent.  What is not in the recording, byte for byte, never gets through.

setup() {
	load ../cli/helper
	common_setup
	[[ ${BUILD:-} != *san* ]] || skip 'not with a preloaded sanitizer'
	command -v umockdev-run
	device uDMX
}

teardown() {
	exec 5>&-
	common_teardown
}

# device PRODUCT: its description.
device() {
	cat >dev.umockdev <<-END
	P: /devices/pci0000:00/0000:00:14.0/usb1/1-2
	N: bus/usb/001/005
	E: DEVTYPE=usb_device
	E: DEVNAME=/dev/bus/usb/001/005
	E: SUBSYSTEM=usb
	E: BUSNUM=001
	E: DEVNUM=005
	E: MAJOR=189
	E: MINOR=4
	E: PRODUCT=16c0/5dc/102
	A: idVendor=16c0\n
	A: idProduct=05dc\n
	A: busnum=1\n
	A: devnum=5\n
	A: speed=1.5\n
	A: bConfigurationValue=1\n
	A: bNumConfigurations=1\n
	A: bNumInterfaces= 1\n
	A: product=$1\n
	A: manufacturer=www.anyma.ch\n
	A: serial=77\n
	H: descriptors=12011001ff000008c016dc0502010102030109021200010100803209040000000000000000
	END
}

# recorded TRANSFER ...: what the device will take.
recorded() {
	python3 "$TOP/tests/interop/udmx_recording.py" usb.pcap "$@"
}

mocked() {
	umockdev-run -d dev.umockdev -p \
	    /sys/devices/pci0000:00/0000:00:14.0/usb1/1-2=usb.pcap -- "$@"
}

@test "it is listed, by what it says of itself" {
	recorded 2:4:0:00000000
	run -0 mocked clasp-dmx-out --driver udmx --list
	assert_output "$(printf 'usb:1-2\tuDMX, www.anyma.ch')"
	run -0 mocked clasp-dmx-out --list
	assert_line "$(printf 'usb:1-2\tuDMX, www.anyma.ch')"
	run -0 mocked clasp-dmx-out --driver opendmx --list
	refute_output --partial uDMX
}

@test "all channels first" {
	recorded '2:512:0:00*512'
	echo '/dmx/1/1 0' | mocked clasp-dmx-out --driver udmx --once
	recorded 2:4:0:ff804000
	echo '/dmx/1 [255,128,64]' |
	    mocked clasp-dmx-out --driver udmx --slots 4 --once
	# by the serial number, the socket it is in, or as lsusb has it
	local name
	for name in 77 usb:1-2 usb:001/005; do
		echo '/dmx/1 [255,128,64]' |
		    mocked clasp-dmx-out --driver udmx --slots 4 --once -d $name
	done
}

@test "what is not in the recording does not get through" {
	recorded 2:4:0:ff804001
	run -3 bash -c 'echo "/dmx/1 [255,128,64]" | umockdev-run \
	    -d dev.umockdev -p \
	    /sys/devices/pci0000:00/0000:00:14.0/usb1/1-2=usb.pcap -- \
	    clasp-dmx-out --driver udmx --slots 4 --once'
	assert_output --partial 'takes no data'
}

@test "then the span that changed, and one channel alone" {
	recorded 2:12:0:010000000000000000000000 2:3:2:050007 1:200:9
	mocked clasp-dmx-out --driver udmx --slots 12 --exit-on-loss <<-'END'
	/dmx/1/1 1 ; /dmx/1/3 timeline [[0,0,"step"],[300000,5]] ; /dmx/1/5 timeline [[0,0,"step"],[300000,7]] ; /dmx/1/10 timeline [[0,0,"step"],[600000,200]]
	END
}

@test "a stall of the pipe is tried once more" {
	recorded 2:4:0:01020304:-32 2:4:0:01020304
	echo '/dmx/1 [1,2,3,4]' |
	    mocked clasp-dmx-out --driver udmx --slots 4 --once
}

@test "a short answer is tried once more; a second one is counted" {
	recorded 2:4:0:01020304:3 2:4:0:01020304
	echo '/dmx/1 [1,2,3,4]' >line
	run -0 --separate-stderr mocked bash -c \
	    'clasp-dmx-out --driver udmx --slots 4 --once -v <line'
	[ -z "$stderr" ]
	# what was not taken is sent again, all of it
	recorded 2:4:0:01020304:3 2:4:0:01020304:-32 2:4:0:01020304
	echo '/dmx/1 [1,2,3,4]' >line
	run -0 --separate-stderr mocked bash -c \
	    'clasp-dmx-out --driver udmx --slots 4 --once -v <line'
	[[ $stderr == *'uDMX: frame not taken: 1 dropped' ]]
}

# In the background: with our end of its input closed.
with_in() {
	exec 5>&-
	exec umockdev-run -d dev.umockdev -p \
	    /sys/devices/pci0000:00/0000:00:14.0/usb1/1-2=usb.pcap -- "$@"
}

# out OPTION ...: the program, fed by descriptor 5; what is mocked is in
# the folder $ROOT.
out() {
	rm -f in root
	mkfifo in
	exec 5<>in
	bg out with_in bash -c 'echo "$UMOCKDEV_DIR" >root
	    exec clasp-dmx-out --driver udmx --slots 4 "$@" <in' out "$@"
	wait_for root
	ROOT=$(<root)
}

# One look, as often as a slow machine may repeat it.
newest() {
	printf '2:4:0:09020304 %.0s' {1..20}
}

@test "unplugged and back: the whole newest look first" {
	# one look, repeated a second later: then it is gone
	recorded 2:4:0:01020304 2:4:0:01020304:-19 $(newest)
	out
	echo '/dmx/1 [1,2,3,4]' >&5
	wait_for_line out.log \
	    '^clasp-dmx-out: uDMX: gone; tried again every second'
	mv "$ROOT/sys/bus/usb/devices/1-2" away
	mv "$ROOT/dev/bus" away.bus
	# lines are taken meanwhile, and it is looked for
	echo '/dmx/1/1 9' >&5
	run ! wait_until 1 grep -q back out.log
	mv away.bus "$ROOT/dev/bus"
	mv away "$ROOT/sys/bus/usb/devices/1-2"
	wait_for_line out.log '^clasp-dmx-out: uDMX: back'
	exec 5>&-
	finish
	# what is not in the recording would not have got through
	[ "$status" = 0 ]
	run ! grep -q 'takes no data' out.log
}

@test "unplugged: the end with --exit-on-loss; an end while it is away" {
	recorded 2:4:0:01020304 2:4:0:01020304:-19
	out --exit-on-loss
	echo '/dmx/1 [1,2,3,4]' >&5
	finish
	[ "$status" = 3 ]
	assert_equal "$(<out.log)" 'clasp-dmx-out: uDMX: gone'
	out
	echo '/dmx/1 [1,2,3,4]' >&5
	wait_for_line out.log 'uDMX: gone; tried again'
	kill "$BG_PID"
	finish
	[ "$status" = 143 ]
}

@test "never there, --wait: then the newest look" {
	recorded $(newest)
	# it is taken away before the program looks
	mkfifo in
	exec 5<>in
	bg out with_in bash -c 'mv "$UMOCKDEV_DIR/sys/bus/usb/devices/1-2" away
	    echo "$UMOCKDEV_DIR" >root
	    exec clasp-dmx-out --driver udmx --slots 4 --wait <in'
	wait_for_line out.log \
	    'uDMX: no such device (USB 16c0:05dc); tried again every second'
	echo '/dmx/1 [1,2,3,4]' >&5
	echo '/dmx/1/1 9' >&5
	mv away "$(<root)/sys/bus/usb/devices/1-2"
	exec 5>&-
	finish
	[ "$status" = 0 ]
}

@test "another device with that id is not touched, unless forced" {
	device 'Espresso'
	recorded 2:4:0:01020304
	run -3 mocked clasp-dmx-out --driver udmx --slots 4 --once </dev/null
	assert_output "clasp-dmx-out: uDMX: usb:1-2 calls itself \
'Espresso', not uDMX; --force takes it all the same"
	echo '/dmx/1 [1,2,3,4]' |
	    mocked clasp-dmx-out --driver udmx --slots 4 --once --force
}

@test "none there; another name" {
	run -3 clasp-dmx-out --driver udmx --once </dev/null
	assert_output \
	    'clasp-dmx-out: uDMX: no such device (USB 16c0:05dc)'
	recorded 2:4:0:01020304
	run -3 mocked clasp-dmx-out --driver udmx -d 78 --once </dev/null
	assert_output 'clasp-dmx-out: 78: no such device (USB 16c0:05dc)'
}
