# fish completion for clasp-artnet-out

# Addresses the relay has that begin as the word does.
function __clasp_artnet_out_addresses
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

complete -c clasp-artnet-out -f
complete -c clasp-artnet-out -s U -l universe -r -f -d 'universes, as 0-3,16; default all that come; --both needs it'
complete -c clasp-artnet-out -l to -r -f -d 'send there, instead of to the nodes that are found; repeatable'
complete -c clasp-artnet-out -l broadcast -d 'send to all on the network'
complete -c clasp-artnet-out -l limited-broadcast -d 'broadcasts go to 255.255.255.255, not to the network\'s own address'
complete -c clasp-artnet-out -s p -l port -r -f -d 'UDP port, ours and the nodes\'; default 6454'
complete -c clasp-artnet-out -l split -d 'addresses as /artnet/N/S/U/C: net, sub-net, universe'
complete -c clasp-artnet-out -l slots -r -f -d 'slots in a frame, 2-512, even; default 512'
complete -c clasp-artnet-out -l sync -d 'an ArtSync after the frames of a tick'
complete -c clasp-artnet-out -l source -r -f -d 'what others call us; default clasp-artnet-out'
complete -c clasp-artnet-out -l reply-broadcast -d 'answer controllers by broadcast'
complete -c clasp-artnet-out -l merge -r -f -a 'htp ltp' -d 'with --both: two sources of a universe by htp (the default) or ltp'
complete -c clasp-artnet-out -l on-loss -r -f -a 'hold blackout' -d 'with --both: when the last source is silent, hold (the default) or blackout'
complete -c clasp-artnet-out -l rate -r -f -d 'frames a second, at most 44; default 44'
complete -c clasp-artnet-out -l scale -r -f -a 'auto raw unit' -d 'auto (floats 0.0-1.0 are shares of 255, larger ones levels), raw (all are levels) or unit (all are shares)'
complete -c clasp-artnet-out -l once -d 'read all, send one frame, exit'
complete -c clasp-artnet-out -l hold -d 'keep sending after the end of the input, until a signal'
complete -c clasp-artnet-out -l on-exit -r -f -a 'hold blackout' -d 'hold (leave the last frame standing; the default) or blackout'
complete -c clasp-artnet-out -l interface -r -f -a '(timeout 1 clasp-artnet-out --list 2>/dev/null)' -d 'the network interface, by its name or address; needed where there are several'
complete -c clasp-artnet-out -l list -d 'list the interfaces and exit'
complete -c clasp-artnet-out -l rcvbuf -r -f -d 'room for packets that wait, as 4M; default 1M; more than the system allows needs CAP_NET_ADMIN'
complete -c clasp-artnet-out -l show -f -a 'hex dec pct' -d 'draw the levels in the terminal, as hex (the default), dec or pct'
complete -c clasp-artnet-out -s u -l url -r -f -d 'work with this relay, or with @NAME from the configuration, instead of lines'
complete -c clasp-artnet-out -l prefix -r -f -d 'what addresses begin with, instead of the protocol\'s own'
complete -c clasp-artnet-out -l no-snapshot -d 'with -u: do not begin with what the relay knows'
complete -c clasp-artnet-out -l both -d 'with -u: both directions on one session'
complete -c clasp-artnet-out -l max-rate -r -f -d 'at most so many values a second for an address, the newest counts; 0: all; default: 60 with -u, else all'
complete -c clasp-artnet-out -l ttl -r -f -d 'with -u: values expire after D, in whole seconds; default: never'
complete -c clasp-artnet-out -l map -r -f -d 'rename and transform, as clasp-map(1)'
complete -c clasp-artnet-out -s m -l map-file -r -F -d 'rules from a file, one a line'
complete -c clasp-artnet-out -l token-file -r -F -d 'the token, one line; a file nobody else can read'
complete -c clasp-artnet-out -l token -r -f -d 'the token itself'
complete -c clasp-artnet-out -l cacert -r -F -d 'trust the CAs in this file'
complete -c clasp-artnet-out -l cert -r -F -d 'our certificate'
complete -c clasp-artnet-out -l key -r -F -d 'our certificate\'s key'
complete -c clasp-artnet-out -l insecure -d 'do not check the relay\'s certificate'
complete -c clasp-artnet-out -l name -r -f -d 'our name at the relay; default program@host:pid'
complete -c clasp-artnet-out -l connect-timeout -r -f -d 'give up connecting after D; default 5s'
complete -c clasp-artnet-out -l retry -f -d 'try the first connection again, for ever or N times'
complete -c clasp-artnet-out -l no-reconnect -d 'a lost connection is the end, exit 3'
complete -c clasp-artnet-out -s n -l count -r -f -d 'stop after N messages'
complete -c clasp-artnet-out -s T -l timeout -r -f -d 'stop after D, exit 124'
complete -c clasp-artnet-out -l idle -r -f -d 'stop when nothing came for D, exit 0'
complete -c clasp-artnet-out -l strict -d 'stop at the first bad line'
complete -c clasp-artnet-out -l ready-fd -r -f -d 'write "ready" to descriptor N once all is set up'
complete -c clasp-artnet-out -l stats -d 'one line of figures at the end'
complete -c clasp-artnet-out -s q -l quiet -d 'errors only'
complete -c clasp-artnet-out -s v -l verbose -d 'say more; -vv shows frames and where settings come from'
complete -c clasp-artnet-out -l color -r -f -a 'auto always never' -d 'colors: auto, always or never'
complete -c clasp-artnet-out -l config -r -F -d 'read this configuration instead of the usual ones'
complete -c clasp-artnet-out -s h -l help -d 'show this help and exit'
complete -c clasp-artnet-out -s V -l version -d 'show the version and exit'
