# fish completion for clasp-sacn-in

# Addresses the relay has that begin as the word does.
function __clasp_sacn_in_addresses
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

complete -c clasp-sacn-in -f
complete -c clasp-sacn-in -s U -l universe -r -f -d 'universes, as 1-4,7; needed'
complete -c clasp-sacn-in -s p -l port -r -f -d 'UDP port; default 5568; 0: one that is free'
complete -c clasp-sacn-in -l port-file -r -F -d 'write the port\'s number to FILE'
complete -c clasp-sacn-in -l mode -r -f -a 'channel universe' -d 'channel (a param each; the default) or universe (a frame as bytes)'
complete -c clasp-sacn-in -l status -d 'tell who sends, as /sacn/U/status, when it changes'
complete -c clasp-sacn-in -l preview -d 'take packets that are marked as preview, too'
complete -c clasp-sacn-in -l on-loss -r -f -a 'hold blackout' -d 'when the last source is gone: hold (its levels stay; the default) or blackout'
complete -c clasp-sacn-in -l once -d 'end when every universe has had a frame'
complete -c clasp-sacn-in -l interface -r -f -a '(timeout 1 clasp-sacn-in --list 2>/dev/null)' -d 'the network interface, by its name or address; needed where there are several'
complete -c clasp-sacn-in -l list -d 'list the interfaces and exit'
complete -c clasp-sacn-in -l rcvbuf -r -f -d 'room for packets that wait, as 4M; default 1M; more than the system allows needs CAP_NET_ADMIN'
complete -c clasp-sacn-in -l show -f -a 'hex dec pct' -d 'draw the levels in the terminal, as hex (the default), dec or pct'
complete -c clasp-sacn-in -s u -l url -r -f -d 'work with this relay, or with @NAME from the configuration, instead of lines'
complete -c clasp-sacn-in -l prefix -r -f -d 'what addresses begin with, instead of the protocol\'s own'
complete -c clasp-sacn-in -l max-rate -r -f -d 'at most so many values a second for an address, the newest counts; 0: all; default: 60 with -u, else all'
complete -c clasp-sacn-in -l ttl -r -f -d 'with -u: values expire after D, in whole seconds; default: never'
complete -c clasp-sacn-in -l map -r -f -d 'rename and transform, as clasp-map(1)'
complete -c clasp-sacn-in -s m -l map-file -r -F -d 'rules from a file, one a line'
complete -c clasp-sacn-in -l token-file -r -F -d 'the token, one line; a file nobody else can read'
complete -c clasp-sacn-in -l token -r -f -d 'the token itself'
complete -c clasp-sacn-in -l cacert -r -F -d 'trust the CAs in this file'
complete -c clasp-sacn-in -l cert -r -F -d 'our certificate'
complete -c clasp-sacn-in -l key -r -F -d 'our certificate\'s key'
complete -c clasp-sacn-in -l insecure -d 'do not check the relay\'s certificate'
complete -c clasp-sacn-in -l name -r -f -d 'our name at the relay; default program@host:pid'
complete -c clasp-sacn-in -l connect-timeout -r -f -d 'give up connecting after D; default 5s'
complete -c clasp-sacn-in -l retry -f -d 'try the first connection again, for ever or N times'
complete -c clasp-sacn-in -l no-reconnect -d 'a lost connection is the end, exit 3'
complete -c clasp-sacn-in -s o -l output -r -f -a 'text json tsv values addresses frames' -d 'as text, json, tsv, values, addresses or frames'
complete -c clasp-sacn-in -s f -l format -r -f -d 'print by a template: %a address, %v value ...; see clasp(7)'
complete -c clasp-sacn-in -s t -l time -f -a 'unix rel delta iso' -d 'put a time in front: unix (default), rel, delta or iso'
complete -c clasp-sacn-in -l exact -d 'keep what the wire chose: number widths, key order'
complete -c clasp-sacn-in -s n -l count -r -f -d 'stop after N messages'
complete -c clasp-sacn-in -s T -l timeout -r -f -d 'stop after D, exit 124'
complete -c clasp-sacn-in -l idle -r -f -d 'stop when nothing came for D, exit 0'
complete -c clasp-sacn-in -l ready-fd -r -f -d 'write "ready" to descriptor N once all is set up'
complete -c clasp-sacn-in -l stats -d 'one line of figures at the end'
complete -c clasp-sacn-in -s q -l quiet -d 'errors only'
complete -c clasp-sacn-in -s v -l verbose -d 'say more; -vv shows frames and where settings come from'
complete -c clasp-sacn-in -l color -r -f -a 'auto always never' -d 'colors: auto, always or never'
complete -c clasp-sacn-in -l config -r -F -d 'read this configuration instead of the usual ones'
complete -c clasp-sacn-in -s h -l help -d 'show this help and exit'
complete -c clasp-sacn-in -s V -l version -d 'show the version and exit'
