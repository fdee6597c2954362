# fish completion for clasp-lock

# Addresses the relay has that begin as the word does.
function __clasp_lock_addresses
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

complete -c clasp-lock -f
complete -c clasp-lock -s w -l wait -r -f -d 'wait up to D for a lock that another holds'
complete -c clasp-lock -l pub -d 'send the lines of stdin while the lock is held'
complete -c clasp-lock -l strict -d 'with --pub: stop at the first bad line'
complete -c clasp-lock -l ready-fd -r -f -d 'write \'ready\' to descriptor N when the lock is held'
complete -c clasp-lock -s u -l url -r -f -d 'the relay, or @NAME from the configuration; default $CLASP_URL, then ws://127.0.0.1:7330/clasp'
complete -c clasp-lock -l token-file -r -F -d 'the token, one line; a file nobody else can read'
complete -c clasp-lock -l token -r -f -d 'the token itself'
complete -c clasp-lock -l cacert -r -F -d 'trust the CAs in this file'
complete -c clasp-lock -l cert -r -F -d 'our certificate'
complete -c clasp-lock -l key -r -F -d 'our certificate\'s key'
complete -c clasp-lock -l insecure -d 'do not check the relay\'s certificate'
complete -c clasp-lock -l name -r -f -d 'our name at the relay; default program@host:pid'
complete -c clasp-lock -l connect-timeout -r -f -d 'give up connecting after D; default 5s'
complete -c clasp-lock -l retry -f -d 'try the first connection again, for ever or N times'
complete -c clasp-lock -l no-reconnect -d 'a lost connection is the end, exit 3'
complete -c clasp-lock -s q -l quiet -d 'errors only'
complete -c clasp-lock -s v -l verbose -d 'say more; -vv shows frames and where settings come from'
complete -c clasp-lock -l color -r -f -a 'auto always never' -d 'colors: auto, always or never'
complete -c clasp-lock -l config -r -F -d 'read this configuration instead of the usual ones'
complete -c clasp-lock -s h -l help -d 'show this help and exit'
complete -c clasp-lock -s V -l version -d 'show the version and exit'
complete -c clasp-lock -f -a '(__clasp_lock_addresses)'
