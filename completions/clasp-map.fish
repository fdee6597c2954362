# fish completion for clasp-map

# Addresses the relay has that begin as the word does.
function __clasp_map_addresses
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

complete -c clasp-map -f
complete -c clasp-map -s a -l all -d 'every rule that matches gives a line, not only the first'
complete -c clasp-map -l only -d 'drop the lines that no rule matches'
complete -c clasp-map -l map -r -f -d 'rename and transform, as clasp-map(1)'
complete -c clasp-map -s m -l map-file -r -F -d 'rules from a file, one a line'
complete -c clasp-map -l strict -d 'stop at the first bad line'
complete -c clasp-map -s o -l output -r -f -a 'text json tsv values addresses frames' -d 'as text, json, tsv, values, addresses or frames'
complete -c clasp-map -s f -l format -r -f -d 'print by a template: %a address, %v value ...; see clasp(7)'
complete -c clasp-map -s t -l time -f -a 'unix rel delta iso' -d 'put a time in front: unix (default), rel, delta or iso'
complete -c clasp-map -l exact -d 'keep what the wire chose: number widths, key order'
complete -c clasp-map -s q -l quiet -d 'errors only'
complete -c clasp-map -s v -l verbose -d 'say more; -vv shows frames and where settings come from'
complete -c clasp-map -l color -r -f -a 'auto always never' -d 'colors: auto, always or never'
complete -c clasp-map -l config -r -F -d 'read this configuration instead of the usual ones'
complete -c clasp-map -s h -l help -d 'show this help and exit'
complete -c clasp-map -s V -l version -d 'show the version and exit'
