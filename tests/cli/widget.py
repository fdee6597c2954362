#!/usr/bin/env python3
"""A stand-in for an ENTTEC DMX USB Pro on a pseudo-terminal.

usage: widget.py LINK LOG [CONTROL] [OPTION ...]

LINK becomes a symbolic link to the terminal.  Each message that comes is a
line of LOG: the time in seconds (monotonic), the label, the data in hex.
Labels 3, 10, 77 and 78 are answered.  CONTROL is a FIFO that takes lines:

	5 HEX, 9 HEX	send a message with this label and data
	hex HEX		send these bytes as they are
	stop, go	stop reading, read again
	rate N		read so many bytes a second, 0: as they come
	quit		close the terminal and end

Options: mute (answer nothing), off (do not read before "go"), rdm (say that
the firmware is the one for RDM), taken=FILE (keep in FILE how many bytes were
read, eight bytes for tests/interop/modemlines.c), bytes=FILE (no widget but a
line: what is read goes to FILE, nothing is answered).
"""

import mmap
import os
import select
import struct
import sys
import time
import tty

ANSWERS = {
    3: bytes([0x44, 0x01, 9, 1, 40]),
    10: bytes.fromhex("78563412"),
    77: b"\x6a\x6bENTTEC",
    78: b"\x01\x00DMX USB PRO",
}


def message(label, data):
    size = len(data)
    return bytes([0x7E, label, size & 255, size >> 8]) + data + b"\xe7"


def take(buf):
    """The first message of buf and what is behind it, or None."""
    while True:
        start = buf.find(b"\x7e")
        if start < 0:
            return None, b""
        buf = buf[start:]
        if len(buf) < 4:
            return None, buf
        size = buf[2] | buf[3] << 8
        if size <= 600 and len(buf) < size + 5:
            return None, buf
        if size <= 600 and buf[size + 4] == 0xE7:
            return (buf[1], buf[4:size + 4]), buf[size + 5:]
        buf = buf[1:]


class Widget:
    def __init__(self, link, log, options):
        self.master, self.slave = os.openpty()
        tty.setraw(self.master)
        tty.setraw(self.slave)
        name = os.ttyname(self.slave)
        os.chmod(name, 0o666)
        self.log = open(log, "a", buffering=1)
        self.mute = "mute" in options
        if "rdm" in options:
            ANSWERS[3] = bytes([0x04, 0x02, 9, 1, 40])
        self.reading = "off" not in options
        self.buf = b""
        self.rate = 0
        self.next = 0.0
        self.bytes = self.taken = None
        self.count = 0
        for option in options:
            word, _, path = option.partition("=")
            if word == "bytes":
                self.bytes = open(path, "ab", buffering=0)
            elif word == "taken":
                with open(path, "w+b") as f:
                    f.write(bytes(8))
                    f.flush()
                    self.taken = mmap.mmap(f.fileno(), 8)
        self.link = link
        os.symlink(name, link + ".new")
        os.rename(link + ".new", link)

    def wait(self):
        """Seconds until it may read, None: as soon as there is something."""
        if not self.reading or self.rate == 0:
            return None
        return max(0, self.next - time.monotonic())

    def receive(self):
        piece = 4096
        if self.rate:
            piece = max(1, self.rate // 50)
            self.next = max(self.next, time.monotonic() - 1)
            self.next += piece / self.rate
        got = os.read(self.master, piece)
        self.count += len(got)
        if self.taken:
            self.taken[:] = struct.pack("=Q", self.count)
        if self.bytes:
            self.bytes.write(got)
            return
        self.buf += got
        while True:
            got, self.buf = take(self.buf)
            if got is None:
                return
            label, data = got
            print("%.6f %d %s" % (time.monotonic(), label, data.hex()),
                  file=self.log)
            if label in ANSWERS and not self.mute:
                os.write(self.master, message(label, ANSWERS[label]))

    def command(self, line):
        word, _, rest = line.partition(" ")
        if word == "quit":
            return False
        if word in ("stop", "go"):
            self.reading = word == "go"
        elif word == "rate":
            self.rate = int(rest)
            self.next = time.monotonic()
        elif word == "hex":
            os.write(self.master, bytes.fromhex(rest))
        elif word.isdigit():
            os.write(self.master, message(int(word), bytes.fromhex(rest)))
        return True


def main():
    link, log = sys.argv[1:3]
    control = None
    if len(sys.argv) > 3:
        # for reading and writing, so that it never ends
        control = os.open(sys.argv[3], os.O_RDWR)
    widget = Widget(link, log, sys.argv[4:])
    pending = b""
    while True:
        wait = widget.wait()
        fds = [widget.master] if widget.reading and not wait else []
        if control is not None:
            fds.append(control)
        ready = select.select(fds, [], [], wait or None)[0]
        if widget.master in ready:
            widget.receive()
        if control in ready:
            pending += os.read(control, 65536)
            *lines, pending = pending.split(b"\n")
            for line in lines:
                if not widget.command(line.decode()):
                    os.unlink(link)
                    return


main()
