# fish completion for clasp-get

# Addresses the relay has that begin as the word does.
function __clasp_get_addresses
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

complete -c clasp-get -f
complete -c clasp-get -s n -l count -r -f -d 'print at most N lines'
complete -c clasp-get -s T -l timeout -r -f -d 'give up after D, exit 124'
complete -c clasp-get -s o -l output -r -f -a 'text json tsv values addresses frames' -d 'as text, json, tsv, values, addresses or frames'
complete -c clasp-get -s f -l format -r -f -d 'print by a template: %a address, %v value ...; see clasp(7)'
complete -c clasp-get -s t -l time -f -a 'unix rel delta iso' -d 'put a time in front: unix (default), rel, delta or iso'
complete -c clasp-get -l exact -d 'keep what the wire chose: number widths, key order'
complete -c clasp-get -s u -l url -r -f -d 'the relay, or @NAME from the configuration; default $CLASP_URL, then ws://127.0.0.1:7330/clasp'
complete -c clasp-get -l token-file -r -F -d 'the token, one line; a file nobody else can read'
complete -c clasp-get -l token -r -f -d 'the token itself'
complete -c clasp-get -l cacert -r -F -d 'trust the CAs in this file'
complete -c clasp-get -l cert -r -F -d 'our certificate'
complete -c clasp-get -l key -r -F -d 'our certificate\'s key'
complete -c clasp-get -l insecure -d 'do not check the relay\'s certificate'
complete -c clasp-get -l name -r -f -d 'our name at the relay; default program@host:pid'
complete -c clasp-get -l connect-timeout -r -f -d 'give up connecting after D; default 5s'
complete -c clasp-get -l retry -f -d 'try the first connection again, for ever or N times'
complete -c clasp-get -l no-reconnect -d 'a lost connection is the end, exit 3'
complete -c clasp-get -s q -l quiet -d 'errors only'
complete -c clasp-get -s v -l verbose -d 'say more; -vv shows frames and where settings come from'
complete -c clasp-get -l color -r -f -a 'auto always never' -d 'colors: auto, always or never'
complete -c clasp-get -l config -r -F -d 'read this configuration instead of the usual ones'
complete -c clasp-get -s h -l help -d 'show this help and exit'
complete -c clasp-get -s V -l version -d 'show the version and exit'
complete -c clasp-get -f -a '(__clasp_get_addresses)'
