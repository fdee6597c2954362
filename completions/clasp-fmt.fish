# fish completion for clasp-fmt

# Addresses the relay has that begin as the word does.
function __clasp_fmt_addresses
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

complete -c clasp-fmt -f
complete -c clasp-fmt -l check -d 'print nothing; exit 6 when a line or frame is bad'
complete -c clasp-fmt -l relative -d 'write times as +D, since the line before'
complete -c clasp-fmt -l absolute -d 'write times since the epoch'
complete -c clasp-fmt -l no-time -d 'leave the times out'
complete -c clasp-fmt -l append -d 'make one recording of several, one after the other'
complete -c clasp-fmt -l from -r -f -d 'leave out what is before T seconds or before a mark'
complete -c clasp-fmt -l to -r -f -d 'leave out what is from T seconds or a mark on'
complete -c clasp-fmt -l strict -d 'stop at the first bad line'
complete -c clasp-fmt -s o -l output -r -f -a 'text json tsv values addresses frames' -d 'as text, json, tsv, values, addresses or frames'
complete -c clasp-fmt -s f -l format -r -f -d 'print by a template: %a address, %v value ...; see clasp(7)'
complete -c clasp-fmt -s t -l time -f -a 'unix rel delta iso' -d 'put a time in front: unix (default), rel, delta or iso'
complete -c clasp-fmt -l exact -d 'keep what the wire chose: number widths, key order'
complete -c clasp-fmt -s q -l quiet -d 'errors only'
complete -c clasp-fmt -s v -l verbose -d 'say more; -vv shows frames and where settings come from'
complete -c clasp-fmt -l color -r -f -a 'auto always never' -d 'colors: auto, always or never'
complete -c clasp-fmt -l config -r -F -d 'read this configuration instead of the usual ones'
complete -c clasp-fmt -s h -l help -d 'show this help and exit'
complete -c clasp-fmt -s V -l version -d 'show the version and exit'
complete -c clasp-fmt -F
