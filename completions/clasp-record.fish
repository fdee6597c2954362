# fish completion for clasp-record

# Addresses the relay has that begin as the word does.
function __clasp_record_addresses
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

complete -c clasp-record -f
complete -c clasp-record -s o -l output -r -F -d 'write to FILE instead of stdout'
complete -c clasp-record -s N -l no-snapshot -d 'leave out the state at the beginning'
complete -c clasp-record -l exact -d 'keep what the wire chose: narrow numbers, order of keys, QoS'
complete -c clasp-record -l type -r -f -a 'param event stream gesture timeline' -d 'only param, event, stream, gesture, timeline'
complete -c clasp-record -s n -l count -r -f -d 'stop after N messages'
complete -c clasp-record -s T -l timeout -r -f -d 'stop after D, exit 124'
complete -c clasp-record -l idle -r -f -d 'stop when nothing came for D, exit 0'
complete -c clasp-record -l ready-fd -r -f -d 'write "ready" to descriptor N once all is set up'
complete -c clasp-record -l stats -d 'one line of figures at the end'
complete -c clasp-record -s u -l url -r -f -d 'the relay, or @NAME from the configuration; default $CLASP_URL, then ws://127.0.0.1:7330/clasp'
complete -c clasp-record -l token-file -r -F -d 'the token, one line; a file nobody else can read'
complete -c clasp-record -l token -r -f -d 'the token itself'
complete -c clasp-record -l cacert -r -F -d 'trust the CAs in this file'
complete -c clasp-record -l cert -r -F -d 'our certificate'
complete -c clasp-record -l key -r -F -d 'our certificate\'s key'
complete -c clasp-record -l insecure -d 'do not check the relay\'s certificate'
complete -c clasp-record -l name -r -f -d 'our name at the relay; default program@host:pid'
complete -c clasp-record -l connect-timeout -r -f -d 'give up connecting after D; default 5s'
complete -c clasp-record -l retry -f -d 'try the first connection again, for ever or N times'
complete -c clasp-record -l no-reconnect -d 'a lost connection is the end, exit 3'
complete -c clasp-record -s q -l quiet -d 'errors only'
complete -c clasp-record -s v -l verbose -d 'say more; -vv shows frames and where settings come from'
complete -c clasp-record -l color -r -f -a 'auto always never' -d 'colors: auto, always or never'
complete -c clasp-record -l config -r -F -d 'read this configuration instead of the usual ones'
complete -c clasp-record -s h -l help -d 'show this help and exit'
complete -c clasp-record -s V -l version -d 'show the version and exit'
complete -c clasp-record -f -a '(__clasp_record_addresses)'
