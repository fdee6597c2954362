# bash completion for clasp-midi-out

# Addresses the relay has that begin as the word does.
_clasp_midi_out_addresses()
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

_clasp_midi_out()
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
	-d|=-d|--device|=--device)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <({ timeout 1 clasp-midi-out --list 2>/dev/null |
		    cut -f 1 | while IFS= read -r word; do
			[[ $word == "$cur"* ]] && printf '%s\n' "$word"
		done; compgen -f -- "$cur"; } | sort -u)
		return ;;
	--as|=--as)
		:
		return ;;
	--profile|=--profile)
		mapfile -t COMPREPLY < <(compgen -W 'raw doc' -- "$cur")
		return ;;
	--cc14|=--cc14)
		:
		return ;;
	=--nrpn)
		mapfile -t COMPREPLY < <(compgen -W '7 14' -- "$cur")
		return ;;
	=--rpn)
		mapfile -t COMPREPLY < <(compgen -W '7 14' -- "$cur")
		return ;;
	--in-port|=--in-port)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <({ timeout 1 clasp-midi-out --list 2>/dev/null |
		    cut -f 1 | while IFS= read -r word; do
			[[ $word == "$cur"* ]] && printf '%s\n' "$word"
		done; compgen -f -- "$cur"; } | sort -u)
		return ;;
	--out-port|=--out-port)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <({ timeout 1 clasp-midi-out --list 2>/dev/null |
		    cut -f 1 | while IFS= read -r word; do
			[[ $word == "$cur"* ]] && printf '%s\n' "$word"
		done; compgen -f -- "$cur"; } | sort -u)
		return ;;
	--on-exit|=--on-exit)
		mapfile -t COMPREPLY < <(compgen -W 'release hold' -- "$cur")
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
			-d --device
			--as
			--profile
			--clock
			--sysex
			--mtc
			--cc14
			--nrpn
			--rpn
			--in-port
			--out-port
			--running-status
			--on-exit
			--list
			--wait
			--exit-on-loss
			-u --url
			--prefix
			--both
			--no-snapshot
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

complete -F _clasp_midi_out clasp-midi-out
