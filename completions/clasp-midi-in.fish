# fish completion for clasp-midi-in

# Addresses the relay has that begin as the word does.
function __clasp_midi_in_addresses
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

complete -c clasp-midi-in -f
complete -c clasp-midi-in -s d -l device -r -F -a '(timeout 1 clasp-midi-in --list 2>/dev/null)' -d 'raw:PATH, serial:PATH[@BAUD], - for stdin, or part of a port\'s name; default: the first port'
complete -c clasp-midi-in -l as -r -f -d 'the device\'s name in addresses; default: default'
complete -c clasp-midi-in -l profile -r -f -a 'raw doc' -d 'raw (ints, channels 0-15; the default) or doc (0.0-1.0, channels 1-16)'
complete -c clasp-midi-in -l clock -d 'carry the timing clock'
complete -c clasp-midi-in -l sysex -d 'carry SysEx'
complete -c clasp-midi-in -l mtc -d 'carry MIDI time code'
complete -c clasp-midi-in -l cc14 -r -f -d 'controllers 0-31 that are 14 bit wide, as 1,7-9'
complete -c clasp-midi-in -l nrpn -f -a '7 14' -d 'read NRPNs; with 7 their values are 7 bit wide'
complete -c clasp-midi-in -l rpn -f -a '7 14' -d 'the same for RPNs'
complete -c clasp-midi-in -l in-port -r -F -a '(timeout 1 clasp-midi-in --list 2>/dev/null)' -d 'with --both: where to read, instead of -d'
complete -c clasp-midi-in -l out-port -r -F -a '(timeout 1 clasp-midi-in --list 2>/dev/null)' -d 'with --both: where to send, instead of -d'
complete -c clasp-midi-in -l running-status -d 'with --both: leave out a status byte that is the one before'
complete -c clasp-midi-in -l on-exit -r -f -a 'release hold' -d 'with --both: release (end every note that sounds; the default) or hold'
complete -c clasp-midi-in -l list -d 'list the devices and exit'
complete -c clasp-midi-in -l wait -d 'wait for a device that is not there'
complete -c clasp-midi-in -l exit-on-loss -d 'end when the device goes away, exit 3'
complete -c clasp-midi-in -s u -l url -r -f -d 'work with this relay, or with @NAME from the configuration, instead of lines'
complete -c clasp-midi-in -l prefix -r -f -d 'what addresses begin with, instead of the protocol\'s own'
complete -c clasp-midi-in -l both -d 'with -u: both directions on one session'
complete -c clasp-midi-in -l max-rate -r -f -d 'at most so many values a second for an address, the newest counts; 0: all; default: 60 with -u, else all'
complete -c clasp-midi-in -l ttl -r -f -d 'with -u: values expire after D, in whole seconds; default: never'
complete -c clasp-midi-in -l no-snapshot -d 'with -u: do not begin with what the relay knows'
complete -c clasp-midi-in -l map -r -f -d 'rename and transform, as clasp-map(1)'
complete -c clasp-midi-in -s m -l map-file -r -F -d 'rules from a file, one a line'
complete -c clasp-midi-in -l token-file -r -F -d 'the token, one line; a file nobody else can read'
complete -c clasp-midi-in -l token -r -f -d 'the token itself'
complete -c clasp-midi-in -l cacert -r -F -d 'trust the CAs in this file'
complete -c clasp-midi-in -l cert -r -F -d 'our certificate'
complete -c clasp-midi-in -l key -r -F -d 'our certificate\'s key'
complete -c clasp-midi-in -l insecure -d 'do not check the relay\'s certificate'
complete -c clasp-midi-in -l name -r -f -d 'our name at the relay; default program@host:pid'
complete -c clasp-midi-in -l connect-timeout -r -f -d 'give up connecting after D; default 5s'
complete -c clasp-midi-in -l retry -f -d 'try the first connection again, for ever or N times'
complete -c clasp-midi-in -l no-reconnect -d 'a lost connection is the end, exit 3'
complete -c clasp-midi-in -s o -l output -r -f -a 'text json tsv values addresses frames' -d 'as text, json, tsv, values, addresses or frames'
complete -c clasp-midi-in -s f -l format -r -f -d 'print by a template: %a address, %v value ...; see clasp(7)'
complete -c clasp-midi-in -s t -l time -f -a 'unix rel delta iso' -d 'put a time in front: unix (default), rel, delta or iso'
complete -c clasp-midi-in -l exact -d 'keep what the wire chose: number widths, key order'
complete -c clasp-midi-in -s n -l count -r -f -d 'stop after N messages'
complete -c clasp-midi-in -s T -l timeout -r -f -d 'stop after D, exit 124'
complete -c clasp-midi-in -l idle -r -f -d 'stop when nothing came for D, exit 0'
complete -c clasp-midi-in -l ready-fd -r -f -d 'write "ready" to descriptor N once all is set up'
complete -c clasp-midi-in -l stats -d 'one line of figures at the end'
complete -c clasp-midi-in -s q -l quiet -d 'errors only'
complete -c clasp-midi-in -s v -l verbose -d 'say more; -vv shows frames and where settings come from'
complete -c clasp-midi-in -l color -r -f -a 'auto always never' -d 'colors: auto, always or never'
complete -c clasp-midi-in -l config -r -F -d 'read this configuration instead of the usual ones'
complete -c clasp-midi-in -s h -l help -d 'show this help and exit'
complete -c clasp-midi-in -s V -l version -d 'show the version and exit'
