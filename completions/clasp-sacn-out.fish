# fish completion for clasp-sacn-out

# Addresses the relay has that begin as the word does.
function __clasp_sacn_out_addresses
	set -l word (commandline -ct | string trim -l -c '\'"')
	set -l args --connect-timeout 500ms -o addresses
	set -l line (commandline -opc)
	test -n "$word"; or set word /
	string match -q '/*' -- $word; or return
	if set -l at (contains -i -- -u $line; or contains -i -- --url $line)
		set -a args -u $line[(math $at + 1)]
	end
	timeout 1 clasp-get $args -- "$word*/**" 2>/dev/null |
	    head -n 1000 | string match '/*'
end

complete -c clasp-sacn-out -f
complete -c clasp-sacn-out -s U -l universe -r -f -d 'universes, as 1-4,7; default all; --both needs it'
complete -c clasp-sacn-out -s p -l port -r -f -d 'UDP port; default 5568'
complete -c clasp-sacn-out -l to -r -f -d 'send there, instead of to multicast groups; repeatable'
complete -c clasp-sacn-out -l slots -r -f -d 'slots in a frame, 1-512; default 512'
complete -c clasp-sacn-out -l priority -r -f -d '0-200; default 100'
complete -c clasp-sacn-out -l source -r -f -d 'what receivers call us; default clasp'
complete -c clasp-sacn-out -l cid -r -f -d 'who we are; default: one for each --source, kept'
complete -c clasp-sacn-out -l sync -r -f -d 'have receivers show all universes of a tick at once, by sync address A'
complete -c clasp-sacn-out -l preview -d 'mark packets as preview, not for the stage'
complete -c clasp-sacn-out -l ttl -r -f -d 'networks that multicast may cross, 1-255; default 1'
complete -c clasp-sacn-out -l no-discovery -d 'do not tell every ten seconds which universes we send'
complete -c clasp-sacn-out -l max-rate -r -f -d 'with --both: at most so many values a second for an address; 0: all; default 60'
complete -c clasp-sacn-out -l rate -r -f -d 'frames a second, at most 44; default 44'
complete -c clasp-sacn-out -l on-exit -r -f -a 'hold blackout release' -d 'release (say goodbye; the default), hold (only stop) or blackout'
complete -c clasp-sacn-out -l scale -r -f -a 'auto raw unit' -d 'auto (floats 0.0-1.0 are shares of 255, larger ones levels), raw (all are levels) or unit (all are shares)'
complete -c clasp-sacn-out -l once -d 'read all, send one frame, exit'
complete -c clasp-sacn-out -l hold -d 'keep sending after the end of the input, until a signal'
complete -c clasp-sacn-out -l interface -r -f -a '(timeout 1 clasp-sacn-out --list 2>/dev/null)' -d 'the network interface, by its name or address; needed where there are several'
complete -c clasp-sacn-out -l list -d 'list the interfaces and exit'
complete -c clasp-sacn-out -l rcvbuf -r -f -d 'room for packets that wait, as 4M; default 1M; more than the system allows needs CAP_NET_ADMIN'
complete -c clasp-sacn-out -l show -f -a 'hex dec pct' -d 'draw the levels in the terminal, as hex (the default), dec or pct'
complete -c clasp-sacn-out -s u -l url -r -f -d 'work with this relay, or with @NAME from the configuration, instead of lines'
complete -c clasp-sacn-out -l prefix -r -f -d 'what addresses begin with, instead of the protocol\'s own'
complete -c clasp-sacn-out -l no-snapshot -d 'with -u: do not begin with what the relay knows'
complete -c clasp-sacn-out -l both -d 'with -u: both directions on one session'
complete -c clasp-sacn-out -l map -r -f -d 'rename and transform, as clasp-map(1)'
complete -c clasp-sacn-out -s m -l map-file -r -F -d 'rules from a file, one a line'
complete -c clasp-sacn-out -l token-file -r -F -d 'the token, one line; a file nobody else can read'
complete -c clasp-sacn-out -l token -r -f -d 'the token itself'
complete -c clasp-sacn-out -l cacert -r -F -d 'trust the CAs in this file'
complete -c clasp-sacn-out -l cert -r -F -d 'our certificate'
complete -c clasp-sacn-out -l key -r -F -d 'our certificate\'s key'
complete -c clasp-sacn-out -l insecure -d 'do not check the relay\'s certificate'
complete -c clasp-sacn-out -l name -r -f -d 'our name at the relay; default program@host:pid'
complete -c clasp-sacn-out -l connect-timeout -r -f -d 'give up connecting after D; default 5s'
complete -c clasp-sacn-out -l retry -f -d 'try the first connection again, for ever or N times'
complete -c clasp-sacn-out -l no-reconnect -d 'a lost connection is the end, exit 3'
complete -c clasp-sacn-out -s n -l count -r -f -d 'stop after N messages'
complete -c clasp-sacn-out -s T -l timeout -r -f -d 'stop after D, exit 124'
complete -c clasp-sacn-out -l idle -r -f -d 'stop when nothing came for D, exit 0'
complete -c clasp-sacn-out -l strict -d 'stop at the first bad line'
complete -c clasp-sacn-out -l ready-fd -r -f -d 'write "ready" to descriptor N once all is set up'
complete -c clasp-sacn-out -l stats -d 'one line of figures at the end'
complete -c clasp-sacn-out -s q -l quiet -d 'errors only'
complete -c clasp-sacn-out -s v -l verbose -d 'say more; -vv shows frames and where settings come from'
complete -c clasp-sacn-out -l color -r -f -a 'auto always never' -d 'colors: auto, always or never'
complete -c clasp-sacn-out -l config -r -F -d 'read this configuration instead of the usual ones'
complete -c clasp-sacn-out -s h -l help -d 'show this help and exit'
complete -c clasp-sacn-out -s V -l version -d 'show the version and exit'
