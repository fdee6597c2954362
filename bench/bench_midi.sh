#!/bin/bash
# MIDI bytes in to a line out, on a FIFO and on a serial line (a
# pseudo-terminal): 2,000 controllers, one at a time, next to cat(1) on the
# same path.
cd "$(dirname "$0")/.." || exit 2
PATH=$PWD/${BUILD:-build}/bin:$PATH
exec python3 - <<'END'
import os, pty, subprocess, tempfile, time, tty

N = 2000
folder = tempfile.mkdtemp()


def p99(write_fd, out, size):
    """One message, one answer; microseconds."""
    times = []
    for i in range(N):
        a = time.perf_counter()
        os.write(write_fd, bytes([0xb0, 7, i & 127]))
        got = b''
        while (len(got) < 3) if size else not got.endswith(b'\n'):
            got += os.read(out, 65536)
        times.append((time.perf_counter() - a) * 1e6)
    times.sort()
    return times[N // 2], times[N * 99 // 100]


def run(command, write_fd, size=0):
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    time.sleep(0.5)             # outside of what is measured
    result = p99(write_fd, child.stdout.fileno(), size)
    child.terminate()
    child.wait()
    return result


fifo = folder + '/port'
os.mkfifo(fifo)
write_fd = os.open(fifo, os.O_RDWR)
master, slave = pty.openpty()
tty.setraw(slave)
rows = (
    ('MIDI message in to line out, raw:FIFO, p99',
     ['clasp-midi-in', '-d', 'raw:' + fifo], ['cat', fifo], write_fd),
    ('MIDI message in to line out, serial:PTY, p99',
     ['clasp-midi-in', '-d', 'serial:' + os.ttyname(slave)],
     ['cat', os.ttyname(slave)], master),
)
for what, ours, limit, fd in rows:
    bare = run(limit, fd, 3)
    mine = run(ours, fd)
    print('%s\t%.0f us\t%.0f us (cat)\t%.1f\t200 us'
          % (what, mine[1], bare[1], mine[1] / bare[1]))
    print('# %s: median %.0f us, cat %.0f us' % (what, mine[0], bare[0]))
os.unlink(fifo)
os.rmdir(folder)
END
