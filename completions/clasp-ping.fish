# fish completion for clasp-ping

# Addresses the relay has that begin as the word does.
function __clasp_ping_addresses
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

complete -c clasp-ping -f
complete -c clasp-ping -s n -l count -r -f -d 'ask N times, then print a summary'
complete -c clasp-ping -s i -l interval -r -f -d 'ask every D; default 1s, 0: as soon as there is an answer'
complete -c clasp-ping -s T -l timeout -r -f -d 'stop after D, exit 124'
complete -c clasp-ping -s o -l output -r -f -a 'text json' -d 'text or json'
complete -c clasp-ping -l stats -d 'a summary on stderr at the end, also without -n'
complete -c clasp-ping -s u -l url -r -f -d 'the relay, or @NAME from the configuration; default $CLASP_URL, then ws://127.0.0.1:7330/clasp'
complete -c clasp-ping -l token-file -r -F -d 'the token, one line; a file nobody else can read'
complete -c clasp-ping -l token -r -f -d 'the token itself'
complete -c clasp-ping -l cacert -r -F -d 'trust the CAs in this file'
complete -c clasp-ping -l cert -r -F -d 'our certificate'
complete -c clasp-ping -l key -r -F -d 'our certificate\'s key'
complete -c clasp-ping -l insecure -d 'do not check the relay\'s certificate'
complete -c clasp-ping -l name -r -f -d 'our name at the relay; default program@host:pid'
complete -c clasp-ping -l connect-timeout -r -f -d 'give up connecting after D; default 5s'
complete -c clasp-ping -l retry -f -d 'try the first connection again, for ever or N times'
complete -c clasp-ping -l no-reconnect -d 'a lost connection is the end, exit 3'
complete -c clasp-ping -s q -l quiet -d 'errors only'
complete -c clasp-ping -s v -l verbose -d 'say more; -vv shows frames and where settings come from'
complete -c clasp-ping -l color -r -f -a 'auto always never' -d 'colors: auto, always or never'
complete -c clasp-ping -l config -r -F -d 'read this configuration instead of the usual ones'
complete -c clasp-ping -s h -l help -d 'show this help and exit'
complete -c clasp-ping -s V -l version -d 'show the version and exit'
