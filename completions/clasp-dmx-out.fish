# fish completion for clasp-dmx-out

# Addresses the relay has that begin as the word does.
function __clasp_dmx_out_addresses
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

complete -c clasp-dmx-out -f
complete -c clasp-dmx-out -s d -l device -r -F -a '(timeout 1 clasp-dmx-out --list 2>/dev/null)' -d 'the serial port, or - for packets on stdout; of uDMX its name'
complete -c clasp-dmx-out -l driver -r -f -a 'enttec-pro opendmx udmx raw' -d 'what the device is: enttec-pro (the default), opendmx, udmx or raw'
complete -c clasp-dmx-out -s U -l universe -r -f -d 'universe; default 1; N,M: the two outputs of an ultraDMX'
complete -c clasp-dmx-out -l flat -d 'take /dmx/C too'
complete -c clasp-dmx-out -l slots -r -f -d 'slots in a frame, 24-512 (udmx and raw 1-512); default 512'
complete -c clasp-dmx-out -l break -r -f -d 'the break: set in the widget, made by opendmx'
complete -c clasp-dmx-out -l mab -r -f -d 'the mark after break, likewise'
complete -c clasp-dmx-out -l force -d 'with udmx: take a device that calls itself something else'
complete -c clasp-dmx-out -l scale -r -f -a 'auto raw unit' -d 'auto (floats 0.0-1.0 are shares of 255, larger ones levels), raw (all are levels) or unit (all are shares)'
complete -c clasp-dmx-out -l rate -r -f -d 'frames a second, at most 44; default 40'
complete -c clasp-dmx-out -l once -d 'read all, send one frame, exit'
complete -c clasp-dmx-out -l hold -d 'keep sending after the end of the input, until a signal'
complete -c clasp-dmx-out -l on-exit -r -f -a 'hold blackout' -d 'hold (leave the last frame standing; the default) or blackout'
complete -c clasp-dmx-out -l show -f -a 'hex dec pct' -d 'draw the levels in the terminal, as hex (the default), dec or pct'
complete -c clasp-dmx-out -l list -d 'list the devices and exit'
complete -c clasp-dmx-out -l wait -d 'wait for a device that is not there'
complete -c clasp-dmx-out -l exit-on-loss -d 'end when the device goes away, exit 3'
complete -c clasp-dmx-out -s u -l url -r -f -d 'work with this relay, or with @NAME from the configuration, instead of lines'
complete -c clasp-dmx-out -l prefix -r -f -d 'what addresses begin with, instead of the protocol\'s own'
complete -c clasp-dmx-out -l no-snapshot -d 'with -u: do not begin with what the relay knows'
complete -c clasp-dmx-out -l map -r -f -d 'rename and transform, as clasp-map(1)'
complete -c clasp-dmx-out -s m -l map-file -r -F -d 'rules from a file, one a line'
complete -c clasp-dmx-out -l token-file -r -F -d 'the token, one line; a file nobody else can read'
complete -c clasp-dmx-out -l token -r -f -d 'the token itself'
complete -c clasp-dmx-out -l cacert -r -F -d 'trust the CAs in this file'
complete -c clasp-dmx-out -l cert -r -F -d 'our certificate'
complete -c clasp-dmx-out -l key -r -F -d 'our certificate\'s key'
complete -c clasp-dmx-out -l insecure -d 'do not check the relay\'s certificate'
complete -c clasp-dmx-out -l name -r -f -d 'our name at the relay; default program@host:pid'
complete -c clasp-dmx-out -l connect-timeout -r -f -d 'give up connecting after D; default 5s'
complete -c clasp-dmx-out -l retry -f -d 'try the first connection again, for ever or N times'
complete -c clasp-dmx-out -l no-reconnect -d 'a lost connection is the end, exit 3'
complete -c clasp-dmx-out -s n -l count -r -f -d 'stop after N messages'
complete -c clasp-dmx-out -s T -l timeout -r -f -d 'stop after D, exit 124'
complete -c clasp-dmx-out -l idle -r -f -d 'stop when nothing came for D, exit 0'
complete -c clasp-dmx-out -l strict -d 'stop at the first bad line'
complete -c clasp-dmx-out -l ready-fd -r -f -d 'write "ready" to descriptor N once all is set up'
complete -c clasp-dmx-out -l stats -d 'one line of figures at the end'
complete -c clasp-dmx-out -s q -l quiet -d 'errors only'
complete -c clasp-dmx-out -s v -l verbose -d 'say more; -vv shows frames and where settings come from'
complete -c clasp-dmx-out -l color -r -f -a 'auto always never' -d 'colors: auto, always or never'
complete -c clasp-dmx-out -l config -r -F -d 'read this configuration instead of the usual ones'
complete -c clasp-dmx-out -s h -l help -d 'show this help and exit'
complete -c clasp-dmx-out -s V -l version -d 'show the version and exit'
