# fish completion for clasp-sub

# Addresses the relay has that begin as the word does.
function __clasp_sub_addresses
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

complete -c clasp-sub -f
complete -c clasp-sub -s S -l snapshot -d 'only what the state is now, then exit'
complete -c clasp-sub -s N -l no-snapshot -d 'only what comes from now on'
complete -c clasp-sub -l max-rate -r -f -d 'at most R values a second for each address'
complete -c clasp-sub -l epsilon -r -f -d 'leave out numbers that change by less than E'
complete -c clasp-sub -l all -d 'control lines too: every message of the relay'
complete -c clasp-sub -l exec -r -f -d 'run CMD for each line instead of printing it'
complete -c clasp-sub -l type -r -f -a 'param event stream gesture timeline' -d 'only param, event, stream, gesture, timeline'
complete -c clasp-sub -s o -l output -r -f -a 'text json tsv values addresses frames' -d 'as text, json, tsv, values, addresses or frames'
complete -c clasp-sub -s f -l format -r -f -d 'print by a template: %a address, %v value ...; see clasp(7)'
complete -c clasp-sub -s t -l time -f -a 'unix rel delta iso' -d 'put a time in front: unix (default), rel, delta or iso'
complete -c clasp-sub -l exact -d 'keep what the wire chose: number widths, key order'
complete -c clasp-sub -s n -l count -r -f -d 'stop after N messages'
complete -c clasp-sub -s T -l timeout -r -f -d 'stop after D, exit 124'
complete -c clasp-sub -l idle -r -f -d 'stop when nothing came for D, exit 0'
complete -c clasp-sub -l ready-fd -r -f -d 'write "ready" to descriptor N once all is set up'
complete -c clasp-sub -l stats -d 'one line of figures at the end'
complete -c clasp-sub -s u -l url -r -f -d 'the relay, or @NAME from the configuration; default $CLASP_URL, then ws://127.0.0.1:7330/clasp'
complete -c clasp-sub -l token-file -r -F -d 'the token, one line; a file nobody else can read'
complete -c clasp-sub -l token -r -f -d 'the token itself'
complete -c clasp-sub -l cacert -r -F -d 'trust the CAs in this file'
complete -c clasp-sub -l cert -r -F -d 'our certificate'
complete -c clasp-sub -l key -r -F -d 'our certificate\'s key'
complete -c clasp-sub -l insecure -d 'do not check the relay\'s certificate'
complete -c clasp-sub -l name -r -f -d 'our name at the relay; default program@host:pid'
complete -c clasp-sub -l connect-timeout -r -f -d 'give up connecting after D; default 5s'
complete -c clasp-sub -l retry -f -d 'try the first connection again, for ever or N times'
complete -c clasp-sub -l no-reconnect -d 'a lost connection is the end, exit 3'
complete -c clasp-sub -s q -l quiet -d 'errors only'
complete -c clasp-sub -s v -l verbose -d 'say more; -vv shows frames and where settings come from'
complete -c clasp-sub -l color -r -f -a 'auto always never' -d 'colors: auto, always or never'
complete -c clasp-sub -l config -r -F -d 'read this configuration instead of the usual ones'
complete -c clasp-sub -s h -l help -d 'show this help and exit'
complete -c clasp-sub -s V -l version -d 'show the version and exit'
complete -c clasp-sub -f -a '(__clasp_sub_addresses)'
