#!/bin/bash
# DMX: how far behind its frame tick a packet leaves, a line in and a packet
# out, through a pipe and on a pseudo-terminal; and a widget's packet in to a
# line out.  Next to them a program that only waits for its ticks and writes,
# and cat(1).
cd "$(dirname "$0")/.." || exit 2
PATH=$PWD/${BUILD:-build}/bin:$PATH
exec python3 - <<'END'
import math, os, pty, random, select, subprocess, sys, time, tty

N = 800
RATE = 40
TICK = 1 / RATE
LENGTH = 5 + 1 + 24


def answer(fd, size, what):
    """The next packet, and when its first byte was there."""
    got, when = b'', 0
    while len(got) < size:
        if not select.select([fd], [], [], 5)[0]:
            sys.exit('bench_dmx: no packet from ' + what)
        when = when or time.monotonic()
        got += os.read(fd, size - len(got))
    return got, when


def off(t, t0):
    """Seconds from the nearest tick, when there is one at t0."""
    return (t - t0 + TICK / 2) % TICK - TICK / 2


def first_tick(came):
    """The punctual packets tell when the ticks are: the one that is nearest
    to all others, and the earliest around it but for one in twenty, which
    may be half a tick late and more."""
    middle = min(came[::8], key=lambda t0: sum(abs(off(t, t0)) for t in came))
    return middle + sorted(off(t, middle) for t in came)[len(came) // 20]


def behind(sent, came):
    """Microseconds behind the first tick after a line, median and p99."""
    t0 = first_tick(came)
    late = []
    for s, c in zip(sent, came):
        ticks = math.floor((s - t0) / TICK) + 1
        late.append((c - t0 - ticks * TICK) * 1e6)
    late.sort()
    return late[len(late) // 2], late[len(late) * 99 // 100]


def follow(write, read_fd, what):
    """One line, one packet, at any moment but the last two milliseconds
    before a tick: there it may just as well be in the next one."""
    sent, came = [], []
    for i in range(N):
        level = i % 254 + 1
        if came:
            time.sleep(random.uniform(0.001, TICK - 0.003))
        at = time.monotonic()
        write(level)
        while True:
            got, when = answer(read_fd, LENGTH, what)
            if got[5] == level:
                break
        sent.append(at)
        came.append(when)
    return behind(sent[1:], came[1:])


def ours(device, read_fd):
    child = subprocess.Popen(
        ['clasp-dmx-out', '-d', device, '--slots', '24', '--rate', str(RATE)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL)
    read_fd = child.stdout.fileno() if read_fd is None else read_fd
    if device != '-':
        while True:             # its questions, and the rate it sets
            got = os.read(read_fd, 4096)
            if b'\x7e\x04' in got:
                break
    result = follow(lambda level: os.write(child.stdin.fileno(),
                    b'/dmx/1/1 %d\n' % level), read_fd, device)
    child.stdin.close()
    child.wait()
    return result


def bare(make_fds):
    """A child that writes at each tick: what this machine can do."""
    read_fd, write_fd = make_fds()
    pid = os.fork()
    if pid == 0:
        t0 = time.monotonic()
        for k in range(1, N + 1):
            time.sleep(max(0, t0 + k * TICK - time.monotonic()))
            os.write(write_fd, bytes(LENGTH))
        os._exit(0)
    came = [answer(read_fd, LENGTH, 'the ticker')[1] for i in range(N)]
    os.waitpid(pid, 0)
    t0 = first_tick(came)
    late = sorted(off(t, t0) * 1e6 for t in came)
    return late[N // 2], late[N * 99 // 100]


def terminal():
    master, slave = pty.openpty()
    tty.setraw(slave)
    tty.setraw(master)
    return master, slave


def packet_in(command, master, what):
    """A packet of the widget in, a line (cat: the packet) out."""
    child = subprocess.Popen(command, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL)
    time.sleep(1)               # outside of what is measured
    out, times = child.stdout.fileno(), []
    for i in range(N):
        packet = bytes([0x7e, 5, 26, 0, 0, 0]) + \
            bytes([i & 255]) + bytes(23) + b'\xe7'
        a = time.monotonic()
        os.write(master, packet)
        got = b''
        while not got.endswith(b'\n' if 'clasp' in command[0] else b'\xe7'):
            if not select.select([out], [], [], 5)[0]:
                sys.exit('bench_dmx: nothing from ' + what)
            got += os.read(out, 65536)
        times.append((time.monotonic() - a) * 1e6)
    child.terminate()
    child.wait()
    times.sort()
    return times[N // 2], times[N * 99 // 100]


def row(what, mine, limit, who, target):
    print('%s, p99\t%.0f us\t%.0f us (%s)\t%.1f\t%s'
          % (what, mine[1], limit[1], who, mine[1] / limit[1], target))
    print('# %s: median %.0f us, %s %.0f us'
          % (what, mine[0], who, limit[0]), flush=True)


row('DMX: a packet behind its tick, to a pipe', ours('-', None),
    bare(os.pipe), 'bare ticker', '1000 us')
master, slave = terminal()
row('DMX: a packet behind its tick, to a widget',
    ours(os.ttyname(slave), master), bare(terminal), 'bare ticker',
    '1000 us')
name = os.ttyname(slave)
limit = packet_in(['cat', name], master, 'cat')
row('DMX: a widget\'s packet in to a line out',
    packet_in(['clasp-dmx-in', '-d', name], master, 'clasp-dmx-in'), limit,
    'cat', '-')
END
