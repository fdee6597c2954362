# fish completion for clasp-bench

# Addresses the relay has that begin as the word does.
function __clasp_bench_addresses
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

complete -c clasp-bench -f
complete -c clasp-bench -l pub -r -f -d 'publishers; default 1'
complete -c clasp-bench -l sub -r -f -d 'subscribers, each of everything; default 1'
complete -c clasp-bench -l rate -r -f -d 'send R messages a second, by all publishers together; default: as fast as they are confirmed'
complete -c clasp-bench -l size -r -f -d 'values of B bytes; default 8, an int'
complete -c clasp-bench -l time -r -f -d 'send for D; default 5s'
complete -c clasp-bench -l addresses -r -f -d 'each publisher writes K addresses in turn; default 1'
complete -c clasp-bench -l window -r -f -d 'without --rate: messages of each publisher that may wait to be confirmed; default 64'
complete -c clasp-bench -s o -l output -r -f -a 'text json' -d 'form of the figures: text or json'
complete -c clasp-bench -s u -l url -r -f -d 'the relay, or @NAME from the configuration; default $CLASP_URL, then ws://127.0.0.1:7330/clasp'
complete -c clasp-bench -l token-file -r -F -d 'the token, one line; a file nobody else can read'
complete -c clasp-bench -l token -r -f -d 'the token itself'
complete -c clasp-bench -l cacert -r -F -d 'trust the CAs in this file'
complete -c clasp-bench -l cert -r -F -d 'our certificate'
complete -c clasp-bench -l key -r -F -d 'our certificate\'s key'
complete -c clasp-bench -l insecure -d 'do not check the relay\'s certificate'
complete -c clasp-bench -l name -r -f -d 'our name at the relay; default program@host:pid'
complete -c clasp-bench -l connect-timeout -r -f -d 'give up connecting after D; default 5s'
complete -c clasp-bench -l retry -f -d 'try the first connection again, for ever or N times'
complete -c clasp-bench -l no-reconnect -d 'a lost connection is the end, exit 3'
complete -c clasp-bench -s q -l quiet -d 'errors only'
complete -c clasp-bench -s v -l verbose -d 'say more; -vv shows frames and where settings come from'
complete -c clasp-bench -l color -r -f -a 'auto always never' -d 'colors: auto, always or never'
complete -c clasp-bench -l config -r -F -d 'read this configuration instead of the usual ones'
complete -c clasp-bench -s h -l help -d 'show this help and exit'
complete -c clasp-bench -s V -l version -d 'show the version and exit'
