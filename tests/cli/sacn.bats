# clasp-sacn-in and clasp-sacn-out: each other, a listener in Python, the
# relay; and multicast, in a network namespace of its own.

setup() {
	load helper
	common_setup
	export XDG_STATE_HOME=$WORK/state
	R=(--interface 127.0.0.1 -p 0 --port-file port)
}

teardown() {
	exec 5>&- 6>&-
	common_teardown
}

# receiver OPTION ...: clasp-sacn-in in the background, its lines in got, its
# port in $P.
receiver() {
	rm -f port
	bg_ready got clasp-sacn-in "${R[@]}" "$@"
	RECEIVER=$BG_PID
	P=$(<port)
}

# listener: packets as lines in heard, the port in $P.
listener() {
	rm -f port
	bg heard python3 "$TOP/tests/cli/sacn.py" listen port "$@"
	wait_for port
	P=$(<port)
}

# sender NAME OPTION ...: clasp-sacn-out in the background, fed by the named
# descriptor file.
sender() {
	local name=$1

	shift
	rm -f "$name.in"
	mkfifo "$name.in"
	bg_ready "$name" bash -c 'exec clasp-sacn-out "$@" <>"$0"' \
	    "$name.in" --to "127.0.0.1:$P" --source "$name" "$@"
}
say() {
	echo "$2" >"$1.in"
}

heard() {
	(($(grep -c -e "$2" heard) >= $1))
}

send() {
	python3 "$TOP/tests/cli/sacn.py" send "$P" "$@"
}

# A packet of three levels: SEQUENCE OPTIONS PRIORITY LEVELS.
packet() {
	printf '%s' 001000004153432d45312e31370000007071 \
	    00000004 00112233445566778899aabbccddeeff 705b00000002 \
	    6465736b '{00*60}' "$3" 0000 "$1" "$2" 0001 \
	    700e02a1000000010004 00 "$4"
}

@test "what is put in comes out, and the higher priority wins" {
	receiver -U 1 -t=rel
	printf '/sacn/1/1 10\n' >low.txt
	bg low bash -c 'exec clasp-sacn-out "$@" <low.txt' x -U 1 \
	    --to "127.0.0.1:$P" --priority 100 --source low --hold
	wait_for_lines got 1
	mkfifo high.in
	bg high bash -c 'exec clasp-sacn-out "$@" <high.in' x -U 1 \
	    --to "127.0.0.1:$P" --priority 150
	exec 5>high.in
	echo '/sacn/1/1 200' >&5
	wait_for_lines got 2
	exec 5>&-
	finish
	assert_equal "$status" 0
	wait_for_lines got 3
	run -0 awk '{ print $2, $3 }' got
	assert_output $'/sacn/1/1 10\n/sacn/1/1 200\n/sacn/1/1 10'
}

@test "a source that is killed is missed after 2.5 seconds" {
	receiver -U 1
	sender low --priority 90
	say low '/sacn/1/1 10'
	wait_for_lines got 1
	sender high
	local high=$BG_PID
	say high '/sacn/1/1 20'
	wait_for_lines got 2
	kill -9 "$high"
	wait_for_lines got 3
	assert_equal "$(sed -n 3p got)" '/sacn/1/1 10'
}

@test "changes at the tick, three times again, then kept alive" {
	listener
	sender desk --slots 3
	say desk '/sacn/1 [1,2,3]'
	wait_until 10 heard 6 ' data 1 '
	say desk '/sacn/1/2 9'
	wait_until 10 heard 2 ' 010903$'
	kill "$BG_PID"
	wait_until 10 heard 3 'opt=40'
	# numbers go on from 0, the look stays; how close two may be is for a
	# made-up clock: here one may be late and the next on time
	awk '/ data / { if ($4 != "seq=" n % 256) bad = 1
	    if (n++ == 0) first = $1
	    if (prev && $1 - prev > 1.0) bad = 3
	    prev = $1
	} END { exit n > 44 * (prev - first) + 4 ? 2 : bad }' heard
	assert_equal "$(grep -c 'opt=40 .* 010903$' heard)" 3
	# the first look: 4 at the ticks, the others 0.8 s apart
	run -0 awk '/ 010203$/ { t[++n] = $1 } END {
	    print (t[4] - t[1] < 0.5), (t[5] - t[4] > 0.7), (t[6] - t[5] > 0.7)
	}' heard
	assert_output '1 1 1'
}

@test "what is said of a packet is in it" {
	listener
	run -0 --separate-stderr bash -c 'echo "/sacn/63999 [255,0,7]" |
	    clasp-sacn-out --to 127.0.0.1:$1 --once --on-exit hold --slots 5 \
	    --priority 7 --source "Käse" --preview --sync 300 \
	    --cid 00112233445566778899aabbccddeeff' x "$P"
	[ -z "$stderr" ]
	wait_for_lines heard 2
	run -0 cut -d' ' -f2- heard
	assert_line -n 0 "data 63999 seq=0 prio=7 opt=80 sync=300\
 cid=00112233445566778899aabbccddeeff Käse 5 ff0007"
	assert_line -n 1 'sync 300 seq=0'
	assert_equal "${#lines[@]}" 2
}

@test "at the end: hold, blackout" {
	listener
	echo '/sacn/1/1 1' |
	    clasp-sacn-out --to "127.0.0.1:$P" --on-exit hold
	echo '/sacn/2/1 1' |
	    clasp-sacn-out --to "127.0.0.1:$P" --on-exit blackout
	echo '/sacn/3/1 1' | clasp-sacn-out --to "127.0.0.1:$P"
	wait_until 10 heard 3 'opt=40'
	assert_equal "$(grep -c ' data 1 .* 01$' heard)" 1
	assert_equal "$(grep -c ' data 1 ' heard)" 1
	assert_equal "$(grep -c ' data 2 .* 512 $' heard)" 3
	assert_equal "$(grep -c ' data 3 .*opt=40' heard)" 3
}

# The CIDs that were heard, in order, each once.
cids() {
	sed -n 's/.* cid=\([0-9a-f]*\) .*/\1/p' heard | uniq
}

@test "a source is the same after a restart, and two are never one" {
	listener
	local i first second
	for i in 1 2; do
		echo "/sacn/$i/1 1" |
		    clasp-sacn-out --to "127.0.0.1:$P" --once
	done
	wait_until 10 heard 2 'data 2 '
	assert_equal "$(cids | wc -l)" 1
	first=$(cids)
	[[ $first =~ ^.{12}4.{3}[89ab] ]]
	assert_equal "$(tr -d '\n-' <state/clasp/cid/clasp)" "$first"
	sender clasp
	for i in 3 4; do
		echo "/sacn/$i/1 1" |
		    clasp-sacn-out --to "127.0.0.1:$P" --once
	done
	wait_until 10 heard 2 'data 4 '
	second=$(cids | sed -n 2p)
	[[ $second != "$first" && $second =~ ^.{12}5.{3}[89ab] ]]
	assert_equal "$(cids | wc -l)" 2
	# another name is another source
	echo '/sacn/5/1 1' | clasp-sacn-out --to "127.0.0.1:$P" --once \
	    --source '../a b'
	wait_until 10 heard 1 'data 5 '
	assert_equal "$(cids | sort -u | wc -l)" 3
	[ -s 'state/clasp/cid/%2e%2e%2fa%20b' ]
}

@test "without a place to keep it a source says so and works" {
	listener
	run -0 --separate-stderr bash -c 'echo "/sacn/1/1 1" |
	    XDG_STATE_HOME=/dev/null/x clasp-sacn-out --once \
	    --to 127.0.0.1:$1' x "$P"
	assert_equal "$stderr" "clasp-sacn-out: CID: cannot be kept: not a\
 directory; it is new each time, --cid settles it"
	wait_until 10 heard 1 'data 1 '
}

@test "packets that are none are counted; order, preview, goodbye" {
	receiver -U 1-2 -v --status
	send "$(packet 00 00 64 0a141e)" 00 "$(packet 00 00 64 636363)" \
	    "$(packet 01 80 64 010101)" "$(packet 02 00 c9 010101)" \
	    "$(packet 03 00 64 0a151e)" "$(packet 04 40 64 000000)"
	wait_for_lines got 4
	kill "$RECEIVER"
	finish "$RECEIVER"
	local cid=00112233-4455-6677-8899-aabbccddeeff
	assert_equal "$(cat got)" "/sacn/1/1 by=desk 10 ;\
 /sacn/1/2 by=desk 20 ; /sacn/1/3 by=desk 30
/sacn/1/status {\"priority\":100,\"sources\":[{\"cid\":\"$cid\",\
\"name\":\"desk\",\"priority\":100}]}
/sacn/1/2 by=desk 21
/sacn/1/status {\"priority\":0,\"sources\":[]}"
	grep -q "udp port $P: packet cut short.*1" got.log
	grep -q 'packet late, or twice' got.log
	grep -q 'preview packet' got.log
	grep -q 'priority above 200' got.log
}

@test "preview and darkness, where they are asked for" {
	receiver -U 1 --preview --on-loss blackout
	send "$(packet 00 80 64 0a141e)"
	wait_for_lines got 1
	send "$(packet 01 40 64 0a141e)"
	wait_for_lines got 2
	assert_equal "$(sed -n 2p got)" \
	    '/sacn/1/1 0 ; /sacn/1/2 0 ; /sacn/1/3 0'
}

@test "frames as bytes; once; another prefix; a rule" {
	receiver -U 1 --mode universe --once --prefix /desk
	send "$(packet 00 00 64 0a141e)"
	finish "$RECEIVER"
	assert_equal "$status" 0
	assert_equal "$(cat got)" '/desk/1 stream x"0a141e"'
	receiver -U 1 -n 1 --map '/sacn/1/2 /x/y' --map '/sacn/** drop'
	send "$(packet 00 00 64 0a141e)"
	finish "$RECEIVER"
	assert_equal "$(cat got)" '/x/y 20 ;'
}

@test "levels to look at, in and out" {
	receiver -U 1 --show --once
	echo '/sacn/1 [255,16]' | clasp-sacn-out --to "127.0.0.1:$P" --once \
	    --slots 2 --show >shown
	finish "$RECEIVER"
	grep -q '^/sacn/1  2 slots, 2 lit$' got
	grep -q '^  1 ff10 *$' got
	cmp got shown
}

@test "what is no channel of ours is counted and told" {
	listener
	printf '%s\n' '/sacn/0/1 1' '/sacn/64000/1 1' '/sacn/1/513 1' \
	    '/sacn/1/0 1' '/sacn/01/1 1' '/sacn/2/1 1' '/sacn/1/1 {"a":1}' \
	    '/sacn/1/2 nan' '/other/1 1' '/sacn/1/3 7' >lines
	run -0 --separate-stderr bash -c 'clasp-sacn-out -v -U 1 --once \
	    --to 127.0.0.1:$1 <lines' x "$P"
	wait_until 10 heard 1 ' 000007$'
	[[ $stderr == *'no such channel'*4* ]]
	[[ $stderr == *'another universe'*2* ]]
	[[ $stderr == *'value is no level'*2* ]]
}

@test "a relay's state at once, then what comes; and the other way" {
	start_relay
	clasp-set /sacn/1/1 5 /sacn/2/7 0.5
	listener
	bg_ready out clasp-sacn-out --to "127.0.0.1:$P" --slots 8 \
	    -u "$CLASP_URL"
	wait_until 10 heard 1 ' data 1 .* 05$'
	wait_until 10 heard 1 ' data 2 .* 0000000000007f$'
	clasp-set /sacn/1/2 6
	wait_until 10 heard 1 ' data 1 .* 0506$'
	kill "$BG_PID"
	finish
	receiver -U 1 -u "$CLASP_URL"
	send "$(packet 00 00 64 0a141e)"
	wait_until 10 bash -c '[ "$(clasp-get /sacn/1/3)" = 30 ]'
}

@test "a relay that is gone for a while: the look stays, nothing is lost" {
	start_relay
	listener
	local fixture=$P
	receiver -U 5 --status -u "$CLASP_URL"
	bg_ready out clasp-sacn-out -U 1,5 --slots 2 --source out \
	    --to "127.0.0.1:$fixture" -u "$CLASP_URL"
	send "$(packet 00 00 64 0a141e | sed 's/0001700e/0005700e/')"
	clasp-set /sacn/1/1 7
	wait_until 10 heard 1 ' data 1 .* 07$'
	wait_until 10 bash -c '[ "$(clasp-get /sacn/5/3)" = 30 ]'
	kill -9 "$RELAY_PID"
	wait_for_line out.log ': lost'
	send "$(packet 01 00 64 0a141f | sed 's/0001700e/0005700e/')"
	# longer than a source may be silent
	wait_until 20 heard 9 ' data 1 .* 07$'
	clasp-relay -p "$RELAY_PORT" >relay2.log 2>&1 3>&- &
	BG_PIDS+=("$!")
	wait_for_line out.log ': back after' 20
	# it knows nothing: what the device has is said again, the look stays
	wait_until 20 bash -c '[ "$(clasp-get /sacn/5/3)" = 31 ]'
	[[ $(clasp-get /sacn/5/status) == *'"sources"'* ]]
	clasp-set /sacn/1/2 8
	wait_until 10 heard 1 ' data 1 .* 0708$'
	run ! grep -q ' data 1 .*opt=40' heard
	run ! grep -q ' data 1 .* 2 $' heard
	# what receivers say of sources is no fault
	run ! grep -q 'no such channel' out.log
}

@test "both directions on one session do not go round" {
	start_relay
	listener
	local p=$P free
	bg_ready got clasp-sacn-in "${R[@]}" -U 9
	free=$(<port)
	kill "$BG_PID"
	gone "$BG_PID"
	bg_ready both clasp-sacn-out --both -U 1 --interface lo -p "$free" \
	    --to "127.0.0.1:$p" --slots 3 -u "$CLASP_URL" --source both
	P=$free
	send "$(packet 00 00 64 0a141e)"
	wait_until 10 bash -c '[ "$(clasp-get /sacn/1/3)" = 30 ]'
	clasp-set /sacn/1/1 99
	wait_until 10 heard 1 ' data 1 .* 63$'
	# what came from the network was not sent back to it
	run ! grep -q ' 14' heard
	kill "$BG_PID"
	wait_until 10 heard 3 'opt=40'
}

@test "options that are none" {
	run -2 --separate-stderr clasp-sacn-in --interface lo
	[[ $stderr == 'clasp-sacn-in: no universe given: -U LIST'* ]]
	run -2 --separate-stderr clasp-sacn-in -U 0 --interface lo
	[[ $stderr == *'universes from 1 to 63999'* ]]
	run -2 clasp-sacn-in -U 64000 --interface lo
	run -3 --separate-stderr clasp-sacn-in -U 1 --interface nowhere0
	[[ $stderr == 'clasp-sacn-in: nowhere0: no such interface; there is'* ]]
	run -2 clasp-sacn-in -U 1 --interface lo --rcvbuf 0
	run -2 clasp-sacn-out --priority 201 --to 127.0.0.1
	run -2 clasp-sacn-out --cid 0011 --to 127.0.0.1
	run -2 clasp-sacn-out --sync 0 --to 127.0.0.1
	run -2 clasp-sacn-out --slots 513 --to 127.0.0.1
	run -2 clasp-sacn-out --to 127.0.0.1:0
	run -2 --separate-stderr clasp-sacn-out --both -U 1 --interface lo
	[[ $stderr == *'--both needs a relay'* ]]
	run -2 clasp-sacn-out --source "$(printf 'x%.0s' {1..64})"
	run -3 clasp-sacn-out --to no.such.host.invalid
	run -0 clasp-sacn-in --list
	assert_line --regexp $'^lo\t127.0.0.1\t'
}

# ------------------------------------------------------------- multicast

# A network of our own, as long as the process NS lives; commands in it: net.
namespace() {
	local user=()

	((EUID == 0)) || user=(-r)
	unshare "${user[@]}" -n sh -c 'ip link set lo up; echo up >up
	    exec sleep 1000' 3>&- &
	NS=$!
	BG_PIDS+=("$NS")
	wait_for up
	NET=(nsenter -t "$NS" -n)
	((EUID == 0)) || NET=(nsenter -t "$NS" -U --preserve-credentials -n)
}

@test "groups: each universe has its own, more than a socket takes" {
	namespace
	bg_ready got "${NET[@]}" clasp-sacn-in -U 1-30 --interface lo
	bg_ready other "${NET[@]}" clasp-sacn-in -U 40 --interface lo
	# alone on lo nothing needs to be chosen; 40 is not for the first
	seq 1 40 | sed 's|.*|/sacn/&/1 &|' |
	    "${NET[@]}" clasp-sacn-out --slots 1 2>out.log
	wait_for_lines got 30
	wait_for_lines other 1
	assert_equal "$(sort -V got)" "$(seq 1 30 | sed 's|.*|/sacn/&/1 &|')"
	assert_equal "$(cat other)" '/sacn/40/1 40'
	[ ! -s out.log ]
}

@test "receivers are told which universes there are" {
	namespace
	bg heard "${NET[@]}" python3 "$TOP/tests/cli/sacn.py" listen 5568 \
	    239.255.250.214
	bg_ready got "${NET[@]}" clasp-sacn-in -U 1 --interface lo
	mkfifo in
	bg out "${NET[@]}" bash -c 'exec clasp-sacn-out --interface lo <>in'
	{ echo '/sacn/700/1 1'; echo '/sacn/1/1 1'; } >in
	wait_for_line heard ' list 0/0 ttl=1 1 700$'
	kill "$BG_PID"
	finish
	bg out "${NET[@]}" bash -c \
	    'exec clasp-sacn-out --interface lo --ttl 9 --slots 1 <>in'
	seq 1 1030 | sed 's|.*|/sacn/&/1 1|' >in
	wait_for_line heard ' list 2/2 '
	run -0 sed -n 's|.* list \(./2 ttl=9\)|\1|p' heard
	assert_line -n 0 "0/2 ttl=9 $(seq -s ' ' 1 512)"
	assert_line -n 1 "1/2 ttl=9 $(seq -s ' ' 513 1024)"
	assert_line -n 2 "2/2 ttl=9 $(seq -s ' ' 1025 1030)"
}

@test "a sync address is a group that is joined and left" {
	namespace
	bg_ready got "${NET[@]}" clasp-sacn-in -U 1-2 --interface lo
	joined() {
		"${NET[@]}" ip -4 maddr show dev lo | grep -q "$1"
	}
	joined 239.255.0.2
	mkfifo in
	bg out "${NET[@]}" bash -c \
	    'exec clasp-sacn-out --sync 900 --slots 1 --interface lo <>in'
	{ echo '/sacn/1/1 1'; echo '/sacn/2/1 1'; } >in
	wait_for_lines got 2
	wait_until 10 joined 239.255.3.132
	echo '/sacn/1/1 2' >in
	wait_for_line got '/sacn/1/1 2'
	kill "$BG_PID"
	wait_until 20 eval '! joined 239.255.3.132'
}

@test "several interfaces: one is to be chosen" {
	namespace
	"${NET[@]}" ip link add vA type veth peer name vB
	"${NET[@]}" ip addr add 10.77.0.1/24 dev vA
	"${NET[@]}" ip addr add 10.78.0.1/24 dev vB
	"${NET[@]}" ip link set vA up
	"${NET[@]}" ip link set vB up
	run -2 --separate-stderr "${NET[@]}" clasp-sacn-in -U 1
	[[ $stderr == *'several interfaces fit: '*'vA (10.77.0.1)'*--interface* ]]
	run -2 --separate-stderr "${NET[@]}" clasp-sacn-out </dev/null
	[[ $stderr == *'vB (10.78.0.1)'* ]]
	run -124 "${NET[@]}" clasp-sacn-in -U 1 --interface 10.78.0.1 -T 0.1
	run -0 "${NET[@]}" clasp-sacn-in --list
	assert_line $'vB\t10.78.0.1\tmulticast'
}

@test "a network that takes no packets is told, and tried again" {
	namespace
	"${NET[@]}" ip link add vA type veth peer name vB
	"${NET[@]}" ip addr add 10.77.0.1/24 dev vA
	"${NET[@]}" ip link set vA up
	"${NET[@]}" ip link set vB up
	mkfifo in
	bg out "${NET[@]}" bash -c 'exec clasp-sacn-out --to 10.99.0.1 \
	    --slots 1 -v <>in'
	echo '/sacn/1/1 7' >in
	wait_for_line out.log \
	    '10.99.0.1: dropped: packet not sent: network is unreachable (1 '
	kill "$BG_PID"
	finish
	# a way there: the levels arrive
	bg_ready got "${NET[@]}" clasp-sacn-in -U 1 --interface lo -n 1
	bg out "${NET[@]}" bash -c 'exec clasp-sacn-out --to 10.99.0.1 \
	    --slots 1 <>in'
	echo '/sacn/1/1 7' >in
	wait_for_line out.log 'packet not sent'
	"${NET[@]}" ip addr add 10.99.0.1/32 dev lo
	wait_for_lines got 1
	assert_equal "$(cat got)" '/sacn/1/1 7'
}

# Two interfaces with a cable between them.
cable() {
	"${NET[@]}" ip link add vA type veth peer name vB
	"${NET[@]}" ip addr add 10.77.0.1/24 dev vA
	"${NET[@]}" ip addr add 10.78.0.1/24 dev vB
	"${NET[@]}" ip link set vA up
	"${NET[@]}" ip link set vB up
	# both ends have addresses of this machine
	"${NET[@]}" sysctl -qw net.ipv4.conf.vA.accept_local=1 \
	    net.ipv4.conf.vB.accept_local=1 net.ipv4.conf.all.rp_filter=0 \
	    net.ipv4.conf.vA.rp_filter=0 net.ipv4.conf.vB.rp_filter=0
}

@test "a network that goes down, and an interface that is unplugged" {
	namespace
	cable
	bg_ready got "${NET[@]}" clasp-sacn-in -U 1 --interface vB
	mkfifo in
	bg out "${NET[@]}" bash -c \
	    'exec clasp-sacn-out --interface vA --slots 1 <>in'
	echo '/sacn/1/1 1' >in
	wait_for_line got '^/sacn/1/1 1$'
	"${NET[@]}" ip link set vA down
	echo '/sacn/1/1 2' >in
	wait_for_line out.log 'unreachable; is it up?  --interface names another'
	"${NET[@]}" ip link set vA up
	wait_for_line got '^/sacn/1/1 2$'
	"${NET[@]}" ip link del vA
	wait_for_line got.log \
	    '^clasp-sacn-in: vB: no such interface any more; tried again'
	cable
	wait_for_line got.log '^clasp-sacn-in: vB: back$'
	wait_for_line out.log '^clasp-sacn-out: vA: back$'
	echo '/sacn/1/1 3' >in
	wait_for_line got '^/sacn/1/1 3$'
	# another address, as after a new lease
	"${NET[@]}" ip addr del 10.77.0.1/24 dev vA
	"${NET[@]}" ip addr add 10.77.0.9/24 dev vA
	echo '/sacn/1/1 4' >in
	wait_for_line got '^/sacn/1/1 4$'
	assert_equal "$(cat got)" "$(printf '/sacn/1/1 %d\n' 1 2 3 4)"
}

@test "the system may let a socket have fewer groups than it does" {
	namespace
	"${NET[@]}" sysctl -qw net.ipv4.igmp_max_memberships=3
	bg_ready got "${NET[@]}" clasp-sacn-in -U 1-10 --interface lo
	seq 1 10 | sed 's|.*|/sacn/&/1 &|' |
	    "${NET[@]}" clasp-sacn-out --slots 1
	wait_for_lines got 10
}

@test "as much room for packets as the system gives, and that is told" {
	namespace
	# root of a namespace of users only may not force it
	bg_ready got "${NET[@]}" setpriv --inh-caps=-all --bounding-set=-all \
	    clasp-sacn-in -U 1 --interface lo --rcvbuf 512M
	grep -q 'udp port 5568: --rcvbuf: the system gives [0-9]* bytes$' \
	    got.log
}
