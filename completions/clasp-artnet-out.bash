# bash completion for clasp-artnet-out

# Addresses the relay has that begin as the word does.
_clasp_artnet_out_addresses()
{
	local word=$cur quote= line
	local -a args=(--connect-timeout 500ms -o addresses)

	case $word in
	\'*|\"*) quote=${word:0:1} word=${word:1} ;;
	esac
	word=${word:-/}
	[[ $word == /* ]] || return
	[[ $COMP_LINE =~ [[:space:]](-u|--url)[[:space:]=]+([^[:space:]]+) ]] &&
		args+=(-u "${BASH_REMATCH[2]}")
	while IFS= read -r line; do
		[[ $line == "$word"* ]] || continue
		if [[ -z $quote ]]; then
			printf -v line %q "$line"
		elif [[ $line == *"$quote"* ]]; then
			continue
		fi
		COMPREPLY+=("$line")
	done < <(timeout 1 clasp-get "${args[@]}" -- "$word*/**" 2>/dev/null |
	    head -n 1000)
}

_clasp_artnet_out()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev= eq=

	COMPREPLY=()
	((COMP_CWORD > 0)) && prev=${COMP_WORDS[COMP_CWORD-1]}
	# readline cuts words at "="
	if [[ $cur == = ]]; then
		eq== cur=
	elif [[ $prev == = ]] && ((COMP_CWORD > 1)); then
		eq== prev=${COMP_WORDS[COMP_CWORD-2]}
	fi
	case $eq$prev in
	-U|=-U|--universe|=--universe)
		:
		return ;;
	--to|=--to)
		:
		return ;;
	-p|=-p|--port|=--port)
		:
		return ;;
	--slots|=--slots)
		:
		return ;;
	--source|=--source)
		:
		return ;;
	--merge|=--merge)
		mapfile -t COMPREPLY < <(compgen -W 'htp ltp' -- "$cur")
		return ;;
	--on-loss|=--on-loss)
		mapfile -t COMPREPLY < <(compgen -W 'hold blackout' -- "$cur")
		return ;;
	--rate|=--rate)
		:
		return ;;
	--scale|=--scale)
		mapfile -t COMPREPLY < <(compgen -W 'auto raw unit' -- "$cur")
		return ;;
	--on-exit|=--on-exit)
		mapfile -t COMPREPLY < <(compgen -W 'hold blackout' -- "$cur")
		return ;;
	--interface|=--interface)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <({ timeout 1 clasp-artnet-out --list 2>/dev/null |
		    cut -f 1 | while IFS= read -r word; do
			[[ $word == "$cur"* ]] && printf '%s\n' "$word"
		done; } | sort -u)
		return ;;
	--rcvbuf|=--rcvbuf)
		:
		return ;;
	=--show)
		mapfile -t COMPREPLY < <(compgen -W 'hex dec pct' -- "$cur")
		return ;;
	-u|=-u|--url|=--url)
		:
		return ;;
	--prefix|=--prefix)
		:
		return ;;
	--max-rate|=--max-rate)
		:
		return ;;
	--ttl|=--ttl)
		:
		return ;;
	--map|=--map)
		:
		return ;;
	-m|=-m|--map-file|=--map-file)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--token-file|=--token-file)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--token|=--token)
		:
		return ;;
	--cacert|=--cacert)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--cert|=--cert)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--key|=--key)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--name|=--name)
		:
		return ;;
	--connect-timeout|=--connect-timeout)
		:
		return ;;
	=--retry)
		:
		return ;;
	-n|=-n|--count|=--count)
		:
		return ;;
	-T|=-T|--timeout|=--timeout)
		:
		return ;;
	--idle|=--idle)
		:
		return ;;
	--ready-fd|=--ready-fd)
		:
		return ;;
	--color|=--color)
		mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
		return ;;
	--config|=--config)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '
			-U --universe
			--to
			--broadcast
			--limited-broadcast
			-p --port
			--split
			--slots
			--sync
			--source
			--reply-broadcast
			--merge
			--on-loss
			--rate
			--scale
			--once
			--hold
			--on-exit
			--interface
			--list
			--rcvbuf
			--show
			-u --url
			--prefix
			--no-snapshot
			--both
			--max-rate
			--ttl
			--map
			-m --map-file
			--token-file
			--token
			--cacert
			--cert
			--key
			--insecure
			--name
			--connect-timeout
			--retry
			--no-reconnect
			-n --count
			-T --timeout
			--idle
			--strict
			--ready-fd
			--stats
			-q --quiet
			-v --verbose
			--color
			--config
			-h --help
			-V --version' -- "$cur")
	else
		:
	fi
}

complete -F _clasp_artnet_out clasp-artnet-out
