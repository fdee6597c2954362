# fish completion for clasp-set

# Addresses the relay has that begin as the word does.
function __clasp_set_addresses
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

complete -c clasp-set -f
complete -c clasp-set -s s -l string -d 'take each VALUE as a string, whatever it looks like'
complete -c clasp-set -s g -l glob -d 'set every param that exists under each pattern'
complete -c clasp-set -l ttl -r -f -d 'let the value expire D after its last use (whole seconds)'
complete -c clasp-set -l if-rev -r -f -d 'only if the param\'s revision is N'
complete -c clasp-set -l split -d 'send more than one bundle holds as several'
complete -c clasp-set -l strict -d 'a VALUE that is no value is an error, not a string'
complete -c clasp-set -s T -l timeout -r -f -d 'give up after D, exit 124'
complete -c clasp-set -l no-wait -d 'send and leave, without the relay\'s word that it is done'
complete -c clasp-set -s u -l url -r -f -d 'the relay, or @NAME from the configuration; default $CLASP_URL, then ws://127.0.0.1:7330/clasp'
complete -c clasp-set -l token-file -r -F -d 'the token, one line; a file nobody else can read'
complete -c clasp-set -l token -r -f -d 'the token itself'
complete -c clasp-set -l cacert -r -F -d 'trust the CAs in this file'
complete -c clasp-set -l cert -r -F -d 'our certificate'
complete -c clasp-set -l key -r -F -d 'our certificate\'s key'
complete -c clasp-set -l insecure -d 'do not check the relay\'s certificate'
complete -c clasp-set -l name -r -f -d 'our name at the relay; default program@host:pid'
complete -c clasp-set -l connect-timeout -r -f -d 'give up connecting after D; default 5s'
complete -c clasp-set -l retry -f -d 'try the first connection again, for ever or N times'
complete -c clasp-set -l no-reconnect -d 'a lost connection is the end, exit 3'
complete -c clasp-set -s q -l quiet -d 'errors only'
complete -c clasp-set -s v -l verbose -d 'say more; -vv shows frames and where settings come from'
complete -c clasp-set -l color -r -f -a 'auto always never' -d 'colors: auto, always or never'
complete -c clasp-set -l config -r -F -d 'read this configuration instead of the usual ones'
complete -c clasp-set -s h -l help -d 'show this help and exit'
complete -c clasp-set -s V -l version -d 'show the version and exit'
complete -c clasp-set -f -a '(__clasp_set_addresses)'
