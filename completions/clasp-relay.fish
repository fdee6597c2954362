# fish completion for clasp-relay

# Addresses the relay has that begin as the word does.
function __clasp_relay_addresses
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

complete -c clasp-relay -f
complete -c clasp-relay -s p -l ws-port -r -f -d 'WebSocket port (7330); 0: any free one'
complete -c clasp-relay -l port -r -f -d 'the same as --ws-port'
complete -c clasp-relay -l host -r -f -d 'address to listen on (all, IPv4 and IPv6)'
complete -c clasp-relay -l listen -r -f -d 'listen here too: ws, wss, tcp, tls or unix; repeatable'
complete -c clasp-relay -l cert -r -F -d 'certificate chain: the ports take TLS, too'
complete -c clasp-relay -l cert-path -r -F -d 'the same as --cert'
complete -c clasp-relay -l key -r -F -d 'the certificate\'s private key'
complete -c clasp-relay -l key-path -r -F -d 'the same as --key'
complete -c clasp-relay -l tls-only -d 'refuse what is not TLS'
complete -c clasp-relay -l port-file -r -F -d 'write the bound port to FILE'
complete -c clasp-relay -s n -l name -r -f -d 'name in WELCOME (CLASP Relay)'
complete -c clasp-relay -l log-level -r -f -a 'error warn info debug trace' -d 'error, warn, info, debug or trace'
complete -c clasp-relay -l log-file -r -F -d 'log to FILE; SIGHUP opens it again'
complete -c clasp-relay -l app-config -r -F -d 'how params are treated; SIGHUP reads it again'
complete -c clasp-relay -l max-sessions -r -f -d 'sessions at a time (1000); 0: no limit'
complete -c clasp-relay -l max-clients -r -f -d 'the same as --max-sessions'
complete -c clasp-relay -l max-subscriptions -r -f -d 'subscriptions of a session (100); 0: no limit'
complete -c clasp-relay -l max-params -r -f -d 'params kept (100000); 0: no limit'
complete -c clasp-relay -l evict -r -f -a 'lru oldest reject' -d 'who leaves then: lru, oldest or reject'
complete -c clasp-relay -l max-signals -r -f -d 'signals kept (100000); 0: no limit'
complete -c clasp-relay -l queue-size -r -f -d 'messages waiting for a session (1000)'
complete -c clasp-relay -l rate-limit -r -f -d 'messages a second from a session (0: any)'
complete -c clasp-relay -l session-timeout -r -f -d 'close sessions silent for D (300s); 0: never'
complete -c clasp-relay -l drain-timeout -r -f -d 'wait at most D for goodbyes (30s)'
complete -c clasp-relay -l param-ttl -r -f -d 'forget params unused for D (3600s); 0: never'
complete -c clasp-relay -l signal-ttl -r -f -d 'forget signals unused for D (3600s); 0: never'
complete -c clasp-relay -l no-ttl -d 'forget only what was given a time of its own'
complete -c clasp-relay -l gesture-interval -r -f -d 'forward moves of a gesture so often (16); 0: only the last'
complete -c clasp-relay -l no-gesture-coalescing -d 'forward each move of a gesture'
complete -c clasp-relay -l no-websocket -d 'only what --listen says'
complete -c clasp-relay -l no-mdns -d 'do not announce by mDNS'
complete -c clasp-relay -l no-broadcast -d 'do not answer broadcasts'
complete -c clasp-relay -l rendezvous-port -r -f -d 'no rendezvous registry'
complete -c clasp-relay -l health-port -r -f -d 'answer /healthz and /readyz there'
complete -c clasp-relay -l metrics-port -r -f -d 'answer /metrics there, for Prometheus'
complete -c clasp-relay -l ready-fd -r -f -d 'write "ready" to descriptor N when it listens'
complete -c clasp-relay -s q -l quiet -d 'errors only'
complete -c clasp-relay -s v -l verbose -d 'say more; -vv shows frames and where settings come from'
complete -c clasp-relay -l color -r -f -a 'auto always never' -d 'colors: auto, always or never'
complete -c clasp-relay -l config -r -F -d 'read this configuration instead of the usual ones'
complete -c clasp-relay -s h -l help -d 'show this help and exit'
complete -c clasp-relay -s V -l version -d 'show the version and exit'
