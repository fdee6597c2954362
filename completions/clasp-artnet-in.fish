# fish completion for clasp-artnet-in

# Addresses the relay has that begin as the word does.
function __clasp_artnet_in_addresses
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

complete -c clasp-artnet-in -f
complete -c clasp-artnet-in -s U -l universe -r -f -d 'universes, as 0-3,16; default all'
complete -c clasp-artnet-in -s p -l port -r -f -d 'UDP port; default 6454; 0: one that is free'
complete -c clasp-artnet-in -l port-file -r -F -d 'write the port\'s number to FILE'
complete -c clasp-artnet-in -l mode -r -f -a 'channel universe' -d 'channel (a param each; the default) or universe (a frame as bytes)'
complete -c clasp-artnet-in -l split -d 'addresses as /artnet/N/S/U/C: net, sub-net, universe'
complete -c clasp-artnet-in -l merge -r -f -a 'htp ltp' -d 'two sources of a universe: htp (the highest level; the default) or ltp (the newest change)'
complete -c clasp-artnet-in -l on-loss -r -f -a 'hold blackout' -d 'when the last source is silent for 10 s: hold (its levels stay; the default) or blackout'
complete -c clasp-artnet-in -l source -r -f -d 'what controllers call us; default clasp-artnet-in'
complete -c clasp-artnet-in -l reply-broadcast -d 'answer controllers by broadcast'
complete -c clasp-artnet-in -l interface -r -f -a '(timeout 1 clasp-artnet-in --list 2>/dev/null)' -d 'the network interface, by its name or address; default all'
complete -c clasp-artnet-in -l once -d 'end after the first frame'
complete -c clasp-artnet-in -l list -d 'list the interfaces and exit'
complete -c clasp-artnet-in -l rcvbuf -r -f -d 'room for packets that wait, as 4M; default 1M; more than the system allows needs CAP_NET_ADMIN'
complete -c clasp-artnet-in -l show -f -a 'hex dec pct' -d 'draw the levels in the terminal, as hex (the default), dec or pct'
complete -c clasp-artnet-in -s u -l url -r -f -d 'work with this relay, or with @NAME from the configuration, instead of lines'
complete -c clasp-artnet-in -l prefix -r -f -d 'what addresses begin with, instead of the protocol\'s own'
complete -c clasp-artnet-in -l max-rate -r -f -d 'at most so many values a second for an address, the newest counts; 0: all; default: 60 with -u, else all'
complete -c clasp-artnet-in -l ttl -r -f -d 'with -u: values expire after D, in whole seconds; default: never'
complete -c clasp-artnet-in -l map -r -f -d 'rename and transform, as clasp-map(1)'
complete -c clasp-artnet-in -s m -l map-file -r -F -d 'rules from a file, one a line'
complete -c clasp-artnet-in -l token-file -r -F -d 'the token, one line; a file nobody else can read'
complete -c clasp-artnet-in -l token -r -f -d 'the token itself'
complete -c clasp-artnet-in -l cacert -r -F -d 'trust the CAs in this file'
complete -c clasp-artnet-in -l cert -r -F -d 'our certificate'
complete -c clasp-artnet-in -l key -r -F -d 'our certificate\'s key'
complete -c clasp-artnet-in -l insecure -d 'do not check the relay\'s certificate'
complete -c clasp-artnet-in -l name -r -f -d 'our name at the relay; default program@host:pid'
complete -c clasp-artnet-in -l connect-timeout -r -f -d 'give up connecting after D; default 5s'
complete -c clasp-artnet-in -l retry -f -d 'try the first connection again, for ever or N times'
complete -c clasp-artnet-in -l no-reconnect -d 'a lost connection is the end, exit 3'
complete -c clasp-artnet-in -s o -l output -r -f -a 'text json tsv values addresses frames' -d 'as text, json, tsv, values, addresses or frames'
complete -c clasp-artnet-in -s f -l format -r -f -d 'print by a template: %a address, %v value ...; see clasp(7)'
complete -c clasp-artnet-in -s t -l time -f -a 'unix rel delta iso' -d 'put a time in front: unix (default), rel, delta or iso'
complete -c clasp-artnet-in -l exact -d 'keep what the wire chose: number widths, key order'
complete -c clasp-artnet-in -s n -l count -r -f -d 'stop after N messages'
complete -c clasp-artnet-in -s T -l timeout -r -f -d 'stop after D, exit 124'
complete -c clasp-artnet-in -l idle -r -f -d 'stop when nothing came for D, exit 0'
complete -c clasp-artnet-in -l ready-fd -r -f -d 'write "ready" to descriptor N once all is set up'
complete -c clasp-artnet-in -l stats -d 'one line of figures at the end'
complete -c clasp-artnet-in -s q -l quiet -d 'errors only'
complete -c clasp-artnet-in -s v -l verbose -d 'say more; -vv shows frames and where settings come from'
complete -c clasp-artnet-in -l color -r -f -a 'auto always never' -d 'colors: auto, always or never'
complete -c clasp-artnet-in -l config -r -F -d 'read this configuration instead of the usual ones'
complete -c clasp-artnet-in -s h -l help -d 'show this help and exit'
complete -c clasp-artnet-in -s V -l version -d 'show the version and exit'
