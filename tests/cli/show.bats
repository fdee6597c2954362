# --show: levels in the terminal, and the terminal as it was afterwards.

setup() {
	load helper
	common_setup
	export LC_ALL=C TERM=xterm
	unset NO_COLOR
}

teardown() {
	[ -S "$WORK/tmux" ] && tmux -S "$WORK/tmux" kill-server 3>&- || true
	common_teardown
}

# A terminal of 80 columns and 24 rows with a shell in it.
terminal() {
	tmux -S "$WORK/tmux" -f /dev/null new-session -d -x 80 -y 24 \
	    "env PATH=$PATH LC_ALL=${1:-C} PS1='> ' bash --norc" 3>&- 5>&-
	wait_until 10 shows '>'
}
keys() {
	tmux -S "$WORK/tmux" send-keys "$@"
}
screen() {
	tmux -S "$WORK/tmux" capture-pane -p
}
shows() {
	screen | grep -qF -- "$1"
}
hides() {
	! shows "$1"
}

# typed TEXT: a command at the prompt.
typed() {
	keys "$1" Enter
}

# The shell waits for a command: what is typed is for nobody else.
prompts() {
	screen | grep -v '^$' | tail -n 1 | grep -qx '>'
}

# The shell is back, and what is typed is shown: the terminal is as it was.
restored() {
	wait_until 10 prompts
	typed 'stty -a | tr " ;" "\n\n" | grep -x echo; echo all  well'
	wait_until 10 shows 'all well'
	screen | grep -qx 'echo'
	tmux -S "$WORK/tmux" display -p '#{cursor_flag} #{alternate_on}' |
	    grep -qx '1 0'
}

@test "without a terminal: one plain screen at the end" {
	local row='........ ........ ........ ........ ........ ........'

	run -0 bash -c 'echo "/dmx/1 [255,128,64,0,1] ; /dmx/1/33 9" |
	    clasp-dmx-out -d - --show=pct --slots 48'
	assert_line --index 0 '/dmx/1  48 slots, 5 lit'
	assert_line --index 2 "  1 FL5025.. 01...... $row"
	assert_line --index 3 ' 33 04...... ........ ........ ........'
	assert_equal "${#lines[@]}" 4
	# every universe that is looked at, none on a full disk
	run -3 bash -c 'echo "/dmx/1/1 1" | clasp-dmx-out -d - --show \
	    >/dev/full'
}

@test "what comes in, in place of lines" {
	run -0 bash -c 'printf "\\176\\005\\004\\000\\000\\000\\377\\200\\347" |
	    clasp-dmx-in -d - --show'
	assert_line --index 0 '/dmx/1  2 slots, 2 lit'
	assert_line --index 2 '  1 ff80'
	run -2 --separate-stderr clasp-dmx-in -d - --show -n 1
	assert_equal "${stderr_lines[0]}" "clasp-dmx-in: -n counts lines, \
and --show is in place of them"
	run -2 --separate-stderr clasp-dmx-in -d - --show=octal
	assert_equal "${stderr_lines[0]}" \
	    "clasp-dmx-in: --show: 'octal' is not hex, dec or pct"
}

@test "in a terminal: drawn, with keys, and given back" {
	terminal
	mkfifo in
	exec 5<>in
	typed 'clasp-dmx-out -d - --show <in'
	echo '/dmx/1 [255,128,64,0,1] ; /dmx/1/512 100' >&5
	wait_until 10 shows '  1 ff8040.. 01'
	shows '/dmx/1  512 slots, 5 lit'
	screen | grep -q '^481 .* \.\.\.\.\.\.64$'
	assert_equal "$(screen | awk 'length > 80' | wc -l)" 0
	keys %
	wait_until 10 shows '  1 FL5025.. 01'
	keys d
	wait_until 10 shows '  1 P5C864..  1'
	tmux -S "$WORK/tmux" resize-window -x 120 -y 30
	wait_until 10 shows '  1 255128 64 ..   1'
	tmux -S "$WORK/tmux" resize-window -x 60 -y 10
	wait_until 10 shows '  1 P5C864..  1'
	wait_until 10 hides '481'
	# what does not fit is known to be there
	wait_until 10 shows '+20       >'
	tmux -S "$WORK/tmux" resize-window -x 80 -y 24
	wait_until 10 shows '481'
	keys q
	exec 5>&-
	restored
}

@test "before anything came the screen says so" {
	terminal
	mkfifo in
	exec 5<>in
	typed 'clasp-dmx-in -d - --show <in'
	wait_until 10 shows '/dmx  nothing yet'
	wait_until 10 shows 'q end'
	printf '\176\005\004\000\000\000\377\200\347' >&5
	wait_until 10 shows '/dmx/1  2 slots, 2 lit'
	wait_until 10 hides 'nothing yet'
	keys q
	exec 5>&-
	restored
}

@test "the locale says which dots" {
	terminal C.UTF-8
	typed 'sleep 30 | clasp-dmx-out -d - --show'
	wait_until 10 shows '  1 ··'
	keys C-c
	restored
}

@test "every way out gives the terminal back" {
	terminal
	typed 'sleep 60 | clasp-dmx-out -d - --show --ready-fd 7 7>pid.ready'
	wait_until 10 shows '+28'
	# suspended, and going on
	keys C-z
	wait_until 10 shows 'Stopped'
	hides '+28'
	typed fg
	wait_until 10 shows '+28'
	keys C-c
	restored
	# a file that is no device, while the screen is being taken
	typed 'clear; clasp-dmx-in -d ./nothing --show'
	wait_until 10 shows 'nothing'
	restored
	# told to end by somebody else
	typed "clear; sh -c 'echo \$\$ >pid; exec clasp-dmx-out -d - --show \
--hold </dev/null'"
	wait_until 10 shows '+28'
	kill -TERM "$(<pid)"
	gone "$(<pid)"
	restored
	typed 'clear; sleep 60 | clasp-dmx-out -d - --show'
	wait_until 10 shows '+28'
	keys 'C-\'
	restored
}
