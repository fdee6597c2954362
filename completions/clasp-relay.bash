# bash completion for clasp-relay

# Addresses the relay has that begin as the word does.
_clasp_relay_addresses()
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

_clasp_relay()
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
	-p|=-p|--ws-port|=--ws-port)
		:
		return ;;
	--port|=--port)
		:
		return ;;
	--host|=--host)
		:
		return ;;
	--listen|=--listen)
		:
		return ;;
	--cert|=--cert)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--cert-path|=--cert-path)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--key|=--key)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--key-path|=--key-path)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--port-file|=--port-file)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	-n|=-n|--name|=--name)
		:
		return ;;
	--log-level|=--log-level)
		mapfile -t COMPREPLY < <(compgen -W 'error warn info debug trace' -- "$cur")
		return ;;
	--log-file|=--log-file)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--app-config|=--app-config)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--max-sessions|=--max-sessions)
		:
		return ;;
	--max-clients|=--max-clients)
		:
		return ;;
	--max-subscriptions|=--max-subscriptions)
		:
		return ;;
	--max-params|=--max-params)
		:
		return ;;
	--evict|=--evict)
		mapfile -t COMPREPLY < <(compgen -W 'lru oldest reject' -- "$cur")
		return ;;
	--max-signals|=--max-signals)
		:
		return ;;
	--queue-size|=--queue-size)
		:
		return ;;
	--rate-limit|=--rate-limit)
		:
		return ;;
	--session-timeout|=--session-timeout)
		:
		return ;;
	--drain-timeout|=--drain-timeout)
		:
		return ;;
	--param-ttl|=--param-ttl)
		:
		return ;;
	--signal-ttl|=--signal-ttl)
		:
		return ;;
	--gesture-interval|=--gesture-interval)
		:
		return ;;
	--rendezvous-port|=--rendezvous-port)
		:
		return ;;
	--health-port|=--health-port)
		:
		return ;;
	--metrics-port|=--metrics-port)
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
			-p --ws-port
			--port
			--host
			--listen
			--cert
			--cert-path
			--key
			--key-path
			--tls-only
			--port-file
			-n --name
			--log-level
			--log-file
			--app-config
			--max-sessions
			--max-clients
			--max-subscriptions
			--max-params
			--evict
			--max-signals
			--queue-size
			--rate-limit
			--session-timeout
			--drain-timeout
			--param-ttl
			--signal-ttl
			--no-ttl
			--gesture-interval
			--no-gesture-coalescing
			--no-websocket
			--no-mdns
			--no-broadcast
			--rendezvous-port
			--health-port
			--metrics-port
			--ready-fd
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

complete -F _clasp_relay clasp-relay
