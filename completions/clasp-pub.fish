# fish completion for clasp-pub

# Addresses the relay has that begin as the word does.
function __clasp_pub_addresses
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

complete -c clasp-pub -f
complete -c clasp-pub -l cas -d 'rev= is a condition: the revision a param must have'
complete -c clasp-pub -l keep-going -d 'pass over bad lines, exit 6 at the end (the default)'
complete -c clasp-pub -s s -l string -d 'take VALUE as a string, whatever it looks like'
complete -c clasp-pub -l strict -d 'stop at the first bad line'
complete -c clasp-pub -l no-wait -d 'send and leave, without the relay\'s word that it is done'
complete -c clasp-pub -s n -l count -r -f -d 'stop after N messages'
complete -c clasp-pub -s T -l timeout -r -f -d 'stop after D, exit 124'
complete -c clasp-pub -l idle -r -f -d 'stop when nothing came for D, exit 0'
complete -c clasp-pub -l ready-fd -r -f -d 'write "ready" to descriptor N once all is set up'
complete -c clasp-pub -l stats -d 'one line of figures at the end'
complete -c clasp-pub -s u -l url -r -f -d 'the relay, or @NAME from the configuration; default $CLASP_URL, then ws://127.0.0.1:7330/clasp'
complete -c clasp-pub -l token-file -r -F -d 'the token, one line; a file nobody else can read'
complete -c clasp-pub -l token -r -f -d 'the token itself'
complete -c clasp-pub -l cacert -r -F -d 'trust the CAs in this file'
complete -c clasp-pub -l cert -r -F -d 'our certificate'
complete -c clasp-pub -l key -r -F -d 'our certificate\'s key'
complete -c clasp-pub -l insecure -d 'do not check the relay\'s certificate'
complete -c clasp-pub -l name -r -f -d 'our name at the relay; default program@host:pid'
complete -c clasp-pub -l connect-timeout -r -f -d 'give up connecting after D; default 5s'
complete -c clasp-pub -l retry -f -d 'try the first connection again, for ever or N times'
complete -c clasp-pub -l no-reconnect -d 'a lost connection is the end, exit 3'
complete -c clasp-pub -s q -l quiet -d 'errors only'
complete -c clasp-pub -s v -l verbose -d 'say more; -vv shows frames and where settings come from'
complete -c clasp-pub -l color -r -f -a 'auto always never' -d 'colors: auto, always or never'
complete -c clasp-pub -l config -r -F -d 'read this configuration instead of the usual ones'
complete -c clasp-pub -s h -l help -d 'show this help and exit'
complete -c clasp-pub -s V -l version -d 'show the version and exit'
complete -c clasp-pub -f -a '(__clasp_pub_addresses)'
