# fish completion for clasp-play

# Addresses the relay has that begin as the word does.
function __clasp_play_addresses
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

complete -c clasp-play -f
complete -c clasp-play -l speed -r -f -d 'F times as fast; 0: all at once'
complete -c clasp-play -l loop -f -d 'play again for ever, or N times in all'
complete -c clasp-play -l from -r -f -d 'begin at second T, or at the mark'
complete -c clasp-play -l to -r -f -d 'end at second T, or at the mark'
complete -c clasp-play -l no-snapshot -d 'leave out the state at the beginning'
complete -c clasp-play -l shift -r -f -d 'play everything D later (-D: earlier)'
complete -c clasp-play -s o -l output -r -f -a 'text json tsv values addresses frames' -d 'print instead of sending: text, json, tsv, values, ...'
complete -c clasp-play -s f -l format -r -f -d 'print by TEMPLATE instead of sending'
complete -c clasp-play -s t -l time -f -a 'unix rel delta iso' -d 'with -o: a time in front: unix, rel, delta, iso'
complete -c clasp-play -l exact -d 'with -o: keep narrow numbers and order of keys'
complete -c clasp-play -l map -r -f -d 'rename and transform, as clasp-map(1)'
complete -c clasp-play -s m -l map-file -r -F -d 'rules from a file, one a line'
complete -c clasp-play -l strict -d 'stop at the first bad line'
complete -c clasp-play -s n -l count -r -f -d 'stop after N messages'
complete -c clasp-play -s T -l timeout -r -f -d 'stop after D, exit 124'
complete -c clasp-play -l idle -r -f -d 'stop when nothing came for D, exit 0'
complete -c clasp-play -l ready-fd -r -f -d 'write "ready" to descriptor N once all is set up'
complete -c clasp-play -l stats -d 'one line of figures at the end'
complete -c clasp-play -s u -l url -r -f -d 'the relay, or @NAME from the configuration; default $CLASP_URL, then ws://127.0.0.1:7330/clasp'
complete -c clasp-play -l token-file -r -F -d 'the token, one line; a file nobody else can read'
complete -c clasp-play -l token -r -f -d 'the token itself'
complete -c clasp-play -l cacert -r -F -d 'trust the CAs in this file'
complete -c clasp-play -l cert -r -F -d 'our certificate'
complete -c clasp-play -l key -r -F -d 'our certificate\'s key'
complete -c clasp-play -l insecure -d 'do not check the relay\'s certificate'
complete -c clasp-play -l name -r -f -d 'our name at the relay; default program@host:pid'
complete -c clasp-play -l connect-timeout -r -f -d 'give up connecting after D; default 5s'
complete -c clasp-play -l retry -f -d 'try the first connection again, for ever or N times'
complete -c clasp-play -l no-reconnect -d 'a lost connection is the end, exit 3'
complete -c clasp-play -s q -l quiet -d 'errors only'
complete -c clasp-play -s v -l verbose -d 'say more; -vv shows frames and where settings come from'
complete -c clasp-play -l color -r -f -a 'auto always never' -d 'colors: auto, always or never'
complete -c clasp-play -l config -r -F -d 'read this configuration instead of the usual ones'
complete -c clasp-play -s h -l help -d 'show this help and exit'
complete -c clasp-play -s V -l version -d 'show the version and exit'
complete -c clasp-play -F
