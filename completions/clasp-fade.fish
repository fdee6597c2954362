# fish completion for clasp-fade

# Addresses the relay has that begin as the word does.
function __clasp_fade_addresses
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

complete -c clasp-fade -f
complete -c clasp-fade -s r -l rate -r -f -d 'values a second; default 40/s'
complete -c clasp-fade -l timeline -d 'publish the way as one timeline, set only its end'
complete -c clasp-fade -s T -l timeout -r -f -d 'give up after D, exit 124'
complete -c clasp-fade -l no-wait -d 'send and leave, without the relay\'s word that it is done'
complete -c clasp-fade -s u -l url -r -f -d 'the relay, or @NAME from the configuration; default $CLASP_URL, then ws://127.0.0.1:7330/clasp'
complete -c clasp-fade -l token-file -r -F -d 'the token, one line; a file nobody else can read'
complete -c clasp-fade -l token -r -f -d 'the token itself'
complete -c clasp-fade -l cacert -r -F -d 'trust the CAs in this file'
complete -c clasp-fade -l cert -r -F -d 'our certificate'
complete -c clasp-fade -l key -r -F -d 'our certificate\'s key'
complete -c clasp-fade -l insecure -d 'do not check the relay\'s certificate'
complete -c clasp-fade -l name -r -f -d 'our name at the relay; default program@host:pid'
complete -c clasp-fade -l connect-timeout -r -f -d 'give up connecting after D; default 5s'
complete -c clasp-fade -l retry -f -d 'try the first connection again, for ever or N times'
complete -c clasp-fade -l no-reconnect -d 'a lost connection is the end, exit 3'
complete -c clasp-fade -s q -l quiet -d 'errors only'
complete -c clasp-fade -s v -l verbose -d 'say more; -vv shows frames and where settings come from'
complete -c clasp-fade -l color -r -f -a 'auto always never' -d 'colors: auto, always or never'
complete -c clasp-fade -l config -r -F -d 'read this configuration instead of the usual ones'
complete -c clasp-fade -s h -l help -d 'show this help and exit'
complete -c clasp-fade -s V -l version -d 'show the version and exit'
complete -c clasp-fade -f -a '(__clasp_fade_addresses)'
