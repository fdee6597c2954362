# fish completion for clasp-osc2clasp

# Addresses the relay has that begin as the word does.
function __clasp_osc2clasp_addresses
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

complete -c clasp-osc2clasp -f
complete -c clasp-osc2clasp -s p -l port -r -f -d '[HOST:]PORT to listen on; default 8000 on every address; 0: one that is free'
complete -c clasp-osc2clasp -l tcp -d 'TCP instead of UDP'
complete -c clasp-osc2clasp -s u -l url -r -f -d 'work with this relay, or with @NAME from the configuration, instead of lines'
complete -c clasp-osc2clasp -l prefix -r -f -d 'what is put in front of addresses; default /osc'
complete -c clasp-osc2clasp -l event -r -f -d 'addresses that become events, not params; may be given several times'
complete -c clasp-osc2clasp -l join -r -f -d 'a multicast group to join; may be given several times'
complete -c clasp-osc2clasp -l port-file -r -F -d 'write the port\'s number there once it is open'
complete -c clasp-osc2clasp -l max-ahead -r -f -d 'with -u: drop bundles for later than this; default 1h'
complete -c clasp-osc2clasp -l both -d 'with -u, UDP: also send what the relay has under the namespace'
complete -c clasp-osc2clasp -l to -r -f -d 'with --both: where to send; default: to whoever sent in the last 30 s'
complete -c clasp-osc2clasp -l wide -d 'send 64-bit numbers (h and d) always'
complete -c clasp-osc2clasp -l bool-int -d 'send booleans as ints 1 and 0'
complete -c clasp-osc2clasp -l as-float -d 'send ints as floats'
complete -c clasp-osc2clasp -l osc-arrays -d 'keep arrays within arrays, as [ and ]'
complete -c clasp-osc2clasp -l max-size -r -f -d 'the largest datagram; default 1472, at most 65507'
complete -c clasp-osc2clasp -l max-rate -r -f -d 'at most so many values a second for an address, the newest counts; 0: all; default: 60 with -u, else all'
complete -c clasp-osc2clasp -l ttl -r -f -d 'with -u: values expire after D, in whole seconds; default: never'
complete -c clasp-osc2clasp -l no-snapshot -d 'with -u: do not begin with what the relay knows'
complete -c clasp-osc2clasp -l map -r -f -d 'rename and transform, as clasp-map(1)'
complete -c clasp-osc2clasp -s m -l map-file -r -F -d 'rules from a file, one a line'
complete -c clasp-osc2clasp -l token-file -r -F -d 'the token, one line; a file nobody else can read'
complete -c clasp-osc2clasp -l token -r -f -d 'the token itself'
complete -c clasp-osc2clasp -l cacert -r -F -d 'trust the CAs in this file'
complete -c clasp-osc2clasp -l cert -r -F -d 'our certificate'
complete -c clasp-osc2clasp -l key -r -F -d 'our certificate\'s key'
complete -c clasp-osc2clasp -l insecure -d 'do not check the relay\'s certificate'
complete -c clasp-osc2clasp -l name -r -f -d 'our name at the relay; default program@host:pid'
complete -c clasp-osc2clasp -l connect-timeout -r -f -d 'give up connecting after D; default 5s'
complete -c clasp-osc2clasp -l retry -f -d 'try the first connection again, for ever or N times'
complete -c clasp-osc2clasp -l no-reconnect -d 'a lost connection is the end, exit 3'
complete -c clasp-osc2clasp -s o -l output -r -f -a 'text json tsv values addresses frames' -d 'as text, json, tsv, values, addresses or frames'
complete -c clasp-osc2clasp -s f -l format -r -f -d 'print by a template: %a address, %v value ...; see clasp(7)'
complete -c clasp-osc2clasp -s t -l time -f -a 'unix rel delta iso' -d 'put a time in front: unix (default), rel, delta or iso'
complete -c clasp-osc2clasp -l exact -d 'keep what the wire chose: number widths, key order'
complete -c clasp-osc2clasp -s n -l count -r -f -d 'stop after N messages'
complete -c clasp-osc2clasp -s T -l timeout -r -f -d 'stop after D, exit 124'
complete -c clasp-osc2clasp -l idle -r -f -d 'stop when nothing came for D, exit 0'
complete -c clasp-osc2clasp -l ready-fd -r -f -d 'write "ready" to descriptor N once all is set up'
complete -c clasp-osc2clasp -l stats -d 'one line of figures at the end'
complete -c clasp-osc2clasp -s q -l quiet -d 'errors only'
complete -c clasp-osc2clasp -s v -l verbose -d 'say more; -vv shows frames and where settings come from'
complete -c clasp-osc2clasp -l color -r -f -a 'auto always never' -d 'colors: auto, always or never'
complete -c clasp-osc2clasp -l config -r -F -d 'read this configuration instead of the usual ones'
complete -c clasp-osc2clasp -s h -l help -d 'show this help and exit'
complete -c clasp-osc2clasp -s V -l version -d 'show the version and exit'
