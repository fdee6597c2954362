#!/usr/bin/env python3
"""A relay that knows no options: usage: deaf_relay.py SOCKET ADDRESS N

One client is served on a unix: socket.  Whatever it asks for when it
subscribes, ADDRESS goes from 1 to N in one burst once its subscriptions are
confirmed.  Then nothing more comes, until it leaves.
"""

import socket
import struct
import sys

HELLO, SUBSCRIBE, PING = 0x01, 0x10, 0x41


def text(s):
    return struct.pack(">H", len(s)) + s.encode()


def unit(payload, qos=0):
    frame = struct.pack(">BBH", 0x53, qos << 6 | 1, len(payload)) + payload
    return struct.pack(">I", len(frame)) + frame


WELCOME = b"\x02\x01\xf8" + bytes(8) + text("deaf") + text("deaf") + text("")
SNAPSHOT = b"\x23\0\0"
PONG = b"\x42"


def take(f, n):
    data = f.read(n)
    if len(data) < n:
        sys.exit(0)
    return data


def main():
    path, address, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(1)
    s, _ = listener.accept()
    f = s.makefile("rb")
    asked = False
    while True:
        frame = take(f, struct.unpack(">I", take(f, 4))[0])
        kind = frame[4]
        if kind == HELLO:
            s.sendall(unit(WELCOME) + unit(SNAPSHOT))
        elif kind == SUBSCRIBE:
            asked = True
        elif kind == PING:
            s.sendall(unit(PONG))
            if asked:
                asked = False
                s.sendall(b"".join(unit(
                    b"\x21\x85" + text(address) + struct.pack(">qQ", i, i), 1)
                    for i in range(1, n + 1)))


main()
