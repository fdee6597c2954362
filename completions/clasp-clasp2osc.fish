# fish completion for clasp-clasp2osc

# Addresses the relay has that begin as the word does.
function __clasp_clasp2osc_addresses
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

complete -c clasp-clasp2osc -f
complete -c clasp-clasp2osc -s t -l to -r -f -d 'where to send; may be given several times'
complete -c clasp-clasp2osc -l tcp -d 'by TCP, with lengths in front (OSC 1.0)'
complete -c clasp-clasp2osc -l slip -d 'by TCP, in SLIP (OSC 1.1)'
complete -c clasp-clasp2osc -l wait -d 'wait for a TCP target that is not there'
complete -c clasp-clasp2osc -s u -l url -r -f -d 'work with this relay, or with @NAME from the configuration, instead of lines'
complete -c clasp-clasp2osc -l prefix -r -f -d 'what is taken off addresses; default /osc'
complete -c clasp-clasp2osc -l no-snapshot -d 'with -u: send only what comes, not the state'
complete -c clasp-clasp2osc -l wide -d 'send 64-bit numbers (h and d) always'
complete -c clasp-clasp2osc -l bool-int -d 'send booleans as ints 1 and 0'
complete -c clasp-clasp2osc -l as-float -d 'send ints as floats'
complete -c clasp-clasp2osc -l osc-arrays -d 'keep arrays within arrays, as [ and ]'
complete -c clasp-clasp2osc -l max-size -r -f -d 'the largest datagram; default 1472, at most 65507'
complete -c clasp-clasp2osc -l map -r -f -d 'rename and transform, as clasp-map(1)'
complete -c clasp-clasp2osc -s m -l map-file -r -F -d 'rules from a file, one a line'
complete -c clasp-clasp2osc -l strict -d 'stop at the first bad line'
complete -c clasp-clasp2osc -l token-file -r -F -d 'the token, one line; a file nobody else can read'
complete -c clasp-clasp2osc -l token -r -f -d 'the token itself'
complete -c clasp-clasp2osc -l cacert -r -F -d 'trust the CAs in this file'
complete -c clasp-clasp2osc -l cert -r -F -d 'our certificate'
complete -c clasp-clasp2osc -l key -r -F -d 'our certificate\'s key'
complete -c clasp-clasp2osc -l insecure -d 'do not check the relay\'s certificate'
complete -c clasp-clasp2osc -l name -r -f -d 'our name at the relay; default program@host:pid'
complete -c clasp-clasp2osc -l connect-timeout -r -f -d 'give up connecting after D; default 5s'
complete -c clasp-clasp2osc -l retry -f -d 'try the first connection again, for ever or N times'
complete -c clasp-clasp2osc -l no-reconnect -d 'a lost connection is the end, exit 3'
complete -c clasp-clasp2osc -s n -l count -r -f -d 'stop after N messages'
complete -c clasp-clasp2osc -s T -l timeout -r -f -d 'stop after D, exit 124'
complete -c clasp-clasp2osc -l idle -r -f -d 'stop when nothing came for D, exit 0'
complete -c clasp-clasp2osc -l ready-fd -r -f -d 'write "ready" to descriptor N once all is set up'
complete -c clasp-clasp2osc -l stats -d 'one line of figures at the end'
complete -c clasp-clasp2osc -s q -l quiet -d 'errors only'
complete -c clasp-clasp2osc -s v -l verbose -d 'say more; -vv shows frames and where settings come from'
complete -c clasp-clasp2osc -l color -r -f -a 'auto always never' -d 'colors: auto, always or never'
complete -c clasp-clasp2osc -l config -r -F -d 'read this configuration instead of the usual ones'
complete -c clasp-clasp2osc -s h -l help -d 'show this help and exit'
complete -c clasp-clasp2osc -s V -l version -d 'show the version and exit'
