# fish completion for clasp-midi-out

# Addresses the relay has that begin as the word does.
function __clasp_midi_out_addresses
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

complete -c clasp-midi-out -f
complete -c clasp-midi-out -s d -l device -r -F -a '(timeout 1 clasp-midi-out --list 2>/dev/null)' -d 'raw:PATH, serial:PATH[@BAUD], - for stdout, or part of a port\'s name; default: the first port'
complete -c clasp-midi-out -l as -r -f -d 'the device\'s name in addresses; default: default'
complete -c clasp-midi-out -l profile -r -f -a 'raw doc' -d 'raw (ints, channels 0-15; the default) or doc (0.0-1.0, channels 1-16)'
complete -c clasp-midi-out -l clock -d 'send the timing clock'
complete -c clasp-midi-out -l sysex -d 'send SysEx'
complete -c clasp-midi-out -l mtc -d 'send MIDI time code'
complete -c clasp-midi-out -l cc14 -r -f -d 'with --both: controllers 0-31 that are read 14 bit wide, as 1,7-9'
complete -c clasp-midi-out -l nrpn -f -a '7 14' -d 'with 7: values of NRPNs are 7 bit wide; with --both they are read, too'
complete -c clasp-midi-out -l rpn -f -a '7 14' -d 'the same for RPNs'
complete -c clasp-midi-out -l in-port -r -F -a '(timeout 1 clasp-midi-out --list 2>/dev/null)' -d 'with --both: where to read, instead of -d'
complete -c clasp-midi-out -l out-port -r -F -a '(timeout 1 clasp-midi-out --list 2>/dev/null)' -d 'with --both: where to send, instead of -d'
complete -c clasp-midi-out -l running-status -d 'leave out a status byte that is the one before'
complete -c clasp-midi-out -l on-exit -r -f -a 'release hold' -d 'release (end every note that sounds; the default) or hold'
complete -c clasp-midi-out -l list -d 'list the devices and exit'
complete -c clasp-midi-out -l wait -d 'wait for a device that is not there'
complete -c clasp-midi-out -l exit-on-loss -d 'end when the device goes away, exit 3'
complete -c clasp-midi-out -s u -l url -r -f -d 'work with this relay, or with @NAME from the configuration, instead of lines'
complete -c clasp-midi-out -l prefix -r -f -d 'what addresses begin with, instead of the protocol\'s own'
complete -c clasp-midi-out -l both -d 'with -u: both directions on one session'
complete -c clasp-midi-out -l no-snapshot -d 'with -u: do not begin with what the relay knows'
complete -c clasp-midi-out -l max-rate -r -f -d 'at most so many values a second for an address, the newest counts; 0: all; default: 60 with -u, else all'
complete -c clasp-midi-out -l ttl -r -f -d 'with -u: values expire after D, in whole seconds; default: never'
complete -c clasp-midi-out -l map -r -f -d 'rename and transform, as clasp-map(1)'
complete -c clasp-midi-out -s m -l map-file -r -F -d 'rules from a file, one a line'
complete -c clasp-midi-out -l token-file -r -F -d 'the token, one line; a file nobody else can read'
complete -c clasp-midi-out -l token -r -f -d 'the token itself'
complete -c clasp-midi-out -l cacert -r -F -d 'trust the CAs in this file'
complete -c clasp-midi-out -l cert -r -F -d 'our certificate'
complete -c clasp-midi-out -l key -r -F -d 'our certificate\'s key'
complete -c clasp-midi-out -l insecure -d 'do not check the relay\'s certificate'
complete -c clasp-midi-out -l name -r -f -d 'our name at the relay; default program@host:pid'
complete -c clasp-midi-out -l connect-timeout -r -f -d 'give up connecting after D; default 5s'
complete -c clasp-midi-out -l retry -f -d 'try the first connection again, for ever or N times'
complete -c clasp-midi-out -l no-reconnect -d 'a lost connection is the end, exit 3'
complete -c clasp-midi-out -s n -l count -r -f -d 'stop after N messages'
complete -c clasp-midi-out -s T -l timeout -r -f -d 'stop after D, exit 124'
complete -c clasp-midi-out -l idle -r -f -d 'stop when nothing came for D, exit 0'
complete -c clasp-midi-out -l strict -d 'stop at the first bad line'
complete -c clasp-midi-out -l ready-fd -r -f -d 'write "ready" to descriptor N once all is set up'
complete -c clasp-midi-out -l stats -d 'one line of figures at the end'
complete -c clasp-midi-out -s q -l quiet -d 'errors only'
complete -c clasp-midi-out -s v -l verbose -d 'say more; -vv shows frames and where settings come from'
complete -c clasp-midi-out -l color -r -f -a 'auto always never' -d 'colors: auto, always or never'
complete -c clasp-midi-out -l config -r -F -d 'read this configuration instead of the usual ones'
complete -c clasp-midi-out -s h -l help -d 'show this help and exit'
complete -c clasp-midi-out -s V -l version -d 'show the version and exit'
