# ALSA's MIDI parser reads the same bytes as clasp-midi-in.

setup() {
	load ../cli/helper
	common_setup
	cc -Wall -o oracle "$TOP/tests/interop/alsa_midi.c" \
	    $(pkg-config --cflags --libs alsa)
}

teardown() {
	common_teardown
}

agree() {
	./oracle <bytes >alsa
	clasp-midi-in -q -d - --clock --sysex <bytes >ours
	[ -s ours ]
	diff alsa ours
}

@test "every message, and what may stand inside others" {
	local rows='903c64 9f2400 823c40 b04a64 b9007f e00040 e00000 e17f7f
	    c52a d364 a23c50 903c643e50 903cf864 fa fb fc f0437ff801f7f7
	    f20140 f305 f6 ff f8 f00102903c64 f40102b00701 903cb00701
	    b0077ff6b0077e b0077ff80701 f07e7f0601f7'
	for row in $rows; do
		xxd -r -p <<<"$row" >bytes
		agree || { echo "$row"; return 1; }
	done
	xxd -r -p <<<"$rows" >bytes
	agree
}

@test "a long stream of whole messages with clocks in between" {
	python3 - >bytes <<'END'
import random, sys
random.seed(3)
out = bytearray()
running = None
for _ in range(20000):
    kind = random.choice([0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0, 0xF0])
    if kind == 0xF0:
        message = bytes([0xF0] + random.choices(range(128), k=9) + [0xF7])
        running = None
    else:
        status = kind | random.randrange(16)
        size = 1 if kind in (0xC0, 0xD0) else 2
        message = bytes(random.choices(range(128), k=size))
        if status != running or random.random() < 0.5:
            message = bytes([status]) + message
        running = status
    for byte in message:
        if random.random() < 0.05:
            out.append(random.choice([0xF8, 0xFA, 0xFC]))
        out.append(byte)
sys.stdout.buffer.write(out)
END
	agree
	(($(wc -l <ours) > 20000))
}

@test "10 MB of any bytes" {
	# before any status ALSA reads data as notes: begin with one
	python3 -c '
import random, sys
random.seed(5)
sys.stdout.buffer.write(b"\xb0\x07\x01" + random.randbytes(10 << 20))' >bytes
	./oracle <bytes >alsa
	clasp-midi-in -q -d - --clock --sysex <bytes >ours
	[ "$(wc -l <ours)" -gt 1000000 ]
	cmp alsa ours
}

@test "what clasp-midi-out sends, ALSA reads as the same lines" {
	python3 - >lines <<'END'
import random
random.seed(7)
D = '/midi/default'
for _ in range(20000):
    ch = '%s/ch/%d/' % (D, random.randrange(16))
    a, b = random.randrange(128), random.randrange(128)
    on = random.random() < 0.5
    print(random.choice((
        ch + 'note event {"note":%d,"on":%s,"velocity":%d}' % (
            a, 'true' if on else 'false', b or 1),
        ch + 'cc/%d %d' % (a, b), ch + 'poly/%d %d' % (a, b),
        ch + 'program event %d' % a, ch + 'pressure %d' % a,
        ch + 'bend %d' % random.randrange(-8192, 8192),
        D + '/songpos event %d' % random.randrange(16384),
        D + '/songselect event %d' % a, D + '/tune event',
        D + '/clock event', D + '/reset event',
        D + '/transport event "%s"' % random.choice(('start', 'continue',
                                                     'stop')),
        D + '/sysex event x"f0%sf7"' % bytes(random.choices(
            range(128), k=random.randrange(1, 40))).hex())))
END
	for options in '' --running-status; do
		# into a file: what a pipe holds up would be thinned
		clasp-midi-out -d - --clock --sysex --on-exit hold $options \
		    <lines >bytes
		./oracle <bytes >back
		# ALSA has one word for start and continue
		diff <(sed 's/"continue"/"start"/' lines) \
		    <(sed 's/"continue"/"start"/' back)
	done
}
