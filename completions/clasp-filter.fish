# fish completion for clasp-filter

# Addresses the relay has that begin as the word does.
function __clasp_filter_addresses
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

complete -c clasp-filter -f
complete -c clasp-filter -l match -r -f -a '(__clasp_filter_addresses)' -d 'only addresses that match; several: any of them'
complete -c clasp-filter -l not -r -f -a '(__clasp_filter_addresses)' -d 'no addresses that match'
complete -c clasp-filter -l max-rate -r -f -d 'at most R values a second for each address; the last one always gets out'
complete -c clasp-filter -l epsilon -r -f -d 'only values that differ by E or more from the last one of their address'
complete -c clasp-filter -l changed -d 'only values that differ from the last one of their address'
complete -c clasp-filter -l type -r -f -a 'param event stream gesture timeline' -d 'only param, event, stream, gesture, timeline'
complete -c clasp-filter -l strict -d 'stop at the first bad line'
complete -c clasp-filter -s o -l output -r -f -a 'text json tsv values addresses frames' -d 'as text, json, tsv, values, addresses or frames'
complete -c clasp-filter -s f -l format -r -f -d 'print by a template: %a address, %v value ...; see clasp(7)'
complete -c clasp-filter -s t -l time -f -a 'unix rel delta iso' -d 'put a time in front: unix (default), rel, delta or iso'
complete -c clasp-filter -l exact -d 'keep what the wire chose: number widths, key order'
complete -c clasp-filter -s q -l quiet -d 'errors only'
complete -c clasp-filter -s v -l verbose -d 'say more; -vv shows frames and where settings come from'
complete -c clasp-filter -l color -r -f -a 'auto always never' -d 'colors: auto, always or never'
complete -c clasp-filter -l config -r -F -d 'read this configuration instead of the usual ones'
complete -c clasp-filter -s h -l help -d 'show this help and exit'
complete -c clasp-filter -s V -l version -d 'show the version and exit'
complete -c clasp-filter -F
