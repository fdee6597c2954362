# bash completion for clasp-clasp2osc

# Addresses the relay has that begin as the word does.
_clasp_clasp2osc_addresses()
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

_clasp_clasp2osc()
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
	-t|=-t|--to|=--to)
		:
		return ;;
	-u|=-u|--url|=--url)
		:
		return ;;
	--prefix|=--prefix)
		:
		return ;;
	--max-size|=--max-size)
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
			-t --to
			--tcp
			--slip
			--wait
			-u --url
			--prefix
			--no-snapshot
			--wide
			--bool-int
			--as-float
			--osc-arrays
			--max-size
			--map
			-m --map-file
			--strict
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

complete -F _clasp_clasp2osc clasp-clasp2osc
