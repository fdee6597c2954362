# fish completion for clasp-dmx-in

# Addresses the relay has that begin as the word does.
function __clasp_dmx_in_addresses
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

complete -c clasp-dmx-in -f
complete -c clasp-dmx-in -s d -l device -r -F -a '(timeout 1 clasp-dmx-in --list 2>/dev/null)' -d 'the widget\'s serial port, or - for packets on stdin'
complete -c clasp-dmx-in -l driver -r -f -a 'enttec-pro raw' -d 'what the device is: enttec-pro (the default) or raw (frames and nothing around them)'
complete -c clasp-dmx-in -s U -l universe -r -f -d 'universe; default 1'
complete -c clasp-dmx-in -l flat -d '/dmx/C without the universe'
complete -c clasp-dmx-in -l mode -r -f -a 'channel universe' -d 'channel (a param each; the default) or universe (a frame as bytes)'
complete -c clasp-dmx-in -l every-frame -d 'have the widget send every frame, not only changes'
complete -c clasp-dmx-in -l slots -r -f -d 'with raw: slots in a frame, 1-512; default 512'
complete -c clasp-dmx-in -l once -d 'end after the first frame'
complete -c clasp-dmx-in -l show -f -a 'hex dec pct' -d 'draw the levels in the terminal, as hex (the default), dec or pct'
complete -c clasp-dmx-in -l list -d 'list the devices and exit'
complete -c clasp-dmx-in -l wait -d 'wait for a device that is not there'
complete -c clasp-dmx-in -l exit-on-loss -d 'end when the device goes away, exit 3'
complete -c clasp-dmx-in -s u -l url -r -f -d 'work with this relay, or with @NAME from the configuration, instead of lines'
complete -c clasp-dmx-in -l prefix -r -f -d 'what addresses begin with, instead of the protocol\'s own'
complete -c clasp-dmx-in -l max-rate -r -f -d 'at most so many values a second for an address, the newest counts; 0: all; default: 60 with -u, else all'
complete -c clasp-dmx-in -l ttl -r -f -d 'with -u: values expire after D, in whole seconds; default: never'
complete -c clasp-dmx-in -l map -r -f -d 'rename and transform, as clasp-map(1)'
complete -c clasp-dmx-in -s m -l map-file -r -F -d 'rules from a file, one a line'
complete -c clasp-dmx-in -l token-file -r -F -d 'the token, one line; a file nobody else can read'
complete -c clasp-dmx-in -l token -r -f -d 'the token itself'
complete -c clasp-dmx-in -l cacert -r -F -d 'trust the CAs in this file'
complete -c clasp-dmx-in -l cert -r -F -d 'our certificate'
complete -c clasp-dmx-in -l key -r -F -d 'our certificate\'s key'
complete -c clasp-dmx-in -l insecure -d 'do not check the relay\'s certificate'
complete -c clasp-dmx-in -l name -r -f -d 'our name at the relay; default program@host:pid'
complete -c clasp-dmx-in -l connect-timeout -r -f -d 'give up connecting after D; default 5s'
complete -c clasp-dmx-in -l retry -f -d 'try the first connection again, for ever or N times'
complete -c clasp-dmx-in -l no-reconnect -d 'a lost connection is the end, exit 3'
complete -c clasp-dmx-in -s o -l output -r -f -a 'text json tsv values addresses frames' -d 'as text, json, tsv, values, addresses or frames'
complete -c clasp-dmx-in -s f -l format -r -f -d 'print by a template: %a address, %v value ...; see clasp(7)'
complete -c clasp-dmx-in -s t -l time -f -a 'unix rel delta iso' -d 'put a time in front: unix (default), rel, delta or iso'
complete -c clasp-dmx-in -l exact -d 'keep what the wire chose: number widths, key order'
complete -c clasp-dmx-in -s n -l count -r -f -d 'stop after N messages'
complete -c clasp-dmx-in -s T -l timeout -r -f -d 'stop after D, exit 124'
complete -c clasp-dmx-in -l idle -r -f -d 'stop when nothing came for D, exit 0'
complete -c clasp-dmx-in -l ready-fd -r -f -d 'write "ready" to descriptor N once all is set up'
complete -c clasp-dmx-in -l stats -d 'one line of figures at the end'
complete -c clasp-dmx-in -s q -l quiet -d 'errors only'
complete -c clasp-dmx-in -s v -l verbose -d 'say more; -vv shows frames and where settings come from'
complete -c clasp-dmx-in -l color -r -f -a 'auto always never' -d 'colors: auto, always or never'
complete -c clasp-dmx-in -l config -r -F -d 'read this configuration instead of the usual ones'
complete -c clasp-dmx-in -s h -l help -d 'show this help and exit'
complete -c clasp-dmx-in -s V -l version -d 'show the version and exit'
